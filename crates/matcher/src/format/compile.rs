//! A format file becomes the values that `shape` and `record` read lines by.
use super::file::{ConditionTable, File, ShapeTable, VariantTable};
use super::{
    Body, Condition, FieldId, Format, IDENTITY, Only, Pattern, ROLES, Recognise, Role, Segment,
    Shape, Subject, Test, Variant,
};
use crate::canonical::address;
use crate::error::Error;
use crate::expression::{End, Expression};
use crate::format::decoders;
use crate::format::key_fields::KeyFields;
use crate::format::{Action, Inside, Part};
use crate::time::TimeKind;

fn bytes(texts: Vec<String>) -> Vec<Vec<u8>> {
    texts.into_iter().map(String::into_bytes).collect()
}

struct Compiler {
    name: String,
    fields: Vec<Vec<u8>>,
    /// Whether a field so far may spell an address backwards.
    reverses: bool,
}

impl Compiler {
    /// An error in the format file, for the caller to return.
    fn error(&self, reason: impl Into<String>) -> Error {
        Error::Format {
            name: self.name.clone(),
            reason: reason.into(),
        }
    }

    /// The number of a field. A name that is new is added to the fields.
    fn field_id(&mut self, name: &str) -> FieldId {
        let known = self.fields.iter().position(|f| f == name.as_bytes());
        known.unwrap_or_else(|| {
            self.fields.push(name.as_bytes().to_vec());
            self.fields.len() - 1
        })
    }

    /// For each field, the JSON inside another field that it names; empty where no field names any.
    fn inside(&mut self) -> Result<Vec<Option<Inside>>, Error> {
        let names = self.fields.clone();
        if !names.iter().any(|name| name.ends_with(b"}")) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for name in &names {
            let parts = name
                .strip_suffix(b"}")
                .and_then(|name| std::str::from_utf8(name).ok()?.split_once('{'));
            found.push(match parts {
                None => None,
                Some((field, path)) => Some(Inside {
                    field: self.field_id(field),
                    path: match path {
                        "" => Vec::new(),
                        path => segments(path.as_bytes())
                            .ok_or_else(|| self.error("a field that is no JSON path"))?,
                    },
                }),
            });
        }
        Ok(found)
    }

    fn conditions(&mut self, tables: Vec<ConditionTable>) -> Result<Vec<Condition>, Error> {
        tables
            .into_iter()
            .map(|table| self.condition(table))
            .collect()
    }

    fn condition(&mut self, table: ConditionTable) -> Result<Condition, Error> {
        let names: Vec<String> = table.field.into_iter().chain(table.fields).collect();
        let subject = match table.role {
            Some(word) => {
                let role = ROLES.iter().find(|(_, name)| *name == word);
                Subject::Role(
                    role.ok_or_else(|| self.error(format!("unknown role '{word}'")))?
                        .0,
                )
            }
            None if names.is_empty() => return Err(self.error("a condition without a field")),
            None => Subject::Fields(names.iter().map(|name| self.field_id(name)).collect()),
        };
        let test = if let Some(present) = table.present {
            Test::Present(present)
        } else if let Some(values) = table.r#in {
            Test::In(bytes(values))
        } else if let Some(values) = table.not_in {
            Test::NotIn(bytes(values))
        } else if let Some(values) = table.prefix {
            Test::Prefix(bytes(values))
        } else if let Some(values) = table.address_in {
            let parsed = values.iter().map(|v| address::parse(v.as_bytes()));
            Test::AddressIn(
                parsed
                    .collect::<Option<_>>()
                    .ok_or_else(|| self.error("address_in without an address"))?,
            )
        } else if let Some(values) = table.words {
            Test::Words(
                values
                    .iter()
                    .map(|v| v.to_ascii_lowercase().into())
                    .collect(),
            )
        } else {
            return Err(self.error("a condition without a test"));
        };
        Ok(Condition { subject, test })
    }

    fn variant(&mut self, table: VariantTable) -> Result<Variant, Error> {
        let roles = ROLES.map(|(role, _)| {
            let names = table.role(role).iter();
            names.map(|n| self.field_id(n)).collect()
        });
        let mut identity: [Vec<FieldId>; IDENTITY.len()] = Default::default();
        let mut nat_port = Vec::new();
        for (key, names) in table.identity {
            if key == "nat_port" {
                nat_port = names.iter().map(|n| self.field_id(n)).collect();
                continue;
            }
            let at = IDENTITY.iter().position(|k| *k == key);
            let at = at.ok_or_else(|| self.error(format!("unknown identity {key}")))?;
            identity[at] = names.iter().map(|n| self.field_id(n)).collect();
        }
        let time_kinds = table.time.r#as.iter().map(|word| TimeKind::parse(word));
        let mut decode = Vec::new();
        for (field, word) in table.decode {
            let decoder = decoders::named(&word)
                .ok_or_else(|| self.error(format!("unknown decoder '{word}'")))?;
            self.reverses |= word == "trigger";
            decode.push((self.field_id(&field), decoder));
        }
        Ok(Variant {
            decode,
            when: self.conditions(table.when)?,
            roles,
            time_kinds: time_kinds
                .collect::<Option<_>>()
                .ok_or_else(|| self.error("unknown kind of time"))?,
            time_fields: table.time.fields.iter().map(|n| self.field_id(n)).collect(),
            time_join: table.time.join.iter().map(|n| self.field_id(n)).collect(),
            identity,
            nat_port,
            server_ports: table.server_ports,
            actions: table
                .actions
                .into_iter()
                .map(|a| {
                    let action =
                        Action::parse(&a.action).ok_or_else(|| self.error("unknown action"))?;
                    Ok((action, self.conditions(a.when)?))
                })
                .collect::<Result<_, Error>>()?,
        })
    }

    /// The compiled pattern of `text`. Its groups are fields, numbered later by `place_fields`: more fields
    /// may come.
    fn expression(&mut self, table: &ShapeTable, text: &str, end: End) -> Result<Pattern, Error> {
        let text = table.define.iter().fold(text.to_owned(), |p, (k, v)| {
            p.replace(&format!("<<{k}>>"), v)
        });
        let expression =
            Expression::new(&text, end).map_err(|e| self.error(format!("pattern: {e}")))?;
        for name in expression.names() {
            self.field_id(name);
        }
        Ok((expression, Vec::new()))
    }

    fn shape(&mut self, table: &ShapeTable) -> Result<Shape, Error> {
        let words = (
            table.r#type.as_str(),
            table.header.as_deref(),
            table.keys.as_deref(),
        );
        let body = match words {
            ("delimited", Some("zeek"), _) => Body::Zeek,
            ("delimited", Some("w3c"), _) => Body::W3c,
            ("delimited", Some("csv"), _) => Body::Csv {
                separator: self.separator(table, b',')?,
                named: bytes(table.named.clone()),
            },
            ("delimited", None, _) if !table.columns.is_empty() => Body::Columns {
                separator: self.separator(table, b',')?,
                of: Vec::new(),
                least: table.least.unwrap_or(table.columns.len()),
            },
            ("pairs", ..) if table.pairs.as_deref() == Some("cef") => Body::Cef,
            ("pairs", ..) if table.pairs.as_deref() == Some("cells") => Body::PairCells,
            ("pairs", ..) if table.pairs.as_deref() == Some("colon") => Body::PairColons,
            ("pairs", ..) => Body::Pairs {
                separator: self.separator(table, b' ')?,
            },
            ("json", _, Some("flat")) => Body::Json { nested: false },
            ("json", _, Some("nested")) => Body::Json { nested: true },
            ("pattern", ..) => {
                let patterns = table.patterns.iter();
                let compiled = patterns.map(|p| self.expression(table, p, End::Line));
                Body::Pattern(compiled.collect::<Result<_, _>>()?)
            }
            // Also a known type without the further keys that it needs.
            _ => return Err(self.error(format!("unknown shape '{}'", table.r#type))),
        };
        let head = table.head.as_deref();
        let head = head.map(|text| self.expression(table, text, End::Anywhere));
        Ok(Shape {
            takes_head: table.columns.first().is_some_and(String::is_empty),
            head: head.transpose()?,
            body,
        })
    }

    fn separator(&self, table: &ShapeTable, usual: u8) -> Result<u8, Error> {
        match table.separator.as_deref().map(str::as_bytes) {
            None => Ok(usual),
            Some([one]) => Ok(*one),
            Some(_) => Err(self.error("a separator is one byte")),
        }
    }

    /// Fills in the group or column of each field. Called when all fields of the file are known.
    fn place_fields(&self, shape: &mut Shape, table: &ShapeTable) {
        let place = |pattern: &mut Pattern| {
            let (expression, groups) = pattern;
            *groups = self.fields.iter().map(|f| expression.group(f)).collect();
        };
        shape.head.iter_mut().for_each(place);
        match &mut shape.body {
            Body::Pattern(patterns) => patterns.iter_mut().for_each(place),
            Body::Columns { of, .. } => {
                // Of several columns with one name, the last counts.
                let at = |f: &Vec<u8>| table.columns.iter().rposition(|c| c.as_bytes() == f);
                *of = self.fields.iter().map(at).collect();
            }
            _ => {}
        }
    }
}

impl Format {
    /// Compiles one format file.
    pub fn parse(text: &str) -> Result<Format, Error> {
        let file: File = toml::from_str(text).map_err(|e| Error::Format {
            name: written_name(text).unwrap_or("?").to_owned(),
            reason: e.message().to_owned(),
        })?;
        let mut compiler = Compiler {
            name: file.name.clone(),
            fields: Vec::new(),
            reverses: false,
        };
        let variants = file
            .variant
            .into_iter()
            .map(|v| compiler.variant(v))
            .collect::<Result<Vec<_>, _>>()?;
        let tables = &file.shape;
        let mut shapes = tables
            .iter()
            .map(|t| compiler.shape(t))
            .collect::<Result<Vec<_>, _>>()?;
        let inside = compiler.inside()?;
        for (shape, table) in shapes.iter_mut().zip(tables) {
            compiler.place_fields(shape, table);
        }
        let nested_paths = shapes
            .iter()
            .any(|s| matches!(s.body, Body::Json { nested: true }));
        let mut split = vec![false; compiler.fields.len()];
        for variant in &variants {
            variant
                .role(Role::Answers)
                .iter()
                .for_each(|&f| split[f] = true);
        }
        let paths = if nested_paths {
            // The path of a field inside another is none of the line's own.
            let own = |f: &[u8]| {
                if f.ends_with(b"}") {
                    Some(Vec::new())
                } else {
                    segments(f)
                }
            };
            let parsed = compiler.fields.iter().map(|f| own(f));
            parsed
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| compiler.error("a field that is no JSON path"))?
        } else {
            Vec::new()
        };
        let numbers = compiler.fields.iter().cloned().zip(0..);
        Ok(Format {
            name: file.name,
            unset: bytes(file.unset),
            recognise: Recognise {
                path_key: file.recognise.path_key.map(String::into_bytes),
                path: bytes(file.recognise.path),
                all: bytes(file.recognise.all),
                any: bytes(file.recognise.any),
            },
            shapes,
            key_fields: KeyFields::of(&variants),
            variants,
            reverses: compiler.reverses,
            numbers: numbers.collect(),
            paths,
            split,
            wrapper: compiler.fields.iter().map(|f| Part::of_field(f)).collect(),
            inside,
            fields: compiler.fields,
        })
    }
}

/// The name that a text of a format file gives to its format, although the text does not parse: for the
/// error.
fn written_name(text: &str) -> Option<&str> {
    let mut lines = text.lines();
    let name = lines.find_map(|line| line.strip_prefix("name = \""))?;
    name.strip_suffix('"')
}

/// The steps of a path into nested JSON: `key`, `key[]`, `key[other!=WORD]` or `key[other=WORD]`, joined by dots. A text with a space is one
/// key. None for any other text.
fn segments(path: &[u8]) -> Option<Vec<Segment>> {
    let plain = |key: &[u8]| Segment {
        key: key.to_vec(),
        each: false,
        only: None,
    };
    if path.contains(&b' ') {
        return Some(vec![plain(path)]);
    }
    let mut out = Vec::new();
    let mut rest = path;
    loop {
        let end = rest
            .iter()
            .position(|b| b".[".contains(b))
            .unwrap_or(rest.len());
        let mut segment = plain(&rest[..end]);
        if segment.key.is_empty() {
            return None;
        }
        rest = &rest[end..];
        if let Some(after) = rest.strip_prefix(b"[]") {
            segment.each = true;
            rest = after;
        }
        if let Some(after) = rest.strip_prefix(b"[") {
            let close = memchr::memchr(b']', after)?;
            let middle = memchr::memchr(b'=', &after[..close])?;
            let (key, word) = (&after[..middle], after[middle + 1..close].to_vec());
            segment.only = Some(match key.strip_suffix(b"!") {
                Some(key) => (key.to_vec(), Only::Unlike(word)),
                None => (key.to_vec(), Only::Like(word)),
            });
            rest = &after[close + 1..];
        }
        out.push(segment);
        match rest {
            [] => return Some(out),
            [b'.', tail @ ..] => rest = tail,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_step_by_step() {
        let path = segments(b"dns.answers[][rrtype!=TXT].rdata").unwrap();
        assert_eq!(path.len(), 3);
        assert!(path[1].each);
        let unlike = Only::Unlike(b"TXT".to_vec());
        assert_eq!(path[1].only, Some((b"rrtype".to_vec(), unlike)));
        let path = segments(b"headers[][name=Host].value").unwrap();
        let like = Only::Like(b"Host".to_vec());
        assert_eq!(path[0].only, Some((b"name".to_vec(), like)));
        assert_eq!(segments(b"a..b"), None);
        assert_eq!(segments(b"a[b"), None);
    }

    #[test]
    fn a_mistake_in_a_file_is_named() {
        let text = "name = \"x\"\n[[shape]]\ntype = \"csv\"\n[[variant]]\nname = \"v\"\n";
        assert!(
            Format::parse(text)
                .unwrap_err()
                .to_string()
                .contains("unknown shape 'csv'")
        );
        let text = "name = \"odd.one\"\n[[shape]]\ntype = \"pattern\"\n[[variant]]\nname = \"v\"\nclints = [\"a\"]\n";
        let problem = Format::parse(text).unwrap_err().to_string();
        assert!(problem.contains("odd.one") && problem.contains("clints"));
    }
}
