//! Machines that are asked about: where a line may name one. Phase 2 parses the line and decides.
use super::{Candidates, LOOK, Part};
use crate::canonical::address::{self, Address};
use crate::raw::streams::Places;
use crate::set::asked::{Asked, SHORTEST_MAC, length_bit};

/// Bytes of a longer run of hexadecimal digits and colons: it is looked at line by line.
const LONGEST: usize = 56;
/// Bytes of a hardware address with colons.
const PAIRS: usize = 17;

impl Part<'_> {
    /// Looks at the tokens that end at the first `n` places: names, and hardware addresses without colons.
    #[inline(always)]
    pub(super) fn asked_tokens(
        &self,
        asked: &Asked,
        ends: &mut Places,
        n: usize,
        found: &mut Vec<(u32, u32)>,
    ) {
        let filter = asked.filter();
        // Most tokens differ in their length or their last byte: the rest is kept without a jump.
        let mut kept = 0;
        for i in 0..n {
            let place = ends.at[i];
            let len = (!self.streams.token.before(place)).leading_zeros();
            let last = self.buf[self.zero + usize::from(place) - 1];
            ends.at[kept] = place;
            kept += usize::from(asked.may_end(last, len));
        }
        for &place in &ends.at[..kept] {
            let mut len = (!self.streams.token.before(place)).leading_zeros();
            let mut end = self.zero + usize::from(place);
            // A full stop ends a sentence.
            while len > 0 && self.buf[end - 1] == b'.' {
                (len, end) = (len - 1, end - 1);
            }
            let start = if len < super::SEEN_OF_TOKEN {
                end - len as usize
            } else {
                let before = self.buf[..end].iter().rposition(|&b| !address::is_token(b));
                before.map_or(0, |i| i + 1)
            };
            if asked.lengths & length_bit((end - start) as u32) == 0 {
                continue;
            }
            let text = &self.buf[start..end];
            if asked.may_be(filter, self.buf, end, text.len())
                && let Some(group) = asked.find_host(text).or_else(|| asked.find_mac(text))
            {
                found.push((end as u32 - 1, group));
            }
        }
    }

    /// Looks at the IPv4 addresses whose third dot stands at one of the first `n` places. Says how many of these places
    /// are left for the list: those of `10.` are dropped where it has none.
    #[inline(always)]
    pub(super) fn asked_v4(
        &self,
        asked: &Asked,
        (dots, n): (&mut Places, usize),
        may_be: &mut Places,
        out: &mut Candidates,
    ) -> usize {
        let filter = asked.v4_filter();
        let drops_tens = asked.tens && !self.set.lists_tens();
        let (mut kept, mut left) = (0, 0);
        let found = &mut out.asked;
        for i in 0..n {
            let place = dots.at[i];
            let (start, end) = self.text(place);
            may_be.at[kept] = place;
            kept += usize::from(asked.may_be_v4(filter, self.buf, end, end - start));
            let head: &[u8; 8] = self.buf[start..].first_chunk().expect("BACK bytes behind");
            if self.endpoints && !begins_own(head) {
                out.outside.push(end as u32 - 1);
            }
            dots.at[left] = place;
            left += usize::from(!drops_tens || self.buf[start..start + 3] != *b"10.");
        }
        for &place in &may_be.at[..kept] {
            let (start, end) = self.text(place);
            if let Some(bits) = address::parse_v4(&self.buf[start..end])
                && let Some(group) = asked.find_address(Address::from_v4(bits))
            {
                found.push((end as u32 - 1, group));
            }
        }
        left
    }

    /// Looks at the runs of hexadecimal digits and colons that end at these places.
    pub(super) fn asked_v6(&self, asked: &Asked, ends: &[u16], out: &mut Candidates) {
        let found = &mut out.asked;
        for &place in ends {
            let end = self.zero + usize::from(place);
            let long = (!self.streams.group.before(place)).leading_zeros() as usize;
            if self.endpoints {
                // Few logs tell a hardware address and no IPv6 address from outside by their look.
                out.outside.push(end as u32 - 1);
            }
            if long > LONGEST {
                continue;
            }
            let start = end - long;
            let run = &self.buf[start..end];
            if asked.may_begin(run) {
                self.asked_address(asked, (start, end), found);
            }
            if asked.has_macs() && run.len() > SHORTEST_MAC {
                for pairs in run.windows(PAIRS) {
                    let group = asked.find_mac(pairs);
                    found.extend(group.map(|group| (end as u32 - 1, group)));
                }
            }
        }
    }

    /// Looks for an IPv6 address in a run.
    fn asked_address(
        &self,
        asked: &Asked,
        (start, end): (usize, usize),
        found: &mut Vec<(u32, u32)>,
    ) {
        let rest = self.buf[end..end + LOOK.min(self.buf.len() - end)]
            .iter()
            .take_while(|&&b| b == b'.' || b.is_ascii_digit())
            .count();
        let whole = &self.buf[start..end + rest];
        // A name may stand before the address, and a port behind it: from each colon on, and up to the last.
        let last = whole.iter().rposition(|&b| b == b':');
        let without_port = last.map_or(whole, |at| &whole[..at]);
        let begin = memchr::memchr(b':', whole).map_or(0, |i| i + 1);
        for text in [
            whole,
            without_port,
            &whole[begin..],
            without_port.get(begin..).unwrap_or_default(),
        ] {
            let group = address::parse_bare(text).and_then(|a| asked.find_address(a));
            found.extend(group.map(|group| (end as u32 - 1, group)));
        }
    }
}

/// Whether these bytes surely begin an address of the own networks; the others are looked at in phase 2.
#[inline(always)]
fn begins_own(head: &[u8; 8]) -> bool {
    let word = u64::from_le_bytes(*head);
    let begins = |text: &[u8; 8], n: u32| (word ^ u64::from_le_bytes(*text)) << (64 - 8 * n) == 0;
    begins(b"10.\0\0\0\0\0", 3) | begins(b"127.\0\0\0\0", 4) | begins(b"192.168.", 8)
}
