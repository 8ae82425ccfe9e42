//! Between which times rows lie, told without merging them.
use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use crate::midnights::Midnights;
use crate::rows::{Row, bucket};
use crate::when::When;
use crate::years::Years;

/// The least and the greatest times of rows: of those with a year, and of each part of a clock's day.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Spread {
    known: Option<(When, When)>,
    parts: HashMap<u32, (When, When), RandomState>,
}

impl Spread {
    /// With more rows, each counted by such parts of a day.
    pub fn add<'a>(&mut self, rows: impl Iterator<Item = &'a Row>, midnights: &Midnights) {
        for row in rows {
            let times = (row.first, row.last);
            if row.first.is_yearless() {
                self.widen(bucket(row.first.value(), midnights), times);
            } else if row.first != When::NEVER {
                self.known = Some(wider(self.known.unwrap_or(times), times));
            }
        }
    }

    pub fn absorb(&mut self, other: &Spread) {
        if let Some(times) = other.known {
            self.known = Some(wider(self.known.unwrap_or(times), times));
        }
        for (part, times) in &other.parts {
            self.widen(*part, *times);
        }
    }

    fn widen(&mut self, part: u32, times: (When, When)) {
        let known = self.parts.entry(part).or_insert(times);
        *known = wider(*known, times);
    }

    /// Whether each time has its year.
    pub fn is_known(&self) -> bool {
        self.parts.is_empty()
    }

    /// The least and the greatest of all times, with the years found; none without any.
    pub fn times(&self, years: &mut Years<'_>) -> Vec<i64> {
        let all = self.parts.values().chain(&self.known);
        let all = all.flat_map(|(first, last)| [first, last]);
        all.filter_map(|when| years.resolve(when.value()?))
            .collect()
    }
}

fn wider(a: (When, When), b: (When, When)) -> (When, When) {
    (a.0.earlier(b.0), a.1.later(b.1))
}
