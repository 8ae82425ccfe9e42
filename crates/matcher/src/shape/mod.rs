//! A line becomes named fields with values (docs/log-formats.md 2).
mod delimited;
mod header;
mod object;
mod pattern;

use std::borrow::Cow;
use std::sync::Arc;

pub use header::Header;

use crate::format::{FieldId, Format, Recognise, Shape};
use crate::json::{self, Object};

/// Reads the lines of all formats under one header after the other.
#[derive(Debug)]
pub struct LineReader {
    pub header: Arc<Header>,
    delimited: delimited::Delimited,
}

/// The fields of one line.
pub enum Values<'f, 'l> {
    Delimited(delimited::Row<'f, 'l>),
    Json(object::Fields<'f, 'l>),
    Pattern(pattern::Groups<'f, 'l>),
}

impl LineReader {
    pub fn new(formats: usize) -> Self {
        LineReader {
            header: Arc::default(),
            delimited: delimited::Delimited::new(formats),
        }
    }

    /// Whether the line is a directive; if so the header is brought up to date.
    pub fn is_directive(&mut self, line: &[u8]) -> bool {
        if line.first() != Some(&b'#') {
            return false;
        }
        let new = self.header.read(line);
        let found = new.is_some();
        if let Some(new) = new {
            self.header = Arc::new(new);
        }
        found
    }

    /// All readings of a line by the shapes of a format. `parsed` keeps the JSON object between formats.
    pub fn shape<'f, 'l>(
        &mut self,
        number: usize,
        format: &'f Format,
        shape: &'f Shape,
        line: &'l [u8],
        parsed: &mut Option<Option<Arc<Object<'l>>>>,
    ) -> Option<Values<'f, 'l>> {
        match shape {
            Shape::Delimited => {
                let row = self.delimited.read(number, format, line, &self.header);
                row.map(Values::Delimited)
            }
            Shape::Json { nested } => {
                let object = parsed
                    .get_or_insert_with(|| json::object(line).map(Arc::new))
                    .clone()?;
                object::Fields::read(format, *nested, object).map(Values::Json)
            }
            Shape::Pattern(patterns) => {
                pattern::Groups::read(format, patterns, line).map(Values::Pattern)
            }
        }
    }
}

fn recognised(rule: &Recognise, exists: impl Fn(&[u8]) -> bool, path: Option<&[u8]>) -> bool {
    if path.is_some_and(|path| !rule.path.iter().any(|p| p == path)) {
        return false;
    }
    rule.all.iter().all(|key| exists(key))
        && (path.is_some() || rule.any.is_empty() || rule.any.iter().any(|key| exists(key)))
}

impl<'l> Values<'_, 'l> {
    /// The values of a field, in order; none where the line has none.
    pub fn all(&self, field: FieldId) -> Vec<Cow<'l, [u8]>> {
        match self {
            Values::Delimited(row) => row.all(field),
            Values::Json(fields) => fields.all(field),
            Values::Pattern(groups) => groups.all(field),
        }
    }
}
