//! Escapes of JSON in a line of no known format: what they hide is looked for, too (docs/log-formats.md 6).
use std::borrow::Cow;

use memchr::memchr;
use smallvec::SmallVec;

use crate::reader::colours;

/// The text with the escapes of JSON undone, from its first quotation mark on; None where there is none.
///
/// Escapes of JSON in JSON are undone, too: two, four or eight backslashes stand before their letter. An escaped quotation
/// mark or backslash stays escaped, so that no value ends earlier. Other control characters become blanks. Colours that
/// appear are taken out.
pub(crate) fn undone(text: &[u8]) -> Option<Vec<u8>> {
    undone_from(text, memchr(b'"', text)?)
}

/// The same from a place on.
pub(crate) fn undone_from(text: &[u8], first: usize) -> Option<Vec<u8>> {
    let mut found: Vec<u8> = Vec::new();
    // Bytes that `found` stands for.
    let mut used = 0;
    let mut at = first;
    while let Some(slash) = memchr(b'\\', &text[at..]).map(|i| at + i) {
        let run = text[slash..].iter().take_while(|&&b| b == b'\\').count();
        let letter = slash + run;
        // Of six backslashes the first four are two of the text.
        let deep = 1 << run.trailing_zeros();
        let mut add = |shown: &[u8]| {
            found.extend_from_slice(&text[used..letter - deep]);
            found.extend_from_slice(shown);
        };
        at = letter;
        match text.get(letter) {
            Some(b'u') => {
                if let Some((shown, size)) = character(&text[letter..]) {
                    add(&shown);
                    (used, at) = (letter + size, letter + size);
                }
            }
            Some(&b @ (b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => {
                add(if b == b'/' { b"/" } else { b" " });
                (used, at) = (letter + 1, letter + 1);
            }
            _ => {}
        }
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

/// The number of `uXXXX`.
fn code(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"u")?.first_chunk::<4>()?;
    let digits = digits.iter().map(|&b| char::from(b).to_digit(16));
    digits.reduce(|sum, digit| Some(sum? << 4 | digit?))?
}

/// The character of `uXXXX`, and that of its other half; the bytes that both take.
fn character(text: &[u8]) -> Option<(SmallVec<[u8; 4]>, usize)> {
    const ONE: usize = 5;
    let code = self::code(text)?;
    let slashes = text[ONE..].iter().take_while(|&&b| b == b'\\').count();
    let other = (slashes > 0).then(|| self::code(&text[ONE + slashes..]));
    let low = other.flatten().filter(|low| (0xDC00..0xE000).contains(low));
    let mut out = SmallVec::new();
    let mut put = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    if let (0xD800..0xDC00, Some(low)) = (code, low) {
        let code = 0x1_0000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        put(char::from_u32(code).unwrap_or('\u{FFFD}'));
        return Some((out, 2 * ONE + slashes));
    }
    match char::from_u32(code) {
        Some(quote @ ('"' | '\\')) => {
            put('\\');
            put(quote);
        }
        Some('\u{1B}') => put('\u{1B}'),
        Some('\0'..' ' | '\u{7F}') => put(' '),
        Some(found) => put(found),
        None => put('\u{FFFD}'),
    }
    Some((out, ONE))
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
                r#"{"m":" evil b/c \"\q"}"#,
            ),
            (r#"{"m":"\u0022\u005C\u0000"}"#, r#"{"m":"\"\\ "}"#),
            (
                r#""\ud83d\ude00\ud83d\u0061\ude00\u00""#,
                "\"\u{1F600}\u{FFFD}a\u{FFFD}\\u00\"",
            ),
            (
                r#""e\\u0078 \\\\t \\\u0041 \\\\\\/""#,
                "\"ex   \\\\A \\\\\\\\/\"",
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
