//! What scans hold in memory: one account for all scans of a run and all their threads.
use std::collections::HashSet;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;

use crate::raw::share_heaps;

/// Of the 256 bytes a row that a scan may take; the rest is what malloc cannot use. Sorting takes less than the table,
/// which is gone by then.
pub const PER_ROW: usize = 200;
/// The same where one thread is at work: little is left over in its memory.
const PER_ROW_ALONE: usize = 240;
/// The same where scans are many: their threads come and go, and what one leaves in a heap is seldom all that the next
/// needs.
const PER_ROW_OF_MANY: usize = 100;
/// More than this many times the bytes that a scan may take without rows are never held; once more by one thread.
const MOST: usize = 5;
/// One in so many different rows is remembered, to know how many there are.
const SAMPLE: u64 = 64;
/// Threads, and scans, for whose buffers there is room beside the rows.
const ROOMY: usize = 2;
/// As large a part of the rows' bytes is added where one thread is at work: a second would take it for what it remembers
/// of lines, and for its buffers.
const ALONE: usize = 4;
/// The part of the rows' bytes that more of them leave to malloc, which does not give to one thread what another freed.
const MALLOC: usize = 2;
/// The part of the rows' bytes that each further thread takes for its own buffers, stack and heap: about 0.9 MB.
const THREAD: usize = 32;
/// The part that each further scan takes to unpack a file and to keep its last lines: 3 to 6 MB.
const SCAN: usize = 4;
/// More threads, and scans, have no room for rows, so further threads start only where hits are few.
const MANY: usize = 8;
/// Bytes of all files for each thread after which it shows whether hits are few.
const SEEN: u64 = 4 << 20;
/// What is left of the rows' bytes for rows, however many threads there are.
const LEAST: usize = 8;

/// The account of a run.
#[derive(Debug, Default)]
pub struct Account {
    /// Threads that nobody uses now.
    pub spare: AtomicUsize,
    /// Threads that have begun.
    at_work: AtomicUsize,
    /// Threads that take one file after another, as long as files are left.
    takers: AtomicUsize,
    /// Threads of the run, at work or not.
    all: usize,
    /// Bytes that rows hold, and what is remembered of lines.
    used: AtomicUsize,
    /// Scans begun so far.
    begun: AtomicUsize,
    /// Scans at work.
    scans: AtomicUsize,
    /// Different rows, as far as it matters.
    rows: AtomicUsize,
    sample: Mutex<HashSet<u64>>,
    hasher: RandomState,
}

impl Account {
    /// Of a run in which so many threads take files, and so many others help them.
    pub fn new(takers: usize, spare: usize) -> Arc<Account> {
        if takers + spare > ROOMY {
            share_heaps();
        }
        Arc::new(Account {
            spare: AtomicUsize::new(spare),
            takers: AtomicUsize::new(takers),
            all: takers + spare,
            ..Account::default()
        })
    }

    /// Has a thread help that finds no more files.
    pub fn end_taking(&self) {
        let less = |takers: usize| takers.checked_sub(1);
        let _ = self
            .takers
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        self.spare.fetch_add(1, Ordering::AcqRel);
    }

    /// Scans at work, and those that are about to begin: what the first of many takes must leave room for all.
    pub fn scans(&self) -> usize {
        let takers = self.takers.load(Ordering::Relaxed);
        self.scans.load(Ordering::Relaxed).max(takers).max(1)
    }

    /// Threads at work, and those that are about to begin.
    fn at_work(&self) -> usize {
        let known = self.all.saturating_sub(self.spare.load(Ordering::Relaxed));
        self.at_work.load(Ordering::Relaxed).max(known)
    }

    /// Those at work, and those that may be.
    pub fn threads(&self) -> usize {
        self.at_work() + self.spare.load(Ordering::Relaxed)
    }

    /// Whether one more thread may start, however many hits there are.
    pub fn has_room(&self) -> bool {
        self.at_work() + self.scans() <= MANY
    }

    /// Bytes of a chunk of what is unpacked, of which many lie about in each scan.
    pub fn chunk(&self, most: usize) -> usize {
        (ROOMY * most / self.scans()).min(most)
    }

    /// Counts a thread as long as this lives.
    pub fn thread(self: &Arc<Account>) -> AtWork {
        self.at_work.fetch_add(1, Ordering::Relaxed);
        AtWork(self.clone())
    }
}

/// A thread at work.
#[derive(Debug)]
pub struct AtWork(Arc<Account>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.at_work.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The part of one scan in the account of its run.
#[derive(Debug)]
pub struct Memory {
    account: Arc<Account>,
    /// Tells its rows from those of other scans.
    number: usize,
    /// Bytes that rows may take however few they are.
    base: usize,
    /// That ever had rows of this scan.
    threads: AtomicUsize,
}

impl Memory {
    /// For a scan that begins.
    pub fn new(account: Arc<Account>, base: usize) -> Arc<Memory> {
        let number = account.begun.fetch_add(1, Ordering::Relaxed);
        account.scans.fetch_add(1, Ordering::Relaxed);
        Arc::new(Memory {
            account,
            number,
            base,
            threads: AtomicUsize::new(0),
        })
    }

    /// Counts a thread that will have rows.
    pub fn add_thread(&self) {
        self.threads.fetch_add(1, Ordering::Relaxed);
    }

    pub fn threads(&self) -> usize {
        self.threads.load(Ordering::Relaxed)
    }

    /// Threads of the whole run that share what there is for rows and for what is remembered of lines.
    pub fn sharers(&self) -> usize {
        self.account.threads().min(MANY)
    }

    /// Whether one more thread may start, after so many bytes of the file.
    pub fn has_room(&self, read: u64) -> bool {
        let (threads, scans) = (self.account.at_work(), self.account.scans());
        let is_crowded = || self.account.used.load(Ordering::Relaxed) > self.limit() / 2;
        self.account.has_room()
            || (read * scans as u64 > SEEN * threads as u64
                && self.taken(threads, scans) < self.base / 4 * 3
                && !is_crowded())
    }

    /// Bytes that threads and scans take for themselves.
    fn taken(&self, threads: usize, scans: usize) -> usize {
        self.base / THREAD * threads.saturating_sub(ROOMY)
            + self.base / SCAN * scans.saturating_sub(ROOMY)
    }

    pub fn base(&self) -> usize {
        self.base
    }

    /// Bytes that the rows of the whole run may take: what the contract gives to each row, and what all else leaves.
    pub fn limit(&self) -> usize {
        let threads = self.account.at_work();
        let rows = self.account.rows.load(Ordering::Relaxed);
        if threads < ROOMY {
            let base = self.base + self.base / ALONE;
            return (base + PER_ROW_ALONE * rows).min((MOST + 1) * base);
        }
        let scans = self.account.scans();
        let (per_row, malloc) = match threads {
            _ if scans > ROOMY => (PER_ROW_OF_MANY, 0),
            ROOMY => (PER_ROW, 0),
            _ => (PER_ROW, self.base / MALLOC),
        };
        let taken = malloc + self.taken(threads, scans);
        let left = (self.base + per_row * rows).saturating_sub(taken);
        left.clamp(self.base / LEAST, MOST * self.base)
    }

    pub fn is_full(&self) -> bool {
        self.account.used.load(Ordering::Relaxed) > self.limit()
    }

    /// What its rows may take where they are put together.
    pub fn common_limit(&self) -> usize {
        self.limit() / 5 * 4 / self.account.scans()
    }

    /// A number for a device, the same for all threads.
    pub fn hash(&self, of: impl Hash) -> u64 {
        self.account.hasher.hash_one(of)
    }

    /// Counts a row by its hash, once however often it is begun by threads or after it was put aside.
    pub fn count_row(&self, key: impl Hash) {
        let hash = self.hash((self.number, key));
        let is_known = !hash.is_multiple_of(SAMPLE)
            || PER_ROW * self.account.rows.load(Ordering::Relaxed) >= MOST * self.base;
        if is_known {
            return;
        }
        let sample = self.account.sample.lock();
        let mut sample = sample.unwrap_or_else(PoisonError::into_inner);
        sample.insert(hash);
        let rows = sample.len() * SAMPLE as usize;
        self.account.rows.store(rows, Ordering::Relaxed);
    }

    /// Nothing held yet.
    pub fn hold(&self) -> Held {
        Held {
            account: self.account.clone(),
            bytes: 0,
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.account.scans.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Bytes in the account, until this is dropped.
#[derive(Debug)]
pub struct Held {
    account: Arc<Account>,
    bytes: usize,
}

impl Held {
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.account.used.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn take(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.account.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.take(self.bytes);
    }
}
