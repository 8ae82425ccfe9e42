//! Which machine a line of no known format tells of (docs/log-formats.md 6): never its sender, a network, or an
//! address after translation; nobody rather than a guess. Of a record the message speaks first.
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::{Captures, Regex};

use crate::canonical::address::{self, Address};
use crate::line::chars::Text;
use crate::line::clocks::expression;
use crate::line::freetext::{cleared, flat};
use crate::line::heads::heads;
use crate::line::hit::{Hit, Hits, Matched};
use crate::line::keys::{self, Key, Path};
use crate::line::places::{Place, addresses};
use crate::line::sides::{ATTACKS, INBOUND, Side, TELLS, bare, near, of_key, translates};
use crate::shape::wrapper::Readings;

const DNS_PORTS: [u16; 5] = [53, 137, 853, 5353, 5355];
/// A client's own port is seldom below: an address with such a port is a server, where no key says more.
const FIRST_UNPRIVILEGED: u16 = 1024;
const BEFORE: usize = 80;
const AFTER: usize = 160;

const PORT: &str = r"\]?(?:[.:#/](?P<port>[0-9]{1,5})|\((?P<inner>[0-9]{1,5})\))?";
const INTERFACE: &str = "(?:[A-Za-z][0-9A-Za-z_-]{0,31}[:/])?";

static PORT_AFTER: LazyLock<Regex> = LazyLock::new(|| expression(&format!(r"\A{PORT}")));
static ARROW_AFTER: LazyLock<Regex> = LazyLock::new(|| {
    expression(&format!(
        concat!(
            r"\A{port}(?: ?\([^()]{{0,48}}\))?",
            r"(?:(?:(?P<tight><?-{{1,2}}>)|[ \t]{{1,2}}(?:<?-{{1,2}}>|>[ \t]))[ \t]{{0,2}}(?P<path>/)?",
            r"| to {interface}\[?(?:[0-9]|[0-9A-Fa-f]{{1,4}}:[0-9A-Fa-f:]))",
        ),
        port = PORT,
        interface = INTERFACE
    ))
});
static ARROW_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    expression(&format!(
        r"(?:-{{1,2}}>|[ \t]>[ \t])[ \t]{{0,2}}{INTERFACE}\[?\z"
    ))
});
static URL_BEFORE: LazyLock<Regex> = LazyLock::new(|| expression(r":// *\[?\z"));
static NETWORK: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:/([0-9]{1,3})(?:\z|[^0-9A-Za-z_.:]|[.:](?:\z|[^0-9A-Za-z_]))",
        r"|(?:/| (?:net)?(?:mask )?)255\.[0-9])"
    ))
});
static PROGRAM: LazyLock<Regex> = LazyLock::new(|| expression(r"[A-Za-z]/\z"));
static BEHIND_ENDPOINT: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?:[.:/][0-9]{1,5}|:[0-9A-Fa-f]{0,4}|\]) ?\(\z"));
static ICMP: LazyLock<Regex> = LazyLock::new(|| expression("(?i:icmp)"));
static ICMP_ERROR: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:unreach|time[ _-]?(?:to[ _-]live[ _-])?exceeded|ttl[ _-]?exceeded",
        r#"|type["']?[=: ]{1,3}["']?(?:3|11)(?:\z|[^0-9])|icmp[/ :](?:3|11)(?:\z|[^0-9]))"#
    ))
});
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

    /// The address of what wrote the line is the machine only where no other is a source.
    fn part_from_local(&mut self, local: &[Address]) {
        let is_local = |said: &Said| local.contains(&said.address);
        let has_other = |said: &Said| said.is(Side::Source) && !is_local(said);
        if !self.all.iter().any(has_other) {
            return;
        }
        for said in self.all.iter_mut().filter(|said| is_local(said)) {
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

    /// A reply goes from the side with a port of DNS to the client.
    fn swap_replies(&mut self, ports: [Option<u16>; 2]) {
        let is_dns = |port: u16| DNS_PORTS.contains(&port);
        if !ports[0].is_some_and(is_dns) || ports[1].is_none_or(is_dns) {
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
            let is_told =
                hosts.contains(&said.address) || (said.is(Side::Other) && !said.is_translated);
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
    let mut sides = Sides::default();
    let mut local = Vec::new();
    let plain = bare(&view.clear);
    let places = addresses(&text, &view.clear);
    let starts: Vec<usize> = places.iter().map(|place| place.start).collect();
    for (place, path) in places.iter().zip(keys::around(&plain, &starts)) {
        let mut key = keys::before(&plain, place.start);
        if key.start.is_some_and(|start| head.starts.contains(&start)) {
            // A tag of syslog, whatever its name is.
            key = Key::default();
        }
        let (side, port) = side(&plain, place, &key, &path, listed.contains(&place.address));
        sides.add(place.address, side, port);
        let first = key.words.first().map(String::as_str);
        if side == Some(Side::Source) && matches!(first, Some("local" | "localip")) {
            local.push(place.address);
        }
        if side == Some(Side::Other) && (translates(&key, &path) || is_behind(&plain, place.start))
        {
            sides.translate(place.address);
        }
    }
    sides.part_from_local(&local);
    for sender in head.senders.iter().chain(senders) {
        if sides.all.iter().any(|said| said.address == *sender) {
            sides.add(*sender, Some(Side::Other), None);
        }
    }
    let ports = sides.both_ports(&clear);
    sides.swap_replies(ports);
    let is_error = ICMP.is_match(&clear) && ICMP_ERROR.is_match(&clear);
    let is_answer = is_answer(ports);
    let is_server =
        is_answer && ports[1].is_some() && ports[0].is_some_and(|port| !DNS_PORTS.contains(&port));
    let may_be_public = listed.len() == hits.len() && !is_answer;
    let mut kept = hits.clone();
    kept.retain(|hit| {
        address_of(&hit.matched)
            .is_none_or(|address| !is_error && !is_server && !sides.only_sent(address))
    });
    Verdict {
        inside: sides.device(&listed, is_held),
        public: may_be_public
            .then(|| sides.public_device(&listed, hosts))
            .flatten(),
        hits: kept,
    }
}

/// Whether the source has the port of a server, and the destination has none.
fn is_answer([source, destination]: [Option<u16>; 2]) -> bool {
    source.is_some_and(|port| port < FIRST_UNPRIVILEGED)
        && destination.is_none_or(|port| port >= FIRST_UNPRIVILEGED)
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

fn shown_port(found: &Captures<'_>) -> Option<u16> {
    let port = found.name("port").or_else(|| found.name("inner"))?;
    address::parse_port(port.as_bytes())
}

/// Whether an address stands in brackets behind an endpoint: it is the endpoint after translation.
fn is_behind(line: &[u8], start: usize) -> bool {
    let before = &line[start.saturating_sub(BEFORE)..start];
    before.ends_with(b"(") && BEHIND_ENDPOINT.is_match(before)
}

/// The side that an address stands on, and its port.
fn side(
    line: &[u8],
    place: &Place,
    key: &Key,
    path: &Path,
    is_listed: bool,
) -> (Option<Side>, Option<u16>) {
    let Place { start, stop, .. } = *place;
    let before = &line[start.saturating_sub(BEFORE)..start];
    let after = &line[stop..line.len().min(stop + AFTER)];
    let is_v6 = line[start..stop].contains(&b':');
    let mut is_whole = false;
    // Most lines have none of these, and an expression takes longer to say so than a byte.
    let next = after.first().copied().unwrap_or(0);
    let last = before.last().copied().unwrap_or(0);
    if matches!(next, b'/' | b' ')
        && let Some(found) = NETWORK.captures(after)
    {
        let length = found.get(1).map(|digits| digits.as_bytes());
        if length.is_none_or(|length| is_prefix(length, is_v6)) {
            return (Some(Side::Other), None);
        }
        is_whole = matches!(length, Some(b"32" | b"128"));
    }
    let shown = b"]:#/(."
        .contains(&next)
        .then(|| PORT_AFTER.captures(after))
        .flatten();
    let behind = &after[shown.as_ref().map_or(0, |found| found[0].len())..];
    let port = shown.as_ref().filter(|_| !is_whole).and_then(shown_port);
    if is_behind(line, start) {
        return (Some(Side::Other), None);
    }
    let may_point = memchr::memchr(b'>', after).is_some() || memmem::find(after, b" to ").is_some();
    let arrow = may_point.then(|| ARROW_AFTER.captures(after)).flatten();
    // A10's `NAT-TCP-N: ADDRESS -> …`: a key that names the event, and a whole flow behind it.
    if translates(key, path) && (arrow.is_none() || key.start.is_none()) {
        return (Some(Side::Other), port);
    }
    if let Some(arrow) = arrow {
        // Wazuh's `(agent) 192.0.2.7->/var/log/syslog`.
        let is_origin = arrow.name("path").is_some()
            || (arrow.name("tight").is_some() && before.ends_with(b") "));
        let side = if is_origin { Side::Other } else { Side::Source };
        return (Some(side), port);
    }
    let points =
        |mark: u8, what: &Regex| memchr::memchr(mark, before).is_some() && what.is_match(before);
    if points(b'>', &ARROW_BEFORE) || points(b'/', &URL_BEFORE) {
        return (Some(Side::Destination), port);
    }
    if last == b'/' && PROGRAM.is_match(before) {
        return (Some(Side::Other), port);
    }
    if is_listed && (INBOUND.is_match(before) || ATTACKS.is_match(behind)) {
        return (Some(Side::Source), port);
    }
    if key.is_word {
        match near(key) {
            Some(Side::Source) if is_listed => return (None, port),
            Some(side) => return (Some(side), port),
            None => {}
        }
    } else if let Some(side) = key_of_wrapper(key, path, line) {
        return (side, port);
    }
    // ECS: `log.source.address` is where a log was read from or who sent it.
    let is_log_source = |pair: &[Vec<String>]| {
        pair[0] == ["source"] && (pair[1] == ["log"] || pair[1] == ["syslog"])
    };
    if path.windows(2).any(is_log_source) {
        return (Some(Side::Other), port);
    }
    let own = (!key.is_word).then_some(&key.words);
    if let Some(side) = own.into_iter().chain(path).find_map(|words| of_key(words)) {
        return (Some(side), port);
    }
    if let Some(tells) = TELLS.captures(behind)
        && tells.name("passive").is_none()
    {
        return (Some(Side::Other), port);
    }
    let is_server = port.is_some_and(|port| port < FIRST_UNPRIVILEGED);
    (is_server.then_some(Side::Destination), port)
}

/// The side of a key that names the sender where the line is a wrapper, else a machine; None for other keys.
fn key_of_wrapper(key: &Key, path: &Path, line: &[u8]) -> Option<Option<Side>> {
    const WRAPPERS: [&[u8]; 5] = [
        b"\"message\"",
        b"\"short_message\"",
        b"\"full_message\"",
        b"\"_raw\"",
        b"sourcetype",
    ];
    let words: Vec<&str> = key.words.iter().map(String::as_str).collect();
    let is_source = words == ["source"];
    if !is_source && !matches!(words[..], ["host"] | ["hostname"] | ["host", "name"]) {
        return None;
    }
    let is_wrapper = WRAPPERS
        .iter()
        .any(|word| memmem::find(line, word).is_some());
    Some(if is_wrapper || (!path.is_empty() && !is_source) {
        Some(Side::Other)
    } else {
        is_source.then_some(Side::Source)
    })
}

/// Whether a number behind an address is the length of a network; longer ones are one address or a port.
fn is_prefix(digits: &[u8], is_v6: bool) -> bool {
    let length = digits.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    if is_v6 {
        (7..=127).contains(&length)
    } else {
        (8..=31).contains(&length)
    }
}
