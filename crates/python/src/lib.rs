//! Python module `quetsach._native`: conversions and errors, no logic.
mod stream;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use quetsach_matcher::format::Format;
use quetsach_matcher::raw::Level;
use quetsach_matcher::reader::Input;
use quetsach_matcher::rows::Sighting;
use quetsach_matcher::scan::{self, Coverage, Limits, Options};
use quetsach_matcher::{Error, Set, setfile, time};
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

/// Counters that a scan moves and another thread reads.
#[pyclass(frozen)]
#[derive(Default)]
struct Progress {
    inner: Arc<scan::Progress>,
}

#[pymethods]
impl Progress {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    #[getter]
    fn bytes_read(&self) -> u64 {
        self.inner.bytes_read.load(Ordering::Relaxed)
    }

    #[getter]
    fn hits(&self) -> u64 {
        self.inner.hits.load(Ordering::Relaxed)
    }

    fn cancel(&self) {
        self.inner.cancelled.store(true, Ordering::Relaxed);
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
    /// 1970); the sightings in any order, and the coverage. `chunk`, `long_line` and `parsed_part`
    /// are bounds of the contract, changed only in tests.
    #[pyo3(signature = (path, progress, *, tz, format=None, devices=false, source_name="", stream=None, changed=None, level=None, chunk=None, long_line=None, parsed_part=None))]
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
    ) -> PyResult<(Vec<Bound<'py, PyDict>>, Bound<'py, PyDict>)> {
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
        let (sightings, coverage) = py
            .detach(|| scan::scan(&self.set, &self.formats, &path, input, &options, &counters))
            .map_err(raise)?;
        let rows = sightings
            .iter()
            .map(|s| self.sighting(py, s, &coverage.source))
            .collect::<PyResult<_>>()?;
        Ok((rows, coverage_dict(py, &coverage)?))
    }
}

impl Matcher {
    fn sighting<'py>(
        &self,
        py: Python<'py>,
        row: &Sighting,
        source: &str,
    ) -> PyResult<Bound<'py, PyDict>> {
        let item = self
            .set
            .item(row.item)
            .ok_or_else(|| SetError::new_err("the compiled set is damaged"))?;
        let identity = PyDict::new(py);
        for (key, value) in &row.identity {
            identity.set_item(key, value)?;
        }
        let dict = PyDict::new(py);
        dict.set_item("source", source)?;
        dict.set_item("indicator", item.canonical())?;
        dict.set_item("kind", item.kind)?;
        dict.set_item("family", item.family)?;
        dict.set_item("matched", &row.matched)?;
        dict.set_item("field", row.field.word())?;
        dict.set_item("device", row.device.as_deref())?;
        dict.set_item("identity", identity)?;
        dict.set_item("day", row.day.as_deref())?;
        dict.set_item("first_seen", row.first.map(time::iso))?;
        dict.set_item("last_seen", row.last.map(time::iso))?;
        dict.set_item("count", row.count)?;
        dict.set_item("action", row.action.word())?;
        dict.set_item("logformat", &*row.logformat)?;
        dict.set_item("evidence", &row.evidence)?;
        Ok(dict)
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
    use super::{Matcher, OptionsError, Progress, SetError, levels};

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
