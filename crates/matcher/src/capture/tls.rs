//! The server name of a TLS ClientHello (RFC 8446 4.1.2, RFC 6066 3), even if it is split over several
//! records.

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: u16 = 0;
/// Most bytes of a record: its content (RFC 8446 5.1), and the 256 bytes that encryption may add (5.2).
const LONGEST_RECORD: usize = 16_384 + 256;

/// The result of reading the first bytes of a client.
#[derive(Debug, PartialEq, Eq)]
pub enum Hello {
    /// More bytes are needed.
    More,
    /// These bytes are no ClientHello.
    Other,
    /// A ClientHello with its server name, if it has one.
    Name(Option<Vec<u8>>),
}

/// Whether a stream that begins with these bytes, at least one, may begin with a ClientHello.
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
    let mut may_go_on = true;
    while let &[kind, major, _, high, low, ref after @ ..] = rest {
        let len = usize::from(u16::from_be_bytes([high, low]));
        if kind != HANDSHAKE || major != 3 || len > LONGEST_RECORD || len == 0 {
            may_go_on = false;
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
    hello(&message, may_go_on)
}

/// Reads the handshake message that TLS records or QUIC frames carry. `may_go_on`: more bytes of it may
/// follow.
pub fn hello(message: &[u8], may_go_on: bool) -> Hello {
    match message.first() {
        Some(&CLIENT_HELLO) => {}
        Some(_) => return Hello::Other,
        None => {
            return if may_go_on { Hello::More } else { Hello::Other };
        }
    }
    let whole = match message.get(1..4) {
        Some(l) => usize::from(l[0]) << 16 | usize::from(l[1]) << 8 | usize::from(l[2]),
        None => {
            return if may_go_on { Hello::More } else { Hello::Other };
        }
    };
    let is_whole = message.len() >= 4 + whole;
    let body = &message[4..message.len().min(4 + whole)];
    match server_name(body) {
        Some(name) => Hello::Name(Some(name.to_vec())),
        None if is_whole => Hello::Name(None),
        None if may_go_on => Hello::More,
        None => Hello::Other,
    }
}

/// The first host name of the `server_name` extension. The body may be cut off behind that name.
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

/// The bytes of a field whose length stands before it in `size` bytes, and the bytes behind the field. None
/// if the field is not there whole.
pub fn counted(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(size)?;
    let len = head.iter().fold(0, |n, b| n << 8 | usize::from(*b));
    rest.split_at_checked(len)
}
