//! The only module with `unsafe`: byte classes by SIMD, the memory map of a compiled set, and calls
//! of libzstd, of ISA-L where it is built, and of glibc.
//!
//! Invariants, each kept here and nowhere else:
//! 1. An `Sse42`, `Avx2` or `Avx512` value exists only if `detect` saw the features it names, so the
//!    `target_feature` functions it calls are sound on this processor. NEON belongs to AArch64.
//! 2. Every vector load reads from a `&[u8; 64]`, a `&[u8; 16]`, a `&Bytes` or a table, within its length; every
//!    vector store goes to an array that is long enough.
//! 3. A prefetch takes a reference, so its address is valid; it reads nothing.
//! 4. A map is of a file opened read-only. Set files are replaced by rename, never rewritten in place.
//! 5. ISA-L's state is one initialised box. Its pointers are set from live slices with their lengths just before
//!    each call, are null between calls, and the state points nowhere else, so it may move between threads.
//! 6. A context of libzstd belongs to one `Frame`, which alone calls it and frees it once; between calls it points
//!    into segments that the frame holds: the segment that is being filled, and the segment before, which is its
//!    window. The context is bound to no thread.
//! 7. A segment is a leaked box of initialised bytes, freed when its last holder lets go. Its frame alone
//!    writes to it, through libzstd, only behind `filled`; slices are lent only of what lies before. It is filled
//!    anew only when `Arc::get_mut` finds that no slice of it is left, and when it is no window any more.
//! 8. `Places` consists of arrays of integers, of which zero bytes are valid values.
//! 9. `mallopt` takes two numbers, and locks what it changes.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod classes;
mod frame;
#[cfg(feature = "isal")]
mod inflate;
mod malloc;
mod map;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod nibbles;
mod scalar;
pub mod sixteen;
#[cfg(target_arch = "x86_64")]
mod sse42;
pub(crate) mod streams;

pub use classes::{BLOCKS, Bytes, Classes, Masks, Plane, Work, prefetch};
pub use frame::{Frame, Slice};
#[cfg(feature = "isal")]
pub use inflate::Inflate;
pub(crate) use malloc::share_heaps;
pub(crate) use map::places;
pub use map::{Map, Pages};
pub use scalar::Scalar;

/// The instruction sets that the search may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Scalar,
    Sse42,
    Avx2,
    Avx512,
    Neon,
}

impl Level {
    /// All levels this processor has, slowest first.
    pub fn available() -> Vec<Level> {
        #[allow(unused_mut)]
        let mut levels = vec![Level::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            if sse42::Sse42::detect().is_some() {
                levels.push(Level::Sse42);
            }
            if avx2::Avx2::detect().is_some() {
                levels.push(Level::Avx2);
            }
            if avx512::Avx512::detect().is_some() {
                levels.push(Level::Avx512);
            }
        }
        #[cfg(target_arch = "aarch64")]
        levels.push(Level::Neon);
        levels
    }

    pub fn best() -> Level {
        *Level::available().last().unwrap_or(&Level::Scalar)
    }

    pub fn name(self) -> &'static str {
        match self {
            Level::Scalar => "scalar",
            Level::Sse42 => "sse42",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
            Level::Neon => "neon",
        }
    }

    /// Does work with this level's classes; a level that the processor lacks falls back to `Scalar`.
    pub fn run(self, work: impl Work) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                if let Some(classes) = avx512::Avx512::detect() {
                    return classes.run(work);
                }
            }
            #[cfg(target_arch = "x86_64")]
            Level::Sse42 => {
                if let Some(classes) = sse42::Sse42::detect() {
                    return classes.run(work);
                }
            }
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => {
                if let Some(classes) = avx2::Avx2::detect() {
                    return classes.run(work);
                }
            }
            #[cfg(target_arch = "aarch64")]
            Level::Neon => return work.run(neon::Neon),
            _ => {}
        }
        work.run(Scalar);
    }
}

#[cfg(test)]
mod tests {
    use super::classes::blocks;
    use super::*;

    fn bits(block: &[u8; 64], class: impl Fn(u8) -> bool) -> u64 {
        (0..64).fold(0, |bits, i| bits | u64::from(class(block[i])) << i)
    }

    fn plane(bytes: &Bytes, class: impl Fn(u8) -> bool) -> Plane {
        blocks(bytes).map(|block| bits(&block, &class))
    }

    fn check(classes: impl Classes) {
        for start in 0..=255u8 {
            // Every byte stands at every place of some block; tens lie across the borders of some.
            let mut bytes: Bytes = [0; 1 + 64 * BLOCKS];
            for (i, byte) in bytes.iter_mut().enumerate() {
                *byte = start.wrapping_add((i * 37 + i / 64 * 11) as u8);
            }
            for at in [0, 63, 64, 131, 448] {
                bytes[at + usize::from(start % 64)] = b'1';
                bytes[at + usize::from(start % 64) + 1] = b'0';
            }
            let mut found = classes.masks(&bytes);
            for (i, block) in blocks(&bytes).iter().enumerate() {
                let odd = bits(block, |b| b"\\(#^".contains(&b));
                let high = bits(block, |b| b >= 0x80);
                assert_eq!(classes.hidden(block), (odd, high), "bytes from {start}");
                let is_plain = odd | high == 0 && !block.iter().any(|b| matches!(b, 0 | 0x1B));
                assert!(found.hidden >> i & 1 != 0 || is_plain);
            }
            found.hidden = 0;
            let mut tens = bytes;
            for i in (1..bytes.len()).rev() {
                tens[i] = u8::from(bytes[i - 1..=i] == *b"10");
            }
            let newlines = plane(&bytes, |b| b == b'\n').map(u64::count_ones);
            let want = Masks {
                token: plane(&bytes, |b| b.is_ascii_alphanumeric() || b"._-".contains(&b)),
                dot: plane(&bytes, |b| b == b'.'),
                digit: plane(&bytes, |b| b.is_ascii_digit()),
                group: plane(&bytes, |b| b.is_ascii_hexdigit() || b == b':'),
                colon: plane(&bytes, |b| b == b':'),
                ten: plane(&tens, |b| b == 1),
                newlines: newlines.iter().copied().map(u64::from).sum(),
                hidden: 0,
            };
            assert_eq!(found, want, "bytes from {start}");
        }
        let lines = [b'\n'; 1 + 64 * BLOCKS];
        assert_eq!(classes.masks(&lines).newlines, 64 * BLOCKS as u64);
        for byte in 0..=255u8 {
            let mut bytes = [b'.'; 1 + 64 * BLOCKS];
            bytes[1 + usize::from(byte)] = byte;
            let hidden = classes.masks(&bytes).hidden;
            let block = 1 << (byte / 64);
            match byte {
                0 | 0x1B | b'\\' | b'(' | b'#' | b'^' | 0x80.. => {
                    assert_eq!(hidden, block, "byte {byte}")
                }
                0x7F => {}
                _ => assert_eq!(hidden, 0, "byte {byte}"),
            }
        }
        for bits in [
            0,
            1,
            1 << 63,
            0x8000_0000_0000_0001,
            0x5555_5555_5555_5555,
            0xB0,
        ] {
            let mut out = vec![0; 200];
            let end = classes.places(bits, 1000, &mut out, 3);
            let want: Vec<u16> = (0..64)
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
            if let Some(classes) = sse42::Sse42::detect() {
                check(classes);
            }
            if let Some(classes) = avx2::Avx2::detect() {
                check(classes);
            }
            if let Some(classes) = avx512::Avx512::detect() {
                check(classes);
            }
        }
        #[cfg(target_arch = "aarch64")]
        check(neon::Neon);
    }
}
