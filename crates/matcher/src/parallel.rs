//! Two pieces of work at once.
use std::panic;
use std::thread;

/// Does both pieces of work, the first on a thread of its own, and returns both results.
pub(crate) fn join<A: Send, B>(
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> (A, B) {
    thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        let first = first.join();
        (
            first.unwrap_or_else(|reason| panic::resume_unwind(reason)),
            second,
        )
    })
}
