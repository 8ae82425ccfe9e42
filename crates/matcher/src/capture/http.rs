//! The head of an HTTP/1 request (RFC 9112): its host and its target.
use memchr::{memchr, memrchr};

use crate::canonical::names::scheme;

const METHODS: [&[u8]; 16] = [
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"PUT ",
    b"CONNECT ",
    b"OPTIONS ",
    b"DELETE ",
    b"PATCH ",
    b"TRACE ",
    b"PROPFIND ",
    b"PROPPATCH ",
    b"MKCOL ",
    b"MOVE ",
    b"COPY ",
    b"LOCK ",
    b"REPORT ",
];
/// May stand before a request (RFC 9112 2.2).
pub const EMPTY_LINE: &[u8] = b"\r\n";
/// Digits of a length that is believed.
const MOST_DIGITS: usize = 18;

/// One request.
#[derive(Debug, PartialEq, Eq)]
pub struct Head<'a> {
    pub method: &'a [u8],
    pub target: &'a [u8],
    pub host: Option<&'a [u8]>,
    /// Bytes of the body, where the head gives their number.
    pub body: u64,
}

/// What the beginning of a stream is.
#[derive(Debug, PartialEq, Eq)]
pub enum Request<'a> {
    More,
    No,
    /// The head and its length.
    Head(Head<'a>, usize),
}

/// Whether a stream that begins so may be a request.
#[inline]
pub fn may_begin(bytes: &[u8]) -> bool {
    METHODS.iter().any(|method| {
        let shared = method.len().min(bytes.len());
        method[..shared] == bytes[..shared]
    })
}

/// Reads the head at the beginning of a stream.
pub fn read(bytes: &[u8]) -> Request<'_> {
    match end(bytes) {
        None => Request::More,
        Some(end) => parse(&bytes[..end]).map_or(Request::No, |head| Request::Head(head, end)),
    }
}

/// A head whose end is missing: its whole lines, if they say which host is meant.
pub fn read_part(bytes: &[u8]) -> Option<Head<'_>> {
    let head = parse(&bytes[..memrchr(b'\n', bytes)? + 1])?;
    (head.host.is_some() || head.method == b"CONNECT" || scheme(head.target).is_some())
        .then_some(head)
}

fn end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr(b'\n', &bytes[at..])? + 1;
        match bytes[at..] {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Head<'_>> {
    let mut lines = bytes
        .split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut words = lines.next()?.split(|b| *b == b' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || target.is_empty() || !version.starts_with(b"HTTP/") {
        return None;
    }
    let mut head = Head {
        method,
        target,
        host: None,
        body: 0,
    };
    let mut is_coded = false;
    for line in lines {
        let Some(colon) = memchr(b':', line) else {
            continue;
        };
        let value = line[colon + 1..].trim_ascii();
        let name = &line[..colon];
        if name.eq_ignore_ascii_case(b"host") && head.host.is_none() && !value.is_empty() {
            head.host = Some(value);
        } else if name.eq_ignore_ascii_case(b"content-length") {
            head.body = length(value);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            is_coded = true;
        }
    }
    if is_coded {
        head.body = 0;
    }
    Some(head)
}

fn length(value: &[u8]) -> u64 {
    if value.is_empty() || value.len() > MOST_DIGITS || !value.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    value
        .iter()
        .fold(0, |n, digit| n * 10 + u64::from(digit - b'0'))
}
