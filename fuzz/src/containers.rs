//! gzip, zstd and UTF-16 of any bytes, given in one piece or in small ones.
use crate::shared::{How, SET, scan};
use libfuzzer_sys::Corpus;

pub fn run(data: &[u8]) -> Corpus {
    let [piece, file @ ..] = data else {
        return Corpus::Reject;
    };
    let whole = How::default();
    let pieces = How {
        piece: 1 + usize::from(*piece),
        ..whole.clone()
    };
    assert_eq!(scan(&SET, file, &pieces), scan(&SET, file, &whole));
    Corpus::Keep
}
