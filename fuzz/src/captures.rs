//! Packet captures of any bytes, given in one piece or in small ones, with few and with many flows remembered.
use crate::shared::{How, SET, scan};
use libfuzzer_sys::Corpus;
use quetsach_matcher::options::Limits;

const MAGIC: &[u8] = &[
    0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0,
];

pub fn run(data: &[u8]) -> Corpus {
    let [piece, flows, file @ ..] = data else {
        return Corpus::Reject;
    };
    // Without a known start it is a log, which other targets read.
    let known = [MAGIC, file].concat();
    let file = match file.first() {
        Some(0xA1 | 0xD4 | 0x4D | 0x0A) => file,
        _ => &known,
    };
    let usual = How::default();
    let whole = How {
        limits: Limits {
            flows: 1 + usize::from(*flows),
            ..usual.limits
        },
        ..usual
    };
    let pieces = How {
        piece: 1 + usize::from(*piece),
        ..whole.clone()
    };
    assert_eq!(scan(&SET, file, &pieces), scan(&SET, file, &whole));
    Corpus::Keep
}
