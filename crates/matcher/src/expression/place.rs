//! Places in a line.
use regex_automata::util::primitives::NonMaxUsize;

/// A place in a line; None where a group took no part.
pub type Slot = Option<NonMaxUsize>;

/// Where an expression ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With the line.
    Line,
    /// Anywhere.
    Anywhere,
}
