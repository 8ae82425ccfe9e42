//! Escapes of JSON in a line of no known format: what they hide is looked for, too (docs/log-formats.md 6).
use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use crate::reader::colours;

/// The text with the escapes of JSON undone, from its first quotation mark on; None where there is none.
///
/// An escaped quotation mark or backslash stays escaped, so that no value ends earlier. Other control characters become
/// blanks. Colours that appear are taken out.
pub(crate) fn undone(text: &[u8]) -> Option<Vec<u8>> {
    undone_from(text, memchr(b'"', text)?)
}

/// The same from a place on.
pub(crate) fn undone_from(text: &[u8], first: usize) -> Option<Vec<u8>> {
    let mut found: Vec<u8> = Vec::new();
    // Bytes that `found` stands for.
    let mut used = 0;
    for at in memchr_iter(b'\\', &text[first..]).map(|i| first + i) {
        if at < used {
            continue;
        }
        let size = match text.get(at + 1) {
            Some(b'"' | b'\\') => {
                found.extend_from_slice(&text[used..at + 2]);
                used = at + 2;
                continue;
            }
            Some(b'u') => match code(&text[at..]) {
                Some(code) => {
                    found.extend_from_slice(&text[used..at]);
                    put(code, &text[at..], &mut found)
                }
                None => continue,
            },
            Some(&letter @ (b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => {
                found.extend_from_slice(&text[used..at]);
                found.push(if letter == b'/' { b'/' } else { b' ' });
                2
            }
            _ => continue,
        };
        used = at + size;
    }
    if used == 0 {
        return None;
    }
    found.extend_from_slice(&text[used..]);
    let found = match colours::removed(&found) {
        Cow::Borrowed(_) => found,
        Cow::Owned(shown) => shown,
    };
    (found != text).then_some(found)
}

/// The number of an escape `\uXXXX` that begins here.
fn code(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(br"\u")?.first_chunk::<4>()?;
    let digits = digits.iter().map(|&b| char::from(b).to_digit(16));
    digits.reduce(|sum, digit| Some(sum? << 4 | digit?))?
}

/// Adds the character of an escape, and that of its other half; the bytes that both take.
fn put(code: u32, text: &[u8], out: &mut Vec<u8>) -> usize {
    const ONE: usize = 6;
    let other = self::code(&text[ONE..]).filter(|other| (0xDC00..0xE000).contains(other));
    if let (0xD800..0xDC00, Some(other)) = (code, other) {
        let code = 0x1_0000 + ((code - 0xD800) << 10) + (other - 0xDC00);
        let found = char::from_u32(code).unwrap_or('\u{FFFD}');
        out.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
        return 2 * ONE;
    }
    let shown = match char::from_u32(code) {
        Some(quote @ ('"' | '\\')) => {
            out.push(b'\\');
            quote
        }
        Some('\u{1B}') => '\u{1B}',
        Some('\0'..' ' | '\u{7F}') => ' ',
        Some(found) => found,
        None => '\u{FFFD}',
    };
    out.extend_from_slice(shown.encode_utf8(&mut [0; 4]).as_bytes());
    ONE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_give_their_characters() {
        let cases = [
            (r#"{"q":"evil.e\u0078ample"}"#, r#"{"q":"evil.example"}"#),
            (
                r#"{"m":"\tevil\nb\/c\\n\"\q"}"#,
                r#"{"m":" evil b/c\\n\"\q"}"#,
            ),
            (r#"{"m":"\u0022\u005C\u0000"}"#, r#"{"m":"\"\\ "}"#),
            (
                r#""\ud83d\ude00\ud83d\u0061\ude00\u00""#,
                "\"\u{1F600}\u{FFFD}a\u{FFFD}\\u00\"",
            ),
            (r#""\u001b[36mevil.example\u001b[0m""#, r#""evil.example""#),
        ];
        for (text, expected) in cases {
            assert_eq!(undone(text.as_bytes()).unwrap(), expected.as_bytes());
        }
        for text in [r"C:\new\table", r#"\t"a""#, r#""\"\\""#, "plain"] {
            assert_eq!(undone(text.as_bytes()), None);
        }
    }
}
