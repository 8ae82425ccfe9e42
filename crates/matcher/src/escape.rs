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
    let mut out = Vec::new();
    escape_into(&mut out, line, limit);
    String::from_utf8(out).unwrap_or_default()
}

/// The same, added to a text.
pub fn escape_into(out: &mut Vec<u8>, line: &[u8], limit: usize) {
    let mut rest = &line[..line.len().min(limit * 4)];
    out.reserve(rest.len().min(limit) + rest.len() / 8);
    let mut left = limit;
    let mut shown = String::new();
    loop {
        // Most of a line is printable ASCII, taken in runs.
        let run = run(&rest[..rest.len().min(left)], unprintable);
        out.extend_from_slice(&rest[..run]);
        left -= run;
        rest = &rest[run..];
        let Some(&b) = rest.first() else {
            return;
        };
        let mut used = 1;
        if b < 0x80 {
            if left < 4 {
                return;
            }
            let [high, low] = [b >> 4, b & 15].map(|digit| HEX[usize::from(digit)]);
            out.extend_from_slice(&[b'\\', b'x', high, low]);
            left -= 4;
        } else {
            shown.clear();
            used = strange(rest, &mut shown);
            let size = shown.chars().count();
            if size > left {
                return;
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
    let find =
        |word: [u8; 8]| (marks(u64::from_le_bytes(word)) & HIGH).trailing_zeros() as usize / 8;
    for (i, word) in words.iter().enumerate() {
        let at = find(*word);
        if at < 8 {
            return 8 * i + at;
        }
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    text.len() - rest.len() + find(last).min(rest.len())
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
    fn the_cut_never_splits_an_escape() {
        assert_eq!(escape(b"ab\x01c", 6), "ab\\x01");
        assert_eq!(escape(b"ab\x01c", 5), "ab");
        assert_eq!(escape("đđđ".as_bytes(), 2), "đđ");
    }
}
