//! The rows of a scan summed by machine and by format, from their lines on the wire.
//!
//! Where a tenth of all lines hit, making an object of each row takes longer than the whole scan.
mod line;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use self::line::Row;
use crate::time;

/// So few texts of a sum are compared one by one.
const FEW: usize = 8;

/// Texts, each with a number, in the order in which they came.
#[derive(Debug, Default)]
struct Names {
    texts: Vec<String>,
    numbers: HashMap<String, u32, RandomState>,
    /// The text that was asked for last: rows of one text mostly follow each other.
    last: usize,
}

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        if self.texts.get(self.last).is_none_or(|last| last != text) {
            self.last = match self.numbers.get(text) {
                Some(&number) => number as usize,
                None => {
                    let number = self.texts.len();
                    self.numbers.insert(text.to_owned(), number as u32);
                    self.texts.push(text.to_owned());
                    number
                }
            };
        }
        self.last as u32
    }
}

/// Sums by the number of a text, in the order in which the texts came. Each machine has four, mostly of one text.
#[derive(Debug, Default)]
struct Sums {
    sums: SmallVec<[(u32, u64); 1]>,
    /// The place of each text that was there at the last search; empty where texts are few.
    #[expect(
        clippy::box_collection,
        reason = "most have none, and there may be millions"
    )]
    places: Option<Box<HashMap<u32, u32, RandomState>>>,
    /// The greatest number so far: one beyond it is new. Items come in order, so theirs are never looked for.
    greatest: u32,
    /// The sum that was added to last: rows of one text mostly follow each other.
    last: u32,
}

impl Sums {
    fn add(&mut self, key: u32, count: u64) {
        if let Some((known, sum)) = self.sums.get_mut(self.last as usize)
            && *known == key
        {
            *sum += count;
            return;
        }
        let found = if key > self.greatest {
            None
        } else if self.sums.len() <= FEW {
            self.sums.iter().position(|(known, _)| *known == key)
        } else {
            let places = self.places.get_or_insert_default();
            let new = (0..).zip(&self.sums).skip(places.len());
            places.extend(new.map(|(at, (known, _))| (*known, at)));
            places.get(&key).map(|&at| at as usize)
        };
        self.last = found.unwrap_or(self.sums.len()) as u32;
        if let Some(at) = found {
            self.sums[at].1 += count;
            return;
        }
        self.sums.push((key, count));
        self.greatest = self.greatest.max(key);
    }

    fn named<'a>(&self, names: &'a Names) -> Vec<(&'a str, u64)> {
        let named = |&(number, sum): &(u32, u64)| (&*names.texts[number as usize], sum);
        self.sums.iter().map(named).collect()
    }

    /// The greatest sums; of equal sums the first that came.
    fn most<'a>(&self, names: &'a Names, most: usize) -> Vec<(&'a str, u64)> {
        let mut named = self.named(names);
        named.sort_by_key(|(_, sum)| Reverse(*sum));
        named.truncate(most);
        named
    }
}

/// One device, or all rows without one.
#[derive(Debug, Default)]
struct Machine {
    device: Box<str>,
    identity: Vec<(String, String)>,
    /// What its rows say to tell it from others with the device.
    whos: SmallVec<[u32; 1]>,
    families: Sums,
    indicators: Sums,
    actions: Sums,
    sources: Sums,
    count: u64,
    first: Option<Box<str>>,
    last: Option<Box<str>>,
    /// Times in microseconds.
    first_micros: Option<i64>,
    last_micros: Option<i64>,
    rows: u64,
}

impl Machine {
    fn identify<'a>(&mut self, identity: impl Iterator<Item = (&'a str, &'a str)>) {
        for (key, value) in identity {
            if !self.identity.iter().any(|(known, _)| known == key) {
                self.identity.push((key.to_owned(), value.to_owned()));
            }
        }
    }

    fn add(&mut self, numbers: Numbers, count: u64) {
        if let Some(family) = numbers.family {
            self.families.add(family, count);
        }
        self.indicators.add(numbers.indicator, count);
        self.actions.add(numbers.action, count);
        self.sources.add(numbers.source, count);
        self.count += count;
        self.rows += 1;
    }

    /// Times are spelled so that their order is that of their texts.
    fn widen(&mut self, first: Option<&str>, last: Option<&str>) {
        if let Some(first) = first
            && self.first.as_deref().is_none_or(|old| first < old)
        {
            self.first = Some(first.into());
        }
        if let Some(last) = last
            && self.last.as_deref().is_none_or(|old| last > old)
        {
            self.last = Some(last.into());
        }
    }
}

/// The parts of a row, by the numbers of their texts.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers {
    indicator: u32,
    family: Option<u32>,
    action: u32,
    source: u32,
}

/// The sums of a machine. `count` is in lines, `rows` in rows.
#[derive(Debug, PartialEq, Eq)]
pub struct MachineTotals<'a> {
    pub device: &'a str,
    pub identity: Vec<(&'a str, &'a str)>,
    /// The values that tell machines with this device apart, in the order in which they came.
    pub whos: Vec<&'a str>,
    pub families: Vec<(&'a str, u64)>,
    pub actions: Vec<(&'a str, u64)>,
    pub sources: Vec<(&'a str, u64)>,
    /// The number of different indicators.
    pub indicators: usize,
    pub count: u64,
    pub first: Option<Cow<'a, str>>,
    pub last: Option<Cow<'a, str>>,
    pub rows: u64,
}

/// A row of a scan that has not been spelled as a line.
pub(crate) struct Counted<'a> {
    pub count: u64,
    pub action: &'a str,
    pub format: &'a str,
    pub first: Option<i64>,
    pub last: Option<i64>,
}

fn spelled(text: Option<&str>, micros: Option<i64>) -> Option<Cow<'_, str>> {
    let known = text.map(Cow::Borrowed);
    known.or_else(|| micros.map(|micros| Cow::Owned(time::iso(micros))))
}

/// Rows summed as they come.
#[derive(Debug, Default)]
pub struct Tally {
    places: HashMap<Box<str>, usize, RandomState>,
    machines: Vec<Machine>,
    whos: Names,
    indicators: Names,
    families: Names,
    actions: Names,
    sources: Names,
    /// Sources and formats, with a line feed between both.
    formats: Names,
    format_lines: Sums,
    /// Source and format of the last row: the source by number, the format, and the number of both.
    format: (u32, String, u32),
    /// The source and the item of the next rows.
    at: Numbers,
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
}

impl Tally {
    /// Adds a block of lines; a block may end anywhere. Fails where a line is no row.
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
        self.item(&row.indicator, &row.family);
        let at = self.machine(row.device.as_deref().unwrap_or_default());
        self.who(at, &row.who);
        self.at.source = self.sources.number(&row.source);
        self.at.action = self.actions.number(&row.action);
        let machine = &mut self.machines[at];
        machine.identify(row.identity.iter().map(|(key, value)| (&**key, &**value)));
        machine.add(self.at, row.count);
        machine.widen(row.first_seen.as_deref(), row.last_seen.as_deref());
        self.count_format(&row.logformat, row.count);
        Ok(())
    }

    /// Of the source at hand.
    fn count_format(&mut self, format: &str, count: u64) {
        let source = self.at.source;
        if self.formats.texts.is_empty() || self.format.0 != source || self.format.1 != format {
            let both = [&self.sources.texts[source as usize], "\n", format].concat();
            self.format = (source, format.to_owned(), self.formats.number(&both));
        }
        self.format_lines.add(self.format.2, count);
    }

    /// The next rows are of this source.
    pub(crate) fn source(&mut self, source: &str) {
        self.at.source = self.sources.number(source);
    }

    /// The next rows are of this item.
    pub(crate) fn item(&mut self, indicator: &str, family: &str) {
        self.at.indicator = self.indicators.number(indicator);
        self.at.family = (!family.is_empty()).then(|| self.families.number(family));
    }

    /// The next rows of a machine say so of who it is; nothing if this is empty.
    pub(crate) fn who(&mut self, machine: usize, who: &str) {
        if !who.is_empty() {
            let number = self.whos.number(who);
            let known = &mut self.machines[machine].whos;
            if known.last() != Some(&number) && !known.contains(&number) {
                known.push(number);
            }
        }
    }

    /// The place of a machine.
    pub(crate) fn machine(&mut self, device: &str) -> usize {
        if let Some(&at) = self.places.get(device) {
            return at;
        }
        let at = self.machines.len();
        self.places.insert(device.into(), at);
        self.machines.push(Machine {
            device: device.into(),
            ..Machine::default()
        });
        at
    }

    /// Adds a row of the source and the item at hand.
    pub(crate) fn count<'a>(
        &mut self,
        machine: usize,
        row: &Counted<'_>,
        identity: impl Iterator<Item = (&'a str, &'a str)>,
    ) {
        self.at.action = self.actions.number(row.action);
        let machine = &mut self.machines[machine];
        machine.identify(identity);
        machine.add(self.at, row.count);
        let least = |old: Option<i64>, new: i64| old.map_or(new, |old| old.min(new));
        let greatest = |old: Option<i64>, new: i64| old.map_or(new, |old| old.max(new));
        if let Some(first) = row.first {
            machine.first_micros = Some(least(machine.first_micros, first));
        }
        if let Some(last) = row.last {
            machine.last_micros = Some(greatest(machine.last_micros, last));
        }
        self.count_format(row.format, row.count);
    }

    /// The machines in the order in which they came, without the first `start`.
    pub fn machines(&self, start: usize) -> impl Iterator<Item = MachineTotals<'_>> {
        self.machines
            .iter()
            .skip(start)
            .map(|machine| MachineTotals {
                device: &machine.device,
                identity: machine
                    .identity
                    .iter()
                    .map(|(key, value)| (&**key, &**value))
                    .collect(),
                whos: {
                    let whos = machine.whos.iter();
                    whos.map(|&number| &*self.whos.texts[number as usize])
                        .collect()
                },
                families: machine.families.named(&self.families),
                actions: machine.actions.named(&self.actions),
                sources: machine.sources.named(&self.sources),
                indicators: machine.indicators.sums.len(),
                count: machine.count,
                first: spelled(machine.first.as_deref(), machine.first_micros),
                last: spelled(machine.last.as_deref(), machine.last_micros),
                rows: machine.rows,
            })
    }

    /// The indicators of a machine with their lines, at most so many, the greatest first.
    pub fn indicators(&self, machine: usize, most: usize) -> Vec<(&str, u64)> {
        let found = self.machines.get(machine);
        found.map_or_else(Vec::new, |one| one.indicators.most(&self.indicators, most))
    }

    /// Different indicators of all machines.
    pub fn indicator_count(&self) -> usize {
        self.indicators.texts.len()
    }

    /// The indicators of all machines with their lines, at most so many, the greatest first.
    pub fn most_seen(&self, most: usize) -> Vec<(&str, u64)> {
        let numbers = 0..self.indicators.texts.len() as u32;
        let mut sums = Sums {
            sums: numbers.map(|number| (number, 0)).collect(),
            ..Sums::default()
        };
        for machine in &self.machines {
            for &(number, lines) in &machine.indicators.sums {
                sums.sums[number as usize].1 += lines;
            }
        }
        sums.most(&self.indicators, most)
    }

    /// For each machine, whether all indicators that it called are among these.
    pub fn called_only(&self, indicators: &[String]) -> Vec<bool> {
        let mut among = vec![false; self.indicators.texts.len()];
        for text in indicators {
            if let Some(&number) = self.indicators.numbers.get(text) {
                among[number as usize] = true;
            }
        }
        let only = |machine: &Machine| {
            let mut called = machine.indicators.sums.iter();
            called.all(|(number, _)| among[*number as usize])
        };
        self.machines.iter().map(only).collect()
    }

    /// Lines of each source and format, with a line feed between both.
    pub fn formats(&self) -> Vec<(&str, u64)> {
        self.format_lines.named(&self.formats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_the_order_in_which_their_texts_came() {
        let (mut names, mut sums) = (Names::default(), Sums::default());
        let texts: Vec<String> = (0..3 * FEW).map(|i| format!("t{}", i * 7 % 20)).collect();
        let mut want: Vec<(&str, u64)> = Vec::new();
        for text in texts.iter().chain(&texts) {
            sums.add(names.number(text), 2);
            match want.iter_mut().find(|(known, _)| known == text) {
                Some((_, sum)) => *sum += 2,
                None => want.push((text, 2)),
            }
        }
        assert_eq!(sums.named(&names), want);
    }

    #[test]
    fn blocks_may_end_anywhere() {
        let line = |indicator: &str, device: &str, count: u64| {
            format!(
                r#"{{"type":"sighting","source":"s","indicator":"{indicator}","family":"","device":{device},"identity":{{"host":"\"x\""}},"first_seen":null,"last_seen":null,"count":{count},"action":"blocked","logformat":"f","evidence":"e"}}"#
            ) + "\n"
        };
        let text = [
            line(r"a\u002fb", "\"d\"", 2),
            line(r"a\u002fb", "null", 1),
            line("c", "\"d\"", 3),
            line("e", "\"d\"", 2),
        ]
        .concat();
        for size in 1..text.len() {
            let mut tally = Tally::default();
            for block in text.as_bytes().chunks(size) {
                tally.add(block).unwrap();
            }
            let found: Vec<_> = tally
                .machines(0)
                .map(|m| (m.device, m.count, m.rows, m.indicators, m.identity))
                .collect();
            let host = || vec![("host", "\"x\"")];
            assert_eq!(found, [("d", 7, 3, 3, host()), ("", 1, 1, 1, host())]);
            assert_eq!(tally.indicators(0, 2), [("c", 3), ("a/b", 2)]);
            assert_eq!(tally.indicators(1, 9), [("a/b", 1)]);
            assert_eq!(tally.most_seen(2), [("a/b", 3), ("c", 3)]);
            assert_eq!(tally.indicator_count(), 3);
            assert_eq!(tally.called_only(&["a/b".to_owned()]), [false, true]);
            assert_eq!(tally.formats(), [("s\nf", 8)]);
        }
    }
}
