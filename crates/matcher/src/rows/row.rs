//! A row: the lines of one indicator, machine and day, counted by runs.
use crate::format::Action;
use crate::line::hit::Field;
use crate::rows::span::Span;

/// Stands for the place of no run.
pub const NONE: u32 = u32::MAX;

/// Lines of one item, machine and bucket of time. `order` is the place of the first line, which gives the words.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub item: u32,
    /// The number of its machine in the stretch of the row.
    pub machine: u32,
    pub order: u64,
    /// The run that was hit last.
    pub run: Span,
    /// Where another run lies in the block of the row; from there a chain leads to all others.
    pub others: u32,
    /// Where its words begin in the block of the row.
    pub words: u32,
    pub action: Action,
    pub field: Field,
    pub format: u16,
    /// Whether its words hold the device's identity.
    pub identity: bool,
    /// Whether `run` surely lies behind all other runs.
    pub is_latest: bool,
}

/// A run of a row beside the run in the row itself.
#[derive(Clone, Copy, Debug)]
pub struct Other {
    pub run: Span,
    pub next: u32,
}

impl Row {
    /// Takes the words and the action of another row of the same key; says whether the other gives the words. The runs
    /// stay.
    pub fn merge(&mut self, other: &Row) -> bool {
        self.action = self.action.max(other.action);
        let is_later = other.order < self.order;
        if is_later {
            self.order = other.order;
            self.words = other.words;
            self.field = other.field;
            self.format = other.format;
            self.identity = other.identity;
        }
        is_later
    }

    /// Adds hits that are within one run. The other runs of the row lie in `others`; a new run is added there.
    ///
    /// The first hits of two runs are more than ten minutes apart, whatever else comes: a day has room for 144.
    #[inline]
    pub fn count(&mut self, hits: Span, others: &mut Vec<Other>) {
        if self.run.is_near(hits) {
            self.run.join(hits);
        } else {
            self.count_elsewhere(hits, others);
        }
    }

    #[inline(never)]
    fn count_elsewhere(&mut self, hits: Span, others: &mut Vec<Other>) {
        let is_later = self.run.last < hits.first;
        let mut is_latest = is_later;
        if !(self.is_latest && is_later) {
            let mut at = self.others;
            while let Some(other) = others.get_mut(at as usize) {
                if other.run.is_near(hits) {
                    other.run.join(hits);
                    std::mem::swap(&mut self.run, &mut other.run);
                    self.is_latest = false;
                    return;
                }
                is_latest &= other.run.last < hits.first;
                at = other.next;
            }
        }
        // A row in a million has a second run: no room is wasted on the others.
        if others.len() == others.capacity() {
            others.reserve_exact((others.len() / 8).max(4));
        }
        others.push(Other {
            run: self.run,
            next: self.others,
        });
        self.others = (others.len() - 1) as u32;
        self.run = hits;
        self.is_latest = is_latest;
    }

    /// Shows all runs; runs that grew together may come apart.
    pub fn each_run(&self, others: &[Other], mut show: impl FnMut(Span)) {
        show(self.run);
        let mut at = self.others;
        while let Some(other) = others.get(at as usize) {
            show(other.run);
            at = other.next;
        }
    }

    /// The row of a line, with the run of its hit.
    pub fn first_of(&self, run: Span) -> Row {
        Row {
            run,
            others: NONE,
            is_latest: true,
            ..*self
        }
    }
}
