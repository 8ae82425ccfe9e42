//! IPv4: the filter on the text before the last dot, those on the whole text and on networks, then a strict
//! reading. An address has one spelling only.
use super::{LOOK, Part};
use crate::canonical::address::{self, Address};
use crate::raw::Classes;
use crate::raw::streams::{Places, drop_top};
use crate::set::Filters;
use crate::set::hash::numbers16;

impl Part<'_> {
    /// Bytes of the three numbers before a third dot.
    #[inline(always)]
    fn head(&self, at: u16) -> usize {
        let others = !self.streams.digit.before(at);
        drop_top(drop_top(others)).leading_zeros() as usize
    }

    /// Checks the addresses whose third dot stands at one of the first `n` places.
    #[inline(always)]
    pub(super) fn v4<C: Classes>(
        &self,
        classes: C,
        filters: &Filters<'_>,
        dots: &mut Places,
        n: usize,
        places: &mut Vec<u32>,
    ) {
        for (&place, hash) in dots.at[..n].iter().zip(&mut dots.hashes[..n]) {
            *hash = numbers16(self.text, LOOK + usize::from(place), self.head(place));
            classes.prefetch(filters.v4_heads.word(*hash));
        }
        let n = dots.keep(filters.v4_heads, n);
        // Few places remain, and their words lie far apart: all are asked for before the first is read.
        for i in 0..n {
            let (start, end) = self.text(dots.at[i]);
            let text = numbers16(self.buf, end, end - start);
            classes.prefetch(filters.v4_texts.word(text));
            dots.seconds[i] = text;
        }
        for i in 0..n {
            let alone = filters.v4_texts.has(dots.seconds[i]);
            let inside = filters.v4_nets.has(dots.hashes[i]);
            if alone | inside {
                let (start, end) = self.text(dots.at[i]);
                if let Some(bits) = address::parse_v4(&self.buf[start..end])
                    && (alone && self.set.may_show_v4(bits, self.buf, (start, end))
                        || inside && self.set.find_network(Address::from_v4(bits)).is_some())
                {
                    places.push(end as u32 - 1);
                }
            }
        }
    }

    /// Where the address with its third dot at this place begins and ends.
    #[inline(always)]
    pub(super) fn text(&self, place: u16) -> (usize, usize) {
        let dot = self.zero + usize::from(place);
        let after: [u8; 4] = self.buf[dot + 1..dot + 5].try_into().expect("four bytes");
        let last = leading_digits(u32::from_le_bytes(after)).min(3);
        (dot - self.head(place), dot + 1 + last)
    }
}

/// The number of leading digits in four bytes, from the lowest on.
#[inline(always)]
fn leading_digits(bytes: u32) -> usize {
    let values = bytes ^ 0x3030_3030;
    // Seven bits from ten on overflow into the eighth.
    let others = (((values & 0x7F7F_7F7F) + 0x7676_7676) | values) & 0x8080_8080;
    others.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use super::leading_digits;

    #[test]
    fn digits_are_counted_from_the_front() {
        for byte in 0..=255u8 {
            for front in [*b"\x009\xFF7", *b"12\x80\x30", *b"0909"] {
                for at in 0..4 {
                    let mut text = front;
                    text[at] = byte;
                    let want = text.iter().take_while(|b| b.is_ascii_digit()).count();
                    assert_eq!(leading_digits(u32::from_le_bytes(text)), want, "{text:?}");
                }
            }
        }
    }
}
