//! The years of times that carry none, remembered by the quarter of an hour.
use std::collections::HashMap;

use foldhash::fast::RandomState;
use jiff::tz::TimeZone;

use crate::rows::{bucket, resolve};
use crate::time::{QUARTER, SECOND, Value, Yearless};

/// Finds the same as `resolve`, sooner.
pub struct Years<'a> {
    latest: Option<i64>,
    zone: &'a TimeZone,
    /// The first second of a quarter, where its last lies as much later as on the clock: so the same year fits all
    /// of it and the zone's offset does not change in it. None where each second must be asked for.
    quarters: HashMap<u32, Option<i64>, RandomState>,
}

impl<'a> Years<'a> {
    /// Times are no later than `latest`.
    pub fn new(latest: Option<i64>, zone: &'a TimeZone) -> Self {
        Years {
            latest,
            zone,
            quarters: HashMap::default(),
        }
    }

    pub fn resolve(&mut self, value: Value) -> Option<i64> {
        let Value::Yearless(time) = value else {
            return resolve(value, self.latest, self.zone);
        };
        let at = |minute, second| {
            let time = Yearless {
                minute,
                second,
                ..time
            };
            resolve(Value::Yearless(time), self.latest, self.zone)
        };
        let into = time.minute % 15;
        let begin = time.minute - into;
        let quarter = self
            .quarters
            .entry(bucket(Some(value)).packed())
            .or_insert_with(|| {
                let (first, last) = (at(begin, 0)?, at(begin + 14, 59)?);
                (last - first == QUARTER - SECOND).then_some(first)
            });
        match quarter {
            Some(first) => Some(*first + (i64::from(into) * 60 + i64::from(time.second)) * SECOND),
            None => at(time.minute, time.second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_is_found() {
        let zone = crate::time::zone("Europe/Berlin").unwrap();
        // Within a quarter, and while a clock goes back.
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
                for (minute, second) in [
                    (0, 0),
                    (0, 29),
                    (0, 30),
                    (0, 31),
                    (7, 8),
                    (14, 59),
                    (59, 59),
                ] {
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
