//! A range of a large plain file, looked at by itself, and the ranges of one file put together.
//!
//! All parts together give the answer of the whole file read at once. A range begins and ends at a line border. Of the
//! lines before it, a part needs only the header: the caller gives it, or it is guessed from the start of the file.
//! Parts fit together where each assumed the header with which the part before it ended.
use std::io::{self, Read, Seek, Write};
use std::mem;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::format::Format;
use crate::line::detect;
use crate::line::detect::clean;
use crate::options::{Coverage, Limits, Options, Progress};
use crate::pipeline::feed::Feed;
use crate::pipeline::{self, Found, Threads};
use crate::reader::plain_lines::with_lines_read;
use crate::reader::range::Range;
use crate::reader::{Input, Source, is_capture};
use crate::rows::alive::Alive;
use crate::rows::spread::Spread;
use crate::rows::stretches::Stretches;
use crate::scan::baton::Baton;
use crate::scan::odd_places::OddLines;
use crate::scan::unattributed::Unattributed;
use crate::set::Set;
use crate::shape::{Header, LineReader};
use crate::time;
use crate::time::hours::Hours;
use crate::time::timeline::Timeline;
use crate::wire::Lines;

/// A line border further away than this is not sought: the file is read as one.
const BORDER: usize = 16 << 20;

/// The answer of one range.
#[derive(Debug)]
pub struct Part {
    /// First byte, and the byte behind the last.
    pub start: u64,
    pub end: u64,
    /// Source id of the file.
    pub source: String,
    /// The header before its first line, and the header behind its last line. Equal bytes are equal headers.
    pub before: Vec<u8>,
    pub after: Vec<u8>,
    pub errors: Vec<String>,
    /// The rest, for `merge`.
    pub body: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
struct About {
    source: String,
    changed: Option<i64>,
    bytes: u64,
    lines: u64,
    unattributed: Unattributed,
    long_lines: u64,
    inbound: u64,
    odd: OddLines,
    timeline: Timeline,
    alive: Alive<String>,
    spread: Spread,
    hours: Hours,
}

/// Reads one range. None where its answer could not be exactly a part of the whole file's: the file is packed or
/// in another encoding, its lines are too long, or the range is too near to the file's edges.
pub fn scan(
    set: &Set,
    formats: &[Format],
    path: &Path,
    range: Range,
    header: Option<&[u8]>,
    options: &Options,
    progress: &Progress,
) -> Result<Option<Part>, Error> {
    let zone = time::zone(&options.tz)?;
    let formats = pipeline::chosen(formats, options.format.as_deref())?;
    let edge = options.limits.edge_bytes;
    let mut source = Source::open(path, Input::File);
    let Some((start, head)) = source.begin_range(range, BORDER) else {
        return Ok(None);
    };
    if is_capture(&head) || (start > 0 && start < edge) {
        return Ok(None);
    }
    let head = with_lines_read(&head).into_owned();
    let format = match options.format {
        None => detect::detect(&formats, &head),
        Some(_) => (!formats.is_empty()).then_some(0),
    };
    let before = match header {
        _ if start == 0 => Arc::default(),
        Some(bytes) => Arc::new(
            serde_json::from_slice(bytes)
                .map_err(|_| Error::Options("the header of a range cannot be read".to_owned()))?,
        ),
        None => header_of(&formats, &head),
    };
    let mut baton = Baton {
        header: before.clone(),
        ..Baton::default()
    };
    if start > 0 {
        baton.headers.push((start - 1, before.clone()));
    }
    let feed = Feed::of_range(source, progress, options.limits, start);
    let threads = Threads::new(feed, baton, options, progress);
    let (mut whole, mut feed, recent) =
        threads.look(pipeline::begin(set, formats, format, zone, options, progress).of_file(&head));
    if range.end.is_none() {
        if start > 0 && feed.source.given.saturating_sub(edge + 1) < start {
            return Ok(None);
        }
        whole.read_tail(&mut feed.source, &recent, 0);
    }
    let after = json(&*whole.reader.header);
    let hours = whole.take_hours();
    let about = About {
        source: feed.source.id(),
        changed: feed.source.changed,
        bytes: feed.source.given - start,
        lines: whole.lines,
        unattributed: whole.unattributed,
        long_lines: whole.long_lines,
        inbound: whole.inbound,
        odd: whole.odd,
        alive: whole.alive.shown(),
        timeline: whole.timeline,
        hours,
        spread: mem::take(&mut whole.stretches.spread),
    };
    let text = json(&about);
    let mut body = (text.len() as u64).to_le_bytes().to_vec();
    body.extend(text);
    let mut errors = feed.source.errors;
    if let Err(error) = whole.stretches.write_to(&mut body, set) {
        errors.push(error.to_string());
    }
    Ok(Some(Part {
        start,
        end: feed.source.given,
        source: about.source,
        before: json(&*before),
        after,
        errors,
        body,
    }))
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // None of these types can fail to be written.
    serde_json::to_vec(value).unwrap_or_default()
}

/// The header behind the first bytes of a file: most lines are read under it.
fn header_of(formats: &[&Format], head: &[u8]) -> Arc<Header> {
    let mut reader = LineReader::new(formats);
    let mut at = 0;
    while let Some(end) = memchr::memchr(b'\n', &head[at..]) {
        reader.is_directive(clean(&head[at..at + end], at == 0), at as u64);
        at += end + 1;
    }
    reader.header
}

/// The parts of one file, in order, as they come.
#[derive(Debug, Default)]
pub struct Whole {
    stretches: Stretches,
    about: Option<About>,
}

impl Whole {
    /// Adds the body of the next part. Fails where these bytes are no body, or the temporary folder is full.
    pub fn add(&mut self, mut body: &[u8], set: &Set) -> io::Result<()> {
        let mut size = [0; 8];
        body.read_exact(&mut size)?;
        let size = u64::from_le_bytes(size) as usize;
        let text = body.get(..size).ok_or(io::ErrorKind::UnexpectedEof)?;
        let about: About = serde_json::from_slice(text)?;
        if body.len() > size {
            let mut file = tempfile::tempfile()?;
            file.write_all(&body[size..])?;
            file.rewind()?;
            self.stretches.add_file(file, set)?;
        }
        self.stretches.spread.absorb(&about.spread);
        self.about = Some(match self.about.take() {
            None => about,
            Some(old) => old.and(about),
        });
        Ok(())
    }

    /// The answer of the whole file; None without any part.
    pub fn finish(
        self,
        formats: &[Format],
        path: &Path,
        options: &Options,
        errors: Vec<String>,
    ) -> Result<Option<(Lines, Coverage)>, Error> {
        let zone = time::zone(&options.tz)?;
        let Some(about) = self.about else {
            return Ok(None);
        };
        let found = Found {
            formats: pipeline::chosen(formats, options.format.as_deref())?,
            zone,
            options,
            stretches: self.stretches,
            timeline: about.timeline,
            alive: about.alive,
            source: about.source,
            changed: about.changed,
            bytes: about.bytes,
            lines: about.lines,
            unattributed: about.unattributed,
            long_lines: about.long_lines,
            inbound: about.inbound,
            odd: about.odd,
            errors,
            hours: about.hours,
        };
        Ok(Some(found.finish(path)))
    }
}

impl About {
    fn and(mut self, later: About) -> About {
        self.changed = later.changed;
        self.bytes += later.bytes;
        self.lines += later.lines;
        self.unattributed.absorb(later.unattributed);
        self.long_lines += later.long_lines;
        self.inbound += later.inbound;
        self.odd.absorb(later.odd);
        self.timeline.absorb(&later.timeline);
        self.timeline.take_tail(later.timeline);
        self.hours.absorb(later.hours, Limits::default().alive);
        if self.alive.len() <= Limits::default().alive {
            self.alive.absorb(later.alive);
        }
        self
    }
}
