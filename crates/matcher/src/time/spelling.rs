//! Times and dates as the wire spells them: ISO 8601, in UTC.
use super::calendar::{DAY, SECOND, day_number, utc};

/// ISO 8601 UTC with six decimals and `Z`.
pub fn iso(micros: i64) -> String {
    let mut out = day(day_number(micros));
    out.extend(clock(micros).map(char::from));
    out
}

fn put(out: &mut [u8], mut value: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// What follows the date in `iso`.
pub fn clock(micros: i64) -> [u8; 17] {
    let mut out = *b"T00:00:00.000000Z";
    let within = micros.rem_euclid(DAY);
    let (seconds, micros) = ((within / SECOND) as u32, (within % SECOND) as u32);
    let pairs = [
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        micros / 10_000,
        micros / 100 % 100,
        micros % 100,
    ];
    for (at, pair) in [1, 4, 7, 10, 12, 14].into_iter().zip(pairs) {
        out[at] += (pair / 10) as u8;
        out[at + 1] += (pair % 10) as u8;
    }
    out
}

/// The UTC date of that day.
pub fn day(number: i32) -> String {
    let date = utc(i64::from(number) * DAY);
    let mut out = *b"0000-00-00";
    put(&mut out[..4], date.year().unsigned_abs().into());
    put(&mut out[5..7], date.month().unsigned_abs().into());
    put(&mut out[8..], date.day().unsigned_abs().into());
    out.map(char::from).iter().collect()
}
