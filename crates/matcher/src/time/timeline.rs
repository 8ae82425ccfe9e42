//! First and last time of a source, and the bound of times that carry no year.
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::time::{self, DAY, Moment, Value, YEAR_2000, resolve};

/// Watches the first and last lines that parse and every hit line.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Timeline {
    pub head: Vec<Option<Moment>>,
    /// Offset and time of the last lines that parse, the last first.
    tail: Vec<(u64, Option<Moment>)>,
    last_hit: Option<(u64, Moment)>,
    local: bool,
    assumed: bool,
}

/// What coverage says of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub word: &'static str,
    pub local: bool,
}

pub fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_micros() as i64)
}

impl Timeline {
    pub fn head_len(&self) -> usize {
        self.head.len()
    }

    pub fn tail_len(&self) -> usize {
        self.tail.len()
    }

    pub fn add_head(&mut self, moment: Option<Moment>) {
        self.head.push(moment);
    }

    pub fn add_tail(&mut self, offset: u64, moment: Option<Moment>) {
        self.tail.push((offset, moment));
    }

    /// A line with a sighting.
    pub fn hit(&mut self, offset: u64, moment: Option<Moment>) {
        if let Some(moment) = moment {
            self.last_hit = Some((offset, moment));
            self.note(moment);
        }
    }

    /// Adds the hit lines that another thread saw.
    pub fn absorb(&mut self, other: &Timeline) {
        let hits = [self.last_hit, other.last_hit].into_iter().flatten();
        self.last_hit = hits.max_by_key(|(offset, _)| *offset);
        self.local |= other.local;
        self.assumed |= other.assumed;
    }

    /// Takes the last lines of a later part of the file.
    pub fn take_tail(&mut self, later: Timeline) {
        self.tail = later.tail;
    }

    fn note(&mut self, moment: Moment) {
        self.local |= moment.local;
        self.assumed |= matches!(moment.value, Value::Yearless(_));
    }

    /// A day after the last line that carries a time, to the end of that day of UTC: lines that are counted together
    /// get one year. None without any time.
    pub fn latest(&self, changed: Option<i64>, zone: &TimeZone) -> Option<i64> {
        let later = self
            .tail
            .iter()
            .take_while(|(offset, _)| self.last_hit.is_none_or(|(hit, _)| *offset > hit));
        let last = later
            .into_iter()
            .find_map(|(_, moment)| *moment)
            .or(self.last_hit.map(|(_, m)| m))?;
        let bound = changed.unwrap_or_else(now) + DAY;
        let latest = resolve(last.value, Some(bound), zone).map_or(bound, |anchor| anchor + DAY);
        Some(latest - latest.rem_euclid(DAY) + DAY - 1)
    }

    /// The first and last time of all that was watched, and of the rows.
    pub fn span(
        mut self,
        latest: Option<i64>,
        rows: impl Iterator<Item = i64>,
        zone: &TimeZone,
    ) -> Span {
        let edges: Vec<Moment> = self
            .head
            .iter()
            .copied()
            .chain(self.tail.iter().map(|(_, m)| *m))
            .flatten()
            .collect();
        edges.iter().for_each(|m| self.note(*m));
        let known: Vec<i64> = edges
            .iter()
            .filter_map(|m| resolve(m.value, latest, zone))
            .chain(rows)
            .collect();
        let (first, last) = (known.iter().min().copied(), known.iter().max().copied());
        let tomorrow = now() + DAY;
        let word = match (first, last) {
            (Some(first), Some(last)) if first < YEAR_2000 || last > tomorrow => "suspect",
            (Some(_), Some(_)) if self.assumed => "assumed_year",
            (Some(_), Some(_)) => "ok",
            _ => "none",
        };
        Span {
            first,
            last,
            word,
            local: self.local,
        }
    }
}

/// ISO 8601 of an optional time.
pub fn shown(micros: Option<i64>) -> Option<String> {
    micros.map(time::iso)
}
