//! Packet captures: packets become records (docs/log-formats.md 12).
mod dns;
mod files;
mod flows;
mod fragments;
mod hours;
mod http;
mod initial;
mod link;
mod network;
mod origin;
mod quic;
mod records;
mod segments;
mod streams;
mod tls;
mod transport;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use jiff::tz::TimeZone;

use crate::canonical::address::Address;
use crate::capture::hours::PacketHours;
use crate::capture::origin::Origin;
use crate::memory::Memory;
use crate::options::{Coverage, Options, Progress};
use crate::reader::Source;
use crate::rows::Rows;
use crate::rows::alive;
use crate::set::Set;
use crate::time::midnights::Midnights;
use crate::time::timeline::{Timeline, shown};
use crate::time::years::Years;
use crate::time::{self, Moment, Value};
use crate::wire::{Context, Lines};

/// Hop counts with which hosts send: a packet that still has such a count came from this link.
const INITIAL_HOPS: [u8; 3] = [64, 128, 255];

/// Names of the records, by their number.
const RECORDS: [&str; 5] = [
    "pcap.dns",
    "pcap.flow",
    "pcap.http",
    "pcap.quic",
    "pcap.tls",
];
const DNS: usize = 0;
const FLOW: usize = 1;
const HTTP: usize = 2;
const QUIC: usize = 3;
const TLS: usize = 4;

/// Reads a capture to its end; `start` holds its bytes that were read before.
pub fn scan(
    set: &Set,
    options: &Options,
    progress: &Progress,
    zone: &TimeZone,
    path: &Path,
    mut source: Source,
    start: &[u8],
) -> (Lines, Coverage) {
    let mut capture = Capture::new(set, options, progress);
    let mut packets = files::Packets::new(&mut source, progress, start);
    while let Some(packet) = packets.next() {
        capture.packet(&packet);
    }
    let bytes = packets.offset();
    capture.end();
    if let Some(reason) = progress.failed() {
        source.stop(reason);
    }
    if capture.broken > 0 {
        source.fail(&format!(
            "packet capture: {} of its packets cannot be read, because they are cut or damaged; capture whole packets \
             and scan that",
            capture.broken
        ));
    }
    for link in &capture.unknown_links {
        source.fail(&format!(
            "packet capture: link type {link} is not read; its packets were not looked at"
        ));
    }
    if capture.alive.len() > options.limits.alive {
        source.fail(&alive::too_many(options.limits.alive));
        capture.alive.clear();
    }
    capture.finish(zone, path, source, bytes)
}

/// The state of one scan of one capture.
struct Capture<'a> {
    set: &'a Set,
    options: &'a Options,
    progress: &'a Progress,
    rows: Rows,
    /// Records that hit so far.
    records: u64,
    alive: HashSet<(Address, i32)>,
    fragments: fragments::Fragments,
    flows: flows::Flows,
    streams: streams::Streams,
    handshakes: quic::Handshakes,
    /// Flow records that hit and wait for the outcome, by the number that the flow keeps.
    waiting: HashMap<u32, flows::Contact>,
    contacts: u32,
    /// The hardware address with which each client sent last.
    macs: HashMap<Address, [u8; 6]>,
    /// Where names are spelled.
    name: Box<dns::Name>,
    unknown_links: Vec<u16>,
    first: Option<i64>,
    last: Option<i64>,
    packets: u64,
    hours: PacketHours,
    /// Packets whose headers up to the ports cannot be read.
    broken: u64,
    inbound: u64,
}

impl<'a> Capture<'a> {
    fn new(set: &'a Set, options: &'a Options, progress: &'a Progress) -> Self {
        Capture {
            set,
            options,
            progress,
            rows: Rows::new(
                Memory::new(progress.spare.account().clone(), options.limits.row_bytes),
                None,
                Midnights::default(),
            ),
            records: 0,
            alive: HashSet::new(),
            fragments: fragments::Fragments::default(),
            flows: flows::Flows::new(options.limits.flows),
            streams: streams::Streams::default(),
            handshakes: quic::Handshakes::default(),
            waiting: HashMap::new(),
            contacts: 0,
            macs: HashMap::new(),
            name: Box::new(dns::Name::new()),
            unknown_links: Vec::new(),
            first: None,
            last: None,
            packets: 0,
            hours: PacketHours::default(),
            broken: 0,
            inbound: 0,
        }
    }

    #[inline]
    fn packet(&mut self, packet: &files::Packet<'_>) {
        self.packets += 1;
        self.hours.packet(packet.time);
        if let Some(time) = packet.time {
            self.first = Some(self.first.map_or(time, |t| t.min(time)));
            self.last = Some(self.last.map_or(time, |t| t.max(time)));
        }
        let (bytes, mac) = match link::frame(packet.link, packet.bytes) {
            link::Frame::Ip(bytes, mac) => (bytes, mac),
            link::Frame::Foreign => return,
            link::Frame::Broken => return self.broken += 1,
            link::Frame::Unknown => {
                if !self.unknown_links.contains(&packet.link) {
                    self.unknown_links.push(packet.link);
                }
                return;
            }
        };
        let Some(datagram) = network::datagram(bytes) else {
            return self.broken += 1;
        };
        let origin = Origin {
            time: packet.time,
            mac: mac.filter(|_| INITIAL_HOPS.contains(&datagram.hops)),
            to: (packet.link == link::ETHERNET)
                .then(|| packet.bytes.first_chunk().copied())
                .flatten(),
        };
        self.hours.see(&datagram, origin, self.options);
        let understood = match datagram.piece {
            None => self.datagram(&datagram, origin),
            Some(piece) if datagram.missing == 0 => {
                let whole = self.fragments.add(&datagram, piece, origin);
                whole.is_none_or(|whole| self.whole(&whole))
            }
            Some(piece) => piece.offset > 0 || self.datagram(&datagram, origin),
        };
        self.broken += u64::from(!understood);
    }

    /// A datagram put together from its pieces.
    fn whole(&mut self, whole: &fragments::Whole) -> bool {
        let Some((protocol, payload, None)) = network::extensions(whole.protocol, &whole.payload)
        else {
            return false;
        };
        let datagram = network::Datagram {
            source: whole.source,
            target: whole.target,
            protocol,
            hops: 0,
            payload,
            missing: whole.missing,
            piece: None,
        };
        self.datagram(&datagram, whole.origin)
    }

    /// Ends all that waits.
    fn end(&mut self) {
        for whole in self.fragments.drain() {
            let understood = self.whole(&whole);
            self.broken += u64::from(!understood);
        }
        for flow in self.flows.drain() {
            self.end_flow(flow);
        }
    }

    fn finish(self, zone: &TimeZone, path: &Path, source: Source, bytes: u64) -> (Lines, Coverage) {
        let identity = source.id();
        let context = Context {
            names: RECORDS.map(str::to_owned).into(),
            source: identity.clone(),
            latest: None,
            zone: zone.clone(),
        };
        let stretches = self.rows.into_stretches(self.set);
        let lines = Lines::new(context, stretches);
        let mut timeline = Timeline::default();
        for time in [self.first, self.last].into_iter().flatten() {
            timeline.add_head(Some(Moment {
                value: Value::Known(time),
                local: false,
            }));
        }
        let span = timeline.span(None, std::iter::empty(), zone);
        let mut years = Years::new(None, zone);
        let mut source = source;
        let most = self.options.limits.alive;
        let hours = self.hours.told(&mut years, most);
        if hours.is_too_many {
            source.fail(&alive::too_many(most));
        }
        let alive = self.options.alive(&hours);
        let mut devices: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (device, day) in &self.alive {
            let of_day = devices.entry(time::day(*day)).or_default();
            of_day.insert(device.text());
        }
        let coverage = Coverage {
            source: identity,
            path: path.display().to_string(),
            name: self.options.source_name.clone(),
            bytes,
            lines: self.packets,
            not_understood: 0,
            unattributed: Vec::new(),
            long_lines: 0,
            inbound: self.inbound,
            first: shown(span.first),
            last: shown(span.last),
            time: span.word,
            zone: String::new(),
            devices: devices
                .into_iter()
                .map(|(day, set)| (day, set.into_iter().collect()))
                .collect(),
            errors: source.errors,
            hours: hours.lines,
            order: hours.order,
            alive,
        };
        (lines, coverage)
    }
}
