//! The times of a zone's clock at which the day of UTC changes: times without a year are counted between two of these.
use jiff::Timestamp;
use jiff::tz::TimeZone;
use smallvec::SmallVec;

use crate::time::{self, SECOND, Yearless};

/// Seconds of a day.
const DAY: i64 = time::DAY / SECOND;
/// 2100-01-01: from then on a zone's clock only repeats what it did before.
const AFTER_ALL: i64 = 4_102_444_800;

/// The seconds of a clock's day at which another day of UTC may begin in some year, or a clock be put forward or back. They
/// part that day so that all times of one part, put into the same year, are of one UTC day, in their order,
/// and as far apart as on the clock.
///
/// A zone has few, its oldest offsets and its summer time among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Midnights(SmallVec<[i64; 8]>);

impl Midnights {
    pub fn of(zone: &TimeZone) -> Midnights {
        let mut offset = i64::from(zone.to_offset(Timestamp::MIN).seconds());
        let mut found = SmallVec::from_iter([offset.rem_euclid(DAY)]);
        for change in zone.following(Timestamp::MIN) {
            let at = change.timestamp().as_second();
            if at >= AFTER_ALL {
                break;
            }
            let later = i64::from(change.offset().seconds());
            found.push(later.rem_euclid(DAY));
            // Times that do not exist or exist twice have the offset before the change: it ends here on the clock. On
            // both sides of it the order of times is another, or the day, or the time that lies between two of them.
            found.push((at + offset.max(later)).rem_euclid(DAY));
            offset = later;
        }
        found.sort_unstable();
        found.dedup();
        found.retain(|at| *at != 0);
        Midnights(found)
    }

    /// The part of the day in which a time lies.
    pub fn part(&self, time: Yearless) -> u8 {
        let second = time.second_of_day();
        self.0.iter().map(|at| u8::from(*at <= second)).sum()
    }

    /// The first and the last second of a part.
    pub fn bounds(&self, part: u8) -> [i64; 2] {
        let part = usize::from(part);
        let begin = part.checked_sub(1).and_then(|before| self.0.get(before));
        let end = self.0.get(part).copied().unwrap_or(DAY);
        [begin.copied().unwrap_or(0), end - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_one_part_are_of_one_day_and_in_order() {
        let zones = [
            "Asia/Ho_Chi_Minh",
            "UTC",
            "Europe/Berlin",
            "Pacific/Apia",
            "Africa/Monrovia",
        ];
        for name in zones {
            let zone = time::zone(name).unwrap();
            let midnights = Midnights::of(&zone);
            let date = Yearless {
                month: 1,
                day: 1,
                hour: 0,
                minute: 0,
                second: 0,
            };
            let dates = (1..=12).flat_map(|month| (1..=31).map(move |day| (month, day)));
            for ((month, day), year) in dates.flat_map(|date| (1900..2040).map(move |y| (date, y)))
            {
                let at = |second| {
                    let time = Yearless { month, day, ..date }.at(second);
                    time.in_year(year, &zone)
                };
                for part in 0..=midnights.0.len() as u8 {
                    let [first, last] = midnights.bounds(part);
                    assert_eq!(midnights.part(date.at(first)), part);
                    assert_eq!(midnights.part(date.at(last)), part);
                    let times = [first, (first + last) / 2, last].map(at);
                    assert!(times.is_sorted(), "{name} {year}-{month}-{day} {times:?}");
                    if let [Some(begin), _, Some(end)] = times {
                        assert_eq!(
                            end - begin,
                            (last - first) * SECOND,
                            "{name} {year}-{month}-{day}"
                        );
                    }
                    let [first, _, last] = times.map(|at| at.map(time::day_number));
                    assert_eq!(first, last, "{name} {year}-{month}-{day}");
                }
            }
        }
    }
}
