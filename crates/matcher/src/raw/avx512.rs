//! Byte classes by AVX-512 (VBMI, VBMI2).
use std::arch::x86_64::*;

use super::{Classes, Masks};
use crate::token::{self, Candidates};

/// Proof that this processor has the features of `find_avx512`.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

/// Class bits of the 128 ASCII bytes: 1 token, 2 `\` or `(`.
const TABLE: [u8; 128] = {
    let mut table = [0u8; 128];
    let mut i = 0;
    while i < 128 {
        let b = i as u8;
        if b.is_ascii_alphanumeric() || b == b'.' || b == b'-' || b == b'_' {
            table[i] |= 1;
        }
        if b == b'\\' || b == b'(' {
            table[i] |= 2;
        }
        i += 1;
    }
    table
};

const INDEX: [u8; 64] = {
    let mut table = [0u8; 64];
    let mut i = 0;
    while i < 64 {
        table[i] = i as u8;
        i += 1;
    }
    table
};

impl Avx512 {
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt"))
        .then_some(Self(()))
    }

    pub fn find(self, search: &mut token::Search<'_>, out: &mut Candidates) {
        // SAFETY: invariant 1, `self` proves the features.
        unsafe { find_avx512(self, search, out) }
    }
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt"
)]
fn find_avx512(classes: Avx512, search: &mut token::Search<'_>, out: &mut Candidates) {
    token::find(classes, search, out);
}

impl Classes for Avx512 {
    #[inline(always)]
    fn prefetch(self, word: &[u8; 8]) {
        // SAFETY: invariant 3.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(word.as_ptr().cast()) }
    }

    #[inline(always)]
    fn masks(self, block: &[u8; 64]) -> Masks {
        // SAFETY: invariants 1 and 2; the tables are 128 bytes long.
        unsafe {
            let v = _mm512_loadu_si512(block.as_ptr().cast());
            let low = _mm512_loadu_si512(TABLE.as_ptr().cast());
            let high = _mm512_loadu_si512(TABLE.as_ptr().add(64).cast());
            // The permutation looks at the low seven bits only, so bytes from 0x80 are masked away.
            let class = _mm512_permutex2var_epi8(low, v, high);
            let over = _mm512_movepi8_mask(v);
            Masks {
                token: _mm512_test_epi8_mask(class, _mm512_set1_epi8(1)) & !over,
                dot: _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(b'.' as i8)),
                hyphen: _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(b'-' as i8)),
                letter: _mm512_test_epi8_mask(v, _mm512_set1_epi8(0x40)),
                colon: _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(b':' as i8)),
                newline: _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(b'\n' as i8)),
                odd: _mm512_test_epi8_mask(class, _mm512_set1_epi8(2)) & !over,
                high: over,
            }
        }
    }

    #[inline(always)]
    fn positions(self, bits: u64, base: u32, out: &mut [u32], at: usize) -> usize {
        let count = bits.count_ones() as usize;
        let room: &mut [u32; 64] = (&mut out[at..at + 64]).try_into().expect("64 places");
        // SAFETY: invariants 1 and 2; each store writes 16 of the 64 places.
        unsafe {
            let index = _mm512_loadu_si512(INDEX.as_ptr().cast());
            let packed = _mm512_maskz_compress_epi8(bits, index);
            let base = _mm512_set1_epi32(base as i32);
            let to = room.as_mut_ptr();
            let widen = |v| _mm512_add_epi32(base, _mm512_cvtepu8_epi32(v));
            _mm512_storeu_si512(to.cast(), widen(_mm512_castsi512_si128(packed)));
            if count > 16 {
                _mm512_storeu_si512(
                    to.add(16).cast(),
                    widen(_mm512_extracti32x4_epi32(packed, 1)),
                );
                _mm512_storeu_si512(
                    to.add(32).cast(),
                    widen(_mm512_extracti32x4_epi32(packed, 2)),
                );
                _mm512_storeu_si512(
                    to.add(48).cast(),
                    widen(_mm512_extracti32x4_epi32(packed, 3)),
                );
            }
        }
        at + count
    }
}
