//! Addresses and endpoints in every legal spelling, as one 128-bit number (IPv4 mapped by RFC 4291 2.5.5.2).
use std::io::Write as _;
use std::net::{IpAddr, Ipv6Addr};

/// An address; IPv4 and `::ffff:a.b.c.d` are the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(pub u128);

const MAPPED: u128 = 0xFFFF_0000_0000;

impl Address {
    pub fn v4(self) -> Option<u32> {
        (self.0 >> 32 == MAPPED >> 32).then_some(self.0 as u32)
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
    pub fn spell(self, out: &mut Vec<u8>) {
        let Some(bits) = self.v4() else {
            let _ = write!(out, "{}", Ipv6Addr::from(self.0));
            return;
        };
        for (i, part) in bits.to_be_bytes().into_iter().enumerate() {
            if i > 0 {
                out.push(b'.');
            }
            let digits = [part / 100, part / 10 % 10, part % 10].map(|d| b'0' + d);
            let from = usize::from(part < 100) + usize::from(part < 10);
            out.extend_from_slice(&digits[from..]);
        }
    }

    /// `address:port`, an IPv6 address in brackets.
    pub fn with_port(self, port: u16) -> String {
        match self.v4() {
            Some(_) => format!("{}:{port}", self.text()),
            None => format!("[{}]:{port}", self.text()),
        }
    }
}

/// Bytes of a token: a name or a dotted address, with what may not stand right beside one.
pub fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')
}

/// Strict dotted decimal: four numbers to 255 without leading zeros (so `010.0.0.1` is no address).
pub fn parse_v4(text: &[u8]) -> Option<u32> {
    if text.len() > 15 {
        return None;
    }
    let (mut value, mut parts) = (0u32, 0);
    let (mut part, mut digits) = (0u32, 0);
    for &b in text {
        if b == b'.' {
            if digits == 0 || parts == 3 {
                return None;
            }
            value = value << 8 | part;
            (part, digits, parts) = (0, 0, parts + 1);
        } else {
            if !b.is_ascii_digit() || (digits > 0 && part == 0) {
                return None;
            }
            part = part * 10 + u32::from(b - b'0');
            digits += 1;
            if part > 255 {
                return None;
            }
        }
    }
    (parts == 3 && digits > 0).then_some(value << 8 | part)
}

/// A bare address: IPv4, or IPv6 compressed or not, without brackets or zone.
pub fn parse_bare(text: &[u8]) -> Option<Address> {
    if let Some(bits) = parse_v4(text) {
        return Some(Address::from_v4(bits));
    }
    if text.len() > 45 || memchr::memchr(b':', text).is_none() {
        return None;
    }
    let address: IpAddr = std::str::from_utf8(text).ok()?.parse().ok()?;
    match address {
        IpAddr::V6(v6) => Some(Address(u128::from(v6))),
        IpAddr::V4(_) => None,
    }
}

/// A whole field that is an address: also `[…]` and with a `%zone`.
pub fn parse(text: &[u8]) -> Option<Address> {
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
        Some(at) if inner[..at].contains(&b':') => parse_bare(&inner[..at]),
        Some(_) => None,
        None => parse_bare(inner),
    }
}

/// A port: 1 to 5 digits, at most 65535.
pub fn parse_port(text: &[u8]) -> Option<u16> {
    if text.is_empty() || text.len() > 5 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
