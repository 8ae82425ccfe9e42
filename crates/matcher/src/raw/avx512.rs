//! Byte classes by AVX-512 (VBMI, VBMI2).
use std::arch::x86_64::*;

use super::{Classes, Masks};
use crate::token::{self, Candidates};

/// Proof that this processor has the features of `find_avx512`.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

const TOKEN: i8 = 1;
const DIGIT: i8 = 2;
const GROUP: i8 = 4;
const STRANGE: i8 = 8;

/// Class bits of the 128 ASCII bytes; the last stands for all bytes above, too.
const TABLE: [i8; 128] = {
    let mut table = [0; 128];
    let mut i = 0;
    while i < 128 {
        let b = i as u8;
        if b.is_ascii_alphanumeric() || b == b'.' || b == b'-' || b == b'_' {
            table[i] |= TOKEN;
        }
        if b.is_ascii_digit() {
            table[i] |= DIGIT;
        }
        if b.is_ascii_hexdigit() || b == b':' {
            table[i] |= GROUP;
        }
        if b == b'\\' || b == b'(' || b == 0x7F {
            table[i] |= STRANGE;
        }
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
        super::prefetch(word);
    }

    #[inline(always)]
    fn masks(self, block: &[u8; 64]) -> Masks {
        // SAFETY: invariants 1 and 2; the tables are 128 bytes long.
        unsafe {
            let v = _mm512_loadu_si512(block.as_ptr().cast());
            let low = _mm512_loadu_si512(TABLE.as_ptr().cast());
            let high = _mm512_loadu_si512(TABLE.as_ptr().add(64).cast());
            let ascii = _mm512_min_epu8(v, _mm512_set1_epi8(0x7F));
            let class = _mm512_permutex2var_epi8(low, ascii, high);
            let has = |c| _mm512_test_epi8_mask(class, _mm512_set1_epi8(c));
            let equal = |b: u8| _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(b as i8));
            Masks {
                token: has(TOKEN),
                dot: equal(b'.'),
                digit: has(DIGIT),
                group: has(GROUP),
                colon: equal(b':'),
                newline: equal(b'\n'),
                strange: has(STRANGE),
            }
        }
    }

    #[inline(always)]
    fn strange(self, block: &[u8; 64]) -> (u64, u64) {
        // SAFETY: invariants 1 and 2.
        unsafe {
            let v = _mm512_loadu_si512(block.as_ptr().cast());
            let equal = |b: u8| _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(b as i8));
            (equal(b'\\') | equal(b'('), _mm512_movepi8_mask(v))
        }
    }
}
