//! A line over the limit: its first part is parsed, every byte is matched, memory stays bounded.
use std::mem;

use memchr::memchr;

use crate::line::detect::clean;
use crate::line::escapes;
use crate::line::freetext;
use crate::line::hit::Hits;
use crate::line::tokens;
use crate::reader::colours::{self, Parts};
use crate::scan::pieces::{Pieces, covered};
use crate::scan::state::Scan;
use crate::shape::wrapper::Readings;

/// A line too long to hold: its first part is parsed, every byte is matched.
pub(crate) struct LongLine {
    start: Vec<u8>,
    offset: u64,
    /// Takes colours out before the line is cut: a piece would begin within one.
    parts: Parts,
    pieces: Pieces,
    parses: bool,
    /// Whether the first part has a quotation mark: any piece may begin inside a string.
    quotes: bool,
    /// Bytes that are not looked at again.
    skip: usize,
    hits: Hits,
    /// Bytes of the line so far.
    size: u64,
}

impl LongLine {
    pub fn new(scan: &mut Scan<'_>, line: &[u8], offset: u64) -> LongLine {
        let part = scan.options.limits.parsed_part;
        let parsed = &line[..line.len().min(part)];
        let shown = colours::removed(parsed);
        let start = clean(&shown, offset == 0).to_vec();
        scan.note_no_text(&start, offset);
        let parses = scan.own_record(&Readings::new(&start)).is_some();
        LongLine {
            offset,
            parts: Parts::default(),
            pieces: Pieces::default(),
            parses,
            quotes: memchr(b'"', &start).is_some(),
            skip: if parses { covered(parsed) } else { 0 },
            hits: Hits::new(),
            start,
            size: 0,
        }
    }

    pub fn feed(&mut self, scan: &mut Scan<'_>, block: &[u8]) {
        self.size += block.len() as u64;
        let skip = self.skip.min(block.len());
        self.skip -= skip;
        let shown = self.parts.add(&block[skip..]);
        self.look_at(scan, &shown);
    }

    fn look_at(&mut self, scan: &mut Scan<'_>, shown: &[u8]) {
        let (quotes, hits) = (self.quotes, &mut self.hits);
        self.pieces
            .feed(shown, |piece| look_at(scan, piece, quotes, hits));
    }

    pub fn finish(mut self, scan: &mut Scan<'_>) {
        let rest = mem::take(&mut self.parts).rest();
        self.look_at(scan, &rest);
        let (quotes, hits) = (self.quotes, &mut self.hits);
        mem::take(&mut self.pieces).finish(|piece| look_at(scan, piece, quotes, hits));
        scan.lines += 1;
        scan.long_lines += 1;
        scan.note_joined(&self.start, self.offset, !self.hits.is_empty());
        if !self.parses {
            scan.count_long_line(self.offset, self.size, None, &[]);
            if !self.hits.is_empty() {
                let readings = Readings::new(&self.start);
                scan.foreign_long_line(&readings, self.offset, self.hits);
            }
            return;
        }
        if !self.hits.is_empty() {
            scan.unattributed.add(self.offset, &self.start);
        }
        let limits = scan.options.limits;
        let head = scan.timeline.head_len() < limits.edge_lines && self.offset < limits.edge_bytes;
        let readings = Readings::new(&self.start);
        if let Some(record) = scan.own_record(&readings) {
            let moment = record.time(&scan.zone);
            if head {
                scan.timeline.add_head(moment);
            }
            let seen = scan.asked_of(&record);
            scan.count_long_line(self.offset, self.size, moment.map(|m| m.value), &seen);
            scan.record(&record, &self.start, self.offset, true);
        }
    }
}

fn look_at(scan: &mut Scan<'_>, part: &[u8], quotes: bool, hits: &mut Hits) {
    let _alone = scan.alone(part);
    if !scan.is_candidate(part) {
        return;
    }
    let mut found = tokens::hits(scan.set, &freetext::listed(scan.set, part));
    let undone = if quotes {
        escapes::undone_from(part, 0)
    } else {
        escapes::undone(part)
    };
    if let Some(undone) = undone {
        let shown = tokens::hits(scan.set, &freetext::listed(scan.set, &undone));
        if shown.len() >= found.len() {
            found = shown;
        }
    }
    for hit in found {
        if !hits.iter().any(|h| h.item == hit.item) {
            hits.push(hit);
        }
    }
}
