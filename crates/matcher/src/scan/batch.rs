//! Lines that may hit, sixteen at once: the keys of all are spelled, and their memory asked for, before the first is looked
//! up.
use std::mem;

use smallvec::SmallVec;

use crate::line::record::{self, Record};
use crate::memory::LARGE;
use crate::rows::repeats::{LineKey, Repeated};
use crate::scan::state::{Ask, RecordHits, Scan};
use crate::shape::wrapper::Readings;

/// Lines in a batch.
pub const MOST: usize = 16;

/// Lines and their places in the file.
pub type Lines<'l> = SmallVec<[(&'l [u8], u64); MOST]>;

impl<'a> Scan<'a> {
    /// Whether a line that may hit can wait for a batch: only lines of the file's own format are looked up by their keys.
    pub(crate) fn can_wait(&self, line: &[u8]) -> bool {
        let is_small = line.len() <= LARGE;
        is_small
            && self.format.is_some()
            && !self.options.devices
            && line.first().is_some_and(|&b| b != b'#')
    }

    /// Looks at these lines, in their order, and forgets them.
    pub fn look_at_batch(&mut self, lines: &mut Lines<'_>) {
        if lines.is_empty() {
            return;
        }
        let own = self.own().into_iter();
        if self.repeats.pass_over(lines.len(), &self.rows) {
            return self.step_by_step(lines);
        }
        let readings = lines.iter().map(|(line, _)| Readings::new(line));
        let readings: SmallVec<[Readings<'_>; MOST]> = readings.collect();
        let mut records: SmallVec<[Option<Record<'_, '_>>; MOST]> = SmallVec::new();
        let mut line_keys: SmallVec<[Option<LineKey>; MOST]> = SmallVec::new();
        for readings in &readings {
            records.push(record::fields(&mut self.reader, own.clone(), readings));
            let record = records.last().and_then(Option::as_ref);
            line_keys.push(record.and_then(|record| self.repeats.spell(record)));
        }
        for line_key in line_keys.iter().flatten() {
            self.repeats.ask_for(line_key);
        }
        let asked = records.iter_mut().zip(line_keys);
        for ((line, offset), (record, line_key)) in lines.drain(..).zip(asked) {
            let record = record.as_mut();
            if !record.is_some_and(|record| self.add_repeated(record, line_key, line, offset)) {
                self.line(line, offset, Ask::LOOK);
            }
        }
    }

    /// Looks at lines of which few repeat another: all are read before the rows of the first are looked up, so that their
    /// memory comes near meanwhile.
    fn step_by_step(&mut self, lines: &mut Lines<'_>) {
        let own = self.own().into_iter();
        let readings = lines.iter().map(|(line, _)| Readings::new(line));
        let readings: SmallVec<[Readings<'_>; MOST]> = readings.collect();
        let mut records: SmallVec<[Option<Record<'_, '_>>; MOST]> = SmallVec::new();
        let mut all = mem::take(&mut self.batch_hits);
        all.resize_with(MOST, RecordHits::default);
        for (readings, hits) in readings.iter().zip(&mut all) {
            records.push(record::read(&mut self.reader, own.clone(), readings));
            if let Some(Some(record)) = records.last() {
                self.find_hits(record, hits);
            }
        }
        let moved = self.rows.moved();
        for ((line, offset), (record, hits)) in lines.drain(..).zip(records.iter().zip(&mut all)) {
            let Some(record) = record else {
                self.line(line, offset, Ask::LOOK);
                continue;
            };
            if moved != self.rows.moved() {
                hits.keys = self.keys(record, &hits.hits, hits.moment);
            }
            self.add(record, line, offset, hits);
        }
        self.batch_hits = all;
    }

    /// Adds a line to its rows: by its key if a line with this key is remembered, else by itself. False if these are not the
    /// fields of its record.
    fn add_repeated(
        &mut self,
        record: &mut Record<'a, '_>,
        mut line_key: Option<LineKey>,
        line: &[u8],
        offset: u64,
    ) -> bool {
        let repeats = &mut self.repeats;
        let repeated = repeats.add(record, &mut line_key, &mut self.rows, &self.zone);
        if let Some(Repeated {
            hits,
            is_way,
            moment,
        }) = repeated
        {
            if hits > 0 {
                self.timeline.hit(offset, moment);
                self.hits += if is_way { 0 } else { hits };
            }
            return true;
        }
        let is_own = record.complete();
        if is_own
            && let Some(known) = self.record(record, line, offset, true)
            && let Some(line_key) = line_key
        {
            let read = (&*record, &self.tokens[..]);
            self.repeats
                .learn(self.set, read, line_key, known, &self.rows);
        }
        is_own
    }
}
