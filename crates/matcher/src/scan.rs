//! One source from its first byte to its sightings: reading, phase 1 on every byte, phase 2 on what it names.
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::tz::TimeZone;
use memchr::{memchr, memmem, memrchr};
use sha2::{Digest, Sha256};

use crate::buffer::Buffer;
use crate::detect::{self, clean};
use crate::error::Error;
use crate::format::Format;
use crate::freetext;
use crate::longline::LongLine;
pub use crate::options::{Coverage, Limits, Options, Progress};
use crate::reader::{Input, Source};
use crate::record::{self, Record};
use crate::rows::{Action, Bucket, Hit, Line, Rows, Sighting, bucket, resolve};
use crate::set::Set;
use crate::shape::{HEADING_BYTES, Header, LineReader};
use crate::time;
use crate::timeline::{Timeline, shown};
use crate::token::{BACK, Candidates, FRONT, Scratch, Search};
use crate::tokens;
use crate::wrapper::Readings;

/// Reads one source to its end; `path` is what is shown. Fails only for options that do not exist.
pub fn scan(
    set: &Set,
    formats: &[Format],
    path: &Path,
    input: Input,
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
    let reader = LineReader::new(&formats);
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
    Ok(scan.run(path, Source::open(path, input)))
}

pub(crate) struct Scan<'a> {
    pub set: &'a Set,
    pub formats: Vec<&'a Format>,
    pub options: &'a Options,
    progress: &'a Progress,
    pub zone: TimeZone,
    pub reader: LineReader,
    /// The file's format; None is text.
    pub format: Option<usize>,
    text: Arc<str>,
    rows: Rows,
    pub timeline: Timeline,
    alive: HashSet<(Arc<str>, Bucket)>,
    /// Each header with the offset of the line that made it.
    pub headers: Vec<(u64, Arc<Header>)>,
    every_line: bool,
    scratch: Box<Scratch>,
    pub lines: u64,
    pub not_understood: u64,
    pub long_lines: u64,
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
    fn run(mut self, path: &Path, mut source: Source) -> (Vec<Sighting>, Coverage) {
        let limits = self.options.limits;
        let mut recent = Vec::new();
        let mut buffer = Buffer::new(limits.chunk.max(detect::START));
        let mut ended = false;
        while !ended && buffer.filled < detect::START {
            ended = buffer.fill(&mut source, &mut recent, limits.edge_bytes) == 0;
        }
        let identity = hex(&Sha256::digest(&source.head));
        self.format = match self.options.format.as_deref() {
            None => detect::detect(&self.formats, buffer.data()),
            Some(_) => (!self.formats.is_empty()).then_some(0),
        };
        loop {
            let whole = if ended {
                buffer.filled
            } else {
                memrchr(b'\n', buffer.data()).map_or(0, |i| i + 1)
            };
            self.whole_lines(&mut buffer, whole);
            buffer.drop_front(whole);
            if ended {
                break;
            }
            if buffer.filled > limits.long_line {
                ended = self.stream_long_line(&mut buffer, &mut source, &mut recent);
                continue;
            }
            self.progress
                .bytes_read
                .store(source.stored, Ordering::Relaxed);
            if self.progress.cancelled.load(Ordering::Relaxed) {
                source.cancel();
            }
            ended = buffer.fill(&mut source, &mut recent, limits.edge_bytes) == 0;
        }
        self.progress
            .bytes_read
            .store(source.stored, Ordering::Relaxed);
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
                Bucket::Minute(y) => {
                    resolve(time::Value::Yearless(*y), latest, &self.zone).map(time::day_number)
                }
            };
            if let Some(day) = day {
                devices
                    .entry(time::day(day))
                    .or_default()
                    .insert(device.to_string());
            }
        }
        let coverage = Coverage {
            source: identity,
            path: path.display().to_string(),
            name: self.options.source_name.clone(),
            bytes: source.unpacked,
            lines: self.lines,
            not_understood: self.not_understood,
            long_lines: self.long_lines,
            inbound: self.inbound,
            first: shown(span.first),
            last: shown(span.last),
            time: span.word,
            zone: if span.local {
                self.options.tz.clone()
            } else {
                String::new()
            },
            devices: devices
                .into_iter()
                .map(|(day, set)| (day, set.into_iter().collect()))
                .collect(),
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
            let whole = if most == end {
                Some(end)
            } else {
                memrchr(b'\n', &buffer.data()[start..most]).map(|i| start + i + 1)
            };
            let stop = whole
                .or_else(|| memchr(b'\n', &buffer.data()[start..end]).map(|i| start + i + 1))
                .unwrap_or(end);
            self.region(buffer, start, stop);
            start = stop;
        }
    }

    fn region(&mut self, buffer: &mut Buffer, start: usize, end: usize) {
        let mut found = Candidates::default();
        buffer.isolated(start, end, |buf, from| {
            let mut search = Search {
                set: self.set,
                buf,
                from,
                len: end - start,
                scratch: &mut self.scratch,
            };
            self.options.level.find(&mut search, &mut found);
        });
        let offset = buffer.offset + start as u64;
        let data = &buffer.data()[start..end];
        self.lines += found.newlines + u64::from(data.last() != Some(&b'\n'));
        let mut marks: Vec<usize> = found
            .places
            .iter()
            .map(|&p| p as usize - FRONT - start)
            .collect();
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
            let head = self.timeline.head_len() < limits.edge_lines
                && offset + (at as u64) < limits.edge_bytes;
            let heading = offset + (at as u64) < HEADING_BYTES;
            if !head && !heading && !self.every_line {
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
        !header.fields.is_empty()
            && header
                .separator
                .iter()
                .chain(&header.set_separator)
                .any(inside)
    }

    fn line(&mut self, line: &[u8], offset: u64, ask: Ask) {
        if line.is_empty() {
            return;
        }
        if self.reader.is_directive(line, offset) {
            self.headers.push((offset, self.reader.header.clone()));
            self.every_line |= self.strange_header();
            return;
        }
        let readings = Readings::new(line);
        if let Some(record) = self.own_record(&readings) {
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
        if self.options.devices
            && let Some(record) = self.foreign_record(&readings)
        {
            self.note_alive(&record);
        }
        if !ask.look {
            return;
        }
        for text in std::iter::once(line).chain(readings.unescaped()) {
            let found = freetext::read(text);
            let hits = tokens::hits(self.set, &found.tokens);
            if !hits.is_empty() {
                return self.foreign_line(&readings, offset, hits, &found.private);
            }
        }
    }

    /// The record of a line by the file's format.
    pub fn own_record<'l>(&mut self, readings: &'l Readings<'_>) -> Option<Record<'a, 'l>> {
        let number = self.format?;
        let own = std::iter::once((number, self.formats[number]));
        record::read(&mut self.reader, own, readings).map(|(_, record)| record)
    }

    fn foreign_record<'l>(&mut self, readings: &'l Readings<'_>) -> Option<Record<'a, 'l>> {
        let own = self.format;
        let all = self.formats.iter().copied().enumerate();
        let others = all.filter(|(n, _)| Some(*n) != own);
        record::read(&mut self.reader, others, readings).map(|(_, record)| record)
    }

    /// A line with a match that does not parse by the file's format.
    pub fn foreign_line(
        &mut self,
        readings: &Readings<'_>,
        offset: u64,
        hits: Vec<Hit>,
        private: &[String],
    ) {
        let line = readings.line;
        if let Some(record) = self.foreign_record(readings) {
            return self.record(&record, line, offset, true);
        }
        if self.format.is_some() {
            self.not_understood += 1;
            return;
        }
        let device = private
            .iter()
            .find(|p| !hits.iter().any(|h| h.matched == **p));
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

    pub fn record(&mut self, record: &Record<'_, '_>, line: &[u8], offset: u64, look: bool) {
        if self.options.devices {
            self.note_alive(record);
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
            device: record.device(),
            moment: record.time(&self.zone),
            action: record.action(),
            identity: record.identity(),
            logformat: record.format.name.as_str().into(),
            text: line,
        };
        self.keep(hits, offset, &line);
    }

    fn note_alive(&mut self, record: &Record<'_, '_>) {
        let when = bucket(record.time(&self.zone));
        if let Some(device) = record.device()
            && when != Bucket::None
        {
            self.alive.insert((device, when));
        }
    }

    fn keep(&mut self, hits: Vec<Hit>, offset: u64, line: &Line<'_>) {
        self.timeline.hit(offset, line.moment);
        self.progress
            .hits
            .fetch_add(hits.len() as u64, Ordering::Relaxed);
        self.rows.add(hits, line);
    }

    /// A line longer than the limit whose end is not read yet. True at the end of the file.
    fn stream_long_line(
        &mut self,
        buffer: &mut Buffer,
        source: &mut Source,
        recent: &mut Vec<u8>,
    ) -> bool {
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
            self.progress
                .bytes_read
                .store(source.stored, Ordering::Relaxed);
            if self.progress.cancelled.load(Ordering::Relaxed) {
                source.cancel();
            }
        }
    }

    /// Whether phase 1 sees anything in a piece of a long line.
    pub fn is_candidate(&mut self, piece: &[u8]) -> bool {
        let mut buf = vec![0; FRONT];
        buf.extend_from_slice(piece);
        buf.resize(FRONT + piece.len() + BACK, 0);
        let mut found = Candidates::default();
        let mut search = Search {
            set: self.set,
            buf: &buf,
            from: FRONT,
            len: piece.len(),
            scratch: &mut self.scratch,
        };
        self.options.level.find(&mut search, &mut found);
        !found.places.is_empty() || self.set.needs_every_line()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
