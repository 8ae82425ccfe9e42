//! Set files as they are opened: good ones, damaged ones, and those that somebody made by hand.
use std::fs;
use std::io::{self, Cursor};
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::options::{Limits, Options, Progress, Spare};
use crate::pipeline;
use crate::raw::Level;
use crate::reader::Input;
use crate::set::header::{SECTIONS, seal};

const LIST: [(&str, &str); 12] = [
    ("*.below.example", "domain"),
    ("192.0.2.9:53", "ip-port"),
    ("198.51.100.0/25", "cidr"),
    ("2001:db8:1::/48", "cidr"),
    ("2001:db8::7", "ipv6"),
    ("203.0.113.7", "ipv4"),
    ("=only.example", "domain"),
    ("bad.example/a?b=1", "url"),
    ("bad.example/x", "url"),
    ("evil.example", "domain"),
    ("new.evil.example", "domain"),
    ("www.worse.example:8080/y", "url"),
];

fn file() -> Vec<u8> {
    let lines = LIST.map(|(value, kind)| format!("{value}\t{kind}\tfamily\n"));
    let set = setfile::compile(lines.concat().as_bytes(), None).unwrap();
    set.bytes().to_vec()
}

/// Every item as it is listed, below another name, with a path, and beside a port.
fn log() -> String {
    let line = |(value, _): (&str, &str)| {
        let value = value.trim_start_matches(['=', '*', '.']);
        let value = value.replace("/25", "").replace("/48", "9");
        format!("10.1.2.3 to {value} a.{value} http://{value}/z {value}:443 {value}\n")
    };
    LIST.map(line).concat().repeat(9)
}

/// The sightings of the log as JSON Lines.
fn look(set: &Set, level: Level) -> io::Result<Vec<u8>> {
    let options = Options {
        tz: "UTC".to_owned(),
        format: None,
        devices: true,
        source_name: String::new(),
        asked: None,
        level,
        limits: Limits {
            chunk: 4096,
            edge_bytes: 2048,
            ..Limits::default()
        },
    };
    let input = Input::Stream {
        stream: Box::new(Cursor::new(log())),
        changed: None,
    };
    let progress = Progress::new(Arc::new(Spare::new(1, 1)));
    let (mut lines, _) =
        pipeline::scan(set, &[], Path::new("log"), input, &options, &progress).unwrap();
    let mut found = Vec::new();
    lines.write(set, |block| {
        found.extend_from_slice(block);
        Ok(())
    })?;
    Ok(found)
}

#[test]
fn a_good_file_finds_all_that_it_lists() {
    let place = tempfile::NamedTempFile::new().unwrap();
    fs::write(place.path(), file()).unwrap();
    let set = Set::open(place.path(), None).unwrap();
    let found = look(&set, Level::best()).unwrap();
    assert_eq!(found.iter().filter(|&&b| b == b'\n').count(), LIST.len());
}

/// A sum is no signature: a set file made by hand can have a right sum.
#[test]
fn a_damaged_file_is_refused_and_does_no_harm_with_a_right_sum() {
    let good = file();
    let head = Header::read(&good).unwrap();
    let place = tempfile::NamedTempFile::new().unwrap();
    let open = |bytes: &[u8]| {
        fs::write(place.path(), bytes).unwrap();
        Set::open(place.path(), None)
    };
    let refuse = |bad: &[u8], what: &str| {
        let path = place.path().display();
        let damaged = format!(
            "{path}: the compiled set is damaged; compile the list again with 'indicators compile'"
        );
        match open(bad) {
            // Without its index it is built anew from the list, for which the set's id vouches.
            Ok(set) => assert!(
                matches!(set.map, Map::Memory(_)) && set.bytes() == good,
                "{what}"
            ),
            Err(problem) => {
                let told = problem.to_string();
                let is_head = what.starts_with("the head");
                assert!(
                    told == damaged || is_head && told.contains("'indicators compile'"),
                    "{what}: {told}"
                );
            }
        }
    };
    let check = |bad: &[u8], what: String| {
        refuse(bad, &what);
        let mut sealed = bad.to_vec();
        seal(&mut sealed);
        if let Ok(set) = open(&sealed) {
            for level in Level::available() {
                let _ = look(&set, level);
            }
        }
    };
    // A small linear congruential sequence.
    let mut state = 11u64;
    let mut random = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize
    };
    for (section, name) in SECTIONS {
        let (start, length) = head.section(section);
        for byte in [0, 1, b'\t', b'\n', b'9', 0x7f, 0xff] {
            let mut bad = good.clone();
            bad[start..start + length].fill(byte);
            if bad != good {
                check(&bad, format!("{name} full of {byte}"));
            }
        }
        let mut bad = good.clone();
        bad[start..start + length].fill_with(|| random() as u8);
        check(&bad, format!("{name} of random bytes"));
        for _ in 0..8 {
            let mut bad = good.clone();
            let at = start + random() % length;
            bad[at] ^= 1 << (random() % 8);
            check(&bad, format!("{name} at byte {}", at - start));
        }
    }
    for at in (0..head.section(SECTIONS[0].0).0).step_by(9) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        check(&bad, format!("the head at byte {at}"));
    }
    let end = good.len() - 1;
    let mut bad = good.clone();
    bad[end] ^= 1;
    refuse(&bad, "the sum");
    refuse(&good[..end], "cut off");
}
