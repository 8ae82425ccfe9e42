//! A hit: an indicator, the field of the line that holds it, and its text.
use smallvec::SmallVec;

use crate::canonical::address::Address;
use crate::canonical::names::Short;
use crate::escape::{EVIDENCE, escape_into};
use crate::set::Set;

/// The field of a line that is credited, in the order of credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Query,
    Host,
    ServerName,
    Url,
    Answer,
    Destination,
    Text,
}

impl Field {
    pub const ALL: [Field; 7] = [
        Field::Query,
        Field::Host,
        Field::ServerName,
        Field::Url,
        Field::Answer,
        Field::Destination,
        Field::Text,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Field::Query => "query",
            Field::Host => "host",
            Field::ServerName => "server_name",
            Field::Url => "url",
            Field::Answer => "answer",
            Field::Destination => "destination",
            Field::Text => "text",
        }
    }
}

/// The text that an indicator matched, spelled out only for the first line of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matched {
    Name(Short),
    Address(Address),
    Endpoint(Address, u16),
    /// The item itself.
    Item,
}

/// One indicator of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub item: u32,
    pub field: Field,
    pub matched: Matched,
}

/// The indicators of one line.
pub type Hits = SmallVec<[Hit; 2]>;

impl Hit {
    /// What matched, safe to show.
    pub fn text(&self, set: &Set) -> String {
        let mut out = Vec::new();
        self.spell(set, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Adds what matched, safe to show, to a text.
    pub fn spell(&self, set: &Set, out: &mut Vec<u8>) {
        match &self.matched {
            Matched::Name(name) => escape_into(out, name, EVIDENCE),
            Matched::Address(address) => address.spell(out),
            Matched::Endpoint(address, port) => address.spell_with_port(*port, out),
            Matched::Item => out.extend_from_slice(set.hashed(self.item).unwrap_or_default()),
        }
    }
}
