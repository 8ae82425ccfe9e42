//! Times of log lines as whole microseconds since 1970 UTC, never binary floats (docs/log-formats.md 4).
pub(crate) mod bucket;
mod device;
pub(crate) mod midnights;
mod servers;
mod spelling;
pub(crate) mod timeline;
pub(crate) mod when;
mod yearless;
pub(crate) mod years;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
pub use spelling::{clock, day, iso};
pub use yearless::Yearless;

pub const SECOND: i64 = 1_000_000;
pub const DAY: i64 = 86_400 * SECOND;
/// 2000-01-01 UTC: anything before is suspect.
pub const YEAR_2000: i64 = 946_684_800 * SECOND;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    Known(i64),
    Yearless(Yearless),
}

/// Microseconds, with the year that fits where the line gave none.
pub fn resolve(value: Value, latest: Option<i64>, zone: &TimeZone) -> Option<i64> {
    match value {
        Value::Known(micros) => Some(micros),
        Value::Yearless(y) => y.resolve(latest?, zone),
    }
}

/// A time as the line gives it; `local` says that the scan's zone was applied, or will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub value: Value,
    pub local: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeKind {
    Epoch,
    EpochMicros,
    Iso8601,
    Iso8601Utc,
    Syslog,
    Ctime,
    EpochAuto,
    Slash,
    Asa,
    RouterOs,
    Snort,
    Sophos,
    Utc,
    Bind,
    CheckPoint,
    CommonLog,
    Windows,
}

impl TimeKind {
    pub fn parse(word: &str) -> Option<TimeKind> {
        Some(match word {
            "epoch" => TimeKind::Epoch,
            "epoch_us" => TimeKind::EpochMicros,
            "iso8601" => TimeKind::Iso8601,
            "iso8601_utc" => TimeKind::Iso8601Utc,
            "syslog" => TimeKind::Syslog,
            "ctime" => TimeKind::Ctime,
            "epoch_auto" => TimeKind::EpochAuto,
            "slash" => TimeKind::Slash,
            "asa" => TimeKind::Asa,
            "routeros" => TimeKind::RouterOs,
            "snort" => TimeKind::Snort,
            "sophos" => TimeKind::Sophos,
            "utc" => TimeKind::Utc,
            "bind" => TimeKind::Bind,
            "checkpoint" => TimeKind::CheckPoint,
            "clf" => TimeKind::CommonLog,
            "windows" => TimeKind::Windows,
            _ => return None,
        })
    }
}

/// The zone of that name from the bundled tz database.
pub fn zone(name: &str) -> Result<TimeZone, Error> {
    TimeZone::get(name).map_err(|_| Error::Options(format!("unknown time zone '{name}'")))
}

/// The first kind that reads the whole text.
pub fn parse(text: &[u8], kinds: &[TimeKind], zone: &TimeZone) -> Option<Moment> {
    kinds.iter().find_map(|kind| match kind {
        TimeKind::Epoch => epoch(text),
        TimeKind::EpochMicros => epoch_micros(text),
        TimeKind::Iso8601 => {
            let (moment, used) = iso8601(text, zone)?;
            // The zone is optional, so a shorter reading may be tried: it never ends the text then.
            (used == text.len()).then_some(moment).flatten()
        }
        TimeKind::Iso8601Utc => servers::iso8601_utc(text),
        TimeKind::Syslog => {
            let (moment, used) = syslog(text)?;
            (used == text.len()).then_some(moment).flatten()
        }
        TimeKind::Ctime => ctime(text, zone),
        TimeKind::EpochAuto => device::epoch_auto(text),
        TimeKind::Slash => device::slash(text, zone),
        TimeKind::Asa => device::asa(text, zone),
        TimeKind::RouterOs => device::routeros(text, zone),
        TimeKind::Snort => device::snort(text, zone),
        TimeKind::Sophos => device::sophos(text, zone),
        TimeKind::Utc => device::utc(text),
        TimeKind::Bind => servers::bind(text, zone),
        TimeKind::CheckPoint => servers::checkpoint(text, zone),
        TimeKind::CommonLog => servers::common_log(text, zone),
        TimeKind::Windows => servers::windows(text, zone),
    })
}

/// The first ISO 8601 or RFC 3164 time that stands anywhere in the text.
pub fn find(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    let mut iso = true;
    let mut year_less = true;
    for at in 0..text.len() {
        if iso && let Some((moment, _)) = iso8601(&text[at..], zone) {
            if moment.is_some() {
                return moment;
            }
            iso = false;
        }
        if year_less && let Some((moment, _)) = syslog(&text[at..]) {
            if moment.is_some() {
                return moment;
            }
            year_less = false;
        }
    }
    None
}

fn digits(text: &[u8], at: usize, count: usize) -> Option<i32> {
    let part = text.get(at..at + count)?;
    part.iter().try_fold(0, |n, b| {
        b.is_ascii_digit().then(|| n * 10 + i32::from(b - b'0'))
    })
}

/// Six decimals; what follows is cut off, not rounded.
fn micros(decimals: &[u8]) -> i64 {
    (0..6).fold(0, |n, i| {
        n * 10 + i64::from(decimals.get(i).map_or(0, |b| b - b'0'))
    })
}

fn run_of_digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// At most 18 digits.
fn number(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'))
}

fn epoch(text: &[u8]) -> Option<Moment> {
    let mut seconds = 0;
    let mut at = 0;
    while let Some(digit) = digit(text, at) {
        if at == 11 {
            return None;
        }
        seconds = seconds * 10 + digit;
        at += 1;
    }
    if at == 0 {
        return None;
    }
    let mut micros = 0;
    if at < text.len() {
        let first = at + 1;
        if text[at] != b'.' || first == text.len() {
            return None;
        }
        let mut unit = SECOND / 10;
        for at in first..text.len() {
            micros += digit(text, at)? * unit;
            unit /= 10;
        }
    }
    Some(Moment {
        value: Value::Known(seconds * SECOND + micros),
        local: false,
    })
}

fn digit(text: &[u8], at: usize) -> Option<i64> {
    let digit = text.get(at)?.wrapping_sub(b'0');
    (digit < 10).then_some(i64::from(digit))
}

fn epoch_micros(text: &[u8]) -> Option<Moment> {
    let long = (12..=17).contains(&text.len()) && run_of_digits(text) == text.len();
    Some(Moment {
        value: Value::Known(long.then(|| number(text))?),
        local: false,
    })
}

#[allow(clippy::too_many_arguments)]
fn local(
    y: i32,
    mo: i32,
    d: i32,
    h: i32,
    mi: i32,
    s: i32,
    micros: i64,
    zone: &TimeZone,
) -> Option<i64> {
    if !(1..=9999).contains(&y) || s > 60 {
        return None;
    }
    let time = civil::DateTime::new(
        y as i16,
        i8::try_from(mo).ok()?,
        i8::try_from(d).ok()?,
        i8::try_from(h).ok()?,
        i8::try_from(mi).ok()?,
        s.min(59) as i8,
        0,
    )
    .ok()?;
    // Compatible: the offset before a change, for times that do not exist or exist twice.
    let moment = zone.to_ambiguous_timestamp(time).compatible().ok()?;
    let value = moment.as_second() * SECOND;
    // What falls outside the years 1 to 9999 in UTC is no time.
    (-62_135_596_800..=253_402_300_799)
        .contains(&moment.as_second())
        .then_some(value + micros)
}

/// Reads a time at the start of the text: the moment (None if a part is out of range) and the bytes it took.
fn iso8601(text: &[u8], zone: &TimeZone) -> Option<(Option<Moment>, usize)> {
    let b = |i: usize| text.get(i).copied();
    let (y, mo, d) = (
        digits(text, 0, 4)?,
        digits(text, 5, 2)?,
        digits(text, 8, 2)?,
    );
    let (h, mi, s) = (
        digits(text, 11, 2)?,
        digits(text, 14, 2)?,
        digits(text, 17, 2)?,
    );
    if b(4) != Some(b'-') || b(7) != Some(b'-') || b(13) != Some(b':') || b(16) != Some(b':') {
        return None;
    }
    if !matches!(b(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    let mut at = 19;
    let mut decimals = &[][..];
    if matches!(b(at), Some(b'.' | b',')) {
        let n = run_of_digits(&text[at + 1..]);
        if n > 0 {
            decimals = &text[at + 1..at + 1 + n];
            at += 1 + n;
        }
    }
    let gap = usize::from(b(at) == Some(b' '));
    let mut offset = None;
    match b(at + gap) {
        Some(b'Z' | b'z') => {
            offset = Some(Some(0));
            at += gap + 1;
        }
        Some(sign @ (b'+' | b'-')) => {
            let from = at + gap + 1;
            if let Some(hours) = digits(text, from, 2) {
                let colon = usize::from(b(from + 2) == Some(b':'));
                let (minutes, used) = match digits(text, from + 2 + colon, 2) {
                    Some(minutes) => (minutes, 4 + colon),
                    None => (0, 2),
                };
                at = from + used;
                let seconds = (hours * 60 + minutes) * 60;
                let signed = if sign == b'-' { -seconds } else { seconds };
                offset = Some((hours <= 23 && minutes <= 59).then_some(signed));
            }
        }
        _ => {}
    }
    let micros = micros(decimals);
    let moment = match offset {
        None => local(y, mo, d, h, mi, s, micros, zone).map(|v| Moment {
            value: Value::Known(v),
            local: true,
        }),
        Some(None) => None,
        Some(Some(seconds)) => jiff::tz::Offset::from_seconds(seconds)
            .ok()
            .and_then(|o| local(y, mo, d, h, mi, s, micros, &TimeZone::fixed(o)))
            .map(|v| Moment {
                value: Value::Known(v),
                local: false,
            }),
    };
    Some((moment, at))
}

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

fn month(text: &[u8]) -> Option<i32> {
    let short: &[u8; 3] = text.first_chunk()?;
    let found = MONTHS.iter().position(|month| *month == short);
    found.map(|i| i as i32 + 1)
}

fn is_word(text: &[u8]) -> bool {
    matches!(text, [a, b, c, ..] if a.is_ascii_uppercase() && b.is_ascii_lowercase() && c.is_ascii_lowercase())
}

/// `Mmm dd hh:mm:ss` at the start: month, day, hour, minute, second, each as written; 15 bytes.
fn without_year(text: &[u8]) -> Option<(Option<i32>, [i32; 4])> {
    let b = |i: usize| text.get(i).copied();
    if !is_word(text)
        || b(3) != Some(b' ')
        || b(6) != Some(b' ')
        || b(9) != Some(b':')
        || b(12) != Some(b':')
    {
        return None;
    }
    let day = if b(4) == Some(b' ') {
        digits(text, 5, 1)?
    } else {
        digits(text, 4, 2)?
    };
    Some((
        month(text),
        [
            day,
            digits(text, 7, 2)?,
            digits(text, 10, 2)?,
            digits(text, 13, 2)?,
        ],
    ))
}

fn syslog(text: &[u8]) -> Option<(Option<Moment>, usize)> {
    let (month, [day, hour, minute, second]) = without_year(text)?;
    let moment = month
        .filter(|_| (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60)
        .map(|month| {
            let time = Yearless {
                month: month as i8,
                day: day as i8,
                hour: hour as i8,
                minute: minute as i8,
                second: second.min(59) as i8,
            };
            Moment {
                value: Value::Yearless(time),
                local: true,
            }
        });
    Some((moment, 15))
}

fn ctime(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    if text.len() != 24 || !is_word(text) || text[3] != b' ' || text[19] != b' ' {
        return None;
    }
    let (month, [day, hour, minute, second]) = without_year(&text[4..])?;
    let value = local(
        digits(text, 20, 4)?,
        month?,
        day,
        hour,
        minute,
        second,
        0,
        zone,
    )?;
    Some(Moment {
        value: Value::Known(value),
        local: true,
    })
}

fn utc(micros: i64) -> civil::DateTime {
    let seconds = micros.div_euclid(SECOND);
    let stamp = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::tz::Offset::UTC.to_datetime(stamp)
}

fn year_of(micros: i64) -> i32 {
    i32::from(utc(micros).year())
}

/// Days since 1970 of the UTC date.
pub fn day_number(micros: i64) -> i32 {
    micros.div_euclid(DAY) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str, kinds: &[TimeKind]) -> Option<String> {
        match parse(text.as_bytes(), kinds, &zone("Asia/Ho_Chi_Minh").unwrap())?.value {
            Value::Known(v) => Some(iso(v)),
            Value::Yearless(_) => None,
        }
    }

    #[test]
    fn decimals_are_cut_and_zones_applied() {
        let all = [TimeKind::Epoch, TimeKind::Iso8601, TimeKind::Ctime];
        for (text, want) in [
            ("1663300800.123456", "2022-09-16T04:00:00.123456Z"),
            ("1663300800.1234569", "2022-09-16T04:00:00.123456Z"),
            ("1663300800", "2022-09-16T04:00:00.000000Z"),
            (
                "2022-09-16T11:00:00.123456+0700",
                "2022-09-16T04:00:00.123456Z",
            ),
            (
                "2022-09-16 11:00:00,5 +07:00",
                "2022-09-16T04:00:00.500000Z",
            ),
            ("2022-09-16t11:00:00", "2022-09-16T04:00:00.000000Z"),
            ("2022-09-16T04:00:60Z", "2022-09-16T04:00:59.000000Z"),
            ("Fri Sep 16 11:00:00 2022", "2022-09-16T04:00:00.000000Z"),
        ] {
            assert_eq!(known(text, &all).as_deref(), Some(want), "{text}");
        }
        for bad in [
            "",
            "1663300800.",
            "123456789012",
            "2022-02-30T00:00:00Z",
            "2022-09-16T04:00:61Z",
            "2022-09-16",
        ] {
            assert_eq!(known(bad, &all), None, "{bad}");
        }
    }

    #[test]
    fn a_time_without_year_takes_the_latest_that_fits() {
        let zone = zone("Asia/Ho_Chi_Minh").unwrap();
        let at = |text: &[u8]| match parse(text, &[TimeKind::Syslog], &zone).unwrap().value {
            Value::Yearless(y) => y,
            Value::Known(_) => panic!("has a year"),
        };
        let limit = 1_704_067_200 * SECOND; // 2024-01-01 00:00 UTC
        assert_eq!(
            iso(at(b"Dec 31 23:59:59").resolve(limit, &zone).unwrap()),
            "2023-12-31T16:59:59.000000Z"
        );
        assert_eq!(
            iso(at(b"Jan  1 06:59:59").resolve(limit, &zone).unwrap()),
            "2023-12-31T23:59:59.000000Z"
        );
        assert_eq!(
            iso(at(b"Jan  1 08:00:00").resolve(limit, &zone).unwrap()),
            "2023-01-01T01:00:00.000000Z"
        );
        assert_eq!(
            iso(at(b"Feb 29 08:00:00").resolve(limit, &zone).unwrap()),
            "2020-02-29T01:00:00.000000Z"
        );
    }
}
