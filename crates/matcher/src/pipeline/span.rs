//! A span: the lines of a file from one place on, looked at by themselves (docs/contract.md 4, "Spans").
//!
//! The caller brings the bytes, as text, and what stands before them. So a file that grows, was renamed or deleted, or lies
//! packed can be followed. Rows of spans of one file add up to the rows of the file.
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::format::Format;
use crate::line::clocks::{Order, Orders};
use crate::line::detect;
use crate::options::{Coverage, Options, Progress};
use crate::pipeline::feed::Feed;
use crate::pipeline::{Found, Threads, begin, chosen};
use crate::reader::plain_lines::with_lines_read;
use crate::reader::{Input, Source};
use crate::scan::baton::Baton;
use crate::set::Set;
use crate::time;
use crate::time::hours::Piece;
use crate::wire::Lines;

/// How the lines of a file are read, as its beginning says.
pub struct Judged<'f> {
    /// The name of the format; `detect::TEXT` for none.
    pub format: &'f str,
    /// What dates of two numbers and a year begin with, in a file of no format.
    pub dates: Option<Order>,
}

/// What stands before a span.
pub struct Before<'b> {
    /// Place of its first byte in the text of the file, at the beginning of a line.
    pub start: u64,
    pub judged: Judged<'b>,
    /// The header as the span before left it; empty at the beginning of the file.
    pub header: &'b [u8],
    /// The hours of `Behind` of the span before; empty at the beginning of the file.
    pub hours: &'b [u8],
    /// Source id of the file.
    pub source: String,
}

/// What the next span of the file must know.
pub struct Behind {
    pub header: Vec<u8>,
    /// The hour in which the lines so far end, those that wait for a first time, and the order of times.
    pub hours: Vec<u8>,
}

/// Judges a file by its lines, from the first one on; its first 64 KiB count.
pub struct Judging {
    /// The name of a format that was asked for.
    forced: Option<String>,
    judging: detect::Judging,
    orders: Orders,
}

impl Judging {
    pub fn new(formats: &[Format], forced: Option<String>) -> Result<Judging, Error> {
        let chosen = chosen(formats, forced.as_deref())?;
        Ok(Judging {
            judging: detect::Judging::new(&chosen),
            orders: Orders::default(),
            forced,
        })
    }

    /// How the lines of the file are read, by those that come next and those before; and whether a file that grows keeps
    /// it. Only the last line may lack its end, and then none may follow.
    pub fn add<'f>(
        &mut self,
        formats: &'f [Format],
        text: &[u8],
    ) -> Result<(Judged<'f>, bool), Error> {
        let formats = chosen(formats, self.forced.as_deref())?;
        let text = with_lines_read(text);
        let text = self.judging.add(&formats, &text);
        let format = match self.forced {
            None => self.judging.format(),
            Some(_) => (!formats.is_empty()).then_some(0),
        };
        // Any of the first lines may show the order of dates.
        self.orders.add(text);
        let judged = Judged {
            format: format.map_or(detect::TEXT, |number| &formats[number].name),
            dates: self.orders.told().filter(|_| format.is_none()),
        };
        let is_settled = if format.is_some() {
            self.forced.is_some() || self.judging.is_settled
        } else {
            self.judging.has_all()
        };
        Ok((judged, is_settled))
    }
}

/// Reads one span to its end. `path` names the file in coverage and errors. Returns what the next span must know as well.
pub fn scan<'a>(
    set: &'a Set,
    formats: &'a [Format],
    path: &Path,
    input: Input,
    before: Before<'_>,
    options: &'a Options,
    progress: &'a Progress,
) -> Result<(Lines, Coverage, Behind), Error> {
    let zone = time::zone(&options.tz)?;
    let formats = chosen(formats, options.format.as_deref())?;
    let (start, judged) = (before.start, before.judged);
    let format = formats.iter().position(|one| one.name == judged.format);
    if format.is_none() && judged.format != detect::TEXT {
        let problem = format!("no lines are read by the format '{}'", judged.format);
        return Err(Error::Options(problem));
    }
    let header = Arc::new(carried(before.header)?);
    let hours: Piece = carried(before.hours)?;
    let mut baton = Baton {
        header,
        ..Baton::default()
    };
    if start > 0 {
        baton.headers.push((start - 1, baton.header.clone()));
    }
    let mut source = Source::open(path, input);
    source.begin_text(start);
    let mut feed = Feed::of_range(source, progress, options.limits, start);
    feed.read_short();
    let threads = Threads::new(feed, baton, options, progress);
    let mut scan = begin(set, formats, format, zone, options, progress);
    scan.dates = judged.dates;
    let (mut whole, mut feed, recent) = threads.look(scan);
    whole.read_tail(&mut feed.source, &recent, start);
    // None of its fields can fail to be written.
    let header = serde_json::to_vec(&*whole.reader.header).unwrap_or_default();
    let mut found = Found::of(whole, feed.source);
    let most = options.limits.alive;
    found.hours.precede(hours, most);
    let hours = serde_json::to_vec(&found.hours.whole(most)).unwrap_or_default();
    found.source = before.source;
    found.bytes -= start;
    let (lines, coverage) = found.finish(path);
    Ok((lines, coverage, Behind { header, hours }))
}

/// What the span before told; the default for no bytes.
fn carried<T: Default + DeserializeOwned>(data: &[u8]) -> Result<T, Error> {
    if data.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(data)
        .map_err(|_| Error::Options("what stands before a span cannot be read".to_owned()))
}
