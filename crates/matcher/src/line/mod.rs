//! Phase 2: the tokens of a line, its hits, and the record that its fields make.

mod chars;
pub(crate) mod detect;
pub(crate) mod freetext;
pub mod hit;
pub(crate) mod line_key;
pub(crate) mod record;
pub(crate) mod tokens;
