//! The addresses of a line of no known format, each with its place and its port (docs/log-formats.md 6).
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::canonical::address::{self, Address};
use crate::line::chars::{Text, ascii, at, is, is_word, run};
use crate::line::expressions::expression;
use crate::line::keys;
use crate::line::services;
use crate::line::sides::{Side, bare, of_key};

/// A greater number is no part of an address.
const SMALL: u16 = 255;
/// Characters of the name of a port.
const LONGEST_SERVICE: usize = 16;
/// Characters before an address in which an arrow or another endpoint is looked for.
const BEFORE: usize = 40;

static SERVER_PORT: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:(?:\A|[^0-9A-Za-z])(?:dpt|dport|dst_?port|dest_?port|destination_?port)",
        r#"["']?[=:] ?["']?([0-9]{1,5}))"#
    ))
});
static POINTS_BEFORE: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?:>|\.[0-9]{1,5})[ \t]{1,32}\z"));
static POINTS_AFTER: LazyLock<Regex> = LazyLock::new(|| expression(r"\A[ \t]{1,2}-{0,2}>"));

/// Addresses of a line that are told apart; of more nobody knows whose line it is.
pub const MOST: usize = 1_000;

/// An address of a line, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub start: usize,
    /// Behind the address and its zone.
    pub stop: usize,
    pub address: Address,
    pub port: Option<u16>,
}

/// The addresses of a line, in the order of their places.
pub fn addresses(text: &Text<'_>, clear: &[u32]) -> Vec<Place> {
    let mut found = ipv6(text, clear);
    let shorter = ipv4(clear);
    if found.is_empty() {
        return shorter;
    }
    let longer = found.len();
    for place in shorter {
        let before = found[..longer].partition_point(|v6| v6.start <= place.start);
        if before == 0 || found[before - 1].stop <= place.start {
            found.push(place);
        }
    }
    found.sort_by_key(|place| place.start);
    found
}

/// The same, where a key calls an address the destination, with the port that stands under a key of its own.
pub fn with_ports_apart(clear: &[u32], places: &mut [Place]) {
    if places.is_empty() || places.len() > MOST {
        return;
    }
    let plain = bare(clear);
    let Some(found) = SERVER_PORT.captures(&plain) else {
        return;
    };
    let port = address::parse_port(&found[1]);
    let starts: Vec<usize> = places.iter().map(|place| place.start).collect();
    for (place, path) in places.iter_mut().zip(keys::around(&plain, &starts)) {
        let key = keys::before(&plain, place.start);
        let own = (!key.is_word).then_some(&key.words);
        let side = own.into_iter().chain(&path).find_map(|words| of_key(words));
        if place.port.is_none() && side == Some(Side::Destination) {
            place.port = port;
        }
    }
}

/// An endpoint with a dot before its port: where its address (with the name of a port) and the whole end.
struct Dotted {
    stop: usize,
    port: Option<u16>,
    whole: usize,
}

/// What tcpdump and netstat write behind an address. Five small numbers, or the name of a port, are an endpoint only
/// where an arrow or another endpoint stands beside them.
fn dotted_port(chars: &[u32], start: usize, end: usize, is_v6: bool) -> Option<Dotted> {
    if at(chars, end) != u32::from(b'.') {
        return None;
    }
    let first = ascii(at(chars, end + 1));
    let is_number = first.is_ascii_digit();
    let stop = if is_number {
        run(chars, end + 1, |c| ascii(c).is_ascii_digit())
    } else if first.is_ascii_lowercase() {
        let in_name = |c: u32| {
            let b = ascii(c);
            b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'
        };
        run(chars, end + 1, in_name)
    } else {
        return None;
    };
    let longest = if is_number { 5 } else { LONGEST_SERVICE };
    let goes_on =
        is_word(at(chars, stop)) || (is_joint(chars, stop) && is_word(at(chars, stop + 1)));
    if stop - end - 1 > longest || goes_on {
        return None;
    }
    let spelled: Vec<u8> = chars[end + 1..stop].iter().map(|&c| ascii(c)).collect();
    let port = if is_number {
        address::parse_port(&spelled)
    } else {
        services::number(&spelled)
    };
    if is_number && port.is_none_or(|port| is_v6 || port > SMALL) {
        return port.map(|port| Dotted {
            stop: end,
            port: Some(port),
            whole: stop,
        });
    }
    let flat = |chars: &[u32]| chars.iter().map(|&c| ascii(c)).collect::<Vec<u8>>();
    let before = flat(&chars[start.saturating_sub(BEFORE)..start]);
    let after = flat(&chars[stop..chars.len().min(stop + BEFORE)]);
    (POINTS_BEFORE.is_match(&before) || POINTS_AFTER.is_match(&after)).then_some(Dotted {
        stop: if is_number { end } else { stop },
        port,
        whole: stop,
    })
}

/// The port of `:port` at `end`, if no longer word follows.
pub fn port_after(chars: &[u32], end: usize) -> Option<u16> {
    if at(chars, end) != u32::from(b':') {
        return None;
    }
    let stop = run(chars, end + 1, |c| ascii(c).is_ascii_digit());
    if is_word(at(chars, stop)) || stop - end > 6 {
        return None;
    }
    let digits: Vec<u8> = chars[end + 1..stop].iter().map(|&c| ascii(c)).collect();
    address::parse_port(&digits)
}

fn is_joint(chars: &[u32], i: usize) -> bool {
    is(at(chars, i), b".-")
}

/// Whether a token touches a longer word or number.
fn touches(chars: &[u32], start: usize, end: usize) -> bool {
    let before = |n: usize| start.checked_sub(n).map_or(0, |i| chars[i]);
    is_word(before(1))
        || is_word(at(chars, end))
        || (is(before(1), b".-") && is_word(before(2)))
        || (is_joint(chars, end) && is_word(at(chars, end + 1)))
}

fn ipv4(chars: &[u32]) -> Vec<Place> {
    let mut found = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let digit = ascii(chars[i]).is_ascii_digit();
        if !digit || (i > 0 && ascii(chars[i - 1]).is_ascii_digit()) {
            i += 1;
            continue;
        }
        // Four numbers and three dots, the last number taken whole.
        let mut end = i;
        for part in 0..4 {
            end = run(chars, end, |c| ascii(c).is_ascii_digit());
            if part < 3 {
                if at(chars, end) != u32::from(b'.') {
                    break;
                }
                end += 1;
            }
        }
        let spelled: Vec<u8> = chars[i..end.min(i + 16)]
            .iter()
            .map(|&c| ascii(c))
            .collect();
        match address::parse_v4(&spelled) {
            Some(bits) => {
                let address = Address::from_v4(bits);
                let whole = !touches(chars, i, end);
                let dotted = (!whole)
                    .then(|| dotted_port(chars, i, end, false))
                    .flatten()
                    .filter(|dotted| !touches(chars, i, dotted.whole));
                if !whole && dotted.is_none() {
                    i += 1;
                    continue;
                }
                found.push(Place {
                    start: i,
                    stop: dotted.as_ref().map_or(end, |dotted| dotted.stop),
                    address,
                    port: dotted.map_or_else(|| port_after(chars, end), |dotted| dotted.port),
                });
                i = end;
            }
            None => i += 1,
        }
    }
    found
}

fn ipv6(text: &Text<'_>, chars: &[u32]) -> Vec<Place> {
    let colon = u32::from(b':');
    let part = |c: u32| ascii(c).is_ascii_hexdigit() || is(c, b":.");
    let mut found = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        if !part(chars[i]) {
            i += 1;
            continue;
        }
        let (mut start, mut end) = (i, run(chars, i, part));
        i = end;
        if chars[start..end].iter().filter(|&&c| c == colon).count() < 2 {
            continue;
        }
        if chars[start] == colon && chars[start + 1] != colon {
            start += 1;
        }
        while end > start
            && (chars[end - 1] == u32::from(b'.')
                || (chars[end - 1] == colon && at(chars, end.wrapping_sub(2)) != colon))
        {
            end -= 1;
        }
        let mut address = address::parse(text.bytes(start, end));
        let mut dotted = None;
        if address.is_none() {
            let dot = chars[start..end]
                .iter()
                .rposition(|&c| c == u32::from(b'.'));
            let Some(cut) = dot.filter(|&cut| cut > 0) else {
                continue;
            };
            end = start + cut;
            address = address::parse(text.bytes(start, end));
            dotted = dotted_port(chars, start, end, true);
            if dotted.is_none() {
                continue;
            }
        } else if at(chars, end) == u32::from(b'.') {
            dotted = dotted_port(chars, start, end, true);
        }
        let Some(address) = address else {
            continue;
        };
        let mut stop = dotted.as_ref().map_or(end, |dotted| dotted.stop);
        if at(chars, end) == u32::from(b'%') {
            let zone = run(chars, end + 1, |c| is_word(c) || is(c, b".~-"));
            stop = if zone > end + 1 { zone } else { stop };
        }
        if touches(
            chars,
            start,
            dotted.as_ref().map_or(stop, |dotted| dotted.whole),
        ) {
            continue;
        }
        let bracketed =
            start > 0 && chars[start - 1] == u32::from(b'[') && at(chars, stop) == u32::from(b']');
        found.push(Place {
            start,
            stop,
            address,
            port: if bracketed {
                port_after(chars, stop + 1)
            } else {
                dotted.and_then(|dotted| dotted.port)
            },
        });
    }
    found
}
