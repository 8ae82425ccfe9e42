//! The answer of a scan for Python: sightings and ways around as lines, and the coverage as a dictionary.
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use quetsach_matcher::options::Coverage;
use quetsach_matcher::pipeline::temporary;
use quetsach_matcher::{Set, wire};

use crate::tally::Tally;

/// The sightings of one source as JSON Lines, sorted by key.
#[pyclass(frozen)]
pub struct Lines {
    inner: Arc<Mutex<wire::Lines>>,
    set: Arc<Set>,
}

/// The ways around of the same source, in the same form.
#[pyclass(frozen)]
pub struct Bypasses {
    inner: Arc<Mutex<wire::Lines>>,
    set: Arc<Set>,
}

#[pymethods]
impl Bypasses {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let count = py.detach(|| lock(&self.inner).ways_len(&self.set));
        Ok(count.map_err(put_aside)? as usize)
    }

    /// At most `size` bytes from `offset` on, none at the end.
    fn read<'py>(
        &self,
        py: Python<'py>,
        offset: u64,
        size: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let block = py.detach(|| lock(&self.inner).read_ways_at(&self.set, offset, size));
        Ok(PyBytes::new(py, &block.map_err(put_aside)?))
    }
}

fn lock(lines: &Mutex<wire::Lines>) -> MutexGuard<'_, wire::Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lines {
    pub fn of(lines: wire::Lines, set: &Arc<Set>) -> Lines {
        Lines {
            inner: Arc::new(Mutex::new(lines)),
            set: set.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, wire::Lines> {
        lock(&self.inner)
    }
}

/// The error with the folder that has no room: `strerror` does not name it.
fn put_aside(error: io::Error) -> PyErr {
    let problem = temporary(&error);
    match error.raw_os_error() {
        Some(code) => PyOSError::new_err((code, problem)),
        None => PyOSError::new_err(problem),
    }
}

#[pymethods]
impl Lines {
    fn bypasses(&self) -> Bypasses {
        Bypasses {
            inner: self.inner.clone(),
            set: self.set.clone(),
        }
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let count = py.detach(|| self.lock().len(&self.set));
        Ok(count.map_err(put_aside)? as usize)
    }

    /// At most `size` bytes from `offset` on, none at the end. The first call keeps all lines in memory or a file.
    fn read<'py>(
        &self,
        py: Python<'py>,
        offset: u64,
        size: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let block = py.detach(|| self.lock().read_at(&self.set, offset, size));
        Ok(PyBytes::new(py, &block.map_err(put_aside)?))
    }

    /// Hands all lines to `put`, in blocks that end anywhere. An exception of `put` is raised here.
    fn write(&self, py: Python<'_>, put: Py<PyAny>) -> PyResult<()> {
        let hand_over = |block: &[u8]| -> io::Result<()> {
            Python::attach(|py| put.call1(py, (PyBytes::new(py, block),)).map(drop))?;
            Ok(())
        };
        py.detach(|| self.lock().write(&self.set, hand_over))?;
        Ok(())
    }

    /// The sums of all lines by machine and format; None if they were asked for before.
    fn tally(&self, py: Python<'_>) -> PyResult<Option<Tally>> {
        let found = py.detach(|| self.lock().tally(&self.set));
        Ok(found.map_err(put_aside)?.map(Tally::of))
    }
}

pub fn coverage_dict<'py>(py: Python<'py>, c: &Coverage) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("source", &c.source)?;
    dict.set_item("path", &c.path)?;
    dict.set_item("name", &c.name)?;
    dict.set_item("bytes", c.bytes)?;
    dict.set_item("lines", c.lines)?;
    dict.set_item("not_understood", c.not_understood)?;
    dict.set_item("unattributed", &c.unattributed)?;
    dict.set_item("long_lines", c.long_lines)?;
    dict.set_item("inbound", c.inbound)?;
    dict.set_item("first", c.first.as_deref())?;
    dict.set_item("last", c.last.as_deref())?;
    dict.set_item("time", c.time)?;
    dict.set_item("zone", &c.zone)?;
    dict.set_item("devices", &c.devices)?;
    dict.set_item("errors", &c.errors)?;
    let hours = PyDict::new(py);
    for (day, counts) in &c.hours {
        hours.set_item(day, counts.to_vec())?;
    }
    dict.set_item("hours", hours)?;
    dict.set_item("order", c.order)?;
    dict.set_item("alive", &c.alive)?;
    Ok(dict)
}
