//! One thread of a scan looks at its chunks: phase 1 on every byte, phase 2 on each line that phase 1 names, rows of the
//! hits.
//!
//! `Scan` is one type whose methods stand in several files: `state` holds it, `chunk` leads through a chunk, the others do
//! one part of it each.
mod asked;
mod batch;
pub(crate) mod baton;
pub(crate) mod blocks;
mod chunk;
pub(crate) mod long_line;
mod odd_lines;
pub(crate) mod odd_places;
mod pieces;
mod record_hits;
mod seen_now;
pub(crate) mod segments;
pub(crate) mod state;
mod tail;
pub(crate) mod unattributed;
