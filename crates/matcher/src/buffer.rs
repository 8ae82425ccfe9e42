//! The buffer between the reader and phase 1.
use crate::reader::Source;
use crate::token::{BACK, FRONT};

/// The bytes at hand, with zeros before and after as phase 1 wants them.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    pub filled: usize,
    /// Place in the decompressed data of the first byte.
    pub offset: u64,
}

impl Buffer {
    pub fn new(size: usize) -> Buffer {
        Buffer {
            bytes: vec![0; FRONT + size + BACK],
            filled: 0,
            offset: 0,
        }
    }

    pub fn data(&self) -> &[u8] {
        &self.bytes[FRONT..FRONT + self.filled]
    }

    /// Reads more, making room where a line fills the buffer. Keeps the last bytes of what cannot be read again.
    pub fn fill(&mut self, source: &mut Source, recent: &mut Vec<u8>, edge: u64) -> usize {
        let size = self.bytes.len() - FRONT - BACK;
        if self.filled == size {
            self.bytes.resize(FRONT + 2 * size + BACK, 0);
        }
        let end = self.bytes.len() - BACK;
        let from = FRONT + self.filled;
        let n = source.read(&mut self.bytes[from..end]);
        if !source.can_reread() {
            let keep = edge as usize + 1;
            if recent.len() > 2 * keep {
                recent.drain(..recent.len() - keep);
            }
            recent.extend_from_slice(&self.bytes[from..from + n]);
        }
        self.filled += n;
        n
    }

    pub fn drop_front(&mut self, n: usize) {
        self.bytes
            .copy_within(FRONT + n..FRONT + self.filled, FRONT);
        self.filled -= n;
        self.offset += n as u64;
    }

    /// Lends the bytes with zeros behind `end`, and puts back what stood there.
    pub fn isolated(&mut self, start: usize, end: usize, look: impl FnOnce(&[u8], usize)) {
        let behind = FRONT + end..FRONT + end + BACK;
        let mut saved = [0u8; BACK];
        saved.copy_from_slice(&self.bytes[behind.clone()]);
        self.bytes[behind.clone()].fill(0);
        look(&self.bytes, FRONT + start);
        self.bytes[behind].copy_from_slice(&saved);
    }
}
