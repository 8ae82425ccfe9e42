//! The chunks of a source on their way from the thread that reads them to those that look at them.
//!
//! A plain file is read by whoever looks: reading takes no time, and the chunk lies in the caches. What has to be
//! unpacked takes longer than to be looked at, so one thread does nothing else while others look. Where looking
//! takes longer, because every line hits, the chunks read ahead become many, and the reader looks, too.
use std::collections::VecDeque;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::buffer::Buffer;
use crate::feed::{Chunk, Feed};
use crate::options::Limits;

/// Chunks of a plain file read at a time: a turn at it takes long beside the time in which another thread wakes up.
/// What is unpacked goes from one core's cache to the other's, and fewer bytes find more room there.
const CHUNKS: usize = 4;
/// Chunks that lie ready before the reader looks at one.
const MOST_READY: usize = 48;
/// So many are not worth waking another thread, and too few to stop reading.
const FEW_READY: usize = 16;

pub(crate) struct Queue<'a> {
    feed: Mutex<Feed<'a>>,
    state: Mutex<State>,
    changed: Condvar,
    limits: Limits,
    is_slow: bool,
}

#[derive(Default)]
struct State {
    /// Chunks of whole lines, in order, with their numbers.
    ready: VecDeque<(u64, Buffer)>,
    unused: Vec<Buffer>,
    is_read: bool,
    is_ended: bool,
    /// Threads besides the first.
    others: usize,
    /// What was looked at last of a source that cannot be read again, in order.
    recent: Vec<Buffer>,
}

/// What a thread has in its buffer. The rest of a long line is for the same thread.
pub(crate) enum Taken<'q, 'a> {
    Lines,
    LongLine(Reader<'q, 'a>),
}

impl<'a> Queue<'a> {
    pub fn new(feed: Feed<'a>, limits: Limits) -> Queue<'a> {
        Queue {
            is_slow: feed.is_slow(),
            feed: Mutex::new(feed),
            state: Mutex::default(),
            changed: Condvar::new(),
            limits,
        }
    }

    pub fn buffer(&self) -> Buffer {
        let chunks = if self.is_slow { 1 } else { CHUNKS };
        Buffer::new(chunks * self.limits.chunk)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Exchanges a buffer that was looked at for the next chunk with its number; None at the end of the source.
    /// `start` is asked to start another thread whenever one may be spare, and says whether it did.
    pub fn next(
        &self,
        buffer: &mut Buffer,
        start: impl Fn() -> bool,
    ) -> Option<(u64, Taken<'_, 'a>)> {
        let mut is_new = true;
        loop {
            let mut state = self.lock();
            if mem::take(&mut is_new) && buffer.filled > 0 {
                self.keep(&mut state, buffer);
            }
            while state.is_read || state.is_ended || state.ready.len() > FEW_READY {
                if let Some((number, found)) = state.ready.pop_front() {
                    let old = mem::replace(buffer, found);
                    state.unused.push(old);
                    return Some((number, Taken::Lines));
                }
                if state.is_ended {
                    return None;
                }
                let changed = self.changed.wait(state);
                state = changed.unwrap_or_else(PoisonError::into_inner);
            }
            state.is_read = true;
            drop(state);
            let found = self.read(buffer, &start);
            if found.is_some() {
                return found;
            }
        }
    }

    /// Reads ahead as far as is useful. What this thread is to look at next, if it is not the first in the queue.
    fn read(&self, buffer: &mut Buffer, start: impl Fn() -> bool) -> Option<(u64, Taken<'_, 'a>)> {
        let mut reader = Reader {
            feed: self.feed.lock().unwrap_or_else(PoisonError::into_inner),
            queue: self,
        };
        loop {
            let feed = &mut *reader.feed;
            let Some((number, chunk)) = feed.next(buffer) else {
                self.lock().is_ended = true;
                return None;
            };
            let has_started = feed.is_long() && start();
            if let Chunk::LongLine = chunk {
                self.lock().others += usize::from(has_started);
                // However few lie ready: this line waits for them, and its thread cannot look at them.
                self.changed.notify_all();
                return Some((number, Taken::LongLine(reader)));
            }
            let mut state = self.lock();
            state.others += usize::from(has_started);
            if !self.is_slow || state.others == 0 {
                return Some((number, Taken::Lines));
            }
            let empty = state.unused.pop().unwrap_or_else(|| self.buffer());
            state.ready.push_back((number, mem::replace(buffer, empty)));
            if state.ready.len() > FEW_READY {
                self.changed.notify_one();
            }
            if state.ready.len() >= MOST_READY {
                return None;
            }
        }
    }

    /// Keeps the end of a source that cannot be read again; the buffer becomes another.
    fn keep(&self, state: &mut State, buffer: &mut Buffer) {
        if !self.is_slow {
            return;
        }
        let next = state.unused.pop().unwrap_or_else(|| self.buffer());
        let place = state
            .recent
            .partition_point(|one| one.offset < buffer.offset);
        state.recent.insert(place, mem::replace(buffer, next));
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
        let feed = self
            .feed
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let recent = state
            .recent
            .iter()
            .flat_map(Buffer::data)
            .copied()
            .collect();
        (feed, recent)
    }
}

/// The turn at the source; ends when it is dropped.
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
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use super::*;
    use crate::detect;
    use crate::options::Progress;
    use crate::reader::{Input, Source};

    #[test]
    fn a_long_line_lets_others_look_at_what_lies_before_it() {
        let limits = Limits {
            chunk: 64,
            long_line: 128,
            ..Limits::default()
        };
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut packed = flate2::write::GzEncoder::new(file.as_file(), flate2::Compression::fast());
        packed
            .write_all("one line\n".repeat(20).as_bytes())
            .unwrap();
        packed.write_all(&vec![b'x'; 4 * detect::START]).unwrap();
        packed.finish().unwrap();
        let progress = Progress::new(Arc::default());
        let source = Source::open(file.path(), Input::File);
        let queue = Queue::new(Feed::new(source, &progress, limits), limits);
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            queue.lock().others = 1;
            queue.lock().is_read = true;
            scope.spawn(|| {
                let mut buffer = queue.buffer();
                let taken = queue.next(&mut buffer, || false);
                tell.send(taken.map(|(number, _)| number)).unwrap();
            });
            // Most often the other waits by now; whether it does changes nothing of what must come.
            thread::sleep(Duration::from_millis(50));
            let mut buffer = queue.buffer();
            let found = queue.read(&mut buffer, || false);
            assert!(matches!(found, Some((_, Taken::LongLine(_)))));
            let first = told.recv_timeout(Duration::from_secs(60));
            drop(found);
            assert_eq!(first, Ok(Some(0)));
        });
    }
}
