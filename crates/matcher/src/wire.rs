//! The sightings of a source as JSON Lines, sorted, when they are asked for; kept longer, they lie in memory or beyond that in a
//! temporary file.
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;

use jiff::tz::TimeZone;
use tempfile::SpooledTempFile;

use crate::detect;
use crate::escape::{EVIDENCE, controls, equal, escape_json_into, run};
use crate::rows::{Row, TEXT};
use crate::runs::{Entry, Runs, Wanted};
use crate::set::{Item, Set};
use crate::tally::{Counted, Tally};
use crate::time;
use crate::when::When;
use crate::words::Words;
use crate::years::Years;

/// Lines that are kept lie in a temporary file beyond this.
const HELD: usize = 8 << 20;
/// Bytes that are written together: whole pages, and many.
const WRITTEN: usize = 1 << 18;

/// The rows of one source. Where they are many, spelling and writing their lines takes as long as half of the scan,
/// so that is done where they are wanted, and where they are only told to a file, nowhere else.
#[derive(Debug)]
pub struct Lines {
    /// Rows that are not spelled yet.
    rows: Option<(Context, Runs)>,
    text: SpooledTempFile,
    pub count: u64,
    /// The least and the greatest time of all rows.
    pub span: Option<(i64, i64)>,
    tally: Option<Tally>,
}

impl Default for Lines {
    fn default() -> Self {
        Lines {
            rows: None,
            text: SpooledTempFile::new(HELD),
            count: 0,
            span: None,
            tally: Some(Tally::default()),
        }
    }
}

impl Lines {
    /// Looks through all rows once. Fails where those in temporary files cannot be read.
    pub(crate) fn new(context: Context, runs: Runs, set: &Set) -> io::Result<Lines> {
        let mut lines = Lines::default();
        let mut tally = Tally::default();
        tally.source(&context.source);
        let mut item = None;
        context.each(set, &runs, Wanted::Identity, |days| {
            lines.count += days.rows.len() as u64;
            if item != days.item {
                item = days.item;
                let item = known(set, item)?;
                tally.item(item.canonical(), item.family);
            }
            let machine = tally.machine(days.device().unwrap_or_default());
            for (_, row) in &days.rows {
                let [first, last] = [row.first, row.last].map(When::micros);
                for at in [first, last].into_iter().flatten() {
                    let (least, greatest) = lines.span.unwrap_or((at, at));
                    lines.span = Some((least.min(at), greatest.max(at)));
                }
                let counted = Counted {
                    count: row.count,
                    action: row.action.word(),
                    format: context.format(row),
                    first,
                    last,
                };
                let identity = row.identity.then(|| days.words(row).identity());
                let identity = identity.into_iter().flatten();
                let identity =
                    identity.filter_map(|(key, value)| Some((key, str::from_utf8(value).ok()?)));
                tally.count(machine, &counted, identity);
            }
            Ok(())
        })?;
        tally.spell();
        lines.tally = Some(tally);
        lines.rows = Some((context, runs));
        Ok(lines)
    }

    /// What the rows say together, once.
    pub fn tally(&mut self) -> Option<Tally> {
        self.tally.take()
    }

    /// Gives all lines in order, in blocks that end anywhere.
    pub fn write(
        &mut self,
        set: &Set,
        mut put: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        if let Some((context, runs)) = &self.rows {
            return context.write(set, runs, put);
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
    pub fn settle(&mut self, set: &Set) -> io::Result<()> {
        if let Some((context, runs)) = &self.rows {
            let mut text = SpooledTempFile::new(HELD);
            context.write(set, runs, |block| text.write_all(block))?;
            (self.text, self.rows) = (text, None);
        }
        Ok(())
    }

    /// At most `size` bytes from `offset` on, none at the end.
    pub fn read_at(&mut self, set: &Set, offset: u64, size: usize) -> io::Result<Vec<u8>> {
        self.settle(set)?;
        let mut block = Vec::with_capacity(size.min(WRITTEN * 4));
        self.text.seek(SeekFrom::Start(offset))?;
        let text = &mut self.text;
        text.take(size as u64).read_to_end(&mut block)?;
        Ok(block)
    }
}

fn known(set: &Set, item: Option<u32>) -> io::Result<Item<'_>> {
    item.and_then(|number| set.item(number))
        .ok_or_else(|| io::Error::other("the compiled set is damaged"))
}

/// What the rows of one source share.
#[derive(Debug)]
pub(crate) struct Context {
    /// Names of the log formats by their number.
    pub names: Vec<String>,
    pub source: String,
    /// The latest time that a time without a year may be.
    pub latest: Option<i64>,
    pub zone: TimeZone,
}

/// The rows of one item and device by their days, in order, and their words.
#[derive(Default)]
struct Days {
    item: Option<u32>,
    has_device: bool,
    device: String,
    rows: Vec<(Option<i32>, Row)>,
    words: Vec<u8>,
}

impl Days {
    fn is_of(&self, entry: &Entry<'_>) -> bool {
        self.item == Some(entry.row.item) && self.device() == entry.device
    }

    fn device(&self) -> Option<&str> {
        self.has_device.then_some(&self.device)
    }

    /// Begins with another item or device.
    fn begin(&mut self, entry: &Entry<'_>) {
        self.item = Some(entry.row.item);
        self.has_device = entry.device.is_some();
        self.device.clear();
        self.device.push_str(entry.device.unwrap_or_default());
        self.rows.clear();
        self.words.clear();
    }

    /// The words of one of the rows.
    fn words(&self, row: &Row) -> Words<'_> {
        Words::at(&self.words[row.words as usize..])
    }

    fn add(&mut self, mut row: Row, words: Words<'_>, wanted: Wanted) {
        let day = row.day();
        let found = self.rows.binary_search_by_key(&day, |(day, _)| *day);
        row.words = self.words.len() as u32;
        let gives_words = match found {
            Ok(at) => self.rows[at].1.merge(row),
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
    /// Merges the runs and writes a line a row.
    fn write(
        &self,
        set: &Set,
        runs: &Runs,
        mut put: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut text = Text::default();
        self.each(set, runs, Wanted::Words, |days| {
            if text.item != days.item {
                text.begin(&self.source, known(set, days.item)?);
                text.item = days.item;
            }
            for (day, row) in &days.rows {
                self.line(&mut text, days.device(), *day, row, days.words(row));
            }
            if text.line.len() >= WRITTEN {
                put(&text.line[..WRITTEN])?;
                text.line.drain(..WRITTEN);
            }
            Ok(())
        })?;
        put(&text.line)
    }

    /// Merges the runs and gives the rows of each item and device, those of a day put together.
    fn each(
        &self,
        set: &Set,
        runs: &Runs,
        wanted: Wanted,
        mut take: impl FnMut(&Days) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut days = Days::default();
        let mut years = Years::new(self.latest, &self.zone);
        runs.merge(set, wanted, |entry| {
            if !days.is_of(entry) {
                if days.item.is_some() {
                    take(&days)?;
                }
                days.begin(entry);
            }
            days.add(entry.row.resolved(&mut years), entry.words, wanted);
            Ok(())
        })?;
        if days.item.is_some() {
            take(&days)?;
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
    fn line(
        &self,
        text: &mut Text,
        device: Option<&str>,
        day: Option<i32>,
        row: &Row,
        words: Words<'_>,
    ) {
        text.line.extend_from_slice(&text.begin);
        match words.matched() {
            Some(matched) => text.string(matched),
            None => text.line.extend_from_slice(&text.itself),
        }
        text.raw(r#","field":"#);
        text.word(row.field.word());
        text.raw(r#","device":"#);
        match device {
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
        text.raw(r#"},"day":"#);
        text.date(day);
        text.raw(r#","first_seen":"#);
        let begin = text.line.len();
        text.moment(row.first);
        let first = begin..text.line.len();
        text.raw(r#","last_seen":"#);
        if row.last == row.first {
            text.line.extend_from_within(first);
        } else {
            text.moment(row.last);
        }
        text.raw(r#","count":"#);
        text.number(row.count);
        text.raw(r#","action":"#);
        text.word(row.action.word());
        text.raw(r#","logformat":"#);
        text.string(self.format(row));
        text.raw(r#","evidence":""#);
        escape_json_into(&mut text.line, words.line(), EVIDENCE);
        text.raw("\"}\n");
    }
}

/// Lines of JSON (RFC 8259) as they grow. serde_json looks at each byte of a text by itself: where most lines of
/// a log begin a row, a fifth of all instructions of a scan were that.
#[derive(Default)]
struct Text {
    line: Vec<u8>,
    /// The item whose lines begin so.
    item: Option<u32>,
    begin: Vec<u8>,
    /// What matched where that is the item itself.
    itself: Vec<u8>,
    /// The day that was last spelled: most rows are of few days.
    day: Option<(i32, String)>,
}

impl Text {
    /// Spells what the lines of an item begin with.
    fn begin(&mut self, source: &str, item: Item<'_>) {
        let mut begin = Text {
            line: mem::take(&mut self.begin),
            ..Text::default()
        };
        begin.line.clear();
        begin.raw(r#"{"type":"sighting","source":"#);
        begin.word(source);
        begin.raw(r#","indicator":"#);
        begin.string(item.canonical());
        begin.raw(r#","kind":"#);
        begin.word(item.kind);
        begin.raw(r#","family":"#);
        begin.string(item.family);
        begin.raw(r#","matched":"#);
        self.begin = mem::replace(&mut begin.line, mem::take(&mut self.itself));
        begin.line.clear();
        begin.string(item.hashed);
        self.itself = begin.line;
    }

    fn number(&mut self, number: u64) {
        if number < 10 {
            self.line.push(b'0' + number as u8);
        } else {
            self.raw(&number.to_string());
        }
    }

    fn raw(&mut self, text: &str) {
        self.line.extend_from_slice(text.as_bytes());
    }

    /// A string of which it is known that nothing in it must be escaped.
    fn word(&mut self, text: &str) {
        self.line.push(b'"');
        self.raw(text);
        self.line.push(b'"');
    }

    /// A string, from UTF-8.
    fn string(&mut self, text: impl AsRef<[u8]>) {
        let special = |word| controls(word) | equal(word, b'"') | equal(word, b'\\');
        let mut rest = text.as_ref();
        self.line.push(b'"');
        loop {
            let (plain, after) = rest.split_at(run(rest, special));
            self.line.extend_from_slice(plain);
            let Some((&b, after)) = after.split_first() else {
                break;
            };
            match b {
                b'"' | b'\\' => self.line.extend_from_slice(&[b'\\', b]),
                // Only what comes from a list may hold these.
                _ => {
                    let quoted = serde_json::Value::from(char::from(b).to_string()).to_string();
                    self.raw(quoted.trim_matches('"'));
                }
            }
            rest = after;
        }
        self.line.push(b'"');
    }

    fn day(&mut self, number: i32) {
        if self.day.as_ref().is_none_or(|(day, _)| *day != number) {
            self.day = Some((number, time::day(number)));
        }
        if let Some((_, text)) = &self.day {
            self.line.extend_from_slice(text.as_bytes());
        }
    }

    fn date(&mut self, day: Option<i32>) {
        let Some(number) = day else {
            return self.raw("null");
        };
        self.line.push(b'"');
        self.day(number);
        self.line.push(b'"');
    }

    fn moment(&mut self, when: When) {
        let Some(micros) = when.micros() else {
            return self.raw("null");
        };
        self.line.push(b'"');
        self.day(time::day_number(micros));
        self.line.extend_from_slice(&time::clock(micros));
        self.line.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_written_as_serde_does() {
        for text in [
            "",
            "plain",
            "a\"b\\c\\\"",
            "\"",
            "tab\tnul\0",
            "đ \u{7f}\u{2028}",
            "\\x01",
        ] {
            let mut line = Text::default();
            line.string(text);
            assert_eq!(line.line, serde_json::to_vec(text).unwrap(), "{text:?}");
        }
    }

    #[test]
    fn times_are_written_as_they_are_shown() {
        let mut text = Text::default();
        for micros in [
            0,
            -1,
            1_663_300_800_123_456,
            1_663_300_800_123_457,
            253_402_300_799_999_999,
        ] {
            text.line.clear();
            text.moment(When::new(Some(time::Value::Known(micros))));
            assert_eq!(text.line, format!("\"{}\"", time::iso(micros)).into_bytes());
        }
    }
}
