//! A table of fixed size by hash: the values that were not asked for longest make room for others.
use std::mem;

use crate::raw::prefetch;

/// Places among which a value may lie: their hashes fill one cache line.
const WAYS: usize = 7;

/// Values by the hash of a key; the caller compares the key itself.
#[derive(Debug)]
pub struct Memo<T> {
    sets: Vec<Ways>,
    held: Vec<T>,
}

/// The values of one set, those that were asked for last before the others.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Ways {
    /// Low half of the hash.
    tags: [u32; WAYS],
    /// Where the value lies in `held`.
    places: [u32; WAYS],
    len: usize,
}

impl Ways {
    fn bring_to_front(&mut self, way: usize) {
        self.tags[..=way].rotate_right(1);
        self.places[..=way].rotate_right(1);
    }
}

impl<T> Memo<T> {
    pub const fn new() -> Self {
        Memo {
            sets: Vec::new(),
            held: Vec::new(),
        }
    }

    /// Forgets all, and has room for so many, at most and about.
    pub fn clear(&mut self, room: usize) {
        self.sets = vec![Ways::default(); room.div_ceil(WAYS)];
        self.held = Vec::with_capacity(self.sets.len() * WAYS);
    }

    fn home(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.sets.len() as u128) >> 64) as usize
    }

    /// Asks for the memory that `find` will need.
    pub fn ask_for(&self, hash: u64) {
        let Some(set) = self.sets.get(self.home(hash)) else {
            return;
        };
        let way = set.tags[..set.len]
            .iter()
            .position(|&tag| tag == hash as u32);
        if let Some(way) = way {
            prefetch(&self.held[set.places[way] as usize]);
        }
    }

    /// The value with this hash of which `is` says so.
    pub fn find(&mut self, hash: u64, is: impl Fn(&T) -> bool) -> Option<&mut T> {
        let home = self.home(hash);
        let set = self.sets.get_mut(home)?;
        for way in 0..set.len {
            let place = set.places[way] as usize;
            if set.tags[way] == hash as u32 && is(&self.held[place]) {
                if way > 0 {
                    set.bring_to_front(way);
                }
                return Some(&mut self.held[place]);
            }
        }
        None
    }

    /// Holds a value in place of a value with this hash, else in a free place, else in place of the value that was not
    /// asked for longest.
    /// Gives what was there.
    pub fn put(&mut self, hash: u64, value: T) -> Option<T> {
        let home = self.home(hash);
        let set = self.sets.get_mut(home)?;
        let same = set.tags[..set.len]
            .iter()
            .position(|&tag| tag == hash as u32);
        let way = same.unwrap_or(set.len.min(WAYS - 1));
        let mut before = None;
        if way == set.len {
            set.places[way] = self.held.len() as u32;
            set.len += 1;
            self.held.push(value);
        } else {
            let place = set.places[way] as usize;
            before = Some(mem::replace(&mut self.held[place], value));
        }
        set.tags[way] = hash as u32;
        set.bring_to_front(way);
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays() {
        let mut memo = Memo::new();
        memo.clear(WAYS);
        for number in 0..100_u64 {
            memo.put(number, number);
            assert_eq!(memo.find(0, |&n| n == 0), Some(&mut 0), "{number}");
            assert_eq!(memo.find(number, |&n| n == number), Some(&mut { number }));
        }
        let kept = (0..100).filter(|&n| memo.find(n, |&held| held == n).is_some());
        assert_eq!(kept.count(), WAYS);
    }

    #[test]
    fn the_later_of_one_hash_is_held() {
        let mut memo = Memo::new();
        memo.clear(100);
        memo.put(7, "a");
        assert_eq!(memo.find(7, |&held| held == "b"), None);
        memo.put(7, "b");
        assert_eq!(memo.find(7, |&held| held == "a"), None);
        assert_eq!(memo.find(7, |&held| held == "b"), Some(&mut "b"));
        assert_eq!(memo.held.len(), 1);
    }

    #[test]
    fn nothing_is_found_without_room() {
        let mut memo = Memo::new();
        memo.put(1, 1);
        assert_eq!(memo.find(1, |_| true), None);
    }
}
