//! Names of time zones in logs (docs/log-formats.md 4). The same stand in `src/quetsach/logs/times.py`.
use jiff::tz::Offset;

/// Names with one meaning in the tz database (2026), and those that RFC 5322 4.3 defines but for CST and CDT;
/// with their minutes before UTC.
const ZONES: [(&[u8], i32); 31] = [
    (b"GMT", 0),
    (b"UTC", 0),
    (b"Z", 0),
    (b"ICT", 420),
    (b"JST", 540),
    (b"KST", 540),
    (b"HKT", 480),
    (b"SGT", 480),
    (b"AWST", 480),
    (b"AEST", 600),
    (b"AEDT", 660),
    (b"ACST", 570),
    (b"ACDT", 630),
    (b"NZST", 720),
    (b"NZDT", 780),
    (b"WIB", 420),
    (b"WITA", 480),
    (b"PKT", 300),
    (b"MSK", 180),
    (b"EET", 120),
    (b"EEST", 180),
    (b"CET", 60),
    (b"CEST", 120),
    (b"WET", 0),
    (b"WEST", 60),
    (b"EDT", -240),
    (b"EST", -300),
    (b"MDT", -360),
    (b"MST", -420),
    (b"PDT", -420),
    (b"PST", -480),
];

/// Names with several meanings: CST is China's, America's and Cuba's time, IST India's and Israel's.
const DOUBTFUL: [&[u8]; 12] = [
    b"CST", b"CDT", b"IST", b"BST", b"AST", b"ADT", b"SST", b"GST", b"AMT", b"ECT", b"PYT", b"WST",
];

/// All of these names.
pub fn all() -> impl Iterator<Item = &'static str> {
    let known = ZONES.iter().map(|(name, _)| *name);
    known
        .chain(DOUBTFUL)
        .filter_map(|name| std::str::from_utf8(name).ok())
}

/// The offset that a name in capitals stands for.
pub fn named(name: &[u8]) -> Option<Offset> {
    let (_, minutes) = ZONES.iter().find(|(known, _)| *known == name)?;
    Offset::from_seconds(minutes * 60).ok()
}

/// Whether a name stands for several zones.
pub fn is_doubtful(name: &[u8]) -> bool {
    DOUBTFUL.contains(&name)
}
