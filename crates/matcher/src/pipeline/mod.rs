//! One source from its first byte to its sightings, on as many threads as are spare.
//!
//! Each thread reads its own chunks of a plain file. A packed file is unpacked by one thread at a time, while the others
//! look at their chunks. State that depends on the order of lines, such as the header, goes from chunk to chunk as a
//! baton; all else is summed at the end. So the answer does not depend on the number of threads.
pub(crate) mod feed;
pub mod part;
mod queue;
pub mod span;
mod unpacked;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Scope};

use jiff::tz::TimeZone;

use crate::capture;
use crate::error::Error;
use crate::format::Format;
use crate::line::detect;
use crate::memory::{AtWork, Memory};
use crate::options::{Coverage, Options, Progress};
use crate::pipeline::feed::Feed;
use crate::pipeline::queue::{Queue, Taken};
use crate::reader::plain_lines::with_lines_read;
use crate::reader::{Input, Source, is_capture};
use crate::rows::alive::{self, Alive};
pub use crate::rows::spool::temporary;
use crate::rows::stretches::Stretches;
use crate::rows::{Rows, SharedRows};
use crate::scan::baton::{Baton, Relay};
use crate::scan::long_line::LongLine;
use crate::scan::odd_places::OddLines;
use crate::scan::segments::Segment;
use crate::scan::state::Scan;
use crate::scan::unattributed::Unattributed;
use crate::set::Set;
use crate::time;
use crate::time::hours::Hours;
use crate::time::midnights::Midnights;
use crate::time::timeline::{Timeline, shown};
use crate::time::years::Years;
use crate::token::buffer::Buffer;
use crate::wire::{Context, Lines};

/// The name of the format of a file that begins with these bytes; `detect::TEXT` for a file of no format.
pub fn recognise<'a>(formats: &'a [Format], start: &[u8]) -> &'a str {
    let all: Vec<&Format> = formats.iter().collect();
    detect::detect(&all, &with_lines_read(start)).map_or(detect::TEXT, |found| &all[found].name)
}

/// Reads one source to its end. `path` names the source in its coverage and errors; for `Input::File` it is
/// also the file to open. Fails if the options name an unknown time zone or log format.
pub fn scan<'a>(
    set: &'a Set,
    formats: &'a [Format],
    path: &Path,
    input: Input,
    options: &'a Options,
    progress: &'a Progress,
) -> Result<(Lines, Coverage), Error> {
    let zone = time::zone(&options.tz)?;
    let formats = chosen(formats, options.format.as_deref())?;
    let feed = Feed::new(Source::open(path, input), progress, options.limits);
    if is_capture(feed.start()) {
        let start = feed.start().to_vec();
        let found = capture::scan(set, options, progress, &zone, path, feed.source, &start);
        return Ok(found);
    }
    let start = with_lines_read(feed.start());
    let format = match options.format {
        None => detect::detect(&formats, detect::start(&start)),
        Some(_) => (!formats.is_empty()).then_some(0),
    };
    let scan = begin(set, formats, format, zone, options, progress).of_file(&start);
    drop(start);
    let threads = Threads::new(feed, Baton::default(), options, progress);
    let (mut whole, mut feed, recent) = threads.look(scan);
    whole.read_tail(&mut feed.source, &recent, 0);
    Ok(Found::of(whole, feed.source).finish(path))
}

/// A scan before its first line.
pub(crate) fn begin<'a>(
    set: &'a Set,
    formats: Vec<&'a Format>,
    format: Option<usize>,
    zone: TimeZone,
    options: &'a Options,
    progress: &'a Progress,
) -> Scan<'a> {
    let memory = Memory::new(progress.spare.account().clone(), options.limits.row_bytes);
    let rows = Rows::new(memory, Some(SharedRows::default()), Midnights::of(&zone));
    Scan::new(set, formats, format, zone, options, progress, rows)
}

/// The formats that lines are tried by.
pub(crate) fn chosen<'a>(
    formats: &'a [Format],
    forced: Option<&str>,
) -> Result<Vec<&'a Format>, Error> {
    Ok(match forced {
        None => formats.iter().collect(),
        Some(detect::TEXT) => Vec::new(),
        Some(name) => vec![
            formats
                .iter()
                .find(|f| f.name == name)
                .ok_or_else(|| Error::Options(format!("unknown log format '{name}'")))?,
        ],
    })
}

/// A chunk that waits for the header of the lines before it: its number, its bytes, and the places in it
/// where phase 1, the search of `token`, has found possible hits.
type Waiting = (u64, Buffer, Vec<Segment>);

/// The threads of one scan, and the state that they share.
pub(crate) struct Threads<'a> {
    queue: Queue<'a>,
    relay: Relay,
    /// The results of the threads that have ended.
    parts: Mutex<Vec<Scan<'a>>>,
    progress: &'a Progress,
}

impl<'a> Threads<'a> {
    /// `baton` holds the state before the first line of the feed.
    pub fn new(
        feed: Feed<'a>,
        baton: Baton,
        options: &Options,
        progress: &'a Progress,
    ) -> Threads<'a> {
        Threads {
            queue: Queue::new(feed, options.limits),
            relay: Relay::new(baton),
            parts: Mutex::default(),
            progress,
        }
    }

    /// Reads all chunks of the feed and adds up their results in `whole`, a scan before its first line.
    /// Returns it with the feed, and with the last bytes of a source that cannot be read again.
    pub fn look(self, mut whole: Scan<'a>) -> (Scan<'a>, Feed<'a>, Vec<u8>) {
        let at_work = self.progress.spare.account().thread();
        thread::scope(|scope| self.work(scope, whole.another(), at_work));
        let parts = self.parts.into_inner();
        for part in parts.unwrap_or_else(PoisonError::into_inner) {
            whole.absorb(part);
        }
        whole.absorb_shared();
        whole.accept(self.relay.finish());
        let (mut feed, recent) = self.queue.finish();
        if let Some(reason) = self.progress.failed() {
            feed.source.stop(reason);
        }
        (whole, feed, recent)
    }

    /// Looks at one chunk after another until none is left.
    fn work<'s>(&'s self, scope: &'s Scope<'s, '_>, mut scan: Scan<'a>, _at_work: AtWork)
    where
        'a: 's,
    {
        let _watch = self.relay.watch();
        let mut waiting = VecDeque::new();
        while let Some((number, mut buffer, taken)) = self.queue.next(|| self.start(scope, &scan)) {
            match taken {
                Taken::Lines => {
                    let segments = scan.segments(&mut buffer);
                    if scan.is_neutral(&buffer, &segments) {
                        // The relay now goes past this chunk, and counts how many such chunks wait in all
                        // threads.
                        let waiting_chunks = self.relay.skip(number);
                        let may_stay = waiting_chunks <= self.queue.most_waiting();
                        waiting.push_back((number, buffer, segments));
                        self.work_off(&mut scan, &mut waiting, may_stay);
                        continue;
                    }
                    self.work_off(&mut scan, &mut waiting, false);
                    scan.whole_lines(&buffer, segments, number, &self.relay);
                }
                Taken::LongLine(mut reader) => {
                    self.work_off(&mut scan, &mut waiting, false);
                    self.stream_long_line(&mut scan, &mut buffer, number, &mut reader.feed);
                }
            }
            self.queue.put_back(buffer);
        }
        self.work_off(&mut scan, &mut waiting, false);
        if let Some(scratch) = scan.scratch.take() {
            scratch.give_back();
        }
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push(scan);
    }

    /// Reads a line longer than the limit. The buffer holds its start; the rest is read from the feed part by
    /// part.
    fn stream_long_line(
        &self,
        scan: &mut Scan<'a>,
        buffer: &mut Buffer,
        number: u64,
        feed: &mut Feed<'_>,
    ) {
        scan.accept(self.relay.take(number));
        let mut long = LongLine::new(scan, buffer.data(), buffer.offset);
        long.feed(scan, buffer.data());
        loop {
            let goes_on = feed.rest_of_line(buffer);
            long.feed(scan, buffer.data());
            if !goes_on {
                break;
            }
        }
        long.finish(scan);
        scan.count_hits();
        self.relay.pass(scan.release(buffer.offset));
        feed.end_line(buffer);
    }

    /// Looks at the lines of the waiting chunks, in their order. If `may_stay`, stops at the first chunk
    /// whose header is not known yet, and leaves it and the later chunks waiting; else blocks until each
    /// header is known.
    fn work_off(&self, scan: &mut Scan<'a>, waiting: &mut VecDeque<Waiting>, may_stay: bool) {
        while let Some((number, buffer, segments)) = waiting.pop_front() {
            let header = if may_stay {
                self.relay.header(number)
            } else {
                Some(self.relay.wait_header(number))
            };
            let Some(header) = header else {
                return waiting.push_front((number, buffer, segments));
            };
            scan.lines_under(header, &buffer, segments);
            self.queue.put_back(buffer);
        }
    }

    /// Starts another thread if a thread is spare and memory has room for its rows. Returns whether it did.
    fn start<'s>(&'s self, scope: &'s Scope<'s, '_>, scan: &Scan<'a>) -> bool
    where
        'a: 's,
    {
        let has_room = scan.rows.memory().has_room(self.progress.bytes_read());
        let is_spare = has_room && self.progress.spare.take();
        if is_spare {
            let other = scan.another();
            // Counted at once: the next thread may be asked for before this thread runs.
            let at_work = self.progress.spare.account().thread();
            scope.spawn(move || {
                self.work(scope, other, at_work);
                self.progress.spare.give();
            });
        }
        is_spare
    }
}

/// The results of a whole source, before years are known and rows are merged.
pub(crate) struct Found<'a> {
    pub formats: Vec<&'a Format>,
    pub zone: TimeZone,
    pub options: &'a Options,
    pub stretches: Stretches,
    pub timeline: Timeline,
    pub alive: Alive<String>,
    /// Source id.
    pub source: String,
    pub changed: Option<i64>,
    pub bytes: u64,
    pub lines: u64,
    pub unattributed: Unattributed,
    pub long_lines: u64,
    pub inbound: u64,
    pub odd: OddLines,
    pub errors: Vec<String>,
    pub hours: Hours,
}

impl<'a> Found<'a> {
    fn of(scan: Scan<'a>, source: Source) -> Found<'a> {
        Found {
            hours: scan.take_hours(),
            alive: scan.alive.shown(),
            formats: scan.formats,
            zone: scan.zone,
            options: scan.options,
            stretches: scan.stretches,
            timeline: scan.timeline,
            source: source.id(),
            changed: source.changed,
            bytes: source.unpacked,
            lines: scan.lines,
            unattributed: scan.unattributed,
            long_lines: scan.long_lines,
            inbound: scan.inbound,
            odd: scan.odd,
            errors: source.errors,
        }
    }

    pub(crate) fn finish(mut self, path: &Path) -> (Lines, Coverage) {
        let latest = self.timeline.latest(self.changed, &self.zone);
        let context = Context {
            names: self.formats.iter().map(|f| f.name.clone()).collect(),
            source: self.source.clone(),
            latest,
            zone: self.zone.clone(),
        };
        let mut years = Years::new(latest, &self.zone);
        let times = self.stretches.spread.times(&mut years).into_iter();
        let lines = Lines::new(context, self.stretches);
        let span = self.timeline.span(latest, times, &self.zone);
        let problems = self.odd.problems();
        let problems = problems.map(|problem| format!("{}: {problem}", path.display()));
        self.errors.extend(problems);
        let most = self.options.limits.alive;
        if self.alive.len() > most {
            self.alive = Alive::default();
            let problem = alive::too_many(most);
            self.errors.push(format!("{}: {problem}", path.display()));
        }
        let devices = self.alive.days(&mut years);
        let hours = self.hours.told(&mut years, most);
        if hours.is_too_many {
            let problem = alive::too_many(most);
            self.errors.push(format!("{}: {problem}", path.display()));
        }
        let alive = self.options.alive(&hours);
        let coverage = Coverage {
            source: self.source,
            path: path.display().to_string(),
            name: self.options.source_name.clone(),
            bytes: self.bytes,
            lines: self.lines,
            not_understood: self.unattributed.count,
            unattributed: self.unattributed.lines(),
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
            errors: self.errors,
            hours: hours.lines,
            order: hours.order,
            alive,
        };
        (lines, coverage)
    }
}
