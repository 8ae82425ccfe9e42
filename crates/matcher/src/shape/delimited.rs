//! Lines of columns that a header, or the format itself, names.
use std::borrow::Cow;
use std::sync::Arc;

use super::cells::{Found, cells, split, words};
use super::header::{Header, Kind};
use crate::format::{Body, FieldId, Format};
use crate::raw::sixteen::{self, Range};

/// The columns of one format under one header.
#[derive(Clone, Debug)]
struct Columns {
    header: Arc<Header>,
    fits: bool,
    /// For each field of the format, its column.
    of: Arc<[Option<usize>]>,
}

/// The fields of one Zeek line.
pub struct Row<'f, 'l> {
    format: &'f Format,
    header: Arc<Header>,
    of: Arc<[Option<usize>]>,
    columns: Vec<&'l [u8]>,
}

/// The fields of one line of cells.
pub struct Cells<'f, 'l> {
    format: &'f Format,
    of: Cow<'f, [Option<usize>]>,
    columns: Vec<Cow<'l, [u8]>>,
}

impl<'f, 'l> Cells<'f, 'l> {
    /// The line under columns that the format names.
    pub fn read(
        format: &'f Format,
        line: &'l [u8],
        separator: u8,
        of: &'f [Option<usize>],
        least: usize,
    ) -> Option<Self> {
        // What Filebeat and others wrap is read when it is peeled. Quotes only make fewer cells.
        if line.first() == Some(&b'{') || memchr::memchr_iter(separator, line).count() + 1 < least {
            return None;
        }
        let columns = cells(line, separator);
        (columns.len() >= least).then_some(Cells {
            format,
            of: Cow::Borrowed(of),
            columns,
        })
    }

    /// The value of a field.
    pub fn first(&self, field: FieldId) -> Option<Cow<'l, [u8]>> {
        let found = self.of[field].and_then(|at| self.columns.get(at));
        let unset = |v: &Cow<'_, [u8]>| self.format.unset.iter().any(|u| **u == **v);
        found.filter(|v| !v.is_empty() && !unset(v)).cloned()
    }
}

/// Keeps where each format finds its columns under the header that was last seen.
#[derive(Debug)]
pub struct Delimited {
    columns: Vec<Option<Columns>>,
}

impl Delimited {
    pub fn new(formats: usize) -> Self {
        Delimited {
            columns: vec![None; formats],
        }
    }

    /// The line under the header, if that is of the kind asked for; the separator matters to cells only.
    pub fn cells<'f, 'l>(
        &mut self,
        number: usize,
        format: &'f Format,
        line: &'l [u8],
        header: &Arc<Header>,
        (kind, separator): (Kind, u8),
    ) -> Option<Cells<'f, 'l>> {
        if header.kind != kind || (kind == Kind::Csv && header.separator != [separator]) {
            return None;
        }
        let of = &self.columns(number, format, header)?.of;
        let columns = match kind {
            Kind::Csv => cells(line, separator),
            _ => words(line).map(Cow::Borrowed).collect(),
        };
        (columns.len() >= header.fields.len()).then(|| Cells {
            format,
            of: Cow::Owned(of.to_vec()),
            columns,
        })
    }

    pub fn zeek<'f, 'l>(
        &mut self,
        number: usize,
        format: &'f Format,
        line: &'l [u8],
        header: &Arc<Header>,
    ) -> Option<Row<'f, 'l>> {
        if header.kind != Kind::Zeek {
            return None;
        }
        let of = &self.columns(number, format, header)?.of;
        let mut columns = Vec::with_capacity(header.fields.len() + 1);
        match header.separator[..] {
            [separator] => {
                let mut start = 0;
                // Columns are short.
                sixteen::each_place(line, &Range::new(separator, separator), |end| {
                    columns.push(&line[start..end]);
                    start = end + 1;
                });
                columns.push(&line[start..]);
            }
            _ => columns.extend(split(line, &header.separator)),
        }
        (columns.len() >= header.fields.len()).then(|| Row {
            format,
            header: header.clone(),
            of: of.clone(),
            columns,
        })
    }

    /// The places of the columns, if the header fits the format.
    fn columns(
        &mut self,
        number: usize,
        format: &Format,
        header: &Arc<Header>,
    ) -> Option<&Columns> {
        let slot = &mut self.columns[number];
        if slot
            .as_ref()
            .is_none_or(|c| !Arc::ptr_eq(&c.header, header))
        {
            let place = |name: &[u8]| header.fields.iter().position(|f| f == name);
            let exists = |key: &[u8]| place(key).is_some();
            let known = if header.kind == Kind::Csv {
                format.shapes.iter().any(|s| match &s.body {
                    Body::Csv { named, .. } => named.iter().all(|n| exists(n)),
                    _ => false,
                })
            } else {
                format.recognise.fits(exists, header.path.as_deref())
            };
            *slot = Some(Columns {
                header: header.clone(),
                fits: !header.fields.is_empty() && known,
                of: format.fields.iter().map(|f| place(f)).collect(),
            });
        }
        slot.as_ref().filter(|c| c.fits)
    }
}

impl<'l> Row<'_, 'l> {
    /// The first value of a field.
    pub fn first(&self, field: FieldId) -> Option<&'l [u8]> {
        let value = self.of[field].map(|at| self.columns[at])?;
        let header = &self.header;
        if header.is_nothing(value) {
            None
        } else if self.format.split[field] {
            split(value, &header.set_separator).find(|v| !header.is_nothing(v))
        } else {
            Some(value)
        }
    }

    pub fn all(&self, field: FieldId) -> Found<'l> {
        let mut out = Found::new();
        self.each(field, |value| out.push(Cow::Borrowed(value)));
        out
    }

    /// Shows each value of a field.
    pub fn each(&self, field: FieldId, mut look: impl FnMut(&'l [u8])) {
        let Some(value) = self.of[field].map(|at| self.columns[at]) else {
            return;
        };
        let header = &self.header;
        if header.is_nothing(value) {
        } else if self.format.split[field] {
            let parts = split(value, &header.set_separator);
            parts.filter(|v| !header.is_nothing(v)).for_each(look);
        } else {
            look(value);
        }
    }
}
