//! `Tally`: conversions and errors, no logic.
use std::mem;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use quetsach_matcher::tally::{self, Machine};

/// Rows put together by machine.
#[pyclass(frozen)]
#[derive(Default)]
pub struct Tally {
    inner: Mutex<tally::Tally>,
}

type Sums = Vec<(String, u64)>;

/// Device, identity, families, indicators, actions, sources, count, first, last and rows.
type MachineTuple = (
    String,
    Vec<(String, String)>,
    Sums,
    Sums,
    Sums,
    Sums,
    u64,
    Option<String>,
    Option<String>,
    u64,
);

fn tuple(one: Machine) -> MachineTuple {
    (
        one.device,
        one.identity,
        one.families.into_pairs(),
        one.indicators.into_pairs(),
        one.actions.into_pairs(),
        one.sources.into_pairs(),
        one.count,
        one.first,
        one.last,
        one.rows,
    )
}

#[pymethods]
impl Tally {
    #[new]
    fn new() -> Self {
        Tally::default()
    }

    /// Takes in a block of lines of the wire format that may end anywhere.
    fn add(&self, py: Python<'_>, block: &[u8]) -> PyResult<()> {
        let added = py.detach(|| {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            inner.add(block)
        });
        added.map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The machines in the order in which they came, and the lines of each source and format (with a line feed
    /// between both); once.
    fn finish(&self) -> (Vec<MachineTuple>, Sums) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let found = mem::take(&mut *inner);
        (
            found.machines.into_iter().map(tuple).collect(),
            found.formats.into_pairs(),
        )
    }
}
