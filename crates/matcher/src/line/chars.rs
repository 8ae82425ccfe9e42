//! A line of free text as characters, so that both engines see the same places in it.

use crate::canonical::marks;

/// A line as characters (a bad byte as 0xDC00 plus its value) with the byte where each begins.
pub struct Text<'l> {
    line: &'l [u8],
    pub chars: Vec<u32>,
    /// Empty where each character is a byte.
    at: Vec<u32>,
}

impl<'l> Text<'l> {
    pub fn new(line: &'l [u8]) -> Self {
        if line.is_ascii() {
            let chars = line.iter().map(|&b| u32::from(b)).collect();
            let at = Vec::new();
            return Text { line, chars, at };
        }
        let mut chars = Vec::with_capacity(line.len());
        let mut at = Vec::with_capacity(line.len() + 1);
        let mut place = 0;
        for chunk in line.utf8_chunks() {
            for c in chunk.valid().chars() {
                chars.push(c as u32);
                at.push(place as u32);
                place += c.len_utf8();
            }
            for &b in chunk.invalid() {
                chars.push(0xDC00 + u32::from(b));
                at.push(place as u32);
                place += 1;
            }
        }
        at.push(place as u32);
        Text { line, chars, at }
    }

    pub fn bytes(&self, start: usize, end: usize) -> &'l [u8] {
        if self.at.is_empty() {
            return &self.line[start..end];
        }
        &self.line[self.at[start] as usize..self.at[end] as usize]
    }
}

pub const BLANK: u32 = b' ' as u32;

pub fn is(c: u32, set: &[u8]) -> bool {
    u8::try_from(c).is_ok_and(|b| set.contains(&b))
}

pub fn ascii(c: u32) -> u8 {
    u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(0)
}

pub fn is_space(c: u32) -> bool {
    (0x1C..=0x1F).contains(&c) || char::from_u32(c).is_some_and(char::is_whitespace)
}

/// White space, quotes, angle brackets and marks that stand in pairs end a URL.
pub fn is_end(c: u32) -> bool {
    is(c, b"\"'<>") || is_space(c) || marks::closes(c)
}

pub fn is_word(c: u32) -> bool {
    ascii(c).is_ascii_alphanumeric() || c == u32::from(b'_')
}

pub fn at(chars: &[u32], i: usize) -> u32 {
    chars.get(i).copied().unwrap_or(0)
}

pub fn run(chars: &[u32], start: usize, member: impl Fn(u32) -> bool) -> usize {
    chars[start..]
        .iter()
        .position(|&c| !member(c))
        .map_or(chars.len(), |n| start + n)
}
