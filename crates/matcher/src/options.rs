//! The options of a scan, its counters while it runs, and its coverage.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::memory::Account;
use crate::raw::Level;
use crate::set::asked::Asked;
use crate::time::hours::Told;

/// Bounds (docs/contract.md 5), in bytes and lines; other values only in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub chunk: usize,
    pub long_line: usize,
    pub parsed_part: usize,
    pub edge_lines: usize,
    pub edge_bytes: u64,
    /// Rows and what is remembered of lines may hold so many bytes and some more for each row; beyond, rows go to
    /// temporary files. About as much is taken by the process and by one or two threads.
    pub row_bytes: usize,
    /// Lines that may hit after which the share of those that repeat another is looked at; 0: none is remembered.
    pub window: usize,
    /// Flows of a capture that are remembered before they begin to be forgotten.
    pub flows: usize,
    /// Devices and days in the coverage of one source, at most; of more, none is listed.
    pub alive: usize,
    /// Bytes of a block: lines per hour are counted block by block. Chunks begin where blocks begin.
    pub block: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            chunk: 256 << 10,
            long_line: 1 << 20,
            parsed_part: 1 << 16,
            edge_lines: 64,
            edge_bytes: 1 << 20,
            row_bytes: 25 << 20,
            window: 1 << 13,
            flows: 1 << 16,
            alive: 1_000_000,
            block: 256 << 10,
        }
    }
}

/// How to read one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The time zone of times that carry no zone.
    pub tz: String,
    /// Forces a log format by its name.
    pub format: Option<String>,
    /// Whether the coverage lists the devices that were alive each day.
    pub devices: bool,
    pub source_name: String,
    /// Machines whose hours are looked for.
    pub asked: Option<Arc<Asked>>,
    pub level: Level,
    pub limits: Limits,
}

impl Options {
    /// The hours of each machine that was asked about and seen, by day; None where nobody was asked about.
    pub(crate) fn alive(&self, told: &Told) -> Option<BTreeMap<String, BTreeMap<String, u32>>> {
        let asked = self.asked.as_ref().filter(|asked| !asked.is_empty())?;
        let seen = told.alive.iter();
        let seen =
            seen.map(|(&machine, days)| (asked.identifier(machine).to_owned(), days.clone()));
        Some(seen.collect())
    }
}

/// Threads that no scan uses now. A scan borrows one while it has work for it. All scans of a run share them, and the
/// memory of the run.
#[derive(Debug, Default)]
pub struct Spare(Arc<Account>);

impl Spare {
    /// So many spare threads, besides those that take files.
    pub fn new(takers: usize, threads: usize) -> Spare {
        Spare(Account::new(takers, threads))
    }

    /// Gives a borrowed thread back.
    pub fn give(&self) {
        self.0.spare.fetch_add(1, Ordering::AcqRel);
    }

    /// Adds a thread that finds no more files.
    pub fn end_taking(&self) {
        self.0.end_taking();
    }

    /// Whether a thread is free now.
    pub fn is_any(&self) -> bool {
        self.0.spare.load(Ordering::Acquire) > 0
    }

    /// The memory account of these threads.
    pub fn account(&self) -> &Arc<Account> {
        &self.0
    }

    /// Borrows a thread if there is one.
    pub fn take(&self) -> bool {
        let less = |free: usize| free.checked_sub(1);
        self.0
            .spare
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, less)
            .is_ok()
    }
}

/// Counters that a scan moves and another thread reads.
#[derive(Debug, Default)]
pub struct Progress {
    bytes_read: AtomicU64,
    hits: AtomicU64,
    cancelled: AtomicBool,
    /// The reason that the scan cannot go on.
    failed: OnceLock<String>,
    /// Threads that the scan may use besides its own.
    pub spare: Arc<Spare>,
}

impl Progress {
    pub fn new(spare: Arc<Spare>) -> Progress {
        Progress {
            spare,
            ..Progress::default()
        }
    }

    /// Bytes of the input as stored.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
    }

    /// Ends the reading soon; the first reason counts.
    pub(crate) fn fail(&self, reason: String) {
        self.failed.get_or_init(|| reason);
    }

    pub(crate) fn failed(&self) -> Option<&str> {
        self.failed.get().map(String::as_str)
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub(crate) fn note_read(&self, stored: u64) {
        self.bytes_read.store(stored, Ordering::Relaxed);
    }

    pub(crate) fn add_hits(&self, hits: usize) {
        self.hits.fetch_add(hits as u64, Ordering::Relaxed);
    }
}

/// The coverage of one source: what was read, and from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub source: String,
    pub path: String,
    pub name: String,
    pub bytes: u64,
    pub lines: u64,
    pub not_understood: u64,
    /// The first of the lines that were not understood.
    pub unattributed: Vec<String>,
    pub long_lines: u64,
    pub inbound: u64,
    pub first: Option<String>,
    pub last: Option<String>,
    pub time: &'static str,
    pub zone: String,
    pub devices: BTreeMap<String, Vec<String>>,
    pub errors: Vec<String>,
    /// Lines in each hour, by day of UTC, and whether the log is in order.
    pub hours: BTreeMap<String, [u64; 24]>,
    pub order: &'static str,
    /// The hours of each machine that was asked about and seen, by day; None where nobody was asked about.
    pub alive: Option<BTreeMap<String, BTreeMap<String, u32>>>,
}
