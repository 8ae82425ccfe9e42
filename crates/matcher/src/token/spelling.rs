//! How a word spells its characters: as they are, or by escapes of JSON at any depth.
use smallvec::SmallVec;

use crate::canonical::{address, marks, names};

/// Backslashes before the letter of an escape: JSON in JSON in JSON has seven.
const DEEPEST: usize = 16;

/// What UTS-46 takes for a colon.
pub(super) const COLONS: [char; 3] = ['\u{FE13}', '\u{FE55}', '\u{FF1A}'];

/// What an escape means for the words around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// None begins here.
    None,
    /// It stands for what no word holds, in so many bytes.
    Parts(usize),
    /// It stands for a character outside ASCII, in so many bytes.
    Joins(usize, char),
    /// It spells a sign of names, addresses or paths, or only phase 2 can read it.
    Spells,
}

/// The escape that begins here.
pub(super) fn escape(bytes: &[u8]) -> Escape {
    const SIZE: usize = 6;
    match bytes[1] {
        b'b' | b'f' | b'n' | b'r' | b't' => return Escape::Parts(2),
        b'u' => {}
        _ => return Escape::None,
    }
    let Some(code) = number(&bytes[2..SIZE]) else {
        return Escape::None;
    };
    match char::from_u32(code) {
        // Other escapes may spell the rest of a colour.
        Some('\u{1B}') if begins_with_escape(&bytes[SIZE..]) => Escape::Spells,
        Some(c) if c.is_ascii() && !is_in_names(c as u8) => Escape::Parts(SIZE),
        Some(c) if c.is_ascii() || COLONS.contains(&c) => Escape::Spells,
        Some(c) if marks::parts(c.into()) => Escape::Parts(SIZE),
        Some(c) => Escape::Joins(SIZE, c),
        None => pair(code, bytes, SIZE),
    }
}

/// Whether a name, an address or a path may hold this byte, or whether it may begin an escape, a colour or a label with its
/// length.
fn is_in_names(b: u8) -> bool {
    address::is_token(b) || b":\\/()#^[]".contains(&b)
}

fn number(digits: &[u8]) -> Option<u32> {
    let mut digits = digits.iter().map(|&b| char::from(b).to_digit(16));
    digits.try_fold(0, |sum, digit| Some(sum << 4 | digit?))
}

fn slashes(bytes: &[u8]) -> usize {
    let bytes = bytes.iter().take(DEEPEST);
    bytes.take_while(|&&b| b == b'\\').count()
}

/// The character of two halves.
fn pair(high: u32, bytes: &[u8], size: usize) -> Escape {
    if high >= 0xDC00 {
        // So the portable engine carries a byte outside UTF-8.
        return Escape::Spells;
    }
    let other = size + slashes(&bytes[size..]);
    let low = (other > size && bytes[other] == b'u')
        .then(|| number(&bytes[other + 1..other + 5]))
        .flatten()
        .filter(|low| (0xDC00..0xE000).contains(low));
    let Some(low) = low else {
        return Escape::Joins(size, char::REPLACEMENT_CHARACTER);
    };
    let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    let shown = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    Escape::Joins(other + 5, shown)
}

/// A part of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Byte(u8),
    /// A character that an escape behind so many backslashes spells.
    Escaped(char, usize),
    /// Only phase 2 knows.
    Unsure,
}

/// Whether a word may hold this byte as it is.
pub(super) fn is_word(b: u8) -> bool {
    address::is_token(b) || b >= 0x80
}

/// The same but for full stops, and for what begins one of another script.
#[inline(always)]
pub(super) fn is_plain(b: u8) -> bool {
    const TABLE: [bool; 256] = {
        let (mut table, mut b) = ([false; 256], 0);
        while b < 256 {
            let byte = b as u8;
            table[b] = byte.is_ascii_alphanumeric()
                || matches!(byte, b'-' | b'_')
                || byte >= 0x80 && byte != 0xE3 && byte != 0xEF;
            b += 1;
        }
        table
    };
    TABLE[usize::from(b)]
}

/// The piece of a word that begins here, and its bytes; None where the word ends.
pub(super) fn piece(bytes: &[u8]) -> Option<(Piece, usize)> {
    match bytes[0] {
        b'\\' => escaped(bytes),
        // The rest may be escaped.
        0xE3 | 0xEF if bytes[1] < 0x80 || bytes[2] < 0x80 => Some((Piece::Unsure, 1)),
        0xEF if is_colon(bytes) => Some((Piece::Unsure, 1)),
        0xC2 | 0xE1..=0xE3 | 0xEF if marks::size(bytes) > 0 => None,
        b => is_word(b).then_some((Piece::Byte(b), 1)),
    }
}

fn escaped(bytes: &[u8]) -> Option<(Piece, usize)> {
    let slashes = slashes(bytes);
    let before = slashes - 1;
    match escape(&bytes[before..]) {
        Escape::None | Escape::Parts(_) => None,
        Escape::Spells => Some((Piece::Unsure, slashes)),
        Escape::Joins(size, c) => Some((Piece::Escaped(c, slashes), before + size)),
    }
}

/// Whether an escape follows the beginning of a control sequence, or may stand in a title.
fn begins_with_escape(bytes: &[u8]) -> bool {
    if bytes[0] == b']' {
        return true;
    }
    let rest = bytes.strip_prefix(b"[").unwrap_or(bytes);
    let end = rest.iter().find(|b| !(b'0'..=b'?').contains(b));
    end == Some(&b'\\')
}

fn is_colon(bytes: &[u8]) -> bool {
    let mut colons = COLONS.iter();
    colons.any(|c| bytes.starts_with(c.encode_utf8(&mut [0; 4]).as_bytes()))
}

/// A word, looked at from its beginning.
#[derive(Default)]
pub(super) struct Word {
    pub size: usize,
    /// Whether a full stop stands between two of its characters.
    pub has_dot: bool,
    /// Whether it has more than one meaning, or one that only phase 2 knows.
    pub is_unsure: bool,
    slashes: usize,
    has_high: bool,
    has_begun: bool,
    is_behind_dot: bool,
}

impl Word {
    /// The word at the beginning of these bytes, up to about `most` of them.
    pub fn new(bytes: &[u8], most: usize) -> Word {
        let mut word = Word::default();
        while word.size < most
            && let Some((piece, size)) = piece(&bytes[word.size..])
        {
            let is_dot = match piece {
                Piece::Byte(b) => {
                    word.has_high |= b >= 0x80;
                    b == b'.' || names::is_wide_dot(&bytes[word.size..])
                }
                Piece::Escaped(c, slashes) => {
                    word.escape(slashes);
                    names::is_wide_dot(c.encode_utf8(&mut [0; 4]).as_bytes())
                }
                Piece::Unsure => {
                    (word.is_unsure, word.has_dot) = (true, true);
                    false
                }
            };
            if is_dot {
                word.is_behind_dot |= word.has_begun;
            } else {
                word.has_dot |= word.is_behind_dot;
                word.has_begun = true;
            }
            word.size += size;
        }
        // Escapes beside bytes outside ASCII may be no escapes.
        word.is_unsure |= word.has_high && word.slashes > 0;
        word
    }

    fn escape(&mut self, slashes: usize) {
        // Of other numbers of backslashes the first stand for themselves.
        self.is_unsure |= !slashes.is_power_of_two();
        self.is_unsure |= self.slashes > 0 && self.slashes != slashes;
        self.slashes = slashes;
    }

    /// The word as it is read.
    pub fn text(&self, bytes: &[u8]) -> SmallVec<[u8; 64]> {
        let (mut text, mut at) = (SmallVec::new(), 0);
        while at < self.size
            && let Some((piece, size)) = piece(&bytes[at..])
        {
            match piece {
                Piece::Byte(b) => text.push(b),
                Piece::Escaped(c, _) => {
                    text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Piece::Unsure => {}
            }
            at += size;
        }
        text
    }
}
