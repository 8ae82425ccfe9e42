//! Days, and local times in a zone.
use jiff::civil;
use jiff::tz::TimeZone;

pub const SECOND: i64 = 1_000_000;
pub const DAY: i64 = 86_400 * SECOND;
/// 2000-01-01 UTC: anything before is suspect.
pub const YEAR_2000: i64 = 946_684_800 * SECOND;

#[allow(clippy::too_many_arguments)]
pub(super) fn local(
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

pub(super) fn utc(micros: i64) -> civil::DateTime {
    let seconds = micros.div_euclid(SECOND);
    let stamp = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::tz::Offset::UTC.to_datetime(stamp)
}

pub(super) fn year_of(micros: i64) -> i32 {
    i32::from(utc(micros).year())
}

/// Days since 1970 of the UTC date.
pub fn day_number(micros: i64) -> i32 {
    micros.div_euclid(DAY) as i32
}
