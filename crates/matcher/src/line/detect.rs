//! The format of a file by its first lines (docs/log-formats.md 7).
use crate::format::Format;
use crate::line::record;
use crate::reader::START;
use crate::shape::LineReader;
use crate::shape::wrapper::Readings;

/// The name of the fallback, which has no file.
pub const TEXT: &str = "text";
const LINES: usize = 100;

/// A line without its carriage return and the zeros at its ends, the first one without a byte order mark.
pub fn clean(raw: &[u8], is_first: bool) -> &[u8] {
    let line = raw.strip_suffix(b"\r").unwrap_or(raw);
    let line = match line {
        [0, ..] | [.., 0] => without_zeros(line),
        _ => line,
    };
    if is_first {
        line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
    } else {
        line
    }
}

/// Without what a power cut left before it, or a sender behind it; a directive stands at the beginning of a line.
#[cold]
fn without_zeros(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
    let start = line.iter().position(|b| *b != 0).unwrap_or(end);
    match &line[start..end] {
        [b'#', ..] => &line[..end],
        rest => rest,
    }
}

/// The beginning of a file, as far as its format is detected by it.
pub fn start(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(START)]
}

/// The format that parses most of the first lines, if at least half; the name that sorts first among equals.
pub fn detect(formats: &[&Format], start: &[u8]) -> Option<usize> {
    let start = if start.len() < START {
        start
    } else {
        &start[..memchr::memrchr(b'\n', &start[..START]).map_or(0, |i| i + 1)]
    };
    let mut reader = LineReader::new(formats);
    let mut parsed = vec![0usize; formats.len()];
    let mut tried = 0;
    for (i, raw) in start.split(|&b| b == b'\n').enumerate() {
        let line = clean(raw, i == 0);
        if line.is_empty() || reader.is_directive(line, 0) {
            continue;
        }
        tried += 1;
        let readings = Readings::new(line);
        let all = formats.iter().copied().enumerate();
        if let Some(record) = record::read(&mut reader, all, &readings) {
            parsed[record.number] += 1;
        }
        if tried == LINES {
            break;
        }
    }
    let most = *parsed.iter().max()?;
    let best = parsed.iter().position(|&n| n == most)?;
    (tried > 0 && most * 2 >= tried).then_some(best)
}
