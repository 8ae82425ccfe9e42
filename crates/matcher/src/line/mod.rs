//! Phase 2: the tokens of a line, its hits, and the record that its fields make.

pub(crate) mod attribution;
mod chars;
pub mod clocks;
pub(crate) mod detect;
pub(crate) mod freetext;
mod heads;
pub mod hit;
mod keys;
pub(crate) mod line_key;
pub mod moments;
pub(crate) mod places;
pub(crate) mod record;
mod sides;
pub(crate) mod tokens;
