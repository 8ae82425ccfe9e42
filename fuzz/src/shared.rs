//! What the targets share: a list of every kind of indicator, the log formats, and one scan of some bytes.
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use quetsach_matcher::format::Format;
use quetsach_matcher::options::{Coverage, Limits, Options, Progress, Spare};
use quetsach_matcher::pipeline;
use quetsach_matcher::raw::Level;
use quetsach_matcher::reader::Input;
use quetsach_matcher::set::asked::Asked;
use quetsach_matcher::set::{Set, setfile};

/// The list, sorted as the canonical list is.
pub const LIST: &str = include_str!("list.tsv");

/// A name of one label: a set that holds it makes phase 1 name every line, so that phase 2 alone decides.
const SOLO: &str = "zz-never-in-a-log\tdomain\t\n";

pub static SET: LazyLock<Set> =
    LazyLock::new(|| setfile::compile(LIST.as_bytes(), None).expect("the list is well made"));

/// The same list; every line is read by phase 2.
pub static EVERY_LINE: LazyLock<Set> = LazyLock::new(|| {
    let list = format!("{LIST}{SOLO}");
    setfile::compile(list.as_bytes(), None).expect("the list is well made")
});

/// Machines of every kind that a scan may be asked about.
static ASKED: LazyLock<Arc<Asked>> = LazyLock::new(|| {
    let machines = [
        "10.1.2.3",
        "192.168.1.20",
        "2001:db8::1",
        "host:pc-7",
        "mac:00-00-5e-00-53-0a",
    ];
    Arc::new(Asked::new(machines.map(str::to_owned).into()).expect("well made"))
});

/// All formats of the house, sorted by name.
pub static FORMATS: LazyLock<Vec<Format>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../src/quetsach/logs/formats");
    let mut formats: Vec<Format> = fs::read_dir(folder)
        .expect("the formats lie beside")
        .map(|entry| fs::read_to_string(entry.expect("readable").path()).expect("UTF-8"))
        .map(|text| Format::parse(&text).expect("tested elsewhere"))
        .collect();
    formats.sort_by(|a, b| a.name.cmp(&b.name));
    formats
});

/// Reads the formats.
pub fn read_formats() {
    LazyLock::force(&FORMATS);
}

/// How one scan is done; the default is what a user gets, on one thread.
#[derive(Clone)]
pub struct How {
    pub level: Level,
    pub limits: Limits,
    pub format: Option<String>,
    pub threads: usize,
    /// Bytes that the stream gives at a time.
    pub piece: usize,
}

impl Default for How {
    fn default() -> Self {
        How {
            level: Level::best(),
            limits: Limits {
                chunk: 4096,
                block: 64,
                long_line: 8192,
                parsed_part: 1024,
                ..Limits::default()
            },
            format: None,
            threads: 0,
            piece: usize::MAX,
        }
    }
}

struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    piece: usize,
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = out.len().min(self.piece).min(self.bytes.len() - self.at);
        out[..n].copy_from_slice(&self.bytes[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// The sightings as JSON Lines, and the coverage, of a log of these bytes.
pub fn scan(set: &Set, log: &[u8], how: &How) -> (String, Coverage) {
    let (lines, coverage) = scan_by(set, log, how).expect("held in memory");
    (String::from_utf8(lines).expect("JSON is UTF-8"), coverage)
}

/// The same by a set that may be damaged, which is told where its items are asked for.
pub fn scan_by(set: &Set, log: &[u8], how: &How) -> io::Result<(Vec<u8>, Coverage)> {
    let stream = Pieces {
        bytes: log.to_vec(),
        at: 0,
        piece: how.piece,
    };
    let input = Input::Stream {
        stream: Box::new(stream),
        changed: Some(1_700_000_000_000_000),
    };
    let options = Options {
        tz: "Asia/Ho_Chi_Minh".to_owned(),
        format: how.format.clone(),
        devices: true,
        source_name: String::new(),
        asked: Some(ASKED.clone()),
        level: how.level,
        limits: how.limits,
    };
    let progress = Progress::new(Arc::new(Spare::new(1, how.threads)));
    let (mut lines, coverage) =
        pipeline::scan(set, &FORMATS, Path::new("log"), input, &options, &progress)
            .expect("the options exist");
    Ok((lines.read_at(set, 0, usize::MAX)?, coverage))
}
