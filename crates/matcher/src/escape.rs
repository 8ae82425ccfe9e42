//! Log text made safe to show (contract 1, evidence).
use std::fmt::Write as _;

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
    let line = &line[..line.len().min(limit * 4)];
    let mut out = String::with_capacity(line.len().min(limit));
    let mut left = limit;
    let mut shown = String::new();
    for chunk in line.utf8_chunks() {
        for c in chunk.valid().chars() {
            shown.clear();
            match c {
                c if !is_unsafe(c) => shown.push(c),
                c if (c as u32) < 0x100 => drop(write!(shown, "\\x{:02x}", c as u32)),
                c => drop(write!(shown, "\\u{{{:x}}}", c as u32)),
            }
            if !take(&mut out, &shown, &mut left) {
                return out;
            }
        }
        for b in chunk.invalid() {
            shown.clear();
            let _ = write!(shown, "\\x{b:02x}");
            if !take(&mut out, &shown, &mut left) {
                return out;
            }
        }
    }
    out
}

fn take(out: &mut String, shown: &str, left: &mut usize) -> bool {
    let size = shown.chars().count();
    if size > *left {
        return false;
    }
    out.push_str(shown);
    *left -= size;
    true
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
    fn the_cut_never_splits_an_escape() {
        assert_eq!(escape(b"ab\x01c", 6), "ab\\x01");
        assert_eq!(escape(b"ab\x01c", 5), "ab");
        assert_eq!(escape("đđđ".as_bytes(), 2), "đđ");
    }
}
