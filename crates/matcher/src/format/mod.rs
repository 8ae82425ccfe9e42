//! Log formats compiled from their TOML files (docs/log-formats.md 1-3). Pure data; `shape` reads lines by it.
mod action;
mod compile;
pub(crate) mod decoders;
mod file;
mod key_fields;
mod variant;

use std::collections::HashMap;

use crate::expression::Expression;
use crate::format::key_fields::KeyFields;
pub use action::Action;
use variant::ROLES;
pub use variant::{Condition, FieldId, IDENTITY, Role, Subject, Test, Variant};

#[derive(Clone, Debug)]
pub struct Recognise {
    pub path_key: Option<Vec<u8>>,
    pub path: Vec<Vec<u8>>,
    pub all: Vec<Vec<u8>>,
    pub any: Vec<Vec<u8>>,
}

impl Recognise {
    /// Whether a line with these keys, in a log of this path, is of the format.
    pub fn fits(&self, exists: impl Fn(&[u8]) -> bool, path: Option<&[u8]>) -> bool {
        if path.is_some_and(|path| !self.path.iter().any(|p| p == path)) {
            return false;
        }
        self.all.iter().all(|key| exists(key))
            && (path.is_some() || self.any.is_empty() || self.any.iter().any(|key| exists(key)))
    }
}

/// An anchored expression and, for each field, its group.
pub type Pattern = (Expression, Vec<Option<usize>>);

/// One step of a path into nested JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub key: Vec<u8>,
    pub each: bool,
    pub only: Option<(Vec<u8>, Only)>,
}

/// Which objects of a step count, by the value of one of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Only {
    /// In any case of ASCII letters.
    Like(Vec<u8>),
    Unlike(Vec<u8>),
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
    /// Pairs whose keys and quoted values a colon parts.
    PairColons,
    Json {
        nested: bool,
    },
    Pattern(Vec<Pattern>),
}

#[derive(Debug)]
pub struct Shape {
    /// Whether a syslog head may stand in the first column, which has no name.
    pub takes_head: bool,
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
    pub key_fields: KeyFields,
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
    /// For each field `FIELD{PATH}`, the field and the path; empty for formats without such a field.
    pub inside: Vec<Option<Inside>>,
}

impl Format {
    /// Whether each line asks for a name in DNS.
    pub fn is_of_dns(&self) -> bool {
        let asks = |variant: &Variant| !variant.role(Role::Query).is_empty();
        self.variants.iter().all(asks)
    }
}

/// A path in the JSON object that the text of a field is; an empty path means the text itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    pub field: FieldId,
    pub path: Vec<Segment>,
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
