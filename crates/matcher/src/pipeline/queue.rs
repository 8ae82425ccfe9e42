//! The queue of chunks between the thread that reads a source and the threads that look at its lines.
//!
//! Each thread reads its own chunks of a plain file: reading takes little time, and the chunk then lies in the caches of
//! this processor. To unpack a chunk takes longer than to look at its lines, so one thread only unpacks while the others
//! look. Where looking takes longer, as every line hits, many chunks lie ready, and the thread that unpacks looks, too.
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::memory::Account;
use crate::options::Limits;
use crate::pipeline::feed::{Chunk, Feed};
use crate::pipeline::unpacked::Unpacked;
use crate::reader::claim::Claim;
use crate::reader::plain::read_at;
use crate::token::buffer::Buffer;

/// Chunks of a plain file that a thread reads at a time, so that the work for each reading takes little beside them.
/// Unpacked bytes go from the cache of one core to that of another, where fewer find more room: there it is one chunk.
const CHUNKS: usize = 4;
/// More threads than these read as many chunks together, and each at least one: memory has room for no more.
const ROOMY: usize = 2;
/// Bytes of most lines.
const LINE: usize = 4096;
/// Chunks that all threads of a run hold while they wait for the header of the lines before: a thread that is held up
/// does not stop the others.
const MOST_WAITING: usize = 8;
/// Chunks that lie ready, or are looked at, of all scans of a run, before the reader looks at one.
const MOST_READY: usize = 50;
/// So few chunks lying ready wake no other thread, and do not stop the reading.
const FEW_READY: usize = 16;

pub(crate) struct Queue<'a> {
    feed: Mutex<Feed<'a>>,
    state: Mutex<State>,
    changed: Condvar,
    limits: Limits,
    account: Arc<Account>,
    is_slow: bool,
    /// Bytes of a source that is read already, all in one chunk.
    left: Option<usize>,
    /// A plain file, of which each thread reads its own chunks.
    file: Option<Arc<File>>,
}

#[derive(Default)]
struct State {
    /// Chunks of whole lines, in order, with their numbers.
    ready: VecDeque<(u64, Ready)>,
    unused: Vec<Buffer>,
    is_read: bool,
    is_ended: bool,
    /// Threads of this scan besides its first.
    others: usize,
    /// Bytes that were handed out and could not be read; with the error, unless the file became shorter.
    lacking: Option<(usize, Option<io::Error>)>,
    /// The last chunks of a source that cannot be read again, in order.
    recent: Vec<Buffer>,
}

/// Whole lines that were read ahead.
enum Ready {
    Read(Buffer),
    Unpacked(Unpacked),
}

/// What the buffer of a thread holds. The rest of a long line is for the same thread.
pub(crate) enum Taken<'q, 'a> {
    Lines,
    LongLine(Reader<'q, 'a>),
}

/// A chunk with its number.
pub(crate) type Next<'q, 'a> = (u64, Buffer, Taken<'q, 'a>);

impl<'a> Queue<'a> {
    pub fn new(feed: Feed<'a>, limits: Limits) -> Queue<'a> {
        Queue {
            is_slow: feed.is_slow(),
            left: feed.left(),
            file: feed.source.file(),
            account: feed.account().clone(),
            feed: Mutex::new(feed),
            state: Mutex::default(),
            changed: Condvar::new(),
            limits,
        }
    }

    fn new_buffer(&self) -> Buffer {
        if let Some(left) = self.left {
            return Buffer::new(left);
        }
        Buffer::new(if self.is_slow {
            // Whole blocks, and the line at their end.
            self.account.chunk(self.limits.chunk).max(self.limits.block) + LINE
        } else {
            self.portion() + LINE
        })
    }

    /// Bytes of a plain file read at a time.
    fn portion(&self) -> usize {
        let threads = self.account.threads().max(ROOMY);
        (CHUNKS * ROOMY / threads).max(1) * self.limits.chunk
    }

    /// `FEW_READY` where scans are many.
    fn few_ready(&self) -> usize {
        FEW_READY / self.account.scans()
    }

    fn most_ready(&self) -> usize {
        let all = MOST_READY.saturating_sub(self.account.threads());
        let few = self.few_ready();
        (all / self.account.scans()).max(few + few / 4 + 1)
    }

    /// `MOST_WAITING` where scans are many.
    pub fn most_waiting(&self) -> usize {
        MOST_WAITING / self.account.scans()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn feed(&self) -> MutexGuard<'_, Feed<'a>> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a thread besides the first.
    pub fn add_other(&self) {
        self.lock().others += 1;
    }

    fn has_others(&self) -> bool {
        self.lock().others > 0
    }

    /// The next chunk with its number; None at the end of the source.
    /// `start` starts another thread if one is spare, and returns whether it did.
    pub fn next(&self, start: impl Fn() -> bool) -> Option<Next<'_, 'a>> {
        loop {
            let mut state = self.lock();
            while state.is_read || state.is_ended || state.ready.len() > self.few_ready() {
                if let Some((number, ready)) = state.ready.pop_front() {
                    let buffer = match ready {
                        Ready::Read(buffer) => buffer,
                        Ready::Unpacked(unpacked) => {
                            let unused = state.unused.pop();
                            drop(state);
                            let mut buffer = unused.unwrap_or_else(|| self.new_buffer());
                            unpacked.fill(&mut buffer);
                            buffer
                        }
                    };
                    return Some((number, buffer, Taken::Lines));
                }
                if state.is_ended {
                    return None;
                }
                let changed = self.changed.wait(state);
                state = changed.unwrap_or_else(PoisonError::into_inner);
            }
            state.is_read = true;
            let unused = state.unused.pop();
            drop(state);
            let buffer = unused.unwrap_or_else(|| self.new_buffer());
            let found = self.read(buffer, &start);
            if found.is_some() {
                return found;
            }
        }
    }

    /// Reads ahead as far as is useful. Returns the chunk that this thread looks at next, unless that is the first in the
    /// queue.
    fn read(&self, mut buffer: Buffer, start: impl Fn() -> bool) -> Option<Next<'_, 'a>> {
        let mut reader = Reader {
            feed: self.feed(),
            queue: self,
        };
        let lacking = self.lock().lacking.take();
        if let Some((bytes, reason)) = lacking {
            reader.feed.source.lack(bytes, reason);
        }
        loop {
            let feed = &mut *reader.feed;
            if let Some(file) = &self.file
                && let Some((number, claim)) = feed.claim(self.portion())
            {
                start();
                drop(reader);
                self.fill(&mut buffer, file, claim);
                return Some((number, buffer, Taken::Lines));
            }
            if self.has_others()
                && let Some((number, unpacked)) = feed.next_unpacked()
            {
                start();
                if self.has_enough(number, Ready::Unpacked(unpacked)) {
                    self.lock().unused.push(buffer);
                    return None;
                }
                continue;
            }
            let Some((number, chunk)) = feed.next(&mut buffer) else {
                self.lock().is_ended = true;
                return None;
            };
            let has_started = feed.is_long() && start();
            if has_started {
                self.add_other();
            }
            if let Chunk::LongLine = chunk {
                // All are woken, however few chunks lie ready: this line waits for these chunks, and its thread cannot look
                // at them.
                self.changed.notify_all();
                return Some((number, buffer, Taken::LongLine(reader)));
            }
            if !self.is_slow || !self.has_others() {
                return Some((number, buffer, Taken::Lines));
            }
            let unused = self.lock().unused.pop();
            let next = unused.unwrap_or_else(|| self.new_buffer());
            let read = mem::replace(&mut buffer, next);
            if self.has_enough(number, Ready::Read(read)) {
                self.lock().unused.push(buffer);
                return None;
            }
        }
    }

    /// Puts lines behind those that lie ready. Returns whether enough lie ready now.
    fn has_enough(&self, number: u64, lines: Ready) -> bool {
        let mut state = self.lock();
        state.ready.push_back((number, lines));
        if state.ready.len() > self.few_ready() {
            self.changed.notify_one();
        }
        state.ready.len() >= self.most_ready()
    }

    /// Reads the lines of a claim into the buffer.
    fn fill(&self, buffer: &mut Buffer, file: &File, claim: Claim) {
        buffer.begin(claim.offset, &[]);
        buffer.reserve(claim.len);
        let read = read_at(file, &mut buffer.room()[..claim.len], claim.offset);
        buffer.filled = *read.as_ref().unwrap_or(&0);
        if buffer.filled < claim.len {
            // The thread that reads the source may wait for this chunk.
            let mut state = self.lock();
            let (bytes, reason) = state.lacking.get_or_insert_default();
            *bytes += claim.len - buffer.filled;
            *reason = reason.take().or(read.err());
        }
    }

    /// Takes back a buffer that was looked at. The last buffers of a source that cannot be read again are kept.
    pub fn put_back(&self, buffer: Buffer) {
        let mut state = self.lock();
        if !self.is_slow {
            return state.unused.push(buffer);
        }
        let offset = buffer.offset;
        let place = state.recent.partition_point(|one| one.offset < offset);
        state.recent.insert(place, buffer);
        let mut rest: u64 = state.recent.iter().map(|one| one.filled as u64).sum();
        while let Some(first) = state.recent.first() {
            rest -= first.filled as u64;
            if rest <= self.limits.edge_bytes {
                break;
            }
            let old = state.recent.remove(0);
            state.unused.push(old);
        }
    }

    /// The source, and its last bytes where it cannot be read again.
    pub fn finish(self) -> (Feed<'a>, Vec<u8>) {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut feed = self
            .feed
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((bytes, reason)) = state.lacking {
            feed.source.lack(bytes, reason);
        }
        let recent: Vec<&[u8]> = state.recent.iter().map(Buffer::data).collect();
        (feed, recent.concat())
    }
}

/// The right to read the source, for one thread at a time; it ends when this is dropped.
pub(crate) struct Reader<'q, 'a> {
    pub feed: MutexGuard<'q, Feed<'a>>,
    queue: &'q Queue<'a>,
}

impl Drop for Reader<'_, '_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.is_read = false;
        state.is_ended |= thread::panicking();
        self.queue.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::options::Progress;
    use crate::reader::START;
    use crate::reader::{Input, Source};

    #[test]
    fn what_is_handed_out_and_not_there_any_more_is_an_error() {
        let limits = Limits {
            chunk: 64,
            // Each line begins a block.
            block: 9,
            edge_bytes: 0,
            ..Limits::default()
        };
        let size = 4 * START;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all("one line\n".repeat(size / 9).as_bytes())
            .unwrap();
        let progress = Progress::new(Arc::default());
        let source = Source::open(file.path(), Input::File);
        let queue = Queue::new(Feed::new(source, &progress, limits), limits);
        let mut next = START as u64 / 9 * 9;
        let (_, buffer, _) = queue.next(|| false).unwrap();
        assert_eq!((buffer.offset, buffer.filled as u64), (0, next));
        for number in 1..4 {
            let (found, buffer, taken) = queue.next(|| false).unwrap();
            assert!(matches!(taken, Taken::Lines));
            assert_eq!((found, buffer.offset), (number, next));
            assert!(buffer.data().starts_with(b"one line\n"));
            assert!(buffer.data().ends_with(b"one line\n"));
            next += buffer.filled as u64;
            queue.put_back(buffer);
        }
        let (claim, shorter) = (queue.feed.lock().unwrap().claim(256).unwrap().1, next + 20);
        file.as_file().set_len(shorter).unwrap();
        let mut buffer = queue.new_buffer();
        queue.fill(&mut buffer, queue.file.as_ref().unwrap(), claim);
        assert_eq!(buffer.data(), b"one line\none line\non");
        assert!(queue.next(|| false).is_none());
        let (feed, _) = queue.finish();
        assert_eq!(feed.source.given, shorter);
        assert_eq!(feed.source.errors.len(), 1);
        assert!(feed.source.errors[0].ends_with("became shorter while it was read; scan it again"));
    }

    #[test]
    fn a_long_line_lets_others_look_at_what_lies_before_it() {
        let limits = Limits {
            chunk: 64,
            block: 64,
            long_line: 128,
            ..Limits::default()
        };
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut packed = flate2::write::GzEncoder::new(file.as_file(), flate2::Compression::fast());
        packed
            .write_all("one line\n".repeat(20).as_bytes())
            .unwrap();
        packed.write_all(&vec![b'x'; 4 * START]).unwrap();
        packed.finish().unwrap();
        let progress = Progress::new(Arc::default());
        let source = Source::open(file.path(), Input::File);
        let queue = Queue::new(Feed::new(source, &progress, limits), limits);
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            queue.lock().others = 1;
            queue.lock().is_read = true;
            scope.spawn(|| {
                let taken = queue.next(|| false);
                tell.send(taken.map(|(number, ..)| number)).unwrap();
            });
            // Most often the other waits by now; whether it does changes nothing of what must come.
            thread::sleep(Duration::from_millis(50));
            let found = queue.read(queue.new_buffer(), || false);
            assert!(matches!(found, Some((_, _, Taken::LongLine(_)))));
            let first = told.recv_timeout(Duration::from_secs(60));
            drop(found);
            assert_eq!(first, Ok(Some(0)));
        });
    }
}
