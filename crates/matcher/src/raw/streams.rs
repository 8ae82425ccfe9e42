//! One bit for each byte of a part, and the windows that the checks look through.
use crate::raw::classes::{BLOCKS, Plane};

/// Bytes handled between two looks at the tables.
pub(crate) const PART: usize = 16 * 1024;
pub(crate) const WORDS: usize = PART / 64;
/// Words kept of the part before, so that windows reach back over its end.
const KEPT: usize = 8;
/// Bytes between two streams, so that words of the same number do not share the last twelve bits of their addresses:
/// a processor takes a load for one of what was just stored there.
const APART: usize = 256;
/// Bytes of a stream: any number of 16 bits is a place within it.
const LONG: usize = 2 * 4096 + APART;
/// Bytes before a place that a window shows.
pub(crate) const SEEN: u32 = 57;
/// Places are counted from this many bytes before the part, so that the byte before it has a place too.
pub(crate) const BIAS: usize = 64;
/// Room for the places of one part (no two are neighbours), and for a store of 32 beyond them.
const PLACES: usize = PART / 2 + 64;

/// The bits of one class, aligned as the widest vectors are.
#[repr(align(64))]
pub(crate) struct Stream([u8; LONG]);

impl Stream {
    pub const fn new() -> Self {
        Stream([0; LONG])
    }

    /// Forgets the part before.
    pub fn clear(&mut self) {
        self.0[..8 * KEPT].fill(0);
    }

    /// Makes the part before all ones.
    pub fn fill_past(&mut self) {
        self.0[..8 * KEPT].fill(0xFF);
    }

    /// The words of a part of `count` blocks, each in little-endian order.
    #[inline(always)]
    pub fn words(&mut self, count: usize) -> &mut [[u8; 8]] {
        &mut self.0.as_chunks_mut::<8>().0[KEPT..KEPT + count]
    }

    /// Stores the words of the blocks from number `BLOCKS * i` on.
    #[inline(always)]
    pub fn put(&mut self, i: usize, words: Plane) {
        let to = &mut self.0.as_chunks_mut::<8>().0[KEPT + BLOCKS * i..][..BLOCKS];
        for (to, word) in to.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
    }

    /// Each word of a part of `count` blocks, after the word before it.
    #[inline(always)]
    pub fn pairs(&self, count: usize) -> impl Iterator<Item = (u64, u64)> {
        let words = &self.0.as_chunks::<8>().0[KEPT - 1..KEPT + count];
        let (before, these) = (&words[..count], &words[1..]);
        before
            .iter()
            .zip(these)
            .map(|(a, b)| (u64::from_le_bytes(*a), u64::from_le_bytes(*b)))
    }

    /// Makes the end of a part of `count` blocks the past of the next.
    pub fn advance(&mut self, count: usize) {
        self.0.copy_within(8 * count..8 * (count + KEPT), 0);
    }

    /// The bits of the bytes before a place, the nearest as the highest. The highest `SEEN` are true, lower ones
    /// may be zero instead.
    #[inline(always)]
    pub fn before(&self, place: u16) -> u64 {
        let bit = usize::from(place) + (64 * KEPT - BIAS - SEEN as usize);
        let word = self.0[bit >> 3..].first_chunk().expect("eight bytes");
        u64::from_le_bytes(*word) << (!(bit + 56) & 7)
    }
}

/// Each bit `n` bytes later; `pair` is the word before and the word.
#[inline(always)]
pub(crate) fn later((before, this): (u64, u64), n: u32) -> u64 {
    this << n | before >> (64 - n)
}

/// Clears the highest set bit.
#[inline(always)]
pub(crate) fn drop_top(w: u64) -> u64 {
    // A shift by 64 does nothing, and there is nothing to clear.
    w & !(1u64 << 63).wrapping_shr(w.leading_zeros())
}

/// Places of one part, each with its hash, and with another for those that the first filter keeps.
pub(crate) struct Places {
    pub at: [u16; PLACES],
    pub hashes: [u64; PLACES],
    pub seconds: [u64; PLACES],
}
