//! Byte classes on any processor: comparisons that a compiler turns into whatever vectors there are, and
//! multiplications that gather bits.
use super::{Classes, Masks};

#[derive(Clone, Copy, Debug)]
pub struct Scalar;

/// One bit for each byte of a class.
#[inline(always)]
fn bits(block: &[u8; 64], class: impl Fn(u8) -> bool) -> u64 {
    let mut flags = [0u8; 64];
    for (flag, &b) in flags.iter_mut().zip(block) {
        *flag = u8::from(class(b));
    }
    let mut bits = 0;
    for (i, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        // Each flag is moved to its bit of the highest byte; no two meet below it.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (8 * i);
    }
    bits
}

#[inline(always)]
fn within(b: u8, first: u8, last: u8) -> bool {
    b.wrapping_sub(first) <= last - first
}

impl Classes for Scalar {
    #[inline(always)]
    fn masks(self, block: &[u8; 64]) -> Masks {
        let letter = bits(block, |b| within(b | 0x20, b'a', b'z') | (b == b'_'));
        let digit = bits(block, |b| within(b, b'0', b'9'));
        let dot = bits(block, |b| b == b'.');
        let hyphen = bits(block, |b| b == b'-');
        let colon = bits(block, |b| b == b':');
        let hex = bits(block, |b| within(b | 0x20, b'a', b'f'));
        Masks {
            token: letter | digit | dot | hyphen,
            dot,
            digit,
            group: hex | digit | colon,
            colon,
            newline: bits(block, |b| b == b'\n'),
            strange: bits(block, |b| (b >= 0x80) | (b == b'\\') | (b == b'(')),
        }
    }

    #[inline(always)]
    fn strange(self, block: &[u8; 64]) -> (u64, u64) {
        (
            bits(block, |b| (b == b'\\') | (b == b'(')),
            bits(block, |b| b >= 0x80),
        )
    }
}
