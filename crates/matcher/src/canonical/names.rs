//! The canonical spelling of names and of the parts of a URL.
use std::borrow::Cow;
use std::ops;
use std::str::Utf8Chunk;

use idna::punycode;
use idna_adapter::Adapter;
use smallvec::SmallVec;

use crate::canonical::address::{self, Address};
use crate::escape::{EVIDENCE, escape};
use crate::raw::sixteen::{Range, position};

const LONGEST_LABEL: usize = 63;
/// What ends the authority of a URL.
const AUTHORITY_ENDS: [Range; 4] = [
    Range::new(b'/', b'/'),
    Range::new(b'?', b'?'),
    Range::new(b'#', b'#'),
    Range::new(b'\\', b'\\'),
];
/// What of an authority is no name and no IPv4 address.
const HOST_ENDS: [Range; 3] = [
    Range::new(b'@', b'@'),
    Range::new(b'[', b'['),
    Range::new(b':', b':'),
];
/// Full stops of other scripts that UTS-46 takes for a dot.
const DOTS: [&[u8; 3]; 3] = [b"\xe3\x80\x82", b"\xef\xbc\x8e", b"\xef\xbd\xa1"];

/// Whether three bytes are such a full stop.
pub fn is_wide_dot(bytes: &[u8]) -> bool {
    bytes
        .get(..3)
        .is_some_and(|b| DOTS.iter().any(|d| d[..] == *b))
}

/// A name or a path; most are short enough to need no memory of their own.
pub type Short = SmallVec<[u8; 36]>;

/// A DNS name in lower case, one trailing dot dropped, U-labels as A-labels; a label with a character that UTS-46 refuses
/// stays as it is.
pub fn name(text: &[u8]) -> Short {
    let mut out = if text.is_ascii() {
        let mut out = Short::from_slice(text);
        out.make_ascii_lowercase();
        out
    } else {
        to_ascii(text).into()
    };
    if out.last() == Some(&b'.') {
        out.pop();
    }
    out
}

fn to_ascii(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if is_wide_dot(&text[at..]) {
            plain.push(b'.');
            at += 3;
        } else {
            plain.push(text[at]);
            at += 1;
        }
    }
    let mut out = Vec::with_capacity(plain.len() + 16);
    for (i, label) in plain.split(|&b| b == b'.').enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        out.extend_from_slice(&label_to_ascii(label));
    }
    out
}

fn label_to_ascii(label: &[u8]) -> Cow<'_, [u8]> {
    if label.is_ascii() || is_too_long(label) {
        return Cow::Owned(label.to_ascii_lowercase());
    }
    let Ok(text) = str::from_utf8(label) else {
        return Cow::Borrowed(label);
    };
    // The mapping alone: UTS-46's rules on directions, joiners and first letters are of no use here, as a list takes
    // A-labels that break them.
    let mapped: String = Adapter::new().map_normalize(text.chars()).collect();
    if mapped.contains(char::REPLACEMENT_CHARACTER) {
        return Cow::Borrowed(label);
    }
    if mapped.is_ascii() {
        return Cow::Owned(mapped.into_bytes());
    }
    punycode::encode_str(&mapped).map_or(Cow::Borrowed(label), |ascii| {
        Cow::Owned([b"xn--", ascii.as_bytes()].concat())
    })
}

/// Whether a label has more than 63 characters, so that it is no label of any name (RFC 1035 2.3.4).
fn is_too_long(label: &[u8]) -> bool {
    let count = |chunk: Utf8Chunk<'_>| chunk.valid().chars().count() + chunk.invalid().len();
    label.len() > LONGEST_LABEL && label.utf8_chunks().map(count).sum::<usize>() > LONGEST_LABEL
}

/// A host: an address or a canonical name.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum Host {
    Address(Address),
    Name(Short),
}

impl Clone for Host {
    fn clone(&self) -> Host {
        match self {
            Host::Address(address) => Host::Address(*address),
            // Its own `clone` takes one byte after the other.
            Host::Name(name) => Host::Name(Short::from_slice(name)),
        }
    }
}

impl Host {
    pub fn parse(text: &[u8]) -> Host {
        address::parse(text).map_or_else(|| Host::Name(name(text)), Host::Address)
    }

    /// Of a canonical name: one that is the canonical spelling of an address is that address.
    pub fn named(name: Short) -> Host {
        let address = address::parse(&name).filter(|a| a.text().as_bytes() == &name[..]);
        address.map_or(Host::Name(name), Host::Address)
    }

    /// As the wire spells it, safe to show.
    pub fn shown(&self) -> String {
        match self {
            Host::Address(address) => address.text(),
            Host::Name(name) => escape(name, EVIDENCE),
        }
    }

    /// Bytes beside the value itself.
    pub fn size(&self) -> usize {
        match self {
            Host::Address(_) => 0,
            Host::Name(name) => 2 * name.len(),
        }
    }

    /// As a URL item spells it.
    pub fn spelled(&self) -> Short {
        match self {
            Host::Address(a) if a.v4().is_none() => format!("[{}]", a.text()).into_bytes().into(),
            Host::Address(a) => {
                let mut out = Short::new();
                a.spell(&mut out);
                out
            }
            Host::Name(name) => Short::from_slice(name),
        }
    }
}

/// Host and port of `[user@]host[:port]` (RFC 3986 3.2). A bare IPv6 address is taken whole; an address with
/// a trailing dot, or in full-width digits, is one if its canonical spelling remains.
pub fn split_authority(text: &[u8]) -> (Host, Option<u16>) {
    match split_host(text) {
        (Host::Name(name), port) => (Host::named(name), port),
        found => found,
    }
}

fn split_host(text: &[u8]) -> (Host, Option<u16>) {
    // Most are a host, with a port or without.
    let Some(at) = position(text, &HOST_ENDS) else {
        return (Host::parse(text), None);
    };
    if text[at] == b':' && position(&text[at + 1..], &HOST_ENDS).is_none() {
        return match address::parse_port(&text[at + 1..]) {
            Some(port) => (Host::parse(&text[..at]), Some(port)),
            None if at + 1 == text.len() => (Host::parse(&text[..at]), None),
            None => (Host::Name(name(text)), None),
        };
    }
    let text = memchr::memrchr(b'@', text).map_or(text, |at| &text[at + 1..]);
    let whole = || (Host::Name(name(text)), None);
    if text.first() == Some(&b'[') {
        let Some(end) = memchr::memchr(b']', text) else {
            return whole();
        };
        let inside = &text[1..end];
        let found = if inside.contains(&b':') {
            address::parse(inside)
        } else {
            None
        };
        let Some(found) = found else { return whole() };
        return match &text[end + 1..] {
            [] => (Host::Address(found), None),
            [b':', port @ ..] => match address::parse_port(port) {
                Some(port) => (Host::Address(found), Some(port)),
                None => whole(),
            },
            _ => whole(),
        };
    }
    match memchr::memchr(b':', text) {
        None => (Host::parse(text), None),
        Some(at) if memchr::memchr(b':', &text[at + 1..]).is_some() => (Host::parse(text), None),
        Some(at) => match address::parse_port(&text[at + 1..]) {
            Some(port) => (Host::parse(&text[..at]), Some(port)),
            None if at + 1 == text.len() => (Host::parse(&text[..at]), None),
            None => whole(),
        },
    }
}

/// Host, port and rest of `scheme://authority rest`.
pub fn split_url(text: &[u8]) -> Option<(Host, Option<u16>, Short)> {
    let place = authority(text)?;
    let rest = path_of(&text[place.end..]);
    let (host, port) = split_authority(&text[place]);
    Some((host, port, rest))
}

/// Where the authority of `scheme://authority rest` stands; it ends at the first of `/ ? # \`.
pub fn authority(text: &[u8]) -> Option<ops::Range<usize>> {
    let start = scheme(text)?;
    let end = position(&text[start..], &AUTHORITY_ENDS);
    Some(start..end.map_or(text.len(), |i| start + i))
}

/// Bytes of `scheme://` at the start of the text.
pub fn scheme(text: &[u8]) -> Option<usize> {
    if text.starts_with(b"http://") {
        return Some(7);
    }
    let (name, rest) = text.split_at(memchr::memchr(b':', text)?);
    let fits = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-');
    let is_scheme = rest.starts_with(b"://") && name.first()?.is_ascii_alphabetic();
    (is_scheme && name.iter().all(fits)).then(|| name.len() + 3)
}

/// What follows an authority, made to begin with `/`; an empty rest stays empty.
pub fn path_of(rest: &[u8]) -> Short {
    let after = match rest {
        [] | [b'/', ..] => return Short::from_slice(rest),
        [b'\\', tail @ ..] => tail,
        _ => rest,
    };
    let mut out = Short::from_slice(b"/");
    out.extend_from_slice(after);
    out
}

/// Without the dots at both ends.
pub fn trim_dots(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&b| b != b'.').unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|&b| b != b'.')
        .map_or(start, |i| i + 1);
    &text[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_their_canonical_spelling() {
        for (text, want) in [
            ("EVIL.Example.", "evil.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("faß.de", "xn--fa-hia.de"),
            ("test。Example", "test.example"),
            ("_sip._tcp.Đ.example", "_sip._tcp.xn--fea.example"),
            ("a\u{200e}.example", "a\u{200e}.example"),
        ] {
            assert_eq!(&name(text.as_bytes())[..], want.as_bytes(), "{text}");
        }
        assert_eq!(&name(b"\xff.Example")[..], b"\xff.example");
    }

    #[test]
    fn an_authority_is_split_where_its_port_begins() {
        let v6 = Host::Address(address::parse(b"2001:db8::1").unwrap());
        let named = |n: &[u8]| Host::Name(Short::from_slice(n));
        for (text, want) in [
            (
                &b"evil.example:443"[..],
                (named(b"evil.example"), Some(443)),
            ),
            (b"u:p@Evil.example", (named(b"evil.example"), None)),
            (b"[2001:db8::1]:53", (v6.clone(), Some(53))),
            (b"[2001:db8::1]", (v6.clone(), None)),
            (b"2001:db8::1", (v6, None)),
            (b"evil.example:", (named(b"evil.example"), None)),
            (b"evil.example:99999", (named(b"evil.example:99999"), None)),
        ] {
            assert_eq!(
                split_authority(text),
                want,
                "{}",
                String::from_utf8_lossy(text)
            );
        }
    }

    #[test]
    fn a_label_of_more_than_63_characters_stays_as_it_is() {
        let long = format!("é{}", "X".repeat(63));
        let stays = [&long.to_ascii_lowercase(), ".evil.example"].concat();
        assert_eq!(
            &name(format!("{long}.evil.example").as_bytes())[..],
            stays.as_bytes()
        );
        let fits = format!("{}.evil.example", &long[..long.len() - 1]);
        assert!(name(fits.as_bytes()).starts_with(b"xn--"));
    }
}
