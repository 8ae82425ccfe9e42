//! Times as network devices spell them.
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::calendar::local;
use super::digits::{MONTHS, digits, is_word, micros, month, run_of_digits};
use super::moment::{Moment, Value};
use super::standard::{iso8601, syslog};
use super::yearless::Yearless;
use super::zones::named;

/// Whole seconds, milliseconds, microseconds or nanoseconds; the number of digits decides.
pub fn epoch_auto(text: &[u8]) -> Option<Moment> {
    if text.is_empty() || text.len() > 20 || run_of_digits(text) != text.len() {
        return None;
    }
    let number: i128 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let micros = match text.len() {
        ..=11 => number * 1_000_000,
        12..=14 => number * 1000,
        15..=17 => number,
        _ => number / 1000,
    };
    Some(Moment {
        value: Value::Known(i64::try_from(micros).ok()?),
        local: false,
    })
}

/// `hh:mm:ss` at the start.
fn clock(text: &[u8]) -> Option<[i32; 3]> {
    if text.get(2) != Some(&b':') || text.get(5) != Some(&b':') {
        return None;
    }
    Some([
        digits(text, 0, 2)?,
        digits(text, 3, 2)?,
        digits(text, 6, 2)?,
    ])
}

/// `hh:mm:ss`, then decimals or nothing.
fn clock_and_decimals(text: &[u8]) -> Option<([i32; 3], i64)> {
    let clock = clock(text)?;
    let decimals = match text.get(8..)? {
        [] => &[][..],
        [b'.', rest @ ..] if !rest.is_empty() && run_of_digits(rest) == rest.len() => rest,
        _ => return None,
    };
    Some((clock, micros(decimals)))
}

fn dated(
    [y, mo, d]: [i32; 3],
    [h, mi, s]: [i32; 3],
    micros: i64,
    zone: &TimeZone,
) -> Option<Moment> {
    Some(Moment {
        value: Value::Known(local(y, mo, d, h, mi, s, micros, zone)?),
        local: true,
    })
}

/// `YYYY/MM/DD hh:mm:ss`, optional decimals.
pub fn slash(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    if text.get(4) != Some(&b'/') || text.get(7) != Some(&b'/') || text.get(10) != Some(&b' ') {
        return None;
    }
    let date = [
        digits(text, 0, 4)?,
        digits(text, 5, 2)?,
        digits(text, 8, 2)?,
    ];
    let (clock, micros) = clock_and_decimals(&text[11..])?;
    dated(date, clock, micros, zone)
}

/// `Mmm dd YYYY hh:mm:ss` or `YYYY Mmm dd hh:mm:ss`, the day padded by a space or a zero, optional decimals, then optionally a space and
/// a zone: a name that has one meaning in every log, or an offset (Java's `z` and `Z`). The year may be missing.
pub fn asa(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    let Some((text, own)) = zoned(text) else {
        return month_first(text, zone).or_else(|| bare(text));
    };
    let own = TimeZone::fixed(own?);
    if let Some(moment) = month_first(text, &own) {
        return Some(Moment {
            local: false,
            ..moment
        });
    }
    match bare(text)?.value {
        Value::Yearless(time) => moved(time, &own, zone),
        Value::Known(_) => None,
    }
}

/// `Mmm dd hh:mm:ss`, optional decimals.
fn bare(text: &[u8]) -> Option<Moment> {
    let (moment, used) = syslog(text)?;
    let decimals = &text[used..];
    let whole = match decimals {
        [] => true,
        [b'.', rest @ ..] => !rest.is_empty() && run_of_digits(rest) == rest.len(),
        _ => false,
    };
    moment.filter(|_| whole)
}

/// A time without a year of a zone that the line names, by the clock of `zone`: as in a year of 365 days.
pub(super) fn moved(time: Yearless, own: &TimeZone, zone: &TimeZone) -> Option<Moment> {
    let is_leap_day = (time.month, time.day) == (2, 29);
    let micros = time.in_year(if is_leap_day { 2024 } else { 2025 }, own)?;
    let there = Timestamp::from_microsecond(micros)
        .ok()?
        .to_zoned(zone.clone());
    Some(Moment {
        value: Value::Yearless(Yearless {
            month: there.month(),
            day: there.day(),
            hour: there.hour(),
            minute: there.minute(),
            second: there.second(),
        }),
        local: false,
    })
}

/// What stands before the zone, and its offset (None: out of range); None where there is no zone.
fn zoned(text: &[u8]) -> Option<(&[u8], Option<Offset>)> {
    let space = text.iter().rposition(|b| *b == b' ')?;
    let (before, word) = (&text[..space], &text[space + 1..]);
    if (1..=5).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase) {
        return Some((before, named(word)));
    }
    let offset = [&b"GMT"[..], b"UTC"]
        .iter()
        .find_map(|name| word.strip_prefix(*name))
        .unwrap_or(word);
    let (sign, rest) = offset.split_first()?;
    let minutes_at = 2 + usize::from(rest.get(2) == Some(&b':'));
    if !matches!(sign, b'+' | b'-') || rest.len() != minutes_at + 2 {
        return None;
    }
    let (hours, minutes) = (digits(rest, 0, 2)?, digits(rest, minutes_at, 2)?);
    let seconds = (hours * 60 + minutes) * 60;
    let signed = if *sign == b'-' { -seconds } else { seconds };
    let is_offset = hours <= 23 && minutes <= 59;
    Some((
        before,
        is_offset
            .then(|| Offset::from_seconds(signed).ok())
            .flatten(),
    ))
}

/// `YYYY:MM:DD-hh:mm:ss`, with a space where a syslog server took the year for the name of a program.
pub fn sophos(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    let rest = text.get(4..)?.strip_prefix(b":")?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    if rest.len() != 14 || rest[2] != b':' || rest[5] != b'-' {
        return None;
    }
    let date = [
        digits(text, 0, 4)?,
        digits(rest, 0, 2)?,
        digits(rest, 3, 2)?,
    ];
    dated(date, clock(&rest[6..])?, 0, zone)
}

fn month_first(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    // NX-OS puts the year first.
    let is_before = text.first().is_some_and(u8::is_ascii_digit);
    let (year_at, month_at, clock_at) = if is_before { (0, 5, 12) } else { (7, 0, 12) };
    let date = text.get(month_at..)?;
    let is_space = |i: usize| text.get(i) == Some(&b' ');
    if !is_word(date)
        || ![month_at + 3, month_at + 6, year_at + 4]
            .into_iter()
            .all(is_space)
    {
        return None;
    }
    let day = if date[4] == b' ' {
        digits(date, 5, 1)?
    } else {
        digits(date, 4, 2)?
    };
    let (clock, micros) = clock_and_decimals(&text[clock_at..])?;
    let date = [digits(text, year_at, 4)?, month(date)?, day];
    dated(date, clock, micros, zone)
}

/// ISO 8601 with the name of a zone behind a space.
pub fn utc(text: &[u8]) -> Option<Moment> {
    let space = text.iter().rposition(|b| *b == b' ')?;
    let own = TimeZone::fixed(named(&text[space + 1..])?);
    let text = &text[..space];
    let (moment, used) = iso8601(text, &own)?;
    let moment = moment.filter(|m| used == text.len() && m.local)?;
    Some(Moment {
        local: false,
        ..moment
    })
}

/// `mmm/dd hh:mm:ss` or `mmm/dd/YYYY hh:mm:ss`, the month in any case.
pub fn routeros(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    let name = text.get(..3)?;
    if !name.iter().all(u8::is_ascii_alphabetic) || text.get(3) != Some(&b'/') {
        return None;
    }
    let month = 1 + MONTHS.iter().position(|m| m.eq_ignore_ascii_case(name))?;
    let day = digits(text, 4, 2)?;
    if text.get(6) == Some(&b'/') {
        if text.len() != 20 || text[11] != b' ' {
            return None;
        }
        let date = [digits(text, 7, 4)?, month as i32, day];
        return dated(date, clock(&text[12..])?, 0, zone);
    }
    if text.len() != 15 || text[6] != b' ' {
        return None;
    }
    let spelled = [&MONTHS[month - 1][..], b" ", &text[4..]].concat();
    syslog(&spelled)?.0
}

/// `MM/DD/YYYY-hh:mm:ss` or `MM/DD/YY-hh:mm:ss`, or `MM/DD-hh:mm:ss` without a year; optional decimals.
pub fn snort(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    let dash = text.iter().position(|b| *b == b'-')?;
    if text.get(2) != Some(&b'/') {
        return None;
    }
    let (month, day) = (digits(text, 0, 2)?, digits(text, 3, 2)?);
    let (clock, micros) = clock_and_decimals(&text[dash + 1..])?;
    let year = match (dash, text[5]) {
        (5, _) => None,
        (8, b'/') => Some(2000 + digits(text, 6, 2)?),
        (10, b'/') => Some(digits(text, 6, 4)?),
        _ => return None,
    };
    if let Some(year) = year {
        return dated([year, month, day], clock, micros, zone);
    }
    let name = MONTHS.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    syslog(&[&name[..], b" ", &text[3..5], b" ", &text[6..14]].concat())?.0
}
