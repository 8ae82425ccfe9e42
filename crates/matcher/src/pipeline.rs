//! One source from its first byte to its sightings, on as many threads as are spare.
//!
//! The threads take turns at the source: one reads and unpacks the next chunk while the others look at theirs.
//! What depends on the order of lines goes from chunk to chunk as a baton, all else is summed at the end, so
//! the answer does not depend on the number of threads.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Scope};

use sha2::{Digest, Sha256};

use crate::buffer::Buffer;
use crate::capture;
use crate::detect;
use crate::error::Error;
use crate::feed::{Chunk, Feed};
use crate::format::Format;
use crate::options::{Coverage, Options, Progress};
use crate::reader::{Input, Source};
use crate::relay::Relay;
use crate::rows::{Bucket, Memory, resolve};
use crate::scan::{Scan, temporary};
use crate::set::Set;
use crate::time;
use crate::timeline::shown;
use crate::wire::{Context, Lines};

/// Chunks read at a time: a turn at the source takes long beside the time in which another thread wakes up.
const CHUNKS: usize = 4;

/// Reads one source to its end; `path` is what is shown. Fails only for options that do not exist.
pub fn scan(
    set: &Set,
    formats: &[Format],
    path: &Path,
    input: Input,
    options: &Options,
    progress: &Progress,
) -> Result<(Lines, Coverage), Error> {
    let zone = time::zone(&options.tz)?;
    let formats: Vec<&Format> = match options.format.as_deref() {
        None => formats.iter().collect(),
        Some(detect::TEXT) => Vec::new(),
        Some(name) => vec![
            formats
                .iter()
                .find(|f| f.name == name)
                .ok_or_else(|| Error::Options(format!("unknown log format '{name}'")))?,
        ],
    };
    let feed = Feed::new(Source::open(path, input), progress, options.limits);
    if capture::begins(feed.start()) {
        return Ok(capture::scan(set, options, progress, &zone, path, feed));
    }
    let format = match options.format {
        None => detect::detect(&formats, feed.start()),
        Some(_) => (!formats.is_empty()).then_some(0),
    };
    let threads = Threads {
        feed: Mutex::new(feed),
        relay: Relay::new(),
        parts: Mutex::default(),
        progress,
    };
    let memory = Memory::new(options.limits.row_bytes);
    let mut whole = Scan::new(set, formats, format, zone, options, progress, memory);
    thread::scope(|scope| threads.work(scope, whole.another()));
    let parts = threads.parts.into_inner();
    for part in parts.unwrap_or_else(PoisonError::into_inner) {
        whole.absorb(part);
    }
    whole.accept(threads.relay.finish());
    let mut feed = threads
        .feed
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(reason) = progress.failed() {
        feed.source.stop(reason);
    }
    whole.read_tail(&mut feed.source, &feed.recent);
    Ok(finish(whole, path, feed.source))
}

/// What the threads of one scan share.
struct Threads<'a> {
    feed: Mutex<Feed<'a>>,
    relay: Relay,
    /// What each thread found, when it has ended.
    parts: Mutex<Vec<Scan<'a>>>,
    progress: &'a Progress,
}

impl<'a> Threads<'a> {
    /// Looks at one chunk after another until none is left; starts others where threads are spare.
    fn work<'s>(&'s self, scope: &'s Scope<'s, '_>, mut scan: Scan<'a>)
    where
        'a: 's,
    {
        let _watch = self.relay.watch();
        let mut buffer = Buffer::new(CHUNKS * scan.options.limits.chunk);
        loop {
            let mut feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
            let Some((number, chunk)) = feed.next(&mut buffer) else {
                break;
            };
            if feed.is_long() && self.progress.spare.take() {
                let other = scan.another();
                scope.spawn(move || {
                    self.work(scope, other);
                    self.progress.spare.give();
                });
            }
            match chunk {
                Chunk::Lines => {
                    drop(feed);
                    scan.whole_lines(&mut buffer, number, &self.relay);
                }
                Chunk::LongLine => {
                    scan.stream_long_line(&mut buffer, number, &mut feed, &self.relay);
                }
            }
        }
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push(scan);
    }
}

fn finish(scan: Scan<'_>, path: &Path, mut source: Source) -> (Lines, Coverage) {
    let latest = scan.timeline.latest(source.changed, &scan.zone);
    let identity = hex(&Sha256::digest(&source.head));
    let names: Vec<&str> = scan.formats.iter().map(|f| f.name.as_str()).collect();
    let context = Context {
        set: scan.set,
        names: &names,
        source: &identity,
        latest,
        zone: &scan.zone,
    };
    let lines = context.write(scan.runs).unwrap_or_else(|error| {
        source.stop(&temporary(&error));
        Lines::default()
    });
    let times = lines
        .span
        .into_iter()
        .flat_map(|(first, last)| [first, last]);
    let span = scan.timeline.span(latest, times, &scan.zone);
    let mut devices: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (device, when) in &scan.alive {
        let day = match when {
            Bucket::None => None,
            Bucket::Day(day) => Some(*day),
            Bucket::Minute(y) => {
                resolve(time::Value::Yearless(*y), latest, &scan.zone).map(time::day_number)
            }
        };
        if let Some(day) = day {
            devices
                .entry(time::day(day))
                .or_default()
                .insert(device.shown());
        }
    }
    let coverage = Coverage {
        source: identity,
        path: path.display().to_string(),
        name: scan.options.source_name.clone(),
        bytes: source.unpacked,
        lines: scan.lines,
        not_understood: scan.not_understood,
        long_lines: scan.long_lines,
        inbound: scan.inbound,
        first: shown(span.first),
        last: shown(span.last),
        time: span.word,
        zone: if span.local {
            scan.options.tz.clone()
        } else {
            String::new()
        },
        devices: devices
            .into_iter()
            .map(|(day, set)| (day, set.into_iter().collect()))
            .collect(),
        errors: source.errors,
    };
    (lines, coverage)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
