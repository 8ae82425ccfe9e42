//! Where the row of a key lies: open addressing, so that memory can be asked for before it is needed.
use std::hash::BuildHasher;
use std::mem;

use foldhash::fast::RandomState;

use crate::raw::{Pages, prefetch};

/// The key of a row: item, machine by its number, and time as `time::bucket`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Key {
    pub item: u32,
    pub machine: u32,
    pub when: u32,
}

/// A key, then its place plus one; zero where there is none.
type Slot = [u8; 16];

fn slot_of(key: Key, place: u32) -> Slot {
    let words = [key.item, key.machine, key.when, place + 1];
    let high_first = words.into_iter().rev();
    let bits = high_first.fold(0, |bits, word| bits << 32 | u128::from(word));
    bits.to_le_bytes()
}

fn key_of(slot: Slot) -> Key {
    let bits = u128::from_le_bytes(slot);
    Key {
        item: bits as u32,
        machine: (bits >> 32) as u32,
        when: (bits >> 64) as u32,
    }
}

/// None in a free slot.
fn place_of(slot: Slot) -> Option<u32> {
    ((u128::from_le_bytes(slot) >> 96) as u32).checked_sub(1)
}

/// Slots at first, as a power of two.
const FIRST: u32 = 6;

/// Bytes of a key that is kept, on the whole: the table is between three eighths and three quarters full.
pub const SLOT: usize = 2 * size_of::<Slot>();

/// A place for each key. A key stands at the slot that the highest bits of its hash name, or shortly after it.
#[derive(Debug)]
pub struct Places {
    table: Pages,
    used: usize,
    hasher: RandomState,
}

impl Default for Places {
    fn default() -> Self {
        Places {
            table: Pages::new(size_of::<Slot>() << FIRST),
            used: 0,
            hasher: RandomState::default(),
        }
    }
}

impl Places {
    /// The number of slots is a power of two.
    fn slots(&self) -> &[Slot] {
        self.table.as_chunks().0
    }

    fn put(&mut self, at: usize, slot: Slot) {
        self.table.as_chunks_mut().0[at] = slot;
    }

    /// Asks for the memory that `find` will need.
    pub fn ask_for(&self, key: &Key) {
        prefetch(&self.slots()[self.home(key)]);
    }

    /// The place of a key; a new key gets `place`.
    pub fn find(&mut self, key: Key, place: u32) -> u32 {
        if self.used >= self.slots().len() / 4 * 3 {
            self.grow();
        }
        let at = self.slot(&key);
        place_of(self.slots()[at]).unwrap_or_else(|| {
            self.put(at, slot_of(key, place));
            self.used += 1;
            place
        })
    }

    /// The place of a key that has one.
    pub fn get(&self, key: &Key) -> Option<u32> {
        place_of(self.slots()[self.slot(key)])
    }

    fn home(&self, key: &Key) -> usize {
        let bits = self.slots().len().trailing_zeros();
        (self.hasher.hash_one(key) >> (u64::BITS - bits)) as usize
    }

    /// The slot of a key, or the free one where it belongs.
    fn slot(&self, key: &Key) -> usize {
        let slots = self.slots();
        let mut at = self.home(key);
        loop {
            let slot = slots[at];
            if place_of(slot).is_none() || key_of(slot) == *key {
                return at;
            }
            at = (at + 1) & (slots.len() - 1);
        }
    }

    /// Forgets the places before this one.
    pub fn forget_before(&mut self, first: u32) {
        let kept = self.slots().iter().copied();
        let kept = kept.filter(|&slot| place_of(slot).is_some_and(|place| place >= first));
        let kept: Vec<Slot> = kept.collect();
        self.table.fill(0);
        self.used = kept.len();
        for slot in kept {
            self.put(self.slot(&key_of(slot)), slot);
        }
    }

    /// Twice as many slots. Both tables are gone through in order, as their slots follow the bits of the hash.
    fn grow(&mut self) {
        let larger = Pages::new(2 * self.table.len());
        let old = mem::replace(&mut self.table, larger);
        for &slot in old.as_chunks().0 {
            if place_of(slot).is_some() {
                self.put(self.slot(&key_of(slot)), slot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_key_keeps_its_place_however_the_table_grows() {
        let mut places = Places::default();
        let mut known = HashMap::new();
        for i in 0..20_000_u32 {
            let key = Key {
                item: i % 7 * 1000,
                machine: i * 7919 % 61,
                when: i % 13,
            };
            places.ask_for(&key);
            let next = known.len() as u32;
            let want = *known.entry(key).or_insert(next);
            assert_eq!(places.find(key, next), want, "{key:?}");
        }
        assert_eq!(known.len(), 7 * 61 * 13);
        let first = 2_000;
        places.forget_before(first);
        for (key, old) in known {
            let want = if old < first { u32::MAX - 1 } else { old };
            assert_eq!(places.find(key, u32::MAX - 1), want, "{key:?}");
        }
    }
}
