//! Finds malicious names and addresses in logs. Pure Rust: knows nothing of Python, the web or a database.
//!
//! Folders stand in one order, from bytes to rows: each imports only from itself and from those above it here.
//! `tools/rust_order.py` reads the order from this table.
//!
//! | step | folder | what happens there |
//! |---|---|---|
//! | tools of all steps | `error`, `parallel` | errors; two pieces of work at once |
//! | | `raw` | the only unsafe code: vectors of bytes (AVX-512, AVX2, SSE4.2, NEON, portable), maps, decoders in C |
//! | | `escape`, `canonical` | safe text to show; the canonical spelling of names and addresses |
//! | a list | `set` | a list becomes a set file; a map opens it, and look-ups find names and addresses |
//! | bytes | `reader` | the bytes of one source, unpacked and as UTF-8 |
//! | phase 1 | `token` | every byte: where might a listed name or address stand? |
//! | fields | `time`, `expression` | times as logs spell them; the patterns of formats |
//! | | `format`, `shape` | log formats as data; the fields of a line by its format |
//! | phase 2 | `line` | the exact tokens of a line, the indicators that cover them, and the other fields |
//! | rows | `memory`, `options` | one account of memory for all threads; the options and the counts of a scan |
//! | | `rows` | lines of one indicator, device and day become one row, in memory or in temporary files |
//! | the answer | `tally`, `wire` | rows by machine; rows as lines of JSON |
//! | one thread | `scan` | looks at its chunks of lines: phase 1, phase 2, rows |
//! | a capture | `capture` | packets become records, and records rows |
//! | a source | `pipeline` | cuts a source into chunks for the threads, and joins their answers |
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
