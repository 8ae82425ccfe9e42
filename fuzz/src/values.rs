//! Addresses against the standard library, times of every kind, and the time of a line of no known format.
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str;

use libfuzzer_sys::Corpus;
use quetsach_matcher::canonical::address;
use quetsach_matcher::line::clocks::Told;
use quetsach_matcher::line::moments;
use quetsach_matcher::time::{self, TimeKind, Value};

const KINDS: [&str; 20] = [
    "epoch",
    "iso8601",
    "syslog",
    "ctime",
    "epoch_us",
    "iso8601_utc",
    "bind",
    "checkpoint",
    "clf",
    "windows",
    "epoch_auto",
    "slash",
    "asa",
    "routeros",
    "utc",
    "us_utc",
    "asa_utc",
    "bind_utc",
    "snort",
    "sophos",
];

fn addresses(data: &[u8]) {
    let text = str::from_utf8(data).unwrap_or_default();
    let v4 = text
        .parse::<Ipv4Addr>()
        .ok()
        .map(|a| u128::from(a.to_ipv6_mapped().to_bits()));
    let v6 = text.parse::<Ipv6Addr>().ok().map(|a| a.to_bits());
    let ours = address::parse_bare(data);
    match v4.or(v6) {
        Some(bits) => assert_eq!(ours.map(|a| a.0), Some(bits), "{text}"),
        None => assert!(
            ours.is_none() || text.is_empty() || !data.is_ascii(),
            "{text}"
        ),
    }
}

fn times(data: &[u8]) {
    let zone = time::zone("Europe/Berlin").expect("a zone that exists");
    let kinds: Vec<TimeKind> = KINDS
        .iter()
        .filter_map(|word| TimeKind::parse(word))
        .collect();
    let mut found = vec![moments::time(data, &zone, Told::default())];
    found.extend(kinds.iter().map(|kind| time::parse(data, &[*kind], &zone)));
    for moment in found.into_iter().flatten() {
        let at = match moment.value {
            Value::Known(at) => Some(at),
            Value::Yearless(yearless) => yearless.resolve(1_700_000_000_000_000, &zone),
        };
        let Some(at) = at else { continue };
        let shown = time::iso(at);
        let again = time::parse(
            shown.as_bytes(),
            &[TimeKind::parse("iso8601").expect("known")],
            &zone,
        );
        assert!(
            matches!(again, Some(m) if matches!(m.value, Value::Known(v) if v == at)),
            "{shown}"
        );
        assert!(shown.starts_with(&time::day(time::day_number(at))));
    }
}

pub fn run(data: &[u8]) -> Corpus {
    addresses(data);
    times(data);
    Corpus::Keep
}
