//! Times that are counted together.
use crate::time::midnights::Midnights;
use crate::time::{self, Value};

/// A number for times that are counted together: the times of a day of UTC or, until the year is known, of a part of a
/// clock's day. `Timeline::latest` never lies within a bucket.
pub fn bucket(value: Option<Value>, midnights: &Midnights) -> u32 {
    match value {
        None => 0,
        // Days of the years 1 to 9999 lie nearer to 1970 than 1 << 22.
        Some(Value::Known(micros)) => 1 << 30 | (time::day_number(micros) + (1 << 22)) as u32,
        Some(Value::Yearless(y)) => {
            let date = (y.month as u32) << 5 | y.day as u32;
            1 << 20 | date << 8 | u32::from(midnights.part(y))
        }
    }
}
