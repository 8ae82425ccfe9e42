//! `Formats`: the log formats, read by threads of their own while Python still imports.
use std::array;
use std::cmp::Reverse;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::{fs, io};

use pyo3::prelude::*;
use quetsach_matcher::Error;
use quetsach_matcher::format::Format;

use crate::errors::{OptionsError, raise};

type Parsed = Result<Arc<Vec<Format>>, String>;

const UNREADABLE: &str = "the log formats could not be read";
/// Threads that parse the formats: the first line of a log would wait some milliseconds for one thread.
const READERS: usize = 2;
/// The memory that parsing takes in each thread, in blocks that glibc does not map one by one.
const BLOCKS: usize = 8;
const BLOCK_BYTES: usize = 120 << 10;

/// Log formats that threads are reading; the first scan waits for them.
#[derive(Debug)]
pub struct Loading {
    thread: Mutex<Option<JoinHandle<Parsed>>>,
    parsed: OnceLock<Parsed>,
}

impl Loading {
    /// Begins to read all formats; `more` are added to them.
    fn read(place: Place, more: Vec<Format>) -> io::Result<Loading> {
        let thread = thread::Builder::new().name("formats".to_owned());
        let thread = thread.spawn(move || read(place, more))?;
        Ok(Loading {
            thread: Mutex::new(Some(thread)),
            parsed: OnceLock::new(),
        })
    }

    pub fn get(&self) -> PyResult<&Arc<Vec<Format>>> {
        let parsed = self.parsed().as_ref();
        parsed.map_err(|problem| OptionsError::new_err(problem.clone()))
    }

    fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| {
            let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
            let joined = thread.take().map(JoinHandle::join);
            joined.map_or_else(
                || Ok(Arc::default()),
                |found| found.unwrap_or_else(|_| Err(UNREADABLE.to_owned())),
            )
        })
    }
}

/// Where the texts of the formats are: in a folder, or at hand.
enum Place {
    Folder(PathBuf),
    Texts(Vec<String>),
}

/// All log formats of a folder, and those of the caller.
#[pyclass(frozen)]
pub struct Formats {
    pub inner: Arc<Loading>,
}

#[pymethods]
impl Formats {
    /// `packed` are the texts of a folder that lies in an archive. Raises OptionsError for one of `texts` that is no format.
    /// The first scan raises it for a file that is none.
    #[new]
    #[pyo3(signature = (folder, texts, packed=None))]
    fn new(folder: PathBuf, texts: Vec<String>, packed: Option<Vec<String>>) -> PyResult<Self> {
        let place = packed.map_or(Place::Folder(folder), Place::Texts);
        let more = texts.iter().map(|text| Format::parse(text));
        let more = more.collect::<Result<Vec<_>, _>>().map_err(raise)?;
        let inner = Arc::new(Loading::read(place, more)?);
        Ok(Formats { inner })
    }
}

fn read(place: Place, mut formats: Vec<Format>) -> Parsed {
    let mut texts = match place {
        Place::Texts(texts) => texts,
        Place::Folder(folder) => {
            texts(&folder).map_err(|error| format!("{}: {error}", folder.display()))?
        }
    };
    // The longest format first, each thread takes the next: so both end at the same time.
    texts.sort_unstable_by_key(|text| Reverse(text.len()));
    let next = AtomicUsize::new(0);
    let parse = || -> Result<Vec<Format>, Error> {
        grow();
        let mut found = Vec::new();
        while let Some(text) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.push(Format::parse(without_samples(text))?);
        }
        Ok(found)
    };
    let parts = thread::scope(|scope| {
        let others: Vec<_> = (1..READERS).map(|_| scope.spawn(parse)).collect();
        let mut parts = vec![parse()];
        for other in others {
            parts.push(other.join().map_err(|_| UNREADABLE.to_owned())?);
        }
        Ok::<_, String>(parts)
    })?;
    for part in parts {
        formats.extend(part.map_err(|error| error.to_string())?);
    }
    formats.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Arc::new(formats))
}

/// Takes memory and gives it back. The heap of a thread grows page by page, with a call of the system for each page, but
/// not again over memory that was given back.
fn grow() {
    let blocks: [Vec<u8>; BLOCKS] = array::from_fn(|_| Vec::with_capacity(BLOCK_BYTES));
    black_box(&blocks);
}

/// The text without its samples: these are half of it, and only tests and readers need them. They stand last; where
/// anything else follows them, they stay.
fn without_samples(text: &str) -> &str {
    let Some(start) = text.find("\n[[sample]]") else {
        return text;
    };
    let (before, samples) = text.split_at(start + 1);
    let mut tables = samples.split("\n[").skip(1);
    if tables.all(|table| table.starts_with("[sample]]") || table.starts_with("sample.")) {
        before
    } else {
        text
    }
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
