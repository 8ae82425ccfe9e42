//! Python module `quetsach._native`: conversions and errors, no logic.
mod answer;
mod asked;
mod draft;
mod errors;
mod formats;
mod stream;
mod tally;

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use answer::{Bypasses, Lines, coverage_dict};
use asked::Asked;
use draft::Draft;
use errors::{Fault, OptionsError, SetError, raise, system, work};
use formats::{Formats, Loading};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use quetsach_matcher::format::Format;
use quetsach_matcher::line::clocks::Order;
use quetsach_matcher::options::{self, Limits, Options, Spare};
use quetsach_matcher::pipeline;
use quetsach_matcher::pipeline::part::{self, Whole};
use quetsach_matcher::pipeline::span::{self, Before, Judged};
use quetsach_matcher::raw::Level;
use quetsach_matcher::reader::Input;
use quetsach_matcher::reader::range::Range;
use quetsach_matcher::set::providers::Providers;
use quetsach_matcher::set::setfile;
use quetsach_matcher::{Error, Set};
use stream::Stream;
use tally::Tally;

/// Threads that no scan uses now; scans borrow them.
#[pyclass(frozen)]
struct SpareThreads {
    inner: Arc<Spare>,
}

#[pymethods]
impl SpareThreads {
    /// So many threads, besides the `takers`, which take one file after another until each `give`s itself.
    #[new]
    #[pyo3(signature = (threads, takers=1))]
    fn new(threads: usize, takers: usize) -> Self {
        SpareThreads {
            inner: Arc::new(Spare::new(takers, threads)),
        }
    }

    fn give(&self) {
        self.inner.end_taking();
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

/// Sightings, coverage, and the header and the hours behind the span.
type OfSpan<'py> = (
    Option<Lines>,
    Bound<'py, PyDict>,
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
);

/// Start, end, source id, header before, header after, errors and body of a part.
type PartTuple<'py> = (
    u64,
    u64,
    String,
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    Vec<String>,
    Bound<'py, PyBytes>,
);

/// Judges a file by its first lines.
#[pyclass(frozen)]
struct Judging {
    inner: Mutex<span::Judging>,
    formats: Arc<Vec<Format>>,
}

#[pymethods]
impl Judging {
    /// How the lines of a file are read, by those that come next and those before: the name of their format, the order of
    /// dates in a text (`day`, `month` or ""), and whether a file that grows keeps both.
    fn add(&self, text: &[u8]) -> PyResult<(&str, &str, bool)> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (judged, is_settled) = inner.add(&self.formats, text).map_err(raise)?;
        Ok((
            judged.format,
            judged.dates.map_or("", Order::word),
            is_settled,
        ))
    }
}

/// A compiled indicator set with the log formats it reads.
#[pyclass(frozen)]
struct Matcher {
    set: Arc<Set>,
    formats: Arc<Loading>,
}

fn parse_level(level: Option<&str>) -> PyResult<Level> {
    let Some(word) = level else {
        return Ok(Level::best());
    };
    let found = Level::available().into_iter().find(|l| l.name() == word);
    found.ok_or_else(|| OptionsError::new_err(format!("this processor has no '{word}'")))
}

/// The providers of this list; none of an empty one.
fn providers(around: &[u8]) -> Result<Option<Arc<Providers>>, Error> {
    (!around.is_empty())
        .then(|| Providers::new(around))
        .transpose()
}

#[pymethods]
impl Matcher {
    /// From the canonical list, already merged and sorted; `around` is that of the providers, in the same form.
    #[staticmethod]
    fn compile(py: Python<'_>, list: &[u8], formats: &Formats, around: &[u8]) -> PyResult<Self> {
        let set = py
            .detach(|| setfile::compile(list, providers(around)?))
            .map_err(raise)?;
        Ok(Matcher {
            set: Arc::new(set),
            formats: formats.inner.clone(),
        })
    }

    /// From a list on its way, already merged.
    #[staticmethod]
    fn from_draft(
        py: Python<'_>,
        draft: &Draft,
        formats: &Formats,
        around: &[u8],
    ) -> PyResult<Self> {
        let set = py
            .detach(|| draft.build(providers(around)?))
            .map_err(raise)?;
        Ok(Matcher {
            set: Arc::new(set),
            formats: formats.inner.clone(),
        })
    }

    /// From a compiled set file. Raises SetError where the file is not as it was written.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf, formats: &Formats, around: &[u8]) -> PyResult<Self> {
        let set = py
            .detach(|| Set::open(&path, providers(around)?))
            .map_err(raise)?;
        Ok(Matcher {
            set,
            formats: formats.inner.clone(),
        })
    }

    /// Writes the compiled set beside its place and moves it there; a file that was not written whole is removed.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let mut draft = path.clone().into_os_string();
        draft.push(".part");
        let draft = PathBuf::from(draft);
        py.detach(|| {
            fs::write(&draft, self.set.bytes())
                .and_then(|()| fs::rename(&draft, &path))
                .inspect_err(|_| drop(fs::remove_file(&draft)))
        })
        .map_err(system)
    }

    #[getter]
    fn count(&self) -> usize {
        self.set.count()
    }

    #[getter]
    fn set_id(&self) -> &str {
        self.set.id()
    }

    /// The name of the format of a file that begins with these bytes.
    fn recognise(&self, start: &[u8]) -> PyResult<&str> {
        Ok(pipeline::recognise(self.formats.get()?, start))
    }

    /// A judge of a file by its first lines; `format` is the name of a format that is asked for.
    #[pyo3(signature = (format=None))]
    fn judging(&self, format: Option<String>) -> PyResult<Judging> {
        let formats = self.formats.get()?.clone();
        let inner = span::Judging::new(&formats, format).map_err(raise)?;
        Ok(Judging {
            inner: Mutex::new(inner),
            formats,
        })
    }

    /// Reads one source, from `stream` where it is given (then `changed` is its time in microseconds since
    /// 1970); the sightings in any order, and the coverage. `chunk`, `long_line`,
    /// `parsed_part`, `edge_bytes`, `row_bytes`, `window`, `flows`, `alive` and `block` are bounds (docs/contract.md 5), changed only in tests.
    #[pyo3(signature = (path, progress, *, tz, format=None, devices=false, source_name="", stream=None, changed=None, level=None, chunk=None, long_line=None, parsed_part=None, edge_bytes=None, row_bytes=None, window=None, flows=None, alive=None, block=None, asked=None))]
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
        window: Option<usize>,
        flows: Option<usize>,
        alive: Option<usize>,
        block: Option<usize>,
        asked: Option<&Asked>,
    ) -> PyResult<(Lines, Bound<'py, PyDict>)> {
        let normal = Limits::default();
        let options = Options {
            tz: tz.to_owned(),
            format,
            devices,
            source_name: source_name.to_owned(),
            asked: asked.map(|asked| asked.inner.clone()),
            level: parse_level(level)?,
            limits: Limits {
                chunk: chunk.unwrap_or(normal.chunk),
                long_line: long_line.unwrap_or(normal.long_line),
                parsed_part: parsed_part.unwrap_or(normal.parsed_part),
                edge_bytes: edge_bytes.unwrap_or(normal.edge_bytes),
                row_bytes: row_bytes.unwrap_or(normal.row_bytes),
                window: window.unwrap_or(normal.window),
                flows: flows.unwrap_or(normal.flows),
                alive: alive.unwrap_or(normal.alive),
                block: block.unwrap_or(normal.block),
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
        let formats = self.formats.get()?;
        let (lines, coverage) = work(py, || {
            pipeline::scan(&self.set, formats, &path, input, &options, &counters)
        })?;
        let lines = Lines::of(lines, &self.set);
        Ok((lines, coverage_dict(py, &coverage)?))
    }

    /// Reads the lines of a plain file between two offsets; None where the answer would not be exact. `edge_bytes`,
    /// `chunk` and `block` are bounds (docs/contract.md 5), changed only in tests.
    #[pyo3(signature = (path, progress, *, start, end, header=None, tz, format=None, devices=false, chunk=None, edge_bytes=None, block=None, asked=None))]
    #[allow(clippy::too_many_arguments)]
    fn scan_part<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        progress: &Progress,
        start: u64,
        end: Option<u64>,
        header: Option<&[u8]>,
        tz: &str,
        format: Option<String>,
        devices: bool,
        chunk: Option<usize>,
        edge_bytes: Option<u64>,
        block: Option<usize>,
        asked: Option<&Asked>,
    ) -> PyResult<Option<PartTuple<'py>>> {
        let normal = Limits::default();
        let options = Options {
            tz: tz.to_owned(),
            format,
            devices,
            source_name: String::new(),
            asked: asked.map(|asked| asked.inner.clone()),
            level: Level::best(),
            limits: Limits {
                chunk: chunk.unwrap_or(normal.chunk),
                edge_bytes: edge_bytes.unwrap_or(normal.edge_bytes),
                block: block.unwrap_or(normal.block),
                ..normal
            },
        };
        let range = Range { start, end };
        let formats = self.formats.get()?;
        let counters = progress.inner.clone();
        let found = work(py, || {
            part::scan(
                &self.set, formats, &path, range, header, &options, &counters,
            )
        })?;
        Ok(found.map(|p| {
            (
                p.start,
                p.end,
                p.source,
                PyBytes::new(py, &p.before),
                PyBytes::new(py, &p.after),
                p.errors,
                PyBytes::new(py, &p.body),
            )
        }))
    }

    /// Reads one span of a file from `stream`, which gives text from `start` on: the sightings, the coverage of the span,
    /// and the header and the hours behind it. `judged` are the first two values of a judging. Without rows the sightings are None. `changed`, `edge_bytes`, `chunk` and `block` are those of `scan`.
    #[pyo3(signature = (path, progress, stream, *, start, judged, header, hours, source, tz, format=None, devices=false, source_name="", changed=None, chunk=None, edge_bytes=None, block=None, asked=None))]
    #[allow(clippy::too_many_arguments)]
    fn scan_span<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        progress: &Progress,
        stream: Py<PyAny>,
        start: u64,
        judged: (&str, &str),
        header: &[u8],
        hours: &[u8],
        source: String,
        tz: &str,
        format: Option<String>,
        devices: bool,
        source_name: &str,
        changed: Option<i64>,
        chunk: Option<usize>,
        edge_bytes: Option<u64>,
        block: Option<usize>,
        asked: Option<&Asked>,
    ) -> PyResult<OfSpan<'py>> {
        let normal = Limits::default();
        let options = Options {
            tz: tz.to_owned(),
            format,
            devices,
            source_name: source_name.to_owned(),
            asked: asked.map(|asked| asked.inner.clone()),
            level: Level::best(),
            limits: Limits {
                chunk: chunk.unwrap_or(normal.chunk),
                edge_bytes: edge_bytes.unwrap_or(normal.edge_bytes),
                block: block.unwrap_or(normal.block),
                ..normal
            },
        };
        let input = Input::Stream {
            stream: Box::new(Stream::new(stream)),
            changed,
        };
        let before = Before {
            start,
            judged: Judged {
                format: judged.0,
                dates: Order::of(judged.1),
            },
            header,
            hours,
            source,
        };
        let counters = progress.inner.clone();
        let formats = self.formats.get()?;
        let (lines, coverage, behind) = work(py, || {
            span::scan(
                &self.set, formats, &path, input, before, &options, &counters,
            )
        })?;
        let about = coverage_dict(py, &coverage)?;
        let lines = (!lines.is_empty()).then(|| Lines::of(lines, &self.set));
        let (header, hours) = (&behind.header, &behind.hours);
        Ok((
            lines,
            about,
            PyBytes::new(py, header),
            PyBytes::new(py, hours),
        ))
    }

    /// The answer of a whole file from the bodies of its parts, in order; None without any.
    #[pyo3(signature = (path, bodies, errors, *, tz, format=None, devices=false, source_name="", asked=None))]
    #[allow(clippy::too_many_arguments)]
    fn merge<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        bodies: &Bound<'py, PyAny>,
        errors: Vec<String>,
        tz: &str,
        format: Option<String>,
        devices: bool,
        source_name: &str,
        asked: Option<&Asked>,
    ) -> PyResult<Option<(Lines, Bound<'py, PyDict>)>> {
        let options = Options {
            tz: tz.to_owned(),
            format,
            devices,
            source_name: source_name.to_owned(),
            asked: asked.map(|asked| asked.inner.clone()),
            level: Level::best(),
            limits: Limits::default(),
        };
        let formats = self.formats.get()?;
        let mut whole = Whole::default();
        for body in bodies.try_iter()? {
            let body = body?;
            let body: &[u8] = body.extract()?;
            py.detach(|| whole.add(body, &self.set))?;
        }
        let found = work(py, || whole.finish(formats, &path, &options, errors))?;
        let Some((lines, coverage)) = found else {
            return Ok(None);
        };
        let about = coverage_dict(py, &coverage)?;
        Ok(Some((Lines::of(lines, &self.set), about)))
    }
}

/// Names of the instruction sets that a scan may use here, the fastest last.
#[pyfunction]
fn levels() -> Vec<&'static str> {
    Level::available().into_iter().map(Level::name).collect()
}

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::{
        Asked, Bypasses, Draft, Fault, Formats, Judging, Lines, Matcher, OptionsError, Progress,
        SetError, SpareThreads, Tally, levels,
    };

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
