//! The line of a row, as JSON.
use std::mem;

use crate::escape::{controls, equal, run};
use crate::rows::Span;
use crate::set::Item;
use crate::set::providers::provider;
use crate::time;
use crate::time::when::When;

/// Days whose spelling is kept.
const DAYS: usize = 32;

/// Lines of JSON (RFC 8259) as they grow. serde_json looks at each byte of a text by itself: where most lines of
/// a log begin a row, a fifth of all instructions of a scan were that.
#[derive(Default)]
pub(super) struct Text {
    pub line: Vec<u8>,
    /// The item whose lines begin with this text.
    pub item: Option<u32>,
    pub begin: Vec<u8>,
    /// The text that matched where that is the item itself.
    pub itself: Vec<u8>,
    /// Days that were spelled, each at its own place: most rows are of few days in turn.
    days: [Option<(i32, String)>; DAYS],
}

impl Text {
    /// Spells the beginning of the lines of an item.
    pub fn begin(&mut self, source: &str, item: Item<'_>) {
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

    /// Spells the beginning of the lines of a provider and kind.
    pub fn begin_way(&mut self, source: &str, item: Item<'_>) {
        let mut begin = Text {
            line: mem::take(&mut self.begin),
            ..Text::default()
        };
        begin.line.clear();
        begin.raw(r#"{"type":"bypass","source":"#);
        begin.word(source);
        begin.raw(r#","provider":"#);
        begin.string(provider(&item));
        begin.raw(r#","kind":"#);
        begin.word(item.kind);
        begin.raw(r#","matched":"#);
        self.begin = begin.line;
    }

    pub fn number(&mut self, number: u64) {
        if number < 10 {
            self.line.push(b'0' + number as u8);
        } else {
            self.raw(&number.to_string());
        }
    }

    /// The first and the last time of a run since midnight, and its number of hits.
    pub fn run(&mut self, run: Span) {
        let since_midnight = |when: When| when.micros().unwrap_or_default().rem_euclid(time::DAY);
        self.raw("[");
        self.number(since_midnight(run.first) as u64);
        self.raw(",");
        self.number(since_midnight(run.last) as u64);
        self.raw(",");
        self.number(run.count);
        self.raw("]");
    }

    pub fn raw(&mut self, text: &str) {
        self.line.extend_from_slice(text.as_bytes());
    }

    /// A string in which nothing must be escaped.
    pub fn word(&mut self, text: &str) {
        self.line.push(b'"');
        self.raw(text);
        self.line.push(b'"');
    }

    /// A string, from UTF-8.
    pub fn string(&mut self, text: impl AsRef<[u8]>) {
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
                // Only texts from a list may hold these.
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
        let slot = &mut self.days[number.rem_euclid(DAYS as i32) as usize];
        if slot.as_ref().is_none_or(|(day, _)| *day != number) {
            *slot = Some((number, time::day(number)));
        }
        if let Some((_, text)) = slot {
            self.line.extend_from_slice(text.as_bytes());
        }
    }

    pub fn date(&mut self, day: Option<i32>) {
        let Some(number) = day else {
            return self.raw("null");
        };
        self.line.push(b'"');
        self.day(number);
        self.line.push(b'"');
    }

    pub fn moment(&mut self, when: When) {
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
