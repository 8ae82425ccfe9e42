//! `Tally`: conversions and errors, no logic.
use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use quetsach_matcher::tally;

/// Rows summed by machine.
#[pyclass(frozen)]
#[derive(Default)]
pub struct Tally {
    inner: Mutex<tally::Tally>,
}

type Sums = Vec<(String, u64)>;

/// Device, identity, who, families, actions, sources, how many indicators, count, first, last and rows.
type MachineTuple = (
    String,
    Vec<(String, String)>,
    Vec<String>,
    Sums,
    Sums,
    Sums,
    usize,
    u64,
    Option<String>,
    Option<String>,
    u64,
);

fn sums(found: Vec<(&str, u64)>) -> Sums {
    let owned = |(text, sum): (&str, u64)| (text.to_owned(), sum);
    found.into_iter().map(owned).collect()
}

impl Tally {
    pub fn of(inner: tally::Tally) -> Tally {
        Tally {
            inner: Mutex::new(inner),
        }
    }

    fn lock(&self) -> MutexGuard<'_, tally::Tally> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Tally {
    #[new]
    fn new() -> Self {
        Tally::default()
    }

    /// Adds a block of lines of the wire format; a block may end anywhere.
    fn add(&self, py: Python<'_>, block: &[u8]) -> PyResult<()> {
        let added = py.detach(|| self.lock().add(block));
        added.map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Machines in the order in which they came, without the first `start`, at most so many.
    fn machines(&self, start: usize, most: usize) -> Vec<MachineTuple> {
        let inner = self.lock();
        let tuple = |one: tally::MachineTotals<'_>| {
            let identity = one.identity.iter();
            (
                one.device.to_owned(),
                identity
                    .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                    .collect(),
                one.whos.into_iter().map(str::to_owned).collect(),
                sums(one.families),
                sums(one.actions),
                sums(one.sources),
                one.indicators,
                one.count,
                one.first.map(Cow::into_owned),
                one.last.map(Cow::into_owned),
                one.rows,
            )
        };
        inner.machines(start).take(most).map(tuple).collect()
    }

    /// Lines of each source and format, with a line feed between both.
    fn formats(&self) -> Sums {
        sums(self.lock().formats())
    }

    /// Indicators of a machine with their lines, at most so many, the greatest first.
    fn indicators(&self, machine: usize, most: usize) -> Sums {
        sums(self.lock().indicators(machine, most))
    }

    /// Different indicators of all machines.
    fn indicator_count(&self) -> usize {
        self.lock().indicator_count()
    }

    /// Indicators of all machines with their lines, at most so many, the greatest first.
    fn most_seen(&self, most: usize) -> Sums {
        sums(self.lock().most_seen(most))
    }

    /// For each machine, whether all indicators that it called are among these.
    fn called_only(&self, indicators: Vec<String>) -> Vec<bool> {
        self.lock().called_only(&indicators)
    }
}
