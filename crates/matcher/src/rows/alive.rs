//! The devices that were alive each day, within bounds.
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize, Serializer};

use crate::canonical::names::Host;
use crate::time::when::When;
use crate::time::years::Years;
use crate::time::{self, Value};

/// A day of UTC by its number, or a day of the zone's clock while its year is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Date {
    Utc(i32),
    Local { month: i8, day: i8 },
}

impl Date {
    fn of(value: Value) -> Date {
        match value {
            Value::Known(micros) => Date::Utc(time::day_number(micros)),
            Value::Yearless(y) => Date::Local {
                month: y.month,
                day: y.day,
            },
        }
    }
}

/// Devices by day, with the first and the last time of each: a clock's day lies in two days of UTC at most, and
/// these times say in which.
#[derive(Debug, Deserialize)]
#[serde(
    bound(deserialize = "D: Deserialize<'de> + Eq + Hash"),
    from = "Vec<(D, When, When)>"
)]
pub struct Alive<D> {
    seen: HashMap<(D, Date), (When, When), RandomState>,
}

impl<D> Default for Alive<D> {
    fn default() -> Self {
        Alive {
            seen: HashMap::default(),
        }
    }
}

impl<D: Eq + Hash> Alive<D> {
    /// The number of pairs of device and day.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    pub fn note(&mut self, device: D, value: Value) {
        let when = When::new(Some(value));
        self.widen((device, Date::of(value)), (when, when));
    }

    fn widen(&mut self, key: (D, Date), (first, last): (When, When)) {
        let known = self.seen.entry(key).or_insert((first, last));
        *known = (known.0.earlier(first), known.1.later(last));
    }

    /// Adds the devices of another thread or part.
    pub fn absorb(&mut self, other: Alive<D>) {
        for (key, times) in other.seen {
            self.widen(key, times);
        }
    }
}

impl Alive<Host> {
    /// The same with devices safe to show.
    pub fn shown(self) -> Alive<String> {
        let seen = self.seen.into_iter();
        seen.map(|((device, _), (first, last))| (device.shown(), first, last))
            .collect()
    }
}

impl<D: Eq + Hash> FromIterator<(D, When, When)> for Alive<D> {
    fn from_iter<T: IntoIterator<Item = (D, When, When)>>(all: T) -> Self {
        let mut alive = Alive::default();
        for (device, first, last) in all {
            if let Some(value) = first.value() {
                alive.widen((device, Date::of(value)), (first, last));
            }
        }
        alive
    }
}

impl<D: Eq + Hash> From<Vec<(D, When, When)>> for Alive<D> {
    fn from(all: Vec<(D, When, When)>) -> Self {
        all.into_iter().collect()
    }
}

impl Serialize for Alive<String> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let seen = self.seen.iter();
        out.collect_seq(seen.map(|((device, _), (first, last))| (device, first, last)))
    }
}

impl Alive<String> {
    /// The devices of each UTC day.
    pub fn days(self, years: &mut Years<'_>) -> BTreeMap<String, BTreeSet<String>> {
        let mut days: BTreeMap<i32, BTreeSet<String>> = BTreeMap::new();
        for ((device, _), (first, last)) in self.seen {
            let mut day = |when: When| Some(time::day_number(years.resolve(when.value()?)?));
            let (first, last) = (day(first), day(last));
            if let Some(day) = first.filter(|_| first != last) {
                days.entry(day).or_default().insert(device.clone());
            }
            if let Some(day) = last {
                days.entry(day).or_default().insert(device);
            }
        }
        let spelled = days.into_iter();
        spelled
            .map(|(day, devices)| (time::day(day), devices))
            .collect()
    }
}

/// The problem in a coverage without devices. A list cut short would say of other machines that they were silent.
pub fn too_many(limit: usize) -> String {
    format!(
        "more than {limit} devices and days; who was alive is not told, scan fewer days at a time"
    )
}
