//! A first look at many entries for guard rails: what it passes over concerns none of them.
use std::collections::HashSet;
use std::net::Ipv4Addr;

use crate::hash;
use crate::set::Kind;
use crate::setfile;

/// What guard rails look for, without what they make of it: a closer look is for the caller.
#[derive(Debug)]
pub struct Watch {
    below: HashSet<u64>,
    exact: HashSet<u64>,
    parents: HashSet<u64>,
    firsts: Vec<u32>,
    lasts: Vec<u32>,
}

impl Watch {
    /// Names one a line: those that concern what is on or below them, on them, and one label below them. Spans
    /// of IPv4 addresses in any order, with both ends.
    pub fn new(below: &str, exact: &str, parents: &str, mut spans: Vec<(u32, u32)>) -> Watch {
        let hashes = |names: &str| {
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
        Watch {
            below: hashes(below),
            exact: hashes(exact),
            parents: hashes(parents),
            firsts,
            lasts,
        }
    }

    /// Whether an entry must be looked at closely.
    pub fn concerns(&self, kind: Kind, value: &str) -> bool {
        match kind {
            Kind::Ipv6 | Kind::Cidr => true,
            Kind::Domain => self.name(value),
            Kind::Ipv4 | Kind::IpPort | Kind::Url => {
                let host = setfile::url_host(value);
                match host.parse::<Ipv4Addr>() {
                    Ok(address) => self.address(address.to_bits()),
                    Err(_) => host.starts_with('[') || self.name(host),
                }
            }
        }
    }

    fn address(&self, bits: u32) -> bool {
        let after = self.firsts.partition_point(|&first| first <= bits);
        after > 0 && bits <= self.lasts[after - 1]
    }

    fn name(&self, name: &str) -> bool {
        let whole = |n: &str| hash::whole(n.as_bytes(), true);
        let parent = name.split_once('.').map_or("", |(_, rest)| rest);
        if self.exact.contains(&whole(name)) || self.parents.contains(&whole(parent)) {
            return true;
        }
        let mut rest = name;
        loop {
            if self.below.contains(&whole(rest)) {
                return true;
            }
            match rest.split_once('.') {
                Some((_, shorter)) => rest = shorter,
                None => return false,
            }
        }
    }
}
