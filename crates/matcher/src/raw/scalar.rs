//! Byte classes on any processor: one table, no vectors.
use super::{Classes, Masks};

#[derive(Clone, Copy, Debug)]
pub struct Scalar;

const TOKEN: u8 = 1;
const DOT: u8 = 2;
const LETTER: u8 = 4;
const COLON: u8 = 8;
const NEWLINE: u8 = 16;
const ODD: u8 = 32;
const HIGH: u8 = 64;
const HYPHEN: u8 = 128;

const CLASSES: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        let mut c = 0;
        if b.is_ascii_alphanumeric() || b == b'.' || b == b'-' || b == b'_' {
            c |= TOKEN;
        }
        if b & 0x40 != 0 {
            c |= LETTER;
        }
        c |= match b {
            b'.' => DOT,
            b'-' => HYPHEN,
            b':' => COLON,
            b'\n' => NEWLINE,
            b'\\' | b'(' => ODD,
            0x80.. => HIGH,
            _ => 0,
        };
        table[i] = c;
        i += 1;
    }
    table
};

impl Classes for Scalar {
    #[inline(always)]
    fn masks(self, block: &[u8; 64]) -> Masks {
        let mut m = Masks::default();
        for (i, &b) in block.iter().enumerate() {
            let c = u64::from(CLASSES[b as usize]);
            m.token |= (c & 1) << i;
            m.dot |= (c >> 1 & 1) << i;
            m.letter |= (c >> 2 & 1) << i;
            m.colon |= (c >> 3 & 1) << i;
            m.newline |= (c >> 4 & 1) << i;
            m.odd |= (c >> 5 & 1) << i;
            m.high |= (c >> 6 & 1) << i;
            m.hyphen |= (c >> 7) << i;
        }
        m
    }
}
