//! A time whose parts and zone were found one by one in a line.
use jiff::tz::{Offset, TimeZone};

use super::calendar::{DAY, local, year_of};
use super::device::moved;
use super::moment::{Moment, Value};
use super::yearless::Yearless;

/// The parts of a time, as the line shows them.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    pub year: Option<i32>,
    pub month: i32,
    pub day: i32,
    pub clock: [i32; 3],
    pub micros: i64,
}

impl Parts {
    /// The time, by the zone that the line states, else by `zone`; None where no clock shows it.
    pub fn moment(self, own: Option<Offset>, zone: &TimeZone) -> Option<Moment> {
        let own = own.map(TimeZone::fixed);
        let [hour, minute, second] = self.clock;
        if let Some(year) = self.year {
            let by = own.as_ref().unwrap_or(zone);
            let at = local(
                year,
                self.month,
                self.day,
                hour,
                minute,
                second,
                self.micros,
                by,
            );
            return Some(Moment {
                value: Value::Known(at?),
                local: own.is_none(),
            });
        }
        let is_time = (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && hour < 24
            && minute < 60
            && second <= 60;
        let bare = is_time.then(|| Yearless {
            month: self.month as i8,
            day: self.day as i8,
            hour: hour as i8,
            minute: minute as i8,
            second: second.min(59) as i8,
        })?;
        match own {
            Some(own) => moved(bare, &own, zone),
            None => Some(Moment {
                value: Value::Yearless(bare),
                local: true,
            }),
        }
    }
}

/// Whether a time with a year lies within a day of one without: the same event, told twice.
pub fn is_near(bare: Yearless, other: Moment, zone: &TimeZone) -> bool {
    match other.value {
        Value::Known(at) => bare
            .in_year(year_of(at), zone)
            .is_some_and(|value| (value - at).abs() <= DAY),
        Value::Yearless(_) => false,
    }
}
