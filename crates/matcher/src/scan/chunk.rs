//! One thread looks at the lines of a chunk: each line that phase 1 names is parsed, and its hits become rows.
use std::mem;
use std::sync::Arc;

use memchr::{memchr, memmem, memrchr};

use crate::canonical::names::Host;
use crate::format::decoders::TRIGGER;
use crate::format::{Action, Format};
use crate::line::detect::clean;
use crate::line::hit::{Field, Hits};
use crate::line::record::{self, Record};
use crate::line::tokens::Token;
use crate::line::{attribution, escapes, freetext, moments, tokens};
use crate::rows::Line;
use crate::rows::details::Plain;
use crate::scan::batch;
use crate::scan::batch::Lines;
use crate::scan::baton::Relay;
use crate::scan::blocks::Texts;
use crate::scan::long_line::LongLine;
use crate::scan::segments::Segment;
use crate::scan::state::{Ask, Scan};
use crate::set::Set;
use crate::shape::wrapper::{Readings, behind_hole};
use crate::shape::{HEADING_BYTES, Header};
use crate::token::buffer::Buffer;
use crate::token::{BACK, Candidates, FRONT, Search};

impl<'a> Scan<'a> {
    /// Whether a chunk, after phase 1, leaves the baton as it is.
    pub fn is_neutral(&self, buffer: &Buffer, segments: &[Segment]) -> bool {
        let mut segments = segments.iter();
        !self.is_start(buffer)
            && !segments.any(|segment| match segment {
                Segment::Lines { directives, .. } => !directives.is_empty(),
                Segment::LongLine { .. } => false,
            })
    }

    fn is_start(&self, buffer: &Buffer) -> bool {
        buffer.offset < self.options.limits.edge_bytes.max(HEADING_BYTES)
    }

    /// Looks at all lines of a chunk after phase 1; the last may lack its line feed. Only the header waits for the chunks
    /// before.
    pub fn whole_lines(
        &mut self,
        buffer: &Buffer,
        segments: Vec<Segment>,
        number: u64,
        relay: &Relay,
    ) {
        self.accept(relay.take(number));
        let end = buffer.offset + buffer.filled as u64;
        let is_start = self.is_start(buffer);
        let before = self.reader.header.clone();
        if !is_start {
            for segment in &segments {
                self.directives(buffer, segment);
            }
            relay.pass(self.release(end));
        }
        self.lines_under(before, buffer, segments);
        if is_start {
            relay.pass(self.release(end));
        }
    }

    /// Looks at all lines of a chunk after phase 1, under the header of the lines before them.
    pub fn lines_under(&mut self, header: Arc<Header>, buffer: &Buffer, segments: Vec<Segment>) {
        self.reader.header = header.clone();
        self.every_line =
            self.set.needs_every_line() || self.options.devices || self.header_cuts_tokens();
        let known = self.headers.len();
        let mut texts = Texts::default();
        for segment in segments {
            match segment {
                Segment::Lines {
                    start,
                    end,
                    lines,
                    marks,
                    asked,
                    ..
                } => {
                    let offset = buffer.offset + start as u64;
                    self.marked_lines(&buffer.data()[start..end], offset, &marks);
                    texts.add((start, end), lines, asked);
                }
                Segment::LongLine { start, end } => {
                    texts.end();
                    let line = &buffer.data()[start..end];
                    let mut pieces = LongLine::new(self, line, buffer.offset + start as u64);
                    pieces.feed(self, line);
                    pieces.finish(self);
                }
            }
        }
        let headers = self.headers_since(header, known);
        for text in texts.all() {
            self.count_hours(text.of(buffer), &text.asked, &headers);
        }
        self.count_hits();
    }

    pub fn count_hits(&mut self) {
        self.progress.add_hits(mem::take(&mut self.hits));
    }

    /// Brings the header up to date as the lines of the segment would.
    fn directives(&mut self, buffer: &Buffer, segment: &Segment) {
        let Segment::Lines {
            start,
            end,
            directives,
            ..
        } = segment
        else {
            return;
        };
        let data = &buffer.data()[*start..*end];
        for &at in directives {
            let stop = memchr(b'\n', &data[at..]).map_or(data.len(), |i| at + i);
            let place = buffer.offset + (start + at) as u64;
            self.directive(clean(&data[at..stop], place == 0), place);
        }
    }

    fn marked_lines(&mut self, data: &[u8], offset: u64, marks: &[usize]) {
        let limits = self.options.limits;
        let mut waiting = Lines::new();
        // Phase 1 does not find a name with signs that part tokens.
        let names_any = self.endpoints && self.asked.is_some_and(|asked| asked.every_line);
        let mut at = 0;
        let mut next = 0;
        while at < data.len() {
            let head = self.timeline.head_len() < limits.edge_lines
                && offset + (at as u64) < limits.edge_bytes;
            let heading = offset + (at as u64) < HEADING_BYTES;
            if !head && !heading && !self.every_line && !names_any {
                let Some(&mark) = marks.get(next) else { break };
                at += memrchr(b'\n', &data[at..mark]).map_or(0, |i| i + 1);
            }
            let end = memchr(b'\n', &data[at..]).map_or(data.len(), |i| at + i);
            let before = next;
            while marks.get(next).is_some_and(|&mark| mark <= end) {
                next += 1;
            }
            let place = offset + at as u64;
            let look = next > before
                || names_any
                || self.set.needs_every_line()
                || self.header_cuts_tokens();
            let line = clean(&data[at..end], place == 0);
            if look {
                self.note_joined(&data[at..end], place, false);
            }
            if look && !head && !heading && self.can_wait(line) {
                waiting.push((line, place));
                if waiting.len() == batch::MOST {
                    self.look_at_batch(&mut waiting);
                }
            } else {
                self.look_at_batch(&mut waiting);
                self.line(line, place, Ask { look, head });
            }
            at = end + 1;
        }
        self.look_at_batch(&mut waiting);
    }

    /// Whether the separators of the header may stand inside a token, so that phase 1 cannot be trusted.
    fn header_cuts_tokens(&self) -> bool {
        let header = &self.reader.header;
        let inside = |b: &u8| b.is_ascii_alphanumeric() || !b.is_ascii() || b"._-:[]\\".contains(b);
        !header.fields.is_empty()
            && header
                .separator
                .iter()
                .chain(&header.set_separator)
                .any(inside)
    }

    pub fn line(&mut self, line: &[u8], offset: u64, ask: Ask) {
        if line.is_empty() {
            return;
        }
        let _alone = self.alone(line);
        if self.directive(line, offset) {
            self.every_line |= self.header_cuts_tokens();
            return;
        }
        let readings = Readings::new(line);
        let own = self.own();
        let record = record::read(&mut self.reader, own.into_iter(), &readings);
        if let Some(record) = record {
            if ask.head {
                self.timeline.add_head(record.time(&self.zone));
            }
            if ask.look || self.options.devices {
                self.record(&record, line, offset, ask.look);
            }
            return;
        }
        if ask.head && self.format.is_none() {
            self.timeline
                .add_head(moments::time(line, &self.zone, self.told()));
        }
        if self.options.devices
            && let Some(record) = self.foreign_record(&readings)
        {
            self.note_alive(&record);
        }
        if !ask.look {
            return;
        }
        let (mut best, mut way) = (Best::default(), Best::default());
        for text in texts(line, &readings) {
            let undone = escapes::undone(text);
            // Reading its words takes longer than searching it.
            let undone = undone.filter(|undone| self.is_candidate(undone));
            let read = |text: &[u8]| freetext::listed(self.set, text);
            let (found, shown) = (read(text), undone.as_deref().map(read));
            let hits = |of: &[_]| tokens::hits(self.set, of);
            best.offer(text, hits(&found), &undone, shown.as_deref().map(hits));
            let ways = |of: &[_]| tokens::ways(self.set, of, self.endpoints);
            way.offer(text, ways(&found), &undone, shown.as_deref().map(ways));
        }
        if !best.hits.is_empty() {
            let said =
                behind(self.set, line, |text| tokens::hits(self.set, text)).unwrap_or(&best.said);
            return self.foreign_line(&readings, offset, best.hits, said);
        }
        if self.format.is_none()
            && memmem::find(line, TRIGGER).is_some()
            && let Some(record) = self.foreign_record(&readings)
        {
            self.record(&record, line, offset, true);
            return;
        }
        if !way.hits.is_empty() {
            let find = |text: &[_]| tokens::ways(self.set, text, self.endpoints);
            let said = behind(self.set, line, find).unwrap_or(&way.said);
            self.way_line(&readings, offset, way.hits, said);
        } else if self.asked.is_some()
            && self.endpoints
            && let Some(record) = self.foreign_record(&readings)
        {
            self.resolver_record(&record, line, offset);
        }
    }

    fn directive(&mut self, line: &[u8], offset: u64) -> bool {
        let found = self.reader.is_directive(line, offset);
        if found {
            self.headers.push((offset, self.reader.header.clone()));
        }
        found
    }

    /// The file's format and its number.
    pub fn own(&self) -> Option<(usize, &'a Format)> {
        self.format.map(|number| (number, self.formats[number]))
    }

    /// The record of a line by the file's format.
    pub fn own_record<'l>(&mut self, readings: &'l Readings<'_>) -> Option<Record<'a, 'l>> {
        let own = self.own()?;
        record::read(&mut self.reader, std::iter::once(own), readings)
    }

    /// Whether a line may spell an address backwards. Lines of text may be of any format.
    pub fn may_reverse(&self) -> bool {
        self.set.has_addresses() && self.own().is_none_or(|(_, format)| format.reverses)
    }

    pub(super) fn foreign_record<'l>(
        &mut self,
        readings: &'l Readings<'_>,
    ) -> Option<Record<'a, 'l>> {
        let own = self.format;
        let all = self.formats.iter().copied().enumerate();
        let others = all.filter(|(n, _)| Some(*n) != own);
        record::read(&mut self.reader, others, readings)
    }

    /// A line with a match that does not parse by the file's format; `said` is its text.
    pub fn foreign_line(
        &mut self,
        readings: &Readings<'_>,
        offset: u64,
        mut hits: Hits,
        said: &[u8],
    ) {
        let line = readings.line;
        if let Some(record) = self.foreign_record(readings) {
            self.record(&record, line, offset, true);
            return;
        }
        let find = |text: &[u8]| tokens::hits(self.set, &freetext::listed(self.set, text));
        let device = attribution::attribute(said, &mut hits, readings, find);
        if self.format.is_some() || hits.is_empty() {
            self.unattributed.add(offset, line);
            return;
        }
        let device = device.map(Host::Address);
        let told = self.told();
        let moment =
            moments::time(line, &self.zone, told).or_else(|| moments::time(said, &self.zone, told));
        let keys = self.rows.keys(&hits, (device.as_ref(), b""), moment);
        let line = Line {
            offset,
            moment,
            action: Action::Unknown,
            format: None,
            details: &Plain(line),
        };
        self.keep(&hits, &keys, &line);
    }

    /// A line in which only a provider stands, and that does not parse by the file's format; `said` is its text.
    fn way_line(&mut self, readings: &Readings<'_>, offset: u64, mut ways: Hits, said: &[u8]) {
        let line = readings.line;
        if let Some(record) = self.foreign_record(readings) {
            return self.way_record(&record, line, offset);
        }
        let find =
            |text: &[u8]| tokens::ways(self.set, &freetext::listed(self.set, text), self.endpoints);
        let device = attribution::attribute(said, &mut ways, readings, find);
        let Some(device) = device.map(Host::Address) else {
            return;
        };
        if self.format.is_some() || ways.is_empty() {
            return;
        }
        let told = self.told();
        let moment =
            moments::time(line, &self.zone, told).or_else(|| moments::time(said, &self.zone, told));
        let keys = self.rows.keys(&ways, (Some(&device), b""), moment);
        let line = Line {
            offset,
            moment,
            action: Action::Unknown,
            format: None,
            details: &Plain(b""),
        };
        self.keep(&ways, &keys, &line);
    }

    /// Whether phase 1 sees anything in a piece of a long line.
    pub fn is_candidate(&mut self, piece: &[u8]) -> bool {
        let mut buf = vec![0; FRONT];
        buf.extend_from_slice(piece);
        buf.resize(FRONT + piece.len() + BACK, 0);
        let mut found = Candidates::default();
        let mut search = Search {
            set: self.set,
            asked: None,
            endpoints: self.endpoints,
            buf: &buf,
            from: FRONT,
            len: piece.len(),
            scratch: self.scratch.get_or_insert_default(),
        };
        search.find(self.options.level, &mut found);
        !found.places.is_empty() || self.set.needs_every_line()
    }
}

/// The text of a line that holds most of what is looked for, and its hits (docs/log-formats.md 6).
#[derive(Default)]
struct Best {
    hits: Hits,
    said: Vec<u8>,
}

impl Best {
    /// Takes a text with more hits: with its escapes undone, if that holds no fewer.
    fn offer(&mut self, text: &[u8], hits: Hits, undone: &Option<Vec<u8>>, shown: Option<Hits>) {
        let shown = shown.filter(|shown| !shown.is_empty() && shown.len() >= hits.len());
        let (hits, text) = match (shown, undone) {
            (Some(shown), Some(undone)) => (shown, &undone[..]),
            _ => (hits, text),
        };
        if hits.len() > self.hits.len() {
            (self.hits, self.said) = (hits, text.to_vec());
        }
    }
}

/// The texts in which a listed name may stand: the line, and what its layers held with escapes.
fn texts<'l>(line: &'l [u8], readings: &'l Readings<'_>) -> impl Iterator<Item = &'l [u8]> {
    std::iter::once(line).chain(readings.unescaped())
}

/// The text behind a hole in the line, if `find` finds something in it.
fn behind<'l>(
    set: &Set,
    line: &'l [u8],
    find: impl FnOnce(&[(Field, Token)]) -> Hits,
) -> Option<&'l [u8]> {
    memchr(0, line)?;
    let text = behind_hole(line);
    let has_hit = !find(&freetext::listed(set, text)).is_empty();
    has_hit.then_some(text)
}
