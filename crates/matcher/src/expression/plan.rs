//! The parts of an expression in the order of the trial, and the bytes that can come next at each part.
use regex_syntax::hir::{Hir, HirKind, Repetition};

use super::bytes::Bytes;
use super::place::End;

/// Larger expressions are left to the library.
const MOST_PARTS: usize = 4096;

#[derive(Debug)]
pub(super) enum Part {
    Text(Box<[u8]>),
    Run(Run),
    /// The place goes into a slot.
    Mark(usize),
    /// Two ways on, the preferred first.
    Fork([usize; 2]),
    Goto(usize),
    /// The match, here or only where the line ends.
    Match,
}

/// Bytes of a set, at least `least` of them and as many as there are up to `most`, or as few.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub of: Bytes,
    pub least: usize,
    pub most: usize,
    pub is_greedy: bool,
    /// Whether no shorter run than the longest can go on to a match.
    pub is_sure: bool,
}

/// What can come next on the way to a match: one of these bytes, or the end of the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    pub bytes: Bytes,
    pub end: bool,
}

#[derive(Debug)]
pub(super) struct Plan {
    pub parts: Vec<Part>,
    /// What can come at each.
    pub nexts: Vec<Next>,
    pub end: End,
}

impl Plan {
    /// None where the expression looks around itself, repeats what may be empty, holds classes of characters of
    /// several bytes, or is too large.
    pub fn new(expression: &Hir, end: End) -> Option<Plan> {
        let mut made = Plan {
            parts: Vec::new(),
            nexts: Vec::new(),
            end,
        };
        made.add(expression)?;
        made.push(Part::Match)?;
        made.look_ahead();
        Some(made)
    }

    fn look_ahead(&mut self) {
        let mut known = vec![None; self.parts.len()];
        let nexts = (0..known.len()).map(|at| self.next(at, &mut known));
        self.nexts = nexts.collect();
        let behind = self.nexts.iter().skip(1);
        for (part, next) in self.parts.iter_mut().zip(behind) {
            if let Part::Run(run) = part {
                run.is_sure = !run.of.meets(&next.bytes);
            }
        }
    }

    fn push(&mut self, part: Part) -> Option<usize> {
        self.parts.push(part);
        (self.parts.len() < MOST_PARTS).then(|| self.parts.len() - 1)
    }

    fn fork(&mut self) -> Option<usize> {
        self.push(Part::Fork([0; 2]))
    }

    fn run(&mut self, of: Bytes, least: u32, most: Option<u32>, greedy: bool) -> Option<()> {
        self.push(Part::Run(Run {
            of,
            least: least as usize,
            most: most.map_or(usize::MAX, |most| most as usize),
            is_greedy: greedy || most == Some(least),
            is_sure: false,
        }))?;
        Some(())
    }

    fn add(&mut self, part: &Hir) -> Option<()> {
        match part.kind() {
            HirKind::Empty => {}
            HirKind::Literal(text) => {
                self.push(Part::Text(text.0.clone()))?;
            }
            HirKind::Class(class) => self.run(Bytes::of(class)?, 1, Some(1), true)?,
            HirKind::Look(_) => return None,
            HirKind::Capture(group) => {
                let slot = 2 * group.index as usize;
                self.push(Part::Mark(slot))?;
                self.add(&group.sub)?;
                self.push(Part::Mark(slot + 1))?;
            }
            HirKind::Concat(parts) => parts.iter().try_for_each(|p| self.add(p))?,
            HirKind::Alternation(parts) => {
                let (last, others) = parts.split_last()?;
                let mut ends = Vec::new();
                for part in others {
                    let fork = self.fork()?;
                    self.add(part)?;
                    ends.push(self.push(Part::Goto(0))?);
                    self.parts[fork] = Part::Fork([fork + 1, self.parts.len()]);
                }
                self.add(last)?;
                let end = self.parts.len();
                ends.into_iter()
                    .for_each(|at| self.parts[at] = Part::Goto(end));
            }
            HirKind::Repetition(again) => self.again(again)?,
        }
        Some(())
    }

    fn again(&mut self, again: &Repetition) -> Option<()> {
        let (part, least) = (&*again.sub, again.min);
        let set = match part.kind() {
            HirKind::Class(class) => Some(Bytes::of(class)?),
            HirKind::Literal(text) if text.0.len() == 1 => Some(Bytes::only(text.0[0])),
            _ => None,
        };
        if let Some(set) = set {
            return self.run(set, least, again.max, again.greedy);
        }
        if again.max != Some(1) && part.properties().minimum_len().unwrap_or(0) == 0 {
            return None;
        }
        (0..least).try_for_each(|_| self.add(part))?;
        let ways = |inside: usize, behind: usize| {
            let to = [inside, behind];
            Part::Fork(if again.greedy { to } else { [behind, inside] })
        };
        let Some(most) = again.max else {
            let fork = self.fork()?;
            self.add(part)?;
            self.push(Part::Goto(fork))?;
            self.parts[fork] = ways(fork + 1, self.parts.len());
            return Some(());
        };
        let mut forks = Vec::new();
        for _ in least..most {
            forks.push(self.fork()?);
            self.add(part)?;
        }
        let behind = self.parts.len();
        forks
            .into_iter()
            .for_each(|at| self.parts[at] = ways(at + 1, behind));
        Some(())
    }

    /// What can come at a part. Loops read a byte in each round, so this ends.
    fn next(&self, at: usize, known: &mut [Option<Next>]) -> Next {
        if let Some(found) = known[at] {
            return found;
        }
        let found = match &self.parts[at] {
            Part::Text(text) => Next::only(text[0]),
            Part::Run(run) => {
                let own = Next {
                    bytes: run.of,
                    end: false,
                };
                if run.least > 0 {
                    own
                } else {
                    own.or(self.next(at + 1, known))
                }
            }
            Part::Mark(_) => self.next(at + 1, known),
            Part::Goto(to) => self.next(*to, known),
            Part::Fork([first, second]) => {
                let first = self.next(*first, known);
                first.or(self.next(*second, known))
            }
            Part::Match => Next {
                bytes: match self.end {
                    End::Anywhere => Bytes::ALL,
                    End::Line => Bytes::default(),
                },
                end: true,
            },
        };
        known[at] = Some(found);
        found
    }
}

impl Next {
    fn only(b: u8) -> Next {
        Next {
            bytes: Bytes::only(b),
            end: false,
        }
    }

    fn or(self, other: Next) -> Next {
        Next {
            bytes: self.bytes.or(&other.bytes),
            end: self.end || other.end,
        }
    }

    /// Whether a byte may come, or the end of the line.
    pub fn may(&self, byte: Option<u8>) -> bool {
        byte.map_or(self.end, |b| self.bytes.has(b))
    }
}
