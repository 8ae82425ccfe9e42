//! Every format forced on any bytes, every line parsed: shapes, variants, JSON, wrappers, times, free text.
use crate::shared::{EVERY_LINE, FORMATS, How, scan};
use libfuzzer_sys::Corpus;

pub fn run(data: &[u8]) -> Corpus {
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
}
