//! From the link layer to the IP packet in it (link types: www.tcpdump.org/linktypes.html).

/// What a frame carries.
pub enum Frame<'a> {
    /// An IP packet and the hardware address of its sender on this link.
    Ip(&'a [u8], Option<[u8; 6]>),
    /// Something that is not IP.
    Foreign,
    /// Cut short or contradictory.
    Broken,
    /// The link type is not known.
    Unknown,
}

/// The link type whose frames begin with the hardware address of the receiver.
pub const ETHERNET: u16 = 1;
const ETHERNET_HARDWARE: u16 = 1;
const FAMILIES: [u32; 5] = [2, 10, 24, 28, 30];
const LONGEST_802_3: u16 = 1500;
const NFLOG_PAYLOAD: u16 = 9;

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// Looks into one frame.
#[inline]
pub fn frame(link: u16, bytes: &[u8]) -> Frame<'_> {
    match link {
        ETHERNET => match bytes.split_at_checked(14) {
            Some((head, rest)) => by_ethertype(half(head, 12), rest, hardware(&head[6..12])),
            None => Frame::Broken,
        },
        12 | 14 | 101 | 228 | 229 => Frame::Ip(bytes, None),
        0 | 108 => match bytes.split_first_chunk::<4>() {
            Some((family, rest)) => {
                let known = FAMILIES.contains(&u32::from_le_bytes(*family))
                    || FAMILIES.contains(&u32::from_be_bytes(*family));
                if known {
                    Frame::Ip(rest, None)
                } else {
                    Frame::Foreign
                }
            }
            None => Frame::Broken,
        },
        9 | 50 => ppp(bytes.strip_prefix(b"\xff\x03").unwrap_or(bytes), None),
        51 => pppoe(bytes, None),
        104 if bytes.len() >= 4 => by_ethertype(half(bytes, 2), &bytes[4..], None),
        113 if bytes.len() >= 16 => {
            let mac = cooked(half(bytes, 2), usize::from(half(bytes, 4)), &bytes[6..12]);
            by_ethertype(half(bytes, 14), &bytes[16..], mac)
        }
        276 if bytes.len() >= 20 => {
            let mac = cooked(half(bytes, 8), usize::from(bytes[11]), &bytes[12..18]);
            by_ethertype(half(bytes, 0), &bytes[20..], mac)
        }
        104 | 113 | 276 => Frame::Broken,
        239 => nflog(bytes),
        _ => Frame::Unknown,
    }
}

fn hardware(bytes: &[u8]) -> Option<[u8; 6]> {
    let mac: [u8; 6] = bytes.try_into().ok()?;
    (mac != [0; 6] && mac[0] & 1 == 0).then_some(mac)
}

fn cooked(kind: u16, len: usize, bytes: &[u8]) -> Option<[u8; 6]> {
    if kind == ETHERNET_HARDWARE && len == 6 {
        hardware(bytes)
    } else {
        None
    }
}

#[inline]
fn by_ethertype(mut kind: u16, mut rest: &[u8], mac: Option<[u8; 6]>) -> Frame<'_> {
    loop {
        match kind {
            0x0800 | 0x86dd => return Frame::Ip(rest, mac),
            // IEEE 802.1Q, 802.1ad, and the tag before it was a standard.
            0x8100 | 0x88a8 | 0x9100 => {
                if rest.len() < 4 {
                    return Frame::Broken;
                }
                kind = half(rest, 2);
                rest = &rest[4..];
            }
            0x8847 | 0x8848 => return mpls(rest, mac),
            0x8864 => return pppoe(rest, mac),
            // IEEE 802.3: a length, and the type behind it (RFC 1042).
            ..=LONGEST_802_3 => {
                let [0xaa, 0xaa, 3, 0, 0, 0, high, low, behind @ ..] = rest else {
                    return Frame::Foreign;
                };
                let len = usize::from(kind).saturating_sub(8);
                rest = &behind[..behind.len().min(len)];
                kind = u16::from_be_bytes([*high, *low]);
                if kind <= LONGEST_802_3 {
                    return Frame::Foreign;
                }
            }
            _ => return Frame::Foreign,
        }
    }
}

/// RFC 3032: labels of four bytes, of which the last says so; what is below shows by itself.
fn mpls(bytes: &[u8], mac: Option<[u8; 6]>) -> Frame<'_> {
    let last = bytes.chunks_exact(4).position(|label| label[2] & 1 == 1);
    match last.and_then(|at| bytes.get(4 * (at + 1)..)) {
        Some(packet @ [first, ..]) => match first >> 4 {
            4 | 6 => Frame::Ip(packet, mac),
            _ => Frame::Foreign,
        },
        _ => Frame::Broken,
    }
}

/// Attributes in the byte order of the machine that wrote them, one of them the packet.
fn nflog(bytes: &[u8]) -> Frame<'_> {
    let [_, _, _, _, rest @ ..] = bytes else {
        return Frame::Broken;
    };
    let [_, _, _, is_big, ..] = *rest else {
        return Frame::Broken;
    };
    // No attribute has a number beyond a byte, and none is 0.
    let number = if is_big > 0 {
        u16::from_be_bytes
    } else {
        u16::from_le_bytes
    };
    let mut rest = rest;
    while let [a, b, c, d, ..] = *rest {
        let (len, kind) = (usize::from(number([a, b])), number([c, d]));
        if len < 4 {
            return Frame::Broken;
        }
        if kind == NFLOG_PAYLOAD {
            return Frame::Ip(&rest[4..len.min(rest.len())], None);
        }
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Frame::Foreign
}

/// RFC 2516.
fn pppoe(bytes: &[u8], mac: Option<[u8; 6]>) -> Frame<'_> {
    match bytes {
        [0x11, 0, _, _, _, _, rest @ ..] => ppp(rest, mac),
        [0x11, _, _, _, _, _, ..] => Frame::Foreign,
        _ => Frame::Broken,
    }
}

/// RFC 1661 2; the protocol in one byte where that was agreed (6.5).
fn ppp(bytes: &[u8], mac: Option<[u8; 6]>) -> Frame<'_> {
    match bytes {
        [0x21 | 0x57, rest @ ..] | [0, 0x21 | 0x57, rest @ ..] => Frame::Ip(rest, mac),
        [_, _, ..] => Frame::Foreign,
        _ => Frame::Broken,
    }
}
