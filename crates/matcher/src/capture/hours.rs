//! Packets of a capture in each hour, and the hours of machines that are asked about (docs/contract.md 4).
use crate::capture::network::{Datagram, is_device};
use crate::capture::origin::Origin;
use crate::options::Options;
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
    /// Counts the next packet. A packet without a time counts with the packet before it.
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

    /// The machines that sent a packet.
    pub fn see(&mut self, datagram: &Datagram<'_>, origin: Origin, options: &Options) {
        let (Some(asked), Some(time)) = (&options.asked, origin.time) else {
            return;
        };
        if !is_device(datagram.source) {
            return;
        }
        let mac = origin.mac.and_then(|mac| asked.find_mac_of(mac));
        for group in asked.find_address(datagram.source).into_iter().chain(mac) {
            for &machine in asked.group(group) {
                let hour = Hour::of(Value::Known(time));
                self.hours.see(machine, hour, options.limits.alive);
            }
        }
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
