//! Packets of a capture in each hour, and the hours of machines that are asked about (docs/contract.md 4).
use crate::time::Value;
use crate::time::hours::{Hour, Hours, Order, Piece, Told};
use crate::time::years::Years;

/// Counts the packets of one hour together: they mostly follow each other.
#[derive(Default)]
pub(crate) struct PacketHours {
    hours: Hours,
    piece: Piece,
    /// Packets of the last hour that `hours` does not have yet.
    waiting: u64,
}

impl PacketHours {
    /// The next packet; without a time it counts with the one before.
    #[inline]
    pub fn packet(&mut self, time: Option<i64>) {
        if let Some(time) = time {
            let value = Value::Known(time);
            self.piece.order.join(&Order::of(value));
            let hour = Hour::of(value);
            if self.piece.last != Some(hour) {
                self.settle();
                self.piece.first = self.piece.first.or(Some(hour));
                self.piece.last = Some(hour);
            }
        }
        self.waiting += 1;
    }

    fn settle(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        match self.piece.last {
            Some(hour) => self.hours.count(hour, waiting),
            None => self.piece.before += waiting,
        }
    }

    pub fn told(mut self, years: &mut Years<'_>, most: usize) -> Told {
        self.settle();
        self.hours.add_piece(0, self.piece, most);
        self.hours.told(years, most)
    }
}
