//! Files that change while they are read, packed ones that are read ahead, and frames that are lent where they lie.
use super::*;
use crate::raw::Slice;
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

/// The same by libzstd's own stream, which is given so many bytes at a time: of a call that fails it gives nothing.
fn by_stream(stored: &[u8], step: usize) -> (Vec<u8>, bool) {
    use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};
    let (mut text, mut out) = (Vec::new(), vec![0; 1 << 18]);
    let mut decoder = Decoder::new().unwrap();
    let mut is_whole = true;
    for part in stored.chunks(step) {
        let mut input = InBuffer::around(part);
        loop {
            let before = input.pos();
            let mut output = OutBuffer::around(&mut out);
            let Ok(hint) = decoder.run(&mut input, &mut output) else {
                return (text, false);
            };
            let gave = output.pos();
            is_whole = hint == 0 || is_whole && (input.pos(), gave) == (before, 0);
            text.extend_from_slice(&out[..gave]);
            if (input.pos(), gave) == (before, 0) {
                break;
            }
        }
    }
    (text, is_whole)
}

/// The same, lent or read by turns; what is lent is looked at only when more was unpacked.
fn by_turns(path: &Path, may_read_ahead: bool) -> (Vec<u8>, Vec<String>, usize) {
    let mut source = Source::open(path, Input::File);
    source.may_read_ahead = may_read_ahead;
    let (mut text, mut out, mut turn, mut lent) = (Vec::new(), vec![0; 70_000], 0, 0);
    let mut held: VecDeque<(usize, Slice)> = VecDeque::new();
    let mut settle = |held: &mut VecDeque<(usize, Slice)>, most: usize, text: &mut Vec<u8>| {
        while held.len() > most {
            let (at, slice) = held.pop_front().unwrap();
            text[at..at + slice.len()].copy_from_slice(&slice);
            lent += 1;
        }
    };
    loop {
        turn += 1;
        if turn % 7 > 1
            && let Some(slice) = source.lend()
        {
            let at = text.len();
            text.resize(at + slice.len(), 0);
            held.push_back((at, slice));
            settle(&mut held, 50, &mut text);
            continue;
        }
        match source.read(&mut out[..10_000 * (1 + turn % 7)]) {
            0 => break,
            n => text.extend_from_slice(&out[..n]),
        }
    }
    settle(&mut held, 0, &mut text);
    assert_eq!(
        (source.unpacked, source.given),
        (text.len() as u64, text.len() as u64)
    );
    (text, source.errors, lent)
}

/// Words that come again near and far, and bytes that never do.
fn prose(size: usize) -> Vec<u8> {
    let mut seed = 5_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    let mut text: Vec<u8> = Vec::with_capacity(size + 300);
    while text.len() < size {
        let back = text.len().min([300, 100_000, 2 << 20, 7 << 20][random(4)]);
        if back > 300 && random(5) > 0 {
            let from = text.len() - back + random(back - 200);
            text.extend_from_within(from..from + 40 + random(160));
        }
        let fresh = 1 + random(30);
        text.extend((0..fresh).map(|_| random(256) as u8));
    }
    text.truncate(size);
    text
}

fn pack(text: &[u8], level: i32, set: impl Fn(&mut zstd::Encoder<'_, Vec<u8>>)) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), level).unwrap();
    set(&mut encoder);
    for part in text.chunks(77_777) {
        encoder.write_all(part).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn what_a_frame_lends_is_what_libzstd_gives() {
    let large = prose(20 << 20);
    let small = &large[..200_000];
    let summed = |size: u64| {
        move |encoder: &mut zstd::Encoder<'_, Vec<u8>>| {
            encoder.include_checksum(true).unwrap();
            encoder.set_pledged_src_size(Some(size)).unwrap();
        }
    };
    let far = |encoder: &mut zstd::Encoder<'_, Vec<u8>>| {
        encoder.long_distance_matching(true).unwrap();
        encoder.window_log(27).unwrap();
    };
    let skipped = b"\x50\x2a\x4d\x18\x03\0\0\0abc";
    let stored = [
        (pack(&large, 1, |_| {}), true),
        (pack(&large, 3, summed(large.len() as u64)), true),
        (pack(&large, 9, |_| {}), true),
        (pack(&large, 3, far), false),
        (zstd::bulk::compress(small, 5).unwrap(), true),
        (pack(b"", 3, |_| {}), false),
        (
            [1, 2, 3, 4, 5, 6]
                .map(|n| pack(&large[..n * 99_991], n as i32, |_| {}))
                .concat(),
            true,
        ),
        (
            [
                &pack(small, 3, |_| {}),
                &skipped[..],
                &pack(&large, -5, |_| {}),
                &[0; 300],
                &pack(small, 3, far),
            ]
            .concat(),
            true,
        ),
    ];
    for (number, (stored, lends)) in stored.into_iter().enumerate() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&stored).unwrap();
        // What stands between members is no frame to the stream.
        let plain: Vec<u8> = if number == 7 {
            [small, &large, small].concat()
        } else {
            by_stream(&stored, 100_000).0
        };
        for may_read_ahead in [false, true] {
            let (text, errors, lent) = by_turns(file.path(), may_read_ahead);
            assert_eq!(errors, [""; 0], "{number}");
            assert!(text == plain, "{number} {} {}", text.len(), plain.len());
            assert_eq!(lent > 0, lends, "{number}");
        }
    }
}

#[test]
fn a_frame_cut_or_damaged_anywhere_gives_what_libzstd_gives() {
    let mut text = prose(3000);
    text.extend([b'x'; 5000]);
    text.extend(b"one line and another line and one line\n".repeat(20));
    let one = pack(&text, 3, |encoder| encoder.include_checksum(true).unwrap());
    let two = pack(&text[2900..5000], 1, |_| {});
    let stored = [one, two].concat();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("packed");
    let check = |stored: &[u8], what: String| {
        std::fs::write(&path, stored).unwrap();
        let (want, is_whole) = by_stream(stored, 1);
        let (found, errors, _) = by_turns(&path, false);
        assert!(
            found == want,
            "{what}: {} {} {errors:?}",
            found.len(),
            want.len()
        );
        assert_eq!(errors.is_empty(), is_whole, "{what} {errors:?}");
        let (read, same) = read(&path, false);
        assert_eq!((read, same), (found, errors), "{what}");
    };
    // Fewer bytes are not told apart from text.
    for end in 8..stored.len() {
        check(&stored[..end], format!("cut at {end}"));
    }
    for at in 4..stored.len() {
        let mut stored = stored.clone();
        stored[at] ^= 0x55;
        check(&stored, format!("damaged at {at}"));
    }
}
