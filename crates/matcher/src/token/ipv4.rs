//! IPv4: the filter on the text before the last dot, those on the whole text and on networks, then a strict
//! reading. An address has one spelling only.
use super::Part;
use super::streams::{Places, drop_top};
use crate::address;
use crate::hash::tail16;
use crate::raw::Classes;
use crate::set::Filters;

/// Characters of three numbers with two dots between.
const LONGEST_HEAD: usize = 11;

impl Part<'_> {
    /// Bytes of the three numbers that end at a dot which has a dot and digits twice before it.
    #[inline(always)]
    fn head(&self, at: usize) -> usize {
        let dots = drop_top(self.streams.dot.before(at));
        let first_dot = dots.leading_zeros();
        let digits = self.streams.digit.before(at).wrapping_shl(first_dot + 1);
        (first_dot + 1 + (!digits).leading_zeros()) as usize
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
        let mut short = 0;
        for i in 0..n {
            let place = dots.at[i];
            let head = self.head(usize::from(place));
            let h = tail16(self.buf, self.zero + usize::from(place), head);
            classes.prefetch(filters.v4_heads.word(h));
            dots.at[short] = place;
            dots.hashes[short] = h;
            short += usize::from(head <= LONGEST_HEAD);
        }
        let n = dots.keep(filters.v4_heads, short);
        for (&place, &hash) in dots.at[..n].iter().zip(&dots.hashes[..n]) {
            let dot = self.zero + usize::from(place);
            let last = self.buf[dot + 1..dot + 4]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count();
            let end = dot + 1 + last;
            let long = self.head(usize::from(place)) + 1 + last;
            if (filters.v4_texts.has(tail16(self.buf, end, long)) || filters.v4_nets.has(hash))
                && let Some(bits) = address::parse_v4(&self.buf[end - long..end])
                && self.set.lists_v4(bits)
            {
                places.push(dot as u32);
            }
        }
    }
}
