//! Bytes that hide a name: what is not ASCII, escapes, length-prefixed names.
use crate::canonical::address;
use crate::canonical::names;
use crate::raw::Classes;
use crate::set::Set;

/// Bytes of a length-prefixed name; of a longer one phase 2 decides (RFC 1035 2.3.4 allows 255).
const LONGEST: usize = 512;

/// Keeps bytes outside ASCII that touch a token, full stops of other scripts (a name may have no ASCII byte at
/// all), `\u` and `\x` escapes, an escape whose letter touches a token (`\tevil.example`), and listed
/// length-prefixed names, of the block at `at` with these token bits. Whether it has bytes outside ASCII.
#[inline(never)]
pub(super) fn check<C: Classes>(
    classes: C,
    set: &Set,
    buf: &[u8],
    at: usize,
    token: u64,
    places: &mut Vec<u32>,
) -> bool {
    let block: &[u8; 64] = buf[at..at + 64].try_into().expect("64 bytes");
    let (odd, high) = classes.hidden(block);
    let before = u64::from(address::is_token(buf[at - 1]));
    let behind = u64::from(address::is_token(buf[at + 64]));
    let touching = high & (token << 1 | before | token >> 1 | behind << 63);
    let mut bits = odd | high;
    while bits != 0 {
        let bit = bits & bits.wrapping_neg();
        let place = at + bits.trailing_zeros() as usize;
        if touching & bit != 0 || hides(set, &buf[place..]) {
            places.push(place as u32);
        }
        bits ^= bit;
    }
    high != 0
}

/// Checks the name before several dots that end here.
#[cold]
pub(super) fn check_dots(set: &Set, buf: &[u8], end: usize, places: &mut Vec<u32>) {
    let last = buf[..end].iter().rposition(|&b| b != b'.');
    if let Some(last) = last
        && set.covers_name_ending_at(buf, last + 1)
    {
        places.push(last as u32);
    }
}

fn hides(set: &Set, bytes: &[u8]) -> bool {
    match bytes[0] {
        b'\\' => match bytes[1] {
            b'u' | b'x' => true,
            b'b' | b'f' | b'n' | b'r' | b't' => address::is_token(bytes[2]) || bytes[2] == b':',
            _ => false,
        },
        b'(' => prefixed(set, bytes),
        _ => names::is_wide_dot(bytes),
    }
}

/// Whether a length-prefixed name begins here that is listed, or that only phase 2 can read.
fn prefixed(set: &Set, bytes: &[u8]) -> bool {
    // What stands before a name is no part of it.
    let mut name = [0u8; LONGEST];
    let (mut len, mut at) = (1, 0);
    while let Some(start) = length(bytes, at) {
        let body = &bytes[start..];
        let end = body
            .iter()
            .position(|&b| !address::is_token(b))
            .unwrap_or(body.len());
        if body.get(end) != Some(&b'(') || len + end + 1 >= LONGEST {
            // An odd byte, or too long: phase 2 knows. Anything else ends no such name.
            return len + end + 1 >= LONGEST || body.get(end).is_some_and(|&b| !ends(b));
        }
        if end == 0 {
            return false;
        }
        if len > 1 {
            name[len] = b'.';
            len += 1;
        }
        name[len..len + end].copy_from_slice(&body[..end]);
        len += end;
        at = start + end;
    }
    len > 1 && bytes[at..].starts_with(b"(0)") && set.covers_name_ending_at(&name, len)
}

/// Where the label behind `(n)` begins; the root's `(0)` has none.
fn length(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = bytes[at + 1..]
        .iter()
        .take(2)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let zero = bytes[at + 1..at + 1 + digits].iter().all(|&b| b == b'0');
    (bytes[at] == b'(' && !zero && bytes[at + 1 + digits] == b')').then_some(at + digits + 2)
}

/// Bytes that end a label in all readings.
fn ends(b: u8) -> bool {
    b == b')' || b == b'(' || b == 0 || b.is_ascii_whitespace()
}
