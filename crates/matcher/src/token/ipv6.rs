//! IPv6: the filter on the first 32 bits, then a strict reading.
use super::Part;
use crate::canonical::address::{self, Address};
use crate::set::Filters;
use crate::set::hash;

/// A longer run of hexadecimal digits and colons is no address (RFC 4291 2.2), with what may cling to it.
const LONGEST: usize = 48;
/// Bytes behind a run in which an IPv4 address that ends it is looked for.
const REST: usize = 64;

impl Part<'_> {
    /// Looks at each run of hexadecimal digits and colons that ends at one of these places. A run that is no
    /// address as it stands, but might hold one, is kept for phase 2.
    #[inline(always)]
    pub(super) fn v6(&self, filters: &Filters<'_>, ends: &[u16], places: &mut Vec<u32>) {
        for &end in ends {
            let place = end;
            let end = self.zero + usize::from(place);
            let long = (!self.streams.group.before(place)).leading_zeros();
            let keep = if long as usize > LONGEST {
                self.long_run_has_joined_colons(end)
            } else {
                let start = end - long as usize;
                let colons = self.streams.colon.before(place) >> (64 - long);
                // A device may write a name before the address (`outside:2001:db8::1`), whose last letters may
                // look like a group.
                let group = colons.trailing_zeros();
                self.passes(filters, start, end, colons)
                    || (group <= 4
                        && self.passes(
                            filters,
                            start + group as usize + 1,
                            end,
                            colons.unbounded_shr(group + 1),
                        ))
            };
            if keep {
                places.push(end as u32 - 1);
            }
        }
    }

    #[inline(always)]
    fn passes(&self, filters: &Filters<'_>, start: usize, end: usize, colons: u64) -> bool {
        self.first_32_bits(start, colons)
            .is_none_or(|head| holds_v4(head) || filters.v6_heads.has(hash::head_key(head)))
            && self.may_be_listed(start, end)
    }

    /// The first 32 bits of an address whose text begins here, with these colons in it; None where it begins oddly.
    #[inline(always)]
    fn first_32_bits(&self, start: usize, colons: u64) -> Option<u32> {
        let first = colons.trailing_zeros();
        let second = (colons & colons.wrapping_sub(1)).trailing_zeros();
        // `::` has no digits between and stands for zeros.
        let digits = second.wrapping_sub(first + 1);
        if !(1..=4).contains(&first) || digits > 4 {
            return None;
        }
        let group = |at: usize, digits: u32| {
            let text: [u8; 4] = self.buf[at..at + 4].try_into().expect("four bytes");
            u64::from(u32::from_le_bytes(text)) << (32 - 8 * digits) & 0xFFFF_FFFF
        };
        let text = group(start, first) | group(start + first as usize + 1, digits) << 32;
        // The last four bits of a digit are its value, those of a letter lack nine.
        let values = (text & 0x0F0F_0F0F_0F0F_0F0F) + 9 * (text >> 6 & 0x0101_0101_0101_0101);
        let values = values.swap_bytes();
        let values = (values | values >> 4) & 0x00FF_00FF_00FF_00FF;
        let values = (values | values >> 8) & 0x0000_FFFF_0000_FFFF;
        Some((values | values >> 16) as u32)
    }

    #[inline(never)]
    fn may_be_listed(&self, start: usize, end: usize) -> bool {
        // An IPv4 address may end it.
        let rest = self.buf[end..end + REST]
            .iter()
            .take_while(|&&b| is_part(b) || b == b'.')
            .count();
        let run = &self.buf[start..end + rest];
        match address::parse_bare(run) {
            Some(address) => {
                let shows = |address| self.set.may_show(address, self.buf, (start, end));
                let may_show =
                    |address: Address| shows(address) || address.site().is_some_and(shows);
                may_show(address) || without_port(run).is_some_and(may_show)
            }
            None => {
                let colons = run.iter().filter(|&&b| b == b':').count();
                has_joined_colons(run) || (colons >= 6 && run.len() <= LONGEST)
            }
        }
    }

    #[cold]
    fn long_run_has_joined_colons(&self, end: usize) -> bool {
        let start = self.buf[..end]
            .iter()
            .rposition(|&b| !is_part(b))
            .map_or(0, |i| i + 1);
        has_joined_colons(&self.buf[start..end])
    }
}

/// Whether the first 32 bits are those of NAT64 (RFC 6052) or 6to4 (RFC 3056), which hold an IPv4 address.
fn holds_v4(head: u32) -> bool {
    head == 0x0064_FF9B || head >> 16 == 0x2002
}

/// The address before what looks like its last group and may be a port: `2001:db8::9:443`, without brackets.
fn without_port(run: &[u8]) -> Option<Address> {
    let at = run.iter().rposition(|&b| b == b':')?;
    let is_port = run[at + 1..].iter().all(u8::is_ascii_digit);
    address::parse_bare(&run[..at]).filter(|_| is_port)
}

fn has_joined_colons(run: &[u8]) -> bool {
    run.windows(2).any(|w| w == b"::")
}

fn is_part(b: u8) -> bool {
    b.is_ascii_hexdigit() || b == b':'
}
