//! Times without a year.
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::calendar::{local, year_of};

/// A time without a year (RFC 3164 4.1.2); its year is found at the end of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Yearless {
    pub month: i8,
    pub day: i8,
    pub hour: i8,
    pub minute: i8,
    pub second: i8,
}

impl Yearless {
    pub fn second_of_day(self) -> i64 {
        let minutes = i64::from(self.hour) * 60 + i64::from(self.minute);
        minutes * 60 + i64::from(self.second)
    }

    /// At this second of the same day.
    pub fn at(self, second: i64) -> Yearless {
        Yearless {
            hour: (second / 3600) as i8,
            minute: (second / 60 % 60) as i8,
            second: (second % 60) as i8,
            ..self
        }
    }

    /// Microseconds in the latest year that puts the time no later than `latest`.
    pub fn resolve(self, latest: i64, zone: &TimeZone) -> Option<i64> {
        let year = year_of(latest) + 1;
        (0..12)
            .map(|back| year - back)
            .take_while(|&y| y > 0)
            .find_map(|y| self.in_year(y, zone).filter(|&m| m <= latest))
    }

    pub fn in_year(self, year: i32, zone: &TimeZone) -> Option<i64> {
        let parts = [self.month, self.day, self.hour, self.minute, self.second];
        let [month, day, hour, minute, second] = parts.map(i32::from);
        local(year, month, day, hour, minute, second, 0, zone)
    }
}
