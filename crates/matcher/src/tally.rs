//! What the rows of a scan say together, machine by machine and format by format, from their lines on the wire.
//!
//! Where a tenth of all lines hit, making an object of each row takes longer than the whole scan.
use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::escape::{equal, run};

/// Texts of a sum that are looked through one by one.
const FEW: usize = 8;

/// What a line tells of its row, of all its fields.
#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    indicator: Cow<'a, str>,
    #[serde(borrow)]
    family: Cow<'a, str>,
    #[serde(borrow)]
    device: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "pairs")]
    identity: Identity<'a>,
    #[serde(borrow)]
    first_seen: Option<Cow<'a, str>>,
    #[serde(borrow)]
    last_seen: Option<Cow<'a, str>>,
    count: u64,
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    logformat: Cow<'a, str>,
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
    fn plain(line: &'a [u8]) -> Option<Row<'a>> {
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
        rest.word(br#","day":"#)?;
        rest.optional()?;
        rest.word(br#","first_seen":"#)?;
        let first_seen = rest.optional()?;
        rest.word(br#","last_seen":"#)?;
        let last_seen = rest.optional()?;
        rest.word(br#","count":"#)?;
        let count = rest.number()?;
        rest.word(br#","action":""#)?;
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

/// Sums by a text, in the order in which the texts came.
#[derive(Debug, Default)]
pub struct Sums {
    sums: Vec<(String, u64)>,
    /// Where each stands; empty where they are few.
    places: HashMap<String, usize, RandomState>,
    /// The one that was last added to: rows of one text mostly follow each other.
    last: usize,
}

impl Sums {
    fn add(&mut self, key: &str, count: u64) {
        if let Some((known, sum)) = self.sums.get_mut(self.last)
            && known == key
        {
            *sum += count;
            return;
        }
        let found = if self.sums.len() <= FEW {
            self.sums.iter().position(|(known, _)| known == key)
        } else {
            self.places.get(key).copied()
        };
        self.last = found.unwrap_or(self.sums.len());
        if let Some(at) = found {
            self.sums[at].1 += count;
            return;
        }
        self.sums.push((key.to_owned(), count));
        if self.sums.len() > FEW {
            let new = self.sums.iter().enumerate().skip(self.places.len());
            self.places
                .extend(new.map(|(at, (known, _))| (known.clone(), at)));
        }
    }

    pub fn into_pairs(self) -> Vec<(String, u64)> {
        self.sums
    }
}

/// One device, or all rows without one. `count` is in lines, `rows` in rows.
#[derive(Debug, Default)]
pub struct Machine {
    pub device: String,
    pub identity: Vec<(String, String)>,
    pub families: Sums,
    pub indicators: Sums,
    pub actions: Sums,
    pub sources: Sums,
    pub count: u64,
    pub first: Option<String>,
    pub last: Option<String>,
    pub rows: u64,
}

impl Machine {
    fn add(&mut self, row: &Row<'_>) {
        for (key, value) in &row.identity {
            if !self.identity.iter().any(|(known, _)| known == key) {
                self.identity
                    .push((key.clone().into_owned(), value.clone().into_owned()));
            }
        }
        if !row.family.is_empty() {
            self.families.add(&row.family, row.count);
        }
        self.indicators.add(&row.indicator, row.count);
        self.actions.add(&row.action, row.count);
        self.sources.add(&row.source, row.count);
        self.count += row.count;
        self.rows += 1;
        // Times are spelled so that their order is that of their texts.
        if let Some(first) = &row.first_seen
            && self.first.as_deref().is_none_or(|old| **first < *old)
        {
            self.first = Some(first.clone().into_owned());
        }
        if let Some(last) = &row.last_seen
            && self.last.as_deref().is_none_or(|old| **last > *old)
        {
            self.last = Some(last.clone().into_owned());
        }
    }
}

/// Rows put together as they come.
#[derive(Debug, Default)]
pub struct Tally {
    places: HashMap<String, usize, RandomState>,
    pub machines: Vec<Machine>,
    /// Lines of each source and format, with a line feed between both.
    pub formats: Sums,
    /// Room for the name of one of them.
    format: String,
    /// The begin of a line whose end has not come.
    rest: Vec<u8>,
}

impl Tally {
    /// Takes in a block of lines that may end anywhere. Fails where a line is no row.
    pub fn add(&mut self, block: &[u8]) -> Result<(), serde_json::Error> {
        let mut block = block;
        if !self.rest.is_empty() {
            let Some(end) = memchr::memchr(b'\n', block) else {
                self.rest.extend_from_slice(block);
                return Ok(());
            };
            let mut line = std::mem::take(&mut self.rest);
            line.extend_from_slice(&block[..end]);
            self.row(&line)?;
            block = &block[end + 1..];
        }
        while let Some(end) = memchr::memchr(b'\n', block) {
            self.row(&block[..end])?;
            block = &block[end + 1..];
        }
        self.rest.extend_from_slice(block);
        Ok(())
    }

    fn row(&mut self, line: &[u8]) -> Result<(), serde_json::Error> {
        let row = match Row::plain(line) {
            Some(row) => row,
            None => serde_json::from_slice(line)?,
        };
        let device = row.device.as_deref().unwrap_or_default();
        let at = match self.places.get(device) {
            Some(&at) => at,
            None => {
                self.places.insert(device.to_owned(), self.machines.len());
                self.machines.push(Machine {
                    device: device.to_owned(),
                    ..Machine::default()
                });
                self.machines.len() - 1
            }
        };
        self.machines[at].add(&row);
        self.format.clear();
        self.format.extend([&*row.source, "\n", &*row.logformat]);
        self.formats.add(&self.format, row.count);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_row_says_what_serde_says() {
        let line = |identity: &str, device: &str, count: &str| {
            format!(
                r#"{{"type":"sighting","source":"s","indicator":"đ.example","kind":"domain","family":"f","matched":"m","field":"query","device":{device},"identity":{{{identity}}},"day":null,"first_seen":"2022-09-16T04:00:00.000000Z","last_seen":null,"count":{count},"action":"blocked","logformat":"l","evidence":"\" e"}}"#
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

    #[test]
    fn sums_keep_the_order_in_which_their_texts_came() {
        let mut sums = Sums::default();
        let texts: Vec<String> = (0..3 * FEW).map(|i| format!("t{}", i * 7 % 20)).collect();
        let mut want: Vec<(String, u64)> = Vec::new();
        for text in texts.iter().chain(&texts) {
            sums.add(text, 2);
            match want.iter_mut().find(|(known, _)| known == text) {
                Some((_, sum)) => *sum += 2,
                None => want.push((text.clone(), 2)),
            }
        }
        assert_eq!(sums.into_pairs(), want);
    }

    #[test]
    fn blocks_may_end_anywhere() {
        let line = |device: &str, count: u64| {
            format!(
                r#"{{"type":"sighting","source":"s","indicator":"a\u002fb","family":"","device":{device},"identity":{{"host":"\"x\""}},"first_seen":null,"last_seen":null,"count":{count},"action":"blocked","logformat":"f","evidence":"e"}}"#
            ) + "\n"
        };
        let text = [line("\"d\"", 2), line("null", 1), line("\"d\"", 3)].concat();
        for size in 1..text.len() {
            let mut tally = Tally::default();
            for block in text.as_bytes().chunks(size) {
                tally.add(block).unwrap();
            }
            let found: Vec<_> = tally
                .machines
                .into_iter()
                .map(|m| (m.device, m.count, m.rows, m.indicators.into_pairs()))
                .collect();
            let sum = |n| vec![("a/b".to_owned(), n)];
            let want = [
                ("d".to_owned(), 5, 2, sum(5)),
                (String::new(), 1, 1, sum(1)),
            ];
            assert_eq!(found, want);
            assert_eq!(tally.formats.into_pairs(), [("s\nf".to_owned(), 6)]);
        }
    }
}
