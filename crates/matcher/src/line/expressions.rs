//! What readers of free text share: constant expressions over bytes, and the byte at a place.
use regex::bytes::{Regex, RegexBuilder};

/// An expression over bytes, without Unicode.
pub fn expression(text: &str) -> Regex {
    RegexBuilder::new(text)
        .unicode(false)
        .build()
        .expect("a constant expression")
}

/// The byte at a place; 0 behind the end.
pub fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}
