//! Classes of bytes, and work that is compiled for each instruction set.

/// Asks for the memory of a value to be brought near; may do nothing.
#[inline(always)]
pub fn prefetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        const CACHE_LINE: usize = 64;
        let start = std::ptr::from_ref(place).cast::<i8>();
        for at in (0..size_of::<T>()).step_by(CACHE_LINE) {
            // SAFETY: invariant 3; SSE belongs to x86-64.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(at)) }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Blocks classified at once.
pub const BLOCKS: usize = 8;

/// These blocks, and the byte before them.
pub type Bytes = [u8; 1 + 64 * BLOCKS];

/// One bit per byte of each block of 64 bytes, the lowest bit for the first byte.
pub type Plane = [u64; BLOCKS];

/// The classes of some blocks.
#[repr(align(64))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// `[A-Za-z0-9._-]`
    pub token: Plane,
    pub dot: Plane,
    pub digit: Plane,
    /// Hexadecimal digits and `:`.
    pub group: Plane,
    pub colon: Plane,
    /// Each `0` behind a `1`.
    pub ten: Plane,
    /// How many bytes are line feeds.
    pub newlines: u64,
    /// The blocks in which `Classes::hidden` finds something or a zero byte or an ESC stands, and perhaps others.
    pub hidden: u8,
}

/// The blocks among these bytes.
#[inline(always)]
pub fn blocks(bytes: &Bytes) -> &[[u8; 64]; BLOCKS] {
    bytes[1..].as_chunks().0.try_into().expect("these blocks")
}

/// A way to classify bytes. All ways give the same classes.
pub trait Classes: Copy {
    fn masks(self, bytes: &Bytes) -> Masks;

    /// `\`, `(`, `#` and `^`, which may begin an escape, a length-prefixed name or a colour; and the bytes from 0x80.
    fn hidden(self, block: &[u8; 64]) -> (u64, u64);

    /// Asks for the memory to be brought near; may do nothing.
    #[inline(always)]
    fn prefetch(self, _word: &[u8; 8]) {}

    /// Appends `base` plus the number of each set bit. At most 32 bits are set; `out` has room for 32 more than `at`.
    #[inline(always)]
    fn places(self, mut bits: u64, base: u16, out: &mut [u16], at: usize) -> usize {
        let room = &mut out[at..at + 32];
        let count = bits.count_ones() as usize;
        // Mostly there are two or fewer: no branch for them.
        for place in &mut room[..2] {
            *place = base + bits.trailing_zeros() as u16;
            bits &= bits.wrapping_sub(1);
        }
        for place in room.iter_mut().take(count).skip(2) {
            *place = base + bits.trailing_zeros() as u16;
            bits &= bits - 1;
        }
        at + count
    }
}

/// Work that is compiled for each instruction set by itself. Only what `run` inlines is.
pub trait Work {
    fn run<C: Classes>(self, classes: C);
}
