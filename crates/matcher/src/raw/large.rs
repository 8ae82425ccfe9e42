//! Large pages for memory that is looked at in no order.

/// Bytes of a large page of the processors at hand; a wrong guess costs nothing but the gain.
const PAGE: usize = 2 << 20;

/// Asks for large pages for what a vector has room for; may do nothing. Each page that is touched takes memory as a
/// whole.
pub fn large_pages<T>(memory: &mut Vec<T>) {
    #[cfg(target_os = "linux")]
    {
        let begin = memory.as_mut_ptr().cast::<u8>();
        let before = begin.align_offset(PAGE);
        let whole = (memory.capacity() * size_of::<T>()).saturating_sub(before) / PAGE * PAGE;
        if whole > 0 {
            // SAFETY: invariant 6.
            unsafe { libc::madvise(begin.add(before).cast(), whole, libc::MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = memory;
}
