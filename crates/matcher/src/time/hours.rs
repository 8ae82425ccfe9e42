//! Lines of a source in each hour, and the hours of machines that are asked about (docs/contract.md 4).
//!
//! Threads and parts add their counts in any order. A piece of the source needs the hour in which the piece before it ends,
//! so pieces join where they meet.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use crate::time::years::Years;
use crate::time::{self, SECOND, Value, Yearless};

pub const HOUR: i64 = 3600 * SECOND;
const OF_DAY: i64 = 24;
/// Quarters of an hour of a day.
const QUARTERS: i64 = OF_DAY * 4;
/// Days of one source: a source of more days tells none.
const MOST_DAYS: usize = 4_000;
const MOST_HOURS: usize = MOST_DAYS * 24 + 366 * 24 * 4;
/// In seconds. A greater step back without a year leads to the next year.
/// Of twelve months of 31 days, which keeps the order of dates.
const YEAR: i64 = 372 * 86_400;
const HALF_A_YEAR: i64 = YEAR / 2;
/// Before the first hour of any year: hours of dates without a year, in quarters.
const YEARLESS: i64 = -(1 << 40) * QUARTERS;

/// An hour of UTC since 1970. Of a time without a year the quarter of an hour of its clock, because a zone may be half
/// an hour off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hour(i64);

impl Hour {
    pub fn of(value: Value) -> Hour {
        match value {
            Value::Known(micros) => Hour(micros.div_euclid(HOUR)),
            Value::Yearless(y) => {
                let date = i64::from(y.month) << 5 | i64::from(y.day);
                let quarter = i64::from(y.hour) * 4 + i64::from(y.minute) / 15;
                Hour(YEARLESS + date * QUARTERS + quarter)
            }
        }
    }

    /// The day, by a number, and the place of the hour or quarter in it.
    fn of_day(self) -> (i64, u32) {
        let size = self.units();
        (self.0.div_euclid(size), self.0.rem_euclid(size) as u32)
    }

    fn units(self) -> i64 {
        if self.is_yearless() { QUARTERS } else { OF_DAY }
    }

    fn is_yearless(self) -> bool {
        self.0 < YEARLESS / 2
    }

    /// The hour of UTC; None where no year fits.
    fn known(self, years: &mut Years<'_>) -> Option<i64> {
        if !self.is_yearless() {
            return Some(self.0);
        }
        let rest = self.0 - YEARLESS;
        let (date, quarter) = (rest.div_euclid(QUARTERS), rest.rem_euclid(QUARTERS));
        let value = Value::Yearless(Yearless {
            month: (date >> 5) as i8,
            day: (date & 31) as i8,
            hour: (quarter / 4) as i8,
            minute: (quarter % 4 * 15) as i8,
            second: 0,
        });
        Some(years.resolve(value)?.div_euclid(HOUR))
    }
}

/// The least and the greatest of some times.
type Range = Option<(i64, i64)>;

/// Times without a year, in seconds. The next time is the nearer of the two years: no step is longer than half a year.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Clock {
    /// Seconds of the year.
    first: i64,
    last: i64,
    /// Behind the first time, over the years: the last, the least and the greatest.
    since: i64,
    least: i64,
    greatest: i64,
}

impl Clock {
    fn of(second: i64) -> Clock {
        Clock {
            first: second,
            last: second,
            since: 0,
            least: 0,
            greatest: 0,
        }
    }

    /// Both, and the seconds by which the later go back behind the greatest of these.
    fn join(self, later: Clock) -> (Clock, i64) {
        let step = later.first - self.last;
        let begin = self.since + HALF_A_YEAR - (HALF_A_YEAR - step).rem_euclid(YEAR);
        let whole = Clock {
            first: self.first,
            last: later.last,
            since: begin + later.since,
            least: self.least.min(begin + later.least),
            greatest: self.greatest.max(begin + later.greatest),
        };
        (whole, self.greatest - (begin + later.least))
    }
}

/// Whether times come in order: none is an hour or more before one that came earlier.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Order {
    pub is_broken: bool,
    /// In microseconds.
    known: Range,
    yearless: Option<Clock>,
}

impl Order {
    pub fn of(value: Value) -> Order {
        let mut order = Order::default();
        match value {
            Value::Known(micros) => order.known = Some((micros, micros)),
            Value::Yearless(y) => {
                let days = i64::from(y.month) * 31 + i64::from(y.day);
                order.yearless = Some(Clock::of(days * 86_400 + y.second_of_day()));
            }
        }
        order
    }

    pub fn add(&mut self, value: Value) {
        self.join(&Order::of(value));
    }

    /// Adds the times that come behind these.
    pub fn join(&mut self, later: &Order) {
        self.is_broken |= later.is_broken;
        self.known = match (self.known, later.known) {
            (Some(a), Some(b)) => {
                self.is_broken |= a.1 - b.0 >= HOUR;
                Some((a.0.min(b.0), a.1.max(b.1)))
            }
            _ => self.known.or(later.known),
        };
        self.yearless = match (self.yearless, later.yearless) {
            (Some(a), Some(b)) => {
                let (whole, back) = a.join(b);
                self.is_broken |= back >= 3600;
                Some(whole)
            }
            _ => self.yearless.or(later.yearless),
        };
    }
}

/// A piece of the source: what the pieces before and behind it must know.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Piece {
    /// The byte behind its last line.
    pub end: u64,
    /// Lines before its first time: they count with the line before. Machines that these lines name, by number.
    pub before: u64,
    pub seen_before: BTreeSet<u32>,
    pub first: Option<Hour>,
    pub last: Option<Hour>,
    pub order: Order,
}

/// The hours in which a machine was seen, by its number and the day: a bit for each hour, or quarter of an hour.
type Seen = HashMap<(u32, i64), u128, RandomState>;

/// What was counted so far.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Hours {
    counts: BTreeMap<Hour, u64>,
    #[serde(with = "as_list")]
    seen: Seen,
    /// By their first bytes.
    pieces: BTreeMap<u64, Piece>,
}

mod as_list {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Seen;

    pub fn serialize<S: Serializer>(seen: &Seen, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(seen.iter().map(|((machine, day), hours)| {
            let halves = (*hours as u64, (*hours >> 64) as u64);
            (machine, day, halves)
        }))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Seen, D::Error> {
        let all: Vec<(u32, i64, (u64, u64))> = Deserialize::deserialize(from)?;
        let whole = |(low, high): (u64, u64)| u128::from(high) << 64 | u128::from(low);
        let all = all.into_iter();
        Ok(all
            .map(|(machine, day, hours)| ((machine, day), whole(hours)))
            .collect())
    }
}

/// The answer: lines of each hour by day, what `order` says, and for each machine and day a bit for each hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub lines: BTreeMap<String, [u64; 24]>,
    pub order: &'static str,
    pub alive: BTreeMap<u32, BTreeMap<String, u32>>,
    /// There are more machines and days than may be told, so none is.
    pub is_too_many: bool,
}

impl Hours {
    pub fn count(&mut self, hour: Hour, lines: u64) {
        if lines > 0 && (self.counts.len() <= MOST_HOURS || self.counts.contains_key(&hour)) {
            *self.counts.entry(hour).or_default() += lines;
        }
    }

    /// Notes that a machine was seen; nothing more beyond `most` machines and days.
    pub fn see(&mut self, machine: u32, hour: Hour, most: usize) {
        let (day, at) = hour.of_day();
        if self.seen.len() <= most {
            *self.seen.entry((machine, day)).or_default() |= 1 << at;
        }
    }

    /// Adds a piece, whose lines with an hour are counted by themselves, and joins it with those that it touches.
    pub fn add_piece(&mut self, start: u64, piece: Piece, most: usize) {
        let (mut start, mut piece) = (start, piece);
        if let Some((&before, known)) = self.pieces.range(..start).next_back()
            && known.end == start
            && let Some(mut earlier) = self.pieces.remove(&before)
        {
            self.join(&mut earlier, piece, most);
            (start, piece) = (before, earlier);
        }
        if let Some(later) = self.pieces.remove(&piece.end) {
            self.join(&mut piece, later, most);
        }
        self.pieces.insert(start, piece);
    }

    fn join(&mut self, piece: &mut Piece, later: Piece, most: usize) {
        match piece.last {
            Some(hour) => {
                self.count(hour, later.before);
                for machine in later.seen_before {
                    self.see(machine, hour, most);
                }
            }
            None => {
                piece.before += later.before;
                piece.seen_before.extend(later.seen_before);
            }
        }
        piece.end = later.end;
        piece.first = piece.first.or(later.first);
        piece.last = later.last.or(piece.last);
        piece.order.join(&later.order);
    }

    /// Adds what another part of the source counted.
    pub fn absorb(&mut self, other: Hours, most: usize) {
        for (hour, lines) in other.counts {
            self.count(hour, lines);
        }
        for (key, hours) in other.seen {
            if self.seen.len() <= most {
                *self.seen.entry(key).or_default() |= hours;
            }
        }
        for (start, piece) in other.pieces {
            self.add_piece(start, piece, most);
        }
    }

    /// Puts the piece of the lines before, an answer of `whole`, in front of all pieces.
    pub fn precede(&mut self, earlier: Piece, most: usize) {
        let mut whole = earlier;
        for piece in std::mem::take(&mut self.pieces).into_values() {
            self.join(&mut whole, piece, most);
        }
        self.pieces.insert(0, whole);
    }

    /// Joins all pieces. What comes behind them in the source must know the answer; lines that have found an hour are not
    /// in it.
    pub fn whole(&mut self, most: usize) -> Piece {
        self.precede(Piece::default(), most);
        let mut whole = self.pieces.get(&0).cloned().unwrap_or_default();
        if whole.first.is_some() {
            whole.before = 0;
            whole.seen_before.clear();
        }
        whole
    }

    pub fn told(mut self, years: &mut Years<'_>, most: usize) -> Told {
        self.precede(Piece::default(), most);
        let mut whole = self.pieces.remove(&0).unwrap_or_default();
        let mut told = Told::default();
        let Some(first) = whole.first else {
            return told;
        };
        self.count(first, whole.before);
        for machine in std::mem::take(&mut whole.seen_before) {
            self.see(machine, first, most);
        }
        told.order = if whole.order.is_broken {
            "broken"
        } else {
            "kept"
        };
        for (&hour, lines) in &self.counts {
            if let Some(hour) = hour.known(years) {
                let (day, at) = Hour(hour).of_day();
                told.lines.entry(time::day(day as i32)).or_default()[at as usize] += lines;
            }
        }
        if told.lines.is_empty() {
            // No line has a time whose year is known.
            return Told::default();
        }
        if self.counts.len() > MOST_HOURS || told.lines.len() > MOST_DAYS {
            told.lines.clear();
            told.order = "broken";
        }
        if self.seen.len() > most {
            told.is_too_many = true;
            return told;
        }
        for (&(machine, day), hours) in &self.seen {
            let units = if day < YEARLESS / 2 / QUARTERS {
                QUARTERS
            } else {
                OF_DAY
            };
            for at in (0..units).filter(|at| hours >> at & 1 == 1) {
                if let Some(hour) = Hour(day * units + at).known(years) {
                    let (day, at) = Hour(hour).of_day();
                    let days = told.alive.entry(machine).or_default();
                    *days.entry(time::day(day as i32)).or_default() |= 1 << at;
                }
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Value {
        Value::Known(hour * HOUR)
    }

    fn piece(before: u64, hours: &[i64], end: u64) -> Piece {
        let mut order = Order::default();
        hours.iter().for_each(|hour| order.add(at(*hour)));
        let [first, last] = [hours.first(), hours.last()].map(|h| h.map(|h| Hour::of(at(*h))));
        Piece {
            end,
            before,
            seen_before: (0..before as u32).collect(),
            first,
            last,
            order,
        }
    }

    #[test]
    fn pieces_join_in_any_order() {
        let zone = time::zone("UTC").unwrap();
        let pieces = [
            (0, piece(2, &[], 10)),
            (10, piece(1, &[5, 6], 20)),
            (20, piece(3, &[], 30)),
            (30, piece(1, &[7], 40)),
        ];
        for order in [
            [0, 1, 2, 3],
            [3, 2, 1, 0],
            [0, 2, 1, 3],
            [1, 3, 0, 2],
            [2, 0, 3, 1],
        ] {
            let mut hours = Hours::default();
            for at in order {
                let (start, piece) = &pieces[at];
                hours.add_piece(*start, piece.clone(), 100);
            }
            let text = serde_json::to_string(&hours).unwrap();
            let again: Hours = serde_json::from_str(&text).unwrap();
            for hours in [hours, again] {
                let told = hours.told(&mut Years::new(None, &zone), 100);
                let day = told.lines["1970-01-01"];
                assert_eq!((day[5], day[6], day[7]), (3, 4, 0));
                assert_eq!(told.order, "kept");
                let masks: Vec<u32> = told.alive.values().map(|d| d["1970-01-01"]).collect();
                assert_eq!(masks, [0b110_0000, 0b110_0000, 0b100_0000]);
            }
        }
    }

    #[test]
    fn an_hour_back_breaks_the_order_wherever_it_lies() {
        let mut order = Order::of(at(9));
        order.add(Value::Known(8 * HOUR + 1));
        assert!(!order.is_broken);
        order.add(at(8));
        assert!(order.is_broken);
        let date = |month, day, hour| {
            Order::of(Value::Yearless(Yearless {
                month,
                day,
                hour,
                minute: 0,
                second: 0,
            }))
        };
        let mut order = date(12, 31, 23);
        order.join(&date(1, 1, 0));
        assert!(!order.is_broken);
        order.join(&date(12, 31, 22));
        assert!(order.is_broken);
        // However its pieces are joined.
        let mut later = date(9, 16, 6);
        later.join(&date(1, 1, 0));
        let mut order = date(9, 16, 11);
        order.join(&later);
        assert!(order.is_broken);
    }
}
