//! Lines that lie where they were unpacked. The thread that looks at them copies them; the thread that unpacks goes on.
use memchr::{memchr, memrchr};

use crate::raw::Slice;
use crate::token::buffer::Buffer;

/// Text in pieces.
pub(crate) struct Unpacked {
    /// Place in the text of the first byte.
    offset: u64,
    /// The bytes that were left of the chunk before.
    start: Vec<u8>,
    slices: Vec<Slice>,
}

impl Unpacked {
    pub fn new(offset: u64, start: Vec<u8>) -> Unpacked {
        Unpacked {
            offset,
            start,
            slices: Vec::new(),
        }
    }

    pub fn add(&mut self, slice: Slice) {
        self.slices.push(slice);
    }

    pub fn len(&self) -> usize {
        self.start.len() + self.lent()
    }

    fn lent(&self) -> usize {
        self.slices.iter().map(|slice| slice.len()).sum()
    }

    /// Takes away and returns the bytes from the last block on that begins within the slices; None where none does.
    pub fn cut(&mut self, block: usize) -> Option<Vec<u8>> {
        let mut end = self.len();
        let last = self.slices.iter().rev().find_map(|slice| {
            end -= slice.len();
            Some(end + memrchr(b'\n', slice)?)
        })?;
        let begin = (self.offset + last as u64 + 1) / block as u64 * block as u64;
        // The byte before the block, and the slice that holds it.
        let mut from = usize::try_from(begin.checked_sub(self.offset + 1)?).ok()?;
        from = from.checked_sub(self.start.len())?;
        let mut slices = self.slices.iter().enumerate();
        let (i, border) = slices.find_map(|(i, slice)| {
            let skipped = from.min(slice.len());
            from -= skipped;
            Some((i, skipped + memchr(b'\n', &slice[skipped..])? + 1))
        })?;
        let rest = self.slices.split_off(i + 1);
        let mut behind = self.slices[i][border..].to_vec();
        behind.extend(rest.iter().flat_map(|slice| slice.iter()));
        self.slices[i].truncate(border);
        Some(behind)
    }

    /// All of it in one piece.
    pub fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.start;
        for slice in &self.slices {
            bytes.extend_from_slice(slice);
        }
        bytes
    }

    /// Copies all of it into the buffer.
    pub fn fill(self, buffer: &mut Buffer) {
        buffer.begin(self.offset, &self.start);
        let size = self.lent();
        buffer.reserve(size);
        for slice in &self.slices {
            buffer.room()[..slice.len()].copy_from_slice(slice);
            buffer.filled += slice.len();
        }
    }
}
