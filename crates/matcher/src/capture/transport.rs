//! TCP, UDP and the rest: the flow of a packet, its client and its outcome.
use super::flows::{ESTABLISHED, End, Ends, Flow, Key, RESET, SYN, State};
use super::network::{Datagram, ICMP, ICMP6, TCP, UDP};
use super::origin::Origin;
use super::{Capture, dns, quic};
use crate::time;

const FLAG_SYN: u8 = 2;
const FLAG_RST: u8 = 4;
const FLAG_ACK: u8 = 16;

/// Ports below this belong to services, those from `EPHEMERAL` on mostly to clients.
const PRIVILEGED: u16 = 1024;
const EPHEMERAL: u16 = 32_768;

/// What the header of the transport layer says.
struct Heading<'a> {
    source_port: u16,
    target_port: u16,
    flags: u8,
    seq: u32,
    ack: u32,
    payload: &'a [u8],
    missing: usize,
    /// Whether the sender answers, where the header says so.
    is_reply: Option<bool>,
}

impl<'a> Heading<'a> {
    /// None where it cannot be read; Some(None) where it is no contact.
    fn read(datagram: &Datagram<'a>) -> Option<Option<Heading<'a>>> {
        let bytes = datagram.payload;
        let mut heading = Heading {
            source_port: 0,
            target_port: 0,
            flags: 0,
            seq: 0,
            ack: 0,
            payload: &[],
            missing: 0,
            is_reply: None,
        };
        match datagram.protocol {
            TCP | UDP => {
                heading.source_port = u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]);
                heading.target_port = u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]);
            }
            ICMP | ICMP6 => {
                // Errors and the talk between neighbours are no contact; an echo is.
                heading.is_reply = Some(match (datagram.protocol, *bytes.first()?) {
                    (ICMP, 8) | (ICMP6, 128) => false,
                    (ICMP, 0) | (ICMP6, 129) => true,
                    _ => return Some(None),
                });
            }
            _ => {}
        }
        let sent = bytes.len() + datagram.missing;
        let (head, sent) = match datagram.protocol {
            TCP => {
                let word = |at: usize| {
                    bytes
                        .get(at..at + 4)
                        .map(|b| u32::from_be_bytes(b.try_into().expect("4 bytes")))
                };
                heading.seq = word(4)?;
                heading.ack = word(8)?;
                heading.flags = *bytes.get(13)?;
                let head = usize::from(bytes[12] >> 4) * 4;
                if head < 20 || head > sent {
                    return None;
                }
                (head, sent - head)
            }
            UDP => {
                let len = bytes
                    .get(4..6)
                    .map_or(0, |b| usize::from(b[0]) << 8 | usize::from(b[1]));
                let most = sent.saturating_sub(8);
                (8, len.checked_sub(8).map_or(most, |len| len.min(most)))
            }
            _ => return Some(Some(heading)),
        };
        let captured = bytes.get(head..).unwrap_or_default();
        heading.payload = &captured[..captured.len().min(sent)];
        heading.missing = sent - heading.payload.len();
        Some(Some(heading))
    }

    fn is_syn(&self, protocol: u8) -> bool {
        protocol == TCP && self.flags & (FLAG_SYN | FLAG_RST) == FLAG_SYN
    }

    /// Whether the sender of the first packet that was seen of a flow is its client.
    fn is_begun_by_sender(&self, protocol: u8) -> bool {
        if let Some(is_reply) = self.is_reply {
            return !is_reply;
        }
        if self.is_syn(protocol) {
            return self.flags & FLAG_ACK == 0;
        }
        let rank = |port: u16| match protocol {
            TCP => u8::from(port >= PRIVILEGED) + u8::from(port >= EPHEMERAL),
            _ => u8::from(port >= PRIVILEGED),
        };
        rank(self.source_port) >= rank(self.target_port)
    }
}

impl Capture<'_> {
    /// One whole datagram; false if it cannot be read.
    #[inline]
    pub fn datagram(&mut self, datagram: &Datagram<'_>, origin: Origin) -> bool {
        let heading = match Heading::read(datagram) {
            None => return false,
            Some(None) => return true,
            Some(Some(heading)) => heading,
        };
        let protocol = datagram.protocol;
        let sender = End {
            address: datagram.source,
            port: heading.source_port,
        };
        let target = End {
            address: datagram.target,
            port: heading.target_port,
        };
        let from_high = sender > target;
        let (low, high) = if from_high {
            (target, sender)
        } else {
            (sender, target)
        };
        let key = Key::new(low, high, protocol);
        let place = self.flow(key, &heading, from_high, origin);
        self.progress_of(place, &heading, from_high, origin);
        match protocol {
            UDP if dns::DATAGRAMS.contains(&sender.port)
                || dns::DATAGRAMS.contains(&target.port) =>
            {
                self.dns(sender, target, origin, heading.payload);
            }
            UDP if quic::may_begin(heading.payload, heading.missing) => {
                if let Some(name) = self.handshakes.read(sender, target, heading.payload) {
                    self.quic(Ends { sender, target }, origin, &name);
                }
            }
            TCP => {
                let syn = u32::from(heading.is_syn(TCP));
                let start = heading.seq.wrapping_add(syn);
                if syn == 1 || !heading.payload.is_empty() || heading.missing > 0 {
                    let (bytes, missing) = (heading.payload, heading.missing);
                    self.segment(place, from_high, start, origin, bytes, missing);
                }
            }
            _ => {}
        }
        true
    }

    /// The place of the packet's flow, which may begin with it.
    fn flow(&mut self, key: Key, heading: &Heading<'_>, from_high: bool, origin: Origin) -> usize {
        let is_syn = heading.is_syn(key.protocol());
        let is_first = is_syn && heading.flags & FLAG_ACK == 0;
        let found = match self.flows.young(&key) {
            Ok(place) => Some(place),
            Err(hash) => {
                if self.flows.is_full() {
                    for flow in self.flows.turn() {
                        self.end_flow(flow);
                    }
                }
                self.flows.revive(&key, hash)
            }
        };
        if let Some(place) = found {
            let flow = *self.flows.at(place);
            let is_known = flow.seen & SYN != 0 && flow.first == heading.seq;
            if !is_first || is_known {
                return place;
            }
            // The same ports used again.
            self.end_flow(flow);
        }
        let initiator_high = heading.is_begun_by_sender(key.protocol()) == from_high;
        let state = if key.protocol() == TCP {
            State::Fresh
        } else {
            State::Done
        };
        let mut flow = Flow::new(key, initiator_high, state);
        if is_syn {
            flow.seen = SYN;
            flow.first = if is_first {
                heading.seq
            } else {
                heading.ack.wrapping_sub(1)
            };
        }
        let place = match found {
            Some(place) => {
                *self.flows.at(place) = flow;
                place
            }
            None => match self.flows.young(&key) {
                Ok(place) => place,
                Err(hash) => self.flows.insert(flow, hash),
            },
        };
        self.contact(place, from_high, origin);
        place
    }

    /// What the packet says of its flow: a later day, an answer.
    #[inline]
    fn progress_of(
        &mut self,
        place: usize,
        heading: &Heading<'_>,
        from_high: bool,
        origin: Origin,
    ) {
        let flow = *self.flows.at(place);
        let day = origin.time.map_or(i32::MIN, time::day_number);
        if day > flow.day {
            self.settle(&flow);
            self.contact(place, from_high, origin);
        }
        let answered = if flow.key.protocol() == TCP {
            let is_open = heading.flags & (FLAG_SYN | FLAG_RST) == 0;
            let has_data = !heading.payload.is_empty() || heading.missing > 0;
            heading.flags & (FLAG_SYN | FLAG_ACK | FLAG_RST) == FLAG_SYN | FLAG_ACK
                || is_open && has_data
        } else {
            from_high != flow.initiator_high
        };
        let flow = self.flows.at(place);
        if flow.key.protocol() == TCP && heading.flags & FLAG_RST != 0 {
            flow.seen |= RESET;
        }
        if answered {
            flow.seen |= ESTABLISHED;
        }
        if flow.watch != 0 && flow.seen & ESTABLISHED != 0 {
            let flow = *flow;
            self.settle(&flow);
            self.flows.at(place).watch = 0;
        }
    }

    /// Ends a flow of which no more packets will come.
    pub fn end_flow(&mut self, flow: Flow) {
        for high in [false, true] {
            self.flush(&flow, high);
        }
        self.settle(&flow);
    }
}
