//! The texts of a row's first line, in one piece of memory.
use std::io;

use crate::escape::{EVIDENCE, escape_into, shown_part};
use crate::format::IDENTITY;
use crate::line::hit::{Hit, Matched};
use crate::rows::details::Details;
use crate::set::Set;

/// The texts of a row: the match, the line, and each kind of identity.
const TEXTS: usize = 2 + IDENTITY.len();
/// Bytes before the texts.
pub const HEAD: usize = 2 * TEXTS;
/// Stands for the length of a text that is not there. No text is so long: a character has four bytes at most.
const ABSENT: u16 = u16::MAX;
const _: () = assert!(4 * EVIDENCE < ABSENT as usize);
/// More bytes than any words have.
pub const LONGEST: usize = HEAD + TEXTS * ABSENT as usize;

/// The length of each text, in little-endian numbers of 16 bits, then the texts one after another: the match and the
/// identity safe to show, the line as it stands in the log.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    /// Adds the texts of a hit and its line. Returns whether the line holds the device's identity.
    pub fn put(out: &mut Vec<u8>, set: &Set, hit: &Hit, line: &dyn Details) -> bool {
        let head = out.len();
        out.extend_from_slice(&[u8::MAX; HEAD]);
        let mut from = out.len();
        let mut end = |out: &mut Vec<u8>, number: usize| {
            let length = (out.len() - from) as u16;
            from = out.len();
            out[head + 2 * number..][..2].copy_from_slice(&length.to_le_bytes());
        };
        if hit.matched != Matched::Item {
            hit.spell(set, out);
            end(out, 0);
        }
        out.extend_from_slice(shown_part(line.text(), EVIDENCE));
        end(out, 1);
        let mut identified = false;
        line.identify(&mut |key, value| {
            if let Some(at) = IDENTITY.iter().position(|k| *k == key) {
                escape_into(out, value, EVIDENCE);
                end(out, 2 + at);
                identified = true;
            }
        });
        identified
    }

    /// The words that `put` put at the beginning of these bytes.
    pub fn at(bytes: &'a [u8]) -> Words<'a> {
        Words(bytes)
    }

    /// The words in these bytes, which `bytes` gave. Fails where they are damaged.
    pub fn read(bytes: &'a [u8]) -> io::Result<Words<'a>> {
        let words = Words::at(bytes);
        let shown = (0..TEXTS).filter(|i| *i != 1);
        let is_text = words.bytes().len() == bytes.len()
            && shown
                .filter_map(|i| words.text(i))
                .all(|text| std::str::from_utf8(text).is_ok());
        if !bytes.is_empty() && is_text {
            Ok(words)
        } else {
            Err(io::Error::other("the texts of a row are damaged"))
        }
    }

    /// The bytes of these words alone.
    pub fn bytes(self) -> &'a [u8] {
        let length: usize = (0..TEXTS).filter_map(|i| self.length(i)).sum();
        self.0.get(..HEAD + length).unwrap_or_default()
    }

    /// Adds the same words without the match and the line.
    pub fn put_identity(self, out: &mut Vec<u8>) {
        let left_out = 0..2;
        let lengths = 2 * left_out.len();
        out.resize(out.len() + lengths, u8::MAX);
        let bytes = self.bytes();
        out.extend_from_slice(&bytes[lengths..HEAD]);
        let before: usize = left_out.filter_map(|i| self.length(i)).sum();
        out.extend_from_slice(&bytes[HEAD + before..]);
    }

    /// The text that matched; None is the item itself.
    pub fn matched(self) -> Option<&'a [u8]> {
        self.text(0)
    }

    /// The line, of which `escape` makes the evidence.
    pub fn line(self) -> &'a [u8] {
        self.text(1).unwrap_or_default()
    }

    /// Keys and values, in the order of the wire.
    pub fn identity(self) -> impl Iterator<Item = (&'static str, &'a [u8])> {
        let keys = IDENTITY.iter().enumerate();
        keys.filter_map(move |(i, key)| Some((*key, self.text(2 + i)?)))
    }

    fn length(self, number: usize) -> Option<usize> {
        let bytes = self.0.get(2 * number..2 * number + 2)?;
        let length = u16::from_le_bytes([bytes[0], bytes[1]]);
        (length != ABSENT).then_some(usize::from(length))
    }

    fn text(self, number: usize) -> Option<&'a [u8]> {
        let length = self.length(number)?;
        let before: usize = (0..number).filter_map(|i| self.length(i)).sum();
        self.0.get(HEAD + before..HEAD + before + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Seen;

    impl Details for Seen {
        fn identify(&self, tell: &mut dyn FnMut(&'static str, &[u8])) {
            tell("host", b"pc-1");
            tell("user", "đạt".as_bytes());
        }

        fn text(&self) -> &[u8] {
            b"a line\x01"
        }
    }

    #[test]
    fn texts_come_back_and_damage_is_seen() {
        let set = crate::set::setfile::compile(b"evil.example\tdomain\t\n", None).unwrap();
        let hit = Hit {
            item: 0,
            field: crate::line::hit::Field::Query,
            matched: Matched::Name(crate::canonical::names::name(b"www.evil.example")),
        };
        let mut bytes = b"before".to_vec();
        Words::put(&mut bytes, &set, &hit, &Seen);
        let end = bytes.len();
        bytes.extend_from_slice(b"what follows");
        let words = Words::at(&bytes[6..]);
        assert_eq!(words.bytes(), &bytes[6..end]);
        let again = Words::read(words.bytes()).unwrap();
        assert_eq!(again.matched(), Some(&b"www.evil.example"[..]));
        assert_eq!(again.line(), b"a line\x01");
        let identity: Vec<_> = again.identity().collect();
        assert_eq!(
            identity,
            [("host", &b"pc-1"[..]), ("user", "đạt".as_bytes())]
        );
        for cut in 0..words.bytes().len() {
            assert!(Words::read(&words.bytes()[..cut]).is_err());
        }
        let itself = Hit {
            matched: Matched::Item,
            ..hit
        };
        bytes.clear();
        Words::put(&mut bytes, &set, &itself, &Seen);
        assert_eq!(Words::at(&bytes).matched(), None);
        assert_eq!(Words::at(&bytes).line(), b"a line\x01");
    }
}
