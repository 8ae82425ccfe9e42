//! A span: the lines of a file from one place on, looked at by themselves (docs/contract.md 4, "Spans").
//!
//! The caller brings the bytes, as text, and what stands before them. So a file that grows, was renamed or deleted, or lies
//! packed can be followed. Rows of spans of one file add up to the rows of the file.
use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::format::Format;
use crate::line::detect;
use crate::options::{Coverage, Options, Progress};
use crate::pipeline::feed::Feed;
use crate::pipeline::{Found, Threads, begin, chosen};
use crate::reader::{Input, Source};
use crate::scan::baton::Baton;
use crate::set::Set;
use crate::time;
use crate::wire::Lines;

/// What stands before a span.
pub struct Before<'b> {
    /// Place of its first byte in the text of the file, at the beginning of a line.
    pub start: u64,
    /// The first 64 KiB of the text of the file; they decide the format.
    pub head: &'b [u8],
    /// The header as the span before left it; empty at the beginning of the file.
    pub header: &'b [u8],
    /// Source id of the file.
    pub source: String,
}

/// Reads one span to its end. `path` names the file in coverage and errors. Returns the header behind the span as well.
pub fn scan<'a>(
    set: &'a Set,
    formats: &'a [Format],
    path: &Path,
    input: Input,
    before: Before<'_>,
    options: &'a Options,
    progress: &'a Progress,
) -> Result<(Lines, Coverage, Vec<u8>), Error> {
    let zone = time::zone(&options.tz)?;
    let formats = chosen(formats, options)?;
    let start = before.start;
    let format = match options.format {
        None => detect::detect(&formats, detect::start(before.head)),
        Some(_) => (!formats.is_empty()).then_some(0),
    };
    let header = if before.header.is_empty() {
        Arc::default()
    } else {
        Arc::new(
            serde_json::from_slice(before.header)
                .map_err(|_| Error::Options("the header of a span cannot be read".to_owned()))?,
        )
    };
    let mut baton = Baton {
        header,
        ..Baton::default()
    };
    if start > 0 {
        baton.headers.push((start - 1, baton.header.clone()));
    }
    let mut source = Source::open(path, input);
    source.begin_text(start);
    let feed = Feed::of_range(source, progress, options.limits, start);
    let threads = Threads::new(feed, baton, options, progress);
    let scan = begin(set, formats, format, zone, options, progress).of_file(before.head);
    let (mut whole, mut feed, recent) = threads.look(scan);
    whole.read_tail(&mut feed.source, &recent, start);
    // None of its fields can fail to be written.
    let after = serde_json::to_vec(&*whole.reader.header).unwrap_or_default();
    let mut found = Found::of(whole, feed.source);
    found.source = before.source;
    found.bytes -= start;
    let (lines, coverage) = found.finish(path);
    Ok((lines, coverage, after))
}
