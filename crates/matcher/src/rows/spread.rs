//! What is known of rows without merging them: the first and the last time, and whether some are of providers.
use std::collections::HashMap;
use std::ops::RangeInclusive;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use crate::rows::span::Span;
use crate::time::Value;
use crate::time::bucket::bucket;
use crate::time::midnights::Midnights;
use crate::time::when::When;
use crate::time::years::Years;

/// The least and the greatest times of rows: of those with a year, and of each part of a clock's day.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Spread {
    known: Option<(When, When)>,
    parts: HashMap<u32, (When, When), RandomState>,
    /// Whether some rows are of providers: those of a large scan are merged once more to tell them.
    pub has_ways: bool,
}

impl Spread {
    /// With more runs of rows, each counted by such parts of a day.
    pub fn add(&mut self, runs: impl Iterator<Item = Span>, midnights: &Midnights) {
        // Runs that follow each other are mostly of one part of a day.
        let mut near: Option<(RangeInclusive<When>, u32, (When, When))> = None;
        for row in runs {
            let times = (row.first, row.last);
            if let Some((part, _, known)) = &mut near
                && part.contains(&row.first)
            {
                *known = wider(*known, times);
            } else if let Some(value @ Value::Yearless(time)) = row.first.value() {
                if let Some((_, bucket, known)) = near {
                    self.widen(bucket, known);
                }
                let ends = midnights.bounds(midnights.part(time));
                let [first, last] = ends.map(|at| When::new(Some(Value::Yearless(time.at(at)))));
                near = Some((first..=last, bucket(Some(value), midnights), times));
            } else if row.first != When::NEVER {
                self.known = Some(wider(self.known.unwrap_or(times), times));
            }
        }
        if let Some((_, bucket, known)) = near {
            self.widen(bucket, known);
        }
    }

    pub fn absorb(&mut self, other: &Spread) {
        self.has_ways |= other.has_ways;
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
