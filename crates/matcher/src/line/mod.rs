//! Phase 2: the tokens of a line, its hits, and the record that its fields make.

pub(crate) mod attribution;
mod chars;
pub mod clocks;
pub(crate) mod detect;
mod directions;
pub(crate) mod escapes;
mod expressions;
pub(crate) mod freetext;
mod halves;
mod heads;
pub mod hit;
mod keys;
pub(crate) mod line_key;
pub mod moments;
pub(crate) mod places;
pub(crate) mod record;
mod services;
mod sides;
mod standing;
mod stated;
pub(crate) mod tokens;
