//! The time of a line: known, or without its year until the end of the file.
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::yearless::Yearless;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    Known(i64),
    Yearless(Yearless),
}

/// Microseconds, with the year that fits where the line gave none.
pub fn resolve(value: Value, latest: Option<i64>, zone: &TimeZone) -> Option<i64> {
    match value {
        Value::Known(micros) => Some(micros),
        Value::Yearless(y) => y.resolve(latest?, zone),
    }
}

/// A time as the line gives it; `local` says that the scan's zone was applied, or will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub value: Value,
    pub local: bool,
}
