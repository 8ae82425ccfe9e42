//! Cuts a source into chunks of whole lines for the threads that look at them.
use std::mem;
use std::sync::Arc;

use memchr::{memchr, memrchr};

use crate::memory::Account;
use crate::options::{Limits, Progress};
use crate::pipeline::unpacked::Unpacked;
use crate::reader::claim::Claim;
use crate::reader::{START, Source};
use crate::scan::blocks::last_block;
use crate::token::buffer::Buffer;

/// Bytes of most spans of a log that is followed, at most.
const SHORT: usize = 16 << 10;

/// What `Feed::next` put into the buffer.
pub(crate) enum Chunk {
    /// Whole lines; the last of the file may lack its line feed.
    Lines,
    /// The start of a line over the limit; `Feed::rest_of_line` brings the rest.
    LongLine,
}

/// The source, with the bytes that were read and not yet handed out. Chunks are numbered in the order of the file.
pub(crate) struct Feed<'a> {
    pub source: Source,
    progress: &'a Progress,
    limits: Limits,
    carry: Vec<u8>,
    /// Place of `carry` in the file, or of the bytes that are read next.
    offset: u64,
    number: u64,
    ended: bool,
    /// The last bytes of the line being streamed, where they cannot be read again.
    recent: Vec<u8>,
}

impl<'a> Feed<'a> {
    /// Reads as much as the detection of the format needs.
    pub fn new(mut source: Source, progress: &'a Progress, limits: Limits) -> Feed<'a> {
        source.scans = progress.spare.account().scans();
        // Where several files are unpacked at once, others work while one waits for its disk.
        source.may_read_ahead = progress.spare.is_any() && source.scans == 1;
        let mut feed = Feed::of_range(source, progress, limits, 0);
        let mut start = Buffer::new(limits.chunk.max(START));
        while !feed.ended && start.filled < START {
            feed.read(&mut start);
        }
        feed.carry = start.data().to_vec();
        feed
    }

    /// For a source that begins in the middle of a file, at a line.
    pub fn of_range(
        source: Source,
        progress: &'a Progress,
        limits: Limits,
        offset: u64,
    ) -> Feed<'a> {
        Feed {
            source,
            progress,
            limits,
            carry: Vec::new(),
            offset,
            number: 0,
            ended: false,
            recent: Vec::new(),
        }
    }

    /// Reads the first bytes, before any chunk is taken. Of a source that is short these are all.
    pub fn read_short(&mut self) {
        let mut start = Buffer::new(SHORT);
        while !self.ended && !start.is_full() {
            self.read(&mut start);
        }
        self.carry = start.data().to_vec();
    }

    /// How many bytes are left of a source that was read to its end; None of one that was not.
    pub fn left(&self) -> Option<usize> {
        self.ended.then_some(self.carry.len())
    }

    /// The memory account of the run.
    pub fn account(&self) -> &Arc<Account> {
        self.progress.spare.account()
    }

    /// The first bytes, before any chunk is taken.
    pub fn start(&self) -> &[u8] {
        &self.carry
    }

    /// Whether the file is so long that another thread is worth its start.
    pub fn is_long(&self) -> bool {
        !self.ended && self.offset > self.limits.edge_bytes
    }

    /// Whether the source has to be unpacked or waited for, so that it also cannot be read again.
    pub fn is_slow(&self) -> bool {
        !self.source.can_reread()
    }

    /// Ends the source if the scan was cancelled or cannot go on.
    fn stop_if_asked(&mut self) {
        let progress = self.progress;
        if progress.is_cancelled() {
            self.source.cancel();
        }
        if let Some(reason) = progress.failed() {
            self.source.stop(reason);
        }
    }

    fn read(&mut self, buffer: &mut Buffer) {
        self.stop_if_asked();
        let room = buffer.room();
        let n = self.source.read(room);
        self.progress.note_read(self.source.stored);
        buffer.filled += n;
        self.ended = n == 0;
    }

    /// The next chunk with its number, to be read by the caller itself; None where `next` must bring it.
    pub fn claim(&mut self, size: usize) -> Option<(u64, Claim)> {
        let progress = self.progress;
        if !self.is_long() || progress.is_cancelled() || progress.failed().is_some() {
            return None;
        }
        let claim = self.source.claim(self.offset, size, self.limits.block)?;
        self.carry.clear();
        self.offset += claim.len as u64;
        progress.note_read(self.source.stored);
        self.number += 1;
        Some((self.number - 1, claim))
    }

    /// The next chunk with its number, as its lines lie unpacked; None where `next` must bring it.
    pub fn next_unpacked(&mut self) -> Option<(u64, Unpacked)> {
        let mut unpacked = Unpacked::new(self.offset, mem::take(&mut self.carry));
        let mut rest = None;
        loop {
            self.stop_if_asked();
            let Some(slice) = self.source.lend() else {
                break;
            };
            self.progress.note_read(self.source.stored);
            unpacked.add(slice);
            if unpacked.len() >= self.limits.chunk {
                rest = unpacked.cut(self.limits.block);
                if rest.is_some() || unpacked.len() > self.limits.chunk + 2 * self.limits.block {
                    break;
                }
            }
        }
        let Some(rest) = rest else {
            self.carry = unpacked.into_bytes();
            return None;
        };
        self.carry = rest;
        self.offset += unpacked.len() as u64;
        self.number += 1;
        Some((self.number - 1, unpacked))
    }

    /// The next chunk with its number; None at the end of the source.
    pub fn next(&mut self, buffer: &mut Buffer) -> Option<(u64, Chunk)> {
        // The first chunk is as long as the detection of the format needs.
        buffer.begin(self.offset, &mem::take(&mut self.carry));
        let mut whole = 0;
        while !self.ended {
            if buffer.is_full() {
                let cut = last_block(buffer.data(), self.offset, self.limits.block);
                if let Some(cut) = cut {
                    whole = cut;
                    break;
                }
                let last = memrchr(b'\n', buffer.data()).map_or(0, |i| i + 1);
                if buffer.filled - last > self.limits.long_line {
                    // What stands before a long line is a chunk, also where no block ends.
                    whole = last;
                    break;
                }
            }
            self.read(buffer);
        }
        if self.ended {
            whole = buffer.filled;
        }
        if buffer.filled == 0 {
            return None;
        }
        self.number += 1;
        let number = self.number - 1;
        if whole == 0 {
            self.offset += buffer.filled as u64;
            self.note_recent(buffer);
            return Some((number, Chunk::LongLine));
        }
        self.carry.extend_from_slice(&buffer.data()[whole..]);
        buffer.filled = whole;
        self.offset += whole as u64;
        Some((number, Chunk::Lines))
    }

    /// Puts the next part of the line being streamed into the buffer; false with its last part.
    pub fn rest_of_line(&mut self, buffer: &mut Buffer) -> bool {
        buffer.begin(self.offset, &[]);
        self.read(buffer);
        let end = memchr(b'\n', buffer.data());
        let part = end.unwrap_or(buffer.filled);
        let next = part + usize::from(end.is_some());
        self.carry.extend_from_slice(&buffer.data()[next..]);
        self.offset += next as u64;
        buffer.filled = next;
        self.note_recent(buffer);
        buffer.filled = part;
        !self.ended && end.is_none()
    }

    fn note_recent(&mut self, buffer: &Buffer) {
        if self.source.can_reread() {
            return;
        }
        let keep = self.limits.edge_bytes as usize + 1;
        if self.recent.len() > 2 * keep {
            self.recent.drain(..self.recent.len() - keep);
        }
        self.recent.extend_from_slice(buffer.data());
    }

    /// Leaves the end of a streamed line in the buffer.
    pub fn end_line(&mut self, buffer: &mut Buffer) {
        buffer.begin(self.offset - self.recent.len() as u64, &self.recent);
        self.recent.clear();
    }
}
