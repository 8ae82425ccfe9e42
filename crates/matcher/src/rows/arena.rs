//! Rows with their words, in blocks of equally many rows: the oldest can be taken away and no other moves.
use std::sync::{Arc, Mutex, PoisonError};

use crate::rows::row::{OTHER, Others, Row};
use crate::rows::span::Span;

/// Rows in the order in which they came. The place of a row is the number of rows that came before it, taken away or not.
#[derive(Debug)]
pub struct Arena {
    blocks: Vec<Block>,
    /// Place of the first row.
    first: u32,
    /// The exponent of a power of two.
    rows_per_block: u32,
    pool: Pool,
    /// Bytes that a row takes beside its words.
    row: usize,
}

/// Bytes of the words of a row, about.
const TEXT: usize = 200;

/// Emptied blocks, to be filled again by any thread: malloc does not give to one thread what another freed.
pub type Pool = Arc<Mutex<Vec<Block>>>;

#[derive(Debug, Default)]
pub struct Block {
    rows: Vec<Row>,
    /// The words of its rows.
    texts: Vec<u8>,
    /// The runs of its rows but for the run that each row holds itself.
    others: Others,
}

impl Arena {
    /// An arena with two to this power of rows in a block; a row takes so many bytes beside its words.
    pub fn new(rows_per_block: u32, row: usize, pool: Pool) -> Arena {
        Arena {
            blocks: Vec::new(),
            first: 0,
            rows_per_block,
            pool,
            row,
        }
    }

    /// Where its blocks come from and go to.
    pub fn pool(&self) -> Pool {
        self.pool.clone()
    }

    pub fn len(&self) -> usize {
        self.blocks.last().map_or(0, |last| {
            ((self.blocks.len() - 1) << self.rows_per_block) + last.rows.len()
        })
    }

    /// Place of the first row; those before it were taken away.
    pub fn first(&self) -> u32 {
        self.first
    }

    /// Place of the next row.
    pub fn next(&self) -> u32 {
        self.first + self.len() as u32
    }

    /// Bytes of all rows.
    pub fn size(&self) -> usize {
        self.blocks.iter().map(|block| block.size(self.row)).sum()
    }

    /// Where the words of the next row go. It begins where they end now.
    pub fn texts(&mut self) -> &mut Vec<u8> {
        let most = 1 << self.rows_per_block;
        if self
            .blocks
            .last()
            .is_none_or(|block| block.rows.len() == most)
        {
            let spare = self
                .pool
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let next = spare.unwrap_or_else(|| {
                // Blocks of one log are alike.
                let before = self
                    .blocks
                    .last()
                    .map_or(most * TEXT, |last| last.texts.len());
                Block {
                    rows: Vec::with_capacity(most),
                    texts: Vec::with_capacity(before + before / 8),
                    others: Others::default(),
                }
            });
            self.blocks.push(next);
        }
        let last = self.blocks.len() - 1;
        &mut self.blocks[last].texts
    }

    /// Adds a row whose words are in `texts`.
    pub fn push(&mut self, row: Row) {
        if let Some(last) = self.blocks.last_mut() {
            last.rows.push(row);
        }
    }

    fn index(&self, place: u32) -> (usize, usize) {
        // Whole blocks are taken away.
        let within = place & ((1 << self.rows_per_block) - 1);
        let place = place - self.first;
        ((place >> self.rows_per_block) as usize, within as usize)
    }

    #[inline]
    pub fn row(&self, place: u32) -> &Row {
        let (block, row) = self.index(place);
        &self.blocks[block].rows[row]
    }

    #[inline]
    pub fn row_mut(&mut self, place: u32) -> &mut Row {
        let (block, row) = self.index(place);
        &mut self.blocks[block].rows[row]
    }

    /// Counts hits of a row that are within one run. Returns the bytes that the arena grew by.
    #[inline]
    pub fn count(&mut self, place: u32, hits: Span) -> usize {
        let (block, row) = self.index(place);
        let Block { rows, others, .. } = &mut self.blocks[block];
        let before = others.len();
        rows[row].count(hits, others);
        (others.len() - before) * OTHER
    }

    /// A row, and the bytes that begin with its words.
    #[inline]
    pub fn entry(&self, place: u32) -> (&Row, &[u8]) {
        let (block, row) = self.index(place);
        let block = &self.blocks[block];
        let row = &block.rows[row];
        (row, &block.texts[row.words as usize..])
    }

    /// Where the runs of a row lie that it does not hold itself.
    #[inline]
    pub fn others(&self, place: u32) -> &Others {
        &self.blocks[self.index(place).0].others
    }

    /// Gives a row other words.
    pub fn reword(&mut self, place: u32, words: &[u8]) {
        let (block, row) = self.index(place);
        let Block { rows, texts, .. } = &mut self.blocks[block];
        rows[row].words = texts.len() as u32;
        texts.extend_from_slice(words);
    }

    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.blocks.iter().flat_map(|block| &block.rows)
    }

    /// The runs of all rows.
    pub fn runs(&self) -> impl Iterator<Item = Span> {
        self.blocks.iter().flat_map(|block| {
            let in_rows = block.rows.iter().map(|row| row.run);
            in_rows.chain(block.others.iter().map(|other| other.run))
        })
    }

    /// Takes away the oldest blocks of at least so many bytes together, or all; the place of the first is zero there.
    pub fn take_oldest(&mut self, least: usize) -> Arena {
        let mut size = 0;
        let enough = self.blocks.iter().position(|block| {
            size += block.size(self.row);
            size >= least
        });
        let count = enough.map_or(self.blocks.len(), |at| at + 1);
        self.first += (count as u32) << self.rows_per_block;
        Arena {
            blocks: self.blocks.drain(..count).collect(),
            ..Arena::new(self.rows_per_block, self.row, self.pool.clone())
        }
    }

    /// Takes back what `take_oldest` gave.
    pub fn put_back(&mut self, oldest: Arena) {
        self.first -= (oldest.blocks.len() as u32) << self.rows_per_block;
        self.blocks.splice(..0, oldest.blocks);
    }

    /// Gives its blocks to the pool.
    pub fn give_back(self) {
        let emptied = self.blocks.into_iter().map(|mut block| {
            block.rows.clear();
            block.texts.clear();
            block.others.clear();
            block
        });
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.extend(emptied);
    }
}

impl Block {
    fn size(&self, row: usize) -> usize {
        self.rows.len() * row + self.texts.len() + self.others.len() * OTHER
    }
}
