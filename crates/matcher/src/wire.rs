//! The sightings of a source as JSON Lines, sorted, in memory or beyond that in a temporary file.
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;

use jiff::tz::TimeZone;
use tempfile::SpooledTempFile;

use crate::detect;
use crate::escape::{EVIDENCE, controls, equal, escape_json_into, run};
use crate::rows::{Row, TEXT};
use crate::runs::{Entry, Runs};
use crate::set::{Item, Set};
use crate::time::{self, Value};
use crate::words::Words;
use crate::years::Years;

/// Lines beyond this lie in a temporary file.
const HELD: usize = 8 << 20;
/// Bytes that are written together: whole pages, and many.
const WRITTEN: usize = 1 << 18;

/// Finished lines.
#[derive(Debug)]
pub struct Lines {
    file: SpooledTempFile,
    pub count: u64,
    /// The least and the greatest time of all rows.
    pub span: Option<(i64, i64)>,
}

impl Default for Lines {
    fn default() -> Self {
        Lines {
            file: SpooledTempFile::new(HELD),
            count: 0,
            span: None,
        }
    }
}

impl Lines {
    /// At most `size` bytes from `offset` on, none at the end.
    pub fn read_at(&mut self, offset: u64, size: usize) -> io::Result<Vec<u8>> {
        let mut block = Vec::with_capacity(size.min(WRITTEN * 4));
        self.file.seek(SeekFrom::Start(offset))?;
        let file = &mut self.file;
        file.take(size as u64).read_to_end(&mut block)?;
        Ok(block)
    }
}

/// What the rows of one source share.
pub struct Context<'a> {
    pub set: &'a Set,
    /// Names of the log formats by their number.
    pub names: &'a [&'a str],
    pub source: &'a str,
    /// The latest time that a time without a year may be.
    pub latest: Option<i64>,
    pub zone: &'a TimeZone,
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
    }

    fn add(&mut self, mut row: Row, words: Words<'_>) {
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
            self.words.extend_from_slice(words.bytes());
        }
    }
}

impl Context<'_> {
    /// Merges the runs and writes a line a row.
    pub fn write(&self, runs: Runs) -> io::Result<Lines> {
        let mut lines = Lines::default();
        let mut text = Text::default();
        let mut days = Days::default();
        let mut years = Years::new(self.latest, self.zone);
        runs.merge(self.set, |entry| {
            if !days.is_of(entry) {
                lines.count += days.rows.len() as u64;
                self.flush(&mut days, &mut text)?;
                if text.line.len() >= WRITTEN {
                    lines.file.write_all(&text.line[..WRITTEN])?;
                    text.line.drain(..WRITTEN);
                }
                days.begin(entry);
            }
            let row = entry.row.resolved(&mut years);
            for value in [row.first, row.last].into_iter().flatten() {
                if let Value::Known(at) = value {
                    let (first, last) = lines.span.unwrap_or((at, at));
                    lines.span = Some((first.min(at), last.max(at)));
                }
            }
            days.add(row, entry.words);
            Ok(())
        })?;
        lines.count += days.rows.len() as u64;
        self.flush(&mut days, &mut text)?;
        lines.file.write_all(&text.line)?;
        Ok(lines)
    }

    fn flush(&self, days: &mut Days, text: &mut Text) -> io::Result<()> {
        let Some(number) = days.item else {
            return Ok(());
        };
        if text.item != Some(number) {
            let item = self
                .set
                .item(number)
                .ok_or_else(|| io::Error::other("the compiled set is damaged"))?;
            text.begin(self.source, item);
            text.item = Some(number);
        }
        for (day, row) in &days.rows {
            let words = Words::at(&days.words[row.words as usize..]);
            self.line(text, days.device(), *day, row, words);
        }
        days.rows.clear();
        days.words.clear();
        Ok(())
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
        text.string(match row.format {
            TEXT => detect::TEXT,
            number => self.names[usize::from(number)],
        });
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

    fn moment(&mut self, value: Option<Value>) {
        let Some(Value::Known(micros)) = value else {
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
            text.moment(Some(Value::Known(micros)));
            assert_eq!(text.line, format!("\"{}\"", time::iso(micros)).into_bytes());
        }
    }
}
