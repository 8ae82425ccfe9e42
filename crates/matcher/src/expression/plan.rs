//! The parts of an expression in the order in which they are tried, and what can come next at each.
use std::sync::Arc;

use regex_syntax::hir::{Hir, HirKind, Repetition};

use super::End;
use super::bytes::{Bytes, Runs};

/// Larger expressions are left to the other ways.
const MOST_PARTS: usize = 4096;

#[derive(Debug)]
pub(super) enum Part {
    Text(Box<[u8]>),
    /// Bytes of a set, at least `least` of them and as many as there are up to `most`, or as few.
    Run {
        of: Arc<Runs>,
        least: u32,
        most: u32,
        greedy: bool,
    },
    /// The place goes into a slot.
    Mark(u16),
    /// Two ways on, the preferred first.
    Fork([usize; 2]),
    Goto(usize),
    /// The match, here or only where the line ends.
    Match,
}

/// What can come next on the way to a match: one of these bytes, or the end of the line.
#[derive(Clone, Debug)]
pub(super) struct Next {
    pub bytes: Bytes,
    pub end: bool,
}

#[derive(Debug)]
pub(super) struct Plan {
    pub parts: Vec<Part>,
    pub end: End,
}

impl Plan {
    /// None where the expression looks around itself, repeats what may be empty, or is too large.
    pub fn new(expression: &Hir, end: End) -> Option<Plan> {
        let mut made = Plan {
            parts: Vec::new(),
            end,
        };
        made.add(expression)?;
        made.push(Part::Match)?;
        Some(made)
    }

    /// The part that comes when this one is reached.
    pub fn follow(&self, mut at: usize) -> usize {
        while let Part::Goto(to) = self.parts[at] {
            at = to;
        }
        at
    }

    /// What can come at each part.
    pub fn nexts(&self) -> Vec<Next> {
        let mut known = vec![None; self.parts.len()];
        let all = (0..known.len()).rev();
        all.for_each(|at| {
            self.next(at, &mut known);
        });
        known.into_iter().flatten().collect()
    }

    /// How many groups may have begun when a part is reached: those before it, and in each loop around it.
    pub fn begun(&self, at: usize) -> usize {
        let parts = self.parts.iter().enumerate();
        let loops = parts.filter(|(_, part)| matches!(part, Part::Goto(to) if *to <= at));
        let before = loops.map(|(end, _)| end).fold(at, usize::max);
        let groups = self.parts[..before].iter().map(|part| match part {
            Part::Mark(slot) => usize::from(slot / 2) + 1,
            _ => 1,
        });
        groups.max().unwrap_or(1)
    }

    fn push(&mut self, part: Part) -> Option<usize> {
        self.parts.push(part);
        (self.parts.len() < MOST_PARTS).then(|| self.parts.len() - 1)
    }

    fn fork(&mut self) -> Option<usize> {
        self.push(Part::Fork([0; 2]))
    }

    fn run(&mut self, set: Bytes, least: u32, most: Option<u32>, greedy: bool) -> Option<()> {
        let known = self.parts.iter().find_map(|part| match part {
            Part::Run { of, .. } if of.set == set => Some(Arc::clone(of)),
            _ => None,
        });
        self.push(Part::Run {
            of: known.unwrap_or_else(|| Arc::new(Runs::of(set))),
            least,
            most: most.unwrap_or(u32::MAX),
            greedy: greedy || most == Some(least),
        })?;
        Some(())
    }

    fn add(&mut self, part: &Hir) -> Option<()> {
        match part.kind() {
            HirKind::Empty => {}
            HirKind::Literal(text) => {
                self.push(Part::Text(text.0.clone()))?;
            }
            HirKind::Class(class) => self.run(Bytes::of(class), 1, Some(1), true)?,
            HirKind::Look(_) => return None,
            HirKind::Capture(group) => {
                let slot = 2 * u16::try_from(group.index)
                    .ok()
                    .filter(|&g| g < u16::MAX / 2)?;
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
            HirKind::Class(class) => Some(Bytes::of(class)),
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
        if let Some(found) = &known[at] {
            return found.clone();
        }
        let found = match &self.parts[at] {
            Part::Text(text) => Next::only(text[0]),
            Part::Run { of, least, .. } => {
                let own = Next {
                    bytes: of.set.clone(),
                    end: false,
                };
                if *least > 0 {
                    own
                } else {
                    own.or(&self.next(at + 1, known))
                }
            }
            Part::Mark(_) => self.next(at + 1, known),
            Part::Goto(to) => self.next(*to, known),
            Part::Fork([first, second]) => {
                let first = self.next(*first, known);
                first.or(&self.next(*second, known))
            }
            Part::Match => Next {
                bytes: Bytes([self.end == End::Anywhere; 256]),
                end: true,
            },
        };
        known[at] = Some(found.clone());
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

    fn or(mut self, other: &Next) -> Next {
        let all = self.bytes.0.iter_mut().zip(&other.bytes.0);
        all.for_each(|(own, other)| *own |= other);
        self.end |= other.end;
        self
    }

    /// Whether a byte may come, or the end of the line.
    pub fn may(&self, byte: Option<u8>) -> bool {
        byte.map_or(self.end, |b| self.bytes.has(b))
    }
}
