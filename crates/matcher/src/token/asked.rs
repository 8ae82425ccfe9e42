//! Machines that are asked about: where a line may name one. Phase 2 parses the line and decides.
use super::{LOOK, Part};
use crate::canonical::address::{self, Address};
use crate::raw::Classes;
use crate::raw::streams::Places;
use crate::set::asked::{Asked, SHORTEST_MAC, length_bit};

/// Bytes of a longer run of hexadecimal digits and colons: it is looked at line by line.
const LONGEST: usize = 56;
/// Bytes of a hardware address with colons.
const PAIRS: usize = 17;

impl Part<'_> {
    /// Looks at the tokens that end at the first `n` places: names, and hardware addresses without colons.
    #[inline(always)]
    pub(super) fn asked_tokens(&self, asked: &Asked, ends: &[u16], found: &mut Vec<(u32, u32)>) {
        let filter = asked.filter();
        for &place in ends {
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

    /// Looks at the IPv4 addresses whose third dot stands at one of these places.
    #[inline(always)]
    pub(super) fn asked_v4<C: Classes>(
        &self,
        _classes: C,
        asked: &Asked,
        dots: &Places,
        n: usize,
        found: &mut Vec<(u32, u32)>,
    ) {
        let filter = asked.filter();
        for &place in &dots.at[..n] {
            let (start, end) = self.text(place);
            if asked.may_be(filter, self.buf, end, end - start)
                && let Some(bits) = address::parse_v4(&self.buf[start..end])
                && let Some(group) = asked.find_address(Address::from_v4(bits))
            {
                found.push((end as u32 - 1, group));
            }
        }
    }

    /// Looks at the runs of hexadecimal digits and colons that end at these places.
    pub(super) fn asked_v6(&self, asked: &Asked, ends: &[u16], found: &mut Vec<(u32, u32)>) {
        for &place in ends {
            let end = self.zero + usize::from(place);
            let long = (!self.streams.group.before(place)).leading_zeros() as usize;
            if long > LONGEST {
                continue;
            }
            let start = end - long;
            let run = &self.buf[start..end];
            let rest = self.buf[end..end + LOOK.min(self.buf.len() - end)]
                .iter()
                .take_while(|&&b| b == b'.' || b.is_ascii_digit())
                .count();
            let mut put = |group: Option<u32>| {
                if let Some(group) = group {
                    found.push((end as u32 - 1, group));
                }
            };
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
                put(address::parse_bare(text).and_then(|a| asked.find_address(a)));
            }
            if asked.has_macs() && run.len() > SHORTEST_MAC {
                for pairs in run.windows(PAIRS).step_by(1) {
                    put(asked.find_mac(pairs));
                }
            }
        }
    }
}
