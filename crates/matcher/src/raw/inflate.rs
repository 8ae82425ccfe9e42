//! gzip by ISA-L, about twice as fast as the inflate in Rust; only where the feature `isal` is built.
use isal_sys::igzip_lib::{self as isa, inflate_state};
use std::ptr;

/// A member of a gzip file being unpacked.
pub struct Inflate {
    /// Null pointers for input and output, but during `run`.
    state: Box<inflate_state>,
    failed: Option<&'static str>,
}

// SAFETY: invariant 5.
unsafe impl Send for Inflate {}

impl Inflate {
    /// Before the header of a member.
    pub fn gzip() -> Inflate {
        // SAFETY: the structure holds numbers, arrays of numbers and pointers; zeros are a value of each.
        let mut state: Box<inflate_state> = Box::new(unsafe { std::mem::zeroed() });
        // SAFETY: invariant 5.
        unsafe { isa::isal_inflate_init(&mut *state) };
        state.crc_flag = isa::ISAL_GZIP;
        Inflate {
            state,
            failed: None,
        }
    }

    /// Bytes taken, bytes given, and whether the member ended, or what is wrong with it once all that came
    /// before is given.
    pub fn run(
        &mut self,
        input: &[u8],
        out: &mut [u8],
    ) -> (usize, usize, Result<bool, &'static str>) {
        if self.failed.is_some() {
            return self.rest(out);
        }
        let limit = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (before_in, before_out) = (limit(input.len()), limit(out.len()));
        let state = &mut *self.state;
        state.next_in = input.as_ptr().cast_mut();
        state.avail_in = before_in;
        state.next_out = out.as_mut_ptr();
        state.avail_out = before_out;
        // SAFETY: invariant 5.
        let code = unsafe { isa::isal_inflate(state) };
        state.next_in = ptr::null_mut();
        state.next_out = ptr::null_mut();
        let took = (before_in - state.avail_in) as usize;
        let gave = (before_out - state.avail_out) as usize;
        if code < 0 {
            self.failed = Some(problem(code));
            let (_, more, status) = self.rest(&mut out[gave..]);
            return (took, gave + more, status);
        }
        let ended = state.block_state == isa::isal_block_state_ISAL_BLOCK_FINISH;
        (took, gave, Ok(ended))
    }

    /// What was unpacked before a failure and is not given yet.
    fn rest(&mut self, out: &mut [u8]) -> (usize, usize, Result<bool, &'static str>) {
        let state = &mut *self.state;
        let from = state.tmp_out_processed.max(0) as usize;
        let held = &state.tmp_out_buffer[from..(state.tmp_out_valid.max(0) as usize).max(from)];
        let n = held.len().min(out.len());
        out[..n].copy_from_slice(&held[..n]);
        state.tmp_out_processed += n as i32;
        let status = match self.failed {
            Some(problem) if n == held.len() => Err(problem),
            _ => Ok(false),
        };
        (0, n, status)
    }
}

/// In the words of the portable engine.
fn problem(code: i32) -> &'static str {
    match code {
        isa::ISAL_INCORRECT_CHECKSUM => "incorrect checksum",
        _ => "invalid data",
    }
}
