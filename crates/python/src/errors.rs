//! The exceptions that Python gets for the errors of the matcher, and for a panic in it.
use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyOSError};
use pyo3::prelude::*;
use quetsach_matcher::Error;

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

create_exception!(
    _native,
    Fault,
    PyException,
    "The engine failed, by a mistake in its own code."
);

/// Does the work of one source without Python's lock. A panic in it becomes a `Fault`, so that it ends this source and no
/// other.
pub fn work<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> PyResult<T> {
    // What the work has left half done is dropped with it, or is a lock that is taken all the same.
    let done = py.detach(|| catch_unwind(AssertUnwindSafe(work)));
    done.map_err(|reason| Fault::new_err(text_of(&*reason)))?
        .map_err(raise)
}

fn text_of(reason: &(dyn Any + Send)) -> String {
    let fixed = reason.downcast_ref::<&str>().map(|&text| text.to_owned());
    fixed
        .or_else(|| reason.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason was given".to_owned())
}

pub fn raise(error: Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::Set(_) | Error::Io { .. } => SetError::new_err(text),
        Error::Options(_) | Error::Format { .. } => OptionsError::new_err(text),
    }
}

/// An error of the system. On Unix it keeps its number, so that Python raises the class for a full disk or a forbidden
/// folder.
pub fn system(error: io::Error) -> PyErr {
    match error.raw_os_error() {
        Some(number) if cfg!(unix) => PyOSError::new_err((number, error.kind().to_string())),
        _ => error.into(),
    }
}
