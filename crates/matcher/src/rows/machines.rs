//! The machines of rows, by number: a device, and what tells it from others with the same device.
use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::canonical::address::Address;
use crate::canonical::names::Host;
use crate::memory::Memory;

/// A machine in its tables, without its texts.
const MACHINE: usize = 112;

/// A machine as it is shown. Machines sort by the device, then by `who`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// None is no device.
    pub device: Option<Box<str>>,
    pub who: Box<str>,
}

/// A machine that its line tells from others with the device.
#[derive(Debug)]
struct Named {
    number: u32,
    device: Option<Host>,
    /// Bytes of the key that spell `who`.
    who: usize,
}

/// Machines with their numbers.
#[derive(Debug, Default)]
pub struct Machines {
    /// Those with a device alone.
    devices: HashMap<Host, u32, RandomState>,
    /// Those of an IPv4 address alone, in a table of their own, where they lie near each other.
    devices4: HashMap<u32, u32, RandomState>,
    /// The number of no device.
    nobody: Option<u32>,
    /// By `who`, then the device as it is spelled.
    named: HashMap<Box<[u8]>, Named, RandomState>,
    /// A hash of each machine by its number, the same in all threads.
    hashes: Vec<u64>,
    /// Room for a key.
    key: Vec<u8>,
}

impl Machines {
    /// The number of a machine, and the bytes that a new one takes.
    pub fn number(&mut self, device: Option<&Host>, who: &[u8], memory: &Memory) -> (u32, usize) {
        if !who.is_empty() {
            return self.named(device, who, memory);
        }
        let bits = match device {
            Some(Host::Address(address)) => address.v4(),
            _ => None,
        };
        let known = match (bits, device) {
            (Some(bits), _) => self.devices4.get(&bits).copied(),
            (None, None) => self.nobody,
            (None, Some(device)) => self.devices.get(device).copied(),
        };
        if let Some(number) = known {
            return (number, 0);
        }
        let number = self.hashes.len() as u32;
        self.hashes.push(memory.hash(device));
        match (bits, device) {
            (Some(bits), _) => drop(self.devices4.insert(bits, number)),
            (None, None) => self.nobody = Some(number),
            (None, Some(device)) => drop(self.devices.insert(device.clone(), number)),
        }
        (number, MACHINE + device.map_or(0, Host::size))
    }

    fn named(&mut self, device: Option<&Host>, who: &[u8], memory: &Memory) -> (u32, usize) {
        self.key.clear();
        self.key.extend_from_slice(who);
        // `who` is escaped, so this byte ends it.
        self.key.push(0);
        match device {
            None => {}
            Some(Host::Address(address)) => self.key.extend_from_slice(&address.0.to_le_bytes()),
            Some(Host::Name(name)) => {
                self.key.push(0);
                self.key.extend_from_slice(name);
            }
        }
        if let Some(known) = self.named.get(&self.key[..]) {
            return (known.number, 0);
        }
        let number = self.hashes.len() as u32;
        self.hashes.push(memory.hash((device, who)));
        let bytes = 2 * MACHINE + self.key.len() + device.map_or(0, Host::size);
        let named = Named {
            number,
            device: device.cloned(),
            who: who.len(),
        };
        self.named.insert(self.key.as_slice().into(), named);
        (number, bytes)
    }

    pub fn hash(&self, number: u32) -> u64 {
        self.hashes[number as usize]
    }

    /// The device and `who` of each machine, by its number.
    pub fn all(&self) -> Vec<(Option<Host>, &[u8])> {
        let mut all = vec![(None, &[][..]); self.hashes.len()];
        for (device, number) in &self.devices {
            all[*number as usize].0 = Some(device.clone());
        }
        for (bits, number) in &self.devices4 {
            all[*number as usize].0 = Some(Host::Address(Address::from_v4(*bits)));
        }
        for (key, named) in &self.named {
            all[named.number as usize] = (named.device.clone(), &key[..named.who]);
        }
        all
    }

    /// The same, safe to show.
    pub fn shown(&self) -> Vec<Shown> {
        let all = self.all().into_iter();
        all.map(|(device, who)| Shown {
            device: device.map(|device| device.shown().into()),
            who: String::from_utf8_lossy(who).into(),
        })
        .collect()
    }
}
