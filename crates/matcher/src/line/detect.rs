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
    let mut judging = Judging::new(formats);
    judging.add(formats, start);
    judging.format()
}

/// Tries the formats on the lines of a file, from the first one on.
pub struct Judging {
    reader: LineReader,
    parsed: Vec<usize>,
    tried: usize,
    /// Bytes that were given.
    given: usize,
    /// Whether further lines change nothing.
    pub is_settled: bool,
}

impl Judging {
    pub fn new(formats: &[&Format]) -> Judging {
        Judging {
            reader: LineReader::new(formats),
            parsed: vec![0; formats.len()],
            tried: 0,
            given: 0,
            is_settled: false,
        }
    }

    /// The lines that come next; returns those that count. Only the last may lack its end, and then none may follow.
    pub fn add<'t>(&mut self, formats: &[&Format], text: &'t [u8]) -> &'t [u8] {
        let is_first = self.given == 0;
        let room = START.saturating_sub(self.given);
        self.given += text.len();
        let is_all = self.given >= START;
        let text = if is_all {
            let text = &text[..text.len().min(room)];
            &text[..memchr::memrchr(b'\n', text).map_or(0, |i| i + 1)]
        } else {
            text
        };
        let mut lines = text.split(|&b| b == b'\n').enumerate().peekable();
        while !self.is_settled
            && let Some((i, raw)) = lines.next()
        {
            let line = clean(raw, is_first && i == 0);
            if line.is_empty() || self.reader.is_directive(line, 0) {
                continue;
            }
            self.tried += 1;
            let readings = Readings::new(line);
            let all = formats.iter().copied().enumerate();
            if let Some(record) = record::read(&mut self.reader, all, &readings) {
                self.parsed[record.number] += 1;
            }
            if self.tried == LINES {
                // A last line without its end may still grow.
                self.is_settled = lines.peek().is_some();
                break;
            }
        }
        self.is_settled |= is_all;
        text
    }

    /// Whether all bytes that count were given.
    pub fn has_all(&self) -> bool {
        self.given >= START
    }

    pub fn format(&self) -> Option<usize> {
        let most = *self.parsed.iter().max()?;
        let best = self.parsed.iter().position(|&n| n == most)?;
        (self.tried > 0 && most * 2 >= self.tried).then_some(best)
    }
}
