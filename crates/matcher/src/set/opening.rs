//! A set file on its way to being trusted: it opens at once, and a thread of its own reads all its bytes meanwhile.
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::error::Error;
use crate::set::header::Halves;
use crate::set::{Set, damaged};

/// An opened set file. Who asks for its set waits until all its bytes are known to be as they were written.
#[derive(Clone, Debug)]
pub struct Opening {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    set: Arc<Set>,
    /// Sums of both halves of the file, by whoever comes to them first; of a set built in memory there are none.
    sums: Option<[OnceLock<u64>; 2]>,
}

impl Opening {
    /// Maps a set file, looks at its head and sections, and lets a thread sum its bytes; a file without an index gets
    /// one in memory.
    pub fn begin(path: &Path) -> Result<Opening, Error> {
        let set = Set::map(path)?;
        let is_summed = set.is_mapped();
        let inner = Arc::new(Inner {
            path: path.to_owned(),
            set: Arc::new(set),
            sums: is_summed.then(Default::default),
        });
        if is_summed {
            let other = inner.clone();
            let thread = thread::Builder::new().name("set".to_owned());
            // Where no thread can be had, whoever asks sums.
            let _ = thread.spawn(move || [0, 1].map(|half| other.sum(half)));
        }
        Ok(Opening { inner })
    }

    /// Of a set that was built in memory.
    pub fn of(set: Set) -> Opening {
        let inner = Inner {
            path: PathBuf::new(),
            set: Arc::new(set),
            sums: None,
        };
        Opening {
            inner: Arc::new(inner),
        }
    }

    /// The set. Fails if the file is damaged.
    pub fn set(&self) -> Result<&Arc<Set>, Error> {
        let inner = &*self.inner;
        if inner.sums.is_some() {
            // The thread of its own begins with the other half.
            let second = inner.sum(1);
            let first = inner.sum(0);
            if !Halves::of(inner.set.bytes()).is_right([first, second]) {
                return Err(damaged(&inner.path));
            }
        }
        Ok(&inner.set)
    }

    /// The set before its bytes are known to be right. A damaged one finds other things than are listed, but neither
    /// panics nor hangs: what it finds must be told to nobody before `set` has succeeded.
    pub fn unchecked(&self) -> &Arc<Set> {
        &self.inner.set
    }

    /// Whether both are the same opening of a file.
    pub fn is(&self, other: &Opening) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl Inner {
    fn sum(&self, half: usize) -> u64 {
        let sums = self.sums.as_ref();
        sums.map_or(0, |sums| {
            *sums[half].get_or_init(|| Halves::of(self.set.bytes()).sum(half))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{self, Cursor};

    use super::*;
    use crate::options::{Limits, Options, Progress, Spare};
    use crate::pipeline;
    use crate::raw::Level;
    use crate::reader::Input;
    use crate::set::header::{Header, SECTIONS};
    use crate::set::setfile;

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
        let set = setfile::compile(lines.concat().as_bytes()).unwrap();
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
        let (mut lines, _) = pipeline::scan(
            set,
            || Ok(&[]),
            Path::new("log"),
            input,
            &options,
            &progress,
        )
        .unwrap();
        let mut found = Vec::new();
        lines.write(set, |block| {
            found.extend_from_slice(block);
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn a_good_file_gives_its_set_checked_or_not() {
        let place = tempfile::NamedTempFile::new().unwrap();
        fs::write(place.path(), file()).unwrap();
        let opening = Opening::begin(place.path()).unwrap();
        let found = look(opening.unchecked(), Level::best()).unwrap();
        assert_eq!(found.iter().filter(|&&b| b == b'\n').count(), LIST.len());
        assert_eq!(look(opening.set().unwrap(), Level::best()).unwrap(), found);
        assert!(
            opening.is(&opening.clone()) && !opening.is(&Opening::begin(place.path()).unwrap())
        );
    }

    #[test]
    fn a_damaged_file_is_told_and_does_no_harm_before() {
        let good = file();
        let head = Header::read(&good).unwrap();
        let place = tempfile::NamedTempFile::new().unwrap();
        let check = |bad: &[u8], what: String| {
            fs::write(place.path(), bad).unwrap();
            // A damaged head may refuse to be opened at all.
            let Ok(opening) = Opening::begin(place.path()) else {
                return;
            };
            for level in Level::available() {
                let _ = look(opening.unchecked(), level);
            }
            match opening.set() {
                // Without its index it is built anew from the list, for which the set's id vouches.
                Ok(set) => assert!(!set.is_mapped() && set.bytes() == good, "{what}"),
                Err(problem) => {
                    let path = place.path().display();
                    let want = format!(
                        "{path}: the compiled set is damaged; compile the list again with 'indicators compile'"
                    );
                    assert_eq!(problem.to_string(), want, "{what}");
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
        check(&bad, "the sum".to_owned());
        check(&good[..end], "cut off".to_owned());
    }
}
