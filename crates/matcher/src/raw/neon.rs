//! Byte classes by NEON, which every AArch64 has: nibble tables, each fourth byte of a block in a vector of its own.
use std::arch::aarch64::*;

use super::classes::{BLOCKS, Bytes, Classes, Masks, blocks};
use super::nibbles::{HEX_LETTER, HIGH, LOW, ODD, TOKEN};

#[derive(Clone, Copy, Debug)]
pub struct Neon;

/// Vector n holds the bytes n, n + 4, n + 8 and so on of a block.
type Block = [uint8x16_t; 4];

#[inline(always)]
fn load(block: &[u8; 64]) -> Block {
    // SAFETY: invariant 2.
    let uint8x16x4_t(a, b, c, d) = unsafe { vld4q_u8(block.as_ptr()) };
    [a, b, c, d]
}

/// The highest bit of each byte.
#[inline(always)]
fn bits([a, b, c, d]: Block) -> u64 {
    // SAFETY: NEON belongs to AArch64.
    unsafe {
        // Below the highest bit of a vector's bytes come those of the vector before it: four in each byte.
        let (ab, cd) = (vsriq_n_u8::<1>(b, a), vsriq_n_u8::<1>(d, c));
        let fours = vsriq_n_u8::<2>(cd, ab);
        let twice = vsriq_n_u8::<4>(fours, fours);
        let eights = vshrn_n_u16::<4>(vreinterpretq_u16_u8(twice));
        vget_lane_u64::<0>(vreinterpret_u64_u8(eights))
    }
}

#[inline(always)]
fn equal(block: Block, b: u8) -> Block {
    // SAFETY: NEON belongs to AArch64.
    block.map(|v| unsafe { vceqq_u8(v, vdupq_n_u8(b)) })
}

impl Classes for Neon {
    #[inline(always)]
    fn masks(self, bytes: &Bytes) -> Masks {
        let mut m = Masks::default();
        let mut past = u64::from(bytes[0] == b'1');
        // SAFETY: invariant 2; 16-byte tables. NEON belongs to AArch64.
        unsafe {
            let (low, high) = (vld1q_u8(LOW.as_ptr()), vld1q_u8(HIGH.as_ptr()));
            let mut newlines = vdupq_n_u8(0);
            let mut hidden = [newlines; BLOCKS];
            for (i, block) in blocks(bytes).iter().enumerate() {
                let block = load(block);
                // A byte from 0x80 makes the second look-up zero, so it has no class.
                let class = block.map(|v| {
                    let bottom = vandq_u8(v, vdupq_n_u8(15));
                    vandq_u8(
                        vqtbl1q_u8(low, bottom),
                        vqtbl1q_u8(high, vshrq_n_u8::<4>(v)),
                    )
                });
                let colon = equal(block, b':');
                m.token[i] = bits(class.map(|c| vtstq_u8(c, vdupq_n_u8(TOKEN))));
                m.dot[i] = bits(equal(block, b'.'));
                m.digit[i] = bits(class);
                m.colon[i] = bits(colon);
                m.group[i] = bits(class.map(|c| vorrq_u8(c, vshlq_n_u8::<{ 7 - HEX_LETTER }>(c))))
                    | m.colon[i];
                let one = bits(equal(block, b'1'));
                m.ten[i] = bits(equal(block, b'0')) & (one << 1 | past);
                past = one >> 63;
                for lines in equal(block, b'\n') {
                    newlines = vsubq_u8(newlines, lines);
                }
                let [a, b, c, d] = class;
                let any = vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d));
                let [a, b, c, d] = equal(block, 0x1B);
                let escape = vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d));
                let [a, b, c, d] = block.map(|v| vreinterpretq_s8_u8(v));
                let least = vminq_s8(vminq_s8(a, b), vminq_s8(c, d));
                // Zero, and what is not ASCII, is less than one as a signed number.
                let other = vorrq_u8(vcltq_s8(least, vdupq_n_s8(1)), escape);
                hidden[i] = vorrq_u8(vandq_u8(any, vdupq_n_u8(ODD)), other);
            }
            m.newlines = u64::from(vaddlvq_u8(newlines));
            // Half of the bytes stand for each of two vectors, then a quarter for each of four, and so on.
            let [a, b, c, d, e, f, g, h] = hidden;
            let (ab, cd, ef, gh) = (
                vpmaxq_u8(a, b),
                vpmaxq_u8(c, d),
                vpmaxq_u8(e, f),
                vpmaxq_u8(g, h),
            );
            let pairs = vpmaxq_u8(vpmaxq_u8(ab, cd), vpmaxq_u8(ef, gh));
            let each = vget_low_u8(vpmaxq_u8(pairs, pairs));
            let unit = vcreate_u8(0x8040_2010_0804_0201);
            m.hidden = vaddv_u8(vand_u8(vtst_u8(each, each), unit));
        }
        m
    }

    #[inline(always)]
    fn hidden(self, block: &[u8; 64]) -> (u64, u64) {
        let block = load(block);
        (
            b"\\(#^"
                .iter()
                .fold(0, |found, &b| found | bits(equal(block, b))),
            bits(block),
        )
    }
}
