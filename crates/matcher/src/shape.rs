//! A line becomes named fields with values (docs/log-formats.md 2).
use std::borrow::Cow;
use std::sync::Arc;

use memchr::memmem;
use regex::bytes::Captures;

use crate::format::{FieldId, Format, Recognise, Segment, Shape};
use crate::json::{self, Object, Value};

/// What the directives of a Zeek log have said so far.
#[derive(Clone, Debug)]
pub struct Header {
    pub separator: Vec<u8>,
    pub set_separator: Vec<u8>,
    pub empty: Vec<u8>,
    pub unset: Vec<u8>,
    pub path: Option<Vec<u8>>,
    pub fields: Vec<Vec<u8>>,
}

impl Default for Header {
    fn default() -> Self {
        Header {
            separator: b"\t".to_vec(),
            set_separator: b",".to_vec(),
            empty: b"(empty)".to_vec(),
            unset: b"-".to_vec(),
            path: None,
            fields: Vec::new(),
        }
    }
}

impl Header {
    /// The header after this line, or None if the line is no directive.
    pub fn read(&self, line: &[u8]) -> Option<Header> {
        if let Some(value) = line.strip_prefix(b"#separator ") {
            let separator = unescape(value);
            let separator = if separator.is_empty() {
                b"\t".to_vec()
            } else {
                separator
            };
            return Some(Header {
                separator,
                ..Header::default()
            });
        }
        let line = line.strip_prefix(b"#")?;
        let end = memmem::find(line, &self.separator)?;
        let value = line[end + self.separator.len()..].to_vec();
        let mut new = self.clone();
        match &line[..end] {
            b"fields" => new.fields = split(&value, &self.separator).map(<[u8]>::to_vec).collect(),
            b"path" => new.path = Some(value),
            b"set_separator" => {
                new.set_separator = if value.is_empty() {
                    b",".to_vec()
                } else {
                    value
                }
            }
            b"empty_field" => new.empty = value,
            b"unset_field" => new.unset = value,
            b"types" | b"open" | b"close" => {}
            _ => return None,
        }
        Some(new)
    }

    fn is_nothing(&self, value: &[u8]) -> bool {
        value.is_empty() || value == self.unset || value == self.empty
    }
}

/// Undoes `\xNN`.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&b, tail)) = rest.split_first() {
        let code = match rest {
            [b'\\', b'x', hex @ ..]
                if hex.len() >= 2 && hex[..2].iter().all(u8::is_ascii_hexdigit) =>
            {
                std::str::from_utf8(&hex[..2])
                    .ok()
                    .and_then(|h| u8::from_str_radix(h, 16).ok())
            }
            _ => None,
        };
        match code {
            Some(code) => {
                out.push(code);
                rest = &rest[4..];
            }
            None => {
                out.push(b);
                rest = tail;
            }
        }
    }
    out
}

fn split<'a, 's>(
    text: &'a [u8],
    separator: &'s [u8],
) -> impl Iterator<Item = &'a [u8]> + use<'a, 's> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let now = rest?;
        let found = match separator {
            [one] => memchr::memchr(*one, now),
            _ => memmem::find(now, separator),
        };
        match found {
            Some(at) => {
                rest = Some(&now[at + separator.len()..]);
                Some(&now[..at])
            }
            None => rest.take(),
        }
    })
}

/// The columns of one format under one header.
#[derive(Clone, Debug)]
struct Columns {
    header: Arc<Header>,
    fits: bool,
    /// For each field of the format, its column.
    of: Vec<Option<usize>>,
}

/// Reads the lines of all formats under one header after the other.
#[derive(Debug)]
pub struct LineReader {
    pub header: Arc<Header>,
    columns: Vec<Option<Columns>>,
}

/// The fields of one line.
pub enum Values<'f, 'l> {
    Delimited {
        format: &'f Format,
        header: Arc<Header>,
        of: Vec<Option<usize>>,
        columns: Vec<&'l [u8]>,
    },
    Json {
        format: &'f Format,
        object: Arc<Object<'l>>,
        nested: bool,
    },
    Pattern {
        format: &'f Format,
        captures: Captures<'l>,
        groups: &'f [Option<usize>],
    },
}

impl LineReader {
    pub fn new(formats: usize) -> Self {
        LineReader {
            header: Arc::default(),
            columns: vec![None; formats],
        }
    }

    /// Whether the line is a directive; if so the header is brought up to date.
    pub fn is_directive(&mut self, line: &[u8]) -> bool {
        if line.first() != Some(&b'#') {
            return false;
        }
        let new = self.header.read(line);
        let found = new.is_some();
        if let Some(new) = new {
            self.header = Arc::new(new);
        }
        found
    }

    /// All readings of a line by the shapes of a format. `parsed` keeps the JSON object between formats.
    pub fn shape<'f, 'l>(
        &mut self,
        number: usize,
        format: &'f Format,
        shape: &'f Shape,
        line: &'l [u8],
        parsed: &mut Option<Option<Arc<Object<'l>>>>,
    ) -> Option<Values<'f, 'l>> {
        match shape {
            Shape::Delimited => self.delimited(number, format, line),
            Shape::Json { nested } => {
                let object = parsed
                    .get_or_insert_with(|| json::object(line).map(Arc::new))
                    .clone()?;
                let path = format
                    .recognise
                    .path_key
                    .as_deref()
                    .and_then(|key| object.some(key))
                    .map(|v| match v {
                        Value::Text(text) => &**text,
                        _ => b"",
                    });
                let known = recognised(&format.recognise, |key| object.some(key).is_some(), path);
                known.then(|| Values::Json {
                    format,
                    object: object.clone(),
                    nested: *nested,
                })
            }
            Shape::Pattern(patterns) => patterns.iter().find_map(|(regex, groups)| {
                regex.captures(line).map(|captures| Values::Pattern {
                    format,
                    captures,
                    groups,
                })
            }),
        }
    }

    fn delimited<'f, 'l>(
        &mut self,
        number: usize,
        format: &'f Format,
        line: &'l [u8],
    ) -> Option<Values<'f, 'l>> {
        let header = &self.header;
        let slot = &mut self.columns[number];
        if slot
            .as_ref()
            .is_none_or(|c| !Arc::ptr_eq(&c.header, header))
        {
            let place = |name: &[u8]| header.fields.iter().position(|f| f == name);
            let known = recognised(
                &format.recognise,
                |key| place(key).is_some(),
                header.path.as_deref(),
            );
            *slot = Some(Columns {
                header: header.clone(),
                fits: !header.fields.is_empty() && known,
                of: format.fields.iter().map(|f| place(f)).collect(),
            });
        }
        let known = slot.as_ref().filter(|c| c.fits)?;
        let columns: Vec<&[u8]> = split(line, &header.separator).collect();
        (columns.len() >= header.fields.len()).then(|| Values::Delimited {
            format,
            header: header.clone(),
            of: known.of.clone(),
            columns,
        })
    }
}

fn recognised(rule: &Recognise, exists: impl Fn(&[u8]) -> bool, path: Option<&[u8]>) -> bool {
    if path.is_some_and(|path| !rule.path.iter().any(|p| p == path)) {
        return false;
    }
    rule.all.iter().all(|key| exists(key))
        && (path.is_some() || rule.any.is_empty() || rule.any.iter().any(|key| exists(key)))
}

impl<'l> Values<'_, 'l> {
    /// The values of a field, in order; none where the line has none.
    pub fn all(&self, field: FieldId) -> Vec<Cow<'l, [u8]>> {
        match self {
            Values::Delimited {
                format,
                header,
                of,
                columns,
            } => {
                let Some(value) = of[field].map(|at| columns[at]) else {
                    return Vec::new();
                };
                if header.is_nothing(value) {
                    Vec::new()
                } else if format.split[field] {
                    let parts =
                        split(value, &header.set_separator).filter(|v| !header.is_nothing(v));
                    parts.map(Cow::Borrowed).collect()
                } else {
                    vec![Cow::Borrowed(value)]
                }
            }
            Values::Json {
                format,
                object,
                nested,
            } => {
                let mut out = Vec::new();
                if *nested {
                    walk(object, &format.paths[field], &mut out);
                } else if let Some(value) = object.get(&format.fields[field]) {
                    scalars(value, &mut out);
                }
                out
            }
            Values::Pattern {
                format,
                captures,
                groups,
            } => {
                let found = groups[field]
                    .and_then(|g| captures.get(g))
                    .map(|m| m.as_bytes());
                let found = found.filter(|v| !v.is_empty() && !format.unset.iter().any(|u| u == v));
                found.map(Cow::Borrowed).into_iter().collect()
            }
        }
    }
}

fn scalars<'l>(value: &Value<'l>, out: &mut Vec<Cow<'l, [u8]>>) {
    match value {
        Value::Text(text) if !text.is_empty() => out.push(text.clone()),
        Value::Bool(true) => out.push(Cow::Borrowed(b"true")),
        Value::Bool(false) => out.push(Cow::Borrowed(b"false")),
        Value::Array(items) => items.iter().for_each(|item| scalars(item, out)),
        _ => {}
    }
}

fn walk<'l>(object: &Object<'l>, path: &[Segment], out: &mut Vec<Cow<'l, [u8]>>) {
    let Some((step, rest)) = path.split_first() else {
        return;
    };
    let Some(inner) = object.get(&step.key) else {
        return;
    };
    let items: &[Value<'l>] = match (step.each, inner) {
        (false, one) => std::slice::from_ref(one),
        (true, Value::Array(items)) => items,
        (true, _) => &[],
    };
    for item in items {
        if let Some((key, word)) = &step.unlike {
            let Value::Object(object) = item else {
                continue;
            };
            if object
                .get(key)
                .is_some_and(|v| matches!(v, Value::Text(t) if **t == **word))
            {
                continue;
            }
        }
        if rest.is_empty() {
            scalars(item, out);
        } else if let Value::Object(object) = item {
            walk(object, rest, out);
        }
    }
}
