//! IPv4 (RFC 791) and IPv6 (RFC 8200) down to what they carry.
use crate::canonical::address::Address;

pub const ICMP: u8 = 1;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const ICMP6: u8 = 58;

/// Extension headers that are walked.
const MOST_HEADERS: usize = 16;

/// Where a piece belongs in a datagram that was cut up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub id: u32,
    pub offset: usize,
    pub more: bool,
}

/// One IP packet.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    pub source: Address,
    pub target: Address,
    pub protocol: u8,
    /// Hops that it could still make.
    pub hops: u8,
    pub payload: &'a [u8],
    /// Bytes of the payload that were sent and not captured.
    pub missing: usize,
    pub piece: Option<Piece>,
}

/// Whether an address can be that of one machine.
pub fn is_device(address: Address) -> bool {
    match address.v4() {
        Some(bits) => bits != 0 && bits >> 28 != 0xe && bits != u32::MAX,
        None => address.0 != 0 && address.0 >> 120 != 0xff,
    }
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// The datagram, or None where its headers cannot be read.
#[inline]
pub fn datagram(bytes: &[u8]) -> Option<Datagram<'_>> {
    match bytes.first()? >> 4 {
        4 => version4(bytes),
        6 => version6(bytes),
        _ => None,
    }
}

fn version4(bytes: &[u8]) -> Option<Datagram<'_>> {
    if bytes.len() < 20 {
        return None;
    }
    let head = usize::from(bytes[0] & 15) * 4;
    if head < 20 || head > bytes.len() {
        return None;
    }
    let captured = bytes.len() - head;
    // A network card that cuts segments itself leaves 0 here.
    let sent = match usize::from(half(bytes, 2)) {
        0 => captured,
        total => total.checked_sub(head)?,
    };
    let cut = half(bytes, 6);
    let piece = (cut & 0x3fff != 0).then(|| Piece {
        id: u32::from(half(bytes, 4)),
        offset: usize::from(cut & 0x1fff) * 8,
        more: cut & 0x2000 != 0,
    });
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
    Some(Datagram {
        source: Address::from_v4(word(12)),
        target: Address::from_v4(word(16)),
        protocol: bytes[9],
        hops: bytes[8],
        payload: &bytes[head..head + captured.min(sent)],
        missing: sent.saturating_sub(captured),
        piece,
    })
}

fn version6(bytes: &[u8]) -> Option<Datagram<'_>> {
    if bytes.len() < 40 {
        return None;
    }
    let captured = bytes.len() - 40;
    let sent = match usize::from(half(bytes, 4)) {
        0 => captured,
        total => total,
    };
    let long = |at: usize| u128::from_be_bytes(bytes[at..at + 16].try_into().expect("16 bytes"));
    let (protocol, payload, piece) = extensions(bytes[6], &bytes[40..40 + captured.min(sent)])?;
    Some(Datagram {
        source: Address::of(long(8)),
        target: Address::of(long(24)),
        protocol,
        hops: bytes[7],
        payload,
        missing: sent.saturating_sub(captured),
        piece,
    })
}

/// What follows the extension headers (RFC 8200 4), up to the fragment header of a piece.
pub fn extensions(mut next: u8, mut rest: &[u8]) -> Option<(u8, &[u8], Option<Piece>)> {
    for _ in 0..MOST_HEADERS {
        let len = match next {
            0 | 43 | 60 | 135 => (usize::from(*rest.get(1)?) + 1) * 8,
            51 => (usize::from(*rest.get(1)?) + 2) * 4,
            44 => 8,
            _ => return Some((next, rest, None)),
        };
        let (head, after) = rest.split_at_checked(len)?;
        if next == 44 {
            let cut = half(head, 2);
            if cut & 0xfff9 != 0 {
                let id = u32::from_be_bytes(head[4..8].try_into().expect("4 bytes"));
                let piece = Piece {
                    id,
                    offset: usize::from(cut & 0xfff8),
                    more: cut & 1 != 0,
                };
                return Some((head[0], after, Some(piece)));
            }
        }
        next = head[0];
        rest = after;
    }
    None
}
