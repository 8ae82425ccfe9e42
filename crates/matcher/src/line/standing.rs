//! The side that an address of a line of no known format stands on (docs/log-formats.md 6).
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::{Captures, Regex};

use crate::canonical::address;
use crate::line::directions::{came_in, tells, told};
use crate::line::expressions::expression;
use crate::line::keys::{Key, Path};
use crate::line::places::Place;
use crate::line::services;
use crate::line::sides::{Side, near, of_key, translates};

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
/// tcpdump and netstat write the name of a port behind a dot; it stands within the place of its address.
static NAMED_PORT: LazyLock<Regex> = LazyLock::new(|| expression(r"\.([a-z][0-9a-z-]*)\z"));
static BEHIND_ENDPOINT: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?:[.:/][0-9]{1,5}|:[0-9A-Fa-f]{0,4}|\]) ?\(\z"));
fn shown_port(found: &Captures<'_>) -> Option<u16> {
    let port = found.name("port").or_else(|| found.name("inner"))?;
    address::parse_port(port.as_bytes())
}

/// The characters before a place that are looked at.
pub fn before(line: &[u8], start: usize) -> &[u8] {
    &line[start.saturating_sub(BEFORE)..start]
}

/// The text behind an address and its port, of the characters that are looked at.
pub fn behind_port(after: &[u8]) -> &[u8] {
    let after = &after[..after.len().min(AFTER)];
    &after[PORT_AFTER.find(after).map_or(0, |shown| shown.len())..]
}

/// Whether an address stands in brackets behind an endpoint: it is the endpoint after translation.
pub fn is_behind(line: &[u8], start: usize) -> bool {
    let before = before(line, start);
    before.ends_with(b"(") && BEHIND_ENDPOINT.is_match(before)
}

/// What is said of an address besides the text around it.
pub struct Told<'t> {
    /// By an arrow.
    pub way: Option<Side>,
    pub key: &'t Key,
    pub path: &'t Path,
    pub is_listed: bool,
}

/// The side that an address stands on, and its port.
pub fn side(line: &[u8], place: &Place, said: &Told<'_>) -> (Option<Side>, Option<u16>) {
    let Place { start, stop, .. } = *place;
    let Told {
        way,
        key,
        path,
        is_listed,
    } = *said;
    let before = before(line, start);
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
    let mut port = shown.as_ref().filter(|_| !is_whole).and_then(shown_port);
    if let Some(named) = NAMED_PORT.captures(&line[start..stop]) {
        port = services::number(&named[1]).or(Some(services::UNKNOWN));
    }
    if is_behind(line, start) {
        return (Some(Side::Other), None);
    }
    if way == Some(Side::Other) {
        return (way, port);
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
    if way.is_some() {
        return (way, port);
    }
    let points =
        |mark: u8, what: &Regex| memchr::memchr(mark, before).is_some() && what.is_match(before);
    if points(b'>', &ARROW_BEFORE) || points(b'/', &URL_BEFORE) {
        return (Some(Side::Destination), port);
    }
    if last == b'/' && PROGRAM.is_match(before) {
        return (Some(Side::Other), port);
    }
    if is_listed && came_in(before, behind) {
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
    let side = if tells(behind) {
        Some(Side::Other)
    } else {
        told(key, before)
    };
    if side.is_some() {
        return (side, port);
    }
    let is_server = port.is_some_and(services::is_server);
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
