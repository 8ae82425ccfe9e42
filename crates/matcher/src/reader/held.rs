//! Bytes taken from the input and not used yet, in one piece.
use std::io;

#[derive(Default)]
pub(super) struct Held {
    bytes: Vec<u8>,
    at: usize,
    end: usize,
}

impl Held {
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.at..self.end]
    }

    pub fn is_empty(&self) -> bool {
        self.at == self.end
    }

    /// The first `n` bytes are used.
    pub fn skip(&mut self, n: usize) {
        self.at += n;
    }

    pub fn clear(&mut self) {
        self.end = self.at;
    }

    /// Lets `read` put at most `size` bytes behind the rest; how many it put.
    pub fn fill(&mut self, size: usize, read: impl FnOnce(&mut [u8]) -> usize) -> usize {
        self.bytes.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
        if self.bytes.len() < self.end + size {
            self.bytes.resize(self.end + size, 0);
        }
        let n = read(&mut self.bytes[self.end..self.end + size]);
        self.end += n;
        n
    }

    /// Lets `exchange` put the next block in place of the used block. Returns the bytes of the next block.
    pub fn exchange(
        &mut self,
        exchange: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<usize> {
        // Hardly ever anything, but at the beginning of a member.
        let rest = self.rest().to_vec();
        exchange(&mut self.bytes)?;
        let n = self.bytes.len();
        self.bytes.splice(..0, rest);
        (self.at, self.end) = (0, self.bytes.len());
        Ok(n)
    }
}
