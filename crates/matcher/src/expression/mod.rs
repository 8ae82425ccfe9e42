//! Expressions over whole lines: refused cheaply, compiled when first needed, tried by going back a little and, where
//! that is not enough, read in two passes.
mod backtrack;
mod bytes;
mod fuse;
mod refuse;
mod two_pass;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};
use regex_automata::util::pool::Pool;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};
use smallvec::{SmallVec, smallvec};

use backtrack::Backtracker;
use refuse::Starts;
use two_pass::{Memo, TwoPass};

/// What stands in a slot that took no part in the match.
const NONE: u32 = u32::MAX;

/// Where an expression ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With the line.
    Line,
    /// Anywhere.
    Anywhere,
}

/// An expression anchored where the line begins, in the subset of docs/log-formats.md 2.
#[derive(Debug)]
pub struct Expression {
    text: String,
    parsed: Hir,
    end: End,
    /// Name and number of each named group.
    names: Vec<(String, usize)>,
    groups: usize,
    starts: Starts,
    /// One of these stands in every match; empty: nothing is known.
    words: Vec<Finder<'static>>,
    /// Whether the line before matched: then this one mostly does, too, and is not first looked at for what refuses it.
    matched: AtomicBool,
    backtracker: OnceLock<Option<Backtracker>>,
    regex: OnceLock<Option<Regex>>,
    two_pass: OnceLock<Option<Machine>>,
}

type NewMemo = Box<dyn Fn() -> Memo + Send + Sync>;

/// A machine and what each thread remembers of it.
#[derive(Debug)]
struct Machine {
    steps: TwoPass,
    memos: Pool<Memo, NewMemo>,
}

/// Where each group of a match begins and ends.
#[derive(Debug)]
pub struct Slots(SmallVec<[u32; 36]>);

impl Slots {
    /// The bytes of a group; None if it took no part.
    pub fn group<'l>(&self, line: &'l [u8], number: usize) -> Option<&'l [u8]> {
        let (start, end) = (*self.0.get(2 * number)?, *self.0.get(2 * number + 1)?);
        if start == NONE || end == NONE {
            return None;
        }
        line.get(start as usize..end as usize)
    }

    /// Where the match ends.
    pub fn end(&self) -> usize {
        self.0[1] as usize
    }
}

impl Expression {
    /// Reads the expression without compiling it. Fails with what is wrong in it.
    pub fn new(text: &str, end: End) -> Result<Expression, String> {
        let syntax = ParserBuilder::new().unicode(false).utf8(false).build();
        let parsed = syntax.clone().parse(text).map_err(|e| e.to_string())?;
        let mut names = Vec::new();
        let mut groups = 1;
        name_groups(&parsed, &mut names, &mut groups);
        let words = refuse::words(&parsed).unwrap_or_default();
        Ok(Expression {
            text: text.to_owned(),
            end,
            names,
            groups,
            starts: Starts::new(&parsed),
            words: words.iter().map(|w| Finder::new(w).into_owned()).collect(),
            matched: AtomicBool::new(false),
            backtracker: OnceLock::new(),
            regex: OnceLock::new(),
            two_pass: OnceLock::new(),
            parsed,
        })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| name.as_str())
    }

    /// The number of the group of that name.
    pub fn group(&self, name: &[u8]) -> Option<usize> {
        let found = self.names.iter().find(|(n, _)| n.as_bytes() == name);
        found.map(|(_, number)| *number)
    }

    /// The groups of the line, if it matches.
    pub fn read(&self, line: &[u8]) -> Option<Slots> {
        let matched = self.matched.load(Ordering::Relaxed);
        if line.len() >= NONE as usize || !matched && self.refuses(line) {
            return None;
        }
        let found = self.find(line);
        if found.is_some() != matched {
            self.matched.store(!matched, Ordering::Relaxed);
        }
        found
    }

    /// True only if the line does not match.
    fn refuses(&self, line: &[u8]) -> bool {
        !self.starts.fit(line)
            || !self.words.is_empty() && !self.words.iter().any(|w| w.find(line).is_some())
    }

    fn find(&self, line: &[u8]) -> Option<Slots> {
        let count = 2 * self.groups;
        let mut slots: SmallVec<[u32; 36]> = if count <= 36 {
            SmallVec::from_buf_and_len([NONE; 36], count)
        } else {
            smallvec![NONE; count]
        };
        let build = || Backtracker::new(&self.parsed, self.end);
        if let Some(backtracker) = self.backtracker.get_or_init(build) {
            if let Some(matches) = backtracker.read(line, &mut slots) {
                return matches.then_some(Slots(slots));
            }
            slots.fill(NONE);
        }
        if self.end == End::Line
            && let Some(machine) = self.two_pass.get_or_init(|| self.machine())
        {
            let mut memo = machine.memos.get();
            if let Some(matches) = machine.steps.read(&mut memo, line, &mut slots) {
                return matches.then_some(Slots(slots));
            }
        }
        self.read_slowly(line)
    }

    fn machine(&self) -> Option<Machine> {
        let steps = TwoPass::new(&self.text)?;
        Some(Machine {
            steps,
            memos: Pool::new(Box::new(Memo::default)),
        })
    }

    fn read_slowly(&self, line: &[u8]) -> Option<Slots> {
        let end = if self.end == End::Line { r"\z" } else { "" };
        let build = || {
            let anchored = format!(r"\A(?:{}){end}", self.text);
            let mut builder = RegexBuilder::new(&anchored);
            builder.unicode(false).size_limit(usize::MAX).build().ok()
        };
        let regex = self.regex.get_or_init(build).as_ref()?;
        let mut places = regex.capture_locations();
        regex.captures_read(&mut places, line)?;
        let pairs = (0..self.groups).flat_map(|group| match places.get(group) {
            Some((start, end)) => [start as u32, end as u32],
            None => [NONE, NONE],
        });
        Some(Slots(pairs.collect()))
    }
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
    use super::*;

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
        groups(expression, &expression.read(line)?, line)
    }

    fn by_machine(machine: &TwoPass, expression: &Expression, line: &[u8]) -> Found {
        let mut slots: SmallVec<[u32; 36]> = smallvec![NONE; 2 * expression.groups];
        let matches = machine.read(&mut Memo::default(), line, &mut slots)?;
        groups(expression, &Slots(slots), line).filter(|_| matches)
    }

    fn by_trial(expression: &Expression, line: &[u8]) -> Option<Found> {
        let mut slots: SmallVec<[u32; 36]> = smallvec![NONE; 2 * expression.groups];
        let matches =
            Backtracker::new(&expression.parsed, expression.end)?.read(line, &mut slots)?;
        Some(groups(expression, &Slots(slots), line).filter(|_| matches))
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
            let machine = TwoPass::new(text).unwrap();
            let regex = plain(text);
            for _ in 0..1500 {
                let line: Vec<u8> = (0..random(9))
                    .flat_map(|_| pieces[random(pieces.len())].to_vec())
                    .collect();
                let want = by_regex(&regex, &line);
                let shown = format!("{text} on {:?}", String::from_utf8_lossy(&line));
                assert_eq!(by_all(&expression, &line), want, "{shown}");
                assert_eq!(by_machine(&machine, &expression, &line), want, "{shown}");
                if let Some(found) = by_trial(&expression, &line) {
                    assert_eq!(found, want, "{shown}");
                    tried += usize::from(want.is_some());
                }
                matched += usize::from(want.is_some());
            }
        }
        assert!(matched > 1000 && tried > 1000, "{matched} {tried}");
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
            assert_eq!(by_trial(&expression, line), Some(by_regex(&anchored, line)));
        }
    }

    #[test]
    fn what_takes_too_many_steps_is_left_to_another_way() {
        let text = r"(?:(?P<a>a+)+b)*(?P<c>c)";
        let line = [&b"a".repeat(200)[..], b"c"].concat();
        let expression = Expression::new(text, End::Line).unwrap();
        assert_eq!(by_trial(&expression, &line), None);
        assert_eq!(by_all(&expression, &line), by_regex(&plain(text), &line));
    }

    #[test]
    fn many_states_end_in_the_slower_way_with_the_same_answer() {
        let text = r"(?P<x>[ab]*)a[ab]{14}(?P<y>c*)";
        let mut seed = 1_u64;
        let line: Vec<u8> = (0..60_000)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                b"ab"[(seed >> 40) as usize & 1]
            })
            .chain(*b"cc")
            .collect();
        let expression = Expression::new(text, End::Line).unwrap();
        assert_eq!(by_all(&expression, &line), by_regex(&plain(text), &line));
    }
}
