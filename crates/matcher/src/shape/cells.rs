//! The cells of one line of separated values, quoted as RFC 4180 says.
use std::borrow::Cow;

use memchr::{memchr, memmem};
use smallvec::SmallVec;

use crate::raw::sixteen::{self, Range};

/// Cells without white space around them. One that begins with `"` goes on to the next single one, or to the
/// end of the line; two stand for one. What follows the closing quote belongs to the cell.
pub fn cells(line: &[u8], separator: u8) -> Vec<Cow<'_, [u8]>> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        while matches!(line.get(at), Some(&b) if (b == b' ' || b == b'\t') && b != separator) {
            at += 1;
        }
        let mut quoted = Cow::Borrowed(&b""[..]);
        if line.get(at) == Some(&b'"') {
            (quoted, at) = unquote(line, at + 1);
        }
        let end = memchr(separator, &line[at..]).map(|i| at + i);
        let rest = &line[at..end.unwrap_or(line.len())];
        found.push(match (quoted.is_empty(), trim_end(rest)) {
            (true, rest) => Cow::Borrowed(trim_start(rest)),
            (false, []) => quoted,
            (false, rest) => [&quoted, rest].concat().into(),
        });
        match end {
            Some(end) => at = end + 1,
            None => return found,
        }
    }
}

fn is_space(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&b| !is_space(b));
    &text[..end.map_or(0, |i| i + 1)]
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&b| !is_space(b));
    &text[start.unwrap_or(text.len())..]
}

/// The text up to the closing quote, and where what follows begins.
fn unquote(line: &[u8], start: usize) -> (Cow<'_, [u8]>, usize) {
    let mut parts: Vec<&[u8]> = Vec::new();
    let mut at = start;
    let stop = loop {
        let Some(end) = memchr(b'"', &line[at..]).map(|i| at + i) else {
            parts.push(&line[at..]);
            break line.len();
        };
        parts.push(&line[at..end]);
        if line.get(end + 1) != Some(&b'"') {
            break end + 1;
        }
        at = end + 2;
    };
    let text = match parts[..] {
        [one] => Cow::Borrowed(one),
        _ => parts.join(&b'"').into(),
    };
    (text, stop)
}

/// The values of a field; most have one.
pub type Found<'l> = SmallVec<[Cow<'l, [u8]>; 2]>;

/// What stands between separators.
pub fn split<'a, 's>(
    text: &'a [u8],
    separator: &'s [u8],
) -> impl Iterator<Item = &'a [u8]> + use<'a, 's> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let now = rest?;
        let found = match separator {
            [one] => sixteen::position(now, &[Range::new(*one, *one)]),
            _ => memmem::find(now, separator),
        };
        match found {
            Some(at) => {
                rest = Some(&now[at + separator.len()..]);
                Some(&now[..at])
            }
            None => rest.take(),
        }
    })
}

/// Words between white space.
pub fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| b.is_ascii_whitespace() || *b == 0x0b)
        .filter(|word| !word.is_empty())
}
