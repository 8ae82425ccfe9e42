//! Addresses and endpoints in every legal spelling, as one 128-bit number (IPv4 mapped by RFC 4291 2.5.5.2).
use std::io::Write;

use crate::escape::HEX;
use crate::raw::sixteen::{Range, position};

/// An address; IPv4 and `::ffff:a.b.c.d` are the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(pub u128);

const MAPPED: u128 = 0xFFFF_0000_0000;
/// RFC 6052 2.1: a translator sends what goes to such an address to the IPv4 address in its last 32 bits.
const NAT64: u128 = 0x0064_FF9B << 96;
const COLON: [Range; 1] = [Range::new(b':', b':')];

/// The numbers from 0 to 255 in digits, and the count of digits of each.
const DIGITS: [([u8; 3], u8); 256] = {
    let mut table = [([0; 3], 0); 256];
    let mut number = 0;
    while number < 256 {
        let [a, b, c] = [number / 100, number / 10 % 10, number % 10];
        let [a, b, c] = [b'0' + a as u8, b'0' + b as u8, b'0' + c as u8];
        table[number] = match number {
            0..10 => ([c, 0, 0], 1),
            10..100 => ([b, c, 0], 2),
            _ => ([a, b, c], 3),
        };
        number += 1;
    }
    table
};

/// The value of each hexadecimal digit; 16 is none.
const DIGIT: [u8; 256] = {
    let mut table = [16; 256];
    let mut value = 0;
    while value < 16 {
        table[HEX[value] as usize] = value as u8;
        table[HEX[value].to_ascii_uppercase() as usize] = value as u8;
        value += 1;
    }
    table
};

impl Address {
    pub fn v4(self) -> Option<u32> {
        (self.0 >> 32 == MAPPED >> 32).then_some(self.0 as u32)
    }

    /// The address of these bits: those of NAT64 (RFC 6052) are IPv4 addresses.
    pub fn of(bits: u128) -> Self {
        if bits >> 32 == NAT64 >> 32 {
            Address::from_v4(bits as u32)
        } else {
            Address(bits)
        }
    }

    /// The IPv4 address of the site that an address of 6to4 lies in (`2002::/16`, RFC 3056).
    pub fn site(self) -> Option<Address> {
        (self.0 >> 112 == 0x2002).then(|| Address::from_v4((self.0 >> 80) as u32))
    }

    pub fn from_v4(bits: u32) -> Self {
        Address(MAPPED | u128::from(bits))
    }

    /// Compressed as RFC 5952 says.
    pub fn text(self) -> String {
        let mut out = Vec::new();
        self.spell(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Adds the text of the address to another.
    pub fn spell(self, out: &mut impl Write) {
        let Some(bits) = self.v4() else {
            let (text, length) = spell_v6(self.0);
            let _ = out.write_all(&text[..length]);
            return;
        };
        let mut text = [b'.'; 16];
        let mut end = 0;
        for part in bits.to_be_bytes() {
            let (digits, count) = DIGITS[usize::from(part)];
            text[end..end + 3].copy_from_slice(&digits);
            end += usize::from(count);
            text[end] = b'.';
            end += 1;
        }
        // Nothing that is written to in memory fails.
        let _ = out.write_all(&text[..end - 1]);
    }

    /// `address:port`, an IPv6 address in brackets.
    pub fn with_port(self, port: u16) -> String {
        let mut out = Vec::new();
        self.spell_with_port(port, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Adds `address:port` to another text.
    pub fn spell_with_port(self, port: u16, out: &mut impl Write) {
        if self.v4().is_some() {
            self.spell(out);
        } else {
            let _ = out.write_all(b"[");
            self.spell(out);
            let _ = out.write_all(b"]");
        }
        spell_port(port, out);
    }
}

/// The text of an address that is not IPv4 (RFC 5952), and its length.
fn spell_v6(value: u128) -> ([u8; 40], usize) {
    let groups: [u16; 8] = std::array::from_fn(|i| (value >> (112 - 16 * i)) as u16);
    // The first of the longest runs of zeros, if it has two groups or more.
    let (mut gap, mut zeros) = (8..8, 0);
    for (at, group) in groups.into_iter().enumerate() {
        zeros = if group == 0 { zeros + 1 } else { 0 };
        if zeros > gap.len().max(1) {
            gap = at + 1 - zeros..at + 1;
        }
    }
    let (mut text, mut end) = ([0; 40], 0);
    let mut put = |b: u8| {
        text[end] = b;
        end += 1;
    };
    for (at, group) in groups.into_iter().enumerate() {
        if gap.contains(&at) {
            if at == gap.start {
                put(b':');
            }
            if at == 7 {
                put(b':');
            }
            continue;
        }
        if at > 0 {
            put(b':');
        }
        let digits = (19 - (group | 1).leading_zeros()) / 4;
        for digit in (0..digits).rev() {
            put(HEX[usize::from(group >> (4 * digit)) & 15]);
        }
    }
    (text, end)
}

/// Adds `:port` to a text.
pub fn spell_port(port: u16, out: &mut impl Write) {
    let digits = [10_000, 1000, 100, 10, 1].map(|unit| b'0' + (port / unit % 10) as u8);
    let first = digits[..4].iter().take_while(|&&d| d == b'0').count();
    let _ = out.write_all(b":");
    let _ = out.write_all(&digits[first..]);
}

/// Bytes of a token: a name or a dotted address, with what may not stand right beside one.
pub fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')
}

/// Strict dotted decimal: four numbers to 255 without leading zeros (so `010.0.0.1` is no address).
pub fn parse_v4(text: &[u8]) -> Option<u32> {
    let digit = |at: usize| {
        let digit = text.get(at)?.wrapping_sub(b'0');
        (digit < 10).then_some(u32::from(digit))
    };
    let (mut value, mut at) = (0, 0);
    for part in 0..4 {
        if part > 0 {
            if text.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let mut number = digit(at)?;
        at += 1;
        // A zero stands alone.
        if number > 0 {
            for _ in 0..2 {
                let Some(next) = digit(at) else { break };
                number = number * 10 + next;
                at += 1;
            }
        }
        if number > 255 {
            return None;
        }
        value = value << 8 | number;
    }
    (at == text.len()).then_some(value)
}

/// IPv6 as RFC 4291 2.2 writes it.
fn parse_v6(text: &[u8]) -> Option<Address> {
    let (mut groups, mut count) = ([0u16; 8], 0);
    // How many groups stand before `::`.
    let mut gap = None;
    let mut at = 0;
    if text.starts_with(b"::") {
        gap = Some(0);
        at = 2;
    }
    while at < text.len() {
        let (mut group, mut digits) = (0u32, 0);
        while let Some(&b) = text.get(at + digits)
            && let digit = DIGIT[usize::from(b)]
            && digit < 16
        {
            group = group << 4 | u32::from(digit);
            digits += 1;
            if digits > 4 {
                return None;
            }
        }
        if text.get(at + digits) == Some(&b'.') {
            let bits = parse_v4(&text[at..]).filter(|_| count <= 6)?;
            [groups[count], groups[count + 1]] = [(bits >> 16) as u16, bits as u16];
            count += 2;
            break;
        }
        if digits == 0 || count == 8 {
            return None;
        }
        groups[count] = group as u16;
        count += 1;
        at += digits;
        match text[at..] {
            [] => break,
            [b':', b':', ..] if gap.is_none() => {
                gap = Some(count);
                at += 2;
            }
            // A single colon stands between groups only.
            [b':', _, ..] => at += 1,
            _ => return None,
        }
    }
    match gap {
        None if count < 8 => return None,
        // It stands for one group at least.
        Some(_) if count == 8 => return None,
        Some(before) => {
            groups.copy_within(before..count, before + 8 - count);
            groups[before..before + 8 - count].fill(0);
        }
        None => {}
    }
    let bits = groups.iter().fold(0, |bits, &g| bits << 16 | u128::from(g));
    Some(Address::of(bits))
}

/// A bare address: IPv4, or IPv6 compressed or not, without brackets or zone.
pub fn parse_bare(text: &[u8]) -> Option<Address> {
    if let Some(bits) = parse_v4(text) {
        return Some(Address::from_v4(bits));
    }
    position(text, &COLON)?;
    parse_colons(text)
}

/// The same of a text that has a colon.
fn parse_colons(text: &[u8]) -> Option<Address> {
    if text.len() > 45 {
        None
    } else {
        parse_v6(text)
    }
}

/// A whole field that is an address: also `[…]` and with a `%zone`.
pub fn parse(text: &[u8]) -> Option<Address> {
    // Most are dotted decimal, or names.
    match text.first()? {
        b'0'..=b'9' => {
            if let Some(bits) = parse_v4(text) {
                return Some(Address::from_v4(bits));
            }
        }
        b'a'..=b'f' | b'A'..=b'F' | b':' | b'[' => {}
        _ => return None,
    }
    position(text, &COLON)?;
    let inner = match text {
        [b'[', inner @ .., b']'] => {
            if !inner.contains(&b':') {
                return None;
            }
            inner
        }
        _ => text,
    };
    match memchr::memchr(b'%', inner) {
        Some(at) if inner[..at].contains(&b':') => parse_colons(&inner[..at]),
        Some(_) => None,
        None => parse_colons(inner),
    }
}

/// A port: 1 to 5 digits, at most 65535.
pub fn parse_port(text: &[u8]) -> Option<u16> {
    if text.is_empty() || text.len() > 5 {
        return None;
    }
    let digit = |n: u32, b: &u8| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0'));
    u16::try_from(text.iter().try_fold(0, digit)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_spelled_as_the_standard_library_does() {
        // Each pattern of groups that are zero, and groups of one to four digits.
        for zeros in 0..=u8::MAX {
            for group in [1, 0xa, 0x10, 0xabc, 0xffff_u128] {
                let groups = (0..8).map(|i| if zeros >> i & 1 == 1 { 0 } else { group });
                let value = groups.fold(0, |value, group| value << 16 | group);
                let want = std::net::Ipv6Addr::from(value).to_string();
                let address = Address(value);
                let want = want
                    .strip_prefix("::ffff:")
                    .filter(|_| address.v4().is_some())
                    .unwrap_or(&want)
                    .to_owned();
                assert_eq!(address.text(), want);
            }
        }
    }

    #[test]
    fn spellings_of_one_address_are_one_number() {
        let one = parse(b"203.0.113.9").unwrap();
        for spelling in [
            "::ffff:203.0.113.9",
            "[::ffff:203.0.113.9]",
            "::FFFF:cb00:7109",
            "0:0:0:0:0:ffff:cb00:7109",
        ] {
            assert_eq!(parse(spelling.as_bytes()), Some(one), "{spelling}");
        }
        let six = parse(b"2001:db8::1").unwrap();
        for spelling in [
            "2001:0DB8:0:0:0:0:0:1",
            "[2001:db8::1]",
            "2001:db8::1%eth0",
            "[2001:db8::1%eth0]",
        ] {
            assert_eq!(parse(spelling.as_bytes()), Some(six), "{spelling}");
        }
        assert_eq!(six.text(), "2001:db8::1");
        assert_eq!(six.with_port(53), "[2001:db8::1]:53");
    }

    #[test]
    fn an_ipv4_address_is_spelled_as_the_library_does() {
        for bits in [
            0,
            0x0102_0304,
            0x0a63_6409,
            0xc0a8_0a64,
            u32::MAX,
            0x0064_c8ff,
        ] {
            let want = std::net::Ipv4Addr::from(bits).to_string();
            assert_eq!(Address::from_v4(bits).text(), want);
        }
        for port in [0, 7, 80, 443, 8080, 65_535] {
            let v4 = std::net::SocketAddr::from(([10, 0, 0, 1], port));
            let text = Address::from_v4(0x0a00_0001).with_port(port);
            assert_eq!(text, v4.to_string());
            assert_eq!(parse_port(&text.as_bytes()[9..]), Some(port));
        }
        assert_eq!(parse_port(b"65536"), None);
        assert_eq!(parse_port(b"8o"), None);
    }

    #[test]
    fn ipv6_is_read_as_the_library_reads_it() {
        let pieces = [
            ":",
            "::",
            "0",
            "1",
            "ab",
            "F00d",
            "12345",
            "1.2.3.4",
            "01.2.3.4",
            "2001:db8:",
            ":1:2",
            "g",
            "ffff:",
        ];
        let mut seed = 7_u64;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % below
        };
        let mut read = 0;
        for round in 0..200_000 {
            // Half of them are groups with colons between, of which many are addresses.
            let text: String = if round % 2 == 0 {
                (0..random(12))
                    .map(|_| pieces[random(pieces.len())])
                    .collect()
            } else {
                let count = random(10);
                let parts = (0..count).map(|_| [":", "1:", "ab:", "ffff:"][random(10).min(3)]);
                let mut text: String = parts.collect();
                text.truncate(text.len() - random(2).min(text.len()));
                text
            };
            let want: Option<std::net::Ipv6Addr> = text.parse().ok();
            let want = want.map(|a| Address(u128::from(a)));
            assert_eq!(parse_v6(text.as_bytes()), want, "{text}");
            read += usize::from(want.is_some());
        }
        assert!(read > 1000, "{read}");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "010.0.0.1",
            "0x7f.1",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.256",
            "1.2.3.4.",
            ".1.2.3.4",
            "1.2.3.4 ",
            "[1.2.3.4]",
            "1.2.3.4%eth0",
            "2001:db8:::1",
            "",
            ":",
            "1.2.3.-4",
            "1.2.3.+4",
            "[]",
            "1..2.3",
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
