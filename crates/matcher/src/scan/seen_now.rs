//! The machines that are asked about and were seen in the hour at hand.
use crate::time::hours::Hour;

/// The machines that this thread saw in the hour at hand: a bit for each. None: before the first time of a chunk.
#[derive(Default)]
pub(crate) struct SeenNow {
    hour: Option<Hour>,
    bits: Vec<u64>,
}

impl SeenNow {
    /// Goes on with this hour, in which another machine may be seen again.
    pub fn begin(&mut self, hour: Option<Hour>, machines: usize) {
        if self.hour != hour || self.bits.is_empty() {
            self.hour = hour;
            self.bits.clear();
            self.bits.resize(machines.div_ceil(64), 0);
        }
    }

    /// Forgets the hour.
    pub fn forget(&mut self) {
        self.bits.clear();
    }

    pub fn has(&self, machine: u32) -> bool {
        self.bits[machine as usize / 64] >> (machine % 64) & 1 == 1
    }

    /// False if it was seen before.
    pub fn insert(&mut self, machine: u32) -> bool {
        let is_new = !self.has(machine);
        self.bits[machine as usize / 64] |= 1 << (machine % 64);
        is_new
    }
}
