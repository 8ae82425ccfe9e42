//! Segments of a TCP stream in their order, and the messages that begin in them.
use super::flows::{Ends, Flow, Side, State, TRIES};
use super::network::TCP;
use super::origin::Origin;
use super::streams::{Segment, Stream, distance};
use super::{Capture, http, tls};

const DNS: u16 = 53;
/// Bytes of a request's head or of a ClientHello that are read.
const LONGEST_HEAD: usize = 16 << 10;
/// A segment farther ahead than this is not waited for.
const WINDOW: i32 = 1 << 20;

/// One direction of one stream while it is at work.
struct Talk {
    ends: Ends,
    is_dns: bool,
    /// Nothing of either direction is readable any more.
    is_sealed: bool,
}

impl Talk {
    fn new(flow: &Flow, from_high: bool) -> Talk {
        let ends = Ends {
            sender: flow.key.side(from_high),
            target: flow.key.side(!from_high),
        };
        Talk {
            is_dns: ends.sender.port == DNS || ends.target.port == DNS,
            ends,
            is_sealed: false,
        }
    }
}

impl Capture<'_> {
    /// One segment. `seq` is the number of its first byte; `missing` bytes follow that were not captured.
    #[inline]
    pub fn segment(
        &mut self,
        place: usize,
        from_high: bool,
        seq: u32,
        origin: Origin,
        bytes: &[u8],
        missing: usize,
    ) {
        let flow = *self.flows.at(place);
        let mut side = flow.sides[usize::from(from_high)];
        if side.state == State::Done {
            return;
        }
        if !side.is_known {
            side.is_known = true;
            side.next = seq;
        }
        let mut talk = Talk::new(&flow, from_high);
        if !bytes.is_empty() || missing > 0 {
            self.arrive(&mut side, &mut talk, seq, origin, bytes, missing);
        }
        if side.state == State::Done {
            self.streams.take(side.stream);
            side.stream = 0;
        }
        let flow = self.flows.at(place);
        flow.sides[usize::from(from_high)] = side;
        if talk.is_sealed {
            let other = flow.sides[usize::from(!from_high)].stream;
            flow.sides = [Side::new(State::Done); 2];
            self.streams.take(other);
        }
    }

    fn arrive(
        &mut self,
        side: &mut Side,
        talk: &mut Talk,
        seq: u32,
        origin: Origin,
        bytes: &[u8],
        missing: usize,
    ) {
        let ahead = distance(seq, side.next);
        if ahead <= 0 {
            self.accept(side, talk, ahead, origin, bytes, missing);
        } else {
            let Some(mut stream) = self.held(side, origin) else {
                return;
            };
            stream.hold(Segment {
                seq,
                origin,
                bytes: bytes.to_vec(),
                missing,
            });
            let (far, crowded) = (ahead > WINDOW, stream.is_crowded());
            side.stream = self.streams.put(side.stream, stream);
            if far {
                self.drain(side, talk, usize::MAX);
            } else if crowded {
                self.drain(side, talk, 1);
            }
        }
        if side.stream != 0 {
            self.drain(side, talk, 0);
        }
    }

    /// What is held of a direction; None and done if it had to be given up.
    fn held(&mut self, side: &mut Side, origin: Origin) -> Option<Stream> {
        if side.stream == 0 {
            return Some(Stream::new(origin));
        }
        let stream = self.streams.take(side.stream);
        if stream.is_none() {
            *side = Side::new(State::Done);
        }
        stream
    }

    /// Takes waiting segments whose turn it is, and passes over so many holes before others.
    fn drain(&mut self, side: &mut Side, talk: &mut Talk, mut holes: usize) {
        while side.stream != 0 && side.state != State::Done {
            let Some(mut stream) = self.held(side, Origin::NONE) else {
                return;
            };
            let gap = stream.gap(side.next);
            let turn = gap.is_some_and(|gap| gap <= 0 || holes > 0);
            let segment = if turn {
                stream.nearest(side.next)
            } else {
                None
            };
            side.stream = self.streams.put(side.stream, stream);
            let Some(s) = segment else { return };
            let ahead = distance(s.seq, side.next);
            if ahead > 0 {
                holes -= 1;
                self.hole(side, talk, ahead as usize);
                side.next = s.seq;
            }
            self.accept(side, talk, ahead.min(0), s.origin, &s.bytes, s.missing);
        }
    }

    /// A segment whose turn it is, `ahead` (not positive) bytes before the byte to come.
    fn accept(
        &mut self,
        side: &mut Side,
        talk: &mut Talk,
        ahead: i32,
        origin: Origin,
        bytes: &[u8],
        missing: usize,
    ) {
        let old = ahead.unsigned_abs() as usize;
        let new = (bytes.len() + missing).saturating_sub(old);
        if new == 0 {
            return;
        }
        let bytes = bytes.get(old..).unwrap_or_default();
        side.next = side.next.wrapping_add(new as u32);
        if !bytes.is_empty() {
            self.deliver(side, talk, origin, bytes);
        }
        if new > bytes.len() {
            self.hole(side, talk, new - bytes.len());
        }
    }

    /// Bytes in order.
    fn deliver(&mut self, side: &mut Side, talk: &mut Talk, origin: Origin, bytes: &[u8]) {
        let mut joined = Vec::new();
        let mut rest = bytes;
        if side.state == State::Head {
            let Some(mut stream) = self.held(side, origin) else {
                return;
            };
            joined = std::mem::take(&mut stream.head);
            joined.extend_from_slice(bytes);
            rest = &joined;
            side.stream = self.streams.put(side.stream, stream);
            side.state = State::Fresh;
        }
        while side.state == State::Fresh {
            let skip = side.skip.min(rest.len() as u64) as usize;
            side.skip -= skip as u64;
            rest = &rest[skip..];
            if rest.is_empty() {
                return;
            }
            match self.message(side, talk, origin, rest) {
                Some(used) => rest = &rest[used..],
                None => break,
            }
        }
        if side.state == State::Head {
            let Some(mut stream) = self.held(side, origin) else {
                return;
            };
            stream.origin = origin;
            stream.head = if rest.len() == joined.len() {
                joined
            } else {
                rest.to_vec()
            };
            side.stream = self.streams.put(side.stream, stream);
        }
    }

    /// Reads one message at the beginning of `bytes` and gives its length, or None if the rest is to be held or dropped.
    fn message(
        &mut self,
        side: &mut Side,
        talk: &mut Talk,
        origin: Origin,
        bytes: &[u8],
    ) -> Option<usize> {
        if talk.is_dns {
            let Some((len, rest)) = bytes.split_first_chunk::<2>() else {
                side.state = State::Head;
                return None;
            };
            let len = usize::from(u16::from_be_bytes(*len));
            if rest.len() < len {
                side.state = State::Head;
                return None;
            }
            let Ends { sender, target } = talk.ends;
            self.dns(sender, target, origin, &rest[..len]);
            return Some(2 + len);
        }
        if bytes.starts_with(http::EMPTY_LINE) {
            return Some(http::EMPTY_LINE.len());
        }
        if tls::may_begin(bytes) {
            match tls::read(bytes) {
                tls::Hello::More if bytes.len() < LONGEST_HEAD => {
                    side.state = State::Head;
                    return None;
                }
                tls::Hello::Name(name) => {
                    if let Some(name) = name {
                        self.tls(talk.ends, origin, &name);
                    }
                    side.state = State::Done;
                    talk.is_sealed = true;
                    return None;
                }
                _ => {}
            }
        } else if http::may_begin(bytes) {
            match http::read(bytes) {
                http::Request::More if bytes.len() < LONGEST_HEAD => {
                    side.state = State::Head;
                    return None;
                }
                http::Request::More => {
                    if let Some(head) = http::read_part(bytes) {
                        self.request(talk.ends, origin, &head);
                    }
                }
                http::Request::Head(head, len) => {
                    self.request(talk.ends, origin, &head);
                    side.skip = head.body;
                    side.tries = TRIES;
                    return Some(len);
                }
                http::Request::No => {}
            }
        }
        side.tries -= 1;
        if side.tries == 0 {
            side.state = State::Done;
        }
        None
    }

    /// Bytes that were sent and are not there: a message that is held ends here.
    fn hole(&mut self, side: &mut Side, talk: &mut Talk, len: usize) {
        side.skip = side.skip.saturating_sub(len as u64);
        if side.state == State::Head {
            side.state = State::Fresh;
            let Some(mut stream) = self.held(side, Origin::NONE) else {
                return;
            };
            let head = std::mem::take(&mut stream.head);
            let origin = stream.origin;
            side.stream = self.streams.put(side.stream, stream);
            if talk.is_dns {
                let Ends { sender, target } = talk.ends;
                self.dns(sender, target, origin, head.get(2..).unwrap_or_default());
            } else if let Some(part) = Some(&head[..]).filter(|h| http::may_begin(h))
                && let Some(part) = http::read_part(part)
            {
                self.request(talk.ends, origin, &part);
            }
        }
        if talk.is_dns && side.state == State::Fresh {
            // The place where the next message begins is unknown.
            side.state = State::Done;
        }
    }

    /// Ends one direction: the bytes that wait are read as far as they go.
    pub fn flush(&mut self, flow: &Flow, from_high: bool) {
        let mut side = flow.sides[usize::from(from_high)];
        if flow.key.protocol() != TCP || side.stream == 0 {
            return;
        }
        let mut talk = Talk::new(flow, from_high);
        self.drain(&mut side, &mut talk, usize::MAX);
        if side.state == State::Head {
            self.hole(&mut side, &mut talk, 0);
        }
        self.streams.take(side.stream);
    }
}
