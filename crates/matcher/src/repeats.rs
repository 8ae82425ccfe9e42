//! Lines that say what a line before them said, at another time: their rows are found by what they say, without
//! asking the set again.
//!
//! What a line hits, whose it is and how it ended depends on nothing but the values of its format's decisive fields.
//! So machines that call the same address all day are counted by one look-up a line.
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::mem;

use foldhash::fast::RandomState;
use jiff::tz::TimeZone;
use smallvec::SmallVec;

use crate::address;
use crate::format::{Role, Variant};
use crate::hit::Action;
use crate::names::Host;
use crate::record::Record;
use crate::rows::{Known, Rows};
use crate::set::Set;
use crate::time::Moment;

/// Sayings that a thread remembers as fresh, and as many stale ones; more than two threads share so many for two.
const MOST: usize = 7 << 11;
/// Longer texts are not worth their room.
const LONGEST_TEXT: usize = 512;
/// Lines after which the share of repeated ones is looked at.
const WINDOW: usize = 1 << 15;
/// Fewer in a window do not pay for what it costs to remember.
const LEAST: usize = WINDOW / 8;
/// Lines that are passed over when there were fewer.
const PAUSE: usize = 1 << 17;
/// Ends the values of a field, each of which begins with its length.
const END: u8 = u8::MAX;
/// Stands for a port like any other.
const SOME_PORT: u8 = u8::MAX - 1;
const LONGEST: usize = 253;

/// What a line says: the values of all decisive fields.
type Text = SmallVec<[u8; 104]>;

/// What lines of the file's own format have said so far.
#[derive(Debug, Default)]
pub struct Repeats<'f> {
    fresh: Sayings<'f>,
    /// Those before; what is said again becomes fresh.
    stale: Sayings<'f>,
    /// What the line at hand says; empty if that is not to be remembered.
    key: Vec<u8>,
    hash: u64,
    hasher: RandomState,
    /// `Rows::moved` of what is remembered.
    moved: u32,
    tried: usize,
    found: usize,
    pause: usize,
}

/// By the hash of what a line says.
type Sayings<'f> = HashMap<u64, Said<'f>, RandomState>;

#[derive(Clone, Debug)]
struct Said<'f> {
    text: Text,
    variant: &'f Variant,
    action: Action,
    known: Known,
}

/// A line that was added to its rows.
#[derive(Clone, Copy, Debug)]
pub struct Repeated {
    pub hits: usize,
    pub moment: Option<Moment>,
}

impl<'f> Repeats<'f> {
    /// Adds the line to its rows if they are known.
    pub fn add(
        &mut self,
        record: &mut Record<'f, '_>,
        rows: &mut Rows,
        zone: &TimeZone,
    ) -> Option<Repeated> {
        self.key.clear();
        if self.pause > 0 {
            self.pause -= 1;
            return None;
        }
        if self.moved != rows.moved() {
            self.fresh.clear();
            self.stale.clear();
            self.moved = rows.moved();
        }
        if self.tried == WINDOW {
            self.pause = if self.found < LEAST { PAUSE } else { 0 };
            (self.tried, self.found) = (0, 0);
        }
        self.tried += 1;
        if !spell(record, &mut self.key) {
            self.key.clear();
            return None;
        }
        self.hash = self.hasher.hash_one(&self.key[..]);
        let mut known = self.fresh.get_mut(&self.hash);
        if known.is_none() {
            let said = self.stale.remove(&self.hash)?;
            self.keep(said, rows);
            known = self.fresh.get_mut(&self.hash);
        }
        let said = known.filter(|said| said.text[..] == self.key[..])?;
        let hits = said.known.hits;
        let mut moment = None;
        if hits > 0 {
            record.variant = said.variant;
            moment = record.time(zone);
            if !rows.add_known(&mut said.known, moment, said.action) {
                return None;
            }
        }
        self.found += 1;
        Some(Repeated { hits, moment })
    }

    /// Remembers what the line said that was asked for last.
    pub fn learn(&mut self, set: &Set, record: &Record<'f, '_>, known: Known, rows: &Rows) {
        if self.key.is_empty() || self.moved != rows.moved() || depends_on_port(set, record) {
            return;
        }
        let said = Said {
            text: Text::from_slice(&self.key),
            variant: record.variant,
            action: record.action(),
            known,
        };
        self.keep(said, rows);
    }

    fn keep(&mut self, said: Said<'f>, rows: &Rows) {
        if self.fresh.len() >= 2 * MOST / rows.threads() {
            mem::swap(&mut self.fresh, &mut self.stale);
            self.fresh.clear();
        }
        self.fresh.insert(self.hash, said);
    }
}

/// Whether another port, though like any other, could make another hit, or an inbound line, of a line like this.
fn depends_on_port(set: &Set, record: &Record<'_, '_>) -> bool {
    if let Some(Host::Address(client)) = record.client
        && set.lists_address(client)
    {
        return true;
    }
    let decisive = &record.format.decisive;
    decisive.of_both
        && record.server_port.is_some_and(|port| decisive.is_any(port))
        && (!record.variant.role(Role::Url).is_empty()
            || record
                .server
                .is_some_and(|server| set.lists_address(server)))
}

/// Puts the values of all decisive fields one behind the other; false where one is too long.
fn spell(record: &Record<'_, '_>, key: &mut Vec<u8>) -> bool {
    let decisive = &record.format.decisive;
    let mut fits = true;
    let mut put = |key: &mut Vec<u8>, value: &[u8]| {
        fits &= value.len() <= LONGEST;
        key.push(value.len() as u8);
        key.extend_from_slice(value);
    };
    for &field in &decisive.fields {
        record.each_as_written(field, |value| put(key, value));
        key.push(END);
    }
    for &field in &decisive.ports {
        record.each_as_written(field, |value| {
            if address::parse_port(value).is_some_and(|port| decisive.is_any(port)) {
                key.push(SOME_PORT);
            } else {
                put(key, value);
            }
        });
        key.push(END);
    }
    fits && key.len() <= LONGEST_TEXT
}
