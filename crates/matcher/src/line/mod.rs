//! Phase 2 and the fields of a line that hit: what exactly stands where phase 1 pointed, and what the line says of it.

mod chars;
pub(crate) mod detect;
pub(crate) mod freetext;
pub mod hit;
pub(crate) mod line_key;
pub(crate) mod record;
pub(crate) mod tokens;
