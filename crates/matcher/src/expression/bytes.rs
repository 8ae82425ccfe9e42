//! Sets of bytes, and how long a run of them is.
use regex_syntax::hir::Class;

use super::refuse::each_byte;
use crate::raw::sixteen::{self, Range};

/// A set of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub [bool; 256]);

impl Bytes {
    pub fn of(class: &Class) -> Bytes {
        let mut set = Bytes([false; 256]);
        each_byte(class, |b| set.0[usize::from(b)] = true);
        set
    }

    pub fn only(b: u8) -> Bytes {
        let mut set = Bytes([false; 256]);
        set.0[usize::from(b)] = true;
        set
    }

    #[inline]
    pub fn has(&self, b: u8) -> bool {
        self.0[usize::from(b)]
    }

    /// First and last of each range of bytes that are in the set, or that are not.
    pub fn ranges(&self, own: bool) -> Vec<(u8, u8)> {
        let mut found: Vec<(u8, u8)> = Vec::new();
        for b in (0..=u8::MAX).filter(|b| self.has(*b) == own) {
            match found.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(b) => *last = b,
                _ => found.push((b, b)),
            }
        }
        found
    }
}

/// Bytes that are compared at once.
const BLOCK: usize = 16;
/// More ranges are not compared with sixteen bytes at once.
const MOST_RANGES: usize = 8;

/// A set of bytes whose runs are looked for.
#[derive(Debug)]
pub struct Runs {
    pub set: Bytes,
    /// Of the bytes of the set or of all others, whichever are fewer ranges: the first and the others.
    pub first: Range,
    pub more: Box<[Range]>,
    /// Turns the bits of the bytes in a range to those of the bytes that end a run.
    pub turn: u32,
    /// A byte that is not in the set, if there is one.
    pub end: Option<u8>,
}

impl Runs {
    pub fn of(set: Bytes) -> Runs {
        let [own, others] = [true, false].map(|own| set.ranges(own));
        // A set without any range holds all or nothing, as one with a single range does.
        let is_own = others.is_empty() || !own.is_empty() && own.len() < others.len();
        let found = if is_own { own } else { others };
        let mut ranges = found.iter().map(|&(first, last)| Range::new(first, last));
        let first = ranges.next().unwrap_or(Range::new(0, u8::MAX));
        Runs {
            first,
            more: ranges.collect(),
            turn: if is_own { 0xFFFF } else { 0 },
            end: (0..=u8::MAX).find(|&b| !set.has(b)),
            set,
        }
    }

    /// How many bytes of the line from this place on are of this set, up to `most`.
    #[inline(always)]
    pub fn run(&self, line: &[u8], place: usize, most: usize) -> usize {
        let rest = line.len() - place;
        let byte = self.end.unwrap_or_default();
        let found = self.sixteen(sixteen::filled(line, place, byte, &mut [0; BLOCK]));
        if found == BLOCK && rest > BLOCK {
            return self.longer(line, place, most.min(rest));
        }
        found.min(most).min(rest)
    }

    /// Whether so few ranges are compared that it is quicker than to look at each byte.
    pub fn is_quick(&self) -> bool {
        self.more.len() < MOST_RANGES
    }

    /// How many of these bytes are of this set before one that is not.
    #[inline(always)]
    fn sixteen(&self, near: &[u8; BLOCK]) -> usize {
        if !self.is_quick() {
            let end = near.iter().position(|&b| !self.set.has(b));
            return end.unwrap_or(BLOCK);
        }
        let mut found = self.first.of(near);
        for range in &self.more {
            found |= range.of(near);
        }
        (found ^ self.turn | 1 << BLOCK).trailing_zeros() as usize
    }

    /// A run whose first bytes are of this set.
    #[inline(never)]
    pub fn longer(&self, line: &[u8], place: usize, most: usize) -> usize {
        let (byte, mut spare) = (self.end.unwrap_or_default(), [0; BLOCK]);
        let mut len = BLOCK;
        while len < most {
            let next = self.sixteen(sixteen::filled(line, place + len, byte, &mut spare));
            len += next;
            if next < BLOCK {
                break;
            }
        }
        len.min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_where_its_set_does() {
        let sets: [&dyn Fn(u8) -> bool; 8] = [
            &|b| b != b' ',
            &|b| b.is_ascii_digit(),
            &|b| !b.is_ascii_whitespace(),
            &|b| b.is_ascii_alphanumeric() || b == b'_',
            &|b| b % 2 == 0,
            &|_| true,
            &|_| false,
            &|b| b == 0 || b == 255,
        ];
        let mut seed = 7_u64;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % below
        };
        for member in sets {
            let mut set = Bytes([false; 256]);
            (0..=u8::MAX).for_each(|b| set.0[usize::from(b)] = member(b));
            let runs = Runs::of(set);
            for _ in 0..4000 {
                let length = random(70);
                // Mostly bytes of the set, so that runs are long.
                let mut text: Vec<u8> = Vec::new();
                while text.len() < length {
                    let b = random(256) as u8;
                    if member(b) || random(20) == 0 {
                        text.push(b);
                    } else if random(256) == 0 {
                        break;
                    }
                }
                let most = [0, 1, 9, 16, 17, 40, usize::MAX][random(7)];
                let want = text.iter().take(most).take_while(|b| member(**b)).count();
                assert_eq!(runs.run(&text, 0, most), want, "{text:?} {most}");
            }
        }
    }
}
