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
    let mut out = String::new();
    escape_into(&mut out, line, limit);
    out
}

/// The same, added to a text.
pub fn escape_into(out: &mut String, line: &[u8], limit: usize) {
    let mut rest = &line[..line.len().min(limit * 4)];
    out.reserve(rest.len().min(limit));
    let mut left = limit;
    let mut shown = String::new();
    loop {
        // Most of a line is printable ASCII, taken in runs.
        let run = printable(&rest[..rest.len().min(left)]);
        out.extend(std::str::from_utf8(&rest[..run]));
        left -= run;
        rest = &rest[run..];
        let Some(&b) = rest.first() else {
            return;
        };
        shown.clear();
        let mut used = 1;
        if b < 0x80 {
            shown.push_str("\\x");
            shown.extend([b >> 4, b & 15].map(|digit| char::from(HEX[usize::from(digit)])));
        } else {
            used = strange(rest, &mut shown);
        }
        if !take(out, &shown, &mut left) {
            return;
        }
        rest = &rest[used..];
    }
}

/// Bytes of printable ASCII at the start.
fn printable(text: &[u8]) -> usize {
    let is_printable = |b: &u8| (0x20..0x7f).contains(b);
    let (blocks, _) = text.as_chunks::<32>();
    // Without a way out of the loop a block is looked at all at once.
    let is_plain = |block: &&[u8; 32]| block.iter().fold(true, |all, b| all & is_printable(b));
    let whole = 32 * blocks.iter().take_while(is_plain).count();
    let rest = text[whole..].iter().take_while(|b| is_printable(b)).count();
    whole + rest
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Shows the first character beyond ASCII, or the first byte that is none; says how many bytes it took.
fn strange(text: &[u8], shown: &mut String) -> usize {
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
