//! Lines of which not all was read as text: what follows a log as gzip, in EBCDIC or in UTF-32, and lines that only carriage
//! returns or zeros part: a power cut leaves zeros. They are told, so that nobody takes them for lines without a sign
//! (docs/log-formats.md 9).
use memchr::{memchr, memchr2, memmem};

use crate::line::freetext;
use crate::line::tokens;
use crate::scan::odd_places::first;
use crate::scan::state::Scan;

/// A shorter line is no sign of another encoding.
const LEAST: usize = 64;
/// Characters of UTF-32 that decide at least.
const LEAST_WIDE: usize = 8;
/// Bytes of a line between carriage returns or zeros.
const LEAST_PIECE: usize = 16;
/// How a member of gzip begins, but for its flags (RFC 1952 2.3.1).
const GZIP: &[u8] = b"\x1F\x8B\x08";

impl Scan<'_> {
    /// Notes the first of these lines that is no text.
    pub(super) fn note_no_text(&mut self, lines: &[u8], offset: u64) {
        let is_known = self.odd.no_text.is_some_and(|at| at <= offset);
        if is_known || !may_be_no_text(lines) {
            return;
        }
        let mut at = 0;
        for line in lines.split(|&b| b == b'\n') {
            if may_be_no_text(line) && is_no_text(line) {
                let found = Some(offset + at as u64);
                self.odd.no_text = first(self.odd.no_text, found);
                return;
            }
            at += line.len() + 1;
        }
    }

    /// Notes a line that is several lines and holds a listed name or address.
    pub(super) fn note_joined(&mut self, line: &[u8], offset: u64, has_hits: bool) {
        let is_known = self.odd.joined.is_some_and(|at| at <= offset);
        if is_known || !is_joined(line) {
            return;
        }
        let _alone = self.alone(line);
        if has_hits || !tokens::hits(self.set, &freetext::listed(self.set, line)).is_empty() {
            self.odd.joined = first(self.odd.joined, Some(offset));
        }
    }
}

/// False for text in UTF-8.
fn may_be_no_text(lines: &[u8]) -> bool {
    memchr(0, lines).is_some() || std::str::from_utf8(lines).is_err()
}

fn is_joined(line: &[u8]) -> bool {
    memchr2(b'\r', 0, line).is_some() && {
        let pieces = line.split(|&b| b == b'\r' || b == 0);
        pieces.filter(|piece| piece.len() >= LEAST_PIECE).count() > 1
    }
}

fn is_no_text(line: &[u8]) -> bool {
    let start = line.iter().position(|&b| b != 0).unwrap_or(line.len());
    let end = line.iter().rposition(|&b| b != 0).map_or(start, |i| i + 1);
    let line = &line[start..end];
    // A line of text may have broken off before it.
    let first = std::str::from_utf8(line).map_or_else(|error| error.valid_up_to(), str::len);
    let rest = &line[first..];
    is_gzip(line)
        || is_utf32(line)
        || (rest.len() >= LEAST && (is_foreign(rest) || is_binary(rest)))
}

fn is_gzip(line: &[u8]) -> bool {
    let mut begins = memmem::find_iter(line, GZIP);
    begins.any(|at| line.get(at + GZIP.len()).is_some_and(|&flags| flags < 0x20))
}

/// Whether more than half of the characters are ASCII in UTF-32 of either order.
fn is_utf32(line: &[u8]) -> bool {
    memchr(0, line).is_some()
        && (0..4).any(|begin| {
            let all = line.get(begin..).unwrap_or_default().as_chunks::<4>().0;
            let ascii = |one: &&[u8; 4]| (1..0x80).contains(&one[0]) && one[1..] == [0; 3];
            all.len() >= LEAST_WIDE && 2 * all.iter().filter(ascii).count() > all.len()
        })
}

/// Whether digits, letters and blanks have other bytes than in ASCII: a blank of EBCDIC is `@`.
fn is_foreign(line: &[u8]) -> bool {
    let blanks = line.iter().filter(|&&b| b == b'@').count();
    let plain = line
        .iter()
        .filter(|b| b.is_ascii_digit() || b" \t".contains(b));
    if 33 * blanks < line.len() || 50 * plain.count() > line.len() {
        return false;
    }
    let shown: Vec<u8> = line.iter().copied().filter(|&b| b != b'@').collect();
    2 * strange(&shown) > shown.len()
}

fn is_binary(line: &[u8]) -> bool {
    let controls = line
        .iter()
        .filter(|b| matches!(b, 1..=8 | 14..=26 | 28..=31 | 127));
    20 * controls.count() > line.len() && 4 * strange(line) > line.len()
}

/// Bytes outside UTF-8.
fn strange(text: &[u8]) -> usize {
    text.utf8_chunks().map(|chunk| chunk.invalid().len()).sum()
}
