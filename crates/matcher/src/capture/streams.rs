//! Bytes of TCP streams that wait for the bytes before or behind them, within bounds.
use std::collections::BTreeMap;

use super::origin::Origin;

/// Segments and bytes of one direction that may wait for a hole to be filled.
const MOST_AHEAD: usize = 16;
const MOST_AHEAD_BYTES: usize = 32 << 10;
/// Bytes held of all streams, at most; beyond, the oldest stream is given up.
const MOST_HELD: usize = 16 << 20;
/// Bytes that a stream counts beside its own.
const OVERHEAD: usize = 128;

/// A segment that came before its turn.
pub struct Segment {
    pub seq: u32,
    pub origin: Origin,
    pub bytes: Vec<u8>,
    pub missing: usize,
}

/// The bytes held of one direction.
pub struct Stream {
    pub head: Vec<u8>,
    /// Of the last bytes of `head`.
    pub origin: Origin,
    ahead: Vec<Segment>,
}

impl Stream {
    fn cost(&self) -> usize {
        let ahead: usize = self.ahead.iter().map(|s| s.bytes.len() + OVERHEAD).sum();
        OVERHEAD + self.head.len() + ahead
    }
}

/// All streams with bytes that are held.
#[derive(Default)]
pub struct Streams {
    held: BTreeMap<u64, Stream>,
    last: u64,
    bytes: usize,
}

impl Streams {
    /// Takes out the stream with this number; None if it was given up.
    pub fn take(&mut self, number: u64) -> Option<Stream> {
        let stream = self.held.remove(&number)?;
        self.bytes -= stream.cost();
        Some(stream)
    }

    /// Keeps a stream under its number, or under a new one for 0; nothing is kept of an empty one.
    pub fn put(&mut self, number: u64, stream: Stream) -> u64 {
        if stream.head.is_empty() && stream.ahead.is_empty() {
            return 0;
        }
        let number = if number == 0 {
            self.last += 1;
            self.last
        } else {
            number
        };
        self.bytes += stream.cost();
        self.held.insert(number, stream);
        while self.bytes > MOST_HELD {
            match self.held.pop_first() {
                Some((_, oldest)) => self.bytes -= oldest.cost(),
                None => break,
            }
        }
        number
    }
}

impl Stream {
    pub fn new(origin: Origin) -> Stream {
        Stream {
            head: Vec::new(),
            origin,
            ahead: Vec::new(),
        }
    }

    pub fn hold(&mut self, segment: Segment) {
        self.ahead.push(segment);
    }

    pub fn is_crowded(&self) -> bool {
        let bytes: usize = self.ahead.iter().map(|s| s.bytes.len()).sum();
        self.ahead.len() > MOST_AHEAD || bytes > MOST_AHEAD_BYTES
    }

    /// Bytes that lack before the nearest waiting segment; not positive: it is its turn.
    pub fn gap(&self, next: u32) -> Option<i32> {
        self.ahead.iter().map(|s| distance(s.seq, next)).min()
    }

    /// Takes the nearest waiting segment.
    pub fn nearest(&mut self, next: u32) -> Option<Segment> {
        let numbers = 0..self.ahead.len();
        let nearest = numbers.min_by_key(|&i| distance(self.ahead[i].seq, next))?;
        Some(self.ahead.remove(nearest))
    }
}

/// Bytes from one sequence number to another (RFC 9293 3.4).
pub fn distance(seq: u32, next: u32) -> i32 {
    seq.wrapping_sub(next) as i32
}
