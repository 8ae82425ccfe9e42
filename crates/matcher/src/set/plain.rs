//! Lines of lists that are plainly one indicator in canonical form.
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::set::Kind;

/// How the lines of a list are laid out.
#[derive(Debug)]
pub enum Shape {
    Plain,
    /// An IPv4 address that leads nowhere, then one name.
    Hosts,
    /// Cells by position; the header's line, counted from 1, is left.
    Table {
        delimiter: u8,
        header: u32,
        value: usize,
        kind: Option<usize>,
        family: Option<usize>,
        /// Words of the type column that allow every kind.
        kinds: Vec<String>,
    },
}

fn octets(text: &[u8]) -> bool {
    ipv4(text).is_some()
}

fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let text = std::str::from_utf8(text).ok().filter(|t| t.len() >= 7)?;
    text.parse().ok()
}

/// Lower-case labels of letters, digits, `-` and `_`, at least two, the last one with a letter.
fn name(text: &[u8]) -> bool {
    if !(4..=253).contains(&text.len()) {
        return false;
    }
    let (mut labels, mut length, mut is_number) = (1, 0, true);
    for &byte in text {
        match byte {
            b'a'..=b'z' => is_number = false,
            b'0'..=b'9' | b'-' | b'_' => {}
            b'.' if length > 0 => {
                (labels, length, is_number) = (labels + 1, 0, true);
                continue;
            }
            _ => return false,
        }
        length += 1;
        if length > 63 {
            return false;
        }
    }
    labels > 1 && length > 0 && !is_number
}

/// An IPv6 address of today's internet in canonical form (RFC 5952), so that no IPv4 address lies in it.
fn global6(text: &[u8]) -> bool {
    let Some(text) = std::str::from_utf8(text)
        .ok()
        .filter(|t| t.starts_with('2'))
    else {
        return false;
    };
    text.parse::<Ipv6Addr>()
        .is_ok_and(|address| address.segments()[0] >= 0x2000 && address.to_string() == text)
}

/// A network of IPv4 whose base has no host bits; the whole of it, or one address, is the caller's.
fn network4(base: &[u8], bits: &[u8]) -> bool {
    let (Ok(base), Ok(bits)) = (std::str::from_utf8(base), std::str::from_utf8(bits)) else {
        return false;
    };
    let (Ok(base), Ok(length)) = (base.parse::<Ipv4Addr>(), bits.parse::<u32>()) else {
        return false;
    };
    !bits.starts_with(['0', '+']) && length < 32 && base.to_bits() << length == 0
}

fn port(text: &[u8]) -> bool {
    (1..=5).contains(&text.len())
        && text[0] != b'0'
        && text.iter().all(u8::is_ascii_digit)
        && text.iter().fold(0u32, |n, b| n * 10 + u32::from(b - b'0')) <= 65535
}

/// The kind of a value that is plain, and its canonical part.
pub(crate) fn classify(text: &[u8]) -> Option<(Kind, &[u8])> {
    if let Some(rest) = text
        .strip_prefix(b"http://")
        .or_else(|| text.strip_prefix(b"https://"))
    {
        return url(rest);
    }
    let Some(slash) = memchr::memchr(b'/', text) else {
        return authority(text);
    };
    let (host, rest) = (&text[..slash], &text[slash + 1..]);
    if octets(host) && rest.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return network4(host, rest).then_some((Kind::Cidr, text));
    }
    // `192.0.2.7:8080/tcp` is an endpoint as firewalls write it.
    if rest.eq_ignore_ascii_case(b"tcp") || rest.eq_ignore_ascii_case(b"udp") {
        return None;
    }
    match memchr::memmem::find(text, b"://") {
        None => url(text),
        Some(_) => None,
    }
}

fn authority(text: &[u8]) -> Option<(Kind, &[u8])> {
    if let Some(colon) = memchr::memchr(b':', text) {
        if global6(text) {
            return Some((Kind::Ipv6, text));
        }
        let is_endpoint = octets(&text[..colon]) && port(&text[colon + 1..]);
        return is_endpoint.then_some((Kind::IpPort, text));
    }
    if name(text) {
        return Some((Kind::Domain, text));
    }
    octets(text).then_some((Kind::Ipv4, text))
}

/// A URL without its scheme, of bytes that neither end it early nor may be a defanged spelling.
fn url(text: &[u8]) -> Option<(Kind, &[u8])> {
    let slash = memchr::memchr(b'/', text).unwrap_or(text.len());
    let (host, rest) = text.split_at(slash);
    // `0xab.de` is a name in a list of names, but an address gone wrong in a URL.
    if host.starts_with(b"0x") {
        return None;
    }
    if rest.len() < 2 {
        return authority(host);
    }
    let colon = memchr::memchr(b':', host).unwrap_or(host.len());
    let is_host = name(&host[..colon]) || octets(&host[..colon]);
    let is_port = colon == host.len() || port(&host[colon + 1..]);
    let is_path = rest
        .iter()
        .all(|&b| b.is_ascii_alphanumeric() || b"/._-~?=&%+,;:!$*".contains(&b));
    (is_host && is_port && is_path).then_some((Kind::Url, text))
}

fn trim(cell: &[u8]) -> &[u8] {
    let cell = &cell[cell.iter().take_while(|&&b| b == b' ').count()..];
    &cell[..cell.len() - cell.iter().rev().take_while(|&&b| b == b' ').count()]
}

/// The name of `address name`, if the address leads nowhere.
pub(crate) fn host(line: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr2(b' ', b'\t', line)?;
    let (address, rest) = line.split_at(end);
    let rest = &rest[rest
        .iter()
        .take_while(|&&b| b == b' ' || b == b'\t')
        .count()..];
    let is_sent_nowhere = ipv4(address).is_some_and(|a| a.is_unspecified() || a.is_loopback());
    (is_sent_nowhere && name(rest) && rest != b"localhost.localdomain").then_some(rest)
}

/// Kind, value and family of a row without quotes.
pub(crate) fn cells<'a>(line: &'a str, shape: &Shape) -> Option<(Kind, &'a [u8], &'a str)> {
    let Shape::Table {
        delimiter,
        value,
        kind,
        family,
        kinds,
        ..
    } = shape
    else {
        return None;
    };
    let bytes = line.as_bytes();
    if bytes[0] == b'#' || memchr::memchr(b'"', bytes).is_some() {
        return None;
    }
    let (mut text, mut word, mut name) = (None, "", "");
    let spelled = |cell: &'a [u8]| std::str::from_utf8(cell).ok();
    for (at, cell) in bytes.split(|b| b == delimiter).map(trim).enumerate() {
        if at == *value {
            text = Some(cell);
        }
        if Some(at) == *kind {
            word = spelled(cell)?;
        }
        if Some(at) == *family {
            name = spelled(cell)?;
        }
    }
    let (found, canonical) = classify(text?)?;
    let is_free = matches!(word, "" | "domain" | "url");
    if !is_free && (found == Kind::Domain || !kinds.iter().any(|k| k == word)) {
        return None;
    }
    if matches!(name, "-" | "None") {
        name = "";
    }
    Some((found, canonical, name))
}
