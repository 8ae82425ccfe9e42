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

/// Where each text ends, in little-endian numbers of 32 bits, then the texts one after another.
#[derive(Clone, Debug)]
pub struct Words(Box<[u8]>);

impl Words {
    /// What a hit and its line say; `buffer` is room for it.
    pub fn of(set: &Set, hit: &Hit, line: &dyn Details, buffer: &mut String) -> Words {
        let mut ends = [ABSENT; TEXTS];
        buffer.clear();
        hit.spell(set, buffer);
        ends[0] = buffer.len() as u32;
        escape_into(buffer, line.text(), EVIDENCE);
        ends[1] = buffer.len() as u32;
        let identity = line.identity();
        for (key, end) in IDENTITY.iter().zip(&mut ends[2..]) {
            if let Some((_, value)) = identity.iter().find(|(k, _)| k == key) {
                buffer.push_str(value);
                *end = buffer.len() as u32;
            }
        }
        let mut words = Vec::with_capacity(HEAD + buffer.len());
        words.extend(ends.iter().flat_map(|end| end.to_le_bytes()));
        words.extend_from_slice(buffer.as_bytes());
        Words(words.into())
    }

    /// From what `bytes` gave. Fails where that is damaged.
    pub fn read(bytes: Vec<u8>) -> io::Result<Words> {
        let words = Words(bytes.into());
        let is_whole = |i: usize| words.end(i) == Some(ABSENT) || words.text(i).is_some();
        if words.text(0).is_some() && words.text(1).is_some() && (2..TEXTS).all(is_whole) {
            Ok(words)
        } else {
            Err(io::Error::other("the texts of a row are damaged"))
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn matched(&self) -> &str {
        self.text(0).unwrap_or_default()
    }

    pub fn evidence(&self) -> &str {
        self.text(1).unwrap_or_default()
    }

    /// Keys and values, in the order of the wire.
    pub fn identity(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let keys = IDENTITY.iter().enumerate();
        keys.filter_map(|(i, key)| Some((*key, self.text(2 + i)?)))
    }

    fn end(&self, number: usize) -> Option<u32> {
        let bytes = self.0.get(4 * number..4 * number + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    fn text(&self, number: usize) -> Option<&str> {
        let end = self.end(number).filter(|end| *end != ABSENT)?;
        let before = (0..number).rev().filter_map(|i| self.end(i));
        let start = before.into_iter().find(|end| *end != ABSENT).unwrap_or(0);
        let text = self.0.get(HEAD..)?.get(start as usize..end as usize)?;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Seen;

    impl Details for Seen {
        fn identity(&self) -> crate::rows::Identity {
            vec![("user", "đạt".to_owned()), ("host", "pc-1".to_owned())]
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
            matched: crate::rows::Matched::Name(b"www.evil.example".to_vec()),
        };
        let words = Words::of(&set, &hit, &Seen, &mut "left over".to_owned());
        let again = Words::read(words.bytes().to_vec()).unwrap();
        assert_eq!(again.matched(), "www.evil.example");
        assert_eq!(again.evidence(), "a line\\x01");
        let identity: Vec<_> = again.identity().collect();
        assert_eq!(identity, [("host", "pc-1"), ("user", "đạt")]);
        for cut in 0..words.bytes().len() {
            assert!(Words::read(words.bytes()[..cut].to_vec()).is_err());
        }
    }
}
