//! `Ahead`: one log whose scan begins while Python still imports what its command line needs.
//!
//! What was begun is only a guess at what will be asked. A scan takes it over where it asks for exactly the same: the
//! same set, formats, file and options. Anything else scans by itself, and what was begun is given up.
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};

use pyo3::prelude::*;
use quetsach_matcher::options::{Coverage, Limits, Options, Progress, Spare};
use quetsach_matcher::raw::Level;
use quetsach_matcher::reader::Input;
use quetsach_matcher::set::opening::Opening;
use quetsach_matcher::{Error, pipeline, wire};

use crate::formats::Coming;

/// The latest one; it belongs to the Python object and ends with it.
static BEGUN: Mutex<Weak<Begun>> = Mutex::new(Weak::new());

/// Nobody is told.
const GIVEN_UP: &str = "the scan was given up";

type Answer = Result<(wire::Lines, Coverage), Error>;

#[derive(Debug)]
struct Begun {
    set_file: FileId,
    opening: Opening,
    folder: PathBuf,
    formats: Arc<Coming>,
    log: PathBuf,
    log_file: FileId,
    options: Options,
    progress: Arc<Progress>,
    thread: Mutex<Option<JoinHandle<Answer>>>,
}

impl Drop for Begun {
    /// Gives up what nobody took. It looks at no file any more then, and is over within a chunk.
    fn drop(&mut self) {
        self.progress.cancel();
        let thread = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            let _ = thread.join();
        }
    }
}

/// Device and number of a regular file.
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    let about = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some((about.dev(), about.ino()))
}

/// Nothing tells two files apart there, so nothing is begun.
#[cfg(not(unix))]
fn file_id(_path: &Path) -> Option<FileId> {
    None
}

fn begun() -> Option<Arc<Begun>> {
    let latest = BEGUN.lock().unwrap_or_else(PoisonError::into_inner);
    latest.upgrade()
}

/// The set of this file, where it is open already.
pub fn opening(path: &Path) -> Option<Opening> {
    let begun = begun()?;
    (Some(begun.set_file) == file_id(path)).then(|| begun.opening.clone())
}

/// The formats of this folder, where they are on their way already.
pub fn formats(folder: &Path) -> Option<Arc<Coming>> {
    let begun = begun()?;
    (begun.folder == folder).then(|| begun.formats.clone())
}

/// The answer of what was begun, where just that is asked for; None where it must be scanned. Waits for its end. The
/// caller knows that the set is right.
pub fn take(
    opening: &Opening,
    formats: &Arc<Coming>,
    log: &Path,
    options: &Options,
    progress: &Progress,
) -> Option<(wire::Lines, Coverage)> {
    let begun = begun()?;
    let is_same = begun.opening.is(opening)
        && Arc::ptr_eq(&begun.formats, formats)
        && begun.log.as_os_str() == log.as_os_str()
        && Some(begun.log_file) == file_id(log)
        && Options {
            source_name: String::new(),
            ..options.clone()
        } == begun.options;
    if !is_same {
        return None;
    }
    let mut thread = begun.thread.lock().unwrap_or_else(PoisonError::into_inner);
    let thread = thread.take()?;
    progress.follow(&begun.progress);
    let (lines, mut coverage) = thread.join().ok()?.ok()?;
    coverage.name.clone_from(&options.source_name);
    Some((lines, coverage))
}

/// A scan that has begun; it is given up with this object.
#[pyclass(frozen)]
pub struct Ahead {
    _begun: Option<Arc<Begun>>,
}

#[pymethods]
impl Ahead {
    /// Begins to scan a log by a compiled set, with so many threads. Nothing begins, and nothing is raised, where
    /// either is no file that can be read so.
    #[new]
    #[pyo3(signature = (log, set, folder, *, threads, tz, format=None, devices=false))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        log: PathBuf,
        set: PathBuf,
        folder: PathBuf,
        threads: usize,
        tz: String,
        format: Option<String>,
        devices: bool,
    ) -> Ahead {
        let options = Options {
            tz,
            format,
            devices,
            source_name: String::new(),
            level: Level::best(),
            limits: Limits::default(),
        };
        let begun = py.detach(|| begin(&log, &set, folder, threads, options));
        let latest = begun.as_ref().map_or_else(Weak::new, Arc::downgrade);
        *BEGUN.lock().unwrap_or_else(PoisonError::into_inner) = latest;
        Ahead { _begun: begun }
    }
}

fn begin(
    log: &Path,
    set: &Path,
    folder: PathBuf,
    threads: usize,
    options: Options,
) -> Option<Arc<Begun>> {
    // As pathlib spells it.
    let log: PathBuf = log
        .components()
        .filter(|part| *part != Component::CurDir)
        .collect();
    let (log_file, set_file) = (file_id(&log)?, file_id(set)?);
    let formats = Arc::new(Coming::read(folder.clone(), Vec::new()).ok()?);
    let opening = Opening::begin(set).ok()?;
    let progress = Arc::new(Progress::new(Arc::new(Spare::new(1, threads.max(1) - 1))));
    let work = {
        // Whether the set is right is found out meanwhile, and asked by whoever takes the answer.
        let set = opening.unchecked().clone();
        let (formats, log) = (formats.clone(), log.clone());
        let (options, progress) = (options.clone(), progress.clone());
        move || {
            let formats = || match formats.parsed() {
                _ if progress.is_cancelled() => Err(Error::Options(GIVEN_UP.to_owned())),
                Ok(formats) => Ok(&formats[..]),
                // Whoever takes the answer has asked for them before, and told what is wrong.
                Err(problem) => Err(Error::Options(problem.clone())),
            };
            pipeline::scan(&set, formats, &log, Input::File, &options, &progress)
        }
    };
    let thread = thread::Builder::new().name("ahead".to_owned());
    let thread = thread.spawn(work).ok()?;
    Some(Arc::new(Begun {
        set_file,
        opening,
        folder,
        formats,
        log,
        log_file,
        options,
        progress,
        thread: Mutex::new(Some(thread)),
    }))
}
