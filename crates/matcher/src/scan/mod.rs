//! What one thread does with its lines: phase 1 on every byte, phase 2 on what it names, rows of what is found.
mod batch;
pub(crate) mod baton;
mod chunk;
pub(crate) mod long_line;
mod pieces;
mod record_hits;
pub(crate) mod segments;
pub(crate) mod state;
mod tail;
