//! A source of which only a range is read.
use std::io::{Read, Seek, SeekFrom};

use super::Source;
use crate::line::detect;
use crate::pipeline::part::{Range, border};

impl Source {
    /// Lets `read` give only a range of a plain file of UTF-8; where it begins, and the first bytes of the file.
    /// None where the file is packed, encoded otherwise or unreadable, or has no line border within `most` bytes.
    pub fn begin_range(&mut self, range: Range, most: usize) -> Option<(u64, Vec<u8>)> {
        let mut head = vec![0; detect::START];
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
        let file = self.plain.as_mut()?;
        let start = border(file, range.start, most).ok()??;
        let size = match range.end {
            None => u64::MAX,
            Some(end) => border(file, end, most).ok()??.saturating_sub(start),
        };
        file.seek(SeekFrom::Start(start)).ok()?;
        self.stream = Some(Box::new(file.try_clone().ok()?.take(size)));
        self.held.clear();
        self.start.clear();
        self.is_whole = false;
        (self.stored, self.unpacked, self.given) = (0, start, start);
        self.size = size.min(self.size.saturating_sub(start));
        Some((start, head))
    }
}
