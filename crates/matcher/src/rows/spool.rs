//! Rows put aside when memory is full: first to the rows that all threads share, and from there to temporary files.
use std::io;
use std::sync::PoisonError;

use crate::rows::arena::Arena;
use crate::rows::machines::Machines;
use crate::rows::places::Key;
use crate::rows::words::Words;
use crate::rows::{ROW, Row, Rows, SharedRows};
use crate::set::Set;
use crate::time::bucket::bucket;

/// Fewer bytes of rows are not worth a stretch of their own.
const LEAST_RUN: usize = 1 << 20;
/// Beyond this place all rows are put aside, and places are counted anew.
const MOST_PLACES: u32 = 1 << 31;
/// Keys that are asked for before their rows are looked at.
const AHEAD: usize = 8;

impl Rows {
    /// Fewer bytes are not put aside.
    pub(super) fn least(&self) -> usize {
        let least = LEAST_RUN.min(self.memory.base());
        if self.shared().is_some() {
            least / 8
        } else {
            least
        }
    }

    /// The rows that threads share. None for one or two threads, whose own rows have room; `threads` also counts the rows to
    /// which all are added in the end.
    fn shared(&self) -> Option<&SharedRows> {
        let shared = self.shared.as_ref();
        shared.filter(|_| self.memory.threads() > 3)
    }

    /// Puts the oldest rows aside: a quarter of the bytes held, so that little is written and read again. All rows go
    /// where their machines take much, as these stay as long as any row.
    pub(super) fn put_aside(&mut self, set: &Set, least: usize) -> io::Result<()> {
        self.count();
        let of_rows = self.rows.size();
        let held = self.held.bytes();
        let aside = (held / 4).max(least);
        let has_places = self.rows.next() < MOST_PLACES;
        let is_part = of_rows > held / 4 * 3 && of_rows > aside && has_places;
        let oldest = self
            .rows
            .take_oldest(if is_part { aside } else { usize::MAX });
        let put = match self.shared() {
            // If the shared rows cannot go on to a file, these stay with them.
            Some(shared) => self.share(shared, set, &oldest),
            None => match self.spill(set, &oldest) {
                Err(error) => {
                    self.rows.put_back(oldest);
                    return Err(error);
                }
                done => done,
            },
        };
        let size = oldest.size();
        oldest.give_back();
        if self.rows.len() == 0 {
            self.clear();
        } else {
            self.places.forget_before(self.rows.first());
            self.held.take(size);
        }
        put
    }

    /// Writes rows to a temporary file.
    fn spill(&mut self, set: &Set, oldest: &Arena) -> io::Result<()> {
        self.stretches.spill(set, &self.machines.shown(), oldest)?;
        self.stretches.spread.add(oldest.runs(), &self.midnights);
        Ok(())
    }

    /// Adds rows to those of all threads.
    fn share(&self, shared: &SharedRows, set: &Set, oldest: &Arena) -> io::Result<()> {
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = shared.get_or_insert_with(|| self.empty(None));
        shared.take_in(&self.machines, oldest);
        let least = shared.least();
        while shared.held.bytes() > self.memory.shared_limit().max(least) {
            shared.put_aside(set, least)?;
        }
        Ok(())
    }

    /// The rows that threads shared, when all threads have ended.
    pub fn take_shared(&self) -> Option<Rows> {
        let shared = self.shared.as_ref()?.lock();
        shared.unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Adds the rows of another, whose machines these are.
    fn take_in(&mut self, machines: &Machines, rows: &Arena) {
        let all = machines.all().into_iter();
        let numbers: Vec<u32> = all
            .map(|(device, who)| self.machine(device.as_ref(), who))
            .collect();
        let key = |row: &Row| Key {
            item: row.item,
            machine: numbers[row.machine as usize],
            when: bucket(row.run.first.value(), &self.midnights),
        };
        let keys: Vec<Key> = rows.rows().map(key).collect();
        let mut runs = Vec::new();
        for (place, &key) in (0..).zip(&keys) {
            if let Some(later) = keys.get(place as usize + AHEAD) {
                self.places.ask_for(later);
            }
            let (row, words) = rows.entry(place);
            let words = Words::at(words).bytes();
            runs.clear();
            row.each_run(rows.others(place), |run| runs.push(run));
            let row = Row {
                machine: key.machine,
                ..*row
            };
            let next = self.rows.next();
            let known = self.places.find(key, next);
            if known == next {
                let texts = self.rows.texts();
                let begin = texts.len() as u32;
                texts.extend_from_slice(words);
                // The oldest run stands last: then each next run lies behind all others, mostly.
                let oldest = runs.pop().unwrap_or(row.run);
                self.rows.push(Row {
                    words: begin,
                    ..row.first_of(oldest)
                });
                self.held.add(ROW + words.len());
            } else if self.rows.row_mut(known).merge(&row) {
                self.rows.reword(known, words);
                self.held.add(words.len());
            }
            let grown = runs.drain(..).rev().map(|run| self.rows.count(known, run));
            let grown = grown.sum();
            self.held.add(grown);
        }
    }
}

/// The sentence for rows that cannot be put aside.
pub fn temporary(error: &io::Error) -> String {
    format!(
        "what was found does not fit into the temporary folder {}: {error}; make room there or set TMPDIR to a folder that has some",
        std::env::temp_dir().display()
    )
}
