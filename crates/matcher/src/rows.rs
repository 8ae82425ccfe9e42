//! Hits of one source summed into rows by (indicator, device, day); times without a year wait for its end.
use std::collections::HashMap;
use std::collections::hash_map;
use std::io;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::RandomState;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::address::Address;
use crate::escape::{EVIDENCE, escape_into};
use crate::names::{Host, Short};
use crate::runs::{Run, Runs, spelled};
use crate::set::Set;
use crate::time::{self, Moment, Value, Yearless};
use crate::words::Words;

/// How a connection ended; the strongest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    Unknown,
    Attempt,
    Blocked,
    Allowed,
}

impl Action {
    pub const ALL: [Action; 4] = [
        Action::Unknown,
        Action::Attempt,
        Action::Blocked,
        Action::Allowed,
    ];

    pub fn parse(word: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|a| a.word() == word)
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
    pub const ALL: [Field; 7] = [
        Field::Query,
        Field::Host,
        Field::ServerName,
        Field::Url,
        Field::Answer,
        Field::Destination,
        Field::Text,
    ];

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

/// What of a line an indicator matched, spelled out only for the first line of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matched {
    Name(Short),
    Address(Address),
    Endpoint(Address, u16),
    /// The item itself.
    Item,
}

/// One indicator of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub item: u32,
    pub field: Field,
    pub matched: Matched,
}

/// The indicators of one line.
pub type Hits = SmallVec<[Hit; 2]>;

impl Hit {
    /// What matched, safe to show.
    pub fn text(&self, set: &Set) -> String {
        let mut out = Vec::new();
        self.spell(set, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Adds what matched, safe to show, to a text.
    pub fn spell(&self, set: &Set, out: &mut Vec<u8>) {
        match &self.matched {
            Matched::Name(name) => escape_into(out, name, EVIDENCE),
            Matched::Address(address) => address.spell(out),
            Matched::Endpoint(address, port) => address.spell_with_port(*port, out),
            Matched::Item => out.extend_from_slice(set.hashed(self.item).unwrap_or_default()),
        }
    }
}

/// What is asked of a line only if it begins a row.
pub trait Details {
    /// Tells each part of the device's identity, in the order of `IDENTITY`.
    fn identify(&self, tell: &mut dyn FnMut(&'static str, &[u8]));
    fn text(&self) -> &[u8];
}

/// What all hits of a line share.
pub struct Line<'a> {
    /// Place of its first byte in the file.
    pub offset: u64,
    pub device: Option<&'a Host>,
    pub moment: Option<Moment>,
    pub action: Action,
    /// Number of the log format; None is text.
    pub format: Option<usize>,
    pub details: &'a dyn Details,
}

/// Where a time belongs until the year is known; one minute never spans two UTC days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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

fn order(value: Value) -> (i64, Option<Yearless>) {
    match value {
        Value::Known(micros) => (micros, None),
        Value::Yearless(y) => (0, Some(y)),
    }
}

/// The key of a row until its year is known; the device by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    item: u32,
    device: u32,
    when: Bucket,
}

/// Lines of one key. `order` is the place of the first line, which gives the words.
#[derive(Clone, Debug)]
pub struct Row {
    pub order: u64,
    pub first: Option<Value>,
    pub last: Option<Value>,
    pub count: u64,
    pub action: Action,
    pub field: Field,
    pub format: u16,
    pub words: Words,
}

/// Number of the format `text` in a row.
pub const TEXT: u16 = u16::MAX;

/// Bytes of a row and of its place in the table, without texts.
const ROW: usize = 192;
/// A device in its two tables.
const DEVICE: usize = 96;
/// Fewer bytes of rows are not worth a run of their own.
const LEAST_RUN: usize = 1 << 20;

/// What sorting leaves of the 256 bytes a row that a scan may take (contract 1).
const PER_ROW: usize = 160;
/// More than this many times the bytes that a scan may take without rows are never held.
const MOST: usize = 8;

/// Bytes that the rows of a scan hold in memory, counted over all its threads.
#[derive(Debug)]
pub struct Memory {
    used: AtomicUsize,
    /// Rows begun so far.
    rows: AtomicUsize,
    base: usize,
}

impl Memory {
    pub fn new(base: usize) -> Arc<Memory> {
        Arc::new(Memory {
            used: AtomicUsize::new(0),
            rows: AtomicUsize::new(0),
            base,
        })
    }

    fn is_full(&self) -> bool {
        let rows = self.rows.load(Ordering::Relaxed);
        let limit = (self.base + PER_ROW * rows).min(MOST * self.base);
        self.used.load(Ordering::Relaxed) > limit
    }
}

/// The rows that one thread found.
pub struct Rows {
    /// Where the row of a key stands in `rows`.
    places: HashMap<Key, u32, RandomState>,
    /// Item, device and row.
    rows: Vec<(u32, u32, Row)>,
    devices: HashMap<Host, u32, RandomState>,
    /// The number of no device.
    nobody: Option<u32>,
    device_count: u32,
    memory: Arc<Memory>,
    held: usize,
    runs: Runs,
    /// Room in which the texts of a row are put together.
    buffer: Vec<u8>,
}

impl Rows {
    pub fn new(memory: Arc<Memory>) -> Rows {
        Rows {
            places: HashMap::default(),
            rows: Vec::new(),
            devices: HashMap::default(),
            nobody: None,
            device_count: 0,
            memory,
            held: 0,
            runs: Runs::default(),
            buffer: Vec::new(),
        }
    }

    /// One line: each of its indicators counts once. Fails when rows must go to a temporary file and cannot.
    pub fn add(&mut self, set: &Set, hits: &[Hit], line: &Line<'_>) -> io::Result<()> {
        let value = line.moment.map(|m| m.value);
        let when = bucket(line.moment);
        let device = self.device(line.device);
        for hit in hits {
            let key = Key {
                item: hit.item,
                device,
                when,
            };
            match self.places.entry(key) {
                hash_map::Entry::Occupied(old) => {
                    let (.., row) = &mut self.rows[*old.get() as usize];
                    row.count += 1;
                    row.action = row.action.max(line.action);
                    row.widen(value, value);
                }
                hash_map::Entry::Vacant(free) => {
                    let words = Words::of(set, hit, line.details, &mut self.buffer);
                    let size = ROW + words.bytes().len();
                    free.insert(self.rows.len() as u32);
                    let row = Row {
                        order: line.offset,
                        first: value,
                        last: value,
                        count: 1,
                        action: line.action,
                        field: hit.field,
                        format: line.format.map_or(TEXT, |n| n as u16),
                        words,
                    };
                    self.rows.push((hit.item, device, row));
                    self.memory.rows.fetch_add(1, Ordering::Relaxed);
                    self.hold(size);
                }
            }
        }
        if self.held >= LEAST_RUN.min(self.memory.base) && self.memory.is_full() {
            let run = self.run(set);
            self.runs.spill(run, set)?;
        }
        Ok(())
    }

    fn hold(&mut self, size: usize) {
        self.held += size;
        self.memory.used.fetch_add(size, Ordering::Relaxed);
    }

    fn device(&mut self, device: Option<&Host>) -> u32 {
        let known = match device {
            None => self.nobody,
            Some(device) => self.devices.get(device).copied(),
        };
        if let Some(number) = known {
            return number;
        }
        let number = self.device_count;
        self.device_count += 1;
        self.hold(DEVICE + device.map_or(0, Host::size));
        match device {
            None => self.nobody = Some(number),
            Some(device) => drop(self.devices.insert(device.clone(), number)),
        }
        number
    }

    /// Takes the rows at hand, in the order in which they are merged.
    fn run(&mut self, set: &Set) -> Run {
        self.memory.used.fetch_sub(self.held, Ordering::Relaxed);
        self.held = 0;
        self.places = HashMap::default();
        let mut rows = mem::take(&mut self.rows);
        let mut devices: Vec<Option<Arc<str>>> =
            vec![None; mem::take(&mut self.device_count) as usize];
        self.nobody = None;
        for (device, number) in mem::take(&mut self.devices) {
            devices[number as usize] = Some(device.shown().into());
        }
        let mut sorted: Vec<usize> = (0..devices.len()).collect();
        sorted.sort_unstable_by_key(|&number| &devices[number]);
        let mut rank = vec![0; devices.len()];
        for (at, number) in (0u32..).zip(sorted) {
            rank[number] = at;
        }
        let mut items: Vec<u32> = rows.iter().map(|(item, ..)| *item).collect();
        items.sort_unstable();
        items.dedup();
        let mut order: Vec<(&str, usize)> = (0..items.len())
            .map(|i| (spelled(set, items[i]), i))
            .collect();
        order.sort_unstable();
        let mut place = vec![0; items.len()];
        for (at, (_, i)) in (0u32..).zip(order) {
            place[i] = at;
        }
        let place = |item: &u32| place[items.binary_search(item).unwrap_or_default()];
        rows.sort_by_cached_key(|(item, device, _)| (place(item), rank[*device as usize]));
        Run { devices, rows }
    }

    /// All that was found, in runs to be merged.
    pub fn into_runs(mut self, set: &Set) -> Runs {
        let run = self.run(set);
        self.runs.hold(run);
        self.runs
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

    /// Adds the lines of another row of the same key.
    pub fn merge(&mut self, mut other: Row) {
        if other.order < self.order {
            mem::swap(self, &mut other);
        }
        self.count += other.count;
        self.action = self.action.max(other.action);
        self.widen(other.first, other.last);
    }

    /// With the years found, times no later than `latest` where the line gave no year.
    pub fn resolved(mut self, latest: Option<i64>, zone: &TimeZone) -> Row {
        let known = |v: Option<Value>| v.and_then(|v| resolve(v, latest, zone)).map(Value::Known);
        let first = known(self.first);
        // Most rows are of one line.
        self.last = if self.last == self.first {
            first
        } else {
            known(self.last)
        };
        self.first = first;
        self
    }

    /// The day of a row with its years found.
    pub fn day(&self) -> Option<i32> {
        self.first.map(|v| time::day_number(order(v).0))
    }
}
