//! Colours of a terminal inside a log, and control characters as rsyslog spells them, taken out of its lines before
//! anybody reads them (docs/log-formats.md 9, Signs of a terminal).
//!
//! The last byte of a colour is a letter, which would join the name behind it. Control sequences with signs from a blank to
//! `/` are left: no colour has one, and they would take the quote and the blank behind a client's `ESC [` along.
use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr3, memrchr};

pub const ESCAPE: u8 = 0x1B;

/// Whether a sequence begins at a place is decided by fewer bytes from there on.
const LONGEST: usize = 1 << 10;
/// Parameters of a control sequence; signs of a title.
const MOST_PARAMETERS: usize = 64;
const MOST_SAID: usize = 500;
/// Backslashes before the letter of an escape.
const MOST_SLASHES: usize = 16;
/// A control character: as a byte, as rsyslog spells it, with a caret, and behind backslashes.
struct Control {
    plain: [&'static [u8]; 3],
    escaped: &'static [&'static [u8]],
}

const ESC: Control = Control {
    plain: [b"\x1B", b"#033", b"^["],
    escaped: &[b"u001b", b"u001B", b"x1b", b"x1B", b"033", b"e"],
};
const BELL: Control = Control {
    plain: [b"\x07", b"#007", b"^G"],
    escaped: &[b"u0007", b"x07", b"007", b"a"],
};
/// What `tput sgr0` writes behind a colour on a console.
const SHIFT: Control = Control {
    plain: [b"\x0F", b"#017", b"^O"],
    escaped: &[b"u000f", b"u000F", b"x0f", b"x0F", b"017"],
};

impl Control {
    /// Its size at the beginning of this text, where nothing of the text stands before it.
    fn size(&self, text: &[u8]) -> Option<usize> {
        let mut plain = self.plain.iter();
        if let Some(found) = plain.find(|plain| text.starts_with(plain)) {
            return Some(found.len());
        }
        let slashes = slashes(text);
        let size = slashes + self.letters(&text[slashes..])?;
        matches!(slashes, 1 | 2 | 4 | 8).then_some(size)
    }

    /// The letters behind backslashes.
    fn letters(&self, text: &[u8]) -> Option<usize> {
        let mut escaped = self.escaped.iter();
        let found = escaped.find(|letters| text.starts_with(letters))?;
        Some(found.len())
    }
}

/// What is left of a sequence.
enum Left {
    Nothing,
    Blank,
    Tab,
    /// Between two blanks.
    Said(Range<usize>),
}

/// A sequence: where its first sign stands, of whose backslashes some may be of the text; where it begins and ends; and what
/// is left of it.
struct Sequence {
    sign: usize,
    start: usize,
    end: usize,
    left: Left,
}

fn slashes(text: &[u8]) -> usize {
    text.iter().take_while(|&&b| b == b'\\').count()
}

/// Whether a control character is spelled here as rsyslog does. ESC stays where an escape may spell the rest of a sequence.
fn is_spelled(text: &[u8]) -> bool {
    match text {
        [b'#', b'0', b'3', b'3', b'[' | b']' | b'(' | b'\\', ..] => false,
        [b'#', b'0', b'0'..=b'3', b'0'..=b'7', ..] => true,
        _ => false,
    }
}

/// Whether a sequence may begin at this sign, spelled as text.
pub(crate) fn may_begin(text: &[u8]) -> bool {
    let begins = |rest: &[u8]| matches!(rest.first(), Some(b'[' | b'(' | b']'));
    match text.first() {
        Some(b'#') => is_spelled(text) || text.starts_with(b"#033"),
        Some(b'^') => text.starts_with(b"^[") && begins(&text[2..]),
        Some(b'\\') => {
            let letters = ESC.letters(&text[1..]);
            letters.is_some_and(|letters| begins(&text[1 + letters..]))
        }
        _ => false,
    }
}

/// Whether ESC `]` begins here, spelled as text.
pub(crate) fn may_begin_title(text: &[u8]) -> bool {
    let rest = match text.first() {
        Some(b'\\') => ESC.letters(&text[1..]).map(|letters| &text[1 + letters..]),
        _ => ESC.plain.iter().find_map(|plain| text.strip_prefix(*plain)),
    };
    rest.is_some_and(|rest| rest.first() == Some(&b']'))
}

/// What follows ESC: its size, and what is left of it.
fn behind_escape(text: &[u8]) -> Option<(usize, Left)> {
    match text.first()? {
        b'[' => colour(text),
        b'(' => matches!(text.get(1), Some(b'0' | b'B')).then_some((2, Left::Nothing)),
        b']' => title(text),
        _ => None,
    }
}

fn colour(text: &[u8]) -> Option<(usize, Left)> {
    let parameters = text[1..].iter().take(MOST_PARAMETERS);
    let last = 1 + parameters.take_while(|b| (b'0'..=b'?').contains(b)).count();
    let byte = *text.get(last)?;
    // An escape of JSON may begin with a backslash.
    if !(b'@'..=b'~').contains(&byte) || byte == b'\\' {
        return None;
    }
    let mut end = last + 1;
    if byte == b'm' {
        end += SHIFT.size(&text[end..]).unwrap_or(0);
    }
    // A colour and erasing the rest of a line: what stands around them is joined.
    let joins = byte == b'm' || byte == b'K' && matches!(&text[1..last], b"" | b"0");
    Some((end, if joins { Left::Nothing } else { Left::Blank }))
}

/// A title or a link is left where it may name something.
fn title(text: &[u8]) -> Option<(usize, Left)> {
    let is_said = |b: &&u8| **b > b' ' && **b != 0x7F && !b"\"#'()<>\\^".contains(b);
    let said = text[1..].iter().take(MOST_SAID).take_while(is_said).count();
    let said = 1..1 + said;
    let end = said.end;
    let stop = BELL.size(&text[end..]).or_else(|| stop(&text[end..]))?;
    let content = &text[said.clone()];
    let colons = content.iter().filter(|&&b| b == b':').count();
    let may_name = content.contains(&b'.') || colons > 1 || !content.is_ascii();
    let left = if may_name {
        Left::Said(said)
    } else {
        Left::Nothing
    };
    Some((end + stop, left))
}

/// ESC and a backslash; one that begins an escape of JSON, or keeps a quotation mark in a string, is none.
fn stop(text: &[u8]) -> Option<usize> {
    let size = ESC.size(text)?;
    let run = slashes(&text[size..]);
    let next = text.get(size + run).copied().unwrap_or(0);
    let is_stop = match run {
        1 if text[0] == ESCAPE => next != b'"', // a string of JSON holds no such byte
        1 => !b"\"/bfnrtu".contains(&next),
        2 => true,
        4 | 8 => next != b'"',
        _ => false,
    };
    is_stop.then_some(size + run)
}

/// The sequence that begins at this sign, or behind the first of these backslashes.
fn sequence(text: &[u8], at: usize) -> Option<Sequence> {
    let run = slashes(&text[at..]);
    let (size, start) = if run == 0 {
        let mut plain = ESC.plain.iter();
        let plain = plain.find(|plain| text[at..].starts_with(plain));
        (plain.map(|plain| plain.len()), at)
    } else {
        // Of six backslashes the first four are two of the text.
        let own = 1 << run.min(MOST_SLASHES).trailing_zeros();
        let letters = ESC.letters(&text[at + run..]);
        (letters.map(|letters| run + letters), at + run - own)
    };
    if let Some(size) = size
        && let Some((more, left)) = behind_escape(&text[at + size..])
    {
        let place = at + size;
        let left = match left {
            Left::Said(said) => Left::Said(place + said.start..place + said.end),
            left => left,
        };
        return Some(Sequence {
            sign: at + run.saturating_sub(MOST_SLASHES),
            start,
            end: place + more,
            left,
        });
    }
    is_spelled(&text[at..]).then_some(Sequence {
        sign: at,
        start: at,
        end: at + 4,
        left: if text[at..].starts_with(b"#011") {
            Left::Tab
        } else {
            Left::Blank
        },
    })
}

/// The first sequence from `from` on.
fn first(text: &[u8], mut from: usize) -> Option<Sequence> {
    let is_start = |b: &u8| matches!(b, b'\x1B' | b'#' | b'^' | b'\\');
    while let Some(at) = text[from..].iter().position(is_start) {
        let at = from + at;
        let found = sequence(text, at);
        if found.is_some() {
            return found;
        }
        from = at + slashes(&text[at..]).max(1);
    }
    None
}

/// What a tab becomes that is spelled as text: formats are parted by it, but in a string of JSON no tab may stand.
fn tab_in(text: &[u8]) -> u8 {
    let is_json = memchr_iter(b'{', text).any(|at| {
        let mut behind = text[at + 1..].iter();
        behind.find(|&&b| b != b' ' && b != b'\t') == Some(&b'"')
    });
    if is_json { b' ' } else { b'\t' }
}

fn put(text: &[u8], left: &Left, tab: u8, found: &mut Vec<u8>) {
    match left {
        Left::Nothing => {}
        Left::Blank => found.push(b' '),
        Left::Tab => found.push(tab),
        Left::Said(said) => {
            found.push(b' ');
            found.extend_from_slice(&text[said.clone()]);
            found.push(b' ');
        }
    }
}

/// Puts the text without the sequences that begin before `sure` into `found`, and returns how many of its bytes that was.
fn put_sure(text: &[u8], sure: usize, tab: u8, found: &mut Vec<u8>) -> usize {
    let mut used = 0;
    while let Some(sequence) = first(text, used)
        && sequence.sign < sure
    {
        found.extend_from_slice(&text[used..sequence.start]);
        put(text, &sequence.left, tab, found);
        used = sequence.end;
    }
    let end = used.max(sure);
    found.extend_from_slice(&text[used..end]);
    end
}

/// The text without control sequences. Those that move the cursor, and control characters that are spelled as text, become
/// a blank or a tab: what stands around them is not shown as one word.
pub(crate) fn removed(text: &[u8]) -> Cow<'_, [u8]> {
    if !stand_in(text) {
        return Cow::Borrowed(text);
    }
    let mut found = Vec::with_capacity(text.len());
    put_sure(text, text.len(), tab_in(text), &mut found);
    Cow::Owned(found)
}

/// Whether a control sequence stands in the text.
pub(super) fn stand_in(text: &[u8]) -> bool {
    // Most texts hold none of these signs.
    let may = memchr3(ESCAPE, b'#', b'^', text).or_else(|| memchr(b'\\', text));
    may.is_some() && first(text, 0).is_some()
}

/// A text that comes in parts, without control sequences, wherever the parts end.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    held: Vec<u8>,
}

impl Parts {
    /// What is sure of the text so far: a sequence may go on in the next part.
    pub fn add(&mut self, part: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(part);
        let sure = self.held.len().saturating_sub(LONGEST);
        let mut found = Vec::with_capacity(sure);
        let used = put_sure(&self.held, sure, b'\t', &mut found);
        self.held.drain(..used);
        found
    }

    /// What was held back.
    pub fn rest(self) -> Vec<u8> {
        let mut found = Vec::with_capacity(self.held.len());
        put_sure(&self.held, self.held.len(), b'\t', &mut found);
        found
    }
}

/// Takes control sequences out of lines; each line keeps its length, by zeros at its end. False where there are none.
pub(super) fn remove_from_lines(text: &mut [u8]) -> bool {
    let (mut at, mut is_changed) = (0, false);
    while let Some(Sequence { start: found, .. }) = first(text, at) {
        let start = memrchr(b'\n', &text[at..found]).map_or(at, |feed| at + feed + 1);
        let end = memchr(b'\n', &text[found..]).map_or(text.len(), |feed| found + feed);
        let line = &mut text[start..end];
        let left = removed(line);
        let last = left.iter().rposition(|&b| b != 0);
        let left = &left[..last.map_or(0, |last| last + 1)];
        let left = left.strip_suffix(b"\r").unwrap_or(left).to_vec();
        line[..left.len()].copy_from_slice(&left);
        line[left.len()..].fill(0);
        is_changed = true;
        at = end;
    }
    is_changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_shows_is_left() {
        let cases: [(&[u8], &[u8]); 30] = [
            (b"host=\x1B[36mevil.example\x1B[0m!", b"host=evil.example!"),
            (
                b"\x1B[01;31m\x1B[Kevil\x1B[m\x1B[K.example",
                b"evil.example",
            ),
            (b"\x1B[38:5:1 qx", b"\x1B[38:5:1 qx"),
            (b"\x1B[\" evil.example", b"\x1B[\" evil.example"),
            (b"ok\x1B[40Gevil.example", b"ok evil.example"),
            (b"no \x1B[", b"no \x1B["),
            (b"ok\x1B[2Kevil.example\x1B[0K", b"ok evil.example"),
            (b"wi\x1B]8;;x\x1B\\nter.test", b"winter.test"),
            (b"#033[36mevil#033[0m.example", b"evil.example"),
            (b"\\x1b[1;36mevil\\033[0m^[[K.example", b"evil.example"),
            (b"\\\\u001B[36mevil\\u001b[2Aexample", b"evil example"),
            (b"C:\\\\\\x1b[0mx", b"C:\\\\x"),
            (
                b"#033[0-9] x1b[1m \\x1b[\\x1b[0m",
                b"#033[0-9] x1b[1m \\x1b[",
            ),
            (b"\x1B(B\x1B[mevil\x1B[m\x0F.example", b"evil.example"),
            (b"#033(Bevil#033[m#017.example", b"evil.example"),
            (
                b"\\e[36mevil\\u001b[m\\u000f.example\\e[0",
                b"evil.example\\e[0",
            ),
            (b"a#011evil.example#0401#1771", b"a\tevil.example#0401#1771"),
            (b"x{ \"a\":\"b#011c\"}", b"x{ \"a\":\"b c\"}"),
            (b"x#011{7-1} \"a\"", b"x\t{7-1} \"a\""),
            (b"ev#033]0;kt-pc01#007il.example", b"evil.example"),
            (
                b"ev\x1B]8;;\x1B\\il\\x1b]8;;\\x1b\\.example",
                b"evil.example",
            ),
            (
                b"#033]8;;http://a.test/#007b.test",
                b" 8;;http://a.test/ b.test",
            ),
            (b"#033]0;a b#007c", b"#033]0;a b c"),
            (b"\x1B]0;a\x1B\\\", b\x07", b"\x1B]0;a\x1B\\\", b\x07"),
            (b"\"\\u001b]0;a\\u001b\\\\\"", b"\"\""),
            (b"\\u001b]0;a\\u001b\\nb", b"\\u001b]0;a\\u001b\\nb"),
            (b"\x1B]0;(4)evil\x07", b"\x1B]0;(4)evil\x07"),
            (b"^[]0;t^G^[(0^[(C", b"^[(C"),
            (b"\x1B[\x1B[1mx\x1B", b"\x1B[x\x1B"),
            (b"\x1B[12\xC3", b"\x1B[12\xC3"),
        ];
        for (text, expected) in cases {
            assert_eq!(&*removed(text), expected);
        }
    }

    #[test]
    fn parts_give_the_same_wherever_they_end() {
        let signs = [
            "\\", "\\\\\\", "u001b", "[", "36", "m", "#033", "]", "t", "^G", "#011", "\x1B", "(B",
            "x",
        ];
        let mut seed = 1_u64;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % below
        };
        for _ in 0..300 {
            let text: String = (0..random(3_000))
                .map(|_| signs[random(signs.len())])
                .collect();
            let text = text.as_bytes();
            let (mut parts, mut found, mut at) = (Parts::default(), Vec::new(), 0);
            while at < text.len() {
                let end = text.len().min(at + 1 + random(900));
                found.extend(parts.add(&text[at..end]));
                at = end;
            }
            found.extend(parts.rest());
            assert_eq!(found, &*removed(text));
        }
    }

    #[test]
    fn lines_keep_their_place_and_length() {
        let mut text = b"a\n\x1B[1mb\x1B[0m\r\nc\x1Bd\n\x1B[2me".to_vec();
        assert!(remove_from_lines(&mut text));
        let expected = b"a\nb\0\0\0\0\0\0\0\0\0\nc\x1Bd\ne\0\0\0\0";
        assert_eq!(text, expected);
        assert!(!remove_from_lines(&mut text));
    }
}
