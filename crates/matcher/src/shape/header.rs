//! What the header lines of a log have said so far.
use memchr::memmem;

use super::delimited::split;

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
