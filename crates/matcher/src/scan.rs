//! One source from its first byte to its sightings: reading, phase 1 on every byte, phase 2 on what it names.
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jiff::tz::TimeZone;
use memchr::{memchr, memmem, memrchr};
use sha2::{Digest, Sha256};

use crate::detect::{self, clean};
use crate::error::Error;
use crate::format::Format;
use crate::freetext;
use crate::lines::Pieces;
use crate::raw::Level;
use crate::reader::Source;
use crate::record::{self, Record};
use crate::rows::{Action, Bucket, Hit, Line, Rows, Sighting, bucket, resolve};
use crate::set::Set;
use crate::shape::{Header, LineReader};
use crate::time;
use crate::timeline::{Timeline, shown};
use crate::token::{BACK, Candidates, FRONT, Scratch, Search};
use crate::tokens;

/// Bounds of the contract, in bytes and lines; other values only in tests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub chunk: usize,
    pub long_line: usize,
    pub parsed_part: usize,
    pub edge_lines: usize,
    pub edge_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { chunk: 256 << 10, long_line: 1 << 20, parsed_part: 1 << 16, edge_lines: 64, edge_bytes: 1 << 20 }
    }
}

/// How to read one source.
#[derive(Clone, Debug)]
pub struct Options {
    /// Zone of times without one.
    pub tz: String,
    /// Forces a log format by its name.
    pub format: Option<String>,
    /// Also tell who was alive each day.
    pub devices: bool,
    pub source_name: String,
    pub level: Level,
    pub limits: Limits,
}

/// Counters that a scan moves and another thread reads.
#[derive(Debug, Default)]
pub struct Progress {
    pub bytes_read: AtomicU64,
    pub hits: AtomicU64,
    pub cancelled: AtomicBool,
}

/// What was looked at in one source (contract 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub source: String,
    pub path: String,
    pub name: String,
    pub bytes: u64,
    pub lines: u64,
    pub not_understood: u64,
    pub long_lines: u64,
    pub inbound: u64,
    pub first: Option<String>,
    pub last: Option<String>,
    pub time: &'static str,
    pub zone: String,
    pub devices: BTreeMap<String, Vec<String>>,
    pub errors: Vec<String>,
}

/// Reads one source to its end. Fails only for options that do not exist.
pub fn scan(
    set: &Set,
    formats: &[Format],
    path: &Path,
    options: &Options,
    progress: &Progress,
) -> Result<(Vec<Sighting>, Coverage), Error> {
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
    let reader = LineReader::new(formats.len());
    let scan = Scan {
        set,
        formats,
        options,
        progress,
        zone,
        reader,
        format: None,
        text: detect::TEXT.into(),
        rows: Rows::default(),
        timeline: Timeline::default(),
        alive: HashSet::new(),
        headers: Vec::new(),
        every_line: set.needs_every_line() || options.devices,
        scratch: Box::default(),
        lines: 0,
        not_understood: 0,
        long_lines: 0,
        inbound: 0,
    };
    Ok(scan.run(path))
}

struct Scan<'a> {
    set: &'a Set,
    formats: Vec<&'a Format>,
    options: &'a Options,
    progress: &'a Progress,
    zone: TimeZone,
    reader: LineReader,
    /// The file's format; None is text.
    format: Option<usize>,
    text: Arc<str>,
    rows: Rows,
    timeline: Timeline,
    alive: HashSet<(Arc<str>, Bucket)>,
    /// Each header with the offset of the line that made it.
    headers: Vec<(u64, Arc<Header>)>,
    every_line: bool,
    scratch: Box<Scratch>,
    lines: u64,
    not_understood: u64,
    long_lines: u64,
    inbound: u64,
}

/// What is asked of a line.
#[derive(Clone, Copy)]
struct Ask {
    /// It may hold a listed name or address.
    look: bool,
    /// Its time belongs to the first of the file.
    head: bool,
}

impl<'a> Scan<'a> {
    fn run(mut self, path: &Path) -> (Vec<Sighting>, Coverage) {
        let limits = self.options.limits;
        let mut source = Source::open(path);
        let mut recent = Vec::new();
        let mut buffer = Buffer::new(limits.chunk.max(detect::START));
        let mut ended = false;
        while !ended && buffer.filled < detect::START {
            ended = buffer.fill(&mut source, &mut recent, limits.edge_bytes) == 0;
        }
        let identity = hex(&Sha256::digest(&buffer.data()[..buffer.filled.min(detect::SOURCE_ID)]));
        self.format = match self.options.format.as_deref() {
            None => detect::detect(&self.formats, buffer.data()),
            Some(_) => (!self.formats.is_empty()).then_some(0),
        };
        loop {
            let whole = if ended { buffer.filled } else { memrchr(b'\n', buffer.data()).map_or(0, |i| i + 1) };
            self.whole_lines(&mut buffer, whole);
            buffer.drop_front(whole);
            if ended {
                break;
            }
            if buffer.filled > limits.long_line {
                ended = self.stream_long_line(&mut buffer, &mut source, &mut recent);
                continue;
            }
            self.progress.bytes_read.store(source.stored, Ordering::Relaxed);
            if self.progress.cancelled.load(Ordering::Relaxed) {
                source.cancel();
            }
            ended = buffer.fill(&mut source, &mut recent, limits.edge_bytes) == 0;
        }
        self.progress.bytes_read.store(source.stored, Ordering::Relaxed);
        self.read_tail(&mut source, &recent);
        self.finish(identity, path, source)
    }

    fn finish(self, identity: String, path: &Path, source: Source) -> (Vec<Sighting>, Coverage) {
        let latest = self.timeline.latest(source.changed, &self.zone);
        let sightings = self.rows.finish(latest, &self.zone);
        let times = sightings.iter().flat_map(|s| [s.first, s.last]).flatten();
        let span = self.timeline.span(latest, times, &self.zone);
        let mut devices: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (device, when) in &self.alive {
            let day = match when {
                Bucket::None => None,
                Bucket::Day(day) => Some(*day),
                Bucket::Minute(y) => resolve(time::Value::Yearless(*y), latest, &self.zone).map(time::day_number),
            };
            if let Some(day) = day {
                devices.entry(time::day(day)).or_default().insert(device.to_string());
            }
        }
        let coverage = Coverage {
            source: identity,
            path: path.display().to_string(),
            name: self.options.source_name.clone(),
            bytes: source.given,
            lines: self.lines,
            not_understood: self.not_understood,
            long_lines: self.long_lines,
            inbound: self.inbound,
            first: shown(span.first),
            last: shown(span.last),
            time: span.word,
            zone: if span.local { self.options.tz.clone() } else { String::new() },
            devices: devices.into_iter().map(|(day, set)| (day, set.into_iter().collect())).collect(),
            errors: source.errors,
        };
        (sightings, coverage)
    }

    /// Lines that lie whole at the front of the buffer; the last may lack its line feed.
    fn whole_lines(&mut self, buffer: &mut Buffer, len: usize) {
        let limit = self.options.limits.long_line;
        let mut start = 0;
        if len > limit {
            let mut at = 0;
            while at < len {
                let end = memchr(b'\n', &buffer.data()[at..len]).map_or(len, |i| at + i);
                if end - at > limit {
                    self.lines(buffer, start, at);
                    let line = buffer.data()[at..end].to_vec();
                    let mut pieces = LongLine::new(self, &line, buffer.offset + at as u64);
                    pieces.feed(self, &line);
                    pieces.finish(self);
                    start = (end + 1).min(len);
                }
                at = end + 1;
            }
        }
        self.lines(buffer, start, len);
    }

    /// Whole lines none of which is too long, in chunks.
    fn lines(&mut self, buffer: &mut Buffer, mut start: usize, end: usize) {
        while start < end {
            let most = end.min(start + self.options.limits.chunk);
            let whole = if most == end { Some(end) } else { memrchr(b'\n', &buffer.data()[start..most]).map(|i| start + i + 1) };
            let stop = whole.or_else(|| memchr(b'\n', &buffer.data()[start..end]).map(|i| start + i + 1)).unwrap_or(end);
            self.region(buffer, start, stop);
            start = stop;
        }
    }

    fn region(&mut self, buffer: &mut Buffer, start: usize, end: usize) {
        let mut found = Candidates::default();
        buffer.isolated(start, end, |buf, from| {
            let mut search = Search { set: self.set, buf, from, len: end - start, scratch: &mut self.scratch };
            self.options.level.find(&mut search, &mut found);
        });
        let offset = buffer.offset + start as u64;
        let data = &buffer.data()[start..end];
        self.lines += found.newlines + u64::from(data.last() != Some(&b'\n'));
        let mut marks: Vec<usize> = found.places.iter().map(|&p| p as usize - FRONT - start).collect();
        if data[0] == b'#' {
            marks.push(0);
        }
        marks.extend(memmem::find_iter(data, b"\n#").map(|i| i + 1));
        marks.sort_unstable();
        self.marked_lines(data, offset, &marks);
    }

    fn marked_lines(&mut self, data: &[u8], offset: u64, marks: &[usize]) {
        let limits = self.options.limits;
        let mut at = 0;
        let mut next = 0;
        while at < data.len() {
            let head = self.timeline.head_len() < limits.edge_lines && offset + (at as u64) < limits.edge_bytes;
            if !head && !self.every_line {
                let Some(&mark) = marks.get(next) else { return };
                at += memrchr(b'\n', &data[at..mark]).map_or(0, |i| i + 1);
            }
            let end = memchr(b'\n', &data[at..]).map_or(data.len(), |i| at + i);
            let before = next;
            while marks.get(next).is_some_and(|&mark| mark <= end) {
                next += 1;
            }
            let place = offset + at as u64;
            let look = next > before || self.set.needs_every_line() || self.strange_header();
            self.line(clean(&data[at..end], place == 0), place, Ask { look, head });
            at = end + 1;
        }
    }

    /// Whether columns may be cut inside a token, so that phase 1 cannot be trusted.
    fn strange_header(&self) -> bool {
        let header = &self.reader.header;
        let inside = |b: &u8| b.is_ascii_alphanumeric() || b"._-:[]".contains(b);
        !header.fields.is_empty() && header.separator.iter().chain(&header.set_separator).any(inside)
    }

    fn line(&mut self, line: &[u8], offset: u64, ask: Ask) {
        if line.is_empty() {
            return;
        }
        if self.reader.is_directive(line) {
            self.headers.push((offset, self.reader.header.clone()));
            self.every_line |= self.strange_header();
            return;
        }
        let mut parsed = None;
        if let Some(number) = self.format
            && let Some(record) = record::read(&mut self.reader, number, self.formats[number], line, &mut parsed)
        {
            if ask.head {
                self.timeline.add_head(record.time(&self.zone));
            }
            if ask.look || self.options.devices {
                self.record(&record, line, offset, ask.look);
            }
            return;
        }
        if ask.head && self.format.is_none() {
            self.timeline.add_head(freetext::time(line, &self.zone));
        }
        if !ask.look {
            return;
        }
        let found = freetext::read(line);
        let hits = tokens::hits(self.set, &found.tokens);
        if !hits.is_empty() {
            self.foreign_line(line, offset, hits, &found.private);
        }
    }

    /// A line with a match that does not parse by the file's format.
    fn foreign_line(&mut self, line: &[u8], offset: u64, hits: Vec<Hit>, private: &[String]) {
        let mut parsed = None;
        for number in (0..self.formats.len()).filter(|n| Some(*n) != self.format) {
            let format = self.formats[number];
            if let Some(record) = record::read(&mut self.reader, number, format, line, &mut parsed) {
                return self.record(&record, line, offset, true);
            }
        }
        if self.format.is_some() {
            self.not_understood += 1;
            return;
        }
        let device = private.iter().find(|p| !hits.iter().any(|h| h.matched == **p));
        let line = Line {
            device: device.map(|d| d.as_str().into()),
            moment: freetext::time(line, &self.zone),
            action: Action::Unknown,
            identity: Vec::new(),
            logformat: self.text.clone(),
            text: line,
        };
        self.keep(hits, offset, &line);
    }

    fn record(&mut self, record: &Record<'_, '_>, line: &[u8], offset: u64, look: bool) {
        let device = record.device();
        if self.options.devices
            && let Some(device) = &device
        {
            let when = bucket(record.time(&self.zone));
            if when != Bucket::None {
                self.alive.insert((device.clone(), when));
            }
        }
        if !look {
            return;
        }
        if let Some(crate::names::Host::Address(client)) = record.client {
            let listed = tokens::find_address(self.set, client, record.client_port).is_some();
            self.inbound += u64::from(listed);
        }
        let hits = tokens::hits(self.set, &tokens::of_record(record));
        if hits.is_empty() {
            return;
        }
        let line = Line {
            device,
            moment: record.time(&self.zone),
            action: record.action(),
            identity: record.identity(),
            logformat: record.format.name.as_str().into(),
            text: line,
        };
        self.keep(hits, offset, &line);
    }

    fn keep(&mut self, hits: Vec<Hit>, offset: u64, line: &Line<'_>) {
        self.timeline.hit(offset, line.moment);
        self.progress.hits.fetch_add(hits.len() as u64, Ordering::Relaxed);
        self.rows.add(hits, line);
    }

    /// A line longer than the limit whose end is not read yet. True at the end of the file.
    fn stream_long_line(&mut self, buffer: &mut Buffer, source: &mut Source, recent: &mut Vec<u8>) -> bool {
        let start = buffer.data().to_vec();
        let mut long = LongLine::new(self, &start, buffer.offset);
        long.feed(self, &start);
        buffer.drop_front(buffer.filled);
        loop {
            let n = buffer.fill(source, recent, self.options.limits.edge_bytes);
            let end = memchr(b'\n', buffer.data());
            let part = end.unwrap_or(buffer.filled);
            long.feed(self, &buffer.data()[..part]);
            buffer.drop_front(part + usize::from(end.is_some()));
            if n == 0 || end.is_some() {
                long.finish(self);
                return n == 0;
            }
            self.progress.bytes_read.store(source.stored, Ordering::Relaxed);
            if self.progress.cancelled.load(Ordering::Relaxed) {
                source.cancel();
            }
        }
    }

    /// Whether phase 1 sees anything in a piece of a long line.
    fn is_candidate(&mut self, piece: &[u8]) -> bool {
        let mut buf = vec![0; FRONT];
        buf.extend_from_slice(piece);
        buf.resize(FRONT + piece.len() + BACK, 0);
        let mut found = Candidates::default();
        let mut search =
            Search { set: self.set, buf: &buf, from: FRONT, len: piece.len(), scratch: &mut self.scratch };
        self.options.level.find(&mut search, &mut found);
        !found.places.is_empty() || self.set.needs_every_line()
    }

    /// The last lines that parse, read backwards.
    fn read_tail(&mut self, source: &mut Source, recent: &[u8]) {
        let limits = self.options.limits;
        let size = limits.edge_bytes as usize + 1;
        let again = source.tail(size);
        let data = again.as_deref().unwrap_or(&recent[recent.len().saturating_sub(size)..]);
        let base = source.given - data.len() as u64;
        let last_header = self.reader.header.clone();
        let mut end = data.len() - usize::from(data.last() == Some(&b'\n'));
        while self.timeline.tail_len() < limits.edge_lines && !data.is_empty() {
            let start = memrchr(b'\n', &data[..end]).map(|i| i + 1);
            if start.is_none() && base > 0 {
                break;
            }
            let at = start.unwrap_or(0);
            let offset = base + at as u64;
            self.tail_line(&data[at..end], offset);
            match at.checked_sub(1) {
                Some(before) => end = before,
                None => break,
            }
        }
        self.reader.header = last_header;
    }

    fn tail_line(&mut self, raw: &[u8], offset: u64) {
        let limits = self.options.limits;
        let long = raw.len() > limits.long_line;
        let line = clean(if long { &raw[..raw.len().min(limits.parsed_part)] } else { raw }, offset == 0);
        let before = self.headers.partition_point(|(at, _)| *at < offset);
        self.reader.header = match before.checked_sub(1) {
            Some(i) => self.headers[i].1.clone(),
            None => Arc::default(),
        };
        if line.is_empty() || (!long && self.reader.is_directive(line)) {
            return;
        }
        match self.format {
            None if long => {}
            None => self.timeline.add_tail(offset, freetext::time(line, &self.zone)),
            Some(number) => {
                let mut parsed = None;
                if let Some(r) = record::read(&mut self.reader, number, self.formats[number], line, &mut parsed) {
                    self.timeline.add_tail(offset, r.time(&self.zone));
                }
            }
        }
    }
}

/// A line too long to hold: its first part is parsed, every byte is matched.
struct LongLine {
    start: Vec<u8>,
    offset: u64,
    pieces: Pieces,
    parses: bool,
    /// Bytes that the parsed part covers.
    skip: usize,
    hits: Vec<Hit>,
}

impl LongLine {
    fn new(scan: &mut Scan<'_>, line: &[u8], offset: u64) -> LongLine {
        let part = scan.options.limits.parsed_part;
        let start = clean(&line[..line.len().min(part)], offset == 0).to_vec();
        let mut parsed = None;
        let parses = scan.format.is_some_and(|number| {
            record::read(&mut scan.reader, number, scan.formats[number], &start, &mut parsed).is_some()
        });
        LongLine { offset, pieces: Pieces::default(), parses, skip: if parses { part } else { 0 }, hits: Vec::new(), start }
    }

    fn feed(&mut self, scan: &mut Scan<'_>, block: &[u8]) {
        let (skip, hits) = (&mut self.skip, &mut self.hits);
        self.pieces.feed(block, |piece| look_at(scan, piece, skip, hits));
    }

    fn finish(mut self, scan: &mut Scan<'_>) {
        let (skip, hits) = (&mut self.skip, &mut self.hits);
        self.pieces.finish(|piece| look_at(scan, piece, skip, hits));
        scan.lines += 1;
        scan.long_lines += 1;
        if !self.parses {
            if !self.hits.is_empty() {
                let private = freetext::read(&self.start).private;
                scan.foreign_line(&self.start, self.offset, self.hits, &private);
            }
            return;
        }
        scan.not_understood += u64::from(!self.hits.is_empty());
        let limits = scan.options.limits;
        let head = scan.timeline.head_len() < limits.edge_lines && self.offset < limits.edge_bytes;
        let mut parsed = None;
        let Some(number) = scan.format else { return };
        if let Some(record) =
            record::read(&mut scan.reader, number, scan.formats[number], &self.start, &mut parsed)
        {
            if head {
                scan.timeline.add_head(record.time(&scan.zone));
            }
            scan.record(&record, &self.start, self.offset, true);
        }
    }
}

fn look_at(scan: &mut Scan<'_>, piece: &[u8], skip: &mut usize, hits: &mut Vec<Hit>) {
    let part = &piece[(*skip).min(piece.len())..];
    *skip = skip.saturating_sub(piece.len());
    if scan.is_candidate(part) {
        for hit in tokens::hits(scan.set, &freetext::read(part).tokens) {
            if !hits.iter().any(|h| h.item == hit.item) {
                hits.push(hit);
            }
        }
    }
}

/// The bytes at hand, with zeros before and after as phase 1 wants them.
struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    /// Place in the decompressed data of the first byte.
    offset: u64,
}

impl Buffer {
    fn new(size: usize) -> Buffer {
        Buffer { bytes: vec![0; FRONT + size + BACK], filled: 0, offset: 0 }
    }

    fn data(&self) -> &[u8] {
        &self.bytes[FRONT..FRONT + self.filled]
    }

    /// Reads more, making room where a line fills the buffer. Keeps the last bytes of what cannot be read again.
    fn fill(&mut self, source: &mut Source, recent: &mut Vec<u8>, edge: u64) -> usize {
        let size = self.bytes.len() - FRONT - BACK;
        if self.filled == size {
            self.bytes.resize(FRONT + 2 * size + BACK, 0);
        }
        let end = self.bytes.len() - BACK;
        let from = FRONT + self.filled;
        let n = source.read(&mut self.bytes[from..end]);
        if !source.can_reread() {
            let keep = edge as usize + 1;
            if recent.len() > 2 * keep {
                recent.drain(..recent.len() - keep);
            }
            recent.extend_from_slice(&self.bytes[from..from + n]);
        }
        self.filled += n;
        n
    }

    fn drop_front(&mut self, n: usize) {
        self.bytes.copy_within(FRONT + n..FRONT + self.filled, FRONT);
        self.filled -= n;
        self.offset += n as u64;
    }

    /// Lends the bytes with zeros behind `end`, and puts back what stood there.
    fn isolated(&mut self, start: usize, end: usize, look: impl FnOnce(&[u8], usize)) {
        let behind = FRONT + end..FRONT + end + BACK;
        let mut saved = [0u8; BACK];
        saved.copy_from_slice(&self.bytes[behind.clone()]);
        self.bytes[behind.clone()].fill(0);
        look(&self.bytes, FRONT + start);
        self.bytes[behind].copy_from_slice(&saved);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
