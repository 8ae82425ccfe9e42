//! Every level names every line that a reading of it as text hits, wherever blocks and chunks begin.
use std::collections::BTreeSet;

use super::{BACK, Candidates, FRONT, Scratch, Search, Trust};
use crate::line::freetext;
use crate::line::tokens;
use crate::raw::Level;
use crate::raw::streams::PART;
use crate::set::{Set, setfile};

/// Listed beside the others in a second set: then no address that begins with `10.` is passed over.
const TEN: &str = "10.9.0.0/16\tcidr\t\n";
const LIST: &str = "*.sub.example\tdomain\t
0.9.1.2\tipv4\t
110.9.0.0/16\tcidr\t
192.0.2.7\tipv4\t
198.51.100.9:8080\tip-port\t
210.9.1.2\tipv4\t
4.10.9.1\tipv4\t
2001:db8:77::/48\tcidr\t
2001:db8::1\tipv6\t
=exact.example\tdomain\t
deep.shared.host.example\tdomain\t
evil.example\tdomain\t
page.example/bad/start\turl\t
";
/// Spellings of listed items, near misses, and the characters between them.
const PARTS: &[&str] = &[
    "evil.example",
    "EVIL.Example",
    "a.b.evil.example",
    "notevil.example",
    "evil.example.org",
    "x-evil.example",
    "exact.example",
    "not.exact.example",
    "sub.example",
    "w.sub.example",
    "deep.shared.host.example",
    "shallow.shared.host.example",
    "page.example/bad/start",
    "http://page.example:80/bad/start?q",
    "page.example",
    "192.0.2.7",
    "192.0.2.77",
    "1192.0.2.7",
    "192.0.2.7.1",
    "10.9.255.1",
    "0.9.1.2",
    "10.9.1.2",
    "110.9.1.2",
    "210.9.1.2",
    "4.10.9.1",
    "10.4.10.9.1",
    "10.10.4.10.9.1",
    "10.90.0.1",
    "198.51.100.9:8080",
    "198.51.100.9",
    "2001:db8::1",
    "2001:0DB8:0:0:0:0:0:1",
    "2001:db8:77:1:2:3:4:5",
    "2001:db8:78::5",
    "::ffff:192.0.2.7",
    "[2001:db8::1]:53",
    "fe80::1%eth0",
    "12:34:56",
    "aa:bb:cc:dd:ee:ff",
    "AB:CD:EF:01:23:45:67:89",
    "(4)evil(7)example(0)",
    "\\u0065vil.example",
    "evil\u{3002}example",
    "bücher.example",
    "\u{fffd}",
    "a",
    "7",
    "ff",
    "A rather long stretch of words without anything",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789",
];
/// Mostly a line feed, so that few hits hide a missed one beside them.
const GLUE: &[&str] = &[
    "\n", "\n", "\n", "\n", "\n", "\n", "\n", "\n", "\n", "\n", " \n", ".\n", " ", "\t", ".", "..",
    "-", ":", ",", "\"", "/", "(", "=", "_", "", "\u{e9}",
];

/// A small generator (xorshift), so that the lines are the same everywhere.
pub(super) struct Random(pub u64);

impl Random {
    pub fn number(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % below
    }

    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.number(from.len())]
    }
}

/// The numbers of the lines that a level names, and the line feeds it counts.
pub(super) fn named(
    set: &Set,
    level: Level,
    text: &[u8],
    lead: usize,
    scratch: &mut Scratch,
) -> (BTreeSet<usize>, u64) {
    let from = FRONT + lead;
    // A digit stands before it that is no part of it.
    let mut buf = vec![b'1'; from];
    buf.extend_from_slice(text);
    buf.resize(from + text.len() + BACK, 0);
    let mut found = Candidates::default();
    // All levels look at the same names.
    scratch.trust = Trust::default();
    let mut search = Search {
        set,
        asked: None,
        endpoints: true,
        buf: &buf,
        from,
        len: text.len(),
        scratch,
    };
    search.find(level, &mut found);
    let line = |place: u32| memchr::memchr_iter(b'\n', &buf[..place as usize]).count();
    (found.places.into_iter().map(line).collect(), found.newlines)
}

/// How many lines of the text are hits, all of which every level has named.
fn check(sets: &[Set], text: &[u8], lead: usize, scratch: &mut Scratch) -> usize {
    let mut hits = 0;
    for set in sets {
        hits += check_one(set, text, lead, scratch);
    }
    hits
}

fn check_one(set: &Set, text: &[u8], lead: usize, scratch: &mut Scratch) -> usize {
    let expected: BTreeSet<usize> = text
        .split(|&b| b == b'\n')
        .enumerate()
        .filter(|(_, line)| !tokens::hits(set, &freetext::listed(set, line)).is_empty())
        .map(|(i, _)| i)
        .collect();
    let newlines = memchr::memchr_iter(b'\n', text).count() as u64;
    let mut first = None;
    for level in Level::available() {
        let (lines, counted) = named(set, level, text, lead, scratch);
        let missed: Vec<_> = expected.difference(&lines).collect();
        let shown = || String::from_utf8_lossy(text);
        assert!(
            missed.is_empty(),
            "{level:?} misses {missed:?} of {:?}",
            shown()
        );
        assert_eq!(counted, newlines, "{level:?}");
        assert_eq!(
            first.get_or_insert_with(|| lines.clone()),
            &lines,
            "{level:?}"
        );
    }
    expected.len()
}

/// Without any address that begins with `10.`, and with some.
fn sets() -> [Set; 2] {
    let with = [TEN, LIST].concat();
    [LIST, &with].map(|list| setfile::compile(list.as_bytes(), None).unwrap())
}

#[test]
fn every_level_names_every_line_with_a_hit() {
    let sets = sets();
    let mut scratch = Box::<Scratch>::default();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut hits = 0;
    for round in 0..400 {
        let mut text = String::new();
        while text.len() < round {
            text += random.pick(PARTS);
            text += random.pick(GLUE);
        }
        hits += check(&sets, text.as_bytes(), round % 67, &mut scratch);
    }
    assert!(hits > 500, "only {hits} lines were hits");
}

#[test]
fn what_lies_across_the_border_of_two_parts_is_found() {
    let sets = sets();
    let mut scratch = Box::<Scratch>::default();
    let mut hits = 0;
    for part in PARTS {
        for before in 0..=part.len().min(24) {
            let mut text = vec![b'\n'; PART - before];
            text.extend_from_slice(part.as_bytes());
            hits += check(&sets, &text, 0, &mut scratch);
        }
    }
    assert!(hits > 100, "only {hits} lines were hits");
}
