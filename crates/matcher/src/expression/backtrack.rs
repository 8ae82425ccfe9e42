//! An expression tried one way after the other, the preferred first, as Perl does. Where a look at the next byte
//! tells which way goes on no other is kept, so that most lines are read once and never gone back in. What takes
//! too many steps is given up, for a slower way that has a bound.
use memchr::memmem::Finder;
use regex_syntax::hir::{Hir, HirKind, Repetition};
use smallvec::SmallVec;

use super::End;
use super::bytes::{Bytes, Runs};

/// Larger expressions are left to the other ways.
const MOST_STEPS: usize = 4096;
/// Steps allowed for a line, and for each of its bytes.
const PATIENCE: (usize, usize) = (1024, 8);

#[derive(Debug)]
pub(super) enum Step {
    /// This text.
    Text(Box<Finder<'static>>),
    /// Several steps in one, each of which takes as many bytes in every match: for each byte, the places in which
    /// it may stand.
    Shape {
        fits: Box<[u16; 256]>,
        len: usize,
        steps: usize,
    },
    /// Bytes of a set, at least `least` of them and as many as there are up to `most`, or as few.
    Run {
        of: Runs,
        least: usize,
        most: usize,
        greedy: bool,
        /// What may follow; None where no shorter run than the longest can go on to a match.
        after: Option<Box<Next>>,
    },
    /// The place goes into a slot.
    Mark(usize),
    Take(Take),
    /// Two ways on, the preferred first.
    Fork([usize; 2], Box<Ways>),
    Goto(usize),
    /// The match, here or only where the line ends.
    Match,
}

/// Several steps in one: as many bytes of a set as there are, at least `least`, where no shorter run can go on to a
/// match.
#[derive(Debug)]
pub(super) struct Take {
    pub of: Runs,
    pub least: usize,
    pub most: usize,
    /// Where it begins goes into this slot, where it ends into that.
    pub begin: Option<usize>,
    pub end: Option<usize>,
    /// What stands behind it, if that is one byte.
    pub then: Option<u8>,
    pub steps: usize,
}

/// What can come next on the way to a match: one of these bytes, or the end of the line.
#[derive(Clone, Debug)]
pub(super) struct Next {
    bytes: Bytes,
    end: bool,
}

/// For each byte that can come, and for the end of the line, which of two ways may go on: a bit for each.
#[derive(Debug)]
pub(super) struct Ways([u8; 257]);

/// A way that was not taken, or what to undo before one is.
enum Open {
    /// From this step, at this place.
    Way(usize, usize),
    /// A run that may be shorter: its step, where it ends, where it must at least.
    Shorter(usize, usize, usize),
    /// A run that may be longer: its step, where it ends, how many more bytes it may take.
    Longer(usize, usize, usize),
    /// What stood in a slot.
    Slot(usize, u32),
}

/// The steps of one expression.
#[derive(Debug)]
pub struct Backtracker {
    pub(super) steps: Vec<Step>,
    end: End,
}

impl Backtracker {
    /// None where the expression looks around itself, repeats what may be empty, or is too large.
    pub fn new(expression: &Hir, end: End) -> Option<Backtracker> {
        let mut made = Backtracker {
            steps: Vec::new(),
            end,
        };
        made.add(expression)?;
        made.push(Step::Match)?;
        let mut known = vec![None; made.steps.len()];
        for at in (0..made.steps.len()).rev() {
            made.next(at, &mut known);
        }
        for (at, step) in made.steps.iter_mut().enumerate() {
            let next = |to: usize| known[to].clone().unwrap_or(Next::NOTHING);
            match step {
                Step::Run { of, after, .. } => {
                    let follows = next(at + 1);
                    let both = (0..256).any(|b| of.set.0[b] && follows.bytes.0[b]);
                    *after = both.then(|| Box::new(follows));
                }
                Step::Fork(to, ways) => **ways = Ways::of(to.map(next)),
                _ => {}
            }
        }
        made.shape();
        made.take();
        Some(made)
    }

    fn push(&mut self, step: Step) -> Option<usize> {
        self.steps.push(step);
        (self.steps.len() < MOST_STEPS).then(|| self.steps.len() - 1)
    }

    fn fork(&mut self) -> Option<usize> {
        self.push(Step::Fork([0; 2], Box::default()))
    }

    fn run(&mut self, set: Bytes, least: u32, most: Option<u32>, greedy: bool) -> Option<()> {
        self.push(Step::Run {
            of: Runs::of(set),
            least: least as usize,
            most: most.map_or(usize::MAX, |most| most as usize),
            greedy: greedy || most == Some(least),
            after: None,
        })?;
        Some(())
    }

    fn add(&mut self, part: &Hir) -> Option<()> {
        match part.kind() {
            HirKind::Empty => {}
            HirKind::Literal(text) => {
                self.push(Step::Text(Box::new(Finder::new(&text.0).into_owned())))?;
            }
            HirKind::Class(class) => self.run(Bytes::of(class), 1, Some(1), true)?,
            HirKind::Look(_) => return None,
            HirKind::Capture(group) => {
                let slot = 2 * group.index as usize;
                self.push(Step::Mark(slot))?;
                self.add(&group.sub)?;
                self.push(Step::Mark(slot + 1))?;
            }
            HirKind::Concat(parts) => parts.iter().try_for_each(|p| self.add(p))?,
            HirKind::Alternation(parts) => {
                let (last, others) = parts.split_last()?;
                let mut ends = Vec::new();
                for part in others {
                    let fork = self.fork()?;
                    self.add(part)?;
                    ends.push(self.push(Step::Goto(0))?);
                    self.steps[fork] = Step::Fork([fork + 1, self.steps.len()], Box::default());
                }
                self.add(last)?;
                let end = self.steps.len();
                ends.into_iter()
                    .for_each(|at| self.steps[at] = Step::Goto(end));
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
            let to = if again.greedy { to } else { [behind, inside] };
            Step::Fork(to, Box::default())
        };
        let Some(most) = again.max else {
            let fork = self.fork()?;
            self.add(part)?;
            self.push(Step::Goto(fork))?;
            self.steps[fork] = ways(fork + 1, self.steps.len());
            return Some(());
        };
        let mut forks = Vec::new();
        for _ in least..most {
            forks.push(self.fork()?);
            self.add(part)?;
        }
        let behind = self.steps.len();
        forks
            .into_iter()
            .for_each(|at| self.steps[at] = ways(at + 1, behind));
        Some(())
    }

    /// What can come at a step. Loops read a byte in each round, so this ends.
    fn next(&self, at: usize, known: &mut [Option<Next>]) -> Next {
        if let Some(found) = &known[at] {
            return found.clone();
        }
        let found = match &self.steps[at] {
            Step::Text(text) => Next::only(text.needle()[0]),
            Step::Run { of, least, .. } => {
                let own = Next {
                    bytes: Bytes(of.set.0),
                    end: false,
                };
                if *least > 0 {
                    own
                } else {
                    own.or(&self.next(at + 1, known))
                }
            }
            // Steps are put together later.
            Step::Mark(_) | Step::Take(_) | Step::Shape { .. } => self.next(at + 1, known),
            Step::Goto(to) => self.next(*to, known),
            Step::Fork([first, second], _) => {
                let first = self.next(*first, known);
                first.or(&self.next(*second, known))
            }
            Step::Match => Next {
                bytes: Bytes([self.end == End::Anywhere; 256]),
                end: true,
            },
        };
        known[at] = Some(found.clone());
        found
    }

    /// Whether the line matches, its groups put into `slots`; None where that must be found out otherwise.
    pub fn read(&self, line: &[u8], slots: &mut [u32]) -> Option<bool> {
        let mut patience = PATIENCE.0 + PATIENCE.1 * line.len();
        let mark =
            |slots: &mut [u32], open: &mut SmallVec<[Open; 12]>, slot: usize, place: usize| {
                let slot_now = &mut slots[slot];
                if !open.is_empty() {
                    open.push(Open::Slot(slot, *slot_now));
                }
                *slot_now = place as u32;
            };
        let mut open: SmallVec<[Open; 12]> = SmallVec::new();
        let (mut at, mut place) = (0, 0);
        loop {
            patience = patience.checked_sub(1)?;
            let goes_on = match &self.steps[at] {
                Step::Text(text) => {
                    let text = text.needle();
                    // Mostly the first byte tells.
                    let found = line.get(place) == text.first()
                        && (text.len() == 1 || line[place..].starts_with(text));
                    place += if found { text.len() } else { 0 };
                    at += 1;
                    found
                }
                Step::Shape { fits, len, steps } => {
                    at += steps;
                    match line.get(place..place + len) {
                        Some(text) => {
                            place += len;
                            let mut bytes = text.iter().enumerate();
                            bytes.all(|(i, &b)| fits[usize::from(b)] >> i & 1 == 1)
                        }
                        None => false,
                    }
                }
                Step::Run {
                    of,
                    least,
                    most,
                    greedy: true,
                    after,
                } => {
                    let len = of.run(line, place, *most);
                    patience = patience.saturating_sub(len / 8);
                    if after.is_some() && len > *least {
                        open.push(Open::Shorter(at, place + len, place + least));
                    }
                    place += len;
                    at += 1;
                    len >= *least
                }
                Step::Run {
                    of, least, most, ..
                } => {
                    let len = of.run(line, place, *least);
                    place += len;
                    let enough = len == *least;
                    if enough && most > least {
                        open.push(Open::Longer(at, place, most - least));
                    }
                    at += 1;
                    // With a text behind it, the run ends where that stands.
                    enough && !matches!(self.steps[at], Step::Text(_))
                }
                Step::Take(take) => {
                    let len = take.of.run(line, place, take.most);
                    patience = patience.saturating_sub(len / 8);
                    if let Some(slot) = take.begin {
                        mark(slots, &mut open, slot, place);
                    }
                    place += len;
                    if let Some(slot) = take.end {
                        mark(slots, &mut open, slot, place);
                    }
                    at += take.steps;
                    let follows = take.then.is_none_or(|b| line.get(place) == Some(&b));
                    place += usize::from(take.then.is_some() && follows);
                    len >= take.least && follows
                }
                Step::Mark(slot) => {
                    mark(slots, &mut open, *slot, place);
                    at += 1;
                    true
                }
                Step::Fork(to, ways) => match ways.at(line.get(place)) {
                    0 => false,
                    2 => {
                        at = to[1];
                        true
                    }
                    may => {
                        if may == 3 {
                            open.push(Open::Way(to[1], place));
                        }
                        at = to[0];
                        true
                    }
                },
                Step::Goto(to) => {
                    at = *to;
                    true
                }
                Step::Match => {
                    if self.end == End::Anywhere || place == line.len() {
                        slots[0] = 0;
                        slots[1] = place as u32;
                        return Some(true);
                    }
                    false
                }
            };
            if !goes_on {
                match self.back(line, slots, &mut open, &mut patience)? {
                    Some(found) => (at, place) = found,
                    None => return Some(false),
                }
            }
        }
    }

    /// The step and place to go on from: the last way that was left open; Some(None) if there is none.
    fn back(
        &self,
        line: &[u8],
        slots: &mut [u32],
        open: &mut SmallVec<[Open; 12]>,
        patience: &mut usize,
    ) -> Option<Option<(usize, usize)>> {
        while let Some(last) = open.pop() {
            *patience = patience.checked_sub(1)?;
            match last {
                Open::Way(at, place) => return Some(Some((at, place))),
                Open::Slot(slot, old) => slots[slot] = old,
                Open::Shorter(at, place, least) => {
                    let Step::Run {
                        after: Some(after), ..
                    } = &self.steps[at]
                    else {
                        continue;
                    };
                    let shorter = line[least..place].iter().rposition(|&b| after.bytes.has(b));
                    let found = shorter.map(|i| least + i);
                    *patience = patience.checked_sub((place - found.unwrap_or(least)) / 8)?;
                    let Some(found) = found else { continue };
                    if found > least {
                        open.push(Open::Shorter(at, found, least));
                    }
                    return Some(Some((at + 1, found)));
                }
                Open::Longer(at, place, more) => {
                    let Step::Run { of, .. } = &self.steps[at] else {
                        continue;
                    };
                    let found = match &self.steps[at + 1] {
                        Step::Text(text) => {
                            // The place itself was not tried yet.
                            let far =
                                place.saturating_add(more.saturating_add(text.needle().len()));
                            let Some(found) = text.find(&line[place..far.min(line.len())]) else {
                                continue;
                            };
                            found
                        }
                        _ => 1,
                    };
                    *patience = patience.checked_sub(found / 8)?;
                    if found > more || of.run(line, place, found) < found {
                        continue;
                    }
                    let more = more - found;
                    match &self.steps[at + 1] {
                        Step::Text(_) if more > 0 && of.run(line, place + found, 1) == 1 => {
                            open.push(Open::Longer(at, place + found + 1, more - 1));
                        }
                        Step::Text(_) => {}
                        _ if more > 0 => open.push(Open::Longer(at, place + found, more)),
                        _ => {}
                    }
                    return Some(Some((at + 1, place + found)));
                }
            }
        }
        Some(None)
    }
}

impl Next {
    const NOTHING: Next = Next {
        bytes: Bytes([false; 256]),
        end: false,
    };

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
}

impl Ways {
    fn of([first, second]: [Next; 2]) -> Ways {
        let mut ways = Ways::default();
        for (b, way) in ways.0.iter_mut().enumerate() {
            let may = |next: &Next| next.bytes.0.get(b).map_or(next.end, |&may| may);
            *way = u8::from(may(&first)) | u8::from(may(&second)) << 1;
        }
        ways
    }

    /// The ways that may go on before this byte, or the end of the line.
    fn at(&self, next: Option<&u8>) -> u8 {
        self.0[next.map_or(256, |&b| usize::from(b))]
    }
}

impl Default for Ways {
    fn default() -> Self {
        Ways([0; 257])
    }
}
