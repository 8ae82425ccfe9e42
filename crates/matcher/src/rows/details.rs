//! Details of a line that are read only if it begins a row.
use crate::line::record::Record;

/// Whose line it is, and its text.
pub trait Details {
    /// Shows each part of the device's identity, in the order of `IDENTITY`.
    fn identify(&self, tell: &mut dyn FnMut(&'static str, &[u8]));
    fn text(&self) -> &[u8];
}

/// A line of free text.
pub struct Plain<'l>(pub &'l [u8]);

impl Details for Plain<'_> {
    fn identify(&self, _: &mut dyn FnMut(&'static str, &[u8])) {}

    fn text(&self) -> &[u8] {
        self.0
    }
}

/// A line of a known format.
pub struct Parsed<'a, 'f, 'l> {
    pub record: &'a Record<'f, 'l>,
    pub line: &'a [u8],
}

impl Details for Parsed<'_, '_, '_> {
    fn identify(&self, tell: &mut dyn FnMut(&'static str, &[u8])) {
        self.record.identify(tell);
    }

    fn text(&self) -> &[u8] {
        self.line
    }
}
