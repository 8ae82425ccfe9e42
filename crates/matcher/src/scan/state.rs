//! The state of one thread of a scan, and how it is handed to other threads.
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::tz::TimeZone;

use crate::canonical::names::Host;
use crate::format::Format;
use crate::line::clocks::{Order, Told, date_order};
use crate::line::hit::{Field, Hits};
use crate::line::tokens::Token;
use crate::memory::LARGE;
use crate::options::{Options, Progress};
use crate::rows::alive::Alive;
use crate::rows::repeats::Repeats;
use crate::rows::stretches::Stretches;
use crate::rows::{Keys, Rows};
use crate::scan::baton::Baton;
use crate::scan::odd_places::OddLines;
use crate::scan::seen_now::SeenNow;
use crate::scan::unattributed::Unattributed;
use crate::set::Set;
use crate::set::asked::Asked;
use crate::shape::{Header, LineReader};
use crate::time::Moment;
use crate::time::hours::Hours;
use crate::time::timeline::Timeline;
use crate::token::Scratch;

/// The hits of a record, with the keys of their rows and the time of the record.
#[derive(Debug, Default)]
pub(crate) struct RecordHits {
    pub hits: Hits,
    pub keys: Keys,
    pub moment: Option<Moment>,
}

/// The part of one thread in the scan of a source.
pub(crate) struct Scan<'a> {
    pub set: &'a Set,
    /// Machines that the scan is asked about, if any.
    pub asked: Option<&'a Asked>,
    pub seen_now: SeenNow,
    pub formats: Vec<&'a Format>,
    pub options: &'a Options,
    pub progress: &'a Progress,
    pub zone: TimeZone,
    pub reader: LineReader,
    /// The file's format; None is text.
    pub format: Option<usize>,
    /// What the dates of a text begin with.
    pub dates: Option<Order>,
    /// Whether the addresses of providers are looked for: a log of DNS shows nobody who opens a connection to them.
    pub endpoints: bool,
    pub rows: Rows,
    pub repeats: Repeats<'a>,
    /// Rows of threads that have ended.
    pub stretches: Stretches,
    pub timeline: Timeline,
    pub alive: Alive<Host>,
    /// What all threads count of lines by their hours.
    pub hours: Arc<Mutex<Hours>>,
    /// The headers of the baton, while this thread has it.
    pub headers: Vec<(u64, Arc<Header>)>,
    pub every_line: bool,
    /// Working memory of phase 1, for a thread that looks at lines.
    pub scratch: Option<Box<Scratch>>,
    /// Room for the tokens of one line.
    pub tokens: Vec<(Field, Token)>,
    /// Room for `who` of the line at hand.
    pub who: Vec<u8>,
    /// Room for the hits of the lines of a batch.
    pub batch_hits: Vec<RecordHits>,
    /// Hits that `progress` does not count yet.
    pub hits: usize,
    pub lines: u64,
    pub unattributed: Unattributed,
    pub long_lines: u64,
    pub inbound: u64,
    pub odd: OddLines,
}

/// Why a line is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    /// It may hold a listed name or address.
    pub look: bool,
    /// It is one of the first lines of the file, whose times are noted.
    pub head: bool,
}

impl Ask {
    pub const LOOK: Ask = Ask {
        look: true,
        head: false,
    };
}

impl<'a> Scan<'a> {
    pub fn new(
        set: &'a Set,
        formats: Vec<&'a Format>,
        format: Option<usize>,
        zone: TimeZone,
        options: &'a Options,
        progress: &'a Progress,
        rows: Rows,
    ) -> Scan<'a> {
        Scan {
            set,
            asked: options.asked.as_deref().filter(|asked| !asked.is_empty()),
            seen_now: SeenNow::default(),
            endpoints: format.is_none_or(|number| !formats[number].is_of_dns()),
            reader: LineReader::new(&formats),
            formats,
            options,
            progress,
            repeats: Repeats::new(rows.memory(), options.limits.window),
            rows,
            zone,
            format,
            dates: None,
            stretches: Stretches::default(),
            timeline: Timeline::default(),
            alive: Alive::default(),
            hours: Arc::default(),
            headers: Vec::new(),
            every_line: false,
            scratch: None,
            tokens: Vec::new(),
            who: Vec::new(),
            batch_hits: Vec::new(),
            hits: 0,
            lines: 0,
            unattributed: Unattributed::default(),
            long_lines: 0,
            inbound: 0,
            odd: OddLines::default(),
        }
    }

    /// The same scan for another thread, before its first line.
    pub fn another(&self) -> Scan<'a> {
        let new = Scan::new(
            self.set,
            self.formats.clone(),
            self.format,
            self.zone.clone(),
            self.options,
            self.progress,
            self.rows.another(),
        );
        Scan {
            hours: self.hours.clone(),
            dates: self.dates,
            ..new
        }
    }

    /// Adds the results of another thread.
    pub fn absorb(&mut self, other: Scan<'a>) {
        self.stretches.absorb(other.rows.into_stretches(self.set));
        self.timeline.absorb(&other.timeline);
        self.alive.absorb(other.alive);
        self.lines += other.lines;
        self.unattributed.absorb(other.unattributed);
        self.long_lines += other.long_lines;
        self.inbound += other.inbound;
        self.odd.absorb(other.odd);
    }

    /// Adds the rows that threads shared, when all have ended.
    pub fn absorb_shared(&mut self) {
        if let Some(rows) = self.rows.take_shared() {
            self.stretches.absorb(rows.into_stretches(self.set));
        }
    }

    /// What all threads counted, when all have ended.
    pub fn take_hours(&self) -> Hours {
        mem::take(&mut self.hours.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same scan of a file that begins with these bytes.
    pub fn of_file(mut self, start: &[u8]) -> Scan<'a> {
        if self.format.is_none() {
            self.dates = date_order(start);
        }
        self
    }

    /// What the file says of the times of its text, up to the line at hand.
    pub fn told(&self) -> Told {
        Told {
            order: self.dates,
            is_utc: self.reader.header.is_utc(),
        }
    }

    /// Keeps other threads from reading a large line as long as this one reads it.
    pub fn alone(&self, line: &[u8]) -> Option<MutexGuard<'a, ()>> {
        let account = self.progress.spare.account();
        (line.len() > LARGE).then(|| account.large_line())
    }

    pub fn accept(&mut self, baton: Baton) {
        self.reader.header = baton.header;
        self.headers = baton.headers;
        self.timeline.head = baton.head;
    }

    /// The baton for the chunk that begins at `offset`.
    pub fn release(&mut self, offset: u64) -> Baton {
        // The tail asks for the header of any line that may be among the last.
        let floor = offset.saturating_sub(self.options.limits.edge_bytes + 1);
        let old = self.headers.partition_point(|(at, _)| *at < floor);
        self.headers.drain(..old.saturating_sub(1));
        Baton {
            header: self.reader.header.clone(),
            headers: mem::take(&mut self.headers),
            head: mem::take(&mut self.timeline.head),
        }
    }
}
