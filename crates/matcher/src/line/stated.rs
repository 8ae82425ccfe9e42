//! What a line of no known format states of its times under keys of their own, such as `tz=` and `ampm=`
//! (docs/log-formats.md 6).
use std::sync::LazyLock;

use jiff::tz::{Offset, TimeZone};
use regex::bytes::Regex;

use crate::line::clocks::{Found, Told, offset};
use crate::line::expressions::expression;
use crate::line::halves::{Half, hour};
use crate::time::zones::named;

static ZONE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r#"(?i:(?:\A|[^0-9A-Za-z])(?:tz|time[ _-]?zone)["']?[=:] ?["']?(?P<value>[^\s"',;"#,
        r"|&)\]}]{1,40}))",
    ))
});
static HALF_KEY: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r#"(?i:(?:\A|[^0-9A-Za-z])(?:am_?pm|meridiem|meridian)["']?[=:] ?["']?(AM|PM|SA|CH)(?:\z"#,
        r"|[^0-9A-Za-z]))",
    ))
});
static ZONE_VALUE: LazyLock<Regex> =
    LazyLock::new(|| expression(r"\A(?:UTC|GMT)?([+-][0-9]{1,2}(?::?[0-9]{2})?)\z"));
/// Places whose zone has one meaning. Any other place is a doubt.
const HERE: [(&[u8], &[u8]); 6] = [
    (b"ASIA/HO_CHI_MINH", b"ICT"),
    (b"ASIA/SAIGON", b"ICT"),
    (b"ASIA/BANGKOK", b"ICT"),
    (b"ETC/UTC", b"UTC"),
    (b"ETC/GMT", b"UTC"),
    (b"ZULU", b"UTC"),
];
const SAYS_NO_ZONE: [&[u8]; 7] = [
    b"LOCAL",
    b"LOCALTIME",
    b"NONE",
    b"NULL",
    b"N/A",
    b"-",
    b"UNKNOWN",
];

/// The zone and the half of the day that a line states.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stated {
    zone: Option<Offset>,
    /// The zone is not one that can be read.
    is_doubtful: bool,
    half: Option<Half>,
}

/// None where the line states nothing.
pub(super) fn stated(text: &[u8]) -> Option<Stated> {
    let half = HALF_KEY.captures(text).map(|found| {
        let said = found[1].to_ascii_uppercase();
        match &said[..] {
            b"AM" => Half::Morning,
            b"PM" => Half::Afternoon,
            b"SA" => Half::Sa,
            _ => Half::Ch,
        }
    });
    let (zone, is_doubtful) = ZONE_KEY
        .captures(text)
        .map_or((None, false), |found| zone_of(&found["value"]));
    (zone.is_some() || is_doubtful || half.is_some()).then_some(Stated {
        zone,
        is_doubtful,
        half,
    })
}

/// The zone under a key, and whether it is in doubt.
fn zone_of(value: &[u8]) -> (Option<Offset>, bool) {
    let value = unslashed(value).to_ascii_uppercase();
    if SAYS_NO_ZONE.contains(&&value[..]) {
        return (None, false);
    }
    let own = match ZONE_VALUE.captures(&value) {
        Some(found) => offset(&found[1]),
        None => {
            let here = HERE.iter().find(|(place, _)| *place == value);
            named(here.map_or(&value, |(_, zone)| *zone))
        }
    };
    (own, own.is_none())
}

/// JSON may write `\/` for a slash.
fn unslashed(value: &[u8]) -> Vec<u8> {
    let mut found = Vec::with_capacity(value.len());
    for (at, &b) in value.iter().enumerate() {
        if b != b'\\' || value.get(at + 1) != Some(&b'/') {
            found.push(b);
        }
    }
    found
}

impl Found {
    /// The same by what the line states under other keys; no moment where that is in doubt.
    pub fn by(self, stated: Stated, zone: &TimeZone, told: Told) -> Found {
        let Some(mut parts) = self.parts else {
            return self;
        };
        let unknown = Found::unknown(self.start, self.end);
        if let Some(half) = stated.half.filter(|_| !self.has_half) {
            let Some(said) = hour(parts.clock[0], Some(half)) else {
                return unknown;
            };
            parts.clock[0] = said;
        }
        if self.own.is_none() && stated.is_doubtful {
            return unknown;
        }
        let own = self.own.or(stated.zone);
        let by = own.or((parts.year.is_some() && told.is_utc).then_some(Offset::UTC));
        Found {
            moment: parts.moment(by, zone),
            own,
            parts: Some(parts),
            ..self
        }
    }
}
