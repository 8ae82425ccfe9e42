//! Records that hold a whole line: JSON objects of log shippers and searches, and rows of a table. The portable
//! engine's `envelopes` says where the names come from.
use std::borrow::Cow;
use std::collections::HashSet;

use memchr::{memchr, memchr_iter, memmem};

use crate::reader::colours;
use crate::shape::json::{Object, Value};

const ORIGINAL_IN: [&str; 2] = ["event", "log"];
/// Where a line stands as a whole, before the keys where a shorter text may stand.
const MESSAGE_KEYS: [&str; 19] = [
    "event.original",
    "log.original",
    "full_log",
    "_raw",
    "full_message",
    "rawmsg",
    "raw_event",
    "@message",
    "SyslogMessage",
    "textPayload",
    "log",
    "message",
    "MESSAGE",
    "Message",
    "msg",
    "short_message",
    "body",
    "line",
    "event",
];
const INNER_KEYS: [&str; 7] = [
    "_source",
    "result",
    "event",
    "jsonPayload",
    "body",
    "records",
    "logEvents",
];
const TIME_KEYS: [&str; 12] = [
    "time",
    "@timestamp",
    "timestamp",
    "_SOURCE_REALTIME_TIMESTAMP",
    "__REALTIME_TIMESTAMP",
    "date",
    "ts",
    "_time",
    "timereported",
    "TimeGenerated",
    "EventTime",
    "EventReceivedTime",
];
const HOST_KEYS: [&str; 5] = ["_HOSTNAME", "hostname", "host", "Hostname", "HostName"];
const APP_KEYS: [&str; 9] = [
    "SYSLOG_IDENTIFIER",
    "program",
    "appname",
    "app",
    "tag",
    "programname",
    "app-name",
    "ident",
    "ProcessName",
];
const LEAST_CELL: usize = 24;
const MOST_CELLS: usize = 1000;
const SEPARATORS: [u8; 2] = [b',', b';'];

/// A line inside a record, or an object that is the line itself; the inner object's time is the first.
pub(super) struct Envelope<'l> {
    pub text: Cow<'l, [u8]>,
    pub is_object: bool,
    pub times: Vec<Vec<u8>>,
    pub host: Option<Vec<u8>>,
    pub app: Option<Vec<u8>>,
}

/// The line inside the record, at most two objects deep; else the first object inside it.
pub(super) fn read<'l>(record: &Object<'l>) -> Option<Envelope<'l>> {
    if let Some(text) = message(record) {
        return Some(around(without_line_end(text), false, &[record]));
    }
    for inner in all_inner(record) {
        if let Some(text) = message(inner) {
            return Some(around(without_line_end(text), false, &[inner, record]));
        }
        for deepest in all_inner(inner) {
            if let Some(text) = message(deepest) {
                let text = without_line_end(text);
                return Some(around(text, false, &[deepest, inner, record]));
            }
        }
    }
    let inner = all_inner(record).next()?;
    let mut text = Vec::new();
    write_object(inner, &mut text);
    Some(around(Cow::Owned(text), true, &[inner, record]))
}

fn around<'l>(text: Cow<'l, [u8]>, is_object: bool, objects: &[&Object<'l>]) -> Envelope<'l> {
    let all_of = |keys: &'static [&'static str]| {
        objects.iter().filter_map(move |object| {
            let mut values = keys.iter().filter_map(|key| object.get(key.as_bytes()));
            values.find_map(|value| match value {
                Value::Text(text) if !text.is_empty() => Some(text.to_vec()),
                _ => None,
            })
        })
    };
    let text = match colours::removed(&text) {
        Cow::Owned(shown) => Cow::Owned(shown),
        Cow::Borrowed(_) => text,
    };
    Envelope {
        text,
        is_object,
        times: all_of(&TIME_KEYS).collect(),
        host: all_of(&HOST_KEYS).next(),
        app: all_of(&APP_KEYS).next(),
    }
}

fn message<'l>(record: &Object<'l>) -> Option<Cow<'l, [u8]>> {
    let original = |key: &&str| match record.get(key.as_bytes())? {
        Value::Object(inside) => text_of(inside.get(b"original")?),
        _ => None,
    };
    let found = ORIGINAL_IN.iter().find_map(original);
    found.or_else(|| {
        let mut texts = MESSAGE_KEYS
            .iter()
            .filter_map(|key| text_of(record.get(key.as_bytes())?));
        texts.next()
    })
}

fn all_inner<'o, 'l>(record: &'o Object<'l>) -> impl Iterator<Item = &'o Object<'l>> {
    INNER_KEYS
        .iter()
        .filter_map(|key| inner(record, key.as_bytes()))
}

/// The object under the key; a list of one object is that object.
fn inner<'o, 'l>(record: &'o Object<'l>, key: &[u8]) -> Option<&'o Object<'l>> {
    let value = match record.get(key)? {
        Value::Array(items) => match items.as_slice() {
            [only] => only,
            _ => return None,
        },
        value => value,
    };
    match value {
        Value::Object(object) if !object.members().is_empty() => Some(object),
        _ => None,
    }
}

/// A message: a string, or the bytes that journald writes one by one where they are not UTF-8.
fn text_of<'l>(value: &Value<'l>) -> Option<Cow<'l, [u8]>> {
    let text = match value {
        Value::Text(text) => text.clone(),
        Value::Array(items) => {
            let byte = |item: &Value<'_>| match item {
                Value::Text(digits) if digits.len() <= 3 => {
                    let digits = digits.iter().all(u8::is_ascii_digit).then_some(digits)?;
                    std::str::from_utf8(digits).ok()?.parse::<u8>().ok()
                }
                _ => None,
            };
            Cow::Owned(items.iter().map(byte).collect::<Option<Vec<u8>>>()?)
        }
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn without_line_end(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let end = text
        .iter()
        .rposition(|b| !matches!(b, b'\r' | b'\n'))
        .map_or(0, |i| i + 1);
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

/// The object as a line: of equal keys the last value at the place of the first, numbers as strings.
fn write_object(object: &Object<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut seen = HashSet::new();
    for (key, _) in object.members() {
        if !seen.insert(&**key) {
            continue;
        }
        if seen.len() > 1 {
            out.push(b',');
        }
        write_text(key, out);
        out.push(b':');
        write_value(object.get(key).unwrap_or(&Value::Null), out);
    }
    out.push(b'}');
}

fn write_value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Text(text) => write_text(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                write_value(item, out);
            }
            out.push(b']');
        }
        Value::Object(object) => write_object(object, out),
    }
}

fn write_text(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0C => out.extend_from_slice(b"\\f"),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

type Row<'l> = (Cow<'l, [u8]>, Vec<Cow<'l, [u8]>>);

/// The cell of a row (RFC 4180, also with semicolons) that may hold a line, and the cells beside it; a date and the
/// clock behind it are one cell. It is the longest, has two spaces or is an object.
pub(super) fn row(line: &[u8]) -> Option<Row<'_>> {
    for separator in SEPARATORS {
        let Some(mut cells) = cells(line, separator) else {
            continue;
        };
        // Of equal lengths the first.
        let longest = cells.iter().map(|cell| cell.len()).max()?;
        let at = cells.iter().position(|cell| cell.len() == longest)?;
        let spaces = memchr_iter(b' ', &cells[at]).count();
        let is_object = cells[at].starts_with(b"{") || memmem::find(&cells[at], b" {").is_some();
        if longest < LEAST_CELL || !(spaces >= 2 || is_object) {
            continue;
        }
        let text = cells.remove(at);
        return Some((text, with_clocks(&cells)));
    }
    None
}

fn with_clocks<'l>(cells: &[Cow<'l, [u8]>]) -> Vec<Cow<'l, [u8]>> {
    let joined = cells
        .iter()
        .enumerate()
        .map(|(number, cell)| match cells.get(number + 1) {
            Some(behind) if spells(cell, b"0000-00-00") && spells(behind, b"00:00:00") => {
                Cow::Owned([cell, &b" "[..], behind].concat())
            }
            _ => cell.clone(),
        });
    joined.collect()
}

/// Whether the text has digits where the form has zeros, and the form's other characters.
fn spells(text: &[u8], form: &[u8]) -> bool {
    let same = |(&b, &f): (&u8, &u8)| {
        if f == b'0' {
            b.is_ascii_digit()
        } else {
            b == f
        }
    };
    text.len() == form.len() && text.iter().zip(form).all(same)
}

/// At least two cells of the row; None where a quote stands elsewhere than round a cell.
fn cells(line: &[u8], separator: u8) -> Option<Vec<Cow<'_, [u8]>>> {
    memchr(separator, line)?;
    let mut cells = Vec::new();
    let mut at = 0;
    while cells.len() < MOST_CELLS {
        let end;
        if line.get(at) == Some(&b'"') {
            let (cell, used) = quoted(&line[at + 1..])?;
            cells.push(cell);
            end = at + 1 + used;
        } else {
            end = memchr(separator, &line[at..]).map_or(line.len(), |n| at + n);
            let cell = &line[at..end];
            if memchr(b'"', cell).is_some() {
                return None;
            }
            cells.push(Cow::Borrowed(cell));
        }
        if end == line.len() {
            return (cells.len() > 1).then_some(cells);
        }
        if line[end] != separator {
            return None;
        }
        at = end + 1;
    }
    None
}

/// The value up to the closing quote, doubled quotes single, and the bytes up to and with that quote.
fn quoted(text: &[u8]) -> Option<(Cow<'_, [u8]>, usize)> {
    let mut plain = Vec::new();
    let mut from = 0;
    loop {
        let quote = from + memchr(b'"', &text[from..])?;
        if text.get(quote + 1) != Some(&b'"') {
            if plain.is_empty() {
                return Some((Cow::Borrowed(&text[..quote]), quote + 1));
            }
            plain.extend_from_slice(&text[from..quote]);
            return Some((Cow::Owned(plain), quote + 1));
        }
        plain.extend_from_slice(&text[from..=quote]);
        from = quote + 2;
    }
}
