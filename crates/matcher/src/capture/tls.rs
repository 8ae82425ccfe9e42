//! The server name of a TLS ClientHello (RFC 8446 4.1.2, RFC 6066 3), split over records as it may be.

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: u16 = 0;
/// Bytes of a record (RFC 8446 5.1) with what a cipher may add.
const LONGEST_RECORD: usize = 16_384 + 256;

/// What the beginning of a stream is.
#[derive(Debug, PartialEq, Eq)]
pub enum Hello {
    /// More bytes are needed.
    More,
    /// No ClientHello.
    No,
    /// A ClientHello with its server name, if it has one.
    Name(Option<Vec<u8>>),
}

/// Whether a stream that begins so may be one.
#[inline]
pub fn may_begin(bytes: &[u8]) -> bool {
    bytes[0] == HANDSHAKE
        && bytes.get(1).is_none_or(|b| *b == 3)
        && bytes.get(5).is_none_or(|b| *b == CLIENT_HELLO)
}

/// Reads the records at the beginning of a stream.
pub fn read(bytes: &[u8]) -> Hello {
    let mut message = Vec::new();
    let mut rest = bytes;
    let mut is_cut = true;
    while let &[kind, major, _, high, low, ref after @ ..] = rest {
        let len = usize::from(u16::from_be_bytes([high, low]));
        if kind != HANDSHAKE || major != 3 || len > LONGEST_RECORD || len == 0 {
            is_cut = false;
            break;
        }
        message.extend_from_slice(&after[..len.min(after.len())]);
        let whole = message
            .get(1..4)
            .map(|l| usize::from(l[0]) << 16 | usize::from(l[1]) << 8 | usize::from(l[2]));
        if whole.is_some_and(|whole| message.len() >= 4 + whole) || len > after.len() {
            break;
        }
        rest = &after[len..];
    }
    hello(&message, is_cut)
}

/// Reads what the records or frames carry; `is_cut` says that more of it may follow.
pub fn hello(message: &[u8], is_cut: bool) -> Hello {
    match message.first() {
        Some(&CLIENT_HELLO) => {}
        Some(_) => return Hello::No,
        None => return if is_cut { Hello::More } else { Hello::No },
    }
    let whole = match message.get(1..4) {
        Some(l) => usize::from(l[0]) << 16 | usize::from(l[1]) << 8 | usize::from(l[2]),
        None => return if is_cut { Hello::More } else { Hello::No },
    };
    let is_whole = message.len() >= 4 + whole;
    let body = &message[4..message.len().min(4 + whole)];
    match server_name(body) {
        Some(name) => Hello::Name(Some(name.to_vec())),
        None if is_whole => Hello::Name(None),
        None if is_cut => Hello::More,
        None => Hello::No,
    }
}

/// The first host name of the extension, as soon as it is there.
fn server_name(body: &[u8]) -> Option<&[u8]> {
    let rest = body.get(34..)?;
    let (_, rest) = counted(rest, 1)?;
    let (_, rest) = counted(rest, 2)?;
    let (_, rest) = counted(rest, 1)?;
    let mut rest = rest.get(2..)?;
    while let [a, b, after @ ..] = rest {
        if u16::from_be_bytes([*a, *b]) == SERVER_NAME {
            let [_, _, _, _, 0, names @ ..] = after else {
                return None;
            };
            return counted(names, 2)
                .map(|(name, _)| name)
                .filter(|n| !n.is_empty());
        }
        rest = counted(after, 2)?.1;
    }
    None
}

/// A field with its length before it, and what follows.
pub fn counted(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(size)?;
    let len = head.iter().fold(0, |n, b| n << 8 | usize::from(*b));
    rest.split_at_checked(len)
}
