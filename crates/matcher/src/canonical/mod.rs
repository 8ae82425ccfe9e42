//! The canonical spelling of addresses and names; logs and lists are compared in it.

pub mod address;
pub(crate) mod names;
pub mod prefix;
