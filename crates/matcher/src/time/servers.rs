//! Times as DNS and web servers write them (docs/log-formats.md 4).
use std::sync::LazyLock;

use jiff::tz::{Offset, TimeZone};
use regex::bytes::{Captures, Regex, RegexBuilder};

use super::calendar::local;
use super::digits::{micros, month};
use super::moment::{Moment, Value};
use super::standard::whole_iso8601;

fn expression(text: &str) -> Regex {
    RegexBuilder::new(&format!(r"\A(?:{text})\z"))
        .unicode(false)
        .build()
        .expect("a constant expression")
}

fn number(found: &Captures<'_>, group: usize) -> Option<i32> {
    std::str::from_utf8(found.get(group)?.as_bytes())
        .ok()?
        .parse()
        .ok()
}

fn decimals(found: &Captures<'_>, group: usize) -> i64 {
    found.get(group).map_or(0, |m| micros(m.as_bytes()))
}

/// ISO 8601; without a zone it is UTC, as in the W3C extended log file format.
pub fn iso8601_utc(text: &[u8]) -> Option<Moment> {
    let found = whole_iso8601(text, &TimeZone::UTC)?;
    Some(Moment {
        local: false,
        ..found
    })
}

/// `17-Feb-2018 23:06:56.326`
pub fn bind(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    static SPELLING: LazyLock<Regex> = LazyLock::new(|| {
        expression(r"(\d\d)-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?")
    });
    day_first(&SPELLING.captures(text)?, zone)
}

/// `4Mar2010  9:23:06`, as `fw log` prints it.
pub fn checkpoint(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    static SPELLING: LazyLock<Regex> = LazyLock::new(|| {
        expression(r" ?(\d{1,2})([A-Z][a-z]{2})(\d{4}) {1,2}(\d{1,2}):(\d\d):(\d\d)(?:\.(\d+))?")
    });
    day_first(&SPELLING.captures(text)?, zone)
}

fn day_first(found: &Captures<'_>, zone: &TimeZone) -> Option<Moment> {
    let n = |group| number(found, group);
    let value = local(
        n(3)?,
        month(&found[2])?,
        n(1)?,
        n(4)?,
        n(5)?,
        n(6)?,
        decimals(found, 7),
        zone,
    )?;
    Some(Moment {
        value: Value::Known(value),
        local: true,
    })
}

/// `25/Aug/2019:23:59:51 +0000`; HAProxy writes milliseconds and no zone.
pub fn common_log(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    static SPELLING: LazyLock<Regex> = LazyLock::new(|| {
        expression(concat!(
            r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.(\d+))?",
            r"(?: ([+-])(\d\d)(\d\d))?"
        ))
    });
    let found = SPELLING.captures(text)?;
    let n = |group| number(&found, group);
    let own = match (found.get(8), n(9), n(10)) {
        (Some(sign), Some(hours @ 0..=23), Some(minutes @ 0..=59)) => {
            let seconds = (hours * 60 + minutes) * 60;
            let signed = if sign.as_bytes() == b"-" {
                -seconds
            } else {
                seconds
            };
            Some(TimeZone::fixed(Offset::from_seconds(signed).ok()?))
        }
        (Some(_), ..) => return None,
        (None, ..) => None,
    };
    let value = local(
        n(3)?,
        month(&found[2])?,
        n(1)?,
        n(4)?,
        n(5)?,
        n(6)?,
        decimals(&found, 7),
        own.as_ref().unwrap_or(zone),
    )?;
    Some(Moment {
        value: Value::Known(value),
        local: own.is_none(),
    })
}

/// A date of the server's locale and a time of 12 or 24 hours.
pub fn windows(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    static SPELLING: LazyLock<Regex> = LazyLock::new(|| {
        expression(concat!(
            r"(?:(\d{4})([/.-])(\d{1,2})[/.-](\d{1,2})\.?|(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4})) ",
            r"(\d{1,2})[:.](\d\d)[:.](\d\d)(?: ([AaPp])\.?[Mm]\.?| (SA|CH))?"
        ))
    });
    let found = SPELLING.captures(text)?;
    let n = |group| number(&found, group);
    let half = found.get(12).map(|m| m.as_bytes()[0].to_ascii_lowercase());
    let vietnamese = found.get(13).map(|m| m.as_bytes());
    let (year, month, day) = match n(1) {
        Some(year) => (year, n(3)?, n(4)?),
        None => {
            let (first, second) = (n(5)?, n(7)?);
            let american = found[6] == *b"/"
                && half.is_some()
                && !(found[5][0] != b'0' && found[7][0] == b'0');
            if second > 12 || (american && first <= 12) {
                (n(8)?, first, second)
            } else {
                (n(8)?, second, first)
            }
        }
    };
    let hour = match (half, vietnamese, n(9)?) {
        (None, None, hour) => hour,
        (_, _, 0 | 13..) => return None,
        (Some(b'a'), ..) | (_, Some(b"SA"), _) => n(9)? % 12,
        _ => n(9)? % 12 + 12,
    };
    let value = local(year, month, day, hour, n(10)?, n(11)?, 0, zone)?;
    Some(Moment {
        value: Value::Known(value),
        local: true,
    })
}

/// An American date with 12 hours, in UTC: an export of Azure Log Analytics. A narrow no-break space may stand
/// before AM and PM.
pub fn us_utc(text: &[u8]) -> Option<Moment> {
    static SPELLING: LazyLock<Regex> = LazyLock::new(|| {
        expression(concat!(
            r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d\d):(\d\d)(?:\.(\d+))?",
            r"(?: |\xe2\x80\xaf)([AP])M"
        ))
    });
    let found = SPELLING.captures(text)?;
    let n = |group| number(&found, group);
    let hour = n(4).filter(|hour| (1..=12).contains(hour))? % 12;
    let value = local(
        n(3)?,
        n(1)?,
        n(2)?,
        hour + if found[8] == *b"P" { 12 } else { 0 },
        n(5)?,
        n(6)?,
        decimals(&found, 7),
        &TimeZone::UTC,
    )?;
    Some(Moment {
        value: Value::Known(value),
        local: false,
    })
}
