//! DNS messages (RFC 1035), also of mDNS, LLMNR and the NetBIOS name service (RFC 1002).
use crate::canonical::address::Address;

/// Ports whose side is the server of a name service.
pub const PORTS: [u16; 5] = [53, 853, 5353, 5355, 137];
/// Ports whose datagrams are read as messages.
pub const DATAGRAMS: [u16; 4] = [53, 5353, 5355, 137];
pub const NETBIOS: u16 = 137;

const MOST_QUESTIONS: usize = 32;
const MOST_ANSWERS: usize = 256;
/// Octets of a name (RFC 1035 2.3.4).
const LONGEST: usize = 255;

pub const A: u16 = 1;
pub const AAAA: u16 = 28;
const MX: u16 = 15;
const SRV: u16 = 33;
/// NS, CNAME, PTR, DNAME: the data is one name.
const NAMES: [u16; 4] = [2, 5, 12, 39];

const TYPES: [(u16, &str); 14] = [
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (15, "MX"),
    (16, "TXT"),
    (28, "AAAA"),
    (32, "NB"),
    (33, "SRV"),
    (39, "DNAME"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (255, "ANY"),
];
const CODES: [&str; 6] = [
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
];

/// Mnemonic of a record type.
pub fn type_word(number: u16) -> String {
    let known = TYPES.iter().find(|(n, _)| *n == number);
    known.map_or_else(|| format!("TYPE{number}"), |(_, word)| (*word).to_owned())
}

/// Mnemonic of a response code.
pub fn code_word(number: u8) -> String {
    let known = CODES.get(usize::from(number));
    known.map_or_else(|| format!("RCODE{number}"), |word| (*word).to_owned())
}

/// A name as text: labels joined by dots; dots, backslashes, spaces and controls in a label as `\DDD` (RFC 1035 5.1).
pub struct Name {
    bytes: [u8; 4 * LONGEST],
    len: usize,
}

impl Name {
    pub fn new() -> Name {
        Name {
            bytes: [0; 4 * LONGEST],
            len: 0,
        }
    }

    pub fn text(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, b: u8) {
        self.bytes[self.len] = b;
        self.len += 1;
    }

    fn label(&mut self, label: &[u8], is_netbios: bool) {
        if self.len > 0 {
            self.push(b'.');
        }
        if is_netbios
            && self.len == 0
            && label.len() == 32
            && label.iter().all(|b| (b'A'..=b'P').contains(b))
        {
            // RFC 1001 14.1: half a byte a letter; the last of 16 bytes is the kind of service.
            let mut plain = [0u8; 15];
            for (out, pair) in plain.iter_mut().zip(label.chunks(2)) {
                *out = (pair[0] - b'A') << 4 | (pair[1] - b'A');
            }
            let end = plain.iter().rposition(|b| !b" \0".contains(b));
            for &b in &plain[..end.map_or(0, |i| i + 1)] {
                self.safe(b, false);
            }
            return;
        }
        for &b in label {
            self.safe(b, true);
        }
    }

    fn safe(&mut self, b: u8, is_label: bool) {
        if b > b' ' && b != 0x7f && b != b'\\' && (b != b'.' || !is_label) {
            self.push(b);
        } else {
            self.push(b'\\');
            self.push(b'0' + b / 100);
            self.push(b'0' + b / 10 % 10);
            self.push(b'0' + b % 10);
        }
    }
}

/// One thing that a message says.
pub enum Item<'a> {
    Question(&'a [u8], u16),
    /// Whose record an answer is.
    Owner(&'a [u8], u16),
    Name(&'a [u8]),
    Address(Address),
    Other(u16),
}

/// Of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub is_reply: bool,
    pub code: u8,
    pub questions: usize,
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// Reads the name at `at`; gives the place behind it. Pointers lead backwards only, so there is an end.
fn read_name(bytes: &[u8], mut at: usize, is_netbios: bool, name: &mut Name) -> Option<usize> {
    name.len = 0;
    let mut octets = 0;
    let mut behind = None;
    let mut low = at;
    loop {
        let len = *bytes.get(at)?;
        match len >> 6 {
            0 if len == 0 => return Some(behind.unwrap_or(at + 1)),
            0 => {
                let label = bytes.get(at + 1..at + 1 + usize::from(len))?;
                octets += label.len() + 1;
                if octets >= LONGEST {
                    return None;
                }
                name.label(label, is_netbios);
                at += 1 + label.len();
            }
            3 => {
                let target = usize::from(half(bytes, at)? & 0x3fff);
                if target >= low {
                    return None;
                }
                behind = behind.or(Some(at + 2));
                low = target;
                at = target;
            }
            _ => return None,
        }
    }
}

/// Tells `each`, name by name in `name`, what a standard message says, as far as it can be read; None if that is no question or answer.
pub fn walk(
    bytes: &[u8],
    is_netbios: bool,
    name: &mut Name,
    mut each: impl FnMut(Item<'_>),
) -> Option<Header> {
    let flags = half(bytes, 2)?;
    let header = Header {
        is_reply: flags & 0x8000 != 0,
        code: (flags & 15) as u8,
        questions: usize::from(half(bytes, 4)?),
    };
    let answers = usize::from(half(bytes, 6)?);
    if flags & 0x7800 != 0 || bytes.len() < 12 || header.questions > MOST_QUESTIONS {
        return None;
    }
    let mut at = 12;
    for number in 0..header.questions {
        let read = read_name(bytes, at, is_netbios, name)
            .and_then(|next| Some((next, half(bytes, next)?, half(bytes, next + 2)?)));
        let Some((next, kind, _)) = read else {
            return (number > 0).then_some(header);
        };
        each(Item::Question(name.text(), kind));
        at = next + 4;
    }
    if !header.is_reply {
        return (header.questions > 0).then_some(header);
    }
    for number in 0..answers.min(MOST_ANSWERS) {
        let is_first = header.questions == 0 && number == 0;
        match answer(bytes, at, is_netbios, name, &mut each) {
            Some(next) => at = next,
            None if is_first => return None,
            None => break,
        }
    }
    (header.questions > 0 || answers > 0).then_some(header)
}

fn answer(
    bytes: &[u8],
    at: usize,
    is_netbios: bool,
    name: &mut Name,
    each: &mut impl FnMut(Item<'_>),
) -> Option<usize> {
    let at = read_name(bytes, at, is_netbios, name)?;
    let kind = half(bytes, at)?;
    let len = usize::from(half(bytes, at + 8)?);
    let data = at + 10;
    let rdata = bytes.get(data..data + len)?;
    each(Item::Owner(name.text(), kind));
    let skip = match kind {
        MX => 2,
        SRV => 6,
        _ => 0,
    };
    let is_name = NAMES.contains(&kind) || skip > 0;
    match (kind, rdata) {
        (A, &[a, b, c, d]) => each(Item::Address(Address::from_v4(u32::from_be_bytes([
            a, b, c, d,
        ])))),
        (AAAA, _) if len == 16 => {
            let bits = u128::from_be_bytes(rdata.try_into().ok()?);
            each(Item::Address(Address::of(bits)));
        }
        _ if is_name && read_name(bytes, data + skip, false, name) == Some(data + len) => {
            each(Item::Name(name.text()));
        }
        _ => each(Item::Other(kind)),
    }
    Some(data + len)
}
