//! Hits of one source, counted in rows by indicator, machine and day. Times without a year get it at the end of the file.
pub(crate) mod alive;
pub(crate) mod arena;
pub(crate) mod details;
pub(crate) mod entry;
mod files;
mod machines;
mod memo;
pub(crate) mod places;
pub(crate) mod repeats;
pub(crate) mod row;
mod span;
pub(crate) mod spool;
pub(crate) mod spread;
pub(crate) mod stretches;
pub(crate) mod words;

use std::io;
use std::mem;
use std::sync::{Arc, Mutex};

use smallvec::SmallVec;

use crate::canonical::names::Host;
use crate::format::Action;
use crate::line::hit::Hit;
use crate::memory::{Held, Memory, PER_ROW};
use crate::raw::prefetch;
use crate::rows::arena::{Arena, Pool};
use crate::rows::details::Details;
use crate::rows::machines::Machines;
use crate::rows::places::{Key, Places, SLOT};
use crate::rows::row::NONE;
pub use crate::rows::row::Row;
pub use crate::rows::span::{Span, joined};
use crate::rows::stretches::{Stretch, Stretches};
use crate::rows::words::Words;
use crate::set::Set;
use crate::set::providers::is_way;
use crate::time::Moment;
use crate::time::bucket::bucket;
use crate::time::midnights::Midnights;
use crate::time::when::When;

/// The keys of the hits of one line.
pub type Keys = SmallVec<[Key; 2]>;

/// What all hits of a line share.
pub struct Line<'a> {
    /// Place of its first byte in the file.
    pub offset: u64,
    pub moment: Option<Moment>,
    pub action: Action,
    /// Number of the log format; None is text.
    pub format: Option<usize>,
    pub details: &'a dyn Details,
}

/// A number that the buckets of one day share: in the end they are mostly one row.
fn day_of(bucket: u32) -> u32 {
    let is_yearless = bucket >> 30 == 0;
    if is_yearless { bucket >> 8 } else { bucket }
}

/// Number of the format `text` in a row.
pub const TEXT: u16 = u16::MAX;

/// Bytes of a row and of its place in the table, without texts.
const ROW: usize = size_of::<Row>() + SLOT;

/// Together the rows of a block take about a sixteenth of the bytes that a scan may take without rows; less where
/// threads have few each.
fn new_arena(memory: &Memory, pool: Pool) -> Arena {
    let threads = memory.sharers();
    let blocks = if threads > 2 { 64 * threads } else { 16 };
    let rows_per_block = (memory.base() / blocks / PER_ROW).max(1).ilog2();
    Arena::new(rows_per_block, ROW, pool)
}

/// Lines that wait until their rows are near.
const WAITING: usize = 16;
/// Rows that all threads of a scan share once memory is full: a row that several threads have is one row there. None until
/// then.
pub type SharedRows = Arc<Mutex<Option<Rows>>>;

/// The rows of one thread, or those that threads share.
pub struct Rows {
    midnights: Midnights,
    places: Places,
    rows: Arena,
    /// Lines of rows that are there already: each row is asked for some lines before it is looked at.
    waiting: Vec<(u32, When, Action)>,
    machines: Machines,
    memory: Arc<Memory>,
    held: Held,
    /// Whether rows that are there already took more memory since it was last looked at.
    has_grown: bool,
    shared: Option<SharedRows>,
    stretches: Stretches,
    /// How often all rows were put aside, so that numbers of machines and places are no longer the same.
    moved: u32,
}

/// Indicators of a line that is remembered, at most.
const MOST_KNOWN: usize = 2;

/// Where the rows of the indicators of one line lie, as long as its time belongs to the same bucket.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    items: [u32; MOST_KNOWN],
    places: [u32; MOST_KNOWN],
    pub hits: usize,
    machine: u32,
    when: u32,
}

impl Known {
    /// Whether the line is one of going around; it has hits.
    pub fn is_way(&self) -> bool {
        is_way(self.items[0])
    }
}

impl Rows {
    /// The rows of one more thread. Lines whose times have no year are counted by the days of this clock.
    pub fn new(memory: Arc<Memory>, shared: Option<SharedRows>, midnights: Midnights) -> Rows {
        memory.add_thread();
        Rows::of(memory, shared, midnights, Pool::default())
    }

    /// Empty rows of the same scan for another thread.
    pub fn another(&self) -> Rows {
        self.memory.add_thread();
        self.empty(self.shared.clone())
    }

    /// The same without rows; their blocks are of the same pool.
    fn empty(&self, shared: Option<SharedRows>) -> Rows {
        Rows::of(
            self.memory.clone(),
            shared,
            self.midnights.clone(),
            self.rows.pool(),
        )
    }

    fn of(
        memory: Arc<Memory>,
        shared: Option<SharedRows>,
        midnights: Midnights,
        pool: Pool,
    ) -> Rows {
        Rows {
            midnights,
            places: Places::default(),
            rows: new_arena(&memory, pool),
            waiting: Vec::with_capacity(WAITING),
            machines: Machines::default(),
            held: memory.hold(),
            has_grown: false,
            memory,
            shared,
            stretches: Stretches::default(),
            moved: 0,
        }
    }

    /// The memory of the scan.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Changes whenever a `Known` is no longer right.
    pub fn moved(&self) -> u32 {
        self.moved
    }

    /// The places of the rows of a line with these keys. None if there are too many.
    pub fn known(&self, keys: &[Key]) -> Option<Known> {
        let first = keys.first().copied().unwrap_or_default();
        let mut known = Known {
            items: [0; MOST_KNOWN],
            places: [0; MOST_KNOWN],
            hits: keys.len(),
            machine: first.machine,
            when: first.when,
        };
        for (i, key) in keys.iter().enumerate() {
            *known.items.get_mut(i)? = key.item;
            known.places[i] = self.places.get(key)?;
        }
        Some(known)
    }

    /// Adds a line with the same indicators and machine as one before; false, and nothing is added, where a row is not
    /// there yet, or where rows must be put aside first.
    pub fn add_known(&mut self, known: &mut Known, moment: Option<Moment>, action: Action) -> bool {
        if mem::take(&mut self.has_grown) && self.is_full() {
            return false;
        }
        let value = moment.map(|m| m.value);
        let when = bucket(value, &self.midnights);
        let hits = known.hits;
        if known.when != when {
            let mut places = known.places;
            for (place, &item) in places.iter_mut().zip(&known.items[..hits]) {
                let machine = known.machine;
                let Some(found) = self.places.get(&Key {
                    item,
                    machine,
                    when,
                }) else {
                    return false;
                };
                *place = found;
            }
            known.places = places;
            known.when = when;
        }
        let first = self.rows.first();
        if known.places[..hits].iter().any(|&place| place < first) {
            return false;
        }
        let when = When::new(value);
        for &place in &known.places[..hits] {
            self.wait(place, when, action);
        }
        true
    }

    /// The keys of a line's hits, in their order; their places are asked for.
    pub fn keys(
        &mut self,
        hits: &[Hit],
        (device, who): (Option<&Host>, &[u8]),
        moment: Option<Moment>,
    ) -> Keys {
        let machine = self.machine(device, who);
        let when = bucket(moment.map(|m| m.value), &self.midnights);
        let mut keys = Keys::new();
        for hit in hits {
            let item = hit.item;
            let key = Key {
                item,
                machine,
                when,
            };
            self.places.ask_for(&key);
            keys.push(key);
        }
        keys
    }

    /// One line with the keys of its hits: each indicator counts once. Fails when rows must go to a temporary file
    /// and cannot.
    pub fn add(
        &mut self,
        set: &Set,
        hits: &[Hit],
        keys: &[Key],
        line: &Line<'_>,
    ) -> io::Result<()> {
        let when = When::new(line.moment.map(|m| m.value));
        for (hit, &key) in hits.iter().zip(keys) {
            let next = self.rows.next();
            let place = self.places.find(key, next);
            if place != next {
                self.wait(place, when, line.action);
                continue;
            }
            let texts = self.rows.texts();
            let begin = texts.len();
            let identity = Words::put(texts, set, hit, line.details);
            let size = ROW + texts.len() - begin;
            self.rows.push(Row {
                item: key.item,
                machine: key.machine,
                order: line.offset,
                run: Span::hit(when),
                others: NONE,
                words: begin as u32,
                action: line.action,
                field: hit.field,
                format: line.format.map_or(TEXT, |n| n as u16),
                identity,
                is_latest: true,
            });
            self.stretches.spread.has_ways |= is_way(key.item);
            let machine = self.machines.hash(key.machine);
            self.memory.count_row((key.item, machine, day_of(key.when)));
            self.held.add(size);
        }
        if self.is_full() {
            self.put_aside(set, self.least())?;
        }
        Ok(())
    }

    /// Whether rows must be put aside.
    fn is_full(&self) -> bool {
        self.held.bytes() >= self.least() && self.memory.is_full()
    }

    /// Has a line wait until its row is near.
    fn wait(&mut self, place: u32, when: When, action: Action) {
        prefetch(self.rows.row(place));
        self.waiting.push((place, when, action));
        if self.waiting.len() == WAITING {
            self.count();
        }
    }

    /// Forgets all rows and machines.
    fn clear(&mut self) {
        self.moved += 1;
        self.held = self.memory.hold();
        self.places = Places::default();
        self.rows = new_arena(&self.memory, self.rows.pool());
        self.machines = Machines::default();
    }

    /// Counts the lines that wait.
    fn count(&mut self) {
        let mut grown = 0;
        for (place, when, action) in self.waiting.drain(..) {
            let row = self.rows.row_mut(place);
            row.action = row.action.max(action);
            grown += self.rows.count(place, Span::hit(when));
        }
        if grown > 0 {
            self.held.add(grown);
            self.has_grown = true;
        }
    }

    fn machine(&mut self, device: Option<&Host>, who: &[u8]) -> u32 {
        let (number, bytes) = self.machines.number(device, who, &self.memory);
        if bytes > 0 {
            self.held.add(bytes);
        }
        number
    }

    /// All rows, in stretches to be merged.
    pub fn into_stretches(mut self, set: &Set) -> Stretches {
        self.count();
        self.stretches.spread.add(self.rows.runs(), &self.midnights);
        let machines = self.machines.shown();
        let rows = self.rows.take_oldest(usize::MAX);
        let held = mem::replace(&mut self.held, self.memory.hold());
        self.clear();
        self.stretches.hold(Stretch::new(set, machines, rows, held));
        self.stretches
    }
}
