//! `Formats`: the log formats, read by a thread of their own while Python is still starting.
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::{fs, io};

use pyo3::prelude::*;
use quetsach_matcher::Error;
use quetsach_matcher::format::Format;

use crate::{OptionsError, raise};

type Parsed = Result<Arc<Vec<Format>>, String>;

/// Formats on their way; they are waited for when the first line is looked at.
#[derive(Debug)]
pub struct Coming {
    thread: Mutex<Option<JoinHandle<Parsed>>>,
    parsed: OnceLock<Parsed>,
}

impl Coming {
    pub fn get(&self) -> PyResult<&Arc<Vec<Format>>> {
        let parsed = self.parsed.get_or_init(|| {
            let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
            let joined = thread.take().map(JoinHandle::join);
            joined.map_or_else(
                || Ok(Arc::default()),
                |found| {
                    found.unwrap_or_else(|_| Err("the log formats could not be read".to_owned()))
                },
            )
        });
        parsed
            .as_ref()
            .map_err(|problem| OptionsError::new_err(problem.clone()))
    }
}

/// All log formats of a folder, and some more.
#[pyclass(frozen)]
pub struct Formats {
    pub inner: Arc<Coming>,
}

#[pymethods]
impl Formats {
    /// Raises OptionsError for a text that is no format; what is wrong with a file is raised by the first scan.
    #[new]
    fn new(folder: PathBuf, texts: Vec<String>) -> PyResult<Self> {
        let more = texts.iter().map(|text| Format::parse(text));
        let more = more.collect::<Result<Vec<_>, _>>().map_err(raise)?;
        let thread = thread::Builder::new().name("formats".to_owned());
        let thread = thread.spawn(move || read(&folder, more))?;
        Ok(Formats {
            inner: Arc::new(Coming {
                thread: Mutex::new(Some(thread)),
                parsed: OnceLock::new(),
            }),
        })
    }
}

fn read(folder: &Path, mut formats: Vec<Format>) -> Parsed {
    let texts = texts(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for text in &texts {
        formats.push(Format::parse(text).map_err(|error: Error| error.to_string())?);
    }
    formats.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Arc::new(formats))
}

fn texts(folder: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|suffix| suffix == "toml") {
            found.push(fs::read_to_string(path)?);
        }
    }
    Ok(found)
}
