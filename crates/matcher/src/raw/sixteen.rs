//! Sixteen bytes at once, with what every x86-64 and every AArch64 has.

/// A range of bytes, sixteen times: its first, and how far the last lies behind it.
#[derive(Clone, Copy, Debug)]
#[repr(align(16))]
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
                _mm_cmpeq_epi8, _mm_load_si128, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8,
                _mm_sub_epi8,
            };
            // SAFETY: invariant 2; SSE2 belongs to x86-64. Both halves of a range are aligned.
            unsafe {
                let half = |bytes: &[u8; 16]| _mm_load_si128(bytes.as_ptr().cast());
                let text = _mm_loadu_si128(text.as_ptr().cast());
                let above = _mm_sub_epi8(text, half(&self.first));
                let least = _mm_min_epu8(above, half(&self.span));
                _mm_movemask_epi8(_mm_cmpeq_epi8(above, least)) as u32
            }
        }
        #[cfg(target_arch = "aarch64")]
        {
            use std::arch::aarch64::{
                vandq_u8, vcleq_u8, vcombine_u8, vcreate_u8, vgetq_lane_u16, vld1q_u8, vpaddq_u8,
                vreinterpretq_u16_u8, vsubq_u8,
            };
            // SAFETY: invariant 2; NEON belongs to AArch64.
            unsafe {
                let half = |bytes: &[u8; 16]| vld1q_u8(bytes.as_ptr());
                let above = vsubq_u8(half(text), half(&self.first));
                let is_in = vcleq_u8(above, half(&self.span));
                // Byte n of each half keeps bit n; the bytes of a half are then added up.
                let unit = vcreate_u8(0x8040_2010_0804_0201);
                let eight = vandq_u8(is_in, vcombine_u8(unit, unit));
                let four = vpaddq_u8(eight, eight);
                let two = vpaddq_u8(four, four);
                vgetq_lane_u16::<0>(vreinterpretq_u16_u8(vpaddq_u8(two, two))).into()
            }
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            let is_in = |i: usize| text[i].wrapping_sub(self.first[i]) <= self.span[i];
            (0..16).fold(0, |bits, i| bits | u32::from(is_in(i)) << i)
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
    let bits = match text.last_chunk() {
        // Of these, what was looked at already goes.
        Some(last) => find(last) >> (16 - rest.len()),
        None => {
            let mut last = [0; 16];
            last[..rest.len()].copy_from_slice(rest);
            find(&last) & ((1 << rest.len()) - 1)
        }
    };
    (bits != 0).then(|| whole.len() * 16 + bits.trailing_zeros() as usize)
}

/// Tells the place of each byte that is in the range, in order.
#[inline(always)]
pub fn each_place(text: &[u8], range: &Range, mut tell: impl FnMut(usize)) {
    let mut all = |begin: usize, mut bits: u32| {
        while bits != 0 {
            tell(begin + bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
    };
    let (whole, rest) = text.as_chunks::<16>();
    for (i, near) in whole.iter().enumerate() {
        all(i * 16, range.of(near));
    }
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    all(whole.len() * 16, range.of(&last) & ((1 << rest.len()) - 1));
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
                    let mut places = Vec::new();
                    each_place(&text, &ranges[1], |place| places.push(place));
                    let is_in = |&i: &usize| (b'x'..=b'z').contains(&text[i]);
                    assert_eq!(places, (0..len).filter(is_in).collect::<Vec<_>>());
                }
            }
        }
    }
}
