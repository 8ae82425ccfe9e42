//! The years of times that carry none, remembered by the minute.
use std::collections::HashMap;

use foldhash::fast::RandomState;
use jiff::tz::TimeZone;

use crate::rows::{bucket, resolve};
use crate::time::{SECOND, Value, Yearless};

/// Finds the same as `resolve`, sooner.
pub struct Years<'a> {
    latest: Option<i64>,
    zone: &'a TimeZone,
    /// The first second of a minute, where its last lies as much later as on the clock: so the same year fits all
    /// of it and the zone's offset does not change in it. None where each second must be asked for.
    minutes: HashMap<u32, Option<i64>, RandomState>,
}

impl<'a> Years<'a> {
    /// Times are no later than `latest`.
    pub fn new(latest: Option<i64>, zone: &'a TimeZone) -> Self {
        Years {
            latest,
            zone,
            minutes: HashMap::default(),
        }
    }

    pub fn resolve(&mut self, value: Value) -> Option<i64> {
        let Value::Yearless(time) = value else {
            return resolve(value, self.latest, self.zone);
        };
        let at = |second| {
            resolve(
                Value::Yearless(Yearless { second, ..time }),
                self.latest,
                self.zone,
            )
        };
        let minute = self
            .minutes
            .entry(bucket(Some(value)).packed())
            .or_insert_with(|| {
                let (first, last) = (at(0)?, at(59)?);
                (last - first == 59 * SECOND).then_some(first)
            });
        match minute {
            Some(first) => Some(*first + i64::from(time.second) * SECOND),
            None => at(time.second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_is_found() {
        let zone = crate::time::zone("Europe/Berlin").unwrap();
        // Within a minute, and while a clock goes back.
        for latest in [
            None,
            Some(1_711_846_830 * SECOND),
            Some(1_698_541_229 * SECOND),
        ] {
            let mut years = Years::new(latest, &zone);
            for (month, day, hour) in [
                (3, 31, 2),
                (3, 31, 3),
                (10, 29, 2),
                (10, 29, 3),
                (2, 29, 1),
                (2, 30, 1),
            ] {
                for (minute, second) in [(0, 0), (0, 29), (0, 30), (0, 31), (59, 0), (59, 59)] {
                    let value = Value::Yearless(Yearless {
                        month,
                        day,
                        hour,
                        minute,
                        second,
                    });
                    assert_eq!(
                        years.resolve(value),
                        resolve(value, latest, &zone),
                        "{value:?}"
                    );
                }
            }
        }
    }
}
