//! An expression tried one way after the other, the preferred first, as Perl does. Where a look at the next byte
//! shows the only way on, no other is kept, so that most lines are read once and never gone back in. A line that
//! is gone back in too often is given up, for the library, which has a bound.
use regex_automata::util::primitives::NonMaxUsize;
use regex_syntax::hir::Hir;
use smallvec::SmallVec;

use super::place::{End, Slot};
use super::plan::{Part, Plan, Run};

/// What going back may cost for a line, and for each of its bytes: two for each way, one for each eight bytes.
/// What is read without going back has a bound by itself, since each round of a loop reads a byte.
const PATIENCE: (usize, usize) = (1024, 8);

/// A way that was not taken, or what to restore on the way back to it.
enum Open {
    /// It goes on at this part and this place.
    Way(usize, usize),
    /// The run at this part may end between these places.
    Shorter(usize, usize, usize),
    /// The run at this part may go on from this place, by so many bytes more.
    Longer(usize, usize, usize),
    /// A slot, and what stood in it.
    Slot(usize, Slot),
}

/// A line that is tried, and the ways that were left open.
struct Trial<'t> {
    line: &'t [u8],
    slots: &'t mut [Slot],
    open: SmallVec<[Open; 24]>,
    patience: usize,
}

/// One expression that is tried.
#[derive(Debug)]
pub struct Backtracker {
    plan: Plan,
}

impl Backtracker {
    /// None where `Plan::new` gives none.
    pub fn new(expression: &Hir, end: End) -> Option<Backtracker> {
        let plan = Plan::new(expression, end)?;
        Some(Backtracker { plan })
    }

    /// Whether the line matches, where its groups begin and end put into `slots`; None where that must be found out
    /// otherwise.
    pub fn read(&self, line: &[u8], slots: &mut [Slot]) -> Option<bool> {
        let mut trial = Trial {
            line,
            slots,
            open: SmallVec::new(),
            patience: PATIENCE.0 + PATIENCE.1 * line.len(),
        };
        let (mut at, mut place) = (0, 0);
        loop {
            let (matches, end) = self.forward(&mut trial, at, place);
            if matches {
                trial.slots[0] = NonMaxUsize::new(0);
                trial.slots[1] = NonMaxUsize::new(end);
                return Some(true);
            }
            trial.spend((end - place) / 8)?;
            match self.back(&mut trial)? {
                Some(found) => (at, place) = found,
                None => return Some(false),
            }
        }
    }

    /// Whether the parts from this one on lead to a match without going back, and where they end.
    #[inline(always)]
    fn forward(&self, trial: &mut Trial, mut at: usize, mut place: usize) -> (bool, usize) {
        let line = trial.line;
        let matches = loop {
            match &self.plan.parts[at] {
                Part::Text(text) => {
                    if !line[place..].starts_with(text) {
                        break false;
                    }
                    place += text.len();
                }
                Part::Run(run) => {
                    let most = if run.is_greedy { run.most } else { run.least };
                    let len = run.len(&line[place..], most);
                    if len < run.least {
                        break false;
                    }
                    let least = place + run.least;
                    place += len;
                    if !run.is_greedy {
                        let Some(end) = self.longer(trial, at, run, place, run.most - run.least)
                        else {
                            break false;
                        };
                        place = end;
                    } else if place > least && !run.is_sure {
                        trial.open.push(Open::Shorter(at, least, place));
                    }
                }
                Part::Mark(slot) => {
                    if !trial.open.is_empty() {
                        trial.open.push(Open::Slot(*slot, trial.slots[*slot]));
                    }
                    trial.slots[*slot] = NonMaxUsize::new(place);
                }
                Part::Fork(ways) => {
                    let next = line.get(place).copied();
                    at = match ways.map(|way| self.plan.nexts[way].may(next)) {
                        [true, true] => {
                            trial.open.push(Open::Way(ways[1], place));
                            ways[0]
                        }
                        [true, false] => ways[0],
                        [false, true] => ways[1],
                        [false, false] => break false,
                    };
                    continue;
                }
                Part::Goto(to) => {
                    at = *to;
                    continue;
                }
                Part::Match => break self.plan.end == End::Anywhere || place == line.len(),
            }
            at += 1;
        };
        (matches, place)
    }

    /// The part and place to go on from: the last way that was left open; Some(None) if there is none.
    fn back(&self, trial: &mut Trial) -> Option<Option<(usize, usize)>> {
        while let Some(open) = trial.open.pop() {
            let (at, place) = match open {
                Open::Slot(slot, was) => {
                    trial.slots[slot] = was;
                    continue;
                }
                Open::Way(at, place) => (at, Some(place)),
                Open::Shorter(at, least, end) => {
                    let after = &self.plan.nexts[at + 1].bytes;
                    let fewer = trial.line[least..end].iter().rposition(|&b| after.has(b));
                    let found = fewer.map(|fewer| least + fewer);
                    trial.spend((end - found.unwrap_or(least)) / 8)?;
                    if let Some(found) = found.filter(|&found| found > least) {
                        trial.open.push(Open::Shorter(at, least, found));
                    }
                    (at + 1, found)
                }
                Open::Longer(at, place, more) => {
                    let Part::Run(run) = &self.plan.parts[at] else {
                        continue;
                    };
                    (at + 1, self.longer(trial, at, run, place, more))
                }
            };
            trial.spend(2)?;
            if let Some(place) = place {
                return Some(Some((at, place)));
            }
        }
        Some(None)
    }

    /// The first place from this one on where the run may end, if it may take that many bytes more.
    fn longer(
        &self,
        trial: &mut Trial,
        at: usize,
        run: &Run,
        place: usize,
        more: usize,
    ) -> Option<usize> {
        let rest = &trial.line[place..];
        let after = &self.plan.nexts[at + 1];
        let passed = rest
            .iter()
            .take(more)
            .position(|&b| after.bytes.has(b) || !run.of.has(b));
        let passed = passed.unwrap_or(more.min(rest.len()));
        trial.patience = trial.patience.saturating_sub(passed / 8);
        let next = rest.get(passed).copied();
        if passed < more && next.is_some_and(|b| run.of.has(b)) {
            trial
                .open
                .push(Open::Longer(at, place + passed + 1, more - passed - 1));
        }
        after.may(next).then_some(place + passed)
    }
}

impl Trial<'_> {
    /// None when too much was spent.
    fn spend(&mut self, cost: usize) -> Option<()> {
        self.patience = self.patience.checked_sub(cost)?;
        Some(())
    }
}

impl Run {
    /// How many of these bytes are of the set before one that is not, up to `most`.
    #[inline(always)]
    fn len(&self, rest: &[u8], most: usize) -> usize {
        let rest = &rest[..most.min(rest.len())];
        rest.iter()
            .position(|&b| !self.of.has(b))
            .unwrap_or(rest.len())
    }
}
