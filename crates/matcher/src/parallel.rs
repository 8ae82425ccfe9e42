//! Two pieces of work at once.
use std::panic;
use std::thread;

/// Does both pieces of work, the first on a thread of its own, and returns both results. If the first panics,
/// its panic goes on in the caller.
pub(crate) fn join<A: Send, B>(
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> (A, B) {
    thread::scope(|scope| {
        let thread = scope.spawn(first);
        let second_result = second();
        let first_result = thread.join();
        (
            first_result.unwrap_or_else(|reason| panic::resume_unwind(reason)),
            second_result,
        )
    })
}
