//! Phase 1 at every level, in chunks of any size and on several threads, against phase 2 alone.
#![no_main]
use libfuzzer_sys::{Corpus, fuzz_target};
use quetsach_fuzz::{EVERY_LINE, How, SET, read_formats, scan};
use quetsach_matcher::options::Limits;
use quetsach_matcher::raw::Level;

fuzz_target!(init: read_formats(), |data: &[u8]| -> Corpus {
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
});
