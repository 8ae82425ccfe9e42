//! The texts of a row's first line, safe to show, in one piece of memory.
use std::io;

use crate::escape::{EVIDENCE, escape_into};
use crate::format::IDENTITY;
use crate::rows::{Details, Hit};
use crate::set::Set;

/// What matched, the evidence, and each kind of identity.
const TEXTS: usize = 2 + IDENTITY.len();
const HEAD: usize = 4 * TEXTS;
const ABSENT: u32 = u32::MAX;

/// Where each text ends, in little-endian numbers of 32 bits, then the texts one after another, in UTF-8.
#[derive(Clone, Debug)]
pub struct Words(Box<[u8]>);

impl Words {
    /// What a hit and its line say; `buffer` is room for it.
    pub fn of(set: &Set, hit: &Hit, line: &dyn Details, buffer: &mut Vec<u8>) -> Words {
        let mut ends = [ABSENT; TEXTS];
        buffer.clear();
        hit.spell(set, buffer);
        ends[0] = buffer.len() as u32;
        escape_into(buffer, line.text(), EVIDENCE);
        ends[1] = buffer.len() as u32;
        line.identify(&mut |key, value| {
            if let Some(at) = IDENTITY.iter().position(|k| *k == key) {
                escape_into(buffer, value, EVIDENCE);
                ends[2 + at] = buffer.len() as u32;
            }
        });
        let mut words = Vec::with_capacity(HEAD + buffer.len());
        words.extend(ends.iter().flat_map(|end| end.to_le_bytes()));
        words.extend_from_slice(buffer);
        Words(words.into())
    }

    /// From what `bytes` gave. Fails where that is damaged.
    pub fn read(bytes: Vec<u8>) -> io::Result<Words> {
        let words = Words(bytes.into());
        let is_text = |i: usize| {
            words
                .text(i)
                .is_some_and(|t| std::str::from_utf8(t).is_ok())
        };
        let is_absent = |i: usize| words.end(i) == Some(ABSENT);
        if is_text(0) && is_text(1) && (2..TEXTS).all(|i| is_absent(i) || is_text(i)) {
            Ok(words)
        } else {
            Err(io::Error::other("the texts of a row are damaged"))
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn matched(&self) -> &[u8] {
        self.text(0).unwrap_or_default()
    }

    pub fn evidence(&self) -> &[u8] {
        self.text(1).unwrap_or_default()
    }

    /// Keys and values, in the order of the wire.
    pub fn identity(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let keys = IDENTITY.iter().enumerate();
        keys.filter_map(|(i, key)| Some((*key, self.text(2 + i)?)))
    }

    fn end(&self, number: usize) -> Option<u32> {
        let bytes = self.0.get(4 * number..4 * number + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    fn text(&self, number: usize) -> Option<&[u8]> {
        let end = self.end(number).filter(|end| *end != ABSENT)?;
        let before = (0..number).rev().filter_map(|i| self.end(i));
        let start = before.into_iter().find(|end| *end != ABSENT).unwrap_or(0);
        self.0.get(HEAD..)?.get(start as usize..end as usize)
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
        let set = crate::setfile::compile(b"evil.example\tdomain\t\n").unwrap();
        let hit = Hit {
            item: 0,
            field: crate::rows::Field::Query,
            matched: crate::rows::Matched::Name(crate::names::name(b"www.evil.example")),
        };
        let words = Words::of(&set, &hit, &Seen, &mut b"left over".to_vec());
        let again = Words::read(words.bytes().to_vec()).unwrap();
        assert_eq!(again.matched(), b"www.evil.example");
        assert_eq!(again.evidence(), b"a line\\x01");
        let identity: Vec<_> = again.identity().collect();
        assert_eq!(
            identity,
            [("host", &b"pc-1"[..]), ("user", "đạt".as_bytes())]
        );
        for cut in 0..words.bytes().len() {
            assert!(Words::read(words.bytes()[..cut].to_vec()).is_err());
        }
    }
}
