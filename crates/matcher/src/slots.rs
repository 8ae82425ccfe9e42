//! Open-addressed tables as bytes of the set file; an empty slot is zero.
use crate::hash;

fn capacity(keys: usize) -> usize {
    (keys * 2).max(16).next_power_of_two()
}

pub fn value_slots(values: &[(u64, u32)]) -> Vec<u8> {
    let mut slots = vec![0u64; capacity(values.len())];
    let mask = slots.len() - 1;
    for &(h, id) in values {
        let mut i = h as usize & mask;
        while slots[i] != 0 {
            i = (i + 1) & mask;
        }
        slots[i] = h >> 32 << 32 | u64::from(id + 1);
    }
    slots.iter().flat_map(|s| s.to_le_bytes()).collect()
}

/// One slot for each address; an item before a mere mark.
pub fn v4_slots(addresses: &[(u32, u32)]) -> Vec<u8> {
    let mut addresses = addresses.to_vec();
    addresses.sort_unstable();
    addresses.dedup_by_key(|a| a.0);
    let mut slots = vec![0u64; capacity(addresses.len())];
    let mask = slots.len() - 1;
    for (bits, id) in addresses {
        let mut i = hash::address(u128::from(bits)) as usize & mask;
        while slots[i] != 0 {
            i = (i + 1) & mask;
        }
        slots[i] = u64::from(bits) << 32 | u64::from(id + 1);
    }
    slots.iter().flat_map(|s| s.to_le_bytes()).collect()
}

pub fn v6_slots(addresses: &[(u128, u32)]) -> Vec<u8> {
    let mut addresses = addresses.to_vec();
    addresses.sort_unstable();
    addresses.dedup_by_key(|a| a.0);
    let mut slots = vec![(0u128, 0u32); capacity(addresses.len())];
    let mask = slots.len() - 1;
    for (address, id) in addresses {
        let mut i = hash::address(address) as usize & mask;
        while slots[i].1 != 0 {
            i = (i + 1) & mask;
        }
        slots[i] = (address, id + 1);
    }
    slots
        .iter()
        .flat_map(|(a, i)| {
            a.to_le_bytes()
                .into_iter()
                .chain(i.to_le_bytes())
                .chain([0; 4])
        })
        .collect()
}
