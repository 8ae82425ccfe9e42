//! Open-addressed tables as bytes of the set file, three quarters full; a slot whose item is zero is empty.
//! Items are stored plus one. Damaged bytes give wrong items, never a panic or a search without end.
use crate::set::hash;

/// Bytes of a slot: sixteen bits of the hash, item.
pub const VALUE: usize = 6;
/// Address, item.
pub const V4: usize = 8;
pub const V6: usize = 20;

fn capacity(keys: usize) -> usize {
    keys + keys / 3 + 1
}

/// Where the search for a hash begins: its low half, scaled to the table.
#[inline(always)]
fn begin(h: u64, slots: usize) -> usize {
    ((u64::from(h as u32) * slots as u64) >> 32) as usize
}

#[inline(always)]
fn next(i: usize, slots: usize) -> usize {
    if i + 1 == slots { 0 } else { i + 1 }
}

/// Places `(hash, key bytes, item)` one after another.
fn fill<const KEY: usize, const SLOT: usize>(
    entries: impl ExactSizeIterator<Item = (u64, [u8; KEY], u32)>,
) -> Vec<u8> {
    let mut slots = vec![[0u8; SLOT]; capacity(entries.len())];
    let count = slots.len();
    for (h, key, item) in entries {
        let mut i = begin(h, count);
        while slots[i][KEY..] != [0; 4] {
            i = next(i, count);
        }
        slots[i][..KEY].copy_from_slice(&key);
        slots[i][KEY..].copy_from_slice(&(item + 1).to_le_bytes());
    }
    slots.into_flattened()
}

/// The items of the slots with these bytes as key, in the order of their placing.
#[inline(always)]
fn find<const KEY: usize, const SLOT: usize>(
    table: &[u8],
    h: u64,
    key: [u8; KEY],
) -> Search<'_, KEY, SLOT> {
    let (slots, _) = table.as_chunks();
    Search {
        slots,
        at: begin(h, slots.len()),
        left: slots.len(),
        key,
    }
}

struct Search<'a, const KEY: usize, const SLOT: usize> {
    slots: &'a [[u8; SLOT]],
    at: usize,
    /// Slots that were not looked at.
    left: usize,
    key: [u8; KEY],
}

impl<const KEY: usize, const SLOT: usize> Iterator for Search<'_, KEY, SLOT> {
    type Item = u32;

    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        while self.left > 0 {
            let slot = self.slots.get(self.at)?;
            self.at = next(self.at, self.slots.len());
            self.left -= 1;
            let (key, item) = slot.split_first_chunk()?;
            // An empty slot ends the search.
            let item = u32::from_le_bytes(*item.first_chunk()?).checked_sub(1)?;
            if *key == self.key {
                return Some(item);
            }
        }
        None
    }
}

fn tag(h: u64) -> [u8; 2] {
    ((h >> 48) as u16).to_le_bytes()
}

pub fn value_slots(values: &[(u64, u32)]) -> Vec<u8> {
    fill::<2, VALUE>(values.iter().map(|&(h, item)| (h, tag(h), item)))
}

/// Items whose key may have this hash; the caller compares.
#[inline(always)]
pub fn values(table: &[u8], h: u64) -> impl Iterator<Item = u32> {
    find::<2, VALUE>(table, h, tag(h))
}

/// One slot for each address; an item before a mere mark.
fn unique<T: Ord + Copy>(addresses: &[(T, u32)]) -> Vec<(T, u32)> {
    let mut addresses = addresses.to_vec();
    addresses.sort_unstable();
    addresses.dedup_by_key(|a| a.0);
    addresses
}

pub fn v4_slots(addresses: &[(u32, u32)]) -> Vec<u8> {
    fill::<4, V4>(
        unique(addresses)
            .iter()
            .map(|&(a, item)| (hash::address(u128::from(a)), a.to_le_bytes(), item)),
    )
}

#[inline(always)]
pub fn v4(table: &[u8], address: u32) -> Option<u32> {
    let h = hash::address(u128::from(address));
    find::<4, V4>(table, h, address.to_le_bytes()).next()
}

pub fn v6_slots(addresses: &[(u128, u32)]) -> Vec<u8> {
    fill::<16, V6>(
        unique(addresses)
            .iter()
            .map(|&(a, item)| (hash::address(a), a.to_le_bytes(), item)),
    )
}

#[inline(always)]
pub fn v6(table: &[u8], address: u128) -> Option<u32> {
    find::<16, V6>(table, hash::address(address), address.to_le_bytes()).next()
}
