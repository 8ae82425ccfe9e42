//! Byte classes by SSE4.2: nibble tables, sixteen bytes at once.
use std::arch::x86_64::*;

use super::classes::{BLOCKS, Bytes, Classes, Masks, Work, prefetch};
use super::nibbles::{HEX_LETTER, HIGH, LOW, ODD, TOKEN};

/// Proof that this processor has the features of `run_sse42`.
#[derive(Clone, Copy, Debug)]
pub struct Sse42(());

impl Sse42 {
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("sse4.2") && is_x86_feature_detected!("popcnt"))
            .then_some(Self(()))
    }

    pub fn run(self, work: impl Work) {
        // SAFETY: invariant 1, `self` proves the features.
        unsafe { run_sse42(self, work) }
    }
}

#[target_feature(enable = "sse4.2,popcnt")]
fn run_sse42(classes: Sse42, work: impl Work) {
    work.run(classes);
}

impl Classes for Sse42 {
    #[inline(always)]
    fn prefetch(self, word: &[u8; 8]) {
        prefetch(word);
    }

    #[inline(always)]
    fn masks(self, bytes: &Bytes) -> Masks {
        let mut m = Masks::default();
        // SAFETY: invariants 1 and 2; 16 bytes at each quarter of a 64-byte block and from one byte before, 16-byte
        // tables.
        unsafe {
            let low = _mm_loadu_si128(LOW.as_ptr().cast());
            let high = _mm_loadu_si128(HIGH.as_ptr().cast());
            let (zero, one) = (_mm_setzero_si128(), _mm_set1_epi8(1));
            let mut newlines = zero;
            for i in 0..BLOCKS {
                let mut odd = zero;
                // Zero, and what is not ASCII, is less than one as a signed number.
                let mut least = one;
                let mut escape = zero;
                let [mut token, mut dot, mut digit, mut group, mut colon, mut ten] = [0u64; 6];
                for quarter in [48, 32, 16, 0] {
                    let at = bytes.as_ptr().add(64 * i + quarter);
                    let past = _mm_loadu_si128(at.cast());
                    let v = _mm_loadu_si128(at.add(1).cast());
                    let top = _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(15));
                    // A byte from 0x80 makes the first look-up zero, so it has no class.
                    let class =
                        _mm_and_si128(_mm_shuffle_epi8(low, v), _mm_shuffle_epi8(high, top));
                    let add = |to: &mut u64, v| *to = *to << 16 | _mm_movemask_epi8(v) as u64;
                    let equal = |v, b: u8| _mm_cmpeq_epi8(v, _mm_set1_epi8(b as i8));
                    let word = _mm_and_si128(class, _mm_set1_epi8(TOKEN as i8));
                    // Whatever is not zero reaches the highest bit.
                    add(&mut token, _mm_adds_epu8(word, _mm_set1_epi8(0x7F)));
                    add(&mut dot, equal(v, b'.'));
                    add(&mut digit, class);
                    let is_colon = equal(v, b':');
                    add(&mut colon, is_colon);
                    let letter = _mm_slli_epi16(class, 7 - HEX_LETTER);
                    add(
                        &mut group,
                        _mm_or_si128(_mm_or_si128(letter, class), is_colon),
                    );
                    add(&mut ten, _mm_and_si128(equal(past, b'1'), equal(v, b'0')));
                    newlines = _mm_sub_epi8(newlines, equal(v, b'\n'));
                    odd = _mm_or_si128(odd, class);
                    least = _mm_min_epi8(least, v);
                    escape = _mm_or_si128(escape, equal(v, 0x1B));
                }
                (m.token[i], m.dot[i], m.digit[i]) = (token, dot, digit);
                (m.group[i], m.colon[i], m.ten[i]) = (group, colon, ten);
                let odd = _mm_testz_si128(odd, _mm_set1_epi8(ODD as i8)) == 0;
                let other =
                    _mm_movemask_epi8(_mm_or_si128(_mm_cmpgt_epi8(one, least), escape)) != 0;
                m.hidden |= u8::from(odd | other) << i;
            }
            let sums = _mm_sad_epu8(newlines, zero);
            m.newlines = (_mm_cvtsi128_si64(sums) + _mm_extract_epi64::<1>(sums)) as u64;
        }
        m
    }

    #[inline(always)]
    fn hidden(self, block: &[u8; 64]) -> (u64, u64) {
        let (mut odd, mut high) = (0, 0);
        for quarter in 0..4 {
            // SAFETY: invariants 1 and 2; 16 bytes at each quarter of a 64-byte block.
            unsafe {
                let v = _mm_loadu_si128(block.as_ptr().add(16 * quarter).cast());
                let bits = |v| (_mm_movemask_epi8(v) as u64) << (16 * quarter);
                let equal = |b: u8| bits(_mm_cmpeq_epi8(v, _mm_set1_epi8(b as i8)));
                odd |= equal(b'\\') | equal(b'(') | equal(b'#') | equal(b'^');
                high |= bits(v);
            }
        }
        (odd, high)
    }
}
