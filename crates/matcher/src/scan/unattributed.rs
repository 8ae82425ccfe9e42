//! Lines that hold a match and could not be attributed to a machine: how many, and the first of them.
use serde::{Deserialize, Serialize};

use crate::escape::{EVIDENCE, escape};

/// Lines of one source that are kept to be read by a person.
pub(crate) const MOST: usize = 20;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Unattributed {
    pub count: u64,
    /// The first lines, escaped, each behind its place in the source, in the order of the source.
    first: Vec<(u64, String)>,
}

impl Unattributed {
    pub fn add(&mut self, offset: u64, line: &[u8]) {
        self.count += 1;
        let at = self.first.partition_point(|(other, _)| *other <= offset);
        if at < MOST {
            self.first.truncate(MOST - 1);
            self.first.insert(at, (offset, escape(line, EVIDENCE)));
        }
    }

    /// Adds the lines of another part of the source.
    pub fn absorb(&mut self, other: Unattributed) {
        self.count += other.count;
        self.first.extend(other.first);
        self.first.sort_by_key(|(offset, _)| *offset);
        self.first.truncate(MOST);
    }

    /// The first lines, in the order of the source.
    pub fn lines(self) -> Vec<String> {
        self.first.into_iter().map(|(_, line)| line).collect()
    }
}
