//! Finds malicious names and addresses in logs. Pure Rust: knows nothing of Python, the web or a database.
//!
//! Where to look, in the order that a log goes through:
//!
//! | step | folder |
//! |---|---|
//! | a list becomes a set file, which is opened by a map | `set` |
//! | bytes of a source, unpacked; packets become lines | `reader`, `capture` |
//! | cut into whole lines for the threads, and their answers put together | `pipeline` |
//! | phase 1: every byte, where might a listed name or address stand? | `token`, `raw` (the only unsafe code: AVX-512, AVX2, SSE4.2, NEON, portable) |
//! | phase 2: what exactly stands there, and what the line says of it | `line`, `canonical` |
//! | formats of logs, and the fields of a line by them | `format`, `shape`, `expression` |
//! | its time | `time` |
//! | rows by indicator, device and day | `rows`, `memory` |
//! | the answer | `wire`, `tally` |
#![deny(unsafe_code)]

pub mod canonical;
mod capture;
mod error;
pub mod escape;
mod expression;
pub mod format;
pub mod line;
pub mod memory;
pub mod options;
mod parallel;
pub mod pipeline;
pub mod raw;
pub mod reader;
pub mod rows;
mod scan;
pub mod set;
mod shape;
pub mod tally;
pub mod time;
pub mod token;
pub mod wire;

pub use error::Error;
pub use set::Set;
