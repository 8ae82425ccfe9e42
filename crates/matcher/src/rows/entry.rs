//! A row as it is read from a stretch, in memory or in a file.
use crate::rows::row::{Others, Row};
use crate::rows::span::Span;
use crate::rows::words::Words;

/// A row, with its machine, its runs and its words from its stretch.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub row: &'a Row,
    pub(super) others: &'a Others,
    pub device: Option<&'a str>,
    pub who: &'a str,
    pub words: Words<'a>,
}

impl Entry<'_> {
    /// Shows all runs of the row; runs that grew together may come apart.
    pub fn each_run(&self, show: impl FnMut(Span)) {
        self.row.each_run(self.others, show);
    }
}
