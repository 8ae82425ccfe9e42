//! Files that change while they are read.
use super::*;
use std::io::Write;

#[test]
fn a_file_emptied_while_it_is_read_is_an_error() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&[b'x'; 300_000]).unwrap();
    let mut source = Source::open(file.path(), Input::File);
    let mut out = vec![0; 100_000];
    assert!(source.read(&mut out) > 0);
    file.as_file().set_len(0).unwrap();
    while source.read(&mut out) > 0 {}
    assert!(source.errors[0].ends_with("became shorter while it was read; scan it again"));
}

#[test]
fn a_packed_file_emptied_while_it_is_read_ahead_is_an_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut packed = flate2::write::GzEncoder::new(file.as_file(), flate2::Compression::none());
    packed.write_all(&vec![b'x'; 16 << 20]).unwrap();
    packed.finish().unwrap();
    let mut source = Source::open(file.path(), Input::File);
    source.may_read_ahead = true;
    let mut out = vec![0; 100_000];
    assert!(source.read(&mut out) > 0);
    file.as_file().set_len(0).unwrap();
    while source.read(&mut out) > 0 {}
    assert!(source.errors[0].ends_with("became shorter while it was read; scan it again"));
}
