//! Which machine a line of no known format tells of (docs/log-formats.md 6): never its sender, a network, or an
//! address after translation; nobody rather than a guess. Of a record the message speaks first.
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::canonical::address::{self, Address};
use crate::line::chars::Text;
use crate::line::directions;
use crate::line::expressions::expression;
use crate::line::freetext::{cleared, flat};
use crate::line::heads::{Heads, heads};
use crate::line::hit::{Hit, Hits, Matched};
use crate::line::keys::{self, Key};
use crate::line::places::{self, Place, addresses};
use crate::line::services;
use crate::line::sides::{Side, bare, of_key, translates};
use crate::line::standing::{Told, before, behind_port, is_behind, side};
use crate::shape::wrapper::Readings;

const DNS_PORTS: [u16; 5] = [53, 137, 853, 5353, 5355];
/// Tags of programs that nobody gives a device.
const PROGRAMS: [&str; 3] = ["log", "syslog", "logger"];
const PEERS: [&str; 6] = ["peer", "remote", "peerip", "remoteip", "raddr", "rip"];

static ICMP: LazyLock<Regex> = LazyLock::new(|| expression("(?i:icmp)"));
static ICMP_ERROR: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:unreach|time[ _-]?(?:to[ _-]live[ _-])?exceeded|ttl[ _-]?exceeded",
        r#"|type["']?[=: ]{1,3}["']?(?:3|11)(?:\z|[^0-9])|icmp[/ :](?:3|11)(?:\z|[^0-9]))"#
    ))
});
/// tcpdump: the numbers of answers, name servers and additional records of a reply.
static COUNTS: LazyLock<Regex> = LazyLock::new(|| expression(" [0-9]{1,3}/[0-9]{1,3}/[0-9]{1,3} "));
static FLAGS: LazyLock<Regex> = LazyLock::new(|| expression(r" Flags \[([A-Z.]{1,9})\]"));
static PORT_KEYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [
        "spt|sport|src_?port|source_?port",
        "dpt|dport|dst_?port|dest_?port|destination_?port",
    ]
    .map(|keys| {
        expression(&format!(
            r#"(?i:(?:\A|[^0-9A-Za-z])(?:{keys})["']?[=:] ?["']?([0-9]{{1,5}}))"#
        ))
    })
});

/// What a line says of one address.
#[derive(Debug)]
struct Said {
    address: Address,
    sides: Vec<Side>,
    /// A key or its place calls it translated.
    is_translated: bool,
}

impl Said {
    fn is(&self, side: Side) -> bool {
        self.sides.contains(&side)
    }
}

/// What a line says of its addresses, in the order of their places.
#[derive(Debug, Default)]
struct Sides {
    all: Vec<Said>,
    /// The first port of the source, and of the destination.
    ports: [Option<u16>; 2],
}

impl Sides {
    fn translate(&mut self, address: Address) {
        let known = self.all.iter_mut().find(|said| said.address == address);
        if let Some(said) = known {
            said.is_translated = true;
        }
    }

    fn add(&mut self, address: Address, side: Option<Side>, port: Option<u16>) {
        let known = self.all.iter().position(|said| said.address == address);
        let at = known.unwrap_or_else(|| {
            self.all.push(Said {
                address,
                sides: Vec::new(),
                is_translated: false,
            });
            self.all.len() - 1
        });
        let Some(side) = side else { return };
        self.all[at].sides.push(side);
        let place = match side {
            Side::Source => &mut self.ports[0],
            Side::Destination => &mut self.ports[1],
            Side::Other => return,
        };
        *place = place.or(port);
    }

    /// Whether any address but those of what wrote the line is a source.
    fn has_source(&self, local: &[Address]) -> bool {
        let mut all = self.all.iter();
        all.any(|said| said.is(Side::Source) && !local.contains(&said.address))
    }

    /// The address of what wrote the line is the machine only where no other is a source.
    fn part_from_local(&mut self, local: &[Address]) {
        if !self.has_source(local) {
            return;
        }
        let is_local = |said: &&mut Said| local.contains(&said.address);
        for said in self.all.iter_mut().filter(is_local) {
            said.sides.retain(|side| *side != Side::Source);
            said.sides.push(Side::Other);
        }
    }

    /// The port of the source and that of the destination, behind the address or under a key of its own.
    fn both_ports(&self, line: &[u8]) -> [Option<u16>; 2] {
        let shown = |n: usize| {
            let found = PORT_KEYS[n].captures(line)?;
            address::parse_port(&found[1])
        };
        [0, 1].map(|n| self.ports[n].or_else(|| shown(n)))
    }

    /// A reply goes from the side with a port of DNS to the client; `is_reply`: the line shows one.
    fn swap_replies(&mut self, ports: [Option<u16>; 2], is_reply: bool) {
        let is_dns = |port: Option<u16>| port.is_some_and(|port| DNS_PORTS.contains(&port));
        if !is_dns(ports[0]) || (is_dns(ports[1]) && !is_reply) {
            return;
        }
        for side in self.all.iter_mut().flat_map(|said| &mut said.sides) {
            *side = match side {
                Side::Source => Side::Destination,
                Side::Destination => Side::Source,
                Side::Other => Side::Other,
            };
        }
    }

    /// Whether an address is listed as the side that sent something, and only so.
    fn only_sent(&self, address: Address) -> bool {
        let said = self.all.iter().find(|said| said.address == address);
        said.is_some_and(|said| said.is(Side::Source) && !said.is(Side::Destination))
    }

    fn device(&self, listed: &[Address], is_held: bool) -> Option<Address> {
        let private = || {
            let all = self.all.iter();
            all.filter(|s| is_private(s.address) && !listed.contains(&s.address))
        };
        let only =
            |mut found: Box<dyn Iterator<Item = &Said> + '_>| match (found.next(), found.next()) {
                (Some(one), None) => Some(one.address),
                _ => None,
            };
        if self.all.iter().any(|said| said.is(Side::Source)) {
            return only(Box::new(private().filter(|said| said.is(Side::Source))));
        }
        if is_held {
            return None;
        }
        only(Box::new(private().filter(|said| said.sides.is_empty())))
    }

    /// The only source of a line that calls every listed address a destination, and names nothing inside.
    fn public_device(&self, listed: &[Address], hosts: &[Address]) -> Option<Address> {
        let mut sources = self.all.iter().filter(|said| said.is(Side::Source));
        let (one, None) = (sources.next()?, sources.next()) else {
            return None;
        };
        let is_plain = one.sides.iter().all(|side| *side == Side::Source);
        let is_inside = |said: &Said| {
            let is_known = hosts.contains(&said.address) || said.is(Side::Other);
            let is_told = is_known && !said.is_translated;
            is_private(said.address) && !is_told
        };
        let is_called = |address: &Address| {
            let mut all = self.all.iter();
            all.any(|said| said.address == *address && said.is(Side::Destination))
        };
        let is_known = is_plain
            && !is_nobody(one.address)
            && !self.all.iter().any(is_inside)
            && listed.iter().all(is_called);
        is_known.then_some(one.address)
    }
}

/// The machine of a line with these hits, if the line says it; `said` is the text of the line that holds them.
/// Hits that the line does not show as a call go: those of an address that sent something, or that an ICMP
/// error names.
///
/// What stands round a message was written by its collector. So the innermost message with these hits speaks
/// first. Where it names no machine, what stands round it may, but only under a key that says so. A machine
/// inside comes before a public one: a translation may have left that.
pub fn attribute(
    said: &[u8],
    hits: &mut Hits,
    readings: &Readings<'_>,
    find: impl Fn(&[u8]) -> Hits,
) -> Option<Address> {
    let senders: Vec<Address> = readings
        .texts()
        .flat_map(|text| heads(text).senders)
        .collect();
    let hosts: Vec<Address> = readings.hosts().filter_map(address::parse).collect();
    let holds = |found: &Hits, hit: &Hit| found.iter().any(|other| other.item == hit.item);
    let inner: Vec<&[u8]> = readings
        .messages()
        .filter(|text| *text != said)
        .filter(|text| {
            let found = find(text);
            hits.iter().all(|hit| holds(&found, hit))
        })
        .collect();
    let is_held = !inner.is_empty();
    let mut found: Vec<Verdict> = inner
        .into_iter()
        .map(|text| attribute_text(text, hits, &senders, &hosts, false))
        .collect();
    found.push(attribute_text(said, hits, &senders, &hosts, is_held));
    let inside = found.iter().position(|one| one.inside.is_some());
    let public = || found.iter().position(|one| one.public.is_some());
    let at = inside.or_else(public).unwrap_or(found.len() - 1);
    let Verdict {
        inside,
        public,
        hits: kept,
    } = found.swap_remove(at);
    *hits = kept;
    inside.or(public)
}

/// What one text says: a machine inside, or a public one; and the hits that it may have called.
struct Verdict {
    inside: Option<Address>,
    public: Option<Address>,
    hits: Hits,
}

/// What one text says; `hosts` sent the line by the word of a collector, or are its first word; `is_held`: a
/// message in the text holds the hits.
fn attribute_text(
    line: &[u8],
    hits: &Hits,
    senders: &[Address],
    hosts: &[Address],
    is_held: bool,
) -> Verdict {
    let text = Text::new(line);
    let view = cleared(&text);
    let clear = flat(&view.clear);
    let head = heads(&clear);
    let listed: Vec<Address> = hits
        .iter()
        .filter_map(|hit| address_of(&hit.matched))
        .collect();
    let mut sides = told_sides(&text, &view.clear, &listed, &head);
    for sender in head.senders.iter().chain(senders) {
        if sides.all.iter().any(|said| said.address == *sender) {
            sides.add(*sender, Some(Side::Other), None);
        }
    }
    let ports = sides.both_ports(&clear);
    sides.swap_replies(ports, COUNTS.is_match(&clear));
    let is_error = ICMP.is_match(&clear) && ICMP_ERROR.is_match(&clear);
    let flags = FLAGS.captures(&clear);
    let is_opened = flags.as_ref().is_some_and(|flags| flags[1].contains(&b'S'));
    let is_accepted = is_opened && flags.is_some_and(|flags| flags[1].contains(&b'.'));
    let is_answer = services::is_answer(ports) && !is_opened;
    let is_server = is_accepted
        || (is_answer
            && ports[1].is_some()
            && ports[0].is_some_and(|port| !DNS_PORTS.contains(&port)));
    let may_be_public = listed.len() == hits.len() && !is_answer;
    let mut kept = hits.clone();
    kept.retain(|hit| {
        address_of(&hit.matched)
            .is_none_or(|address| !is_error && !is_server && !sides.only_sent(address))
    });
    if directions::is_setting(&bare(&view.clear)) {
        return Verdict {
            inside: None,
            public: None,
            hits: kept,
        };
    }
    Verdict {
        inside: sides.device(&listed, is_held),
        public: may_be_public
            .then(|| sides.public_device(&listed, hosts))
            .flatten(),
        hits: kept,
    }
}

/// What a text says of each of its addresses.
fn told_sides(text: &Text<'_>, clear: &[u32], listed: &[Address], head: &Heads) -> Sides {
    let mut sides = Sides::default();
    let (mut local, mut incoming, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    let mut has_own_server = false;
    let line = bare(clear);
    let places = addresses(text, clear);
    if places.len() > places::MOST {
        return sides;
    }
    let is_inward =
        !listed.is_empty() && (directions::is_inward(&line) || directions::is_served(&line));
    let ways = directions::ways(&line, &places);
    let starts: Vec<usize> = places.iter().map(|place| place.start).collect();
    let paths = keys::around(&line, &starts);
    for (at, (place, path)) in places.iter().zip(&paths).enumerate() {
        let mut key = keys::before(&line, place.start);
        let may_be_tag = key.start.is_some_and(|start| head.starts.contains(&start));
        if may_be_tag && is_tag(&key, &line[place.stop..]) {
            key = Key::default();
        }
        let is_listed = listed.contains(&place.address);
        let told = Told {
            way: ways[at],
            key: &key,
            path,
            is_listed,
        };
        let (side, port) = side(&line, place, &told);
        let is_untold = side.is_none() && is_listed;
        if is_untold && (is_inward || is_first(&line, &places, at)) {
            incoming.push((place.address, port));
        }
        sides.add(place.address, side, port);
        let first = key.words.first().map(String::as_str);
        if side == Some(Side::Source) && matches!(first, Some("local" | "localip")) {
            local.push(place.address);
        }
        let is_peer = |word: &String| PEERS.contains(&word.as_str());
        if is_untold && key.words.iter().any(is_peer) {
            peers.push((place.address, port));
        }
        let has_key = !key.words.is_empty() && !key.is_word;
        let is_own = is_private(place.address) && !is_listed;
        has_own_server |= side == Some(Side::Destination) && has_key && is_own;
        if side == Some(Side::Other) && (translates(&key, path) || is_behind(&line, place.start)) {
            sides.translate(place.address);
        }
    }
    if !sides.has_source(&local) {
        // The peer of an own server came in.
        let peers = peers.into_iter().filter(|_| has_own_server);
        for (address, port) in incoming.into_iter().chain(peers) {
            sides.add(address, Some(Side::Source), port);
        }
    }
    sides.part_from_local(&local);
    sides
}

/// Whether the word where a tag of syslog may stand is one: it names no device, or a call follows.
fn is_tag(key: &Key, after: &[u8]) -> bool {
    let names_device = matches!(of_key(&key.words), Some(Side::Other | Side::Destination));
    let is_program = key.words.last();
    let is_program = is_program.is_some_and(|word| PROGRAMS.contains(&word.as_str()));
    !names_device || is_program || directions::asks(behind_port(after))
}

/// Whether a source and its destination inside stand beside each other, as a filter writes them.
fn is_first(line: &[u8], places: &[Place], at: usize) -> bool {
    let is_inside = places
        .get(at + 1)
        .is_some_and(|next| is_private(next.address));
    is_inside
        && directions::is_filtered(before(line, places[at].start))
        && directions::is_beside(line, places, at + 1)
}

fn address_of(matched: &Matched) -> Option<Address> {
    match matched {
        Matched::Address(address) | Matched::Endpoint(address, _) => Some(*address),
        Matched::Name(_) | Matched::Item => None,
    }
}

/// RFC 1918 and RFC 4193.
fn is_private(address: Address) -> bool {
    match address.v4() {
        Some(bits) => bits >> 24 == 10 || bits >> 20 == 0xAC1 || bits >> 16 == 0xC0A8,
        None => address.0 >> 121 == 0b111_1110,
    }
}

/// Addresses that no machine has to itself on a network: unspecified, loopback, of one cable, multicast.
fn is_nobody(address: Address) -> bool {
    match address.v4() {
        Some(bits) => matches!(bits >> 24, 0 | 127) || bits >> 16 == 0xA9FE || bits >> 29 == 0b111,
        None => address.0 <= 1 || address.0 >> 118 == 0b11_1111_1010 || address.0 >> 120 == 0xFF,
    }
}
