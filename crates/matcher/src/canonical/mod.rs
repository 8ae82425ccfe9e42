//! The one spelling of addresses and names in which logs and lists are compared.

pub mod address;
pub(crate) mod names;
pub mod prefix;
