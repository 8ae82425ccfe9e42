//! Whole lines against anchored expressions.
use std::borrow::Cow;

use regex::bytes::Captures;

use crate::format::{FieldId, Format, Pattern};

/// The named groups of one line.
pub struct Groups<'f, 'l> {
    format: &'f Format,
    captures: Captures<'l>,
    groups: &'f [Option<usize>],
}

impl<'f, 'l> Groups<'f, 'l> {
    pub fn read(format: &'f Format, patterns: &'f [Pattern], line: &'l [u8]) -> Option<Self> {
        patterns.iter().find_map(|(regex, groups)| {
            regex.captures(line).map(|captures| Groups {
                format,
                captures,
                groups,
            })
        })
    }

    /// The groups of what stands at the start of a line, and what follows it.
    pub fn start(
        format: &'f Format,
        pattern: &'f Pattern,
        line: &'l [u8],
    ) -> Option<(Self, &'l [u8])> {
        let found = Self::read(format, std::slice::from_ref(pattern), line)?;
        let end = found.captures.get(0)?.end();
        Some((found, &line[end..]))
    }

    pub fn all(&self, field: FieldId) -> Vec<Cow<'l, [u8]>> {
        let found = self.groups[field]
            .and_then(|g| self.captures.get(g))
            .map(|m| m.as_bytes());
        let found = found.filter(|v| !v.is_empty() && !self.format.unset.iter().any(|u| u == v));
        found.map(Cow::Borrowed).into_iter().collect()
    }
}
