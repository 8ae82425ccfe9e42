//! Bytes that hide a name: what is not ASCII, escapes, length-prefixed names.
use crate::address;
use crate::names;
use crate::raw::Classes;

/// Keeps bytes outside ASCII that touch a token, full stops of other scripts (a name may have no ASCII byte at
/// all), `\u` and `\x` escapes, and length-prefixed names, of the block at `at` with these token bits.
#[inline(never)]
pub(super) fn check<C: Classes>(
    classes: C,
    buf: &[u8],
    at: usize,
    token: u64,
    places: &mut Vec<u32>,
) {
    let block: &[u8; 64] = buf[at..at + 64].try_into().expect("64 bytes");
    let (odd, high) = classes.strange(block);
    let before = u64::from(address::is_token(buf[at - 1]));
    let behind = u64::from(address::is_token(buf[at + 64]));
    let touching = high & (token << 1 | before | token >> 1 | behind << 63);
    let mut bits = odd | high;
    while bits != 0 {
        let bit = bits & bits.wrapping_neg();
        let place = at + bits.trailing_zeros() as usize;
        if touching & bit != 0 || hides(&buf[place..place + 4]) {
            places.push(place as u32);
        }
        bits ^= bit;
    }
}

fn hides(bytes: &[u8]) -> bool {
    match bytes[0] {
        b'\\' => matches!(bytes[1], b'u' | b'x'),
        b'(' => {
            bytes[1].is_ascii_digit()
                && (bytes[2] == b')' || (bytes[2].is_ascii_digit() && bytes[3] == b')'))
        }
        _ => names::is_wide_dot(bytes),
    }
}
