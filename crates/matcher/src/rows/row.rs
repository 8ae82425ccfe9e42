//! A row: the lines of one indicator, device and day, counted.
use std::mem;

use crate::format::Action;
use crate::line::hit::Field;
use crate::time;
use crate::time::when::When;
use crate::time::years::Years;

/// Lines of one item, device and bucket of time. `order` is the place of the first line, which gives the words.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub item: u32,
    /// Its number in the run of the row.
    pub device: u32,
    pub order: u64,
    pub first: When,
    pub last: When,
    pub count: u64,
    /// Where its words begin in the block of the row.
    pub words: u32,
    pub action: Action,
    pub field: Field,
    pub format: u16,
    /// Whether its words hold the device's identity.
    pub identity: bool,
}

impl Row {
    pub fn widen(&mut self, first: When, last: When) {
        self.first = self.first.earlier(first);
        self.last = self.last.later(last);
    }

    /// Adds the lines of another row of the same key; says whether the other gives the words.
    pub fn merge(&mut self, mut other: Row) -> bool {
        let is_later = other.order < self.order;
        if is_later {
            mem::swap(self, &mut other);
        }
        self.count += other.count;
        self.action = self.action.max(other.action);
        self.widen(other.first, other.last);
        is_later
    }

    /// With the years found.
    pub fn resolved(mut self, years: &mut Years<'_>) -> Row {
        let first = years.known(self.first);
        // Most rows are of one line.
        self.last = if self.last == self.first {
            first
        } else {
            years.known(self.last)
        };
        self.first = first;
        self
    }

    /// The day of a row with its years found.
    pub fn day(&self) -> Option<i32> {
        self.first.micros().map(time::day_number)
    }
}
