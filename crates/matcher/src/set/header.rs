//! The head of a set file: where its sections stand.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::Error;
use crate::parallel::join;

pub const MAGIC: &[u8] = b"QSSET2\n";
const OLD_MAGIC: &[u8] = b"QSSET1\n";
/// Raised whenever the layout or a hash of the index changes; an older index is built anew in memory.
pub(crate) const INDEX: u32 = 9;
/// Bytes of the sum behind the sections of an indexed file.
const SUM: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    List,
    Labels,
    Values,
    V4,
    V6,
    Spans4,
    Spans6,
    Urls,
    TwoLabels,
    ThreeLabels,
    Hosts,
    V4Heads,
    V6Heads,
    Paths,
    V4Texts,
    V4Nets,
    OwnV4Heads,
    OwnV4Texts,
    OwnV6Heads,
}

pub(crate) const SECTIONS: [(Section, &str); 19] = [
    (Section::List, "list"),
    (Section::Labels, "labels"),
    (Section::Values, "values"),
    (Section::V4, "v4"),
    (Section::V6, "v6"),
    (Section::Spans4, "spans4"),
    (Section::Spans6, "spans6"),
    (Section::Urls, "urls"),
    (Section::TwoLabels, "two_labels"),
    (Section::ThreeLabels, "three_labels"),
    (Section::Hosts, "hosts"),
    (Section::V4Heads, "v4_heads"),
    (Section::V6Heads, "v6_heads"),
    (Section::Paths, "paths"),
    (Section::V4Texts, "v4_texts"),
    (Section::V4Nets, "v4_nets"),
    // The same filters without the addresses of providers.
    (Section::OwnV4Heads, "own_v4_heads"),
    (Section::OwnV4Texts, "own_v4_texts"),
    (Section::OwnV6Heads, "own_v6_heads"),
];

#[derive(Serialize, Deserialize)]
struct Line {
    id: String,
    count: usize,
    sections: BTreeMap<String, Place>,
    /// Bytes after the JSON line: a file that was cut off is known without being read.
    size: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<Index>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Place {
    offset: usize,
    length: usize,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Index {
    pub version: u32,
    pub every_line: bool,
    pub letter_labels: bool,
    pub addresses: bool,
    /// Whether an address in 10.0.0.0/8 is listed; an older file, without this word, may list some.
    #[serde(default = "yes")]
    pub tens: bool,
    /// The digest of the providers that it marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub providers: Option<u64>,
}

fn yes() -> bool {
    true
}

/// What is wrong with a file that is no set file.
const FOREIGN: &str = "is no compiled indicator set; make one with 'indicators compile'";
const OLDER: &str =
    "the set was compiled by an older version; compile the list again with 'indicators compile'";
pub const DAMAGED: &str =
    "the compiled set is damaged; compile the list again with 'indicators compile'";

/// The head of a set file, checked against the file's length.
#[derive(Debug)]
pub struct Header {
    pub id: String,
    pub count: usize,
    pub indexed: bool,
    pub every_line: bool,
    pub letter_labels: bool,
    pub addresses: bool,
    pub tens: bool,
    pub providers: Option<u64>,
    sections: [(usize, usize); SECTIONS.len()],
}

impl Header {
    /// Reads the head without a look at the sections. The error says what to do; the caller puts the name of the file before
    /// it.
    pub fn read(bytes: &[u8]) -> Result<Header, Error> {
        if bytes.starts_with(OLD_MAGIC) {
            return Err(Error::set(OLDER));
        }
        let rest = bytes
            .strip_prefix(MAGIC)
            .ok_or_else(|| Error::set(FOREIGN))?;
        let damaged = || Error::set(DAMAGED);
        let end = memchr::memchr(b'\n', rest).ok_or_else(damaged)?;
        let line: Line = serde_json::from_slice(&rest[..end]).map_err(|_| damaged())?;
        let index = line.index.filter(|i| i.version == INDEX);
        let body = MAGIC.len() + end + 1;
        if line.size != bytes.len() - body || line.count == 0 {
            return Err(damaged());
        }
        let mut sections = [(0, 0); SECTIONS.len()];
        for (section, name) in SECTIONS {
            let Some(&Place { offset, length }) = line.sections.get(name) else {
                if index.is_some() || matches!(section, Section::List | Section::Labels) {
                    return Err(damaged());
                }
                continue;
            };
            let fits = offset.checked_add(length).is_some_and(|e| e <= line.size);
            if !fits {
                return Err(damaged());
            }
            sections[section as usize] = (body + offset, length);
        }
        let flags = index.unwrap_or_default();
        Ok(Header {
            id: line.id,
            count: line.count,
            indexed: index.is_some(),
            every_line: flags.every_line,
            letter_labels: flags.letter_labels,
            addresses: flags.addresses,
            tens: flags.tens,
            providers: flags.providers,
            sections,
        })
    }

    #[inline(always)]
    pub fn section(&self, section: Section) -> (usize, usize) {
        self.sections[section as usize]
    }
}

/// The sum of a file with an index: of the sums of both halves of all bytes before it, so that two threads can read them.
fn sum(before: &[u8]) -> [u8; SUM] {
    let (first, second) = before.split_at(before.len() / 2);
    let (first, second) = join(|| xxh3_64(first), || xxh3_64(second));
    xxh3_64([first, second].map(u64::to_le_bytes).as_flattened()).to_le_bytes()
}

/// Whether a file with an index is as it was written.
pub(crate) fn is_right(file: &[u8]) -> bool {
    let end = file.split_last_chunk();
    end.is_some_and(|(before, stored)| sum(before) == *stored)
}

/// Writes the sum of a file with an index over its last bytes. Panics where it has too few for one.
pub fn seal(file: &mut [u8]) {
    let (before, stored) = file.split_last_chunk_mut().expect("room for a sum");
    *stored = sum(before);
}

/// Puts head, sections and sum into one file image, each section on a 64-byte border.
pub(crate) fn assemble(
    id: String,
    count: usize,
    index: Index,
    bodies: &[Vec<u8>],
) -> Result<Vec<u8>, Error> {
    let mut at = 0;
    let mut sections = BTreeMap::new();
    for ((_, name), body) in SECTIONS.iter().zip(bodies) {
        sections.insert(
            (*name).to_owned(),
            Place {
                offset: at,
                length: body.len(),
            },
        );
        at = (at + body.len()).next_multiple_of(64);
    }
    let size = bodies
        .iter()
        .fold(0usize, |at, b| at.next_multiple_of(64) + b.len())
        + SUM;
    let line = serde_json::to_vec(&Line {
        id,
        count,
        sections,
        size,
        index: Some(index),
    })
    .map_err(|e| Error::set(e.to_string()))?;
    let mut out = Vec::with_capacity(MAGIC.len() + line.len() + at + 64);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&line);
    // Spaces after the JSON bring the sections to a 64-byte border of the file.
    out.resize((out.len() + 1).next_multiple_of(64) - 1, b' ');
    out.push(b'\n');
    let start = out.len();
    let mut at = start;
    for body in bodies {
        out.resize(at, 0);
        out.extend_from_slice(body);
        at = start + (at - start + body.len()).next_multiple_of(64);
    }
    out.extend_from_slice(&[0; SUM]);
    seal(&mut out);
    Ok(out)
}
