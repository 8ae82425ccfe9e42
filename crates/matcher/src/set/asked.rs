//! Machines that a scan is asked about: their addresses, hardware addresses and names (docs/contract.md 4).
use std::collections::HashMap;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use crate::canonical::address::{self, Address, is_token};
use crate::error::Error;
use crate::set::hash::{FilterBuilder, mix, tail16};
use crate::set::{Filter, TEN};

/// Digits of a hardware address.
const DIGITS: usize = 12;
/// Bytes of the shortest text that spells a hardware address.
pub const SHORTEST_MAC: usize = DIGITS;
const BITS_PER_KEY: usize = 16;
/// Bytes before a text that its hash may reach.
const BEFORE: usize = 16;

/// The machines, each by its number. What spells the same are several machines only where names differ in case.
#[derive(Debug, Default)]
pub struct Asked {
    identifiers: Vec<String>,
    groups: Vec<SmallVec<[u32; 1]>>,
    /// Numbers of groups.
    addresses: HashMap<Address, u32, RandomState>,
    macs: HashMap<[u8; DIGITS], u32, RandomState>,
    hosts: HashMap<Vec<u8>, u32, RandomState>,
    filter: Vec<u8>,
    /// A bit for each length of a token that may be a name or a hardware address; the last stands for all from 63 on.
    pub lengths: u64,
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

/// The bit of a length.
#[inline(always)]
pub fn length_bit(len: u32) -> u64 {
    1 << len.min(63)
}

impl Asked {
    /// Identifiers in the spelling of the contract. Fails where one is not.
    pub fn new(identifiers: Vec<String>) -> Result<Asked, Error> {
        let mut asked = Asked::default();
        let mut keys = Vec::new();
        for (number, identifier) in (0..).zip(&identifiers) {
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
                if let Some(bits) = address.v4() {
                    keys.push(Address::from_v4(bits).text().into_bytes());
                }
                *asked.addresses.entry(address).or_insert(next)
            };
            if group == next {
                asked.groups.push(SmallVec::new());
            }
            asked.groups[group as usize].push(number);
        }
        let named = asked.hosts.keys().map(Vec::len);
        let macs = [12, 14, 17].into_iter().filter(|_| !asked.macs.is_empty());
        let lengths = named.chain(macs).map(|len| length_bit(len as u32));
        asked.lengths = lengths.fold(0, |all, bit| all | bit);
        let mut filter = FilterBuilder::new(keys.len(), BITS_PER_KEY);
        keys.iter().for_each(|token| filter.add(key(token)));
        asked.filter = filter.bytes();
        asked.identifiers = identifiers;
        Ok(asked)
    }

    pub fn is_empty(&self) -> bool {
        self.identifiers.is_empty()
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

    pub fn find_host(&self, name: &[u8]) -> Option<u32> {
        self.hosts.get(&name.to_ascii_lowercase()).copied()
    }
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
