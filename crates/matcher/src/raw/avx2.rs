//! Byte classes by AVX2: nibble tables, thirty-two bytes at once.
use std::arch::x86_64::*;

use super::classes::{BLOCKS, Bytes, Classes, Masks, Work, prefetch};
use super::nibbles::{HEX_LETTER, HIGH, LOW, ODD, TOKEN};

/// Proof that this processor has the features of `run_avx2`.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Avx2 {
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt"))
        .then_some(Self(()))
    }

    pub fn run(self, work: impl Work) {
        // SAFETY: invariant 1, `self` proves the features.
        unsafe { run_avx2(self, work) }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn run_avx2(classes: Avx2, work: impl Work) {
    work.run(classes);
}

impl Classes for Avx2 {
    #[inline(always)]
    fn prefetch(self, word: &[u8; 8]) {
        prefetch(word);
    }

    #[inline(always)]
    fn masks(self, bytes: &Bytes) -> Masks {
        let mut m = Masks::default();
        // SAFETY: invariants 1 and 2; 32 bytes at 0 and at 32 of a 64-byte block and from one byte before, 16-byte
        // tables.
        unsafe {
            let twice = |table: [u8; 16]| {
                _mm256_broadcastsi128_si256(_mm_loadu_si128(table.as_ptr().cast()))
            };
            let (low, high) = (twice(LOW), twice(HIGH));
            let (zero, one) = (_mm256_setzero_si256(), _mm256_set1_epi8(1));
            let mut newlines = zero;
            for i in 0..BLOCKS {
                let mut odd = zero;
                // Zero, and what is not ASCII, is less than one as a signed number.
                let mut least = one;
                let mut escape = zero;
                let [mut token, mut dot, mut digit, mut group, mut colon, mut ten] = [0u64; 6];
                for half in [32, 0] {
                    let at = bytes.as_ptr().add(64 * i + half);
                    let past = _mm256_loadu_si256(at.cast());
                    let v = _mm256_loadu_si256(at.add(1).cast());
                    let top = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));
                    // A byte from 0x80 makes the first look-up zero, so it has no class.
                    let class = _mm256_and_si256(
                        _mm256_shuffle_epi8(low, v),
                        _mm256_shuffle_epi8(high, top),
                    );
                    let add = |to: &mut u64, v| {
                        *to = *to << 32 | u64::from(_mm256_movemask_epi8(v) as u32)
                    };
                    let equal = |v, b: u8| _mm256_cmpeq_epi8(v, _mm256_set1_epi8(b as i8));
                    let word = _mm256_and_si256(class, _mm256_set1_epi8(TOKEN as i8));
                    // Whatever is not zero reaches the highest bit.
                    add(&mut token, _mm256_adds_epu8(word, _mm256_set1_epi8(0x7F)));
                    add(&mut dot, equal(v, b'.'));
                    add(&mut digit, class);
                    let is_colon = equal(v, b':');
                    add(&mut colon, is_colon);
                    let letter = _mm256_slli_epi16(class, 7 - HEX_LETTER);
                    add(
                        &mut group,
                        _mm256_or_si256(_mm256_or_si256(letter, class), is_colon),
                    );
                    add(
                        &mut ten,
                        _mm256_and_si256(equal(past, b'1'), equal(v, b'0')),
                    );
                    newlines = _mm256_sub_epi8(newlines, equal(v, b'\n'));
                    odd = _mm256_or_si256(odd, class);
                    least = _mm256_min_epi8(least, v);
                    escape = _mm256_or_si256(escape, equal(v, 0x1B));
                }
                (m.token[i], m.dot[i], m.digit[i]) = (token, dot, digit);
                (m.group[i], m.colon[i], m.ten[i]) = (group, colon, ten);
                let odd = _mm256_testz_si256(odd, _mm256_set1_epi8(ODD as i8)) == 0;
                let other =
                    _mm256_movemask_epi8(_mm256_or_si256(_mm256_cmpgt_epi8(one, least), escape))
                        != 0;
                m.hidden |= u8::from(odd | other) << i;
            }
            let sums = _mm256_sad_epu8(newlines, zero);
            let sums = _mm_add_epi64(
                _mm256_castsi256_si128(sums),
                _mm256_extracti128_si256::<1>(sums),
            );
            m.newlines = (_mm_cvtsi128_si64(sums) + _mm_extract_epi64::<1>(sums)) as u64;
        }
        m
    }

    #[inline(always)]
    fn hidden(self, block: &[u8; 64]) -> (u64, u64) {
        // SAFETY: invariant 1, `self` proves the features.
        unsafe { hidden(block) }
    }
}

/// Compiled by itself: where the features are not known, each instruction would be a call.
#[target_feature(enable = "avx2")]
fn hidden(block: &[u8; 64]) -> (u64, u64) {
    let (mut odd, mut high) = (0, 0);
    for half in 0..2 {
        // SAFETY: invariant 2; 32 bytes at 0 and at 32 of a 64-byte block.
        let v = unsafe { _mm256_loadu_si256(block.as_ptr().add(32 * half).cast()) };
        let bits = |v| u64::from(_mm256_movemask_epi8(v) as u32) << (32 * half);
        let equal = |b: u8| bits(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(b as i8)));
        odd |= equal(b'\\') | equal(b'(') | equal(b'#') | equal(b'^');
        high |= bits(v);
    }
    (odd, high)
}
