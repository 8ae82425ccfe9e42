//! How glibc treats memory that was freed.

/// Heaps among which all threads are shared out.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: i32 = 4;
/// Blocks of so many bytes are given back when they are freed, and the end of a heap beyond as many.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: i32 = 1 << 20;

/// Has threads find what others freed. Else each has a heap of its own, and with each large block that is freed the
/// blocks grow that stay in it, up to 32 MB.
pub(crate) fn share_heaps() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (of, value) in [
        (libc::M_ARENA_MAX, HEAPS),
        (libc::M_MMAP_THRESHOLD, LARGE),
        (libc::M_TRIM_THRESHOLD, LARGE),
    ] {
        // SAFETY: invariant 9.
        unsafe { libc::mallopt(of, value) };
    }
}
