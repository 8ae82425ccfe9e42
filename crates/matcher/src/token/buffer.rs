//! The bytes that one thread looks at, laid out as phase 1 wants them.
use crate::token::{BACK, FRONT};

/// Bytes at hand, with room before and zeros behind them.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    pub filled: usize,
    /// Place in the text of the first byte.
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

    pub fn data_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[FRONT..FRONT + self.filled]
    }

    fn size(&self) -> usize {
        self.bytes.len() - FRONT - BACK
    }

    /// Starts anew with these bytes.
    pub fn begin(&mut self, offset: u64, data: &[u8]) {
        self.filled = 0;
        self.reserve(data.len());
        self.bytes[FRONT..FRONT + data.len()].copy_from_slice(data);
        self.filled = data.len();
        self.offset = offset;
    }

    /// Makes room for at least so many bytes more.
    pub fn reserve(&mut self, more: usize) {
        if self.size() < self.filled + more {
            self.bytes.resize(FRONT + self.filled + more + BACK, 0);
        }
    }

    /// Room for more, doubled where there is none.
    pub fn room(&mut self) -> &mut [u8] {
        if self.is_full() {
            self.reserve(self.filled);
        }
        let end = self.bytes.len() - BACK;
        &mut self.bytes[FRONT + self.filled..end]
    }

    pub fn is_full(&self) -> bool {
        self.filled == self.size()
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
