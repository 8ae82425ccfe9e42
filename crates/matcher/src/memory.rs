//! The memory of rows: one account for all scans of a run and all their threads (docs/adr/0019).
//!
//! docs/contract.md 5 gives a scan 75 MB, its set, and 256 bytes for each row. `Limits::row_bytes` of this, 25 MB, is the
//! `base`: what rows may take however few they are. All rows of a run together may take
//!
//! ```text
//! base / 32 * (start - 1 for each thread beyond two - 8 for each scan beyond two) + per_row * rows
//! ```
//!
//! bytes, but at least `LEAST` and at most `most` parts of the base. `start`, `per_row` and `most` depend on how many
//! threads and scans are at work: `ONE_THREAD`, `TWO_THREADS`, `MORE_THREADS` and `MANY_SCANS` are the table.
use std::collections::HashSet;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use foldhash::fast::RandomState;

use crate::raw::share_heaps;

/// A longer line is read by one thread at a time: its characters and their places take about fifteen times its bytes.
pub const LARGE: usize = 64 << 10;

/// Parts of the base in which all shares are given: 25 MB / 32 is 0.8 MB.
const PARTS: usize = 32;

/// One line of the table: what rows may take in one situation.
struct Share {
    /// Parts of the base for rows, however few they are.
    start: usize,
    /// Bytes for each row. malloc cannot use the rest of the 256.
    per_row: usize,
    /// Parts of the base that rows never exceed: a scan of more rows than fit writes them to temporary files.
    most: usize,
}

/// Bytes for each row where two threads or more are at work. Sorting takes less than the table, which is gone by then.
pub const PER_ROW: usize = 200;

/// The buffers of a second thread, and what it would remember of lines, are left to the rows; one heap loses little.
const ONE_THREAD: Share = Share {
    start: 40,
    per_row: 240,
    most: 240,
};

/// The situation that the base is made for.
const TWO_THREADS: Share = Share {
    start: 32,
    per_row: PER_ROW,
    most: 160,
};

/// Half of the base is left to malloc: it gives no thread the memory that another thread freed.
const MORE_THREADS: Share = Share {
    start: 16,
    per_row: PER_ROW,
    most: 160,
};

/// Threads come and go with their files: what one leaves in a heap is seldom all that the next one needs.
const MANY_SCANS: Share = Share {
    start: 32,
    per_row: 100,
    most: 160,
};

/// Threads, and scans, whose buffers have room beside the base.
const INCLUDED: usize = 2;
/// Parts that each further thread takes for its buffers, stack and heap: about 0.9 MB.
const PER_THREAD: usize = 1;
/// Parts that each further scan takes to unpack a file and to keep its last lines: 3 to 6 MB.
const PER_SCAN: usize = 8;
/// Parts that are left for rows however many threads and scans there are.
const LEAST: usize = 4;
/// A further thread joins only while buffers take fewer parts than this.
const MOST_FOR_BUFFERS: usize = 24;

/// Threads and scans together that have room for rows. Beyond, further threads start only where hits are few.
const WITH_ROWS: usize = 8;
/// Bytes of all files for each thread after which the rows show whether hits are few.
const SHOWN_AFTER: u64 = 4 << 20;
/// One in so many different rows is remembered, to know how many there are.
const SAMPLE: u64 = 64;

/// The account of a run.
#[derive(Debug, Default)]
pub struct Account {
    /// Threads that no scan uses now.
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
    /// Different rows, until there are so many that more change no limit.
    rows: AtomicUsize,
    sample: Mutex<HashSet<u64>>,
    hasher: RandomState,
    /// Held by the thread that reads a large line.
    large_line: Mutex<()>,
}

impl Account {
    /// Of a run in which so many threads take files, and so many others help them.
    pub fn new(takers: usize, spare: usize) -> Arc<Account> {
        if takers + spare > INCLUDED {
            share_heaps();
        }
        Arc::new(Account {
            spare: AtomicUsize::new(spare),
            takers: AtomicUsize::new(takers),
            all: takers + spare,
            ..Account::default()
        })
    }

    /// Waits until no thread reads a large line.
    pub fn large_line(&self) -> MutexGuard<'_, ()> {
        static SHARED: Once = Once::new();
        SHARED.call_once(share_heaps);
        let lock = self.large_line.lock();
        lock.unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a thread that finds no more files one that helps others.
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

    /// Threads at work, and threads that no scan uses now.
    pub fn threads(&self) -> usize {
        self.at_work() + self.spare.load(Ordering::Relaxed)
    }

    /// Whether one more thread may start, however many hits there are.
    pub fn has_room(&self) -> bool {
        self.at_work() + self.scans() <= WITH_ROWS
    }

    /// Bytes of a chunk of unpacked text: `most`, or less where many scans hold such chunks.
    pub fn chunk(&self, most: usize) -> usize {
        (INCLUDED * most / self.scans()).min(most)
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
    /// Threads that ever had rows of this scan.
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

    /// Threads of the whole run; they share the room for rows and for remembered lines.
    pub fn sharers(&self) -> usize {
        self.account.threads().min(WITH_ROWS)
    }

    /// Whether one more thread may start, after so many bytes of the file.
    pub fn has_room(&self, read: u64) -> bool {
        let (threads, scans) = (self.account.at_work(), self.account.scans());
        let is_crowded = || self.account.used.load(Ordering::Relaxed) > self.limit() / 2;
        self.account.has_room()
            || (read * scans as u64 > SHOWN_AFTER * threads as u64
                && for_buffers(threads, scans) < MOST_FOR_BUFFERS
                && !is_crowded())
    }

    /// So many parts of the base, in bytes.
    fn parts(&self, count: usize) -> usize {
        self.base * count / PARTS
    }

    pub fn base(&self) -> usize {
        self.base
    }

    /// Bytes that the rows of the whole run may take: the formula at the head of this file.
    pub fn limit(&self) -> usize {
        let (threads, scans) = (self.account.at_work(), self.account.scans());
        let share = match threads {
            ..INCLUDED => ONE_THREAD,
            _ if scans > INCLUDED => MANY_SCANS,
            INCLUDED => TWO_THREADS,
            _ => MORE_THREADS,
        };
        let rows = self.account.rows.load(Ordering::Relaxed);
        let for_all = self.parts(share.start) + share.per_row * rows;
        let left = for_all.saturating_sub(self.parts(for_buffers(threads, scans)));
        left.clamp(self.parts(LEAST), self.parts(share.most))
    }

    pub fn is_full(&self) -> bool {
        self.account.used.load(Ordering::Relaxed) > self.limit()
    }

    /// Bytes that the rows of one scan may take where its threads put them together: what is left is for the rows that
    /// each thread finds meanwhile.
    pub fn shared_limit(&self) -> usize {
        self.limit() / 5 * 4 / self.account.scans()
    }

    /// A number for a device, the same for all threads.
    pub fn hash(&self, of: impl Hash) -> u64 {
        self.account.hasher.hash_one(of)
    }

    /// Counts a row by its hash: once, even if several threads begin it, or one thread again after it was put aside.
    pub fn count_row(&self, key: impl Hash) {
        let hash = self.hash((self.number, key));
        let is_known = !hash.is_multiple_of(SAMPLE)
            || PER_ROW * self.account.rows.load(Ordering::Relaxed) >= self.parts(TWO_THREADS.most);
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

/// Parts of the base that threads and scans take for themselves.
fn for_buffers(threads: usize, scans: usize) -> usize {
    PER_THREAD * threads.saturating_sub(INCLUDED) + PER_SCAN * scans.saturating_sub(INCLUDED)
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
