//! Texts one after another, in large pieces of memory that never move.
use crate::raw::large_pages;
use crate::words::LONGEST;

/// Bits of a place within its block.
const BITS: u32 = 24;
/// Room in the first block: most scans find little.
const FIRST: usize = 1 << 18;

/// Texts by their places. They are looked at in no order, where small pages are found again and again.
#[derive(Debug, Default)]
pub struct Texts {
    blocks: Vec<Vec<u8>>,
}

impl Texts {
    /// The place of the next text and the block to which it is to be added.
    pub fn room(&mut self) -> (u32, &mut Vec<u8>) {
        let last = self.blocks.last();
        if last.is_none_or(|block| block.capacity() - block.len() < LONGEST) {
            let size = if last.is_none() { FIRST } else { 1 << BITS };
            let mut block = Vec::with_capacity(size);
            large_pages(&mut block);
            self.blocks.push(block);
        }
        let number = self.blocks.len() - 1;
        let block = &mut self.blocks[number];
        ((number << BITS | block.len()) as u32, block)
    }

    /// From a place on.
    pub fn at(&self, place: u32) -> &[u8] {
        &self.blocks[(place >> BITS) as usize][place as usize & ((1 << BITS) - 1)..]
    }
}
