//! What lines know of the lines before them, handed from chunk to chunk in the order of the file.
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::shape::Header;
use crate::time::Moment;

/// State that depends on the order of lines.
#[derive(Debug, Default)]
pub(crate) struct Baton {
    pub header: Arc<Header>,
    /// Headers of the lines of late, each with the offset of the line that made it.
    pub headers: Vec<(u64, Arc<Header>)>,
    /// Times of the first lines that parse.
    pub head: Vec<Option<Moment>>,
}

#[derive(Debug, Default)]
struct Turn {
    /// The chunk whose turn it is.
    number: u64,
    baton: Option<Baton>,
    is_broken: bool,
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

    /// Waits until all chunks before this one have passed the baton on.
    pub fn take(&self, number: u64) -> Baton {
        let mut turn = self.lock();
        loop {
            assert!(!turn.is_broken, "another thread of this scan failed");
            if turn.number == number
                && let Some(baton) = turn.baton.take()
            {
                return baton;
            }
            turn = self
                .passed
                .wait(turn)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the next chunk have it.
    pub fn pass(&self, baton: Baton) {
        let mut turn = self.lock();
        turn.number += 1;
        turn.baton = Some(baton);
        self.passed.notify_all();
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
