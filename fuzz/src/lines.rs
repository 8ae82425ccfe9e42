//! Phase 1 at every level, in chunks of any size and on several threads, against phase 2 alone.
use crate::shared::{EVERY_LINE, How, SET, scan};
use libfuzzer_sys::Corpus;
use quetsach_matcher::options::Limits;
use quetsach_matcher::raw::Level;

pub fn run(data: &[u8]) -> Corpus {
    let [chunk, parsed, log @ ..] = data else {
        return Corpus::Reject;
    };
    let usual = How::default();
    let truth = scan(&EVERY_LINE, log, &usual);
    for level in Level::available() {
        let how = How {
            level,
            ..usual.clone()
        };
        assert_eq!(scan(&SET, log, &how), truth, "{level:?}");
    }
    let how = How {
        limits: Limits {
            chunk: 64 + usize::from(*chunk),
            block: 64,
            window: 0,
            ..usual.limits
        },
        threads: 2,
        piece: 1 + usize::from(*parsed),
        ..usual
    };
    assert_eq!(
        scan(&SET, log, &how),
        truth,
        "chunks of {}",
        how.limits.chunk
    );
    Corpus::Keep
}
