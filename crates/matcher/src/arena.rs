//! Rows with their words, in blocks of equally many rows: the oldest can be taken away and no other moves.
use crate::rows::Row;

/// Rows in the order in which they came. Each is found by its place: how many came before it.
#[derive(Debug)]
pub struct Arena {
    blocks: Vec<Block>,
    /// As a power of two.
    rows_per_block: u32,
    /// Blocks that were emptied, to be filled again.
    spare: Vec<Block>,
    /// Bytes that a row takes beside its words.
    row: usize,
}

#[derive(Debug, Default)]
struct Block {
    rows: Vec<Row>,
    /// The words of its rows.
    texts: Vec<u8>,
}

impl Arena {
    /// Of blocks of this power of two of rows, each of which takes so many bytes beside its words.
    pub fn new(rows_per_block: u32, row: usize) -> Arena {
        Arena {
            blocks: Vec::new(),
            rows_per_block,
            spare: Vec::new(),
            row,
        }
    }

    pub fn len(&self) -> usize {
        self.blocks.last().map_or(0, |last| {
            ((self.blocks.len() - 1) << self.rows_per_block) + last.rows.len()
        })
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
            let next = self.spare.pop().unwrap_or_else(|| {
                // Blocks of one log are alike.
                let before = self.blocks.last().map_or(0, |last| last.texts.len());
                Block {
                    rows: Vec::with_capacity(most),
                    texts: Vec::with_capacity(before + before / 8),
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
        let within = place & ((1 << self.rows_per_block) - 1);
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

    /// A row, and the bytes that begin with its words.
    #[inline]
    pub fn entry(&self, place: u32) -> (&Row, &[u8]) {
        let (block, row) = self.index(place);
        let block = &self.blocks[block];
        let row = &block.rows[row];
        (row, &block.texts[row.words as usize..])
    }

    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.blocks.iter().flat_map(|block| &block.rows)
    }

    /// Takes away the oldest blocks of at least so many bytes together, or all.
    pub fn take_oldest(&mut self, least: usize) -> Arena {
        let mut size = 0;
        let enough = self.blocks.iter().position(|block| {
            size += block.size(self.row);
            size >= least
        });
        let count = enough.map_or(self.blocks.len(), |at| at + 1);
        Arena {
            blocks: self.blocks.drain(..count).collect(),
            ..Arena::new(self.rows_per_block, self.row)
        }
    }

    /// Takes back what `take_oldest` gave.
    pub fn put_back(&mut self, oldest: Arena) {
        self.blocks.splice(..0, oldest.blocks);
    }

    /// Fills the blocks of another, which are not needed any more, again.
    pub fn reuse(&mut self, other: Arena) {
        let emptied = other.blocks.into_iter().map(|mut block| {
            block.rows.clear();
            block.texts.clear();
            block
        });
        self.spare.extend(emptied);
    }
}

impl Block {
    fn size(&self, row: usize) -> usize {
        self.rows.len() * row + self.texts.len()
    }
}
