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

/// Runs in pieces of one size: they grow one by one, and a large piece that grows would leave holes in the heap.
#[derive(Debug, Default)]
pub struct Others {
    pieces: Vec<Box<[Other; PIECE]>>,
    len: usize,
}

/// Runs in a piece.
const PIECE: usize = 128;
/// Bytes that a run counts for: malloc seldom has the next use for the pieces of rows that were put aside, so the heap holds
/// about twice as many.
pub const OTHER: usize = 2 * size_of::<Other>();

impl Others {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn clear(&mut self) {
        *self = Others::default();
    }

    #[inline]
    pub fn get(&self, at: u32) -> Option<&Other> {
        let at = at as usize;
        (at < self.len).then(|| &self.pieces[at / PIECE][at % PIECE])
    }

    #[inline]
    fn get_mut(&mut self, at: u32) -> Option<&mut Other> {
        let at = at as usize;
        (at < self.len).then(|| &mut self.pieces[at / PIECE][at % PIECE])
    }

    pub fn push(&mut self, other: Other) {
        if self.len == self.pieces.len() * PIECE {
            self.pieces.push(Box::new([other; PIECE]));
        } else {
            self.pieces[self.len / PIECE][self.len % PIECE] = other;
        }
        self.len += 1;
    }

    pub fn iter(&self) -> impl Iterator<Item = &Other> {
        self.pieces
            .iter()
            .flat_map(|piece| piece.iter())
            .take(self.len)
    }
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
    pub fn count(&mut self, hits: Span, others: &mut Others) {
        if self.run.is_near(hits) {
            self.run.join(hits);
        } else {
            self.count_elsewhere(hits, others);
        }
    }

    #[inline(never)]
    fn count_elsewhere(&mut self, hits: Span, others: &mut Others) {
        let is_later = self.run.last < hits.first;
        let mut is_latest = is_later;
        if !(self.is_latest && is_later) {
            let mut at = self.others;
            while let Some(other) = others.get_mut(at) {
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
        others.push(Other {
            run: self.run,
            next: self.others,
        });
        self.others = (others.len() - 1) as u32;
        self.run = hits;
        self.is_latest = is_latest;
    }

    /// Shows all runs; runs that grew together may come apart.
    pub fn each_run(&self, others: &Others, mut show: impl FnMut(Span)) {
        show(self.run);
        let mut at = self.others;
        while let Some(other) = others.get(at) {
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
