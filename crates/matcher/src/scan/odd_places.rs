//! Where lines stand of which not all was read as text (`odd_lines`), and the sentences that tell so.
use serde::{Deserialize, Serialize};

/// The places of the first such lines of a source.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct OddLines {
    pub(super) no_text: Option<u64>,
    pub(super) joined: Option<u64>,
}

/// The lesser of two places that may lack.
pub(super) fn first(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

impl OddLines {
    pub fn absorb(&mut self, other: OddLines) {
        self.no_text = first(self.no_text, other.no_text);
        self.joined = first(self.joined, other.joined);
    }

    /// The sentences for the errors of its coverage.
    pub fn problems(self) -> impl Iterator<Item = String> {
        let no_text = self.no_text.map(|at| {
            format!(
                "the line at byte {at} is no text, such as gzip, EBCDIC or UTF-32 behind the beginning of a log, so nothing in \
                 it was looked for; take it out, make text of it and scan that"
            )
        });
        let joined = self.joined.map(|at| {
            format!(
                "the line at byte {at} is several lines with carriage returns or zeros between them, which were read as one; \
                 write line feeds between them and scan it again"
            )
        });
        no_text.into_iter().chain(joined)
    }
}
