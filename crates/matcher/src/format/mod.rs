//! Log formats compiled from their TOML files (docs/log-formats.md 1-3). Pure data; `shape` reads lines by it.
mod action;
mod compile;
pub(crate) mod decoders;
mod file;
mod key_fields;

use std::collections::HashMap;

use crate::canonical::address::Address;
use crate::expression::Expression;
use crate::format::decoders::Decoder;
use crate::format::key_fields::Decisive;
use crate::time::TimeKind;
pub use action::Action;

/// Index of a field in `Format::fields`.
pub type FieldId = usize;

/// Roles that take all values of all their fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Query,
    Answers,
    Host,
    Url,
    ServerName,
    Client,
    ClientPort,
    Server,
    ServerPort,
    HostPort,
}

const ROLES: [(Role, &str); 10] = [
    (Role::Query, "query"),
    (Role::Answers, "answers"),
    (Role::Host, "host"),
    (Role::Url, "url"),
    (Role::ServerName, "server_name"),
    (Role::Client, "client"),
    (Role::ClientPort, "client_port"),
    (Role::Server, "server"),
    (Role::ServerPort, "server_port"),
    (Role::HostPort, "host_port"),
];

/// Keys of `identity`, in the order of the wire.
pub const IDENTITY: [&str; 4] = ["host", "mac", "user", "nat"];

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Present(bool),
    In(Vec<Vec<u8>>),
    NotIn(Vec<Vec<u8>>),
    Prefix(Vec<Vec<u8>>),
    AddressIn(Vec<Address>),
    /// In lower case.
    Words(Vec<Vec<u8>>),
}

#[derive(Debug)]
pub enum Subject {
    Fields(Vec<FieldId>),
    Role(Role),
}

#[derive(Debug)]
pub struct Condition {
    pub subject: Subject,
    pub test: Test,
}

#[derive(Debug)]
pub struct Variant {
    pub when: Vec<Condition>,
    pub roles: [Vec<FieldId>; ROLES.len()],
    pub time_fields: Vec<FieldId>,
    pub time_join: Vec<FieldId>,
    pub time_kinds: Vec<TimeKind>,
    pub identity: [Vec<FieldId>; IDENTITY.len()],
    pub nat_port: Vec<FieldId>,
    pub server_ports: Vec<u16>,
    pub actions: Vec<(Action, Vec<Condition>)>,
    pub decode: Vec<(FieldId, Decoder)>,
}

impl Variant {
    pub fn role(&self, role: Role) -> &[FieldId] {
        &self.roles[role as usize]
    }

    /// All that is asked of a line: whether it is of this variant, and how it ended.
    fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let rules = self.actions.iter().flat_map(|(_, when)| when);
        self.when.iter().chain(rules)
    }
}

#[derive(Clone, Debug)]
pub struct Recognise {
    pub path_key: Option<Vec<u8>>,
    pub path: Vec<Vec<u8>>,
    pub all: Vec<Vec<u8>>,
    pub any: Vec<Vec<u8>>,
}

/// An anchored expression and, for each field, its group.
pub type Pattern = (Expression, Vec<Option<usize>>);

/// One step of a path into nested JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub key: Vec<u8>,
    pub each: bool,
    pub unlike: Option<(Vec<u8>, Vec<u8>)>,
}

#[derive(Debug)]
pub enum Body {
    Zeek,
    /// A line with all the columns `named` is the header.
    Csv {
        separator: u8,
        named: Vec<Vec<u8>>,
    },
    W3c,
    /// For each field, its column; lines of fewer columns than `least` do not fit.
    Columns {
        separator: u8,
        of: Vec<Option<usize>>,
        least: usize,
    },
    Pairs {
        separator: u8,
    },
    Cef,
    /// Pairs that are cells, as RFC 4180 quotes them.
    PairCells,
    Json {
        nested: bool,
    },
    Pattern(Vec<Pattern>),
}

#[derive(Debug)]
pub struct Shape {
    /// What stands before columns or pairs.
    pub head: Option<Pattern>,
    pub body: Body,
}

#[derive(Debug)]
pub struct Format {
    pub name: String,
    pub unset: Vec<Vec<u8>>,
    pub recognise: Recognise,
    pub shapes: Vec<Shape>,
    pub variants: Vec<Variant>,
    pub decisive: Decisive,
    /// Whether a line may spell an address backwards.
    pub reverses: bool,
    pub fields: Vec<Vec<u8>>,
    /// The place of each name in `fields`.
    pub numbers: HashMap<Vec<u8>, FieldId>,
    /// For each field, its path into nested JSON; empty for formats without such a shape.
    pub paths: Vec<Vec<Segment>>,
    /// For each field, whether its column holds several values.
    pub split: Vec<bool>,
    /// For each field, the part of a wrapper that it names.
    pub wrapper: Vec<Option<Part>>,
}

/// A part of a wrapper that a format may name as a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Time,
    Host,
    App,
}

impl Part {
    /// The part that a field `wrapper.…` names.
    pub fn of_field(name: &[u8]) -> Option<Part> {
        match name {
            b"wrapper.time" => Some(Part::Time),
            b"wrapper.host" => Some(Part::Host),
            b"wrapper.app" => Some(Part::App),
            _ => None,
        }
    }
}
