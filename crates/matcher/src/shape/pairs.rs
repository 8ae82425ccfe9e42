//! Lines of `key=value`: plain, quoted, the extension of CEF (ArcSight Common Event Format, 2017), cells, or
//! `key:"value";` of Check Point.
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use memchr::{memchr, memchr2, memmem};
use regex::bytes::{Regex, RegexBuilder};

use super::cells::cells;
use crate::format::{FieldId, Format, Recognise};

static COLON: LazyLock<Regex> = LazyLock::new(|| {
    RegexBuilder::new(r#"(?:\A|[\s;])([^\s":;=<>]{1,64})(?:::?|=)"((?:[^"\\]|\\.)*)""#)
        .unicode(false)
        .dot_matches_new_line(true)
        .build()
        .expect("a constant expression")
});

/// The pairs of one line that the format uses.
pub struct Pairs<'f, 'l> {
    format: &'f Format,
    of: Vec<Option<Cow<'l, [u8]>>>,
}

impl<'f, 'l> Pairs<'f, 'l> {
    /// Pairs between separators; a value in quotes may hold them. A word without `=` is its own value.
    pub fn quoted(format: &'f Format, line: &'l [u8], separator: u8) -> Option<Self> {
        if !begins_with_pair(line) {
            return None;
        }
        let mut found = Collector::new(format);
        let next = |from: usize| memchr(separator, &line[from..]).map_or(line.len(), |i| from + i);
        let mut at = 0;
        while at < line.len() {
            let mut end = next(at);
            let word = &line[at..end];
            match memchr(b'=', word) {
                Some(middle) if word.get(middle + 1) == Some(&b'"') => {
                    let start = at + middle + 2;
                    if let Some(stop) = doubled_end(line, start, separator) {
                        let value = &line[start + 1..stop];
                        found.add(&word[..middle], || Cow::Borrowed(value));
                        at = stop + 3;
                        continue;
                    }
                    let stop = closing_quote(line, start);
                    let value = &line[start..stop];
                    found.add(&word[..middle], || {
                        unescape(value, |b| b"\"\\".contains(&b).then_some(b))
                    });
                    end = next(stop);
                }
                Some(middle) => found.add(&word[..middle], || Cow::Borrowed(&word[middle + 1..])),
                None => found.add(word, || Cow::Borrowed(word)),
            }
            at = end + 1;
        }
        found.finish()
    }

    /// Pairs of a CEF extension: a value goes on to the next space that a key and `=` follow.
    pub fn cef(format: &'f Format, line: &'l [u8]) -> Option<Self> {
        if !begins_with_pair(line) {
            return None;
        }
        let mut found = Collector::new(format);
        let mut open: Option<(&'l [u8], usize)> = None;
        let mut pairs: Vec<(&'l [u8], &'l [u8])> = Vec::new();
        let mut close = |open: Option<(&'l [u8], usize)>, end: usize| {
            if let Some((key, start)) = open {
                let value = &line[start..end];
                let spaces = value.iter().rev().take_while(|&&b| b == b' ').count();
                let value = &value[..value.len() - spaces];
                found.add(key, || unescape(value, cef_escape));
                pairs.push((key, value));
            }
        };
        let mut at = 0;
        while at < line.len() {
            if at > 0 && line[at] != b' ' {
                at += memchr(b' ', &line[at..]).unwrap_or(line.len() - at);
                continue;
            }
            let from = if line[at] == b' ' { at + 1 } else { at };
            let key = key_length(&line[from..]);
            if key > 0 && line.get(from + key) == Some(&b'=') {
                close(open, at);
                open = Some((&line[from..from + key], from + key + 1));
                at = from + key + 1;
                // A space right after `=` may begin the next key.
                if line.get(at) != Some(&b' ') {
                    at += memchr(b' ', &line[at..]).unwrap_or(line.len() - at);
                }
            } else {
                at += 1;
            }
        }
        close(open, line.len());
        found.add_by_labels(&pairs);
        found.finish()
    }

    /// Pairs that are cells of a table, `"key=value","key=""value"""`. One without `=` is its own value.
    pub fn cells(format: &'f Format, line: &'l [u8]) -> Option<Self> {
        if !line.strip_prefix(b"\"").is_some_and(begins_with_pair) {
            return None;
        }
        let mut found = Collector::new(format);
        for cell in cells(line, b',') {
            let (key, value) = match memchr(b'=', &cell) {
                Some(middle) => (&cell[..middle], unquoted(&cell[middle + 1..])),
                None => (&*cell, &*cell),
            };
            found.add(key, || value.to_vec().into());
        }
        found.finish()
    }

    /// Pairs whose values are quoted, wherever they stand; `:`, `::` or `=` parts key and value.
    pub fn colon(format: &'f Format, line: &'l [u8]) -> Option<Self> {
        if COLON
            .captures(line)
            .and_then(|first| first.get(1))
            .is_none_or(|key| key.start() > 0)
        {
            return None;
        }
        let mut found = Collector::new(format);
        for pair in COLON.captures_iter(line) {
            let (Some(key), Some(value)) = (pair.get(1), pair.get(2)) else {
                continue;
            };
            found.add(key.as_bytes(), || {
                unescape(value.as_bytes(), |b| b"\"\\".contains(&b).then_some(b))
            });
        }
        found.finish()
    }

    /// The value of a field.
    pub fn first(&self, field: FieldId) -> Option<Cow<'l, [u8]>> {
        let unset = |v: &Cow<'_, [u8]>| self.format.unset.iter().any(|u| **u == **v);
        let found = self.of[field].as_ref();
        found.filter(|v| !v.is_empty() && !unset(v)).cloned()
    }
}

/// Keeps the first value of each key that a role uses, and which of the keys to recognise stand there.
struct Collector<'f, 'l> {
    format: &'f Format,
    of: Vec<Option<Cow<'l, [u8]>>>,
    seen: HashSet<&'f [u8]>,
}

impl<'f, 'l> Collector<'f, 'l> {
    fn new(format: &'f Format) -> Self {
        Collector {
            format,
            of: vec![None; format.fields.len()],
            seen: HashSet::new(),
        }
    }

    fn add(&mut self, key: &[u8], value: impl FnOnce() -> Cow<'l, [u8]>) {
        if key.is_empty() {
            return;
        }
        let Recognise { all, any, .. } = &self.format.recognise;
        if let Some(known) = all.iter().chain(any).find(|k| **k == key) {
            self.seen.insert(known);
        }
        if let Some(&field) = self.format.numbers.get(key) {
            self.of[field].get_or_insert_with(value);
        }
    }

    /// `cs4=VALUE cs4Label=NAME`: the value has the label for its name besides, unless a key has that name.
    fn add_by_labels(&mut self, pairs: &[(&'l [u8], &'l [u8])]) {
        let mut labels: HashMap<&[u8], &[u8]> = HashMap::new();
        for (key, label) in pairs {
            if let Some(of) = key.strip_suffix(b"Label") {
                labels.entry(of).or_insert(label);
            }
        }
        if labels.is_empty() {
            return;
        }
        for (key, value) in pairs {
            if let Some(label) = labels.get(key) {
                self.add(&unescape(label, cef_escape), || unescape(value, cef_escape));
            }
        }
    }

    fn finish(self) -> Option<Pairs<'f, 'l>> {
        let known = self
            .format
            .recognise
            .fits(|key| self.seen.contains(key), None);
        known.then_some(Pairs {
            format: self.format,
            of: self.of,
        })
    }
}

/// What stands between quotes, where it does.
fn unquoted(value: &[u8]) -> &[u8] {
    let inner = value
        .strip_prefix(b"\"")
        .and_then(|v| v.strip_suffix(b"\""));
    inner.unwrap_or(value)
}

/// Whether the line begins with a key and `=`; a key is not the priority of syslog, which would take it along.
fn begins_with_pair(line: &[u8]) -> bool {
    let space = |b: &u8| b.is_ascii_whitespace() || *b == 0x0b;
    let end = line.iter().position(|b| b"\"=<>".contains(b) || space(b));
    end.is_some_and(|i| i > 0 && line[i] == b'=')
}

/// Where the closing quotes of a value stand whose quotes are doubled; none where they are not.
fn doubled_end(line: &[u8], start: usize, separator: u8) -> Option<usize> {
    let ends = |at: usize| line.get(at).is_none_or(|&b| b == separator);
    if line.get(start) != Some(&b'"') || ends(start + 1) {
        return None;
    }
    let stop = start + 1 + memmem::find(&line[start + 1..], b"\"\"")?;
    ends(stop + 2).then_some(stop)
}

/// Where the closing quote stands, or the end of the line; a backslash takes the next byte along.
fn closing_quote(line: &[u8], mut at: usize) -> usize {
    while let Some(found) = line.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if line[at] == b'"' {
            return at;
        }
        if at + 1 >= line.len() {
            return at;
        }
        at += 2;
    }
    line.len()
}

fn cef_escape(b: u8) -> Option<u8> {
    match b {
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b'\\' | b'=' | b'|' => Some(b),
        _ => None,
    }
}

/// Undoes the escapes that `meaning` knows; any other backslash stays.
fn unescape(value: &[u8], meaning: impl Fn(u8) -> Option<u8>) -> Cow<'_, [u8]> {
    if memchr(b'\\', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len());
    let mut at = 0;
    while let Some(&b) = value.get(at) {
        let meant = value
            .get(at + 1)
            .filter(|_| b == b'\\')
            .and_then(|&next| meaning(next));
        out.push(meant.unwrap_or(b));
        at += 1 + usize::from(meant.is_some());
    }
    out.into()
}

fn key_length(text: &[u8]) -> usize {
    text.iter()
        .take_while(|b| b.is_ascii_alphanumeric() || b"_.-".contains(b))
        .count()
}
