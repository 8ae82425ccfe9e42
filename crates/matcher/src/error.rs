//! Errors that a caller can do something about.
use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The indicator set cannot be used.
    #[error("{0}")]
    Set(String),
    /// A format file cannot be used.
    #[error("log format {name}: {reason}")]
    Format { name: String, reason: String },
    /// The scan was asked for something that does not exist.
    #[error("{0}")]
    Options(String),
    /// A set file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl Error {
    pub fn set(reason: impl Into<String>) -> Self {
        Error::Set(reason.into())
    }
}
