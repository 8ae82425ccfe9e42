//! Times of log lines as whole microseconds since 1970 UTC, never binary floats (docs/log-formats.md 4).
pub(crate) mod bucket;
mod calendar;
mod device;
mod digits;
pub(crate) mod hours;
pub(crate) mod midnights;
mod moment;
mod servers;
mod spelling;
mod standard;
mod stated;
pub(crate) mod timeline;
pub(crate) mod when;
mod yearless;
pub(crate) mod years;
pub(crate) mod zones;

use jiff::tz::TimeZone;

use crate::error::Error;
pub use calendar::{DAY, SECOND, YEAR_2000, day_number};
pub(crate) use digits::{micros as decimals, month as month_number};
pub use moment::{Moment, Value, resolve};
pub use spelling::{clock, day, iso};
pub(crate) use standard::stated_zone;
use standard::{ctime, epoch, epoch_micros, syslog, whole_iso8601};
pub(crate) use stated::{Parts, is_near};
pub use yearless::Yearless;

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
    AsaUtc,
    Bind,
    BindUtc,
    CheckPoint,
    CommonLog,
    Windows,
    UsUtc,
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
            "asa_utc" => TimeKind::AsaUtc,
            "bind_utc" => TimeKind::BindUtc,
            "checkpoint" => TimeKind::CheckPoint,
            "clf" => TimeKind::CommonLog,
            "windows" => TimeKind::Windows,
            "us_utc" => TimeKind::UsUtc,
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
        TimeKind::Iso8601 => whole_iso8601(text, zone),
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
        TimeKind::AsaUtc => device::asa(text, &TimeZone::UTC).and_then(dated_in_utc),
        TimeKind::BindUtc => servers::bind(text, &TimeZone::UTC).and_then(dated_in_utc),
        TimeKind::CheckPoint => servers::checkpoint(text, zone),
        TimeKind::CommonLog => servers::common_log(text, zone),
        TimeKind::Windows => servers::windows(text, zone),
        TimeKind::UsUtc => servers::us_utc(text),
    })
}

/// A time that was read as UTC; one without its year is none.
fn dated_in_utc(moment: Moment) -> Option<Moment> {
    matches!(moment.value, Value::Known(_)).then_some(Moment {
        local: false,
        ..moment
    })
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
