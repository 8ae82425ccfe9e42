//! A first look at many entries for guard rails: no guard rail concerns the entries that it passes over.
use std::collections::HashSet;
use std::net::Ipv4Addr;

use foldhash::fast::FixedState;

use crate::set::hash;
use crate::set::{Kind, setfile};

/// Hashes of names, with a fixed seed: chosen collisions cost only the publisher of the list a closer look.
type Hashes = HashSet<u64, FixedState>;

/// Bits of the number of a bit in `Watch::may_be`.
const BITS: u32 = 22;

/// Where the bit of a hash is.
fn place(hash: u64) -> (usize, u64) {
    let number = hash >> (64 - BITS);
    ((number >> 6) as usize, 1 << (number & 63))
}

/// The names and addresses that guard rails look for. The caller looks closely at the entries that are found.
#[derive(Debug)]
pub struct Watch {
    below: Hashes,
    exact: Hashes,
    parents: Hashes,
    /// A bit for each hash; small enough to stay in the processor's cache.
    may_be: Vec<u64>,
    firsts: Vec<u32>,
    lasts: Vec<u32>,
    /// Networks of IPv4 with fewer bits are looked at closely.
    narrowest: u32,
}

impl Watch {
    /// Each text holds one name a line: names that concern themselves and all names below, only themselves, and names one
    /// label below. Spans of IPv4 addresses come in any order, with both ends.
    pub fn new(
        below: &str,
        exact: &str,
        parents: &str,
        mut spans: Vec<(u32, u32)>,
        narrowest: u32,
    ) -> Watch {
        let hashes = |names: &str| -> Hashes {
            names
                .lines()
                .map(|n| hash::whole(n.as_bytes(), true))
                .collect()
        };
        spans.sort_unstable();
        let (mut firsts, mut lasts): (Vec<u32>, Vec<u32>) = Default::default();
        for (first, last) in spans {
            match lasts.last_mut() {
                Some(end) if first <= *end => *end = last.max(*end),
                _ => {
                    firsts.push(first);
                    lasts.push(last);
                }
            }
        }
        let (below, exact, parents) = (hashes(below), hashes(exact), hashes(parents));
        let mut may_be = vec![0; 1 << (BITS - 6)];
        for hash in below.iter().chain(&exact).chain(&parents) {
            let (word, bit) = place(*hash);
            may_be[word] |= bit;
        }
        Watch {
            below,
            exact,
            parents,
            may_be,
            firsts,
            lasts,
            narrowest,
        }
    }

    /// Whether an entry must be looked at closely.
    pub fn concerns(&self, kind: Kind, value: &str) -> bool {
        match kind {
            Kind::Ipv6 => true,
            Kind::Cidr => self.network(value).unwrap_or(true),
            Kind::Domain => self.name(value),
            Kind::Ipv4 | Kind::IpPort | Kind::Url => {
                let host = setfile::url_host(value);
                match host.parse::<Ipv4Addr>() {
                    Ok(address) => self.addresses(address.to_bits(), address.to_bits()),
                    Err(_) => host.starts_with('[') || self.name(host),
                }
            }
        }
    }

    /// None for one of IPv6.
    fn network(&self, value: &str) -> Option<bool> {
        let (base, bits) = value.split_once('/')?;
        let first = base.parse::<Ipv4Addr>().ok()?.to_bits();
        let bits: u32 = bits.parse().ok()?;
        let last = first | u32::MAX.checked_shr(bits).unwrap_or(0);
        Some(bits < self.narrowest || self.addresses(first, last))
    }

    fn addresses(&self, first: u32, last: u32) -> bool {
        let after = self.firsts.partition_point(|&start| start <= last);
        after > 0 && first <= self.lasts[after - 1]
    }

    fn name(&self, name: &str) -> bool {
        let found = |hashes: &Hashes, n: &str| {
            let hash = hash::whole(n.as_bytes(), true);
            let (word, bit) = place(hash);
            self.may_be[word] & bit != 0 && hashes.contains(&hash)
        };
        let parent = name.split_once('.').map_or("", |(_, rest)| rest);
        if found(&self.exact, name) || found(&self.parents, parent) {
            return true;
        }
        let mut rest = name;
        loop {
            if found(&self.below, rest) {
                return true;
            }
            match rest.split_once('.') {
                Some((_, shorter)) => rest = shorter,
                None => return false,
            }
        }
    }
}
