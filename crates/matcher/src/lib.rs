//! Finds malicious names and addresses in logs. Pure Rust: knows nothing of Python, the web or a database.
#![deny(unsafe_code)]

pub mod address;
mod buffer;
mod chars;
mod decoders;
mod detect;
mod error;
mod escape;
pub mod format;
mod freetext;
mod hash;
mod json;
mod lines;
mod longline;
mod names;
mod options;
mod ranges;
pub mod raw;
pub mod reader;
mod record;
pub mod rows;
pub mod scan;
pub mod set;
pub mod setfile;
mod shape;
mod slots;
mod tail;
pub mod time;
mod timeline;
pub mod token;
mod tokens;
mod utf16;
mod wrapper;

pub use error::Error;
pub use set::Set;
