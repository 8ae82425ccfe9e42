//! Typographic marks that part the words of a free text (docs/log-formats.md 6, the table): no name holds one.
use std::ops::RangeInclusive;

/// Marks that end a whole URL, too: quotation marks, brackets, direction marks. Blanks are white space.
const CLOSING: &[RangeInclusive<u32>] = &[
    0xAB..=0xAB,
    0xBB..=0xBB,
    0x200E..=0x200F,
    0x2018..=0x201F,
    0x202A..=0x202E,
    0x2039..=0x203A,
    0x2066..=0x2069,
    0x3008..=0x3011,
];
/// Blanks, dashes, the bullet, the ellipsis, arrows, commas, colons and round brackets.
const OTHERS: &[RangeInclusive<u32>] = &[
    0xA0..=0xA0,
    0x1680..=0x1680,
    0x2000..=0x200A,
    0x2013..=0x2014,
    0x2022..=0x2022,
    0x2026..=0x2026,
    0x202F..=0x202F,
    0x205F..=0x205F,
    0x2190..=0x21FF,
    0x3000..=0x3001,
    0xFF08..=0xFF09,
    0xFF0C..=0xFF0C,
    0xFF1A..=0xFF1B,
];

fn is_in(ranges: &[RangeInclusive<u32>], c: u32) -> bool {
    c >= 0x80 && ranges.iter().any(|range| range.contains(&c))
}

/// Whether this character ends a name.
pub(crate) fn parts(c: u32) -> bool {
    is_in(CLOSING, c) || is_in(OTHERS, c)
}

/// Whether this character ends a URL with its path.
pub(crate) fn closes(c: u32) -> bool {
    is_in(CLOSING, c)
}

/// The bytes of the mark at the beginning of these; 0 where there is none.
pub(crate) fn size(bytes: &[u8]) -> usize {
    let byte = |i: usize| u32::from(bytes.get(i).copied().unwrap_or(0));
    let low = |i: usize| (byte(i) & 0xC0 == 0x80).then(|| byte(i) & 0x3F);
    let (found, size) = match byte(0) {
        0xC2 => (low(1).map(|low| 0x80 | low), 2),
        lead @ (0xE1 | 0xE2 | 0xE3 | 0xEF) => {
            let two = low(1).zip(low(2));
            (two.map(|(a, b)| (lead & 0xF) << 12 | a << 6 | b), 3)
        }
        _ => return 0,
    };
    found.filter(|&c| parts(c)).map_or(0, |_| size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_has_the_bytes_of_its_character() {
        for c in ('\0'..='\u{1_FFFF}').filter(|c| c.len_utf8() > 1) {
            let mut bytes = [0; 4];
            let text = c.encode_utf8(&mut bytes).as_bytes();
            let want = if parts(c.into()) { text.len() } else { 0 };
            assert_eq!(size(text), want, "{c:?}");
            assert_eq!(size(&text[..text.len() - 1]), 0);
        }
    }
}
