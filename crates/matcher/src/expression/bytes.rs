//! Sets of bytes.
use regex_syntax::hir::Class;

/// A set of bytes, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes([u64; 4]);

impl Bytes {
    pub const ALL: Bytes = Bytes([u64::MAX; 4]);

    /// None where a character of the class is more than a byte.
    pub fn of(class: &Class) -> Option<Bytes> {
        let mut set = Bytes::default();
        match class {
            Class::Bytes(class) => class
                .iter()
                .for_each(|range| set.put(range.start(), range.end())),
            Class::Unicode(class) => {
                for range in class.iter() {
                    let is_ascii = range.end().is_ascii();
                    is_ascii.then(|| set.put(range.start() as u8, range.end() as u8))?;
                }
            }
        }
        Some(set)
    }

    pub fn only(b: u8) -> Bytes {
        let mut set = Bytes::default();
        set.put(b, b);
        set
    }

    fn put(&mut self, first: u8, last: u8) {
        for b in first..=last {
            self.0[usize::from(b / 64)] |= 1 << (b % 64);
        }
    }

    #[inline(always)]
    pub fn has(&self, b: u8) -> bool {
        self.0[usize::from(b / 64)] >> (b % 64) & 1 == 1
    }

    pub fn or(&self, other: &Bytes) -> Bytes {
        Bytes(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    /// Whether a byte is in both sets.
    pub fn meets(&self, other: &Bytes) -> bool {
        self.0
            .iter()
            .zip(other.0)
            .any(|(own, other)| own & other != 0)
    }

    /// The bytes of the set in order.
    pub fn iter(&self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(|&b| self.has(b))
    }
}
