//! What the header lines of a log have said so far.
use std::borrow::Cow;

use memchr::{memchr, memmem};
use serde::{Deserialize, Serialize};

use super::cells::{cells, split, words};

/// Directives of the W3C extended log file format; Windows adds its `Time Format`.
const W3C: [&[u8]; 8] = [
    b"Version",
    b"Fields",
    b"Software",
    b"Start-Date",
    b"End-Date",
    b"Date",
    b"Remark",
    b"Time Format",
];

/// A line of column names counts in the first bytes of a file.
pub const HEADING_BYTES: u64 = 1 << 16;

/// A separator, and the columns that a line of names must have.
pub type Heading = (u8, Vec<Vec<u8>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Zeek,
    Csv,
    W3c,
}

/// What the header lines of a file have said so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Header {
    /// The reading in which the header stood (0: the line as it is); columns are read in the same reading.
    pub depth: usize,
    pub kind: Kind,
    /// Windows says so by `#Time Format: Local`.
    pub is_local: bool,
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
            depth: 0,
            kind: Kind::Zeek,
            is_local: false,
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
        let value = line.strip_prefix(b"#separator");
        if let Some([b' ' | b'\t', value @ ..]) = value {
            let separator = match &*unescape(value) {
                b"" | b"\\t" => b"\t".to_vec(),
                other => other.to_vec(),
            };
            return Some(Header {
                separator,
                ..Header::default()
            });
        }
        let line = line.strip_prefix(b"#")?;
        if let Some(colon) = memchr(b':', line)
            && W3C.contains(&&line[..colon])
        {
            let value = &line[colon + 1..];
            let mut new = if &line[..colon] == b"Fields" {
                let names = words(value).map(<[u8]>::to_vec);
                Header::named(Kind::W3c, b' ', names.collect())
            } else {
                self.clone()
            };
            new.is_local = if &line[..colon] == b"Time Format" {
                value.trim_ascii().eq_ignore_ascii_case(b"local")
            } else {
                self.is_local
            };
            return Some(new);
        }
        let mut new = if self.kind == Kind::Zeek {
            self.clone()
        } else {
            Header::default()
        };
        let end = memmem::find(line, &new.separator)?;
        let value = line[end + new.separator.len()..].to_vec();
        match &line[..end] {
            b"fields" => new.fields = split(&value, &new.separator).map(<[u8]>::to_vec).collect(),
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

    /// Whether times without a zone are in UTC. The W3C extended log file format says so (WD-logfile-960323, on
    /// dates); Windows Firewall departs from it.
    pub fn is_utc(&self) -> bool {
        self.kind == Kind::W3c && !self.is_local
    }

    fn named(kind: Kind, separator: u8, fields: Vec<Vec<u8>>) -> Header {
        Header {
            kind,
            separator: vec![separator],
            fields,
            ..Header::default()
        }
    }

    /// The header that a line of column names makes, if it names the columns that a format asks for.
    pub fn heading(line: &[u8], rules: &[Heading]) -> Option<Header> {
        rules.iter().find_map(|(separator, named)| {
            if !named.iter().all(|n| memmem::find(line, n).is_some()) {
                return None;
            }
            let names: Vec<Vec<u8>> = cells(line, *separator)
                .into_iter()
                .map(Cow::into_owned)
                .collect();
            let known = named.iter().all(|n| names.contains(n));
            known.then(|| Header::named(Kind::Csv, *separator, names))
        })
    }

    pub fn is_nothing(&self, value: &[u8]) -> bool {
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
