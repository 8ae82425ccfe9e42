//! A time in eight bytes, as a row keeps it.
use serde::{Deserialize, Serialize};

use crate::time::{Value, Yearless};

/// No time, a time without a year, or microseconds since 1970 UTC. Times of one kind sort by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct When(i64);

/// Bits of the day, the hour, the minute and the second.
const DAY: u32 = 5;
const HOUR: u32 = 5;
const MINUTE: u32 = 6;
const SECOND: u32 = 6;
/// Those of the time of day.
const CLOCK: u32 = HOUR + MINUTE + SECOND;
/// Before the first microsecond of any year.
const KNOWN: i64 = i64::MIN + (1 << 32);

impl When {
    pub const NEVER: When = When(i64::MIN);

    pub fn new(value: Option<Value>) -> When {
        match value {
            None => When::NEVER,
            Some(Value::Known(micros)) => When(micros.max(KNOWN)),
            Some(Value::Yearless(y)) => {
                let [month, day, hour, minute, second] =
                    [y.month, y.day, y.hour, y.minute, y.second].map(i64::from);
                let date = month << DAY | day;
                let clock = (hour << MINUTE | minute) << SECOND | second;
                When(i64::MIN + (date << CLOCK | clock))
            }
        }
    }

    pub fn value(self) -> Option<Value> {
        if !self.is_yearless() {
            return self.micros().map(Value::Known);
        }
        let mut rest = self.0 - i64::MIN;
        let mut part = |bits: u32| {
            let part = rest & ((1 << bits) - 1);
            rest >>= bits;
            part as i8
        };
        let [second, minute, hour, day, month] = [SECOND, MINUTE, HOUR, DAY, 4].map(&mut part);
        Some(Value::Yearless(Yearless {
            month,
            day,
            hour,
            minute,
            second,
        }))
    }

    /// A number below 256: times of the same hour share it, and few times of other hours.
    pub fn hour_slot(self) -> usize {
        (self.0.wrapping_sub(i64::MIN) >> (MINUTE + SECOND)) as usize & 0xff
    }

    /// Of a time without a year.
    pub fn second_of_day(self) -> i64 {
        let clock = (self.0 - i64::MIN) & ((1 << CLOCK) - 1);
        let minutes = (clock >> (MINUTE + SECOND)) * 60 + (clock >> SECOND & 63);
        minutes * 60 + (clock & 63)
    }

    /// Microseconds that tell times of one bucket apart: since 1970, or since midnight of a clock's day.
    #[inline]
    pub fn clock(self) -> i64 {
        if self.is_yearless() {
            self.second_of_day() * super::SECOND
        } else {
            self.0
        }
    }

    pub fn is_yearless(self) -> bool {
        self != When::NEVER && self.0 < KNOWN
    }

    /// Microseconds, where the year is known.
    pub fn micros(self) -> Option<i64> {
        (self.0 >= KNOWN).then_some(self.0)
    }

    /// The earlier of two, if both are times.
    pub fn earlier(self, other: When) -> When {
        if self == When::NEVER || other == When::NEVER {
            self.max(other)
        } else {
            self.min(other)
        }
    }

    /// The later of two, if both are times.
    pub fn later(self, other: When) -> When {
        self.max(other)
    }

    pub fn to_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    /// The time in these bytes, which `to_bytes` gave.
    pub fn from_bytes(bytes: [u8; 8]) -> When {
        When(i64::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_in_their_order() {
        let yearless = |month, day, hour, minute, second| {
            Value::Yearless(Yearless {
                month,
                day,
                hour,
                minute,
                second,
            })
        };
        let values = [
            yearless(1, 1, 0, 0, 0),
            yearless(1, 31, 23, 59, 59),
            yearless(12, 31, 23, 59, 59),
            Value::Known(-62_135_596_800_000_000),
            Value::Known(0),
            Value::Known(253_402_300_799_999_999),
        ];
        let whens = values.map(|value| When::new(Some(value)));
        assert!(whens.is_sorted());
        for (value, when) in values.into_iter().zip(whens) {
            assert_eq!(when.value(), Some(value));
            assert_eq!(When::from_bytes(when.to_bytes()), when);
            assert_eq!(when.earlier(When::NEVER), when);
            if let Value::Yearless(time) = value {
                assert_eq!(when.second_of_day(), time.second_of_day());
            }
            assert_eq!(When::NEVER.later(when), when);
        }
        assert_eq!(When::new(None).value(), None);
    }
}
