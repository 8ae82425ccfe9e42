//! One JSON object of a log line (RFC 8259), as far as fields need it: strings unescaped to bytes, numbers as
//! their source text. Bytes that are not UTF-8 stay; a lone surrogate becomes U+FFFD.
use std::borrow::Cow;

use crate::raw::sixteen::Range;

/// Deeper objects do not parse.
const DEPTH: usize = 100;
/// A syslog header may stand before the object within these bytes.
const PREFIX: usize = 256;

/// Members that most objects do not exceed.
const MEMBERS: usize = 16;
/// What does not simply belong to a string.
const SPECIAL: [Range; 3] = [
    Range::new(b'"', b'"'),
    Range::new(b'\\', b'\\'),
    Range::new(0, 0x1F),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    /// A string, or a number's source text.
    Text(Cow<'a, [u8]>),
    Array(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// Members in their order; of equal keys the last counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object<'a>(Vec<(Cow<'a, [u8]>, Value<'a>)>);

impl<'a> Object<'a> {
    pub fn get(&self, key: &[u8]) -> Option<&Value<'a>> {
        self.0
            .iter()
            .rev()
            .find(|(k, _)| &**k == key)
            .map(|(_, v)| v)
    }

    pub fn members(&self) -> &[(Cow<'a, [u8]>, Value<'a>)] {
        &self.0
    }

    /// The value of a key that is there and not null.
    pub fn some(&self, key: &[u8]) -> Option<&Value<'a>> {
        self.get(key).filter(|v| **v != Value::Null)
    }
}

/// The object of a line, None if there is none or the line does not keep to RFC 8259.
pub fn object(line: &[u8]) -> Option<Object<'_>> {
    let start = memchr::memchr(b'{', &line[..line.len().min(PREFIX)])?;
    let mut reader = Reader {
        text: line,
        at: start,
    };
    let Value::Object(found) = reader.value(DEPTH)? else {
        return None;
    };
    reader.space();
    (reader.at == line.len()).then_some(found)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, b: u8) -> Option<()> {
        (self.peek() == Some(b)).then(|| self.at += 1)
    }

    fn word(&mut self, word: &[u8], value: Value<'a>) -> Option<Value<'a>> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        self.space();
        match self.peek()? {
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            b'"' => self.string().map(Value::Text),
            b't' => self.word(b"true", Value::Bool(true)),
            b'f' => self.word(b"false", Value::Bool(false)),
            b'n' => self.word(b"null", Value::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value<'a>> {
        self.at += 1;
        // Room at once for the outermost only: a hostile line holds hundreds of thousands of empty ones.
        let mut members = Vec::with_capacity(if depth + 1 == DEPTH { MEMBERS } else { 0 });
        self.space();
        if self.eat(b'}').is_some() {
            return Some(Value::Object(Object(members)));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            self.eat(b':')?;
            members.push((key, self.value(depth)?));
            self.space();
            if self.eat(b',').is_none() {
                self.eat(b'}')?;
                return Some(Value::Object(Object(members)));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Value<'a>> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.eat(b']').is_some() {
            return Some(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.space();
            if self.eat(b',').is_none() {
                self.eat(b']')?;
                return Some(Value::Array(items));
            }
        }
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<Value<'a>> {
        let start = self.at;
        let _ = self.eat(b'-');
        if self.eat(b'0').is_none() {
            self.digits()?;
        }
        if self.eat(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(Value::Text(Cow::Borrowed(&self.text[start..self.at])))
    }

    fn string(&mut self) -> Option<Cow<'a, [u8]>> {
        self.eat(b'"')?;
        let start = self.at;
        loop {
            while let Some(near) = self.text[self.at..].first_chunk() {
                let ends = SPECIAL.iter().fold(0, |ends, range| ends | range.of(near));
                self.at += ends.trailing_zeros().min(16) as usize;
                if ends != 0 {
                    break;
                }
            }
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(Cow::Borrowed(&self.text[start..self.at - 1]));
                }
                b'\\' => return self.escaped(start).map(Cow::Owned),
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
    }

    fn escaped(&mut self, start: usize) -> Option<Vec<u8>> {
        let mut out = self.text[start..self.at].to_vec();
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(out);
                }
                b'\\' => {
                    let kind = *self.text.get(self.at + 1)?;
                    self.at += 2;
                    match kind {
                        b'"' | b'\\' | b'/' => out.push(kind),
                        b'b' => out.push(8),
                        b'f' => out.push(12),
                        b'n' => out.push(b'\n'),
                        b'r' => out.push(b'\r'),
                        b't' => out.push(b'\t'),
                        b'u' => self.code_point(&mut out)?,
                        _ => return None,
                    }
                }
                0..0x20 => return None,
                b => {
                    out.push(b);
                    self.at += 1;
                }
            }
        }
    }

    fn hex(&mut self) -> Option<u32> {
        let four = self.text.get(self.at..self.at + 4)?;
        if !four.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(std::str::from_utf8(four).ok()?, 16).ok()
    }

    fn code_point(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let mut code = self.hex()?;
        if (0xD800..0xDC00).contains(&code) && self.text[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 2;
            let low = self.hex()?;
            if (0xDC00..0xE000).contains(&low) {
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            } else {
                self.at = before;
            }
        }
        if (0xDC80..=0xDCFF).contains(&code) {
            // How the portable engine carries a byte that is not UTF-8.
            out.push((code - 0xDC00) as u8);
            return Some(());
        }
        let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_serde_on_what_is_json() {
        for text in [
            r#"{"a":1.50,"b":[true,null,-0e+1],"c":{"d":"x"}}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":NaN}"#,
            "{}",
            r#"{"a":"\u00e9\ud83d\ude00\/"}"#,
            r#"{"a":"x"} y"#,
            r#"{"a":"b"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{a:1}"#,
            "{\"a\":\"\t\"}",
            r#"{"a":[1,2,]}"#,
            r#"{"a":-}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":tru}"#,
            "{ \"a\" : 1 } ",
        ] {
            let serde = serde_json::from_str::<serde_json::Value>(text);
            assert_eq!(object(text.as_bytes()).is_some(), serde.is_ok(), "{text}");
        }
    }

    #[test]
    fn strings_are_unescaped_and_numbers_kept() {
        let line = r#"Sep 16 host app: {"a":"\u00e9\ud83d\ude00\/\ud800","n":1.50,"n":2.0}"#;
        let found = object(line.as_bytes()).unwrap();
        assert_eq!(
            found.get(b"a"),
            Some(&Value::Text(Cow::Borrowed("é😀/\u{fffd}".as_bytes())))
        );
        assert_eq!(found.get(b"n"), Some(&Value::Text(Cow::Borrowed(b"2.0"))));
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
        assert!(object(deep(100).as_bytes()).is_some());
        assert!(object(deep(101).as_bytes()).is_none());
        assert!(object(deep(100_000).as_bytes()).is_none());
    }

    #[test]
    fn empty_objects_hold_no_memory() {
        let line = format!("{{\"x\":[{}]}}", ["{}"; 1000].join(","));
        let found = object(line.as_bytes()).unwrap();
        let Some(Value::Array(items)) = found.get(b"x") else {
            panic!("{found:?}");
        };
        let room = |item: &Value<'_>| match item {
            Value::Object(inside) => inside.0.capacity(),
            _ => usize::MAX,
        };
        assert_eq!(items.iter().map(room).sum::<usize>(), 0);
    }
}
