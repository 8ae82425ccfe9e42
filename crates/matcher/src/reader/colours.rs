//! Colours of a terminal inside a log, taken out of its lines before anybody reads them (docs/log-formats.md 9).
//!
//! A control sequence (ECMA-48 5.4) is ESC `[`, parameters from `0` to `?`, and one last byte from `@` to `~`. The last
//! byte of a colour is a letter, which would join the name behind it. Sequences with signs from a blank to `/` are left:
//! no colour has one, and they would take the quote and the blank behind a client's `ESC [` along.
//!
//! Loggers spell ESC as text, too: rsyslog writes `#033`, others `\033`, `\x1b`, `^[` and, in JSON, `\u001b`; in JSON in JSON
//! two, four or eight backslashes stand there.
use std::borrow::Cow;

pub const ESCAPE: u8 = 0x1B;

/// The last bytes of a colour and of erasing the rest of a line: what stands around them is joined.
const JOINING: &[u8] = b"mK";
/// ESC as text, without its backslashes.
const SPELLED: [&[u8]; 5] = [b"u001b", b"u001B", b"x1b", b"x1B", b"033"];

/// Whether ESC `[` may begin here, as bytes or as text.
pub(crate) fn may_begin(text: &[u8]) -> bool {
    let is_spelled =
        |bracket: usize| text.get(bracket) == Some(&b'[') && SPELLED.contains(&&text[1..bracket]);
    match text.first() {
        Some(&ESCAPE) => text.starts_with(b"\x1B["),
        Some(b'#') => text.starts_with(b"#033["),
        Some(b'^') => text.starts_with(b"^[["),
        Some(b'\\') => is_spelled(4) || is_spelled(6),
        _ => false,
    }
}

/// Where ESC begins before a bracket.
fn begin(before: &[u8]) -> Option<usize> {
    for plain in [&b"\x1B"[..], b"#033", b"^["] {
        if let Some(rest) = before.strip_suffix(plain) {
            return Some(rest.len());
        }
    }
    SPELLED.iter().find_map(|word| {
        let rest = before.strip_suffix(*word)?;
        let run = rest.iter().rev().take_while(|&&b| b == b'\\').count();
        // Of six backslashes the first four are two of the text.
        (run > 0).then(|| rest.len() - (1 << run.trailing_zeros()))
    })
}

/// The length of what begins with the bracket of a control sequence, and its last byte.
fn sequence(text: &[u8]) -> Option<(usize, u8)> {
    let parameters = text[1..].iter().take_while(|b| (b'0'..=b'?').contains(b));
    let last = 1 + parameters.count();
    let byte = *text.get(last)?;
    // An escape of JSON may begin with a backslash.
    ((b'@'..=b'~').contains(&byte) && byte != b'\\').then_some((last + 1, byte))
}

/// The first control sequence behind `from`: where it begins, where it ends, and its last byte.
fn first(text: &[u8], from: usize) -> Option<(usize, usize, u8)> {
    memchr::memchr_iter(b'[', &text[from..]).find_map(|at| {
        let start = from + begin(&text[from..from + at])?;
        let (size, last) = sequence(&text[from + at..])?;
        Some((start, from + at + size, last))
    })
}

/// The text without control sequences. Those that move the cursor become a blank: what stands around them is not shown as
/// one word.
pub(crate) fn removed(text: &[u8]) -> Cow<'_, [u8]> {
    let mut found = Vec::new();
    let mut used = 0;
    while let Some((start, end, last)) = first(text, used) {
        found.extend_from_slice(&text[used..start]);
        if !JOINING.contains(&last) {
            found.push(b' ');
        }
        used = end;
    }
    if used == 0 {
        return Cow::Borrowed(text);
    }
    found.extend_from_slice(&text[used..]);
    Cow::Owned(found)
}

/// Whether a control sequence stands in the text.
pub(super) fn stand_in(text: &[u8]) -> bool {
    first(text, 0).is_some()
}

/// Takes control sequences out of lines; each line keeps its length, by zeros at its end. False where there are none.
pub(super) fn remove_from_lines(text: &mut [u8]) -> bool {
    let (mut at, mut is_changed) = (0, false);
    while let Some((found, ..)) = first(text, at) {
        let start = memchr::memrchr(b'\n', &text[at..found]).map_or(at, |feed| at + feed + 1);
        let end = memchr::memchr(b'\n', &text[found..]).map_or(text.len(), |feed| found + feed);
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
        let cases: [(&[u8], &[u8]); 13] = [
            (b"host=\x1B[36mevil.example\x1B[0m!", b"host=evil.example!"),
            (
                b"\x1B[01;31m\x1B[Kevil\x1B[m\x1B[K.example",
                b"evil.example",
            ),
            (b"\x1B[38:5:1 qx", b"\x1B[38:5:1 qx"),
            (b"\x1B[\" evil.example", b"\x1B[\" evil.example"),
            (b"ok\x1B[40Gevil.example", b"ok evil.example"),
            (b"no \x1B[", b"no \x1B["),
            (b"#033[36mevil#033[0m.example", b"evil.example"),
            (b"\\x1b[1;36mevil\\033[0m^[[K.example", b"evil.example"),
            (b"\\\\u001B[36mevil\\u001b[2Aexample", b"evil example"),
            (b"C:\\\\\\x1b[0mx", b"C:\\\\x"),
            (
                b"#033[0-9] x1b[1m \\x1b[\\x1b[0m",
                b"#033[0-9] x1b[1m \\x1b[",
            ),
            (b"\x1B[\x1B[1mx\x1B", b"\x1B[x\x1B"),
            (b"\x1B[12\xC3", b"\x1B[12\xC3"),
        ];
        for (text, expected) in cases {
            assert_eq!(&*removed(text), expected);
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
