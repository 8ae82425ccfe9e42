//! Colours of a terminal inside a log, taken out of its lines before anybody reads them (docs/log-formats.md 9).
//!
//! A control sequence (ECMA-48 5.4) is ESC `[`, parameters from `0` to `?`, and one last byte from `@` to `~`. The last
//! byte of a colour is a letter, which would join the name behind it. Sequences with signs from a blank to `/` are left:
//! no colour has one, and they would take the quote and the blank behind a client's `ESC [` along.
use std::borrow::Cow;

pub const ESCAPE: u8 = 0x1B;

/// The last bytes of a colour and of erasing the rest of a line: what stands around them is joined.
pub const JOINING: &[u8] = b"mK";

/// The length of the control sequence that begins here.
fn sequence(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b"\x1B[")?;
    let parameters = rest.iter().take_while(|b| (b'0'..=b'?').contains(b));
    let rest = &rest[parameters.count()..];
    let is_ended = rest.first().is_some_and(|b| (b'@'..=b'~').contains(b));
    is_ended.then(|| text.len() - rest.len() + 1)
}

/// The text without control sequences. Those that move the cursor become a blank: what stands around them is not shown as
/// one word.
pub(crate) fn removed(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memmem::find(text, b"\x1B[") else {
        return Cow::Borrowed(text);
    };
    let mut found = text[..first].to_vec();
    let mut at = first;
    while at < text.len() {
        at += match sequence(&text[at..]) {
            Some(size) => {
                if !JOINING.contains(&text[at + size - 1]) {
                    found.push(b' ');
                }
                size
            }
            None => {
                let next = memchr::memchr(ESCAPE, &text[at + 1..]).map(|i| at + 1 + i);
                let end = next.unwrap_or(text.len());
                found.extend_from_slice(&text[at..end]);
                end - at
            }
        };
    }
    Cow::Owned(found)
}

/// Takes control sequences out of lines; each line keeps its length, by zeros at its end. False where there are none.
pub(super) fn remove_from_lines(text: &mut [u8]) -> bool {
    let (mut at, mut is_changed) = (0, false);
    while let Some(found) = memchr::memchr(ESCAPE, &text[at..]).map(|found| at + found) {
        let start = memchr::memrchr(b'\n', &text[at..found]).map_or(at, |feed| at + feed + 1);
        let end = memchr::memchr(b'\n', &text[found..]).map_or(text.len(), |feed| found + feed);
        let line = &mut text[start..end];
        let left = removed(line);
        if left.len() < line.len() {
            let last = left.iter().rposition(|&b| b != 0);
            let left = &left[..last.map_or(0, |last| last + 1)];
            let left = left.strip_suffix(b"\r").unwrap_or(left).to_vec();
            line[..left.len()].copy_from_slice(&left);
            line[left.len()..].fill(0);
            is_changed = true;
        }
        at = end;
    }
    is_changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_shows_is_left() {
        let cases: [(&[u8], &[u8]); 8] = [
            (b"host=\x1B[36mevil.example\x1B[0m!", b"host=evil.example!"),
            (
                b"\x1B[01;31m\x1B[Kevil\x1B[m\x1B[K.example",
                b"evil.example",
            ),
            (b"\x1B[38:5:1 qx", b"\x1B[38:5:1 qx"),
            (b"\x1B[\" evil.example", b"\x1B[\" evil.example"),
            (b"ok\x1B[40Gevil.example", b"ok evil.example"),
            (b"no \x1B[", b"no \x1B["),
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
