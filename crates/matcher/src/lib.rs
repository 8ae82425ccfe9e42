//! Finds malicious names and addresses in logs. Pure Rust: knows nothing of Python, the web or a database.
#![deny(unsafe_code)]

pub mod address;
mod error;
mod hash;
mod ranges;
pub mod raw;
pub mod set;
pub mod setfile;
pub mod token;

pub use error::Error;
pub use set::Set;
