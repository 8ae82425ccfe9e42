//! Whole lines against anchored expressions.
use crate::expression::Slots;
use crate::format::{FieldId, Format, Pattern};

/// The named groups of one line.
pub struct Groups<'f, 'l> {
    format: &'f Format,
    line: &'l [u8],
    slots: Slots,
    groups: &'f [Option<usize>],
}

impl<'f, 'l> Groups<'f, 'l> {
    // As `LineReader::shape`.
    #[inline(always)]
    pub fn read(format: &'f Format, patterns: &'f [Pattern], line: &'l [u8]) -> Option<Self> {
        let mut slots = Slots::new();
        let mut patterns = patterns.iter();
        let (_, groups) = patterns.find(|(expression, _)| expression.read(line, &mut slots))?;
        Some(Groups {
            format,
            line,
            slots,
            groups,
        })
    }

    /// The groups of a match at the start of a line, and the rest of the line.
    pub fn start(
        format: &'f Format,
        pattern: &'f Pattern,
        line: &'l [u8],
    ) -> Option<(Self, &'l [u8])> {
        let found = Self::read(format, std::slice::from_ref(pattern), line)?;
        let end = found.slots.end();
        Some((found, &line[end..]))
    }

    /// The value of a field.
    #[inline]
    pub fn first(&self, field: FieldId) -> Option<&'l [u8]> {
        let found = self.groups[field].and_then(|g| self.slots.group(self.line, g));
        found.filter(|v| !v.is_empty() && !self.format.unset.iter().any(|u| u == v))
    }
}
