//! IPv6: the filter on the first 32 bits, then a strict reading.
use super::{FRONT, Part};
use crate::address;
use crate::hash;
use crate::set::Filters;

/// A longer run of hexadecimal digits and colons is no address (RFC 4291 2.2), with what may cling to it.
const LONGEST: usize = 48;

impl Part<'_> {
    /// Looks at each run of hexadecimal digits and colons that ends at one of these places. A run that is no
    /// address as it stands, but might hold one, is kept for phase 2.
    pub(super) fn v6(&self, filters: &Filters<'_>, ends: &[u16], places: &mut Vec<u32>) {
        for &end in ends {
            let long = (!self.streams.group.before(usize::from(end))).leading_zeros() as usize;
            let end = self.zero + usize::from(end);
            let keep = if long > LONGEST {
                self.long_run_has_joined_colons(end)
            } else {
                self.may_be_listed(filters, end - long, end)
            };
            if keep {
                places.push(end as u32 - 1);
            }
        }
    }

    fn may_be_listed(&self, filters: &Filters<'_>, start: usize, end: usize) -> bool {
        let head = first_32_bits(&self.buf[start..start + 16]);
        if head.is_some_and(|head| !filters.v6_heads.has(head_key(head))) {
            return false;
        }
        // An IPv4 address may end it.
        let rest = self.buf[end..end + FRONT]
            .iter()
            .take_while(|&&b| is_part(b) || b == b'.')
            .count();
        let run = &self.buf[start..end + rest];
        match address::parse_bare(run) {
            Some(address) => self.set.lists_address(address),
            None => {
                let colons = run.iter().filter(|&&b| b == b':').count();
                has_joined_colons(run) || (colons >= 6 && run.len() <= LONGEST)
            }
        }
    }

    fn long_run_has_joined_colons(&self, end: usize) -> bool {
        let start = self.buf[..end]
            .iter()
            .rposition(|&b| !is_part(b))
            .map_or(0, |i| i + 1);
        has_joined_colons(&self.buf[start..end])
    }
}

fn has_joined_colons(run: &[u8]) -> bool {
    run.windows(2).any(|w| w == b"::")
}

fn is_part(b: u8) -> bool {
    b.is_ascii_hexdigit() || b == b':'
}

/// The key of an address's first 32 bits in the filter.
pub(crate) fn head_key(head: u32) -> u64 {
    hash::address(u128::from(head))
}

/// The first 32 bits of the IPv6 address whose text begins here; None where the text begins oddly.
#[inline(always)]
fn first_32_bits(text: &[u8]) -> Option<u32> {
    let mut head = 0;
    let mut at = 0;
    for group in 0..2 {
        let mut value = 0;
        let begin = at;
        loop {
            let digit = match text[at] {
                b @ b'0'..=b'9' => b - b'0',
                b @ (b'a'..=b'f' | b'A'..=b'F') => (b | 0x20) - b'a' + 10,
                _ => break,
            };
            value = value << 4 | u32::from(digit);
            at += 1;
            if at - begin > 4 {
                return None;
            }
        }
        if at == begin {
            // `::` stands for zeros; a single colon at the start is no address.
            return if group == 1 {
                Some(head)
            } else {
                (text[1] == b':').then_some(0)
            };
        }
        if text[at] != b':' {
            return None;
        }
        head |= value << (16 * (1 - group));
        at += 1;
    }
    Some(head)
}
