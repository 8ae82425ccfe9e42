//! Times as most logs spell them: seconds since 1970, ISO 8601, RFC 3164 and ctime.
use jiff::tz::TimeZone;

use super::calendar::{SECOND, local};
use super::digits::{digits, is_word, micros, month, number, run_of_digits};
use super::moment::{Moment, Value};
use super::yearless::Yearless;
use super::zones::named;

pub(super) fn epoch(text: &[u8]) -> Option<Moment> {
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

pub(super) fn digit(text: &[u8], at: usize) -> Option<i64> {
    let digit = text.get(at)?.wrapping_sub(b'0');
    (digit < 10).then_some(i64::from(digit))
}

pub(super) fn epoch_micros(text: &[u8]) -> Option<Moment> {
    let long = (12..=17).contains(&text.len()) && run_of_digits(text) == text.len();
    Some(Moment {
        value: Value::Known(long.then(|| number(text))?),
        local: false,
    })
}

/// The time that the whole text spells.
pub(super) fn whole_iso8601(text: &[u8], zone: &TimeZone) -> Option<Moment> {
    let (moment, used) = iso8601(text, zone)?;
    // The zone is optional, so a shorter reading may be tried: it never ends the text then.
    (used == text.len()).then_some(moment).flatten()
}

/// The zone that a time of ISO 8601 states: its offset, `Z`, or the name of a zone behind it.
pub fn stated_zone(text: &[u8]) -> Option<TimeZone> {
    let word = text
        .iter()
        .rposition(|b| *b == b' ')
        .map(|i| &text[i + 1..]);
    if let Some(own) = word.and_then(named) {
        return Some(TimeZone::fixed(own));
    }
    let known = |text: &[u8], is_local: bool| match whole_iso8601(text, &TimeZone::UTC)? {
        Moment {
            value: Value::Known(at),
            local,
        } if local == is_local => Some(at.div_euclid(SECOND)),
        _ => None,
    };
    // What the clock shows, less the moment.
    let seconds = known(text.get(..19)?, true)? - known(text, false)?;
    let offset = jiff::tz::Offset::from_seconds(i32::try_from(seconds).ok()?).ok()?;
    Some(TimeZone::fixed(offset))
}

/// Reads a time at the start of the text: the moment (None if a part is out of range) and the bytes it took.
pub(super) fn iso8601(text: &[u8], zone: &TimeZone) -> Option<(Option<Moment>, usize)> {
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

/// `Mmm dd hh:mm:ss` at the start: month, day, hour, minute, second, each as written; 15 bytes.
pub(super) fn without_year(text: &[u8]) -> Option<(Option<i32>, [i32; 4])> {
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

pub(super) fn syslog(text: &[u8]) -> Option<(Option<Moment>, usize)> {
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

pub(super) fn ctime(text: &[u8], zone: &TimeZone) -> Option<Moment> {
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
