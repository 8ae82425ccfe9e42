//! Lines of columns that a header names.
use std::borrow::Cow;
use std::sync::Arc;

use memchr::memmem;

use super::header::Header;
use super::recognised;
use crate::format::{FieldId, Format};

pub fn split<'a, 's>(
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

/// The fields of one line.
pub struct Row<'f, 'l> {
    format: &'f Format,
    header: Arc<Header>,
    of: Vec<Option<usize>>,
    columns: Vec<&'l [u8]>,
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

    pub fn read<'f, 'l>(
        &mut self,
        number: usize,
        format: &'f Format,
        line: &'l [u8],
        header: &Arc<Header>,
    ) -> Option<Row<'f, 'l>> {
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
        (columns.len() >= header.fields.len()).then(|| Row {
            format,
            header: header.clone(),
            of: known.of.clone(),
            columns,
        })
    }
}

impl<'l> Row<'_, 'l> {
    pub fn all(&self, field: FieldId) -> Vec<Cow<'l, [u8]>> {
        let Some(value) = self.of[field].map(|at| self.columns[at]) else {
            return Vec::new();
        };
        let header = &self.header;
        if header.is_nothing(value) {
            Vec::new()
        } else if self.format.split[field] {
            let parts = split(value, &header.set_separator).filter(|v| !header.is_nothing(v));
            parts.map(Cow::Borrowed).collect()
        } else {
            vec![Cow::Borrowed(value)]
        }
    }
}
