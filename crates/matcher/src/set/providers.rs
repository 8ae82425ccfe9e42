//! Providers that lead around the place that watches (docs/contract.md 2): a small set beside the indicators.
//!
//! The index of the indicators knows their names and addresses only as marks, so that phase 1 finds the lines; what such a
//! line hits is asked here, and only where no indicator is hit.
use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use xxhash_rust::xxh3::xxh3_64;

use crate::canonical::address::Address;
use crate::error::Error;
// circle: a set holds a small set of its own
use crate::set::{Item, Set, setfile};

/// Stands in an index for what only a provider names.
pub const MARK: u32 = u32::MAX - 1;
/// Rows of providers have numbers from here on; no item of a list has.
pub const FIRST: u32 = u32::MAX - (1 << 16);

/// Stands before a provider's name, so that its rows lie behind those of all indicators.
const LAST: char = '\u{10FFFF}';

/// The provider and the kind of any resolver outside the own networks.
const FOREIGN_RESOLVER: (&str, &str) = ("DNS", "dns");

/// Bytes to each side in which a port is looked for; a longer line is left to phase 2.
const LONGEST_LOOK: usize = 4096;

/// Whether a row with this number is of a provider.
#[inline(always)]
pub fn is_way(item: u32) -> bool {
    item >= FIRST
}

/// A provider and a kind: what a row is of.
#[derive(Debug)]
struct Way {
    /// What rows are sorted by.
    text: String,
    kind: String,
}

/// The providers of this version.
#[derive(Debug)]
pub struct Providers {
    set: Set,
    ways: Vec<Way>,
    /// The number of the row of each item.
    rows: HashMap<u32, u32, RandomState>,
    /// The number of the row of a resolver outside the own networks.
    pub foreign_resolver: u32,
    pub(crate) digest: u64,
}

impl Providers {
    /// From lines like those of `setfile::compile`, whose family is the kind, a space and the provider.
    pub fn new(list: &[u8]) -> Result<Arc<Providers>, Error> {
        let set = setfile::compile(list, None)?;
        let mut named = Vec::new();
        for (number, item) in set.items() {
            let family = item.family.split_once(' ');
            let (kind, name) = family.ok_or_else(|| Error::set("a provider has no kind"))?;
            named.push((
                format!("{LAST}{name}\0{kind}"),
                kind.to_owned(),
                Some(number),
            ));
        }
        let (name, kind) = FOREIGN_RESOLVER;
        named.push((format!("{LAST}{name}\0{kind}"), kind.to_owned(), None));
        named.sort();
        let mut ways: Vec<Way> = Vec::new();
        let mut rows = HashMap::default();
        let mut foreign_resolver = FIRST;
        for (text, kind, number) in named {
            if ways.last().is_none_or(|last| last.text != text) {
                ways.push(Way { text, kind });
            }
            let row = FIRST + ways.len() as u32 - 1;
            match number {
                Some(number) => drop(rows.insert(number, row)),
                None => foreign_resolver = row,
            }
        }
        if FIRST + ways.len() as u32 >= MARK - 1 {
            return Err(Error::set("too many providers"));
        }
        Ok(Arc::new(Providers {
            set,
            ways,
            rows,
            foreign_resolver,
            digest: xxh3_64(list),
        }))
    }

    /// The names and addresses, for the index of the indicators.
    pub(crate) fn items(&self) -> impl Iterator<Item = Item<'_>> {
        self.set.items().map(|(_, item)| item)
    }

    /// The number of the row of the provider whose name covers this name.
    pub fn find_name(&self, name: &[u8]) -> Option<u32> {
        self.rows.get(&self.set.find_name(name)?).copied()
    }

    /// The number of the row of the provider with this endpoint.
    pub fn find_endpoint(&self, address: Address, port: u16) -> Option<u32> {
        let item = self.set.find_endpoint(address, port)?;
        self.rows.get(&item).copied()
    }

    /// What stands for a row in the place of an item.
    pub(crate) fn item(&self, row: u32) -> Option<Item<'_>> {
        let way = self.ways.get((row - FIRST) as usize)?;
        Some(Item {
            hashed: &way.text,
            kind: &way.kind,
            family: "",
        })
    }
}

/// The provider of an item that stands for a row.
pub fn provider<'a>(item: &Item<'a>) -> &'a str {
    let name = item.hashed.strip_prefix(LAST).unwrap_or_default();
    name.split_once('\0').map_or(name, |(name, _)| name)
}

/// Whether the line around an address shows a port by which the address leads around. Ordinary look-ups name the same
/// addresses in each line of many logs.
pub(crate) fn shows_port(buf: &[u8], start: usize, end: usize) -> bool {
    shows(buf, (start, end), shows_any)
}

/// Whether the line around a place shows the port of a resolver, 53 or 853.
pub(crate) fn shows_resolver(buf: &[u8], place: usize) -> bool {
    shows(buf, (place, place), |line| {
        memchr::memmem::find_iter(line, b"53").any(|at| {
            let front = line[..at].strip_suffix(b"8").unwrap_or(&line[..at]);
            let behind = line.get(at + 2);
            // Zeros may stand before a number.
            !front.last().is_some_and(|b| (b'1'..=b'9').contains(b))
                && !behind.is_some_and(u8::is_ascii_digit)
        })
    })
}

#[inline(never)]
fn shows(buf: &[u8], (start, end): (usize, usize), any: impl Fn(&[u8]) -> bool) -> bool {
    let from = start - start.min(LONGEST_LOOK);
    let begin = memchr::memrchr(b'\n', &buf[from..start]);
    let stop = memchr::memchr(b'\n', &buf[end..buf.len().min(end + LONGEST_LOOK)]);
    let (Some(begin), Some(stop)) = (begin, stop) else {
        return true;
    };
    any(&buf[from + begin..=end + stop])
}

/// Whether 443 or 853 stands as a number within these bytes, neither at their beginning nor at their end.
fn shows_any(line: &[u8]) -> bool {
    let ends = line.len().saturating_sub(2);
    let triples = line[..ends].iter().zip(&line[1..]).zip(&line[2..]);
    // Without a branch for each place, a processor looks at many places at once.
    let may_show = triples.fold(0, |any, ((a, b), c)| {
        let https = u8::from(*a == b'4') & u8::from(*b == b'4');
        let tls = u8::from(*a == b'8') & u8::from(*b == b'5');
        any | (https | tls) & u8::from(*c == b'3')
    });
    may_show != 0
        && line.windows(5).any(|five| {
            // Zeros may stand before a number.
            matches!(five, [before, b'4', b'4', b'3', after] | [before, b'8', b'5', b'3', after]
                if !(b'1'..=b'9').contains(before) && !after.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_whole_number_of_the_same_line() {
        let shows = |line: &str| {
            let line = format!("x 443\n{line}\n443 853\n");
            let start = line.find("8.8.8.8").unwrap();
            shows_port(line.as_bytes(), start, start + 7)
        };
        for line in [
            "8.8.8.8:443",
            "8.8.8.8 853",
            "dpt=0443 dst=8.8.8.8",
            "443 8.8.8.8",
            "8.8.8.8\t443\t",
        ] {
            assert!(shows(line), "{line}");
        }
        for line in [
            "8.8.8.8:53",
            "8.8.8.8:8443",
            "4430 8.8.8.8",
            "8.8.8.8 id=18532",
            "8.8.8.8",
        ] {
            assert!(!shows(line), "{line}");
        }
    }

    #[test]
    fn the_port_of_a_resolver_is_a_whole_number_of_the_line() {
        let shows = |line: &str| {
            let line = format!("x 53\n{line}\n853 53\n");
            shows_resolver(line.as_bytes(), line.find("10.").unwrap())
        };
        for line in [
            "10.1.2.3 53",
            "053 10.1.2.3",
            "10.1.2.3 8.8.8.8:853",
            "\"dest_port\":53,10.1.2.3",
        ] {
            assert!(shows(line), "{line}");
        }
        for line in [
            "10.1.2.3 530",
            "153 10.1.2.3",
            "10.1.2.3 8530",
            "1853 10.1.2.3",
            "10.1.2.3 5",
        ] {
            assert!(!shows(line), "{line}");
        }
    }

    #[test]
    fn a_row_is_of_a_provider_and_a_kind() {
        let list =
            b"192.0.2.1:443\tip-port\tdoh B\na.example\tdomain\tdoh B\nb.example\tdomain\tvpn A\n";
        let providers = Providers::new(list).unwrap();
        let name = |name: &str| providers.find_name(name.as_bytes());
        assert_eq!(name("b.example"), Some(FIRST));
        assert_eq!(name("x.a.example"), Some(FIRST + 1));
        let address = crate::canonical::address::parse(b"192.0.2.1").unwrap();
        assert_eq!(providers.find_endpoint(address, 443), Some(FIRST + 1));
        assert_eq!(providers.find_endpoint(address, 53), None);
        let row = providers.item(FIRST + 1).unwrap();
        assert_eq!((provider(&row), row.kind), ("B", "doh"));
    }
}
