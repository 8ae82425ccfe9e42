//! UTF-16 text becomes UTF-8 while it is read; also where lines of both stand in one file (docs/log-formats.md 9).
/// Bytes that identify a source, and from which the encoding of text without a mark is found.
pub const HEAD: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Little,
    Big,
}

impl Order {
    pub fn word(self) -> &'static str {
        match self {
            Order::Little => "UTF-16LE",
            Order::Big => "UTF-16BE",
        }
    }

    fn mark(self) -> [u8; 2] {
        match self {
            Order::Little => [0xFF, 0xFE],
            Order::Big => [0xFE, 0xFF],
        }
    }

    /// By the mark, or where nearly every second of the first bytes is zero, the first before the first line feed.
    pub fn of(head: &[u8]) -> Option<Order> {
        let pairs = match memchr::memchr2(0, b'\n', head) {
            Some(first) if head[first] == 0 => head.len() / 2,
            _ => 0,
        };
        let zeros = |at: usize| head.chunks_exact(2).filter(|pair| pair[at] == 0).count();
        [(Order::Little, 1), (Order::Big, 0)]
            .into_iter()
            .find(|&(order, high)| {
                head.starts_with(&order.mark())
                    || (pairs >= 32 && 10 * zeros(high) > 7 * pairs && 20 * zeros(1 - high) < pairs)
            })
            .map(|(order, _)| order)
    }
}

/// So many bytes of a line decide at most whether it is in UTF-8.
const MOST_AHEAD: usize = 4096;

/// How a line is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// It has not begun.
    Next,
    Wide,
    Utf8,
}

/// Decodes block by block. A surrogate without its other half becomes U+FFFD.
///
/// A line is in UTF-8 already if no zero stands before its first byte 0x0A (or among its first 4,096 bytes, where 0x0A is not
/// among them) and, in UTF-16LE, none behind it. A single last byte is half a character.
#[derive(Debug)]
pub struct Utf16 {
    pub order: Order,
    line: Line,
    /// Bytes of which more must be known.
    held: Vec<u8>,
    high: Option<u16>,
}

impl Utf16 {
    pub fn new(order: Order) -> Utf16 {
        Utf16 {
            order,
            line: Line::Next,
            held: Vec::new(),
            high: None,
        }
    }

    pub fn feed(&mut self, block: &[u8], out: &mut Vec<u8>) {
        self.take(block, false, out);
    }

    /// Gives the bytes that were held back. False where the text ends in the middle of a character.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> bool {
        self.take(&[], true, out);
        if self.high.take().is_some() {
            push('\u{FFFD}', out);
        }
        self.held.is_empty()
    }

    fn take(&mut self, block: &[u8], is_last: bool, out: &mut Vec<u8>) {
        let mut held = std::mem::take(&mut self.held);
        let data = if held.is_empty() {
            block
        } else {
            held.extend_from_slice(block);
            &held
        };
        let mut at = 0;
        while at < data.len() {
            if self.line == Line::Next {
                match self.begin(&data[at..], is_last) {
                    Some(line) => self.line = line,
                    None => break,
                }
            }
            let took = self.rest_of_line(&data[at..], out);
            if took == 0 {
                break;
            }
            at += took;
        }
        self.held = data[at..].to_vec();
    }

    /// How the line that begins here is read; None where more bytes must be known.
    fn begin(&self, data: &[u8], is_last: bool) -> Option<Line> {
        let ahead = &data[..data.len().min(MOST_AHEAD)];
        match memchr::memchr2(0, b'\n', ahead) {
            Some(at) if ahead[at] == 0 => Some(Line::Wide),
            None if ahead.len() < MOST_AHEAD && !is_last => None,
            None if ahead.len() == 1 => Some(Line::Wide),
            Some(feed) if self.order == Order::Little => match data.get(feed + 1) {
                Some(0) => Some(Line::Wide),
                None if !is_last => None,
                _ => Some(Line::Utf8),
            },
            _ => Some(Line::Utf8),
        }
    }

    /// Reads what is there of a line; the number of bytes that were read.
    fn rest_of_line(&mut self, data: &[u8], out: &mut Vec<u8>) -> usize {
        if self.line == Line::Utf8 {
            let end = memchr::memchr(b'\n', data).map(|feed| feed + 1);
            let took = end.unwrap_or(data.len());
            out.extend_from_slice(&data[..took]);
            if end.is_some() {
                self.line = Line::Next;
            }
            return took;
        }
        let mut took = 0;
        for pair in data.chunks_exact(2) {
            took += 2;
            if self.unit([pair[0], pair[1]], out) == u16::from(b'\n') {
                self.line = Line::Next;
                break;
            }
        }
        took
    }

    fn unit(&mut self, pair: [u8; 2], out: &mut Vec<u8>) -> u16 {
        let unit = match self.order {
            Order::Little => u16::from_le_bytes(pair),
            Order::Big => u16::from_be_bytes(pair),
        };
        if let Some(high) = self.high.take() {
            if let Some(Ok(found)) = char::decode_utf16([high, unit]).next() {
                push(found, out);
                return unit;
            }
            push('\u{FFFD}', out);
        }
        match unit {
            0..0x80 => out.push(unit as u8),
            0xD800..0xDC00 => self.high = Some(unit),
            _ => push(char::from_u32(unit.into()).unwrap_or('\u{FFFD}'), out),
        }
        unit
    }
}

/// Pairs of bytes that decide at least that a line is in UTF-16LE.
const LEAST_PAIRS: usize = 4;

/// Makes UTF-8 of the lines in UTF-16LE; each keeps its length, by zeros at its end.
///
/// A line is in UTF-16LE if, from its first or second byte on, more than half of at least four pairs of bytes are ASCII
/// characters, and less than a twentieth have a low half of zero. The second half of the line feed before such a line is its
/// first byte. False where there is no such line.
pub(crate) fn read_lines(text: &mut [u8]) -> bool {
    let (mut at, mut is_changed) = (0, false);
    while let Some(zero) = memchr::memchr(0, &text[at..]).map(|found| at + found) {
        let start = memchr::memrchr(b'\n', &text[at..zero]).map_or(at, |feed| at + feed + 1);
        let end = memchr::memchr(b'\n', &text[zero..]).map_or(text.len(), |feed| zero + feed);
        is_changed |= read_line(&mut text[start..end]);
        at = end;
    }
    is_changed
}

#[cold]
fn read_line(line: &mut [u8]) -> bool {
    let Some(begin) = [0, 1].into_iter().find(|&begin| is_wide(line, begin)) else {
        return false;
    };
    let pairs = line[begin..].chunks_exact(2);
    let rest = pairs.remainder().to_vec();
    let units = pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let mut text = String::with_capacity(line.len());
    text.extend(char::decode_utf16(units).map(|one| one.unwrap_or('\u{FFFD}')));
    let mut found = text
        .strip_prefix('\u{FEFF}')
        .unwrap_or(&text)
        .as_bytes()
        .to_vec();
    found.extend(rest);
    found.truncate(
        found
            .iter()
            .rposition(|&b| b != 0)
            .map_or(0, |last| last + 1),
    );
    if found.last() == Some(&b'\r') {
        found.pop();
    }
    line[..found.len()].copy_from_slice(&found);
    line[found.len()..].fill(0);
    true
}

fn is_wide(line: &[u8], begin: usize) -> bool {
    let pairs = line.get(begin..).unwrap_or_default().chunks_exact(2);
    let all = pairs.len();
    let (mut ascii, mut zeros) = (0, 0);
    for pair in pairs {
        ascii += usize::from(pair[1] == 0 && (1..0x80).contains(&pair[0]));
        zeros += usize::from(pair[0] == 0);
    }
    all >= LEAST_PAIRS && 20 * zeros < all && 2 * ascii > all
}

fn push(found: char, out: &mut Vec<u8>) {
    out.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_utf_16_keep_their_place_and_length() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let parts: [Vec<u8>; 4] = [
            b"first\n".to_vec(),
            wide("\u{FEFF}đường a.vn\r\nb.example.vn\n"),
            b"last\0\0x\n".to_vec(),
            wide("tail.vn"),
        ];
        let mut text = parts.concat();
        let size = text.len();
        read_lines(&mut text);
        assert_eq!(text.len(), size);
        let lines = text.split(|&b| b == b'\n');
        let lines = lines.map(|line| line.iter().filter(|&&b| b != 0).copied().collect());
        let lines: Vec<Vec<u8>> = lines.collect();
        let expected = ["first", "đường a.vn", "b.example.vn", "lastx", "tail.vn"];
        assert_eq!(lines, expected.map(|line| line.as_bytes().to_vec()));
        assert!(!read_lines(&mut text));
    }

    #[test]
    fn lines_in_utf_8_stand_in_utf_16_at_any_cut() {
        type Encode = fn(u16) -> [u8; 2];
        let ways: [(Order, Encode); 2] = [
            (Order::Little, u16::to_le_bytes),
            (Order::Big, u16::to_be_bytes),
        ];
        for (order, encode) in ways {
            let wide = |text: &str| text.encode_utf16().flat_map(encode).collect();
            let parts: [Vec<u8>; 5] = [
                wide("\u{FEFF}đường a.vn\r\n"),
                "hai dòng\n\nodd\r\n".as_bytes().to_vec(),
                wide("ba\n\nbốn\r\n"),
                b"x".repeat(5000),
                b"\nrest".to_vec(),
            ];
            let bytes = parts.concat();
            let expected = "\u{FEFF}đường a.vn\r\nhai dòng\n\nodd\r\nba\n\nbốn\r\n".to_owned()
                + &"x".repeat(5000)
                + "\nrest";
            for cut in 0..=bytes.len() {
                let (mut decoder, mut out) = (Utf16::new(order), Vec::new());
                decoder.feed(&bytes[..cut], &mut out);
                decoder.feed(&bytes[cut..], &mut out);
                assert!(decoder.finish(&mut out));
                assert!(out == expected.as_bytes(), "{order:?} {cut}");
            }
        }
    }

    #[test]
    fn any_cut_gives_what_the_standard_library_gives() {
        let units = [
            0x61, 0xD83D, 0xDE00, 0xD800, 0x62, 0xDC00, 0xD801, 0xD83D, 0xDE00, 0x1EA1, 0xD800,
        ];
        let expected = String::from_utf16_lossy(&units);
        let bytes: Vec<u8> = units.iter().flat_map(|u: &u16| u.to_be_bytes()).collect();
        for cut in 0..=bytes.len() {
            let (mut decoder, mut out) = (Utf16::new(Order::Big), Vec::new());
            decoder.feed(&bytes[..cut], &mut out);
            decoder.feed(&bytes[cut..], &mut out);
            assert!(decoder.finish(&mut out));
            assert_eq!(out, expected.as_bytes());
        }
    }
}
