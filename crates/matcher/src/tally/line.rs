//! A row, read from its line on the wire.
use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::escape::{equal, run};

/// The fields of a line on the wire.
#[derive(Deserialize)]
pub(super) struct Row<'a> {
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    #[serde(borrow)]
    pub indicator: Cow<'a, str>,
    #[serde(borrow)]
    pub family: Cow<'a, str>,
    #[serde(borrow)]
    pub device: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "pairs")]
    pub identity: Identity<'a>,
    #[serde(borrow, default)]
    pub who: Cow<'a, str>,
    #[serde(borrow)]
    pub first_seen: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub last_seen: Option<Cow<'a, str>>,
    pub count: u64,
    #[serde(borrow)]
    pub action: Cow<'a, str>,
    #[serde(borrow)]
    pub logformat: Cow<'a, str>,
}

type Identity<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

fn pairs<'a, D: Deserializer<'a>>(from: D) -> Result<Identity<'a>, D::Error> {
    struct Pairs;
    impl<'a> Visitor<'a> for Pairs {
        type Value = Identity<'a>;
        fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("a map of texts")
        }
        fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut found = Vec::new();
            while let Some((Text(key), Text(value))) = map.next_entry()? {
                found.push((key, value));
            }
            Ok(found)
        }
    }
    from.deserialize_map(Pairs)
}

impl<'a> Row<'a> {
    /// A line as `wire` spells it, up to the evidence; None where anything in it is escaped or spelled otherwise.
    pub fn plain(line: &'a [u8]) -> Option<Row<'a>> {
        let mut rest = Plain(line.strip_suffix(b"\"}")?);
        rest.word(br#"{"type":"sighting","source":""#)?;
        let source = rest.text()?;
        rest.word(br#","indicator":""#)?;
        let indicator = rest.text()?;
        rest.word(br#","kind":""#)?;
        rest.text()?;
        rest.word(br#","family":""#)?;
        let family = rest.text()?;
        rest.word(br#","matched":""#)?;
        rest.text()?;
        rest.word(br#","field":""#)?;
        rest.text()?;
        rest.word(br#","device":"#)?;
        let device = rest.optional()?;
        rest.word(br#","identity":{"#)?;
        let mut identity = Identity::new();
        while rest.word(b"}").is_none() {
            let _ = rest.word(b",");
            rest.word(b"\"")?;
            let key = rest.text()?;
            rest.word(b":\"")?;
            identity.push((key, rest.text()?));
        }
        rest.word(br#","who":""#)?;
        let who = rest.text()?;
        rest.word(br#","day":"#)?;
        rest.optional()?;
        rest.word(br#","first_seen":"#)?;
        let first_seen = rest.optional()?;
        rest.word(br#","last_seen":"#)?;
        let last_seen = rest.optional()?;
        rest.word(br#","count":"#)?;
        let count = rest.number()?;
        rest.word(br#","runs":["#)?;
        rest.behind(b"],\"")?;
        rest.word(br#"action":""#)?;
        let action = rest.text()?;
        rest.word(br#","logformat":""#)?;
        let logformat = rest.text()?;
        rest.word(br#","evidence":""#)?;
        Some(Row {
            source,
            indicator,
            family,
            device,
            identity,
            who,
            first_seen,
            last_seen,
            count,
            action,
            logformat,
        })
    }
}

/// The rest of a line.
struct Plain<'a>(&'a [u8]);

impl<'a> Plain<'a> {
    /// Goes on behind a word.
    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(word)?;
        Some(())
    }

    /// Goes on behind the next such word.
    fn behind(&mut self, word: &[u8]) -> Option<()> {
        let at = memchr::memmem::find(self.0, word)?;
        self.0 = &self.0[at + word.len()..];
        Some(())
    }

    /// A string without escapes, from behind the quote that opens it.
    fn text(&mut self) -> Option<Cow<'a, str>> {
        let end = run(self.0, |word| equal(word, b'"') | equal(word, b'\\'));
        let text = std::str::from_utf8(&self.0[..end]).ok()?;
        self.0 = self.0[end..].strip_prefix(b"\"")?;
        Some(Cow::Borrowed(text))
    }

    /// A string or `null`.
    fn optional(&mut self) -> Option<Option<Cow<'a, str>>> {
        if self.word(b"null").is_some() {
            return Some(None);
        }
        self.word(b"\"")?;
        self.text().map(Some)
    }

    /// At most 18 digits.
    fn number(&mut self) -> Option<u64> {
        let digits = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        let value = || number.iter().fold(0, |n, b| n * 10 + u64::from(b - b'0'));
        (1..=18).contains(&digits).then(value)
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_row_says_what_serde_says() {
        let line = |identity: &str, device: &str, count: &str| {
            format!(
                r#"{{"type":"sighting","source":"s","indicator":"đ.example","kind":"domain","family":"f","matched":"m","field":"query","device":{device},"identity":{{{identity}}},"who":"mac:x","day":null,"first_seen":"2022-09-16T04:00:00.000000Z","last_seen":null,"count":{count},"runs":[[0,1,2],[3,4,5]],"action":"blocked","logformat":"l","evidence":"\" e"}}"#
            )
        };
        let said = |row: Row<'_>| {
            let device = row.device.map(Cow::into_owned);
            let times = (
                row.first_seen.map(Cow::into_owned),
                row.last_seen.map(Cow::into_owned),
            );
            let texts = [
                row.source,
                row.who,
                row.indicator,
                row.family,
                row.action,
                row.logformat,
            ];
            let identity = row.identity.into_iter().map(|(a, b)| format!("{a}={b}"));
            (
                texts.map(Cow::into_owned),
                identity.collect::<Vec<_>>(),
                device,
                times,
                row.count,
            )
        };
        for identity in ["", r#""host":"h""#, r#""host":"h","user":"đạt""#] {
            for device in ["null", "\"10.0.0.1\""] {
                for count in ["1", "123456789012345678"] {
                    let line = line(identity, device, count);
                    let plain = Row::plain(line.as_bytes()).unwrap();
                    assert_eq!(said(plain), said(serde_json::from_str(&line).unwrap()));
                }
            }
        }
        let odd = [
            line(r#""host":"\\""#, "null", "1"),
            line("", "null", "-1"),
            line("", "7", "1"),
        ];
        assert!(odd.iter().all(|line| Row::plain(line.as_bytes()).is_none()));
    }
}
