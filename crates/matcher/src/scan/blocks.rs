//! The hour of each line of a chunk, by samples of times, block by block (docs/contract.md 4).
use std::sync::{Arc, PoisonError};

use memchr::{memchr, memchr_iter, memrchr};
use smallvec::SmallVec;

use crate::line::detect::clean;
use crate::line::moments;
use crate::scan::state::Scan;
use crate::shape::Header;
use crate::shape::wrapper::Readings;
use crate::time::Value;
use crate::time::hours::{Hour, Order, Piece};
use crate::token::buffer::Buffer;

/// Lines at each end of a stretch in which a time is sought.
const LOOK: usize = 16;
/// A stretch of no more lines is read line by line.
const FEW: usize = 4;

/// A time, and the place of its line.
type Found = Option<(usize, Value)>;

/// The lines from a place on have this hour; None: that of the line before.
pub(super) type Run = (usize, Option<Hour>);

/// Whole lines of the source, none of which is too long.
#[derive(Clone, Copy)]
pub(crate) struct Text<'l> {
    pub data: &'l [u8],
    /// Place of the first byte in the source.
    pub offset: u64,
    pub lines: u64,
}

/// The lines of a chunk between two long lines: first byte, end and number.
pub(crate) struct Between {
    start: usize,
    end: usize,
    lines: u64,
    /// Places, from `start` on, in lines that may name a machine that is asked about, with its group.
    pub asked: Vec<(usize, u32)>,
}

impl Between {
    pub fn of<'l>(&self, buffer: &'l Buffer) -> Text<'l> {
        Text {
            data: &buffer.data()[self.start..self.end],
            offset: buffer.offset + self.start as u64,
            lines: self.lines,
        }
    }
}

/// A chunk cut where long lines stand.
#[derive(Default)]
pub(crate) struct Texts {
    all: Vec<Between>,
    is_open: bool,
}

impl Texts {
    /// Adds lines behind those that came before.
    pub fn add(&mut self, (start, end): (usize, usize), lines: u64, asked: Vec<(usize, u32)>) {
        match self.all.last_mut() {
            Some(last) if self.is_open => {
                let moved = start - last.start;
                let asked = asked.into_iter();
                last.asked
                    .extend(asked.map(|(place, group)| (place + moved, group)));
                (last.end, last.lines) = (end, last.lines + lines);
            }
            _ => self.all.push(Between {
                start,
                end,
                lines,
                asked,
            }),
        }
        self.is_open = true;
    }

    /// A long line stands here.
    pub fn end(&mut self) {
        self.is_open = false;
    }

    pub fn all(self) -> Vec<Between> {
        self.all
    }
}

/// The headers of a chunk: that before its first line, and those that begin in it.
pub(crate) struct Headers {
    pub before: Arc<Header>,
    pub later: Vec<(u64, Arc<Header>)>,
}

impl Headers {
    pub(super) fn at(&self, offset: u64) -> Arc<Header> {
        let known = self.later.partition_point(|(at, _)| *at < offset);
        let last = known.checked_sub(1).map(|i| &self.later[i].1);
        last.unwrap_or(&self.before).clone()
    }
}

/// What the samples of one block say.
#[derive(Default)]
struct Block {
    runs: Vec<Run>,
    order: Order,
}

impl Block {
    fn add(&mut self, place: usize, time: Option<Value>) {
        self.runs.push((place, time.map(Hour::of)));
        if let Some(time) = time {
            self.order.add(time);
        }
    }
}

/// The end of the line that begins at `at`, and the beginning of the next.
pub(super) fn next_line(data: &[u8], at: usize) -> (usize, usize) {
    match memchr(b'\n', &data[at..]) {
        Some(i) => (at + i, at + i + 1),
        None => (data.len(), data.len()),
    }
}

/// The beginning of the last line that begins before `end`, where a line begins or the text ends.
fn last_line(data: &[u8], end: usize) -> usize {
    let inside = end - usize::from(data[end - 1] == b'\n');
    memrchr(b'\n', &data[..inside]).map_or(0, |i| i + 1)
}

impl Scan<'_> {
    /// Counts the lines of a text by their hours.
    pub fn count_hours(&mut self, text: Text<'_>, asked: &[(usize, u32)], headers: &Headers) {
        let Text { data, offset, .. } = text;
        let reader_header = self.reader.header.clone();
        let size = self.options.limits.block as u64;
        let (mut runs, mut order) = (Vec::<Run>::new(), Order::default());
        let mut at = 0;
        while at < data.len() {
            let border = (offset + at as u64) / size * size + size - offset;
            let end = match usize::try_from(border - 1).ok().and_then(|i| data.get(i..)) {
                Some(rest) => memchr(b'\n', rest).map_or(data.len(), |i| border as usize + i),
                None => data.len(),
            };
            let block = self.block(text, (at, end), headers);
            order.join(&block.order);
            for (place, hour) in block.runs {
                // A line without an hour goes on with the last.
                let is_new = hour.is_some() && runs.last().is_none_or(|last| last.1 != hour);
                if is_new || runs.is_empty() {
                    runs.push((place, hour));
                }
            }
            at = end;
        }
        let seen = self.look_for_asked(text, &runs, asked, headers);
        self.reader.header = reader_header;
        self.add_runs(text, &runs, order, seen);
    }

    fn add_runs(
        &mut self,
        text: Text<'_>,
        runs: &[Run],
        order: Order,
        seen: Vec<(u32, Option<Hour>)>,
    ) {
        let end = |i: usize| runs.get(i + 1).map_or(text.data.len(), |next| next.0);
        let largest = (0..runs.len()).max_by_key(|&i| end(i) - runs[i].0);
        let count = |i: usize| {
            let part = &text.data[runs[i].0..end(i)];
            memchr_iter(b'\n', part).count() as u64 + u64::from(part.last() != Some(&b'\n'))
        };
        let counted = |i: &usize| Some(*i) != largest;
        let mut counts: SmallVec<[u64; 4]> = SmallVec::from_elem(0, runs.len());
        for i in (0..runs.len()).filter(counted) {
            counts[i] = count(i);
        }
        if let Some(i) = largest {
            counts[i] = text.lines - counts.iter().sum::<u64>();
        }
        let mut piece = Piece {
            end: text.offset + text.data.len() as u64,
            order,
            ..Piece::default()
        };
        let mut hours = self.hours.lock().unwrap_or_else(PoisonError::into_inner);
        for (&(_, hour), lines) in runs.iter().zip(counts) {
            match hour {
                Some(hour) => {
                    hours.count(hour, lines);
                    piece.first = piece.first.or(Some(hour));
                    piece.last = Some(hour);
                }
                None => piece.before = lines,
            }
        }
        let most = self.options.limits.alive;
        for (machine, hour) in seen {
            match hour {
                Some(hour) => hours.see(machine, hour, most),
                None => drop(piece.seen_before.insert(machine)),
            }
        }
        hours.add_piece(text.offset, piece, most);
    }

    /// Counts a line that is too long to hold, with the time of its first part and the machines that this names.
    pub fn count_long_line(&mut self, offset: u64, size: u64, time: Option<Value>, seen: &[u32]) {
        let hour = time.map(Hour::of);
        let piece = Piece {
            // Its line feed is behind it, or the source ends.
            end: offset + size + 1,
            before: u64::from(hour.is_none()),
            first: hour,
            last: hour,
            order: time.map(Order::of).unwrap_or_default(),
            seen_before: seen.iter().copied().filter(|_| hour.is_none()).collect(),
        };
        let most = self.options.limits.alive;
        let mut hours = self.hours.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hour) = hour {
            hours.count(hour, 1);
            seen.iter()
                .for_each(|&machine| hours.see(machine, hour, most));
        }
        hours.add_piece(offset, piece, most);
    }

    fn block(&mut self, text: Text<'_>, (start, end): (usize, usize), headers: &Headers) -> Block {
        let mut block = Block::default();
        let mut at = start;
        for _ in 0..LOOK {
            at = next_line(&text.data[..end], at).1;
            if at == end {
                self.each_line(text, (start, end), headers, &mut block);
                return block;
            }
        }
        self.stretch(text, (start, end), (None, None), headers, &mut block);
        if block.order.is_broken {
            block = Block::default();
            self.each_line(text, (start, end), headers, &mut block);
        }
        block
    }

    /// Finds the hours of a stretch of lines by its first and its last time; `known` are these, where they were sought.
    fn stretch(
        &mut self,
        text: Text<'_>,
        (start, end): (usize, usize),
        known: (Option<Found>, Option<Found>),
        headers: &Headers,
        found: &mut Block,
    ) {
        let data = &text.data[..end];
        let mut at = start;
        for _ in 0..FEW {
            at = next_line(data, at).1;
            if at == end {
                return self.each_line(text, (start, end), headers, found);
            }
        }
        let first = match known.0 {
            Some(first) => first,
            None => self.first(text, (start, end), headers),
        };
        let last = match known.1 {
            Some(last) => last,
            None => self.last(text, (start, end), headers),
        };
        match (first, last) {
            (None, None) => found.add(start, None),
            (Some((place, time)), Some((_, later))) if Hour::of(time) == Hour::of(later) => {
                if place > start {
                    found.add(start, None);
                }
                found.add(place, Some(time));
                found.order.add(later);
            }
            _ => {
                let middle = start + (last_line(data, end) - start).div_ceil(2);
                let begin = match data[middle - 1] {
                    b'\n' => middle,
                    _ => next_line(data, middle).1,
                };
                let first = first.filter(|(place, _)| *place < begin);
                let last = last.filter(|(place, _)| *place >= begin);
                self.stretch(text, (start, begin), (Some(first), None), headers, found);
                self.stretch(text, (begin, end), (None, Some(last)), headers, found);
            }
        }
    }

    fn first(&mut self, text: Text<'_>, (start, end): (usize, usize), headers: &Headers) -> Found {
        let data = &text.data[..end];
        let mut at = start;
        for _ in 0..LOOK {
            let (stop, next) = next_line(data, at);
            if let Some(time) = self.sample(&data[at..stop], text.offset + at as u64, headers) {
                return Some((at, time));
            }
            at = next;
            if at == end {
                break;
            }
        }
        None
    }

    fn last(&mut self, text: Text<'_>, (start, end): (usize, usize), headers: &Headers) -> Found {
        let data = &text.data[..end];
        let mut behind = end;
        for _ in 0..LOOK {
            let at = last_line(data, behind);
            let stop = behind - usize::from(data[behind - 1] == b'\n');
            if let Some(time) = self.sample(&data[at..stop], text.offset + at as u64, headers) {
                return Some((at, time));
            }
            behind = at;
            if behind == start {
                break;
            }
        }
        None
    }

    fn each_line(
        &mut self,
        text: Text<'_>,
        (start, end): (usize, usize),
        headers: &Headers,
        found: &mut Block,
    ) {
        let data = &text.data[..end];
        let mut at = start;
        while at < end {
            let (stop, next) = next_line(data, at);
            let time = self.sample(&data[at..stop], text.offset + at as u64, headers);
            found.add(at, time);
            at = next;
        }
    }

    /// The time of one line.
    fn sample(&mut self, raw: &[u8], offset: u64, headers: &Headers) -> Option<Value> {
        let line = clean(raw, offset == 0);
        if line.is_empty() {
            return None;
        }
        self.reader.header = headers.at(offset);
        if self.reader.is_directive(line, offset) {
            return None;
        }
        let moment = match self.format {
            None => moments::time(line, &self.zone, self.told()),
            Some(_) => self.own_record(&Readings::new(line))?.time(&self.zone),
        };
        moment.map(|moment| moment.value)
    }

    /// The headers that this chunk began, behind the first `known` of all.
    pub fn headers_since(&mut self, before: Arc<Header>, known: usize) -> Headers {
        let later = self.headers.get(known..).unwrap_or_default().to_vec();
        Headers { before, later }
    }
}

/// Where the last block within `data` begins that begins behind its first byte, which lies at `offset`: chunks that end
/// there hold whole blocks.
pub fn last_block(data: &[u8], offset: u64, block: usize) -> Option<usize> {
    let last = memrchr(b'\n', data)?;
    let border = (offset + last as u64 + 1) / block as u64 * block as u64;
    let from = usize::try_from(border.checked_sub(offset + 1)?).ok()?;
    Some(from + memchr(b'\n', &data[from..])? + 1)
}
