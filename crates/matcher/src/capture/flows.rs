//! The last flows of a capture, each with the state that its next packet needs.
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use super::origin::Origin;
use crate::canonical::address::Address;
use crate::line::hit::Hits;
use crate::set::hash::mix;

/// The sender and the receiver of something.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    pub sender: End,
    pub target: End,
}

/// A hit of a flow whose outcome is not known yet.
pub struct Contact {
    pub hits: Hits,
    pub origin: Origin,
}

/// One end of a flow; the port is 0 where the protocol has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    pub address: Address,
    pub port: u16,
}

/// Both ends in order, and the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u64; 5]);

impl Key {
    #[inline]
    pub fn new(low: End, high: End, protocol: u8) -> Key {
        let ports = u64::from(low.port) << 24 | u64::from(high.port) << 8 | u64::from(protocol);
        Key([
            (low.address.0 >> 64) as u64,
            low.address.0 as u64,
            (high.address.0 >> 64) as u64,
            high.address.0 as u64,
            ports,
        ])
    }

    pub fn protocol(&self) -> u8 {
        self.0[4] as u8
    }

    fn end(&self, at: usize) -> Address {
        Address(u128::from(self.0[at]) << 64 | u128::from(self.0[at + 1]))
    }

    /// The end that sorts first, or the other.
    pub fn side(&self, high: bool) -> End {
        if high {
            End {
                address: self.end(2),
                port: (self.0[4] >> 8) as u16,
            }
        } else {
            End {
                address: self.end(0),
                port: (self.0[4] >> 24) as u16,
            }
        }
    }

    #[inline]
    fn hash(&self, seed: (u64, u64)) -> u64 {
        let w = &self.0;
        let h = mix(w[0] ^ seed.0, w[1] ^ seed.1);
        mix(mix(h ^ w[2], w[3] ^ seed.0) ^ w[4], seed.1)
    }
}

/// The state of one direction of a TCP stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing more is read.
    Done,
    /// The next bytes may begin a message.
    Fresh,
    /// The beginning of a message is held.
    Head,
}

/// One direction of a TCP stream.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    /// Bytes of a body still to be passed over.
    pub skip: u64,
    /// Number of what is held of it, or 0.
    pub stream: u64,
    /// Sequence number of the byte to come.
    pub next: u32,
    pub state: State,
    pub is_known: bool,
    /// Segments that are still tried.
    pub tries: u8,
}

/// Segments of a direction that are tried for the beginning of a message.
pub const TRIES: u8 = 8;

impl Side {
    pub fn new(state: State) -> Side {
        Side {
            skip: 0,
            stream: 0,
            next: 0,
            state,
            is_known: false,
            tries: TRIES,
        }
    }
}

pub const SYN: u8 = 1;
pub const ESTABLISHED: u8 = 2;
pub const RESET: u8 = 4;

/// A flow from its first packet on.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    pub key: Key,
    /// Of the first packet of the day.
    pub day: i32,
    /// First sequence number of the initiator.
    pub first: u32,
    /// Number of its sightings that wait for the outcome, or 0.
    pub watch: u32,
    pub seen: u8,
    /// The initiator is the end that sorts last.
    pub initiator_high: bool,
    moved: bool,
    pub sides: [Side; 2],
}

impl Flow {
    pub fn new(key: Key, initiator_high: bool, state: State) -> Flow {
        Flow {
            key,
            day: i32::MIN,
            first: 0,
            watch: 0,
            seen: 0,
            initiator_high,
            moved: false,
            sides: [Side::new(state); 2],
        }
    }
}

/// Flows in the order of their beginning, found by their key.
struct Generation {
    index: Vec<u32>,
    flows: Vec<Flow>,
}

impl Generation {
    fn new(limit: usize) -> Generation {
        Generation {
            index: vec![0; (2 * limit).next_power_of_two()],
            flows: Vec::new(),
        }
    }

    /// The flow's place, or the free slot.
    #[inline]
    fn find(&self, key: &Key, hash: u64) -> Result<usize, usize> {
        let mask = self.index.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            match self.index[slot] {
                0 => return Err(slot),
                n if self.flows[n as usize - 1].key == *key => return Ok(n as usize - 1),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    fn insert(&mut self, slot: usize, flow: Flow) -> usize {
        self.flows.push(flow);
        self.index[slot] = self.flows.len() as u32;
        self.flows.len() - 1
    }
}

/// The flows that were last heard of: when the young are as many as the limit they become the old, and the old
/// of which nothing was heard since are given up.
pub struct Flows {
    young: Generation,
    old: Generation,
    limit: usize,
    seed: (u64, u64),
}

impl Flows {
    pub fn new(limit: usize) -> Flows {
        // The writer of the capture must not choose where its flows lie.
        let random = || RandomState::new().build_hasher().finish() | 1;
        Flows {
            young: Generation::new(limit),
            old: Generation::new(limit),
            limit,
            seed: (random(), random()),
        }
    }

    /// Whether the next flow that is new to the young needs `turn` first.
    pub fn is_full(&self) -> bool {
        self.young.flows.len() >= self.limit
    }

    /// Makes room, and gives the flows without recent packets, in the order of their beginning.
    pub fn turn(&mut self) -> Vec<Flow> {
        std::mem::swap(&mut self.young, &mut self.old);
        self.young.index.fill(0);
        let mut gone = std::mem::take(&mut self.young.flows);
        gone.retain(|flow| !flow.moved);
        gone
    }

    /// The place of a flow among the young; `Err` if it is not there.
    #[inline]
    pub fn young(&self, key: &Key) -> Result<usize, u64> {
        let hash = key.hash(self.seed);
        self.young.find(key, hash).map_err(|_| hash)
    }

    /// Brings a flow from the old to the young.
    pub fn revive(&mut self, key: &Key, hash: u64) -> Option<usize> {
        let place = self.old.find(key, hash).ok()?;
        let flow = self.old.flows[place];
        if std::mem::replace(&mut self.old.flows[place].moved, true) {
            return None;
        }
        Some(self.insert(flow, hash))
    }

    pub fn insert(&mut self, flow: Flow, hash: u64) -> usize {
        match self.young.find(&flow.key, hash) {
            Ok(place) => place,
            Err(slot) => self.young.insert(slot, flow),
        }
    }

    #[inline]
    pub fn at(&mut self, place: usize) -> &mut Flow {
        &mut self.young.flows[place]
    }

    /// All that is left, in the order of their beginning.
    pub fn drain(&mut self) -> Vec<Flow> {
        let mut gone = std::mem::take(&mut self.old.flows);
        gone.retain(|flow| !flow.moved);
        gone.append(&mut self.young.flows);
        gone
    }
}
