//! The baton: what a line needs of the lines before it, handed from chunk to chunk in the order of the file.
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::shape::Header;
use crate::time::Moment;

/// State that depends on the order of lines.
#[derive(Debug, Default)]
pub(crate) struct Baton {
    pub header: Arc<Header>,
    /// Headers of the last lines, each with the offset of the line that made it.
    pub headers: Vec<(u64, Arc<Header>)>,
    /// Times of the first lines that parse.
    pub head: Vec<Option<Moment>>,
}

#[derive(Debug, Default)]
struct Turn {
    /// The chunk whose turn it is.
    number: u64,
    baton: Option<Baton>,
    /// Chunks that leave the baton as it is, with the header that it had when it passed them.
    neutral: BTreeMap<u64, Option<Arc<Header>>>,
    is_broken: bool,
}

impl Turn {
    /// Moves on past chunks that leave the baton as it is.
    fn advance(&mut self) {
        while let Some(baton) = &self.baton
            && let Some(header) = self.neutral.get_mut(&self.number)
        {
            *header = Some(baton.header.clone());
            self.number += 1;
        }
    }

    /// The header before a chunk that leaves the baton as it is; only once.
    fn header(&mut self, number: u64) -> Option<Arc<Header>> {
        self.neutral.get(&number)?.as_ref()?;
        self.neutral.remove(&number)?
    }
}

/// Gives the baton to the threads in the order of their chunks.
#[derive(Debug)]
pub(crate) struct Relay {
    turn: Mutex<Turn>,
    passed: Condvar,
}

impl Relay {
    pub fn new(first: Baton) -> Relay {
        let turn = Turn {
            baton: Some(first),
            ..Turn::default()
        };
        Relay {
            turn: Mutex::new(turn),
            passed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<T>(&self, mut find: impl FnMut(&mut Turn) -> Option<T>) -> T {
        let mut turn = self.lock();
        loop {
            assert!(!turn.is_broken, "another thread of this scan failed");
            if let Some(found) = find(&mut turn) {
                return found;
            }
            let passed = self.passed.wait(turn);
            turn = passed.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until all chunks before this one have passed the baton on.
    pub fn take(&self, number: u64) -> Baton {
        self.wait(|turn| {
            let is_next = turn.number == number;
            is_next.then(|| turn.baton.take()).flatten()
        })
    }

    /// Passes the baton to the next chunk.
    pub fn pass(&self, baton: Baton) {
        let mut turn = self.lock();
        turn.number += 1;
        turn.baton = Some(baton);
        turn.advance();
        self.passed.notify_all();
    }

    /// Notes that a chunk leaves the baton as it is, so that nobody takes the baton for it. Returns how many such chunks
    /// have not asked for their header yet.
    pub fn skip(&self, number: u64) -> usize {
        let mut turn = self.lock();
        turn.neutral.insert(number, None);
        turn.advance();
        self.passed.notify_all();
        turn.neutral.len()
    }

    /// The header before a chunk that was skipped, only once. None while chunks before it have the baton.
    pub fn header(&self, number: u64) -> Option<Arc<Header>> {
        let mut turn = self.lock();
        assert!(!turn.is_broken, "another thread of this scan failed");
        turn.header(number)
    }

    /// Waits for the header before a chunk that was skipped.
    pub fn wait_header(&self, number: u64) -> Arc<Header> {
        self.wait(|turn| turn.header(number))
    }

    /// The baton behind the last chunk.
    pub fn finish(self) -> Baton {
        let turn = self.turn.into_inner();
        turn.unwrap_or_else(PoisonError::into_inner)
            .baton
            .unwrap_or_default()
    }

    /// Wakes the others with a panic if the thread that holds this fails.
    pub fn watch(&self) -> Watch<'_> {
        Watch(self)
    }
}

pub(crate) struct Watch<'a>(&'a Relay);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.lock().is_broken = true;
            self.0.passed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_chunk_has_the_header_of_the_chunk_before_it() {
        let relay = Relay::new(Baton::default());
        let first = relay.take(0);
        relay.skip(2);
        relay.skip(1);
        assert!(relay.header(1).is_none());
        let new = Arc::new(Header::default());
        relay.pass(Baton {
            header: new.clone(),
            ..first
        });
        for number in [2, 1] {
            assert!(Arc::ptr_eq(&relay.header(number).unwrap(), &new));
            assert!(relay.header(number).is_none());
        }
        assert!(Arc::ptr_eq(&relay.take(3).header, &new));
    }
}
