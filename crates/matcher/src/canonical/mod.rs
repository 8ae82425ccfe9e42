//! The canonical spelling of addresses and names; logs and lists are compared in it.

pub mod address;
pub(crate) mod marks;
pub(crate) mod names;
/// Sorts texts by their first bytes; it knows nothing of spellings.
pub mod prefix;
