//! The sightings of a source as sorted JSON Lines. They are written when the caller asks for them; to be read again, they lie
//! in memory or, beyond a bound, in a temporary file.
mod line;

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;

use jiff::tz::TimeZone;
use tempfile::SpooledTempFile;

use self::line::Text;
use crate::escape::{EVIDENCE, escape_json_into};
use crate::line::detect;
use crate::rows::entry::Entry;
use crate::rows::stretches::{Stretches, Wanted};
use crate::rows::words::Words;
use crate::rows::{Row, Span, TEXT, joined};
use crate::set::providers::is_way;
use crate::set::{Item, Set};
use crate::tally::{Counted, Tally};
use crate::time;
use crate::time::when::When;
use crate::time::years::Years;

/// Bytes of kept lines beyond which they lie in a temporary file.
const HELD: usize = 8 << 20;
/// The same of ways around, which are few.
const HELD_WAYS: usize = 1 << 20;
/// Bytes that are written at once: many whole pages.
const WRITTEN: usize = 1 << 18;

/// The rows of one source. To spell and write many lines takes as long as half of the scan: it is done only when a caller
/// asks for them, and lines that only go to a file are kept nowhere else.
#[derive(Debug)]
pub struct Lines {
    /// Rows that are not spelled yet.
    rows: Option<(Context, Stretches)>,
    text: SpooledTempFile,
    /// None while rows that can become one have not been merged.
    count: Option<u64>,
    /// The same of the rows of providers; None while they are not spelled.
    ways: Option<SpooledTempFile>,
    ways_count: Option<u64>,
    tally: Summed,
}

/// Which rows are told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Sightings,
    Ways,
}

/// What all rows say together.
#[derive(Debug)]
enum Summed {
    NotYet,
    Done(Box<Tally>),
    Taken,
}

impl Default for Lines {
    fn default() -> Self {
        Lines {
            rows: None,
            text: SpooledTempFile::new(HELD),
            count: Some(0),
            ways: None,
            ways_count: Some(0),
            tally: Summed::Done(Box::default()),
        }
    }
}

impl Lines {
    pub(crate) fn new(context: Context, stretches: Stretches) -> Lines {
        let counts = stretches.distinct();
        let no_ways = (!stretches.spread.has_ways).then_some(0);
        Lines {
            count: counts.map(|(sightings, _)| sightings),
            ways_count: no_ways.or(counts.map(|(_, ways)| ways)),
            tally: Summed::NotYet,
            rows: Some((context, stretches)),
            ..Lines::default()
        }
    }

    /// Whether there are neither sightings nor ways around, as far as that is known without merging them.
    pub fn is_empty(&self) -> bool {
        self.count == Some(0) && self.ways_count == Some(0)
    }

    /// The number of lines. Fails where rows in temporary files cannot be read.
    pub fn len(&mut self, set: &Set) -> io::Result<u64> {
        if self.count.is_none() {
            self.sum(set)?;
        }
        Ok(self.count.unwrap_or_default())
    }

    /// Merges the rows only to count and to sum them.
    fn sum(&mut self, set: &Set) -> io::Result<()> {
        if let (Summed::NotYet, Some((context, stretches))) = (&self.tally, &self.rows) {
            let mut sums = Sums::new(context);
            let wanted = (Told::Sightings, Wanted::Identity);
            context.each(set, stretches, wanted, |days| sums.add(context, set, days))?;
            self.keep(sums);
        }
        Ok(())
    }

    /// The number of ways around. Fails where rows in temporary files cannot be read.
    pub fn ways_len(&mut self, set: &Set) -> io::Result<u64> {
        self.settle_ways(set)?;
        Ok(self.ways_count.unwrap_or_default())
    }

    /// At most `size` bytes of the lines of ways around from `offset` on, none at the end.
    pub fn read_ways_at(&mut self, set: &Set, offset: u64, size: usize) -> io::Result<Vec<u8>> {
        self.settle_ways(set)?;
        let ways = self.ways.as_mut();
        ways.map_or_else(|| Ok(Vec::new()), |ways| read(ways, offset, size))
    }

    /// Puts the lines of ways around where they need no memory, and counts them, unless that was done.
    fn settle_ways(&mut self, set: &Set) -> io::Result<()> {
        if let (Some((context, stretches)), None) = (&self.rows, &self.ways)
            && self.ways_count != Some(0)
        {
            let mut text = SpooledTempFile::new(HELD_WAYS);
            let mut count = 0;
            context.write(set, stretches, Told::Ways, None, |block| {
                count += memchr::memchr_iter(b'\n', block).count() as u64;
                text.write_all(block)
            })?;
            (self.ways, self.ways_count) = (Some(text), Some(count));
        }
        Ok(())
    }

    fn keep(&mut self, sums: Sums) {
        self.count = Some(sums.count);
        self.tally = Summed::Done(Box::new(sums.tally));
    }

    /// The sums of all rows; only the first call returns them.
    pub fn tally(&mut self, set: &Set) -> io::Result<Option<Tally>> {
        self.sum(set)?;
        Ok(match mem::replace(&mut self.tally, Summed::Taken) {
            Summed::Done(tally) => Some(*tally),
            _ => None,
        })
    }

    /// Gives all lines in order, in blocks that end anywhere.
    pub fn write(
        &mut self,
        set: &Set,
        mut put: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.rows.is_some() {
            return self.spell(set, put);
        }
        let mut block = vec![0; WRITTEN];
        self.text.rewind()?;
        loop {
            match self.text.read(&mut block)? {
                0 => return Ok(()),
                n => put(&block[..n])?,
            }
        }
    }

    /// Puts the lines where they need no memory; the rows are forgotten.
    fn settle(&mut self, set: &Set) -> io::Result<()> {
        if self.rows.is_some() {
            self.settle_ways(set)?;
            let mut text = SpooledTempFile::new(HELD);
            self.spell(set, |block| text.write_all(block))?;
            (self.text, self.rows) = (text, None);
        }
        Ok(())
    }

    /// Writes the lines of rows that are not spelled yet, and sums them on the way if that has not been done.
    fn spell(&mut self, set: &Set, put: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let Some((context, stretches)) = &self.rows else {
            return Ok(());
        };
        let mut sums = matches!(self.tally, Summed::NotYet).then(|| Sums::new(context));
        context.write(set, stretches, Told::Sightings, sums.as_mut(), put)?;
        if let Some(sums) = sums {
            self.keep(sums);
        }
        Ok(())
    }

    /// At most `size` bytes from `offset` on, none at the end.
    pub fn read_at(&mut self, set: &Set, offset: u64, size: usize) -> io::Result<Vec<u8>> {
        self.settle(set)?;
        read(&mut self.text, offset, size)
    }
}

fn read(text: &mut SpooledTempFile, offset: u64, size: usize) -> io::Result<Vec<u8>> {
    let mut block = Vec::with_capacity(size.min(WRITTEN * 4));
    text.seek(SeekFrom::Start(offset))?;
    text.take(size as u64).read_to_end(&mut block)?;
    Ok(block)
}

/// The sums of rows, as they come.
struct Sums {
    tally: Tally,
    item: Option<u32>,
    count: u64,
}

impl Sums {
    fn new(context: &Context) -> Sums {
        let mut tally = Tally::default();
        tally.source(&context.source);
        Sums {
            tally,
            item: None,
            count: 0,
        }
    }

    fn add(&mut self, context: &Context, set: &Set, days: &Days) -> io::Result<()> {
        self.count += days.rows.len() as u64;
        if self.item != days.item {
            self.item = days.item;
            let item = known(set, days.item)?;
            self.tally.item(item.canonical(), item.family);
        }
        let machine = self.tally.machine(days.device().unwrap_or_default());
        self.tally.who(machine, &days.who);
        for (_, row) in &days.rows {
            let [first, last] = [row.run.first, row.run.last].map(When::micros);
            let counted = Counted {
                count: row.run.count,
                action: row.action.word(),
                format: context.format(row),
                first,
                last,
            };
            let identity = row.identity.then(|| days.words(row).identity());
            let identity = identity.into_iter().flatten();
            let identity =
                identity.filter_map(|(key, value)| Some((key, str::from_utf8(value).ok()?)));
            self.tally.count(machine, &counted, identity);
        }
        Ok(())
    }
}

fn known(set: &Set, item: Option<u32>) -> io::Result<Item<'_>> {
    item.and_then(|number| set.item(number))
        .ok_or_else(|| io::Error::other("the compiled set is damaged"))
}

/// Values that all rows of one source share.
#[derive(Debug)]
pub(crate) struct Context {
    /// Names of the log formats by their number.
    pub names: Vec<String>,
    pub source: String,
    /// The latest time that a time without a year may be.
    pub latest: Option<i64>,
    pub zone: TimeZone,
}

/// The rows of one item and machine by their days, in order, their runs and their words. A row here holds all its hits in
/// one span.
#[derive(Default)]
struct Days {
    item: Option<u32>,
    has_device: bool,
    device: String,
    who: String,
    rows: Vec<(Option<i32>, Row)>,
    runs: Vec<Span>,
    words: Vec<u8>,
}

impl Days {
    fn is_of(&self, entry: &Entry<'_>) -> bool {
        self.item == Some(entry.row.item) && self.device() == entry.device && self.who == entry.who
    }

    fn device(&self) -> Option<&str> {
        self.has_device.then_some(&self.device)
    }

    /// Begins with another item or machine.
    fn begin(&mut self, entry: &Entry<'_>) {
        self.item = Some(entry.row.item);
        self.has_device = entry.device.is_some();
        self.device.clear();
        self.device.push_str(entry.device.unwrap_or_default());
        self.who.clear();
        self.who.push_str(entry.who);
        self.runs.clear();
        self.rows.clear();
        self.words.clear();
    }

    /// The words of one of the rows.
    fn words(&self, row: &Row) -> Words<'_> {
        Words::at(&self.words[row.words as usize..])
    }

    fn add(&mut self, entry: &Entry<'_>, years: &mut Years<'_>, wanted: Wanted) {
        let (mut row, words) = (*entry.row, entry.words);
        let before = self.runs.len();
        entry.each_run(|run| self.runs.push(run.resolved(years)));
        let mut runs = self.runs[before..].iter();
        let first = runs.next().copied().unwrap_or(row.run);
        row.run = runs.fold(first, |mut all, run| {
            all.join(*run);
            all
        });
        let day = row.run.first.micros().map(time::day_number);
        let found = self.rows.binary_search_by_key(&day, |(day, _)| *day);
        row.words = self.words.len() as u32;
        let gives_words = match found {
            Ok(at) => {
                let known = &mut self.rows[at].1;
                known.run.join(row.run);
                known.merge(&row)
            }
            Err(at) => {
                self.rows.insert(at, (day, row));
                true
            }
        };
        if gives_words {
            match wanted {
                Wanted::Words => self.words.extend_from_slice(words.bytes()),
                Wanted::Identity if row.identity => words.put_identity(&mut self.words),
                Wanted::Identity => {}
            }
        }
    }
}

impl Context {
    /// Merges the stretches and writes a line a row; adds it to `sums`.
    fn write(
        &self,
        set: &Set,
        stretches: &Stretches,
        told: Told,
        mut sums: Option<&mut Sums>,
        mut put: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut text = Text::default();
        self.each(set, stretches, (told, Wanted::Words), |days| {
            if let Some(sums) = &mut sums {
                sums.add(self, set, days)?;
            }
            days.runs.sort_unstable_by_key(|run| run.first);
            if text.item != days.item {
                match told {
                    Told::Sightings => text.begin(&self.source, known(set, days.item)?),
                    Told::Ways => text.begin_way(&self.source, known(set, days.item)?),
                }
                text.item = days.item;
            }
            let mut rest = &days.runs[..];
            for (day, row) in &days.rows {
                let end = rest.partition_point(|run| run.first <= row.run.last);
                let (runs, later) = rest.split_at(end);
                rest = later;
                self.line(&mut text, days, *day, row, runs);
            }
            if text.line.len() >= WRITTEN {
                put(&text.line[..WRITTEN])?;
                text.line.drain(..WRITTEN);
            }
            Ok(())
        })?;
        put(&text.line)
    }

    /// Merges the stretches and gives the rows of each item and machine that are told, those of a day put together.
    fn each(
        &self,
        set: &Set,
        stretches: &Stretches,
        (told, wanted): (Told, Wanted),
        mut take: impl FnMut(&mut Days) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut days = Days::default();
        let mut years = Years::new(self.latest, &self.zone);
        stretches.merge(set, wanted, |entry| {
            if is_way(entry.row.item) != (told == Told::Ways) {
                return Ok(());
            }
            if !days.is_of(entry) {
                if days.item.is_some() {
                    take(&mut days)?;
                }
                days.begin(entry);
            }
            days.add(entry, &mut years, wanted);
            Ok(())
        })?;
        if days.item.is_some() {
            take(&mut days)?;
        }
        Ok(())
    }

    fn format(&self, row: &Row) -> &str {
        match row.format {
            TEXT => detect::TEXT,
            number => &self.names[usize::from(number)],
        }
    }

    /// Adds the line of a row of the item at hand to `text`.
    fn line(&self, text: &mut Text, days: &Days, day: Option<i32>, row: &Row, runs: &[Span]) {
        let words = days.words(row);
        text.line.extend_from_slice(&text.begin);
        match words.matched() {
            Some(matched) => text.string(matched),
            None => text.line.extend_from_slice(&text.itself),
        }
        text.raw(r#","field":"#);
        text.word(row.field.word());
        text.raw(r#","device":"#);
        match days.device() {
            Some(device) => text.string(device),
            None => text.raw("null"),
        }
        text.raw(r#","identity":{"#);
        for (number, (key, value)) in words.identity().enumerate() {
            text.raw(if number > 0 { "," } else { "" });
            text.word(key);
            text.raw(":");
            text.string(value);
        }
        text.raw(r#"},"who":"#);
        text.string(&days.who);
        text.raw(r#","day":"#);
        text.date(day);
        text.raw(r#","first_seen":"#);
        let begin = text.line.len();
        text.moment(row.run.first);
        let first = begin..text.line.len();
        text.raw(r#","last_seen":"#);
        if row.run.last == row.run.first {
            text.line.extend_from_within(first);
        } else {
            text.moment(row.run.last);
        }
        text.raw(r#","count":"#);
        text.number(row.run.count);
        text.raw(r#","runs":["#);
        if day.is_some() {
            let mut comma = "";
            joined(runs, |run| {
                text.raw(mem::replace(&mut comma, ","));
                text.run(run);
            });
        }
        text.raw("]");
        text.raw(r#","action":"#);
        text.word(row.action.word());
        text.raw(r#","logformat":"#);
        text.string(self.format(row));
        if days.item.is_some_and(is_way) {
            return text.raw("}\n");
        }
        text.raw(r#","evidence":""#);
        escape_json_into(&mut text.line, words.line(), EVIDENCE);
        text.raw("\"}\n");
    }
}
