//! Reading only a range of a source.
use std::fs::File;
use std::io;

use super::plain::{Placed, Stored, read_at};
use super::{START, Source};

/// A range of a file: bytes from `start` to `end`, both moved on to the next line border; None is the end of the file.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    pub start: u64,
    pub end: Option<u64>,
}

impl Source {
    /// Lets `read` give only a range of a plain file of UTF-8; where it begins, and the first bytes of the file.
    /// None where the file is packed, encoded otherwise or unreadable, or has no line border within `most` bytes.
    pub fn begin_range(&mut self, range: Range, most: usize) -> Option<(u64, Vec<u8>)> {
        let mut head = vec![0; START];
        let mut n = 0;
        while n < head.len() {
            match self.read(&mut head[n..]) {
                0 => break,
                more => n += more,
            }
        }
        head.truncate(n);
        if !self.errors.is_empty() || !self.can_reread() {
            return None;
        }
        let file = self.plain.as_ref()?;
        let start = border(file, range.start, most).ok()??;
        let size = match range.end {
            None => u64::MAX,
            Some(end) => border(file, end, most).ok()??.saturating_sub(start),
        };
        self.stream = Some(Stored::Plain(Placed::new(file.clone(), start, size)));
        self.held.clear();
        self.start.clear();
        self.is_whole = false;
        (self.stored, self.unpacked, self.given) = (0, start, start);
        self.size = size.min(self.size.saturating_sub(start));
        Some((start, head))
    }
}

/// The first byte of a line at or behind `at`; None where that is too far away.
fn border(file: &File, at: u64, most: usize) -> io::Result<Option<u64>> {
    if at == 0 {
        return Ok(Some(0));
    }
    let mut place = at - 1;
    let mut block = vec![0; 1 << 16];
    while place < at + most as u64 {
        let n = read_at(file, &mut block, place)?;
        if n == 0 {
            return Ok(Some(place.max(at - 1)));
        }
        if let Some(i) = memchr::memchr(b'\n', &block[..n]) {
            return Ok(Some(place + i as u64 + 1));
        }
        place += n as u64;
    }
    Ok(None)
}
