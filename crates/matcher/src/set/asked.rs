//! Machines that a scan is asked about: their addresses, hardware addresses and names (docs/contract.md 4); and the networks
//! whose resolvers are the own ones (docs/contract.md 2, Going around).
use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use crate::canonical::address::{self, Address, is_token};
use crate::error::Error;
use crate::set::hash::{FilterBuilder, mix, numbers16, tail16};
use crate::set::{Filter, TEN};

/// Digits of a hardware address.
const DIGITS: usize = 12;
/// Bytes of the shortest text that spells a hardware address.
pub const SHORTEST_MAC: usize = DIGITS;
const BITS_PER_KEY: usize = 16;
/// Bytes of a token that phase 1 sees at least.
const SEEN: u32 = crate::raw::streams::SEEN;
/// Eight bytes.
const MOST_STEPS: u32 = 3;
/// Digits of a group of an IPv6 address.
const LONGEST_GROUP: usize = 4;
/// Bytes before a text that its hash may reach.
const BEFORE: usize = 16;

/// No resolver there is a foreign one: private networks (RFC 1918, 4193, 6598), this link (RFC 3927, 4291), this machine, groups
/// and what nobody has (RFC 5771, 1112).
const OWN_NETWORKS: [&str; 12] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
    "::/127",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];
const RESOLVER_PORTS: [u16; 2] = [53, 853];

/// The machines, each by its number. What spells the same are several machines only where names differ in case.
#[derive(Debug, Default)]
pub struct Asked {
    identifiers: Vec<String>,
    groups: Vec<SmallVec<[u32; 1]>>,
    /// Numbers of groups.
    addresses: HashMap<Address, u32, RandomState>,
    macs: HashMap<[u8; DIGITS], u32, RandomState>,
    hosts: HashMap<Vec<u8>, u32, RandomState>,
    /// The first bits of the own networks, by the number of these bits.
    own: HashMap<u32, HashSet<u128, RandomState>, RandomState>,
    /// Of names and hardware addresses.
    filter: Vec<u8>,
    /// Of IPv4 addresses.
    v4_filter: Vec<u8>,
    /// A bit for each first group of an IPv6 address, in which IPv4 addresses begin with zero; empty where no address is
    /// asked about.
    groups_v6: Vec<u64>,
    /// For each last byte of a token, a bit for each length that `lengths` would have; empty where there are no such tokens.
    ends: Vec<u64>,
    /// A bit for each length of a token that may be a name or a hardware address; the last stands for all from 63 on.
    pub lengths: u64,
    /// Two to this power is the length of the shortest of them, or less.
    pub steps: u32,
    pub every_line: bool,
    pub tens: bool,
}

/// The digits of a hardware address in lower case: parted into pairs by one of `:`, `-`, `.`, into fours by one of `-`,
/// `.`, or not at all.
pub fn mac(text: &[u8]) -> Option<[u8; DIGITS]> {
    let size = match (text.len(), text.get(2), text.get(4)) {
        (12, ..) => 0,
        (17, Some(b':' | b'-' | b'.'), _) => 2,
        (14, _, Some(b'-' | b'.')) => 4,
        _ => return None,
    };
    let mut digits = [0; DIGITS];
    let mut n = 0;
    for (i, b) in text.iter().enumerate() {
        if size > 0 && i % (size + 1) == size {
            if *b != text[size] {
                return None;
            }
        } else {
            if !b.is_ascii_hexdigit() {
                return None;
            }
            *digits.get_mut(n)? = b.to_ascii_lowercase();
            n += 1;
        }
    }
    (n == DIGITS).then_some(digits)
}

fn key(token: &[u8]) -> u64 {
    let mut text = vec![0; BEFORE];
    text.extend_from_slice(token);
    key_at(&text, text.len(), token.len())
}

#[inline(always)]
fn key_at(buf: &[u8], end: usize, len: usize) -> u64 {
    mix(tail16(buf, end, len), len as u64 | 1 << 32)
}

fn key_v4(token: &[u8]) -> u64 {
    let mut text = vec![0; BEFORE];
    text.extend_from_slice(token);
    numbers16(&text, text.len(), token.len())
}

fn first_groups<'a>(addresses: impl Iterator<Item = &'a Address>) -> Vec<u64> {
    let mut bits = Vec::new();
    for address in addresses {
        bits.resize(usize::from(u16::MAX) / 64 + 1, 0);
        // An IPv4 address is spelled `::ffff:…` as well.
        let first = if address.v4().is_some() {
            0
        } else {
            (address.0 >> 112) as usize
        };
        bits[first / 64] |= 1 << (first % 64);
    }
    bits
}

/// For each last byte, the bits of the lengths of these texts.
fn ends(texts: &[Vec<u8>]) -> Vec<u64> {
    let mut bits = Vec::new();
    for text in texts {
        bits.resize(usize::from(u8::MAX) + 1, 0);
        // Phase 1 may see less of a longer token.
        let lengths = match text.len() as u32 {
            len @ 0..SEEN => length_bit(len),
            _ => u64::MAX << SEEN,
        };
        let last = text.last().copied().unwrap_or_default();
        bits[usize::from(last.to_ascii_lowercase())] |= lengths;
        bits[usize::from(last.to_ascii_uppercase())] |= lengths;
    }
    if let Some(bits) = bits.get_mut(usize::from(b'.')) {
        // A full stop ends a sentence.
        *bits = u64::MAX;
    }
    bits
}

/// The bit of a length.
#[inline(always)]
pub fn length_bit(len: u32) -> u64 {
    1 << len.min(63)
}

impl Asked {
    /// Identifiers in the spelling of the contract. Fails where one is not.
    pub fn new(identifiers: Vec<String>) -> Result<Asked, Error> {
        let mut asked = Asked::default();
        for network in OWN_NETWORKS {
            asked.add_own(network).ok_or_else(|| unknown(network))?;
        }
        let (mut keys, mut v4_keys) = (Vec::new(), Vec::new());
        for (number, identifier) in (0..).zip(&identifiers) {
            if let Some(network) = identifier.strip_prefix("own:") {
                asked.add_own(network).ok_or_else(|| unknown(identifier))?;
                continue;
            }
            let next = asked.groups.len() as u32;
            let group = if let Some(text) = identifier.strip_prefix("mac:") {
                let digits = mac(text.as_bytes()).ok_or_else(|| unknown(identifier))?;
                for (size, signs) in [(12, &b"-"[..]), (2, b"-."), (4, b"-.")] {
                    let groups: Vec<&[u8]> = digits.chunks(size).collect();
                    keys.extend(signs.iter().map(|sign| groups.join(sign)));
                }
                *asked.macs.entry(digits).or_insert(next)
            } else if let Some(name) = identifier.strip_prefix("host:") {
                let name = name.to_ascii_lowercase().into_bytes();
                asked.every_line |= !name.iter().copied().all(is_token);
                keys.push(name.clone());
                *asked.hosts.entry(name).or_insert(next)
            } else {
                let address = address::parse(identifier.as_bytes());
                let address = address.ok_or_else(|| unknown(identifier))?;
                asked.tens |= address.v4().is_some_and(|bits| bits >> 24 == TEN);
                if address.v4().is_some() {
                    v4_keys.push(key_v4(address.text().as_bytes()));
                }
                *asked.addresses.entry(address).or_insert(next)
            };
            if group == next {
                asked.groups.push(SmallVec::new());
            }
            asked.groups[group as usize].push(number);
        }
        let shortest = keys.iter().map(Vec::len).min().unwrap_or_default();
        asked.steps = shortest.checked_ilog2().unwrap_or_default().min(MOST_STEPS);
        let named = asked.hosts.keys().map(Vec::len);
        let macs = [12, 14, 17].into_iter().filter(|_| !asked.macs.is_empty());
        let lengths = named.chain(macs).map(|len| length_bit(len as u32));
        asked.lengths = lengths.fold(0, |all, bit| all | bit);
        let mut filter = FilterBuilder::new(keys.len(), BITS_PER_KEY);
        keys.iter().for_each(|token| filter.add(key(token)));
        asked.filter = filter.bytes();
        let mut filter = FilterBuilder::new(v4_keys.len(), BITS_PER_KEY);
        v4_keys.into_iter().for_each(|key| filter.add(key));
        asked.v4_filter = filter.bytes();
        asked.groups_v6 = first_groups(asked.addresses.keys());
        asked.ends = ends(&keys);
        asked.identifiers = identifiers;
        Ok(asked)
    }

    /// Whether there are no machines.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub fn len(&self) -> usize {
        self.identifiers.len()
    }

    pub fn identifier(&self, number: u32) -> &str {
        &self.identifiers[number as usize]
    }

    /// The machines of a group.
    pub fn group(&self, group: u32) -> &[u32] {
        &self.groups[group as usize]
    }

    pub fn filter(&self) -> Filter<'_> {
        Filter::new(&self.filter).expect("made above")
    }

    pub fn has_macs(&self) -> bool {
        !self.macs.is_empty()
    }

    /// Whether the text that ends at `end` may be a machine's; `end` is at least 16.
    #[inline(always)]
    pub fn may_be(&self, filter: Filter<'_>, buf: &[u8], end: usize, len: usize) -> bool {
        filter.has(key_at(buf, end, len))
    }

    /// That of IPv4 addresses.
    pub fn v4_filter(&self) -> Filter<'_> {
        Filter::new(&self.v4_filter).expect("made above")
    }

    /// Whether the text of digits and dots that ends at `end` may be a machine's address; `end` is at least 16.
    #[inline(always)]
    pub fn may_be_v4(&self, filter: Filter<'_>, buf: &[u8], end: usize, len: usize) -> bool {
        filter.has(numbers16(buf, end, len))
    }

    /// Whether a token of this length that ends with this byte may be a machine's name or hardware address; of a long token
    /// phase 1 sees at least the last `SEEN` bytes.
    #[inline(always)]
    pub fn may_end(&self, last: u8, len: u32) -> bool {
        self.ends
            .get(usize::from(last))
            .is_some_and(|lengths| lengths & length_bit(len) != 0)
    }

    /// Whether an address in a run of hexadecimal digits and colons may be a machine's: by its first group, or by that behind
    /// its first colon, where a name stands before it.
    #[inline]
    pub fn may_begin(&self, run: &[u8]) -> bool {
        let behind = memchr::memchr(b':', run).and_then(|at| run.get(at + 1..));
        self.has_group(run) || behind.is_some_and(|run| self.has_group(run))
    }

    fn has_group(&self, run: &[u8]) -> bool {
        let mut first = 0;
        for (at, &b) in run.iter().enumerate() {
            match char::from(b).to_digit(16) {
                Some(_) if at == LONGEST_GROUP => return false,
                Some(digit) => first = first << 4 | digit as usize,
                None => break,
            }
        }
        self.groups_v6
            .get(first / 64)
            .is_some_and(|bits| bits >> (first % 64) & 1 == 1)
    }

    pub fn find_address(&self, address: Address) -> Option<u32> {
        self.addresses.get(&address).copied()
    }

    pub fn find_mac(&self, text: &[u8]) -> Option<u32> {
        self.macs.get(&mac(text)?).copied()
    }

    /// The same of its six bytes.
    pub fn find_mac_of(&self, bytes: [u8; DIGITS / 2]) -> Option<u32> {
        if self.macs.is_empty() {
            return None;
        }
        let digit = |value: u8| char::from_digit(value.into(), 16).map_or(b'0', |d| d as u8);
        let mut digits = [0; DIGITS];
        for (i, byte) in bytes.into_iter().enumerate() {
            (digits[2 * i], digits[2 * i + 1]) = (digit(byte >> 4), digit(byte & 15));
        }
        self.macs.get(&digits).copied()
    }

    fn add_own(&mut self, network: &str) -> Option<()> {
        let (address, length) = network.split_once('/')?;
        let address = address::parse(address.as_bytes())?;
        let length: u32 = length.parse().ok()?;
        let (longest, shorter) = if address.v4().is_some() {
            (32, 96)
        } else {
            (128, 0)
        };
        if length > longest {
            return None;
        }
        let bits = length + shorter;
        self.own
            .entry(bits)
            .or_default()
            .insert(first_bits(address, bits));
        Some(())
    }

    /// Whether a server with this address and port answers names outside the own networks.
    pub fn is_foreign_resolver(&self, server: Address, port: u16) -> bool {
        RESOLVER_PORTS.contains(&port)
            && !self
                .own
                .iter()
                .any(|(&bits, heads)| heads.contains(&first_bits(server, bits)))
    }

    pub fn find_host(&self, name: &[u8]) -> Option<u32> {
        self.hosts.get(&name.to_ascii_lowercase()).copied()
    }
}

fn first_bits(address: Address, bits: u32) -> u128 {
    address.0.checked_shr(u128::BITS - bits).unwrap_or_default()
}

impl PartialEq for Asked {
    fn eq(&self, other: &Asked) -> bool {
        self.identifiers == other.identifiers
    }
}

impl Eq for Asked {}

fn unknown(identifier: &str) -> Error {
    Error::Options(format!("'{identifier}' is no machine to ask about"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolver_outside_the_own_networks_is_foreign() {
        let asked = Asked::new(vec![
            "own:203.0.113.0/24".to_owned(),
            "own:2001:db8:1::/48".to_owned(),
        ]);
        let asked = asked.unwrap();
        assert!(asked.is_empty());
        let is_foreign = |text: &str| {
            let address = address::parse(text.as_bytes()).unwrap();
            assert!(!asked.is_foreign_resolver(address, 443));
            asked.is_foreign_resolver(address, 53)
        };
        for text in [
            "203.0.113.1",
            "10.1.2.3",
            "2001:db8:1::5",
            "::1",
            "fe80::1",
            "255.255.255.255",
        ] {
            assert!(!is_foreign(text), "{text}");
        }
        for text in [
            "203.0.112.255",
            "203.0.114.0",
            "11.0.0.1",
            "2001:db8:2::5",
            "::2",
        ] {
            assert!(is_foreign(text), "{text}");
        }
    }

    #[test]
    fn a_hardware_address_has_one_sign_between_its_digits() {
        let digits = Some(*b"00005e00530a");
        for text in [
            "00:00:5e:00:53:0a",
            "00-00-5E-00-53-0A",
            "0000.5e00.530a",
            "0000-5e00-530A",
            "00005e00530a",
        ] {
            assert_eq!(mac(text.as_bytes()), digits, "{text}");
        }
        for text in [
            "00:00:5e:00:53-0a",
            "0000:5e00:530a",
            "00005e00530",
            "00:00:5e:00:53:0g",
        ] {
            assert_eq!(mac(text.as_bytes()), None, "{text}");
        }
    }
}
