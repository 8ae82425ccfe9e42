//! UTF-16 text becomes UTF-8 while it is read.

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

    /// By the mark, or where nearly every second of the first bytes is zero.
    pub fn of(head: &[u8]) -> Option<Order> {
        let pairs = head.len() / 2;
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

/// Decodes block by block. A surrogate without its other half becomes U+FFFD.
#[derive(Debug)]
pub struct Utf16 {
    pub order: Order,
    odd: Option<u8>,
    high: Option<u16>,
}

impl Utf16 {
    pub fn new(order: Order) -> Utf16 {
        Utf16 {
            order,
            odd: None,
            high: None,
        }
    }

    pub fn feed(&mut self, block: &[u8], out: &mut Vec<u8>) {
        let mut rest = block;
        if let (Some(first), Some((&second, after))) = (self.odd, block.split_first()) {
            self.odd = None;
            self.unit([first, second], out);
            rest = after;
        }
        let pairs = rest.chunks_exact(2);
        if let [last] = pairs.remainder() {
            self.odd = Some(*last);
        }
        for pair in pairs {
            self.unit([pair[0], pair[1]], out);
        }
    }

    /// Gives the bytes that were held back. False where the text ends in the middle of a character.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> bool {
        if self.high.take().is_some() {
            push('\u{FFFD}', out);
        }
        self.odd.is_none()
    }

    fn unit(&mut self, pair: [u8; 2], out: &mut Vec<u8>) {
        let unit = match self.order {
            Order::Little => u16::from_le_bytes(pair),
            Order::Big => u16::from_be_bytes(pair),
        };
        if let Some(high) = self.high.take() {
            if let Some(Ok(found)) = char::decode_utf16([high, unit]).next() {
                return push(found, out);
            }
            push('\u{FFFD}', out);
        }
        match unit {
            0..0x80 => out.push(unit as u8),
            0xD800..0xDC00 => self.high = Some(unit),
            _ => push(char::from_u32(unit.into()).unwrap_or('\u{FFFD}'), out),
        }
    }
}

fn push(found: char, out: &mut Vec<u8>) {
    out.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

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
