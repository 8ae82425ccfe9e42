//! Finds malicious names and addresses in logs. Pure Rust: knows nothing of Python, the web or a database.
#![deny(unsafe_code)]

pub mod address;
mod alive;
mod buffer;
mod capture;
mod chars;
mod decoder;
mod decoders;
mod detect;
pub mod draft;
mod error;
mod escape;
mod expression;
mod feed;
pub mod format;
mod freetext;
mod hash;
mod header;
#[cfg(not(feature = "isal"))]
mod inflate;
mod item;
mod json;
mod lines;
mod longline;
mod names;
pub mod options;
pub mod part;
pub mod pipeline;
pub mod plain;
mod queue;
mod ranges;
pub mod raw;
pub mod reader;
mod record;
mod relay;
pub mod rows;
mod runs;
mod scan;
mod segments;
pub mod set;
pub mod setfile;
mod shape;
mod slots;
mod tail;
pub mod tally;
pub mod time;
mod timeline;
pub mod token;
mod tokens;
mod utf16;
pub mod watch;
pub mod wire;
mod words;
mod wrapper;

pub use error::Error;
pub use set::Set;
