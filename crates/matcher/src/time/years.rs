//! The years of times that carry none: found once for each part of a day, then remembered.
use std::collections::HashMap;
use std::ops::RangeInclusive;

use foldhash::fast::RandomState;
use jiff::tz::TimeZone;

use crate::time::bucket::bucket;
use crate::time::midnights::Midnights;
use crate::time::when::When;
use crate::time::{SECOND, Value, resolve};

/// Values of `When::hour_slot`.
const HOURS: usize = 256;

/// Finds the same as `resolve`, sooner.
pub struct Years<'a> {
    latest: Option<i64>,
    zone: &'a TimeZone,
    midnights: Midnights,
    /// The beginning of the day of a part, where its first and its last second lie as far from each other as on the clock:
    /// so the zone's offset does not change between them. None where each second must be asked for.
    parts: HashMap<u32, Option<i64>, RandomState>,
    /// Parts and the beginnings of their days, each where its hours stand.
    near: Vec<(RangeInclusive<When>, i64)>,
}

impl<'a> Years<'a> {
    /// Times are no later than `latest`.
    pub fn new(latest: Option<i64>, zone: &'a TimeZone) -> Self {
        Years {
            latest,
            zone,
            midnights: Midnights::of(zone),
            parts: HashMap::default(),
            near: vec![(When::NEVER..=When::NEVER, 0); HOURS],
        }
    }

    /// The same time with its year; never, where none fits.
    pub fn known(&mut self, when: When) -> When {
        let known = |micros| When::new(Some(Value::Known(micros)));
        let slot = when.hour_slot();
        let (times, begin) = &self.near[slot];
        if when.is_yearless() && times.contains(&when) {
            return known(*begin + when.second_of_day() * SECOND);
        }
        let Some(value @ Value::Yearless(time)) = when.value() else {
            return when;
        };
        let found = self.resolve(value);
        let part = self.parts.get(&bucket(Some(value), &self.midnights));
        if let Some(Some(begin)) = part {
            let ends = self.midnights.bounds(self.midnights.part(time));
            let [first, last] = ends.map(|at| When::new(Some(Value::Yearless(time.at(at)))));
            self.near[slot] = (first..=last, *begin);
        }
        found.map_or(When::NEVER, known)
    }

    pub fn resolve(&mut self, value: Value) -> Option<i64> {
        let Value::Yearless(time) = value else {
            return resolve(value, self.latest, self.zone);
        };
        let at = |second| resolve(Value::Yearless(time.at(second)), self.latest, self.zone);
        let part = self.parts.entry(bucket(Some(value), &self.midnights));
        let begin = part.or_insert_with(|| {
            let [first, last] = self.midnights.bounds(self.midnights.part(time));
            let (begin, end) = (at(first)?, at(last)?);
            (end - begin == (last - first) * SECOND).then_some(begin - first * SECOND)
        });
        let second = time.second_of_day();
        match begin {
            Some(begin) => Some(*begin + second * SECOND),
            None => at(second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Yearless;

    #[test]
    fn what_is_remembered_is_what_is_found() {
        let zone = crate::time::zone("Europe/Berlin").unwrap();
        // Within a part of a day, and while a clock goes back.
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
                    let want = resolve(value, latest, &zone);
                    assert_eq!(years.resolve(value), want, "{value:?}");
                    let when = When::new(Some(value));
                    for _ in 0..2 {
                        assert_eq!(years.known(when).micros(), want, "{value:?}");
                    }
                }
            }
        }
    }
}
