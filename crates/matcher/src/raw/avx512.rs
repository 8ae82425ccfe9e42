//! Byte classes by AVX-512 (VBMI, VBMI2).
use std::arch::x86_64::*;

use super::classes::{BLOCKS, Bytes, Classes, Masks, Plane, Work, blocks, prefetch};

/// Proof that this processor has the features of `run_avx512`.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

/// Class bits of the 128 ASCII bytes; the last stands for all bytes above, too.
const TABLE: [u8; 128] = {
    let mut table = [0; 128];
    let mut i = 0;
    while i < 128 {
        let b = i as u8;
        let token = b.is_ascii_alphanumeric() || b == b'.' || b == b'-' || b == b'_';
        let sign = b == b'\\' || b == b'(' || b == b'#' || b == b'^';
        let odd = sign || b == 0x7F || b == 0 || b == 0x1B;
        // A line feed takes the bits of two digits, which no other byte has together.
        table[i] = token as u8
            | ((b == b'.') as u8) << 1
            | (b.is_ascii_digit() as u8) << 2
            | ((b.is_ascii_hexdigit() || b == b':') as u8) << 3
            | ((b == b':') as u8) << 4
            | ((b == b'1' || b == b'\n') as u8) << 5
            | ((b == b'0' || b == b'\n') as u8) << 6
            | (odd as u8) << 7;
        i += 1;
    }
    table
};

/// Bytes of each eight in reverse.
const BACKWARDS: [u8; 64] = {
    let mut table = [0; 64];
    let mut i = 0;
    while i < 64 {
        table[i] = (i ^ 7) as u8;
        i += 1;
    }
    table
};

/// Bytes of the same number of all eights together.
const TURN: [u8; 64] = {
    let mut table = [0; 64];
    let mut i = 0;
    while i < 64 {
        table[i] = (i % 8 * 8 + i / 8) as u8;
        i += 1;
    }
    table
};

/// The unit matrix of bits: byte n has bit n.
const UNIT: i64 = 0x8040_2010_0804_0201_u64 as i64;

/// Words of the same number of all vectors together.
#[inline(always)]
fn transpose(_: Avx512, rows: [__m512i; 8]) -> [__m512i; 8] {
    // SAFETY: invariant 1, the first argument proves the features.
    unsafe {
        let [a, b, c, d, e, f, g, h] = rows;
        let pairs = |x, y| (_mm512_unpacklo_epi64(x, y), _mm512_unpackhi_epi64(x, y));
        let ((a, b), (c, d)) = (pairs(a, b), pairs(c, d));
        let ((e, f), (g, h)) = (pairs(e, f), pairs(g, h));
        // Of each, the quarters 0 and 2, and 1 and 3.
        let halves = |x, y| {
            (
                _mm512_shuffle_i64x2::<0b10_00_10_00>(x, y),
                _mm512_shuffle_i64x2::<0b11_01_11_01>(x, y),
            )
        };
        let ((a02, a13), (b02, b13)) = (halves(a, c), halves(b, d));
        let ((e02, e13), (f02, f13)) = (halves(e, g), halves(f, h));
        let ((w0, w4), (w2, w6)) = (halves(a02, e02), halves(a13, e13));
        let ((w1, w5), (w3, w7)) = (halves(b02, f02), halves(b13, f13));
        [w0, w1, w2, w3, w4, w5, w6, w7]
    }
}

impl Avx512 {
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("avx512vpopcntdq")
            && is_x86_feature_detected!("gfni")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt"))
        .then_some(Self(()))
    }

    pub fn run(self, work: impl Work) {
        // SAFETY: invariant 1, `self` proves the features.
        unsafe { run_avx512(self, work) }
    }
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,gfni,bmi1,bmi2,lzcnt,popcnt"
)]
fn run_avx512(classes: Avx512, work: impl Work) {
    work.run(classes);
}

impl Classes for Avx512 {
    #[inline(always)]
    fn prefetch(self, word: &[u8; 8]) {
        prefetch(word);
    }

    #[inline(always)]
    fn masks(self, bytes: &Bytes) -> Masks {
        // SAFETY: invariants 1 and 2; the tables are 128 and 64 bytes long.
        unsafe {
            let low = _mm512_loadu_si512(TABLE.as_ptr().cast());
            let high = _mm512_loadu_si512(TABLE.as_ptr().add(64).cast());
            let back = _mm512_loadu_si512(BACKWARDS.as_ptr().cast());
            let turn = _mm512_loadu_si512(TURN.as_ptr().cast());
            let unit = _mm512_set1_epi64(UNIT);
            // A loop, because the compiler may call what is given to `map`, for each block and without these features.
            let mut rows = [unit; BLOCKS];
            for (row, block) in rows.iter_mut().zip(blocks(bytes)) {
                let v = _mm512_loadu_si512(block.as_ptr().cast());
                let ascii = _mm512_min_epu8(v, _mm512_set1_epi8(0x7F));
                let class = _mm512_permutex2var_epi8(low, ascii, high);
                // Eight bytes as a matrix of bits, turned: byte n of the result holds the bits n of the eight.
                let class = _mm512_shuffle_epi8(class, back);
                let bits = _mm512_gf2p8affine_epi64_epi8::<0>(unit, class);
                *row = _mm512_permutexvar_epi8(turn, bits);
            }
            let planes = transpose(self, rows);
            let [token, dot, digit, group, colon, one, zero, odd] = planes;
            let put = |v| {
                let mut plane: Plane = [0; BLOCKS];
                _mm512_storeu_si512(plane.as_mut_ptr().cast(), v);
                plane
            };
            let newline = _mm512_and_si512(one, zero);
            let first = _mm512_set1_epi64(i64::from(bytes[0] == b'1') << 63);
            let one = _mm512_andnot_si512(newline, one);
            let past = _mm512_alignr_epi64::<7>(one, first);
            let behind = _mm512_shldi_epi64::<1>(one, past);
            let ten = _mm512_andnot_si512(newline, _mm512_and_si512(zero, behind));
            Masks {
                token: put(token),
                dot: put(dot),
                digit: put(digit),
                group: put(group),
                colon: put(colon),
                ten: put(ten),
                newlines: _mm512_reduce_add_epi64(_mm512_popcnt_epi64(newline)) as u64,
                hidden: _mm512_test_epi64_mask(odd, odd),
            }
        }
    }

    #[inline(always)]
    fn hidden(self, block: &[u8; 64]) -> (u64, u64) {
        // SAFETY: invariant 1, `self` proves the features.
        unsafe { hidden(block) }
    }
}

/// Compiled by itself: where the features are not known, each instruction would be a call.
#[target_feature(enable = "avx512f,avx512bw")]
fn hidden(block: &[u8; 64]) -> (u64, u64) {
    // SAFETY: invariant 2.
    let v = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    let equal = |b: u8| _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(b as i8));
    let odd = equal(b'\\') | equal(b'(') | equal(b'#') | equal(b'^');
    (odd, _mm512_movepi8_mask(v))
}
