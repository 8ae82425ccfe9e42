//! Packets of a capture file: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng).
use crate::options::Progress;
use crate::reader::Source;

/// Captured bytes of one packet; what claims more is damage (the bound of libpcap).
const LONGEST: usize = 262_144;
/// Bytes of an interface description that are read; its options lie in front.
const LONGEST_INTERFACE: usize = 65_536;
const MOST_INTERFACES: usize = 65_536;
const WINDOW: usize = 1 << 18;
/// Years 1 to 9999 in microseconds.
const TIMES: std::ops::Range<i128> = -62_135_596_800_000_000..253_402_300_800_000_000;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const PACKET: u32 = 6;
const RESOLUTION: u16 = 9;
const OFFSET: u16 = 14;

/// One packet: microseconds since 1970 UTC where the file holds them, the link type, the captured bytes.
pub struct Packet<'a> {
    pub time: Option<i64>,
    pub link: u16,
    pub bytes: &'a [u8],
}

/// Bytes read ahead of the packet at hand.
struct Window {
    bytes: Vec<u8>,
    at: usize,
    end: usize,
    /// Place in the file of `at`.
    offset: u64,
}

impl Window {
    fn have(&self) -> usize {
        self.end - self.at
    }

    fn data(&self) -> &[u8] {
        &self.bytes[self.at..self.end]
    }

    fn take(&mut self, n: usize) {
        self.at += n;
        self.offset += n as u64;
    }

    /// Whether `n` bytes are at hand, after reading if need be.
    fn need(&mut self, n: usize, source: &mut Source, progress: &Progress) -> bool {
        while self.have() < n {
            if self.bytes.len() - self.at < n.max(WINDOW / 2) {
                self.bytes.copy_within(self.at..self.end, 0);
                self.end -= self.at;
                self.at = 0;
            }
            progress.note_read(source.stored);
            if progress.is_cancelled() {
                source.cancel();
            }
            if let Some(reason) = progress.failed() {
                source.stop(reason);
            }
            match source.read(&mut self.bytes[self.end..]) {
                0 => return false,
                more => self.end += more,
            }
        }
        true
    }

    /// Passes over `n` bytes; false if the file ends before.
    fn skip(&mut self, mut n: u64, source: &mut Source, progress: &Progress) -> bool {
        while n > 0 {
            if self.have() == 0 && !self.need(1, source, progress) {
                return false;
            }
            let some = n.min(self.have() as u64);
            self.take(some as usize);
            n -= some;
        }
        true
    }
}

#[derive(Clone, Copy)]
struct Interface {
    link: u16,
    snap: u32,
    /// Power of ten, or of two with the highest bit set.
    resolution: u8,
    /// Seconds.
    offset: i64,
}

impl Interface {
    fn time(&self, ticks: u64) -> Option<i64> {
        let ticks = u128::from(ticks);
        let power = u32::from(self.resolution & 0x7f);
        let micros = if self.resolution & 0x80 != 0 {
            (ticks * 1_000_000) >> power
        } else if power <= 6 {
            ticks * 10u128.pow(6 - power)
        } else {
            10u128.checked_pow(power - 6).map_or(0, |one| ticks / one)
        };
        let micros = i128::try_from(micros).ok()? + i128::from(self.offset) * 1_000_000;
        TIMES.contains(&micros).then_some(micros as i64)
    }
}

enum Kind {
    Pcap { link: u16, nanoseconds: bool },
    Pcapng { interfaces: Vec<Interface> },
}

/// Reads a capture packet by packet.
pub struct Packets<'a> {
    source: &'a mut Source,
    progress: &'a Progress,
    window: Window,
    kind: Kind,
    big: bool,
    /// Bytes of the block at hand that follow what was taken of it.
    rest: u64,
    ended: bool,
}

/// Why there is no further packet.
enum Stop {
    Cut,
    Damaged(&'static str),
    End,
}

impl<'a> Packets<'a> {
    /// `start` holds the first bytes of the file, already read from the source.
    pub fn new(source: &'a mut Source, progress: &'a Progress, start: &[u8]) -> Packets<'a> {
        let mut bytes = vec![0; (2 * WINDOW).max(start.len() + WINDOW)];
        bytes[..start.len()].copy_from_slice(start);
        let window = Window {
            bytes,
            at: 0,
            end: start.len(),
            offset: 0,
        };
        let kind = Kind::Pcapng {
            interfaces: Vec::new(),
        };
        let mut packets = Packets {
            source,
            progress,
            window,
            kind,
            big: false,
            rest: 0,
            ended: false,
        };
        if start[0] != 0x0a && packets.need(24) {
            let data = packets.window.data();
            packets.big = data[0] == 0xa1;
            let nanoseconds = data[0] == 0x4d || data[2] == 0x3c;
            let link = packets.word(20) as u16;
            packets.kind = Kind::Pcap { link, nanoseconds };
            packets.window.take(24);
        } else if start[0] != 0x0a {
            packets.stop(Stop::Cut, 0);
        }
        packets
    }

    /// Bytes that were understood: to the end of the file, or to where it is damaged.
    pub fn offset(&self) -> u64 {
        self.window.offset
    }

    fn need(&mut self, n: usize) -> bool {
        self.window.need(n, self.source, self.progress)
    }

    fn word(&self, at: usize) -> u32 {
        let bytes = self.window.data()[at..at + 4].try_into().expect("4 bytes");
        if self.big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }

    fn half(&self, at: usize) -> u16 {
        let bytes = self.window.data()[at..at + 2].try_into().expect("2 bytes");
        if self.big {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        }
    }

    fn stop(&mut self, why: Stop, at: u64) {
        self.ended = true;
        match why {
            Stop::End => {}
            // The source has said by itself why it ends here.
            Stop::Cut if !self.source.errors.is_empty() => self.take_all(),
            Stop::Cut => {
                self.take_all();
                self.source.fail(&format!(
                    "packet capture: cut off in the packet at byte {at}; what came before was scanned, copy the file again when it is complete"
                ));
            }
            Stop::Damaged(problem) => self.source.fail(&format!(
                "packet capture: damaged at byte {at} ({problem}); what came before was scanned, copy the file again from its origin"
            )),
        }
    }

    fn take_all(&mut self) {
        self.window.take(self.window.have());
    }

    /// The next packet, or None at the end, or where the file cannot be read further.
    pub fn next(&mut self) -> Option<Packet<'_>> {
        if self.ended {
            return None;
        }
        let rest = std::mem::take(&mut self.rest);
        let at = self.window.offset;
        if rest > 0 && !self.window.skip(rest, self.source, self.progress) {
            self.stop(Stop::Cut, at);
            return None;
        }
        let at = self.window.offset;
        let found = match self.kind {
            Kind::Pcap { link, nanoseconds } => self.record(link, nanoseconds),
            Kind::Pcapng { .. } => self.block(),
        };
        match found {
            Ok((time, link, len)) => {
                let start = self.window.at;
                self.window.take(len);
                Some(Packet {
                    time,
                    link,
                    bytes: &self.window.bytes[start..start + len],
                })
            }
            Err((why, place)) => {
                self.stop(why, place.unwrap_or(at));
                None
            }
        }
    }

    fn record(&mut self, link: u16, nanoseconds: bool) -> Found {
        if !self.need(16) {
            let why = if self.window.have() == 0 {
                Stop::End
            } else {
                Stop::Cut
            };
            return Err((why, None));
        }
        let seconds = i64::from(self.word(0));
        let fraction = i64::from(self.word(4));
        let len = self.word(8) as usize;
        if len > LONGEST {
            return Err((Stop::Damaged("a packet of impossible length"), None));
        }
        if !self.need(16 + len) {
            return Err((Stop::Cut, None));
        }
        let micros = if nanoseconds {
            fraction / 1_000
        } else {
            fraction
        };
        self.window.take(16);
        Ok((Some(seconds * 1_000_000 + micros), link, len))
    }

    fn block(&mut self) -> Found {
        loop {
            let at = Some(self.window.offset);
            if !self.need(12) {
                let why = if self.window.have() == 0 {
                    Stop::End
                } else {
                    Stop::Cut
                };
                return Err((why, at));
            }
            if self.window.data().starts_with(&SECTION.to_be_bytes()) {
                self.big = match self.window.data()[8..12] {
                    [0x1a, 0x2b, 0x3c, 0x4d] => true,
                    [0x4d, 0x3c, 0x2b, 0x1a] => false,
                    _ => return Err((Stop::Damaged("a section without its mark"), at)),
                };
                self.kind = Kind::Pcapng {
                    interfaces: Vec::new(),
                };
            }
            let kind = self.word(0);
            let len = self.word(4);
            if len < 12 || !len.is_multiple_of(4) {
                return Err((Stop::Damaged("a block of impossible length"), at));
            }
            let found = match kind {
                INTERFACE => self.interface(len as usize).map(|()| None),
                PACKET | OLD_PACKET => self.enhanced(kind, len as usize).map(Some),
                SIMPLE_PACKET => self.simple(len as usize).map(Some),
                _ => Ok(None),
            };
            match found {
                Ok(Some((head, time, link, captured))) => {
                    self.window.take(head);
                    self.rest = u64::from(len) - (head + captured) as u64;
                    return Ok((time, link, captured));
                }
                Ok(None) => {}
                Err(why) => return Err((why, at)),
            }
            if !self.window.skip(u64::from(len), self.source, self.progress) {
                return Err((Stop::Cut, at));
            }
        }
    }

    fn interface(&mut self, len: usize) -> Result<(), Stop> {
        if len < 20 {
            return Err(Stop::Damaged("an interface that is too short"));
        }
        let known = len.min(LONGEST_INTERFACE);
        if !self.need(known) {
            return Err(Stop::Cut);
        }
        let mut new = Interface {
            link: self.half(8),
            snap: self.word(12),
            resolution: 6,
            offset: 0,
        };
        let mut at = 16;
        while at + 4 <= known - 4 {
            let (code, size) = (self.half(at), usize::from(self.half(at + 2)));
            if code == 0 || at + 4 + size > known {
                break;
            }
            if code == RESOLUTION && size == 1 {
                new.resolution = self.window.data()[at + 4];
            }
            if code == OFFSET && size == 8 {
                let (first, second) = (self.word(at + 4), self.word(at + 8));
                let (high, low) = if self.big {
                    (first, second)
                } else {
                    (second, first)
                };
                new.offset = (u64::from(high) << 32 | u64::from(low)) as i64;
            }
            at += 4 + size.next_multiple_of(4);
        }
        match &mut self.kind {
            Kind::Pcapng { interfaces } if interfaces.len() < MOST_INTERFACES => {
                interfaces.push(new);
                Ok(())
            }
            _ => Err(Stop::Damaged("too many interfaces")),
        }
    }

    fn of_interface(&self, number: usize) -> Result<Interface, Stop> {
        match &self.kind {
            Kind::Pcapng { interfaces } => interfaces
                .get(number)
                .copied()
                .ok_or(Stop::Damaged("a packet of an unknown interface")),
            Kind::Pcap { .. } => Err(Stop::End),
        }
    }

    fn enhanced(&mut self, kind: u32, len: usize) -> Result<Block, Stop> {
        if len < 32 {
            return Err(Stop::Damaged("a packet that is too short"));
        }
        if !self.need(28) {
            return Err(Stop::Cut);
        }
        let number = if kind == PACKET {
            self.word(8) as usize
        } else {
            usize::from(self.half(8))
        };
        let interface = self.of_interface(number)?;
        let ticks = u64::from(self.word(12)) << 32 | u64::from(self.word(16));
        let captured = self.word(20) as usize;
        if captured > LONGEST || captured > len - 32 {
            return Err(Stop::Damaged("a packet of impossible length"));
        }
        if !self.need(28 + captured) {
            return Err(Stop::Cut);
        }
        Ok((28, interface.time(ticks), interface.link, captured))
    }

    fn simple(&mut self, len: usize) -> Result<Block, Stop> {
        if len < 16 {
            return Err(Stop::Damaged("a packet that is too short"));
        }
        if !self.need(12) {
            return Err(Stop::Cut);
        }
        let interface = self.of_interface(0)?;
        let mut captured = (self.word(8) as usize).min(len - 16);
        if interface.snap > 0 {
            captured = captured.min(interface.snap as usize);
        }
        if captured > LONGEST {
            return Err(Stop::Damaged("a packet of impossible length"));
        }
        if !self.need(12 + captured) {
            return Err(Stop::Cut);
        }
        Ok((12, None, interface.link, captured))
    }
}

/// Time, link type, captured bytes; or why not, with the place if it is not the start.
type Found = Result<(Option<i64>, u16, usize), (Stop, Option<u64>)>;
/// The same after the bytes of the block before the packet.
type Block = (usize, Option<i64>, u16, usize);
