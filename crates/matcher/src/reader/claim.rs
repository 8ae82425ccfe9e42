//! Whole lines of a plain file, handed out before they are read: each thread reads its own.
use std::fs::File;
use std::io;
use std::sync::Arc;

use super::Source;
use crate::reader::plain::read_at;

/// Bytes from the beginning of a block on in which a line border is sought.
const BORDER: usize = 4096;

/// Whole lines of a plain file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub offset: u64,
    pub len: usize,
}

impl Source {
    /// Hands out about `size` bytes that begin at `offset`, where a line begins, up to the first line that begins in a
    /// block of `block` bytes: what `read` gave from there on is taken back. None near the end, where a line is too long, and of all that is no plain file
    /// read from its start: `read` goes on.
    pub(crate) fn claim(&mut self, offset: u64, size: usize, block: usize) -> Option<Claim> {
        let is_simple = self.can_reread()
            && self.is_whole
            && self.start.is_empty()
            && self.held.is_empty()
            && self.errors.is_empty();
        if !is_simple || offset + size as u64 > self.size {
            return None;
        }
        let last = (offset + size as u64) / block as u64 * block as u64;
        let from = usize::try_from(last.checked_sub(offset + 1)?).ok()?;
        let file = self.plain.as_ref()?;
        let mut end = [0; BORDER];
        let n = read_at(file, &mut end, offset + from as u64).ok()?;
        let border = memchr::memchr(b'\n', &end[..n])?;
        let len = from + border + 1;
        let place = offset + len as u64;
        self.stream.as_mut()?.go_to(place)?;
        (self.stored, self.unpacked, self.given) = (place, place, place);
        Some(Claim { offset, len })
    }

    /// A file for `read_at`, to read claims from.
    pub fn file(&self) -> Option<Arc<File>> {
        self.plain.clone()
    }

    /// Notes that so many bytes of claims could not be read.
    pub fn lack(&mut self, bytes: usize, reason: Option<io::Error>) {
        self.unpacked -= bytes as u64;
        self.given -= bytes as u64;
        match reason {
            _ if !self.errors.is_empty() => {}
            Some(error) => self.unreadable(&error),
            None => self.fail("became shorter while it was read; scan it again"),
        }
    }
}
