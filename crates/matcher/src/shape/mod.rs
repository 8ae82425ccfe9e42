//! A line becomes named fields with values (docs/log-formats.md 2).
mod cells;
mod delimited;
mod envelope;
mod header;
mod json;
mod object;
mod pairs;
mod pattern;
pub(crate) mod wrapper;

use std::borrow::Cow;
use std::sync::Arc;

pub use header::{HEADING_BYTES, Header};
use header::{Heading, Kind};

use crate::format::{Body, FieldId, Format, Inside, Shape};
pub use crate::shape::cells::Found;
use crate::shape::json::Object;
use crate::shape::wrapper::Readings;

/// Reads the lines of all formats under one header after the other.
#[derive(Debug)]
pub struct LineReader {
    pub header: Arc<Header>,
    headings: Vec<Heading>,
    delimited: delimited::Delimited,
}

/// The fields of one line.
pub struct Values<'f, 'l> {
    head: Option<Box<pattern::Groups<'f, 'l>>>,
    body: Fields<'f, 'l>,
    inside: &'f [Option<Inside>],
}

enum Fields<'f, 'l> {
    Zeek(delimited::Row<'f, 'l>),
    Cells(delimited::Cells<'f, 'l>),
    Pairs(pairs::Pairs<'f, 'l>),
    Json(object::Fields<'f, 'l>),
    Pattern(pattern::Groups<'f, 'l>),
}

impl LineReader {
    pub fn new(formats: &[&Format]) -> Self {
        let mut headings = Vec::new();
        for format in formats {
            for shape in &format.shapes {
                if let Body::Csv { separator, named } = &shape.body {
                    headings.push((*separator, named.clone()));
                }
            }
        }
        LineReader {
            header: Arc::default(),
            headings,
            delimited: delimited::Delimited::new(formats.len()),
        }
    }

    /// Whether the line is a header line; if so the header is brought up to date. `offset` is the line's first
    /// byte in the file.
    pub fn is_directive(&mut self, line: &[u8], offset: u64) -> bool {
        let mut new = match line.first() {
            Some(b'#') => self.header.read(line),
            _ => None,
        };
        let mut depth = 0;
        if new.is_none() && offset < HEADING_BYTES {
            new = Header::heading(line, &self.headings);
            if new.is_none()
                && let Some((wrapped, number)) = self.wrapped_directive(line)
            {
                (new, depth) = (Some(wrapped), number);
            }
        }
        let found = new.is_some();
        if let Some(new) = new {
            self.header = Arc::new(Header { depth, ..new });
        }
        found
    }

    fn wrapped_directive(&self, line: &[u8]) -> Option<(Header, usize)> {
        memchr::memchr(b'#', line)?;
        let readings = Readings::new(line);
        let mut peeled = (1..).map_while(|n| Some((readings.get(n)?.0, n)));
        peeled.find_map(|(text, number)| {
            let new = text.starts_with(b"#").then(|| self.header.read(text))?;
            Some((new?, number))
        })
    }

    /// The fields of a reading by one shape of a format; `depth` is its number. `parsed` keeps the JSON object between formats.
    // Without inlining, the large result would be copied.
    #[inline(always)]
    pub fn shape<'f, 'l>(
        &mut self,
        number: usize,
        format: &'f Format,
        shape: &'f Shape,
        (line, depth): (&'l [u8], usize),
        parsed: &mut Option<Option<Arc<Object<'l>>>>,
    ) -> Option<Values<'f, 'l>> {
        let (head, line) = match &shape.head {
            Some(pattern) => {
                let (groups, rest) = pattern::Groups::start(format, pattern, line)?;
                (Some(Box::new(groups)), rest)
            }
            None => (None, line),
        };
        let (reader, header) = (&mut self.delimited, &self.header);
        let body = match &shape.body {
            Body::Zeek | Body::W3c | Body::Csv { .. } if depth != header.depth => return None,
            Body::Zeek => Fields::Zeek(reader.zeek(number, format, line, header)?),
            Body::W3c => {
                let kind = (Kind::W3c, b' ');
                Fields::Cells(reader.cells(number, format, line, header, kind)?)
            }
            Body::Csv { separator, .. } => {
                let kind = (Kind::Csv, *separator);
                Fields::Cells(reader.cells(number, format, line, header, kind)?)
            }
            Body::Columns {
                separator,
                of,
                least,
            } => {
                let cells = delimited::Cells::read(format, line, *separator, of, *least)?;
                Fields::Cells(cells)
            }
            Body::Pairs { separator } => {
                Fields::Pairs(pairs::Pairs::quoted(format, line, *separator)?)
            }
            Body::Cef => Fields::Pairs(pairs::Pairs::cef(format, line)?),
            Body::PairCells => Fields::Pairs(pairs::Pairs::cells(format, line)?),
            Body::PairColons => Fields::Pairs(pairs::Pairs::colon(format, line)?),
            Body::Json { nested } => {
                let object = parsed
                    .get_or_insert_with(|| json::object(line).map(Arc::new))
                    .clone()?;
                Fields::Json(object::Fields::read(format, *nested, object)?)
            }
            Body::Pattern(patterns) => {
                Fields::Pattern(pattern::Groups::read(format, patterns, line)?)
            }
        };
        Some(Values {
            head,
            body,
            inside: &format.inside,
        })
    }
}

impl<'l> Values<'_, 'l> {
    /// The values of a field that names JSON inside another field; None for any other field.
    fn of_inside(&self, field: FieldId) -> Option<Found<'l>> {
        let inside = self.inside.get(field)?.as_ref()?;
        let texts = self.all(inside.field);
        if inside.path.is_empty() {
            return Some(texts);
        }
        let found = texts
            .iter()
            .flat_map(|text| object::inside(text, &inside.path));
        Some(found.collect())
    }

    /// The first value of a field.
    pub fn first(&self, field: FieldId) -> Option<Cow<'l, [u8]>> {
        if let Some(found) = self.of_inside(field) {
            return found.into_iter().next();
        }
        let head = self.head.as_ref().and_then(|head| head.first(field));
        if let Some(found) = head {
            return Some(Cow::Borrowed(found));
        }
        match &self.body {
            Fields::Zeek(row) => row.first(field).map(Cow::Borrowed),
            Fields::Cells(cells) => cells.first(field),
            Fields::Pairs(pairs) => pairs.first(field),
            Fields::Json(object) => object.first(field),
            Fields::Pattern(groups) => groups.first(field).map(Cow::Borrowed),
        }
    }

    /// The groups of a pattern that are all there is of the line.
    #[inline]
    pub fn groups(&self) -> Option<&pattern::Groups<'_, 'l>> {
        match &self.body {
            Fields::Pattern(groups) if self.head.is_none() && self.inside.is_empty() => {
                Some(groups)
            }
            _ => None,
        }
    }

    /// Shows each value of a field.
    #[inline]
    pub fn each(&self, field: FieldId, mut look: impl FnMut(&[u8])) {
        if let Some(found) = self.of_inside(field) {
            return found.iter().for_each(|v| look(v));
        }
        match &self.body {
            Fields::Json(object) if self.head.is_none() => object.each(field, &mut |v| look(v)),
            Fields::Zeek(row) if self.head.is_none() => row.each(field, look),
            Fields::Pattern(groups) if self.head.is_none() => {
                groups.first(field).into_iter().for_each(&mut look);
            }
            _ => self.first(field).iter().for_each(|v| look(v)),
        }
    }

    /// The values of a field, in order; none where the line has none.
    pub fn all(&self, field: FieldId) -> Found<'l> {
        if let Some(found) = self.of_inside(field) {
            return found;
        }
        let head = self.head.as_ref().and_then(|head| head.first(field));
        match &self.body {
            Fields::Json(object) if head.is_none() => object.all(field),
            Fields::Zeek(row) if head.is_none() => row.all(field),
            _ => self.first(field).into_iter().collect(),
        }
    }
}
