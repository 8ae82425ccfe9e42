//! Python module `quetsach._native`: conversions and errors, no logic.
mod stream;

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use quetsach_matcher::format::Format;
use quetsach_matcher::options::{self, Coverage, Limits, Options, Spare};
use quetsach_matcher::pipeline;
use quetsach_matcher::raw::Level;
use quetsach_matcher::reader::Input;
use quetsach_matcher::{Error, Set, setfile, wire};
use stream::Stream;

create_exception!(
    _native,
    SetError,
    PyException,
    "The indicator set cannot be used."
);
create_exception!(
    _native,
    OptionsError,
    PyException,
    "The scan was asked for something that does not exist."
);

fn raise(error: Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::Set(_) | Error::Io { .. } => SetError::new_err(text),
        Error::Options(_) | Error::Format { .. } => OptionsError::new_err(text),
    }
}

/// Threads that no file needs now; scans borrow them.
#[pyclass(frozen)]
struct SpareThreads {
    inner: Arc<Spare>,
}

#[pymethods]
impl SpareThreads {
    #[new]
    fn new(threads: usize) -> Self {
        SpareThreads {
            inner: Arc::new(Spare::new(threads)),
        }
    }

    fn give(&self) {
        self.inner.give();
    }
}

/// Counters that a scan moves and another thread reads.
#[pyclass(frozen)]
struct Progress {
    inner: Arc<options::Progress>,
}

#[pymethods]
impl Progress {
    #[new]
    #[pyo3(signature = (spare=None))]
    fn new(spare: Option<&SpareThreads>) -> Self {
        let spare = spare.map_or_else(Arc::default, |s| s.inner.clone());
        Progress {
            inner: Arc::new(options::Progress::new(spare)),
        }
    }

    #[getter]
    fn bytes_read(&self) -> u64 {
        self.inner.bytes_read()
    }

    #[getter]
    fn hits(&self) -> u64 {
        self.inner.hits()
    }

    fn cancel(&self) {
        self.inner.cancel();
    }
}

/// A compiled indicator set with the log formats it reads.
#[pyclass(frozen)]
struct Matcher {
    set: Arc<Set>,
    formats: Arc<Vec<Format>>,
}

fn parse_formats(texts: &[String]) -> PyResult<Arc<Vec<Format>>> {
    let mut formats = texts
        .iter()
        .map(|t| Format::parse(t))
        .collect::<Result<Vec<_>, _>>()
        .map_err(raise)?;
    formats.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Arc::new(formats))
}

fn parse_level(level: Option<&str>) -> PyResult<Level> {
    let Some(word) = level else {
        return Ok(Level::best());
    };
    let found = Level::available().into_iter().find(|l| l.name() == word);
    found.ok_or_else(|| OptionsError::new_err(format!("this processor has no '{word}'")))
}

#[pymethods]
impl Matcher {
    /// From the canonical list, already merged and sorted.
    #[staticmethod]
    fn compile(py: Python<'_>, list: &[u8], formats: Vec<String>) -> PyResult<Self> {
        let formats = parse_formats(&formats)?;
        let set = py.detach(|| setfile::compile(list)).map_err(raise)?;
        Ok(Matcher {
            set: Arc::new(set),
            formats,
        })
    }

    /// From a compiled set file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf, formats: Vec<String>) -> PyResult<Self> {
        let formats = parse_formats(&formats)?;
        let set = py.detach(|| Set::open(&path)).map_err(raise)?;
        Ok(Matcher {
            set: Arc::new(set),
            formats,
        })
    }

    /// Writes the compiled set beside its place and moves it there.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let mut draft = path.clone().into_os_string();
        draft.push(".part");
        let draft = PathBuf::from(draft);
        py.detach(|| fs::write(&draft, self.set.bytes()).and_then(|()| fs::rename(&draft, &path)))?;
        Ok(())
    }

    #[getter]
    fn count(&self) -> usize {
        self.set.count()
    }

    #[getter]
    fn set_id(&self) -> &str {
        self.set.id()
    }

    /// Reads one source, from `stream` where it is given (then `changed` is its time in microseconds since
    /// 1970); the sightings in any order, and the coverage. `chunk`, `long_line`,
    /// `parsed_part`, `edge_bytes`, `row_bytes` and `flows` are bounds of the contract, changed only in tests.
    #[pyo3(signature = (path, progress, *, tz, format=None, devices=false, source_name="", stream=None, changed=None, level=None, chunk=None, long_line=None, parsed_part=None, edge_bytes=None, row_bytes=None, flows=None))]
    #[allow(clippy::too_many_arguments)]
    fn scan<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        progress: &Progress,
        tz: &str,
        format: Option<String>,
        devices: bool,
        source_name: &str,
        stream: Option<Py<PyAny>>,
        changed: Option<i64>,
        level: Option<&str>,
        chunk: Option<usize>,
        long_line: Option<usize>,
        parsed_part: Option<usize>,
        edge_bytes: Option<u64>,
        row_bytes: Option<usize>,
        flows: Option<usize>,
    ) -> PyResult<(Lines, Bound<'py, PyDict>)> {
        let normal = Limits::default();
        let options = Options {
            tz: tz.to_owned(),
            format,
            devices,
            source_name: source_name.to_owned(),
            level: parse_level(level)?,
            limits: Limits {
                chunk: chunk.unwrap_or(normal.chunk),
                long_line: long_line.unwrap_or(normal.long_line),
                parsed_part: parsed_part.unwrap_or(normal.parsed_part),
                edge_bytes: edge_bytes.unwrap_or(normal.edge_bytes),
                row_bytes: row_bytes.unwrap_or(normal.row_bytes),
                flows: flows.unwrap_or(normal.flows),
                ..normal
            },
        };
        let input = match stream {
            None => Input::File,
            Some(object) => Input::Stream {
                stream: Box::new(Stream::new(object)),
                changed,
            },
        };
        let counters = progress.inner.clone();
        let (lines, coverage) = py
            .detach(|| pipeline::scan(&self.set, &self.formats, &path, input, &options, &counters))
            .map_err(raise)?;
        let count = lines.count;
        let lines = Lines {
            count,
            inner: Mutex::new(lines),
        };
        Ok((lines, coverage_dict(py, &coverage)?))
    }
}

/// The sightings of one source as JSON Lines, sorted by key.
#[pyclass(frozen)]
struct Lines {
    count: u64,
    inner: Mutex<wire::Lines>,
}

#[pymethods]
impl Lines {
    fn __len__(&self) -> usize {
        self.count as usize
    }

    /// At most `size` bytes from `offset` on, none at the end.
    fn read<'py>(
        &self,
        py: Python<'py>,
        offset: u64,
        size: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let block = py.detach(|| {
            let mut lines = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            lines.read_at(offset, size)
        })?;
        Ok(PyBytes::new(py, &block))
    }
}

fn coverage_dict<'py>(py: Python<'py>, c: &Coverage) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("source", &c.source)?;
    dict.set_item("path", &c.path)?;
    dict.set_item("name", &c.name)?;
    dict.set_item("bytes", c.bytes)?;
    dict.set_item("lines", c.lines)?;
    dict.set_item("not_understood", c.not_understood)?;
    dict.set_item("long_lines", c.long_lines)?;
    dict.set_item("inbound", c.inbound)?;
    dict.set_item("first", c.first.as_deref())?;
    dict.set_item("last", c.last.as_deref())?;
    dict.set_item("time", c.time)?;
    dict.set_item("zone", &c.zone)?;
    dict.set_item("devices", &c.devices)?;
    dict.set_item("errors", &c.errors)?;
    Ok(dict)
}

/// Names of the instruction sets that a scan may use here, the fastest last.
#[pyfunction]
fn levels() -> Vec<&'static str> {
    Level::available().into_iter().map(Level::name).collect()
}

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::{Lines, Matcher, OptionsError, Progress, SetError, SpareThreads, levels};

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
