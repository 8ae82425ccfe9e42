//! Sets of bytes, and how long a run of them is.
use memchr::{memchr, memchr2, memchr3};

/// Bytes of a run that are looked at one by one before the rest is searched.
const SHORT_RUN: usize = 16;

/// A set of bytes.
#[derive(Clone, Debug)]
pub struct Bytes(pub [bool; 256]);

impl Bytes {
    #[inline]
    pub fn has(&self, b: u8) -> bool {
        self.0[usize::from(b)]
    }

    /// How many bytes at the start of the text are of this set, up to `most`.
    #[inline]
    pub fn run(&self, border: &[u8], text: &[u8], most: usize) -> usize {
        let text = &text[..text.len().min(most)];
        if let [border] = *border
            && let Some(near) = text.first_chunk::<SHORT_RUN>()
        {
            return match first(near, border) {
                Some(end) => end,
                None => memchr(border, text).unwrap_or(text.len()),
            };
        }
        let (near, far) = text.split_at(text.len().min(SHORT_RUN));
        if let Some(end) = near.iter().position(|&b| !self.has(b)) {
            return end;
        }
        let end = match *border {
            [a] => memchr(a, far),
            [a, b] => memchr2(a, b, far),
            [a, b, c] => memchr3(a, b, c, far),
            _ => far.iter().position(|&b| !self.has(b)),
        };
        end.map_or(text.len(), |end| near.len() + end)
    }
}

/// Where a byte first stands among sixteen.
#[inline]
fn first(text: &[u8; SHORT_RUN], b: u8) -> Option<usize> {
    let differs = u128::from_le_bytes(*text) ^ u128::from_le_bytes([b; SHORT_RUN]);
    let ones = u128::from_le_bytes([1; SHORT_RUN]);
    // The lowest bit set is that of the first byte that does not differ.
    let equal = differs.wrapping_sub(ones) & !differs & (ones << 7);
    (equal != 0).then(|| equal.trailing_zeros() as usize / 8)
}
