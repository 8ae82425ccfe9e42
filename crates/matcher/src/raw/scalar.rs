//! Byte classes on any processor: comparisons that a compiler turns into whatever vectors there are, and
//! multiplications that gather bits.
use super::classes::{Bytes, Classes, Masks, blocks};

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

#[inline(always)]
fn is_sign(b: u8) -> bool {
    (b == b'\\') | (b == b'(') | (b == b'#') | (b == b'^')
}

impl Classes for Scalar {
    #[inline(always)]
    fn masks(self, bytes: &Bytes) -> Masks {
        let mut m = Masks::default();
        for (i, block) in blocks(bytes).iter().enumerate() {
            let letter = bits(block, |b| within(b | 0x20, b'a', b'z') | (b == b'_'));
            let hyphen = bits(block, |b| b == b'-');
            let hex = bits(block, |b| within(b | 0x20, b'a', b'f'));
            m.dot[i] = bits(block, |b| b == b'.');
            m.digit[i] = bits(block, |b| within(b, b'0', b'9'));
            m.colon[i] = bits(block, |b| b == b':');
            m.token[i] = letter | m.digit[i] | m.dot[i] | hyphen;
            m.group[i] = hex | m.digit[i] | m.colon[i];
            let past = &bytes[64 * i..64 * (i + 1)];
            // Zero for a zero behind a one.
            let pairs = std::array::from_fn(|i| (past[i] ^ b'1') | (block[i] ^ b'0'));
            m.ten[i] = bits(&pairs, |b| b == 0);
            let lines: u8 = block.iter().map(|&b| u8::from(b == b'\n')).sum();
            m.newlines += u64::from(lines);
            // Zero, and what is not ASCII, lie outside 1 to 0x7F.
            let is_odd = |b: u8| !within(b, 1, 0x7F) | is_sign(b) | (b == 0x1B);
            let odd = block.iter().fold(false, |odd, &b| odd | is_odd(b));
            m.hidden |= u8::from(odd) << i;
        }
        m
    }

    #[inline(always)]
    fn hidden(self, block: &[u8; 64]) -> (u64, u64) {
        (bits(block, is_sign), bits(block, |b| b >= 0x80))
    }
}
