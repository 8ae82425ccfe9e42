//! Every format forced on any bytes, every line parsed: shapes, variants, JSON, wrappers, times, free text.
#![no_main]
use libfuzzer_sys::{Corpus, fuzz_target};
use quetsach_fuzz::{EVERY_LINE, FORMATS, How, read_formats, scan};

fuzz_target!(init: read_formats(), |data: &[u8]| -> Corpus {
    let [number, log @ ..] = data else {
        return Corpus::Reject;
    };
    let format = FORMATS.get(usize::from(*number) % (FORMATS.len() + 1));
    let how = How {
        format: Some(format.map_or("text", |f| &f.name).to_owned()),
        ..How::default()
    };
    scan(&EVERY_LINE, log, &how);
    Corpus::Keep
});
