//! A list on its way to a set: plainly canonical lines are read here, every other line is the caller's.
//!
//! No rule stands in two places: a line that needs a rule beyond the few below goes back to the caller with its number.
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::canonical::prefix::prefix;
use crate::error::Error;
use crate::parallel::join;
use crate::set::plain::{Shape, cells, classify, host};
use crate::set::providers::Providers;
use crate::set::watch::Watch;
use crate::set::{Item, Kind, Set, setfile};

/// The names that an item covers; Python uses the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    WithSubdomains,
    Exact,
    SubdomainsOnly,
}

impl Scope {
    fn mark(self) -> &'static str {
        match self {
            Scope::WithSubdomains => "",
            Scope::Exact => "=",
            Scope::SubdomainsOnly => "*.",
        }
    }
}

/// One entry as it was read.
#[derive(Clone, Copy, Debug)]
struct Row {
    kind: Kind,
    scope: Scope,
    family: u32,
    start: u32,
    length: u32,
    list: u32,
    line: u32,
}

/// Where an entry stood, for the few that need explaining.
#[derive(Debug)]
pub struct Entry {
    pub number: usize,
    pub value: String,
    pub kind: Kind,
    pub scope: Scope,
    pub family: String,
    pub list: u32,
    pub line: u32,
}

/// Entries in any order, then merged and sorted like a set.
#[derive(Debug)]
pub struct Draft {
    text: String,
    rows: Vec<Row>,
    /// The first family is empty.
    families: Vec<String>,
    /// The numbers of all others.
    known: HashMap<String, u32, RandomState>,
}

impl Default for Draft {
    fn default() -> Self {
        Draft {
            text: String::new(),
            rows: Vec::new(),
            families: vec![String::new()],
            known: HashMap::default(),
        }
    }
}

impl Draft {
    /// Reads the plain lines of a list. Returns the other lines with their numbers, counted from 1; empty lines are left
    /// out.
    pub fn read<'t>(
        &mut self,
        text: &'t str,
        shape: &Shape,
        scope: Scope,
        list: u32,
    ) -> Result<Vec<(u32, &'t str)>, Error> {
        let middle = memchr::memchr(b'\n', &text.as_bytes()[text.len() / 2..]);
        let middle = middle.map_or(text.len(), |at| text.len() / 2 + at + 1);
        let (first, second) = text.split_at(middle);
        let lines = memchr::memchr_iter(b'\n', first.as_bytes()).count() as u32;
        let mut other = Draft::default();
        let (after, before) = join(
            || other.read_lines(second, lines + 1, shape, scope, list),
            || self.read_lines(first, 1, shape, scope, list),
        );
        let left = [before?, after?].concat();
        self.absorb(&other)?;
        Ok(left)
    }

    /// Reads lines of which the first has this number.
    fn read_lines<'t>(
        &mut self,
        text: &'t str,
        number: u32,
        shape: &Shape,
        scope: Scope,
        list: u32,
    ) -> Result<Vec<(u32, &'t str)>, Error> {
        let mut left = Vec::new();
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
        let mut begin = 0;
        for (end, number) in ends.zip(number..) {
            let line = &text[begin..end];
            begin = end + 1;
            if line.is_empty() {
                continue;
            }
            let found = match shape {
                Shape::Plain => classify(line.as_bytes()).map(|(kind, value)| (kind, value, "")),
                Shape::Hosts => host(line.as_bytes()).map(|value| (Kind::Domain, value, "")),
                Shape::Table { header, .. } if *header == number => None,
                Shape::Table { .. } => cells(line, shape),
            };
            match found.and_then(|(kind, value, family)| {
                let family = self.family(family)?;
                let value = std::str::from_utf8(value).ok()?;
                Some((kind, value, family))
            }) {
                Some((kind, value, family)) => {
                    let scope = if kind == Kind::Domain {
                        scope
                    } else {
                        Scope::WithSubdomains
                    };
                    self.push(kind, scope, value, family, list, number)?;
                }
                None => left.push((number, line)),
            }
        }
        Ok(left)
    }

    /// Adds the entries of another draft behind those of this draft.
    fn absorb(&mut self, other: &Draft) -> Result<(), Error> {
        let families: Vec<u32> = other
            .families
            .iter()
            .map(|name| self.family_number(name))
            .collect();
        self.rows.reserve(other.rows.len());
        self.text.reserve(other.text.len());
        for row in &other.rows {
            let family = families[row.family as usize];
            let value = other.value(row);
            self.push(row.kind, row.scope, value, family, row.list, row.line)?;
        }
        Ok(())
    }

    /// Adds an entry that the caller read.
    pub fn add(
        &mut self,
        kind: Kind,
        scope: Scope,
        value: &str,
        family: &str,
        list: u32,
        line: u32,
    ) -> Result<(), Error> {
        let family = self.family_number(family);
        self.push(kind, scope, value, family, list, line)
    }

    fn push(
        &mut self,
        kind: Kind,
        scope: Scope,
        value: &str,
        family: u32,
        list: u32,
        line: u32,
    ) -> Result<(), Error> {
        let start = u32::try_from(self.text.len())
            .map_err(|_| Error::set("the indicator list is larger than 4 GiB"))?;
        self.text.push_str(value);
        self.rows.push(Row {
            kind,
            scope,
            family,
            start,
            length: value.len() as u32,
            list,
            line,
        });
        Ok(())
    }

    /// The number of a family, if its white space is that of a set file; else None.
    fn family(&mut self, family: &str) -> Option<u32> {
        if family.is_empty() {
            return Some(0);
        }
        if let Some(&number) = self.known.get(family) {
            return Some(number);
        }
        let is_flat = !family.chars().any(char::is_control)
            && family.split_whitespace().collect::<Vec<_>>().join(" ") == family;
        is_flat.then(|| self.family_number(family))
    }

    fn family_number(&mut self, family: &str) -> u32 {
        if family.is_empty() {
            return 0;
        }
        if let Some(&number) = self.known.get(family) {
            return number;
        }
        let number = self.families.len() as u32;
        self.families.push(family.to_owned());
        self.known.insert(family.to_owned(), number);
        number
    }

    fn value(&self, row: &Row) -> &str {
        &self.text[row.start as usize..(row.start + row.length) as usize]
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number of entries of each kind.
    pub fn kinds(&self) -> Vec<(Kind, usize)> {
        let mut counts: Vec<(Kind, usize)> = Vec::new();
        for row in &self.rows {
            match counts.iter_mut().find(|(kind, _)| *kind == row.kind) {
                Some((_, count)) => *count += 1,
                None => counts.push((row.kind, 1)),
            }
        }
        counts
    }

    /// Merges equal values: the wider scope stays (exact with subdomains only makes both), with the first family that is
    /// not empty. Then sorts as a set is sorted.
    pub fn merge(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        let mut order: Vec<(u128, u32)> = rows
            .iter()
            .zip(0..)
            .map(|(row, at)| (prefix(self.value(row).as_bytes()), at))
            .collect();
        order.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| {
                let (x, y) = (&rows[a.1 as usize], &rows[b.1 as usize]);
                let key = |r: &Row| (r.kind as u8, r.list, r.line);
                self.value(x)
                    .cmp(self.value(y))
                    .then_with(|| key(x).cmp(&key(y)))
                    .then(a.1.cmp(&b.1))
            })
        });
        let mut merged: Vec<Row> = Vec::with_capacity(rows.len());
        // From here on all go through the values in order: gathered once, they need not be sought each time.
        let mut text = String::with_capacity(self.text.len());
        for (_, at) in order {
            let mut new = rows[at as usize];
            let value = self.value(&new);
            match merged.last_mut() {
                Some(old) if old.kind == new.kind && text[old.start as usize..] == *value => {
                    if old.scope != new.scope {
                        old.scope = Scope::WithSubdomains;
                    }
                    if old.family == 0 {
                        old.family = new.family;
                    }
                }
                _ => {
                    new.start = text.len() as u32;
                    text.push_str(value);
                    merged.push(new);
                }
            }
        }
        self.text = text;
        rows.clear();
        // No value begins with a mark, so the marks move whole blocks: `*.` before all, `=` behind the digits.
        merged.sort_by_key(|row| match row.scope {
            Scope::SubdomainsOnly => 0,
            Scope::Exact => 2,
            Scope::WithSubdomains if self.value(row).as_bytes().first() < Some(&b'=') => 1,
            Scope::WithSubdomains => 3,
        });
        self.rows = merged;
    }

    pub fn entry(&self, number: usize) -> Option<Entry> {
        let row = self.rows.get(number)?;
        Some(Entry {
            number,
            value: self.value(row).to_owned(),
            kind: row.kind,
            scope: row.scope,
            family: self.families[row.family as usize].clone(),
            list: row.list,
            line: row.line,
        })
    }

    /// The entries that may concern a guard rail: all that concern one, and a few more.
    pub fn suspects(&self, watch: &Watch) -> Vec<usize> {
        let among = |numbers: Range<usize>| -> Vec<usize> {
            let wanted =
                |&at: &usize| watch.concerns(self.rows[at].kind, self.value(&self.rows[at]));
            numbers.filter(wanted).collect()
        };
        let (middle, end) = (self.rows.len() / 2, self.rows.len());
        let (first, second) = join(|| among(0..middle), || among(middle..end));
        [first, second].concat()
    }

    /// Takes entries out, by their rising numbers.
    pub fn remove(&mut self, numbers: &[usize]) {
        let mut at = 0;
        self.rows.retain(|_| {
            at += 1;
            numbers.binary_search(&(at - 1)).is_err()
        });
    }

    /// The set with its index.
    pub fn compile(&self, providers: Option<Arc<Providers>>) -> Result<Set, Error> {
        let mut text = String::with_capacity(self.text.len() + self.rows.len());
        let places: Vec<usize> = self
            .rows
            .iter()
            .map(|row| {
                text.push_str(row.scope.mark());
                text.push_str(self.value(row));
                text.len()
            })
            .collect();
        let begins = std::iter::once(0).chain(places.iter().copied());
        let items: Vec<Item<'_>> = self
            .rows
            .iter()
            .zip(begins.zip(&places))
            .map(|(row, (begin, &end))| Item {
                hashed: &text[begin..end],
                kind: row.kind.word(),
                family: &self.families[row.family as usize],
            })
            .collect();
        setfile::compile_items(&items, providers)
    }
}
