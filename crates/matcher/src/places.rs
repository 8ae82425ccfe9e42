//! Where the row of a key lies: open addressing, so that memory can be asked for before it is needed.
use std::hash::BuildHasher;
use std::mem;

use foldhash::fast::RandomState;

use crate::raw::prefetch;

/// What a row is of; the device by its number, the time as `rows::bucket`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Key {
    pub item: u32,
    pub device: u32,
    pub when: u32,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: Key,
    place: u32,
}

const FREE: Slot = Slot {
    key: Key {
        item: 0,
        device: 0,
        when: 0,
    },
    place: u32::MAX,
};
/// Slots at first, as a power of two.
const FIRST: u32 = 6;

/// Bytes of a key that is kept, on the whole: the table is between three eighths and three quarters full.
pub const SLOT: usize = 2 * size_of::<Slot>();

/// A place for each key. A key stands at the slot that the highest bits of its hash name, or shortly after it.
#[derive(Debug)]
pub struct Places {
    /// A power of two.
    slots: Vec<Slot>,
    used: usize,
    hasher: RandomState,
}

impl Default for Places {
    fn default() -> Self {
        Places {
            slots: vec![FREE; 1 << FIRST],
            used: 0,
            hasher: RandomState::default(),
        }
    }
}

impl Places {
    /// Asks for the memory that `find` will need.
    pub fn ask_for(&self, key: &Key) {
        prefetch(&self.slots[self.home(key)]);
    }

    /// The place of a key; one that is new gets `place`.
    pub fn find(&mut self, key: Key, place: u32) -> u32 {
        if self.used >= self.slots.len() / 4 * 3 {
            self.grow();
        }
        let at = self.slot(&key);
        let slot = &mut self.slots[at];
        if slot.place == FREE.place {
            *slot = Slot { key, place };
            self.used += 1;
        }
        slot.place
    }

    /// The place of a key that has one.
    pub fn get(&self, key: &Key) -> Option<u32> {
        let slot = &self.slots[self.slot(key)];
        (slot.place != FREE.place).then_some(slot.place)
    }

    fn home(&self, key: &Key) -> usize {
        let bits = self.slots.len().trailing_zeros();
        (self.hasher.hash_one(key) >> (u64::BITS - bits)) as usize
    }

    /// The slot of a key, or the free one where it belongs.
    fn slot(&self, key: &Key) -> usize {
        let mut at = self.home(key);
        loop {
            let slot = &self.slots[at];
            if slot.place == FREE.place || slot.key == *key {
                return at;
            }
            at = (at + 1) % self.slots.len();
        }
    }

    /// Forgets the first places; the others move down by as many.
    pub fn forget(&mut self, first: u32) {
        let kept = self.slots.iter().filter(|slot| slot.place != FREE.place);
        let kept: Vec<Slot> = kept.filter(|slot| slot.place >= first).copied().collect();
        self.slots.fill(FREE);
        self.used = kept.len();
        for slot in kept {
            let at = self.slot(&slot.key);
            let place = slot.place - first;
            self.slots[at] = Slot { place, ..slot };
        }
    }

    /// Twice as many slots. Both tables are gone through in order, as their slots follow the bits of the hash.
    fn grow(&mut self) {
        let larger = vec![FREE; 2 * self.slots.len()];
        for slot in mem::replace(&mut self.slots, larger) {
            if slot.place != FREE.place {
                let at = self.slot(&slot.key);
                self.slots[at] = slot;
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
                device: i * 7919 % 61,
                when: i % 13,
            };
            places.ask_for(&key);
            let next = known.len() as u32;
            let want = *known.entry(key).or_insert(next);
            assert_eq!(places.find(key, next), want, "{key:?}");
        }
        assert_eq!(known.len(), 7 * 61 * 13);
        let first = 2_000;
        places.forget(first);
        for (key, old) in known {
            let want = old.checked_sub(first).unwrap_or(u32::MAX - 1);
            assert_eq!(places.find(key, u32::MAX - 1), want, "{key:?}");
        }
    }
}
