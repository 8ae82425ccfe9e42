//! Log text made safe to show, as evidence.
use std::fmt::Write as _;

use crate::raw::sixteen::Range;

/// Characters of evidence after escaping.
pub const EVIDENCE: usize = 2_000;

fn is_unsafe(c: char) -> bool {
    // Cc and Bidi_Control (Unicode 16, UAX 9).
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The line with control and bidirectional characters and invalid UTF-8 escaped, at most `limit` characters,
/// never cut inside an escape.
pub fn escape(line: &[u8], limit: usize) -> String {
    let mut out = Vec::new();
    escape_into(&mut out, line, limit);
    String::from_utf8(out).unwrap_or_default()
}

/// The same, added to a text.
pub fn escape_into(out: &mut Vec<u8>, line: &[u8], limit: usize) {
    add::<false>(out, line, limit);
}

/// The same as the inside of a JSON string (RFC 8259), its limit counted without the escapes of JSON.
pub fn escape_json_into(out: &mut Vec<u8>, line: &[u8], limit: usize) {
    add::<true>(out, line, limit);
}

/// The beginning of a line from which `escape` makes the same text as from the whole line.
pub fn shown_part(line: &[u8], limit: usize) -> &[u8] {
    if line.len() <= limit {
        return line;
    }
    // Each byte that continues no character is shown as one character or more.
    let mut begins = line.iter().enumerate().filter(|(_, b)| **b & 0xc0 != 0x80);
    let end = begins.nth(limit).map_or(line.len(), |(at, _)| at);
    &line[..end.min(limit * 4)]
}

fn add<const JSON: bool>(out: &mut Vec<u8>, line: &[u8], limit: usize) {
    let mut rest = &line[..line.len().min(limit * 4)];
    let mut left = limit;
    let mut shown = String::new();
    let marks = |word| {
        if JSON {
            unprintable(word) | equal(word, b'"') | equal(word, b'\\')
        } else {
            unprintable(word)
        }
    };
    out.reserve(rest.len() + rest.len() / 2 + 8);
    // A line of words has nothing to mark for long.
    while let Some((block, after)) = rest.split_first_chunk::<16>()
        && left >= block.len()
        && is_plain::<JSON>(block)
    {
        out.extend_from_slice(block);
        left -= block.len();
        rest = after;
    }
    loop {
        // Eight bytes are copied whether or not all of them are printable: a log of columns has a tab every few bytes.
        while let Some((word, after)) = rest.split_first_chunk::<8>() {
            let run = first_marked(marks(u64::from_le_bytes(*word))).min(left);
            let end = out.len() + run;
            out.extend_from_slice(word);
            out.truncate(end);
            left -= run;
            if run < 8 {
                rest = &rest[run..];
                break;
            }
            rest = after;
        }
        if rest.len() < 8 {
            let run = run(&rest[..rest.len().min(left)], marks);
            out.extend_from_slice(&rest[..run]);
            left -= run;
            rest = &rest[run..];
        }
        let Some(&b) = rest.first() else {
            return;
        };
        let mut used = 1;
        if JSON && (b == b'"' || b == b'\\') {
            if left == 0 {
                return;
            }
            out.extend_from_slice(&[b'\\', b]);
            left -= 1;
        } else if b < 0x80 {
            if left < 4 {
                return;
            }
            let [high, low] = [b >> 4, b & 15].map(|digit| HEX[usize::from(digit)]);
            if JSON {
                out.push(b'\\');
            }
            out.extend_from_slice(&[b'\\', b'x', high, low]);
            left -= 4;
        } else {
            shown.clear();
            used = not_printable(rest, &mut shown);
            let size = shown.chars().count();
            if size > left {
                return;
            }
            if JSON && shown.starts_with('\\') {
                out.push(b'\\');
            }
            out.extend_from_slice(shown.as_bytes());
            left -= size;
        }
        rest = &rest[used..];
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * ONES;

/// How many bytes stand before the first that `marks` marks. It is given eight at a time, the first in the lowest
/// bits, and sets the highest bit of each that it marks; behind the first it may err.
pub fn run(text: &[u8], marks: impl Fn(u64) -> u64) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    let find = |word: [u8; 8]| first_marked(marks(u64::from_le_bytes(word)));
    for (i, word) in words.iter().enumerate() {
        let at = find(*word);
        if at < 8 {
            return 8 * i + at;
        }
    }
    if rest.is_empty() {
        return text.len();
    }
    // The bytes that were looked at already are not marked.
    if let Some(word) = text.last_chunk() {
        return text.len() - 8 + find(*word);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    find(last).min(rest.len())
}

/// Printable ASCII but for what JSON escapes.
const PLAIN: [Range; 3] = [
    Range::new(b' ', b'!'),
    Range::new(b'#', b'['),
    Range::new(b']', b'~'),
];
/// Printable ASCII.
const PRINTABLE: Range = Range::new(b' ', b'~');

/// Whether `add` changes none of these bytes.
#[inline(always)]
fn is_plain<const JSON: bool>(block: &[u8; 16]) -> bool {
    let plain = if JSON {
        PLAIN.iter().fold(0, |bits, range| bits | range.of(block))
    } else {
        PRINTABLE.of(block)
    };
    plain == 0xffff
}

/// The number of bytes, of eight, before the first whose highest bit is set.
fn first_marked(marks: u64) -> usize {
    (marks & HIGH).trailing_zeros() as usize / 8
}

/// Marks bytes below 0x20, for `run`.
pub fn controls(word: u64) -> u64 {
    !(word | word << 1 | word << 2)
}

/// Marks this byte, for `run`.
pub fn equal(word: u64, b: u8) -> u64 {
    let differs = word ^ (ONES * u64::from(b));
    differs.wrapping_sub(ONES) & !differs
}

/// Marks what is not printable ASCII.
fn unprintable(word: u64) -> u64 {
    // One more than 0x7f has the highest bit.
    controls(word) | word | word.wrapping_add(ONES)
}

/// Digits of hexadecimal numbers.
pub const HEX: &[u8; 16] = b"0123456789abcdef";

/// Shows the first character beyond ASCII, or the first byte that is none; says how many bytes it took.
fn not_printable(text: &[u8], shown: &mut String) -> usize {
    let start = text[..text.len().min(4)].utf8_chunks().next();
    match start.and_then(|chunk| chunk.valid().chars().next()) {
        Some(c) => {
            match c {
                c if !is_unsafe(c) => shown.push(c),
                c if (c as u32) < 0x100 => drop(write!(shown, "\\x{:02x}", c as u32)),
                c => drop(write!(shown, "\\u{{{:x}}}", c as u32)),
            }
            c.len_utf8()
        }
        None => {
            let _ = write!(shown, "\\x{:02x}", text[0]);
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_cursor_or_turns_text_remains() {
        assert_eq!(
            escape("a\x1b[31m \u{202e}gpj.exe\tđ".as_bytes(), 100),
            "a\\x1b[31m \\u{202e}gpj.exe\\x09đ"
        );
        assert_eq!(escape(b"\xffok\xc3", 100), "\\xffok\\xc3");
        assert_eq!(escape("\u{85}".as_bytes(), 100), "\\x85");
    }

    #[test]
    fn a_run_ends_at_the_first_byte_that_is_marked() {
        for b in 0..=u8::MAX {
            for at in 0..20 {
                let mut text = *b"A printable text of t";
                text[at] = b;
                let printable = (0x20..0x7f).contains(&b);
                let want = if printable { text.len() } else { at };
                assert_eq!(run(&text, unprintable), want, "{b} at {at}");
                let want = if b < 0x20 { at } else { text.len() };
                assert_eq!(run(&text, controls), want, "{b} at {at}");
                let mut twice = [b; 21];
                twice[..at].fill(b'~');
                let want = if b == b'~' { 0 } else { at };
                assert_eq!(run(&twice, |word| equal(word, b)), want, "{b} at {at}");
            }
        }
    }

    #[test]
    fn json_of_an_escaped_line_is_what_serde_writes_and_the_part_shown_is_enough() {
        let pieces: [&[u8]; 12] = [
            b"plain",
            b"\t",
            b"\\",
            b"\"",
            "đ".as_bytes(),
            b"\xff",
            "\u{202e}".as_bytes(),
            b"\xc3",
            "\u{85}".as_bytes(),
            "\u{1f600}".as_bytes(),
            b"12345678",
            b"\0",
        ];
        let mut seed = 7_u64;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % below
        };
        for _ in 0..20_000 {
            let line: Vec<u8> = (0..random(20))
                .flat_map(|_| pieces[random(pieces.len())])
                .copied()
                .collect();
            let limit = random(60);
            let text = escape(&line, limit);
            assert!(text.chars().count() <= limit);
            let mut json = b"\"".to_vec();
            escape_json_into(&mut json, &line, limit);
            json.push(b'"');
            assert_eq!(json, serde_json::to_vec(&text).unwrap(), "{line:?}");
            assert_eq!(escape(shown_part(&line, limit), limit), text, "{line:?}");
        }
    }

    #[test]
    fn the_cut_never_splits_an_escape() {
        assert_eq!(escape(b"ab\x01c", 6), "ab\\x01");
        assert_eq!(escape(b"ab\x01c", 5), "ab");
        assert_eq!(escape("đđđ".as_bytes(), 2), "đđ");
    }
}
