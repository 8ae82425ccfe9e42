//! A set file of any bytes, or a good one with damage and a right sum: it is refused, or every look-up ends.
use std::fs;

use crate::shared::{How, LIST, SET, scan_by};
use libfuzzer_sys::Corpus;
use quetsach_matcher::Set;
use quetsach_matcher::raw::Level;
use quetsach_matcher::set::setfile::{self, MAGIC, seal};

/// Bytes of one change: where (four), and what stands there instead.
const CHANGE: usize = 5;

fn look(set: &Set) {
    let log: String = LIST
        .lines()
        .map(|line| line.split('\t').next().unwrap_or_default())
        .map(|value| {
            let value = value.trim_start_matches(['=', '*', '.']);
            let value = value
                .replace("/16", "")
                .replace("/25", "")
                .replace("/48", "1");
            format!("to {value}/x and http://{value} and a.{value}\n")
        })
        .collect();
    for level in Level::available() {
        let _ = scan_by(
            set,
            log.as_bytes(),
            &How {
                level,
                ..How::default()
            },
        );
    }
}

pub fn run(data: &[u8]) -> Corpus {
    if let Ok(set) = setfile::compile(data, None) {
        look(&set);
    }
    let mut file = data.to_vec();
    if !data.starts_with(MAGIC) {
        file = SET.bytes().to_vec();
        let (changes, _) = data.as_chunks::<CHANGE>();
        for [a, b, c, d, byte] in changes {
            let place = u32::from_le_bytes([*a, *b, *c, *d]) as usize % file.len();
            file[place] = *byte;
        }
        seal(&mut file);
    }
    let draft = tempfile::NamedTempFile::new().expect("room for a small file");
    fs::write(draft.path(), &file).expect("room for a small file");
    if let Ok(set) = Set::open(draft.path(), None) {
        look(&set);
    }
    Corpus::Keep
}
