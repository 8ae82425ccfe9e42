//! Sixteen bytes at once, with what every x86-64 has.

/// A range of bytes: its first, and how far the last lies behind it, each sixteen times.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    first: [u8; 16],
    span: [u8; 16],
}

impl Range {
    pub const fn new(first: u8, last: u8) -> Range {
        Range {
            first: [first; 16],
            span: [last - first; 16],
        }
    }

    /// A bit for each byte, the lowest for the first: whether it is in the range.
    #[inline(always)]
    pub fn of(&self, text: &[u8; 16]) -> u32 {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{
                _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_sub_epi8,
            };
            // SAFETY: invariant 2; SSE2 belongs to x86-64.
            unsafe {
                let load = |bytes: &[u8; 16]| _mm_loadu_si128(bytes.as_ptr().cast());
                let above = _mm_sub_epi8(load(text), load(&self.first));
                let least = _mm_min_epu8(above, load(&self.span));
                _mm_movemask_epi8(_mm_cmpeq_epi8(above, least)) as u32
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            let is_in = |b: u8| b.wrapping_sub(self.first[0]) <= self.span[0];
            let bytes = text.iter().enumerate();
            bytes.fold(0, |bits, (i, &b)| bits | u32::from(is_in(b)) << i)
        }
    }
}

/// The place of the first byte that is in one of these ranges.
#[inline]
pub fn position(text: &[u8], ranges: &[Range]) -> Option<usize> {
    let find = |near: &[u8; 16]| ranges.iter().fold(0, |bits, range| bits | range.of(near));
    let (whole, rest) = text.as_chunks::<16>();
    for (i, near) in whole.iter().enumerate() {
        let bits = find(near);
        if bits != 0 {
            return Some(i * 16 + bits.trailing_zeros() as usize);
        }
    }
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    let bits = find(&last) & ((1 << rest.len()) - 1);
    (bits != 0).then(|| whole.len() * 16 + bits.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_of_any_range_is_found() {
        let ranges = [
            Range::new(b'/', b'/'),
            Range::new(b'x', b'z'),
            Range::new(0, 0),
        ];
        for len in 0..50 {
            let plain = vec![b'a'; len];
            assert_eq!(position(&plain, &ranges), None);
            for at in 0..len {
                for byte in *b"/y\0" {
                    let mut text = plain.clone();
                    text[at] = byte;
                    text[len - 1] = b'z';
                    assert_eq!(
                        position(&text, &ranges),
                        Some(at.min(len - 1)),
                        "{at} of {len}"
                    );
                }
            }
        }
    }
}
