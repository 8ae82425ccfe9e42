//! zstd frames by libzstd, a block at a time, into memory that is lent out as it is: unpacking copies nothing.
use std::ffi::c_void;
use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;

use zstd::zstd_safe::get_error_name;
use zstd_sys as zs;
use zstd_sys::ZSTD_nextInputType_e as Kind;

/// Frames with larger windows, and any of many scans, are unpacked by libzstd's own stream, which holds one window and
/// not two: their two and what waits to be looked at would be more than all scans together may take. `zstd -16` makes
/// this much, `zstd` 2 MB.
const MOST_WINDOW: u64 = 4 << 20;
/// The window may end in the segment before, where what is repeated is copied more slowly: the longer a segment, the
/// less of it.
const SEGMENT: u64 = 6 << 20;
/// Between the window and the next block, as libzstd's own buffer has it (`WILDCOPY_OVERLENGTH`, twice).
const SLACK: usize = 64;

/// Memory that a frame is unpacked into from its start on. What is lent of it does not change.
struct Segment {
    bytes: NonNull<[u8]>,
}

// SAFETY: invariant 7.
unsafe impl Send for Segment {}
// SAFETY: invariant 7.
unsafe impl Sync for Segment {}

impl Segment {
    fn new(size: usize) -> Segment {
        let bytes = Box::leak(vec![0; size].into_boxed_slice());
        Segment {
            bytes: NonNull::from(bytes),
        }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: invariant 7: made from a box, and nobody holds it any more.
        drop(unsafe { Box::from_raw(self.bytes.as_ptr()) });
    }
}

/// Unpacked bytes where they lie.
pub struct Slice {
    segment: Arc<Segment>,
    from: usize,
    to: usize,
}

impl Slice {
    /// Leaves out the first `n` bytes, or all if there are fewer.
    pub fn skip(&mut self, n: usize) {
        self.from = (self.from + n).min(self.to);
    }

    /// Leaves out what lies behind the first `n` bytes.
    pub fn truncate(&mut self, n: usize) {
        self.to = self.to.min(self.from + n);
    }
}

impl Deref for Slice {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let start = self.segment.bytes.cast::<u8>();
        // SAFETY: invariant 7: within the segment, written before it was lent and not changed since.
        unsafe { slice::from_raw_parts(start.as_ptr().add(self.from), self.to - self.from) }
    }
}

/// A frame being unpacked.
pub struct Frame {
    context: NonNull<zs::ZSTD_DCtx>,
    now: Arc<Segment>,
    filled: usize,
    /// Full segments; the last of them still lies in the window.
    full: Vec<Arc<Segment>>,
    block: usize,
    /// The beginning of input that libzstd wants in one piece.
    pending: Vec<u8>,
    /// The block that was announced last is stored as it is: any part of it may be given.
    is_stored: bool,
}

// SAFETY: invariant 6.
unsafe impl Send for Frame {}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: invariant 6.
        unsafe { zs::ZSTD_freeDCtx(self.context.as_ptr()) };
    }
}

impl Frame {
    /// Before the header of a frame, as one of so many scans; None for what is no ordinary frame, or has a large window
    /// or a dictionary.
    pub fn new(start: &[u8], scans: usize) -> Option<Frame> {
        let header = header(start)?;
        let scans = scans as u64;
        if header.windowSize > MOST_WINDOW / scans || header.dictID != 0 {
            return None;
        }
        // SAFETY: it makes a context or returns null.
        let context = NonNull::new(unsafe { zs::ZSTD_createDCtx() })?;
        let block = header.blockSizeMax as usize;
        let size = header
            .windowSize
            .max(SEGMENT / scans)
            .min(header.frameContentSize) as usize;
        let frames = Frame {
            context,
            now: Arc::new(Segment::new(size + block + SLACK)),
            filled: 0,
            full: Vec::new(),
            block,
            pending: Vec::new(),
            is_stored: false,
        };
        // SAFETY: invariant 6.
        let code = unsafe { zs::ZSTD_decompressBegin(context.as_ptr()) };
        problem(code).is_ok().then_some(frames)
    }

    /// Bytes taken, the next unpacked bytes, and whether the frame ended; or the fault of the frame.
    pub fn next(&mut self, input: &[u8]) -> (usize, Option<Slice>, Result<bool, &'static str>) {
        let mut took = 0;
        loop {
            // SAFETY: invariant 6.
            let wanted = unsafe { zs::ZSTD_nextSrcSizeToDecompress(self.context.as_ptr()) };
            if wanted == 0 {
                return (took, None, Ok(true));
            }
            let rest = &input[took..];
            let wanted = if self.is_stored && self.is_in_block() {
                wanted.min(rest.len().max(1))
            } else {
                wanted
            };
            let lacking = wanted - self.pending.len();
            if rest.len() < lacking {
                self.pending.extend_from_slice(rest);
                return (input.len(), None, Ok(false));
            }
            took += lacking;
            let mut held = std::mem::take(&mut self.pending);
            let gave = if held.is_empty() {
                self.step(&rest[..lacking])
            } else {
                held.extend_from_slice(&rest[..lacking]);
                self.step(&held)
            };
            held.clear();
            self.pending = held;
            match gave {
                Ok(0) => {}
                Ok(n) => {
                    let from = self.filled;
                    self.filled += n;
                    let lent = Slice {
                        segment: self.now.clone(),
                        from,
                        to: self.filled,
                    };
                    return (took, Some(lent), Ok(false));
                }
                Err(problem) => return (took, None, Err(problem)),
            }
        }
    }

    /// Gives libzstd exactly the bytes that it wants. Returns the number of unpacked bytes.
    fn step(&mut self, input: &[u8]) -> Result<usize, &'static str> {
        if self.size() - self.filled < self.block {
            self.turn();
        }
        let is_announced = self.kind() == Kind::ZSTDnit_blockHeader;
        let room = self.size() - self.filled;
        // SAFETY: invariants 6 and 7: all behind `filled` belongs to this frame alone.
        let code = unsafe {
            let out = self.now.bytes.cast::<u8>().as_ptr().add(self.filled);
            zs::ZSTD_decompressContinue(
                self.context.as_ptr(),
                out.cast::<c_void>(),
                room,
                input.as_ptr().cast(),
                input.len(),
            )
        };
        if is_announced {
            // RFC 8878 3.1.1.2: the type of a block, 0 for one that is stored as it is.
            self.is_stored = input[0] & 6 == 0;
        }
        problem(code)
    }

    /// What libzstd wants next.
    fn kind(&self) -> Kind {
        // SAFETY: invariant 6.
        unsafe { zs::ZSTD_nextInputType(self.context.as_ptr()) }
    }

    fn is_in_block(&self) -> bool {
        matches!(self.kind(), Kind::ZSTDnit_block | Kind::ZSTDnit_lastBlock)
    }

    fn size(&self) -> usize {
        self.now.bytes.len()
    }

    /// Goes on in a segment of which nothing is lent; the full segment becomes the window.
    fn turn(&mut self) {
        let free = self
            .full
            .iter_mut()
            .position(|one| Arc::get_mut(one).is_some());
        let next = match free {
            Some(i) => self.full.remove(i),
            None => Arc::new(Segment::new(self.size())),
        };
        self.full.push(std::mem::replace(&mut self.now, next));
        self.filled = 0;
    }
}

fn header(start: &[u8]) -> Option<zs::ZSTD_FrameHeader> {
    let mut header = std::mem::MaybeUninit::zeroed();
    // SAFETY: it reads the slice and writes the structure, which holds numbers.
    let code =
        unsafe { zs::ZSTD_getFrameHeader(header.as_mut_ptr(), start.as_ptr().cast(), start.len()) };
    // SAFETY: zeros are a value of each number and of the kind of frame.
    let header = unsafe { header.assume_init() };
    let is_frame = header.frameType == zs::ZSTD_FrameType_e::ZSTD_frame;
    (code == 0 && is_frame).then_some(header)
}

/// A code of libzstd: a number, or an error.
fn problem(code: usize) -> Result<usize, &'static str> {
    // SAFETY: it looks at the number.
    match unsafe { zs::ZSTD_isError(code) } {
        0 => Ok(code),
        _ => Err(get_error_name(code)),
    }
}
