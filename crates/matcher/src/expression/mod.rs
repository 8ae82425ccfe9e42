//! Expressions over whole lines: refused cheaply, compiled when first needed, tried by going back a little. Where
//! that is not enough, the library reads them (docs/adr/0027-expressions-of-our-own.md).
mod backtrack;
mod bytes;
mod place;
mod plan;
mod refuse;

use std::sync::OnceLock;

use memchr::memmem::Finder;
use regex_automata::Input;
use regex_automata::meta::{self, Regex};
use regex_automata::util::primitives::NonMaxUsize;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Look};
use smallvec::SmallVec;

use backtrack::Backtracker;
pub use place::End;
use place::Slot;
use refuse::Starts;

/// An expression anchored where the line begins, in the subset of docs/log-formats.md 2.
#[derive(Debug)]
pub struct Expression {
    /// Parsed again when it is compiled: the tree of one expression takes more memory than all that is kept of it.
    text: Box<str>,
    end: End,
    /// Name and number of each named group.
    names: Vec<(String, usize)>,
    groups: usize,
    starts: Starts,
    /// One of these stands in every match; empty: nothing is known.
    words: Vec<Finder<'static>>,
    backtracker: OnceLock<Option<Backtracker>>,
    regex: OnceLock<Option<Regex>>,
}

/// Where each group of a match begins and ends; those of most expressions lie here without an allocation.
#[derive(Debug, Default)]
pub struct Slots(SmallVec<[Slot; 24]>);

impl Slots {
    pub fn new() -> Slots {
        Slots::default()
    }

    /// The bytes of a group; None if it took no part.
    #[inline]
    pub fn group<'l>(&self, line: &'l [u8], number: usize) -> Option<&'l [u8]> {
        let [start, end] = *self.0.as_chunks::<2>().0.get(number)?;
        line.get(start?.get()..end?.get())
    }

    /// Where the match ends.
    pub fn end(&self) -> usize {
        self.0.get(1).copied().flatten().map_or(0, NonMaxUsize::get)
    }

    /// As many groups, none of which took part.
    fn clear(&mut self, groups: usize) -> &mut [Slot] {
        self.0.clear();
        self.0.resize(2 * groups, None);
        &mut self.0
    }
}

impl Expression {
    /// Reads the expression without compiling it. Fails with what is wrong in it.
    pub fn new(text: &str, end: End) -> Result<Expression, String> {
        let parsed = parse(text)?;
        let mut names = Vec::new();
        let mut groups = 1;
        name_groups(&parsed, &mut names, &mut groups);
        let words = refuse::words(&parsed).unwrap_or_default();
        Ok(Expression {
            end,
            names,
            groups,
            starts: Starts::new(&parsed),
            words: words.iter().map(|w| Finder::new(w).into_owned()).collect(),
            backtracker: OnceLock::new(),
            regex: OnceLock::new(),
            text: text.into(),
        })
    }

    fn backtracker(&self) -> Option<Backtracker> {
        Backtracker::new(&parse(&self.text).ok()?, self.end)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| name.as_str())
    }

    /// The number of the group of that name.
    pub fn group(&self, name: &[u8]) -> Option<usize> {
        let found = self.names.iter().find(|(n, _)| n.as_bytes() == name);
        found.map(|(_, number)| *number)
    }

    /// Whether the line matches; if so, where its groups begin and end is put into `slots`.
    pub fn read(&self, line: &[u8], slots: &mut Slots) -> bool {
        if self.refuses(line) {
            return false;
        }
        let build = || self.backtracker();
        let backtracker = self.backtracker.get_or_init(build).as_ref();
        let tried = backtracker.and_then(|b| b.read(line, slots.clear(self.groups)));
        tried.unwrap_or_else(|| self.read_by_library(line, slots.clear(self.groups)))
    }

    /// True only if the line does not match.
    fn refuses(&self, line: &[u8]) -> bool {
        !self.starts.fit(line)
            || !self.words.is_empty() && !self.words.iter().any(|w| w.find(line).is_some())
    }

    fn read_by_library(&self, line: &[u8], slots: &mut [Slot]) -> bool {
        let regex = self
            .regex
            .get_or_init(|| library(&parse(&self.text).ok()?, self.end));
        let search = |regex: &Regex| regex.search_slots(&Input::new(line), slots);
        regex.as_ref().and_then(search).is_some()
    }
}

fn parse(text: &str) -> Result<Hir, String> {
    let mut syntax = ParserBuilder::new().unicode(false).utf8(false).build();
    syntax.parse(text).map_err(|e| e.to_string())
}

/// The expression as the library has it; None if the memory of this machine is too small for it.
fn library(parsed: &Hir, end: End) -> Option<Regex> {
    let end = match end {
        End::Line => Hir::look(Look::End),
        End::Anywhere => Hir::empty(),
    };
    let anchored = Hir::concat(vec![Hir::look(Look::Start), parsed.clone(), end]);
    let config = meta::Config::new().utf8_empty(false).nfa_size_limit(None);
    let mut builder = meta::Builder::new();
    builder.configure(config).build_from_hir(&anchored).ok()
}

fn name_groups(part: &Hir, names: &mut Vec<(String, usize)>, groups: &mut usize) {
    match part.kind() {
        HirKind::Capture(group) => {
            let number = group.index as usize;
            *groups = (*groups).max(number + 1);
            if let Some(name) = &group.name {
                names.push((name.to_string(), number));
            }
            name_groups(&group.sub, names, groups);
        }
        HirKind::Repetition(again) => name_groups(&again.sub, names, groups),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().for_each(|p| name_groups(p, names, groups));
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use regex::bytes::{Regex, RegexBuilder};

    use super::{Backtracker, End, Expression, Slots};

    type Found = Option<Vec<Option<Vec<u8>>>>;

    fn plain(text: &str) -> Regex {
        let anchored = format!(r"\A(?:{text})\z");
        RegexBuilder::new(&anchored).unicode(false).build().unwrap()
    }

    fn by_regex(regex: &Regex, line: &[u8]) -> Found {
        let found = regex.captures(line)?;
        let groups = found.iter().map(|m| m.map(|m| m.as_bytes().to_vec()));
        Some(groups.collect())
    }

    fn groups(expression: &Expression, slots: &Slots, line: &[u8]) -> Found {
        let groups = (0..expression.groups).map(|g| slots.group(line, g).map(<[u8]>::to_vec));
        Some(groups.collect())
    }

    fn by_all(expression: &Expression, line: &[u8]) -> Found {
        let mut slots = Slots::new();
        let matches = expression.read(line, &mut slots);
        groups(expression, &slots, line).filter(|_| matches)
    }

    fn by_library(expression: &Expression, line: &[u8]) -> Found {
        let mut slots = Slots::new();
        let matches = expression.read_by_library(line, slots.clear(expression.groups));
        groups(expression, &slots, line).filter(|_| matches)
    }

    fn by_trial(backtracker: &Backtracker, expression: &Expression, line: &[u8]) -> Option<Found> {
        let mut slots = Slots::new();
        let matches = backtracker.read(line, slots.clear(expression.groups))?;
        Some(groups(expression, &slots, line).filter(|_| matches))
    }

    fn backtracker(expression: &Expression) -> Backtracker {
        expression.backtracker().unwrap()
    }

    #[test]
    fn groups_are_those_of_the_regex_crate() {
        let expressions = [
            r"(?:(?P<a>\d+) )?(?:\S+ ){0,2}?(?:x|dns)(?:\[\d+\])?: (?P<b>\S+) is (?P<c>.*)",
            r"(?P<a>a|ab)(?P<b>c|bcd)(?P<c>d*)",
            r"(?P<a>.*?)(?P<b>\d*)(?P<c>.*)",
            r"(?:(?P<a>a*)*|(?P<b>b+))*",
            r"(?:.{0,9}?sq[^ ]*: +)?(?P<t>\d+) (?P<r>[^ ]+) .*",
            r"(?i:get) (?P<p>[^?]*)(?:\?(?P<q>.*))?",
            r"(?P<a>a+?)(?P<b>a*)b?",
            r"\x27(?P<a>[^\x27]*)\x27",
            r"(?:a|(?P<x>ab)|(?P<y>b))*",
            r"(?P<a>[^ b]{1,3}?)(?P<b>.{0,4}?)cd(?P<c>(?:[a1]|b+){0,2}) ?(?P<d>[^\x27]{2}?).*?",
            r"(?:(?:a|b1?)+ |(?P<n>\d{1,2}|x[^?]{2,}))(?P<r>.*\?)?",
            r"(?P<a>.*)(?:dns)(?P<b>.*)is(?P<c>[^\xff]*)",
            r"(?:a|b|(?P<x>[cd]))+ ?(?:x|\xff|(?P<y>é|1))*",
            "",
        ];
        let pieces: [&[u8]; 18] = [
            b"a",
            b"b",
            b"ab",
            b"cd",
            b" ",
            b"1",
            b"23 ",
            b"x",
            b"dns",
            b"[1]",
            b": ",
            b" is ",
            b"sqz: ",
            b"GET ",
            b"?",
            b"'",
            b"\xff",
            b"\xc3\xa9",
        ];
        let mut seed = 7_u64;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % below
        };
        let (mut matched, mut tried) = (0, 0);
        for text in expressions {
            let expression = Expression::new(text, End::Line).unwrap();
            let trial = expression.backtracker();
            let regex = plain(text);
            for _ in 0..1500 {
                let line: Vec<u8> = (0..random(9))
                    .flat_map(|_| pieces[random(pieces.len())].to_vec())
                    .collect();
                let want = by_regex(&regex, &line);
                let shown = format!("{text} on {:?}", String::from_utf8_lossy(&line));
                assert_eq!(by_all(&expression, &line), want, "{shown}");
                assert_eq!(by_library(&expression, &line), want, "{shown}");
                if let Some(trial) = &trial
                    && let Some(found) = by_trial(trial, &expression, &line)
                {
                    assert_eq!(found, want, "{shown}");
                    tried += usize::from(want.is_some());
                }
                matched += usize::from(want.is_some());
            }
        }
        assert!(matched > 1000 && tried > 1000, "{matched} {tried}");
    }

    #[test]
    fn long_lines_are_read_as_the_regex_crate_reads_them() {
        // Expressions, and the pieces of which their lines are made.
        let expressions = [
            (
                r"(?:.{0,120}?squid[^ ]*: +)?(?P<t>\d{9,11}\.\d{1,9}) +-?\d+ (?P<c>[^ ]+) (?P<k>[A-Z][A-Z0-9_]*)/(?P<s>\d{3}) (?P<r>.*)",
                "squid[1]: |1663300800|.|123| |  |-|7|10.1.2.3|TCP_MISS|/|200|x\u{7}y|GET http://a.example/long/path?q=1",
            ),
            (
                r"(?P<a>[^,]*),(?P<b>\d{1,20}),(?P<c>[0-9A-Fa-f.:]{3,45})(?P<d>(?:,[^,]{0,30})*)",
                ",|12|34567890123456789012|fd00::1|10.1.2.3|name of a thing|\u{1}",
            ),
            (
                r"(?P<a>\S+)(?: (?P<b>[\w-]+))?(?: +x=(?P<c>-?[1-9]\d*);*)?(?P<d> .*?end)? *(?P<e>[^\x00]{0,17})",
                "word-1| |  |x=|-|10|;;|end|rest of the line, which is long",
            ),
            (
                r"(?:(?P<v>[^\s:]+)(?::(?P<p>\d{1,5}))? )?(?P<c>[^\s\[]+) \[(?P<t>[^\]]+)\] (?P<q>(?:[^\x22\\]|\\.)*)\x22",
                "host|:|443| |10.1.2.3| [|24/Nov/2026:11:00:00 +0700|] |GET /a|\\\"|\"|\\",
            ),
            (
                r"(?P<a>[a-z]{2} \d\d:\d\d (?:[a-z]+ ){0,3}?)(?:dns|dnsmasq)(?P<b>\[[^\]]*\])?(?P<c>[aeiou2-9!?#%&+=_@~ ]*)(?P<d>.*)",
                "no |11:00 |may |dns|masq|[1]|aei?2|~~~~|b",
            ),
        ];
        let mut seed = 11_u64;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % below
        };
        let mut matched = 0;
        for (text, pieces) in expressions {
            let pieces: Vec<&str> = pieces.split('|').collect();
            let expression = Expression::new(text, End::Line).unwrap();
            let (regex, trial) = (plain(text), backtracker(&expression));
            for _ in 0..6000 {
                let (most, mut line) = (random(401), Vec::new());
                // Mostly one piece after the other, so that many lines match.
                let mut next = 0;
                while line.len() < most && next < 60 {
                    let at = if random(12) == 0 { random(60) } else { next };
                    let piece = pieces[at % pieces.len()].as_bytes();
                    let times = if random(15) == 0 { random(9) } else { 1 };
                    line.extend(piece.repeat(times));
                    next = at + 1 + usize::from(random(4) == 0);
                }
                line.truncate(most);
                let want = by_regex(&regex, &line);
                let shown = format!("{text} on {:?}", String::from_utf8_lossy(&line));
                assert_eq!(by_all(&expression, &line), want, "{shown}");
                assert_eq!(by_library(&expression, &line), want, "{shown}");
                if let Some(found) = by_trial(&trial, &expression, &line) {
                    assert_eq!(found, want, "{shown}");
                    matched += usize::from(want.is_some());
                }
            }
        }
        assert!(matched > 1500, "{matched}");
    }

    #[test]
    fn a_start_is_read_as_the_regex_crate_reads_it() {
        let text = r"(?P<a>a+?)(?P<b>[b1]*)(?:(?P<c>x|xy) )??";
        let anchored = RegexBuilder::new(&format!(r"\A(?:{text})"))
            .build()
            .unwrap();
        let expression = Expression::new(text, End::Anywhere).unwrap();
        for line in ["a", "aab1x xy", "ab1xy 9", "b", "", "abbx"] {
            let line = line.as_bytes();
            assert_eq!(by_all(&expression, line), by_regex(&anchored, line));
            let found = by_trial(&backtracker(&expression), &expression, line);
            assert_eq!(found, Some(by_regex(&anchored, line)));
        }
    }

    #[test]
    fn what_takes_too_many_steps_is_left_to_another_way() {
        let text = r"(?:(?P<a>a+)+b)*(?P<c>c)";
        let line = [&b"a".repeat(200)[..], b"c"].concat();
        let expression = Expression::new(text, End::Line).unwrap();
        let trial = backtracker(&expression);
        assert_eq!(by_trial(&trial, &expression, &line), None);
        assert_eq!(by_all(&expression, &line), by_regex(&plain(text), &line));
    }
}
