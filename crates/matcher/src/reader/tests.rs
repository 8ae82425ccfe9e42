//! Files that change while they are read, and packed ones that are read ahead.
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

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

/// Text and errors of a file that is read to its end.
fn read(path: &Path, may_read_ahead: bool) -> (Vec<u8>, Vec<String>) {
    let mut source = Source::open(path, Input::File);
    source.may_read_ahead = may_read_ahead;
    let (mut text, mut out) = (Vec::new(), vec![0; 100_000]);
    loop {
        match source.read(&mut out) {
            0 => break,
            n => text.extend_from_slice(&out[..n]),
        }
    }
    (text, source.errors)
}

#[test]
fn what_is_read_ahead_is_what_is_read() {
    let mut number = 0_u32;
    let mut noise = |size: usize| -> Vec<u8> {
        let mut next = || {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (number >> 24) as u8
        };
        (0..size).map(|_| next()).collect()
    };
    let (large, small) = (noise(3 << 20), noise(70_000));
    let repeated = small.repeat(40);
    let one = gzip(&large);
    let many: Vec<u8> = (0..40).flat_map(|_| gzip(&small)).collect();
    let mut damaged = one.clone();
    damaged[2 << 20] ^= 0xFF;
    let rest = |behind: &[u8]| [many.as_slice(), behind].concat();
    let cases = [
        (&large, one.clone(), ""),
        (&large, zstd::encode_all(large.as_slice(), 1).unwrap(), ""),
        (&repeated, many.clone(), ""),
        (&repeated, rest(&[0; 300_000]), ""),
        (&repeated, rest(b"no member"), "it was not read"),
        (
            &large,
            one[..one.len() - 400_000].to_vec(),
            "when it is complete",
        ),
        (&large, damaged, "copy the file again from its origin"),
    ];
    for (text, stored, advice) in cases {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&stored).unwrap();
        let (found, errors) = read(file.path(), true);
        assert_eq!(errors.len(), usize::from(!advice.is_empty()));
        assert!(
            errors.iter().all(|error| error.ends_with(advice)),
            "{errors:?}"
        );
        assert!(found == *text || !advice.is_empty());
        assert!((found, errors) == read(file.path(), false));
    }
}
