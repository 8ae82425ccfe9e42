//! The server name of a QUIC connection (RFC 9000 17.2, 19): its first packets are sealed with keys that any
//! reader can make.
use std::collections::VecDeque;

use super::flows::End;
use super::initial::{Keys, VERSIONS, Version};
use super::tls::{self, Hello, counted};

/// Datagrams of a client's first packets are padded to this; servers throw away shorter ones (RFC 9000 14.1).
const SHORTEST: usize = 1200;
const LONGEST_CONNECTION: usize = 20;
/// Bytes of a ClientHello that are read.
const LONGEST_HELLO: usize = 16 << 10;
/// Connections that are remembered, at most; the oldest makes room for a new connection.
const REMEMBERED: usize = 512;
/// A long header of QUIC (RFC 9000 17.2).
const LONG: u8 = 0xc0;

const PADDING: u8 = 0x00;
const PING: u8 = 0x01;
const ACK: u8 = 0x02;
const ACK_ECN: u8 = 0x03;
const CRYPTO: u8 = 0x06;
const CLOSE: u8 = 0x1c;

/// Whether a datagram may carry a client's first packets; `missing` bytes of it were not captured.
#[inline]
pub fn may_begin(datagram: &[u8], missing: usize) -> bool {
    datagram.len() + missing >= SHORTEST
        && datagram.first().is_some_and(|b| *b >= LONG)
        && version(datagram).is_some()
}

fn version(packet: &[u8]) -> Option<&'static Version> {
    let number = u32::from_be_bytes(packet.get(1..5)?.try_into().ok()?);
    VERSIONS.iter().find(|v| v.number == number)
}

/// An integer of variable length (RFC 9000 16), and the bytes behind it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let size = 1 << (*bytes.first()? >> 6);
    let (bytes, rest) = bytes.split_at_checked(size)?;
    let first = u64::from(bytes[0] & 0x3f);
    let value = bytes[1..].iter().fold(first, |n, b| n << 8 | u64::from(*b));
    Some((value, rest))
}

/// The bytes of a field whose length stands before it as an integer of variable length, and the bytes behind
/// it.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = number(bytes)?;
    rest.split_at_checked(usize::try_from(size).ok()?)
}

/// The bytes behind this many integers of variable length.
fn passed_over(bytes: &[u8], numbers: u64) -> Option<&[u8]> {
    let mut rest = bytes;
    for _ in 0..numbers {
        rest = number(rest)?.1;
    }
    Some(rest)
}

/// A packet with a long header; others may follow it in its datagram (RFC 9000 12.2).
struct Packet<'a> {
    version: &'static Version,
    is_initial: bool,
    has_token: bool,
    /// The destination connection id: the keys are made from it.
    connection: &'a [u8],
    /// The whole packet, with its header.
    bytes: &'a [u8],
    /// Where in `bytes` the packet number begins.
    number_at: usize,
}

impl<'a> Packet<'a> {
    /// The packet at the beginning, and the bytes behind it. None for a Retry packet, and where no whole
    /// packet with a long header begins.
    fn read(bytes: &'a [u8]) -> Option<(Packet<'a>, &'a [u8])> {
        let version = version(bytes)?;
        let kind = bytes[0] >> 4 & 3;
        if bytes[0] < LONG || kind == version.retry {
            return None;
        }
        let (connection, rest) = counted(&bytes[5..], 1)?;
        let (source, mut rest) = counted(rest, 1)?;
        if connection.len().max(source.len()) > LONGEST_CONNECTION {
            return None;
        }
        let is_initial = kind == version.initial;
        let mut token: &[u8] = &[];
        if is_initial {
            (token, rest) = field(rest)?;
        }
        let (sealed, behind) = field(rest)?;
        let end = bytes.len() - behind.len();
        let packet = Packet {
            version,
            is_initial,
            has_token: !token.is_empty(),
            connection,
            bytes: &bytes[..end],
            number_at: end - sealed.len(),
        };
        Some((packet, behind))
    }
}

/// The parts of a ClientHello that a client has sent so far; they may come in any order.
struct Handshake {
    sender: End,
    target: End,
    keys: Keys,
    /// The bytes of the message; 0 where no byte has come yet.
    bytes: Vec<u8>,
    /// For each byte, whether it has come.
    have: Vec<bool>,
    /// The ClientHello was read, or is none: nothing more is read of this connection.
    is_done: bool,
}

/// The connections of a capture that began most recently, at most `REMEMBERED`.
#[derive(Default)]
pub struct Handshakes {
    remembered: VecDeque<Handshake>,
}

impl Handshakes {
    /// Reads a datagram. Returns the server name with the datagram that completes it, so once for a
    /// connection.
    pub fn read(&mut self, sender: End, target: End, datagram: &[u8]) -> Option<Vec<u8>> {
        let mut rest = datagram;
        let mut name = None;
        while let Some((packet, behind)) = Packet::read(rest) {
            if packet.is_initial {
                let found = self.packet(sender, target, &packet);
                name = name.or(found);
            }
            rest = behind;
        }
        name
    }

    /// Reads an Initial packet; its keys are those of a remembered connection, or are made from its
    /// connection id.
    fn packet(&mut self, sender: End, target: End, packet: &Packet<'_>) -> Option<Vec<u8>> {
        let known = self
            .remembered
            .iter()
            .position(|h| h.sender == sender && h.target == target);
        if let Some(place) = known {
            let handshake = &mut self.remembered[place];
            if let Some(frames) = handshake.keys.open(packet.bytes, packet.number_at) {
                return handshake.add(&frames);
            }
        }
        let keys = Keys::new(packet.version, packet.connection);
        let frames = keys.open(packet.bytes, packet.number_at)?;
        let mut handshake = Handshake {
            sender,
            target,
            keys,
            bytes: Vec::new(),
            have: Vec::new(),
            is_done: false,
        };
        let place = match known {
            Some(place) => {
                // Keys of another connection id: a new connection between the same ends, or the same client
                // after a Retry. Then the ClientHello comes again, with the server's token, and is not read
                // twice.
                handshake.is_done = self.remembered[place].is_done && packet.has_token;
                self.remembered[place] = handshake;
                place
            }
            None => {
                if self.remembered.len() >= REMEMBERED {
                    self.remembered.pop_front();
                }
                self.remembered.push_back(handshake);
                self.remembered.len() - 1
            }
        };
        self.remembered[place].add(&frames)
    }
}

impl Handshake {
    /// Takes the frames of a packet. Returns the server name if the ClientHello is now known up to it.
    fn add(&mut self, frames: &[u8]) -> Option<Vec<u8>> {
        if self.is_done {
            return None;
        }
        let mut rest = frames;
        while let Some(behind) = self.frame(rest) {
            rest = behind;
        }
        let contiguous = self.have.iter().take_while(|h| **h).count();
        let name = match tls::hello(&self.bytes[..contiguous], contiguous < LONGEST_HELLO) {
            Hello::More => return None,
            Hello::Other => None,
            Hello::Name(name) => name,
        };
        self.is_done = true;
        (self.bytes, self.have) = (Vec::new(), Vec::new());
        name
    }

    /// Takes the content of the first frame. Returns the bytes behind it, or None where nothing more can be read.
    fn frame<'a>(&mut self, frames: &'a [u8]) -> Option<&'a [u8]> {
        let (kind, rest) = frames.split_first()?;
        match *kind {
            PADDING | PING => Some(rest),
            ACK | ACK_ECN => {
                let rest = passed_over(rest, 2)?;
                let (ranges, rest) = number(rest)?;
                let counts = if *kind == ACK_ECN { 3 } else { 0 };
                passed_over(rest, 1 + 2 * ranges + counts)
            }
            CRYPTO => {
                let (offset, rest) = number(rest)?;
                let (bytes, rest) = field(rest)?;
                self.keep(usize::try_from(offset).ok()?, bytes);
                Some(rest)
            }
            CLOSE => Some(field(passed_over(rest, 2)?)?.1),
            _ => None,
        }
    }

    /// Keeps the bytes of a frame that begin at `offset` of the message. Where frames overlap, the earlier
    /// bytes stay.
    fn keep(&mut self, offset: usize, bytes: &[u8]) {
        let room = LONGEST_HELLO.saturating_sub(offset);
        let bytes = &bytes[..bytes.len().min(room)];
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len();
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
            self.have.resize(end, false);
        }
        for (i, byte) in bytes.iter().enumerate() {
            if !std::mem::replace(&mut self.have[offset + i], true) {
                self.bytes[offset + i] = *byte;
            }
        }
    }
}
