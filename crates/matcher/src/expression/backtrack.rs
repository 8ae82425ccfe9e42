//! An expression tried one way after the other, the preferred first, as Perl does. Where a look at the next byte
//! tells which way goes on no other is kept, so that most lines are read once and never gone back in. What is gone
//! back in too often is given up, for a slower way that has a bound.
use std::sync::Arc;

use memchr::memmem::Finder;
use regex_syntax::hir::Hir;
use smallvec::SmallVec;

use super::bytes::{Bytes, Runs};
use super::chain::{self, Item};
use super::fuse;
use super::plan::Plan;
use super::{End, NONE};

/// What going back may cost for a line, and for each of its bytes: two for each way, one for each eight bytes.
/// What is read without going back has a bound by itself, since each round of a loop reads a byte.
const PATIENCE: (usize, usize) = (1024, 8);
/// In place of a step: both ways may go on, or neither.
pub(super) const BOTH: u16 = u16::MAX;
pub(super) const NEITHER: u16 = u16::MAX - 1;

#[derive(Debug)]
pub(super) enum Step {
    /// This text, and the step that follows.
    Text(Box<[u8]>, u16),
    /// What is read without a choice, and the step that follows.
    Chain(Box<[Item]>, u16),
    /// As many bytes as there are. Fewer may do.
    Run(Box<Run>),
    /// As few bytes as will do.
    Lazy(Box<Run>),
    Fork(Fork),
    /// The match, here or only where the line ends.
    Match,
}

/// Bytes of a set whose number is tried.
#[derive(Debug)]
pub(super) struct Run {
    pub of: Arc<Runs>,
    pub least: usize,
    pub most: usize,
    /// What may follow.
    pub after: Bytes,
    /// Groups that may have begun before.
    pub begun: usize,
    /// The text that must follow, if that is known.
    pub text: Option<Finder<'static>>,
    pub next: u16,
}

impl Run {
    /// What of a line the text must stand in that ends a run of up to `most` bytes.
    fn reach<'l>(text: &Finder, line: &'l [u8], place: usize, most: usize) -> &'l [u8] {
        let far = place.saturating_add(most.saturating_add(text.needle().len()));
        &line[place..far.min(line.len())]
    }
}

#[derive(Debug)]
pub(super) struct Fork {
    /// For each byte that can come, and for the end of the line, the step that goes on.
    pub to: Box<[u16; 257]>,
    /// Two ways on, the preferred first.
    pub ways: [u16; 2],
    /// Groups that may have begun before.
    pub begun: usize,
}

/// A way that was not taken.
struct Open {
    kind: Kind,
    /// Where it goes on, or the run whose length is tried.
    step: u16,
    /// Where it goes on, or where the run ended.
    place: u32,
    /// How many groups may have begun by then.
    begun: u32,
}

enum Kind {
    Way,
    /// A run that may be shorter: where it must end at least.
    Shorter(u32),
    /// A run that may be longer: how many more bytes it may take.
    Longer(u32),
}

/// A line that is tried, and the ways that were left open.
struct Trial<'t> {
    line: &'t [u8],
    slots: &'t mut [[u32; 2]],
    open: SmallVec<[Open; 12]>,
    /// For each of them, where the groups were that had begun, but for the whole match.
    kept: SmallVec<[[u32; 2]; 24]>,
    patience: usize,
}

impl Trial<'_> {
    fn leave(&mut self, kind: Kind, step: u16, place: usize, begun: usize) {
        // Mostly none or one.
        for &group in &self.slots[1..begun] {
            self.kept.push(group);
        }
        self.open.push(Open {
            kind,
            step,
            place: place as u32,
            begun: begun as u32,
        });
    }

    /// The last way that was left open, with the groups as they were.
    fn resume(&mut self) -> Option<Open> {
        let open = self.open.pop()?;
        let (begun, others) = self.slots[1..].split_at_mut(open.begun as usize - 1);
        let kept = self.kept.len() - begun.len();
        begun.copy_from_slice(&self.kept[kept..]);
        others.fill([NONE; 2]);
        self.kept.truncate(kept);
        Some(open)
    }
}

/// The steps of one expression.
#[derive(Debug)]
pub struct Backtracker {
    steps: Vec<Step>,
    end: End,
}

impl Backtracker {
    /// None where the expression looks around itself, repeats what may be empty, or is too large.
    pub fn new(expression: &Hir, end: End) -> Option<Backtracker> {
        let plan = Plan::new(expression, end)?;
        Some(Backtracker {
            steps: fuse::steps(&plan),
            end,
        })
    }

    /// Whether the line matches, where its groups begin and end put into `slots`; None where that must be found out
    /// otherwise.
    pub fn read(&self, line: &[u8], slots: &mut [[u32; 2]]) -> Option<bool> {
        let mut trial = Trial {
            line,
            slots,
            open: SmallVec::new(),
            kept: SmallVec::new(),
            patience: PATIENCE.0 + PATIENCE.1 * line.len(),
        };
        let (mut at, mut place) = (0, 0);
        loop {
            let leg = place;
            let matches;
            (matches, place) = self.forward(&mut trial, at, place);
            if matches {
                trial.slots[0] = [0, place as u32];
                return Some(true);
            }
            let patience = trial.patience.checked_sub((place - leg) / 8);
            trial.patience = patience.filter(|&left| left > 0)?;
            match self.back(&mut trial)? {
                Some(found) => (at, place) = found,
                None => return Some(false),
            }
        }
    }

    /// Whether the steps from this one on lead to a match without going back, and where they end.
    #[inline(always)]
    fn forward(&self, trial: &mut Trial, mut at: u16, mut place: usize) -> (bool, usize) {
        let line = trial.line;
        let matches = loop {
            match &self.steps[usize::from(at)] {
                Step::Chain(items, next) => {
                    let Some(end) = chain::read(items, line, trial.slots, place) else {
                        break false;
                    };
                    place = end;
                    at = *next;
                }
                Step::Fork(fork) => {
                    let next = line.get(place).map_or(256, |&b| usize::from(b));
                    at = match fork.to[next] {
                        NEITHER => break false,
                        BOTH if trial.patience == 0 => break false,
                        BOTH if self.is_vain(fork.ways[0], place, trial) => fork.ways[1],
                        BOTH => {
                            trial.leave(Kind::Way, fork.ways[1], place, fork.begun);
                            fork.ways[0]
                        }
                        only => only,
                    };
                }
                Step::Run(run) => {
                    let len = run.of.run(line, place, run.most);
                    let least = place + run.least;
                    place += len;
                    if place < least {
                        break false;
                    }
                    if place > least {
                        trial.leave(Kind::Shorter(least as u32), at, place, run.begun);
                    }
                    at = run.next;
                }
                Step::Lazy(run) => {
                    let len = run.of.run(line, place, run.least);
                    place += len;
                    if len < run.least {
                        break false;
                    }
                    let more = run.most - run.least;
                    if run.text.is_some() {
                        // The run ends where that stands.
                        let (found, cost) = longer(at, run, place, more, trial);
                        trial.patience = trial.patience.saturating_sub(cost / 8);
                        match found {
                            Some(found) if trial.patience > 0 => place = found,
                            _ => break false,
                        }
                    } else {
                        trial.leave(Kind::Longer(more as u32), at, place, run.begun);
                    }
                    at = run.next;
                }
                Step::Text(part, next) => {
                    if !line[place..].starts_with(part) {
                        break false;
                    }
                    place += part.len();
                    at = *next;
                }
                Step::Match => break self.end == End::Anywhere || place == line.len(),
            }
        };
        (matches, place)
    }

    /// Whether what a step begins with does not come.
    #[inline(always)]
    fn is_vain(&self, at: u16, place: usize, trial: &mut Trial) -> bool {
        match &self.steps[usize::from(at)] {
            Step::Chain(items, _) => match &items[..] {
                [Item::Shape(shape), ..] => !shape.fits(trial.line, place),
                _ => false,
            },
            Step::Lazy(run) => {
                let Some(text) = &run.text else {
                    return false;
                };
                let rest = Run::reach(text, trial.line, place, run.most);
                trial.patience = trial.patience.saturating_sub(rest.len() / 8);
                text.find(rest).is_none()
            }
            _ => false,
        }
    }

    /// The step and place to go on from: the last way that was left open; Some(None) if there is none.
    #[inline(never)]
    fn back(&self, trial: &mut Trial) -> Option<Option<(u16, usize)>> {
        while let Some(open) = trial.resume() {
            let (at, place) = (open.step, open.place as usize);
            let (found, cost, next) = match (open.kind, &self.steps[usize::from(at)]) {
                (Kind::Way, _) => (Some(place), 0, at),
                (Kind::Shorter(least), Step::Run(run)) => {
                    let (found, cost) = shorter(at, run, place, least as usize, trial);
                    (found, cost, run.next)
                }
                (Kind::Longer(more), Step::Lazy(run)) => {
                    let (found, cost) = longer(at, run, place, more as usize, trial);
                    (found, cost, run.next)
                }
                _ => continue,
            };
            trial.patience = trial.patience.checked_sub(2 + cost / 8)?;
            if let Some(found) = found {
                return Some(Some((next, found)));
            }
        }
        Some(None)
    }
}

/// Where a run ends that ended here, if it may be shorter; how many bytes were looked at.
fn shorter(
    at: u16,
    run: &Run,
    place: usize,
    least: usize,
    trial: &mut Trial,
) -> (Option<usize>, usize) {
    let text = &trial.line[least..place];
    let Some(fewer) = text.iter().rposition(|&b| run.after.has(b)) else {
        return (None, place - least);
    };
    let found = least + fewer;
    if found > least {
        trial.leave(Kind::Shorter(least as u32), at, found, run.begun);
    }
    (Some(found), place - found)
}

/// Where a run ends that ended here, if it may take that many bytes more; how many bytes were looked at.
fn longer(
    at: u16,
    run: &Run,
    place: usize,
    more: usize,
    trial: &mut Trial,
) -> (Option<usize>, usize) {
    let line = trial.line;
    let Some(text) = &run.text else {
        if more == 0 || run.of.run(line, place, 1) == 0 {
            return (None, 0);
        }
        let more = more as u32 - 1;
        trial.leave(Kind::Longer(more), at, place + 1, run.begun);
        return (Some(place + 1), 0);
    };
    // The place itself was not tried yet.
    let rest = Run::reach(text, line, place, more);
    let Some(found) = text.find(rest) else {
        return (None, rest.len());
    };
    if found > more || run.of.run(line, place, found) < found {
        return (None, found);
    }
    let (place, more) = (place + found, more - found);
    if more > 0 && run.of.run(line, place, 1) == 1 {
        let more = more as u32 - 1;
        trial.leave(Kind::Longer(more), at, place + 1, run.begun);
    }
    (Some(place), found)
}
