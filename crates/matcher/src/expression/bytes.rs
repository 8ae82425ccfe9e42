//! Sets of bytes, and how long a run of them is.
use memchr::{memchr, memchr2, memchr3};

/// Bytes of a run that are looked at one by one before the rest is searched.
const SHORT_RUN: usize = 16;

/// A set of bytes.
#[derive(Clone, Debug)]
pub struct Bytes(pub [bool; 256]);

impl Bytes {
    #[inline]
    pub fn has(&self, b: u8) -> bool {
        self.0[usize::from(b)]
    }
}

/// A set of bytes whose runs are looked for.
#[derive(Clone, Debug)]
pub struct Runs {
    pub set: Box<Bytes>,
    border: Border,
}

/// What the set does not hold, where that is few bytes.
#[derive(Clone, Copy, Debug)]
enum Border {
    One(u8),
    Two([u8; 2]),
    Three([u8; 3]),
    Many,
}

impl Runs {
    pub fn of(set: Bytes) -> Runs {
        let mut others = [0; 4];
        let mut count = 0;
        for b in (0..=u8::MAX).filter(|b| !set.has(*b)).take(others.len()) {
            others[count] = b;
            count += 1;
        }
        let [a, b, c, _] = others;
        let border = match count {
            1 => Border::One(a),
            2 => Border::Two([a, b]),
            3 => Border::Three([a, b, c]),
            _ => Border::Many,
        };
        Runs {
            set: Box::new(set),
            border,
        }
    }

    /// How many bytes at the start of the text are of this set, up to `most`.
    #[inline]
    pub fn run(&self, text: &[u8], most: usize) -> usize {
        let text = &text[..text.len().min(most)];
        if let Border::One(border) = self.border {
            if let Some(near) = text.first_chunk::<SHORT_RUN>()
                && let Some(end) = first(near, border)
            {
                return end;
            }
            return memchr(border, text).unwrap_or(text.len());
        }
        let (near, far) = text.split_at(text.len().min(SHORT_RUN));
        if let Some(end) = near.iter().position(|&b| !self.set.has(b)) {
            return end;
        }
        if far.is_empty() {
            return near.len();
        }
        let end = match self.border {
            Border::One(a) => memchr(a, far),
            Border::Two([a, b]) => memchr2(a, b, far),
            Border::Three([a, b, c]) => memchr3(a, b, c, far),
            Border::Many => far.iter().position(|&b| !self.set.has(b)),
        };
        end.map_or(text.len(), |end| near.len() + end)
    }
}

/// Where a byte first stands among sixteen.
#[inline]
fn first(text: &[u8; SHORT_RUN], b: u8) -> Option<usize> {
    let differs = u128::from_le_bytes(*text) ^ u128::from_le_bytes([b; SHORT_RUN]);
    let ones = u128::from_le_bytes([1; SHORT_RUN]);
    // The lowest bit set is that of the first byte that does not differ.
    let equal = differs.wrapping_sub(ones) & !differs & (ones << 7);
    (equal != 0).then(|| equal.trailing_zeros() as usize / 8)
}
