//! Runs: hits of a row that follow each other closely (docs/contract.md 4).
use crate::time::SECOND;
use crate::time::when::When;
use crate::time::years::Years;

/// Two hits no further apart than this are of one run.
const JOINED: i64 = 600 * SECOND;

/// Hits within one run: each time between the first and the last has a hit within ten minutes. Hits without a time are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub first: When,
    pub last: When,
    pub count: u64,
}

impl Span {
    /// One hit.
    pub fn hit(when: When) -> Span {
        Span {
            first: when,
            last: when,
            count: 1,
        }
    }

    /// Whether hits of both, which are of one bucket of time, are of one run.
    #[inline]
    pub fn is_near(self, other: Span) -> bool {
        other.first.clock() <= self.last.clock().saturating_add(JOINED)
            && self.first.clock() <= other.last.clock().saturating_add(JOINED)
    }

    #[inline]
    pub fn join(&mut self, other: Span) {
        self.first = self.first.earlier(other.first);
        self.last = self.last.later(other.last);
        self.count += other.count;
    }

    /// With the years found.
    pub fn resolved(self, years: &mut Years<'_>) -> Span {
        let first = years.known(self.first);
        // Most runs are of one line.
        let last = if self.last == self.first {
            first
        } else {
            years.known(self.last)
        };
        Span {
            first,
            last,
            count: self.count,
        }
    }
}

/// Joins runs that grew together. They are sorted by their first times.
pub fn joined(runs: &[Span], mut show: impl FnMut(Span)) {
    let mut runs = runs.iter();
    let Some(mut at_hand) = runs.next().copied() else {
        return;
    };
    for &run in runs {
        if at_hand.is_near(run) {
            at_hand.join(run);
        } else {
            show(at_hand);
            at_hand = run;
        }
    }
    show(at_hand);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::row::{NONE, Others, Row};
    use crate::time::Value;

    const MINUTE: i64 = 60 * SECOND;

    fn counted(times: &[i64]) -> Vec<(i64, i64, u64)> {
        let when = |micros: i64| When::new(Some(Value::Known(micros)));
        let mut row = Row {
            item: 0,
            machine: 0,
            order: 0,
            run: Span::hit(when(times[0])),
            others: NONE,
            words: 0,
            action: crate::format::Action::Unknown,
            field: crate::line::hit::Field::Text,
            format: 0,
            identity: false,
            is_latest: true,
        };
        let mut others = Others::default();
        for &time in &times[1..] {
            row.count(Span::hit(when(time)), &mut others);
        }
        assert!(others.len() < 144, "{}", others.len());
        let mut runs = Vec::new();
        row.each_run(&others, |run| runs.push(run));
        runs.sort_unstable_by_key(|run| run.first);
        let mut found = Vec::new();
        joined(&runs, |run| {
            found.push((
                run.first.micros().unwrap(),
                run.last.micros().unwrap(),
                run.count,
            ));
        });
        found
    }

    /// Runs by their definition, from all times at once.
    fn defined(times: &[i64]) -> Vec<(i64, i64, u64)> {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        let parts = sorted.chunk_by(|a, b| b - a <= JOINED);
        parts
            .map(|run| (run[0], run[run.len() - 1], run.len() as u64))
            .collect()
    }

    #[test]
    fn runs_are_those_of_the_definition_in_any_order_of_lines() {
        let mut seed = 7_u64;
        let mut random = move |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % below) as i64
        };
        for round in 0..400 {
            let step = [1, MINUTE, JOINED, JOINED + 1, 7 * MINUTE][round % 5];
            let times: Vec<i64> = (0..1 + random(300))
                .map(|_| (random(1440 * 60 * SECOND as u64) / step) * step)
                .collect();
            assert_eq!(counted(&times), defined(&times), "{times:?}");
            let mut sorted = times;
            sorted.sort_unstable();
            assert_eq!(counted(&sorted), defined(&sorted));
            sorted.reverse();
            assert_eq!(counted(&sorted), defined(&sorted));
        }
    }
}
