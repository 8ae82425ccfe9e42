//! Hashes of names by their last bytes, and filters that can only say "surely absent".
use crate::error::Error;

/// Mixes two words into one (the widening multiplication of wyhash).
#[inline(always)]
pub fn mix(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    wide as u64 ^ (wide >> 64) as u64
}

const K: [u64; 4] = [
    0xa076_1d64_78bd_642f,
    0xe703_7ed1_a0b4_28db,
    0x8ebc_6af0_9c88_c6e3,
    0x5899_65cc_7537_4cc3,
];
/// Sets bit 5 of every byte: lower case for letters, and one-to-one on `[A-Za-z0-9._-]`.
const FOLD: u64 = 0x2020_2020_2020_2020;

/// Masks that keep the last `len` (0 to 16) of 16 bytes read as two little-endian words.
const KEEP: [(u64, u64); 17] = {
    let mut table = [(0, 0); 17];
    let mut len = 0;
    while len <= 16 {
        table[len] = if len > 8 {
            (u64::MAX << (8 * (16 - len)), u64::MAX)
        } else if len > 0 {
            (0, u64::MAX << (8 * (8 - len)))
        } else {
            (0, 0)
        };
        len += 1;
    }
    table
};

#[inline(always)]
fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

/// Hash of the last `min(len, 16)` bytes before `end`, ASCII case folded. `end` is at least 16.
#[inline(always)]
pub fn tail16(buf: &[u8], end: usize, len: usize) -> u64 {
    hash16(buf, end, len, FOLD)
}

/// The same as `tail16` for digits and dots, which folding does not change.
#[inline(always)]
pub fn numbers16(buf: &[u8], end: usize, len: usize) -> u64 {
    hash16(buf, end, len, 0)
}

#[inline(always)]
fn hash16(buf: &[u8], end: usize, len: usize, fold: u64) -> u64 {
    let tail: &[u8; 16] = buf[end - 16..end].try_into().expect("sixteen bytes");
    let (a, b) = KEEP[len.min(16)];
    mix(
        (word(&tail[..8]) | fold) & a ^ K[0],
        (word(&tail[8..]) | fold) & b ^ K[1],
    )
}

/// Hash of the last `min(len, 32)` bytes before `end`, ASCII case folded. `end` is at least 32.
#[inline]
pub fn tail32(buf: &[u8], end: usize, len: usize) -> u64 {
    let len = len.min(32);
    let near = tail16(buf, end, len);
    if len <= 16 {
        near
    } else {
        mix(near ^ K[2], tail16(buf, end - 16, len - 16) ^ K[3])
    }
}

/// Hash of a whole value, ASCII case folded when `fold`.
pub fn whole(value: &[u8], fold: bool) -> u64 {
    let fold = if fold { FOLD } else { 0 };
    let mut h = K[0] ^ value.len() as u64;
    let mut chunks = value.chunks_exact(8);
    for c in &mut chunks {
        h = mix(h ^ K[1], (word(c) | fold) ^ K[2]);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let mut last = [0u8; 8];
        last[..rest.len()].copy_from_slice(rest);
        h = mix(h ^ K[3], (u64::from_le_bytes(last) | fold) ^ K[2]);
    }
    mix(h, K[1])
}

/// Hash of an address's 16 bytes.
pub fn address(value: u128) -> u64 {
    mix(value as u64 ^ K[0], (value >> 64) as u64 ^ K[1])
}

/// Three bits of one word for each key.
#[inline(always)]
fn bits(h: u64) -> u64 {
    1 << (h & 63) | 1 << (h >> 6 & 63) | 1 << (h >> 12 & 63)
}

/// A blocked Bloom filter under construction.
#[derive(Debug)]
pub struct FilterBuilder {
    words: Vec<u64>,
}

impl FilterBuilder {
    /// Room for `keys` keys at `bits` to twice `bits` each.
    pub fn new(keys: usize, bits: usize) -> Self {
        Self {
            words: vec![0; (keys * bits / 64).max(64).next_power_of_two()],
        }
    }

    pub fn add(&mut self, h: u64) {
        let shift = 64 - self.words.len().trailing_zeros();
        self.words[(h >> shift) as usize] |= bits(h);
    }

    /// Makes the filter pass everything.
    pub fn fill(&mut self) {
        self.words.fill(u64::MAX);
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|w| w.to_le_bytes()).collect()
    }
}

/// A blocked Bloom filter in mapped memory.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a> {
    words: &'a [[u8; 8]],
    shift: u32,
}

impl<'a> Filter<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        let (words, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() || words.len() < 2 || !words.len().is_power_of_two() {
            return Err(Error::set("a filter of the compiled set has a wrong size"));
        }
        Ok(Self {
            words,
            shift: 64 - words.len().trailing_zeros(),
        })
    }

    /// The word that decides about a key.
    #[inline(always)]
    pub fn word(self, h: u64) -> &'a [u8; 8] {
        // The length is a power of two checked in `new`, so the mask never changes the index.
        &self.words[(h >> self.shift) as usize & (self.words.len() - 1)]
    }

    /// False: surely absent.
    #[inline(always)]
    pub fn has(self, h: u64) -> bool {
        let word = u64::from_le_bytes(*self.word(h));
        word >> (h & 63) & word >> (h >> 6 & 63) & word >> (h >> 12 & 63) & 1 != 0
    }
}

/// The key of a host and the start of a listed path in the filter; an empty start stands for any path.
pub(crate) fn path_key(host: u64, start: &[u8]) -> u64 {
    mix(host | 1, whole(start, false))
}

/// The key of an address's first 32 bits in the filter.
pub(crate) fn head_key(head: u32) -> u64 {
    address(u128::from(head))
}
