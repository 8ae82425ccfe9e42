//! Finds malicious names and addresses in logs. Pure Rust: knows nothing of Python, the web or a database.
//!
//! Where to look, in the order that a log goes through:
//!
//! | step | modules |
//! |---|---|
//! | a list becomes a set | `plain`, `draft`, `watch`, then `setfile`, `header`, `slots`, `hash`; opened again by `opening`, `set`, `item`, `ranges` |
//! | bytes of a source, unpacked | `reader`, `inflate`, `utf16`, `capture` (packets) |
//! | cut into whole lines for the threads | `pipeline`, `feed`, `queue`, `loan`, `part`, `relay`, `lines`, `longline` |
//! | phase 1: every byte, where might a listed name or address stand? | `buffer`, `raw` (the only unsafe code: AVX-512, AVX2, portable), `segments` |
//! | phase 2: what exactly stands there | `scan`, `tokens`, `hit`, `token`, `names`, `address`, `freetext`, `chars` |
//! | the fields of a line that hit | `detect`, `format`, `shape`, `expression`, `wrapper`, `json`, `decoders`, `record` |
//! | its time | `time`, `timeline`, `years`, `midnights`, `tail` |
//! | rows by indicator, device and day | `rows`, `details`, `repeats`, `places`, `words`, `alive`, `runs`, `spread`, `memory` |
//! | the answer | `wire`, `escape`, `tally` |
#![deny(unsafe_code)]

pub mod address;
mod alive;
mod arena;
mod both;
mod buffer;
mod capture;
mod chars;
mod decoder;
mod decoders;
mod details;
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
pub mod hit;
#[cfg(not(feature = "isal"))]
mod inflate;
mod item;
mod json;
mod lines;
mod loan;
mod longline;
mod memo;
pub mod memory;
mod midnights;
mod names;
pub mod opening;
pub mod options;
pub mod part;
pub mod pipeline;
mod places;
pub mod plain;
mod prefix;
mod queue;
mod ranges;
pub mod raw;
pub mod reader;
mod record;
mod relay;
mod repeats;
pub mod rows;
mod runs;
mod saying;
mod scan;
mod seen;
mod segments;
pub mod set;
pub mod setfile;
mod shape;
mod slots;
mod spread;
mod tail;
pub mod tally;
pub mod time;
mod timeline;
mod together;
pub mod token;
mod tokens;
mod utf16;
pub mod watch;
mod when;
pub mod wire;
mod words;
mod wrapper;
mod years;

pub use error::Error;
pub use set::Set;
