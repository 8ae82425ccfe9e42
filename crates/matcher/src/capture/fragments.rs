//! Datagrams that came in pieces, put together again (RFC 791 3.2, RFC 8200 4.5) within bounds.
use std::collections::VecDeque;

use super::network::{Datagram, Piece};
use super::origin::Origin;
use crate::canonical::address::Address;

/// Datagrams waiting for their pieces, at most; the oldest makes room for a new datagram.
const WAITING: usize = 64;
const LONGEST: usize = 65_535;
const BLOCK: usize = 8;

/// A datagram put together, or as much of its beginning as there is.
pub struct Whole {
    pub source: Address,
    pub target: Address,
    pub protocol: u8,
    /// Of the piece that came first.
    pub origin: Origin,
    pub payload: Vec<u8>,
    pub missing: usize,
}

struct Waiting {
    id: u32,
    whole: Whole,
    have: Vec<bool>,
    total: Option<usize>,
}

impl Waiting {
    fn add(&mut self, piece: Piece, bytes: &[u8]) {
        let end = piece.offset + bytes.len();
        if !piece.more && self.total.is_none() {
            self.total = Some(end);
        }
        if self.whole.payload.len() < end {
            self.whole.payload.resize(end, 0);
            self.have.resize(end.div_ceil(BLOCK), false);
        }
        // What came first stays where pieces overlap.
        for (i, block) in bytes.chunks(BLOCK).enumerate() {
            let number = piece.offset / BLOCK + i;
            if !std::mem::replace(&mut self.have[number], true) {
                let at = number * BLOCK;
                self.whole.payload[at..at + block.len()].copy_from_slice(block);
            }
        }
    }

    fn begin(&self) -> usize {
        let blocks = self.have.iter().take_while(|h| **h).count();
        let most = self
            .total
            .unwrap_or(usize::MAX)
            .min(self.whole.payload.len());
        (blocks * BLOCK).min(most)
    }

    fn is_complete(&self) -> bool {
        self.total.is_some_and(|total| self.begin() >= total)
    }

    /// The beginning, where it is there.
    fn give_up(mut self) -> Option<Whole> {
        let begin = self.begin();
        self.whole.missing = self.total.map_or(0, |total| total - begin);
        self.whole.payload.truncate(begin);
        (begin > 0).then_some(self.whole)
    }
}

/// All datagrams of a capture that wait for pieces.
#[derive(Default)]
pub struct Fragments {
    waiting: VecDeque<Waiting>,
}

impl Fragments {
    /// Takes a piece. Returns a datagram that is whole now, or that had to be given up.
    pub fn add(&mut self, datagram: &Datagram<'_>, piece: Piece, origin: Origin) -> Option<Whole> {
        let bytes = datagram.payload;
        let end = piece.offset + bytes.len();
        let odd = piece.more && !bytes.len().is_multiple_of(BLOCK);
        if bytes.is_empty() || end > LONGEST || odd {
            return None;
        }
        let known = self.waiting.iter().position(|w| {
            w.id == piece.id
                && w.whole.protocol == datagram.protocol
                && w.whole.source == datagram.source
                && w.whole.target == datagram.target
        });
        let mut given_up = None;
        let place = known.unwrap_or_else(|| {
            if self.waiting.len() >= WAITING {
                given_up = self.waiting.pop_front();
            }
            self.waiting.push_back(Waiting {
                id: piece.id,
                whole: Whole {
                    source: datagram.source,
                    target: datagram.target,
                    protocol: datagram.protocol,
                    origin,
                    payload: Vec::new(),
                    missing: 0,
                },
                have: Vec::new(),
                total: None,
            });
            self.waiting.len() - 1
        });
        self.waiting[place].add(piece, bytes);
        if self.waiting[place].is_complete() {
            return self.waiting.remove(place)?.give_up();
        }
        given_up?.give_up()
    }

    /// At the end of the capture: what never became whole, oldest first.
    pub fn drain(&mut self) -> Vec<Whole> {
        self.waiting
            .drain(..)
            .filter_map(Waiting::give_up)
            .collect()
    }
}
