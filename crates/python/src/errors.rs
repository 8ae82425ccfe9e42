//! The exceptions that Python gets for the errors of the matcher.
use std::io;

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
