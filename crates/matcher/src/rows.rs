//! Hits of one source summed into rows by (indicator, device, day); times without a year wait for its end.
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::escape::{EVIDENCE, escape};
use crate::time::{self, Moment, Value, Yearless};

/// How a connection ended; the strongest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    Unknown,
    Attempt,
    Blocked,
    Allowed,
}

impl Action {
    pub fn parse(word: &str) -> Option<Action> {
        [
            Action::Unknown,
            Action::Attempt,
            Action::Blocked,
            Action::Allowed,
        ]
        .into_iter()
        .find(|a| a.word() == word)
    }

    pub fn word(self) -> &'static str {
        match self {
            Action::Unknown => "unknown",
            Action::Attempt => "attempt",
            Action::Blocked => "blocked",
            Action::Allowed => "allowed",
        }
    }
}

/// The field of a line that is credited, in the order of credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Query,
    Host,
    ServerName,
    Url,
    Answer,
    Destination,
    Text,
}

impl Field {
    pub fn word(self) -> &'static str {
        match self {
            Field::Query => "query",
            Field::Host => "host",
            Field::ServerName => "server_name",
            Field::Url => "url",
            Field::Answer => "answer",
            Field::Destination => "destination",
            Field::Text => "text",
        }
    }
}

/// One indicator of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub item: u32,
    pub field: Field,
    pub matched: String,
}

/// Identity by key.
pub type Identity = Vec<(&'static str, String)>;

/// What all hits of a line share.
pub struct Line<'a> {
    pub device: Option<Arc<str>>,
    pub moment: Option<Moment>,
    pub action: Action,
    pub identity: Identity,
    pub logformat: Arc<str>,
    pub text: &'a [u8],
}

/// Where a time belongs until the year is known; one minute never spans two UTC days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bucket {
    None,
    Day(i32),
    Minute(Yearless),
}

pub fn bucket(moment: Option<Moment>) -> Bucket {
    match moment.map(|m| m.value) {
        None => Bucket::None,
        Some(Value::Known(micros)) => Bucket::Day(time::day_number(micros)),
        Some(Value::Yearless(y)) => Bucket::Minute(Yearless { second: 0, ..y }),
    }
}

/// Microseconds, with the year that fits where the line gave none.
pub fn resolve(value: Value, latest: Option<i64>, zone: &TimeZone) -> Option<i64> {
    match value {
        Value::Known(micros) => Some(micros),
        Value::Yearless(y) => y.resolve(latest?, zone),
    }
}

#[derive(Clone, Debug)]
struct Row {
    /// Number of the first line, which gives the words.
    order: u64,
    first: Option<Value>,
    last: Option<Value>,
    count: u64,
    action: Action,
    matched: String,
    field: Field,
    logformat: Arc<str>,
    evidence: String,
    identity: Identity,
}

/// A finished row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    pub item: u32,
    pub device: Option<Arc<str>>,
    pub day: Option<String>,
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub count: u64,
    pub action: Action,
    pub matched: String,
    pub field: Field,
    pub logformat: Arc<str>,
    pub evidence: String,
    pub identity: Identity,
}

fn order(value: Value) -> (i64, Option<Yearless>) {
    match value {
        Value::Known(micros) => (micros, None),
        Value::Yearless(y) => (0, Some(y)),
    }
}

/// Item, device, and when.
type Key<T> = (u32, Option<Arc<str>>, T);

/// All rows of one source.
#[derive(Debug, Default)]
pub struct Rows {
    rows: HashMap<Key<Bucket>, Row>,
}

impl Rows {
    /// One line that begins at `offset`: each of its indicators counts once.
    pub fn add(&mut self, hits: Vec<Hit>, offset: u64, line: &Line<'_>) {
        let value = line.moment.map(|m| m.value);
        let bucket = bucket(line.moment);
        for hit in hits {
            match self.rows.entry((hit.item, line.device.clone(), bucket)) {
                Entry::Occupied(mut old) => {
                    let row = old.get_mut();
                    row.count += 1;
                    row.action = row.action.max(line.action);
                    row.widen(value, value);
                }
                Entry::Vacant(free) => {
                    free.insert(Row {
                        order: offset,
                        first: value,
                        last: value,
                        count: 1,
                        action: line.action,
                        matched: hit.matched,
                        field: hit.field,
                        logformat: line.logformat.clone(),
                        evidence: escape(line.text, EVIDENCE),
                        identity: line.identity.clone(),
                    });
                }
            }
        }
    }

    /// Adds the rows of other lines of the same source.
    pub fn absorb(&mut self, other: Rows) {
        for (key, row) in other.rows {
            match self.rows.entry(key) {
                Entry::Occupied(mut old) => old.get_mut().merge(row),
                Entry::Vacant(free) => drop(free.insert(row)),
            }
        }
    }

    /// The rows with years found, times no later than `latest` where the line gave no year.
    pub fn finish(self, latest: Option<i64>, zone: &TimeZone) -> Vec<Sighting> {
        let mut done: HashMap<Key<Option<i32>>, Row> = HashMap::new();
        for ((item, device, _), mut row) in self.rows {
            let known =
                |v: Option<Value>| v.and_then(|v| resolve(v, latest, zone)).map(Value::Known);
            row.first = known(row.first);
            row.last = known(row.last);
            let day = row.first.map(|v| time::day_number(order(v).0));
            match done.entry((item, device, day)) {
                Entry::Occupied(mut old) => old.get_mut().merge(row),
                Entry::Vacant(free) => drop(free.insert(row)),
            }
        }
        let micros = |v: Option<Value>| v.map(|v| order(v).0);
        done.into_iter()
            .map(|((item, device, day), row)| Sighting {
                item,
                device,
                day: day.map(time::day),
                first: micros(row.first),
                last: micros(row.last),
                count: row.count,
                action: row.action,
                matched: row.matched,
                field: row.field,
                logformat: row.logformat,
                evidence: row.evidence,
                identity: row.identity,
            })
            .collect()
    }
}

impl Row {
    fn widen(&mut self, first: Option<Value>, last: Option<Value>) {
        if let Some(new) = first
            && self.first.is_none_or(|old| order(new) < order(old))
        {
            self.first = first;
        }
        if let Some(new) = last
            && self.last.is_none_or(|old| order(new) > order(old))
        {
            self.last = last;
        }
    }

    fn merge(&mut self, mut other: Row) {
        if other.order < self.order {
            std::mem::swap(self, &mut other);
        }
        self.count += other.count;
        self.action = self.action.max(other.action);
        self.widen(other.first, other.last);
    }
}
