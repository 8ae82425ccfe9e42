//! What the rows of a scan say together, machine by machine and format by format, from their lines on the wire.
//!
//! Where a tenth of all lines hit, making an object of each row takes longer than the whole scan.
use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

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

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Sums by a text, in the order in which the texts came.
#[derive(Debug, Default)]
pub struct Sums {
    places: HashMap<String, usize, RandomState>,
    sums: Vec<(String, u64)>,
}

impl Sums {
    fn add(&mut self, key: &str, count: u64) {
        if let Some(&at) = self.places.get(key) {
            self.sums[at].1 += count;
            return;
        }
        self.places.insert(key.to_owned(), self.sums.len());
        self.sums.push((key.to_owned(), count));
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
        let row: Row<'_> = serde_json::from_slice(line)?;
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
        self.formats
            .add(&format!("{}\n{}", row.source, row.logformat), row.count);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
