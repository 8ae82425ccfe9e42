//! Digits and names of months, as times are spelled with.

pub(super) fn digits(text: &[u8], at: usize, count: usize) -> Option<i32> {
    let part = text.get(at..at + count)?;
    part.iter().try_fold(0, |n, b| {
        b.is_ascii_digit().then(|| n * 10 + i32::from(b - b'0'))
    })
}

/// Six decimals; what follows is cut off, not rounded.
pub(crate) fn micros(decimals: &[u8]) -> i64 {
    (0..6).fold(0, |n, i| {
        n * 10 + i64::from(decimals.get(i).map_or(0, |b| b - b'0'))
    })
}

pub(super) fn run_of_digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// At most 18 digits.
pub(super) fn number(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'))
}

pub(super) const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

pub(crate) fn month(text: &[u8]) -> Option<i32> {
    let short: &[u8; 3] = text.first_chunk()?;
    let found = MONTHS.iter().position(|month| *month == short);
    found.map(|i| i as i32 + 1)
}

pub(super) fn is_word(text: &[u8]) -> bool {
    matches!(text, [a, b, c, ..] if a.is_ascii_uppercase() && b.is_ascii_lowercase() && c.is_ascii_lowercase())
}
