//! The only module with `unsafe`: byte classes by SIMD, the memory map of a compiled set, and calls
//! of ISA-L where it is built.
//!
//! Invariants, each kept here and nowhere else:
//! 1. An `Avx2` or `Avx512` value exists only if `detect` saw the features it names, so the
//!    `target_feature` functions it calls are sound on this processor.
//! 2. Every vector load reads from a `&[u8; 64]`; every vector store goes to an array that is long enough.
//! 3. A prefetch takes a reference, so its address is valid; it reads nothing.
//! 4. A map is of a file opened read-only. Set files are replaced by rename, never rewritten in place.
//! 5. ISA-L's state is one initialised box. Its pointers are set from live slices with their lengths just before
//!    each call, are null between calls, and the state points nowhere else, so it may move between threads.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(feature = "isal")]
mod inflate;
mod map;
mod scalar;

use crate::token::{self, Candidates};

#[cfg(feature = "isal")]
pub use inflate::Inflate;
pub use map::Map;
pub use scalar::Scalar;

/// One bit per byte of a 64-byte block, the lowest bit for the first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// `[A-Za-z0-9._-]`
    pub token: u64,
    pub dot: u64,
    /// Bit 6 of the byte: among token bytes, the letters and `_`.
    pub letter: u64,
    pub hyphen: u64,
    pub colon: u64,
    pub newline: u64,
    /// `\` and `(`: what may begin an escape or a length-prefixed name.
    pub odd: u64,
    /// Bytes from 0x80.
    pub high: u64,
}

/// A way to classify bytes. All ways give the same masks.
pub trait Classes: Copy {
    fn masks(self, block: &[u8; 64]) -> Masks;

    /// Asks for the memory to be brought near; may do nothing.
    #[inline(always)]
    fn prefetch(self, _word: &[u8; 8]) {}

    /// Appends the positions of the set bits, plus `base`; `out` has room for 64 more than `at`.
    #[inline(always)]
    fn positions(self, mut bits: u64, base: u32, out: &mut [u32], at: usize) -> usize {
        let end = at + bits.count_ones() as usize;
        let mut i = at;
        while bits != 0 {
            out[i] = base + bits.trailing_zeros();
            bits &= bits - 1;
            i += 1;
        }
        end
    }
}

/// The instruction sets that the search may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Scalar,
    Avx2,
    Avx512,
}

impl Level {
    /// All levels this processor has, slowest first.
    pub fn available() -> Vec<Level> {
        #[allow(unused_mut)]
        let mut levels = vec![Level::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            if avx2::Avx2::detect().is_some() {
                levels.push(Level::Avx2);
            }
            if avx512::Avx512::detect().is_some() {
                levels.push(Level::Avx512);
            }
        }
        levels
    }

    pub fn best() -> Level {
        *Level::available().last().unwrap_or(&Level::Scalar)
    }

    pub fn name(self) -> &'static str {
        match self {
            Level::Scalar => "scalar",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    /// Runs `token::find` with this level's classes; a level the processor lacks falls back to `Scalar`.
    pub fn find(self, search: &mut token::Search<'_>, out: &mut Candidates) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                if let Some(classes) = avx512::Avx512::detect() {
                    return classes.find(search, out);
                }
            }
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => {
                if let Some(classes) = avx2::Avx2::detect() {
                    return classes.find(search, out);
                }
            }
            _ => {}
        }
        token::find(Scalar, search, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(block: &[u8; 64]) -> Masks {
        let mut m = Masks::default();
        for (i, &b) in block.iter().enumerate() {
            let bit = 1u64 << i;
            if b.is_ascii_alphanumeric() || b"._-".contains(&b) {
                m.token |= bit;
            }
            for (want, mask) in [
                (b'.', &mut m.dot),
                (b'-', &mut m.hyphen),
                (b':', &mut m.colon),
                (b'\n', &mut m.newline),
            ] {
                if b == want {
                    *mask |= bit;
                }
            }
            if b & 0x40 != 0 {
                m.letter |= bit;
            }
            if b == b'\\' || b == b'(' {
                m.odd |= bit;
            }
            if b >= 0x80 {
                m.high |= bit;
            }
        }
        m
    }

    fn check(classes: impl Classes) {
        for start in 0..=255u8 {
            let block: [u8; 64] = std::array::from_fn(|i| start.wrapping_add((i * 37) as u8));
            assert_eq!(classes.masks(&block), naive(&block), "block from {start}");
        }
        for bits in [0, 1, u64::MAX, 0x8000_0000_0000_0001, 0x5555_5555_5555_5555] {
            let mut out = vec![0; 200];
            let end = classes.positions(bits, 1000, &mut out, 3);
            let want: Vec<u32> = (0..64)
                .filter(|i| bits >> i & 1 == 1)
                .map(|i| 1000 + i)
                .collect();
            assert_eq!(out[3..end], want);
        }
    }

    #[test]
    fn every_level_gives_the_classes_of_a_bytewise_reading() {
        check(Scalar);
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(classes) = avx2::Avx2::detect() {
                check(classes);
            }
            if let Some(classes) = avx512::Avx512::detect() {
                check(classes);
            }
        }
    }
}
