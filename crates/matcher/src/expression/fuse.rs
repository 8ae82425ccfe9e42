//! The steps by which an expression is read: parts put together where one look can tell of several.
use std::sync::Arc;

use memchr::memmem::Finder;

use super::backtrack::{BOTH, Fork, NEITHER, Run, Step};
use super::bytes::Runs;
use super::chain::{self, Item, NO_BYTE, NO_GROUP, Shape, Take};
use super::plan::{Next, Part, Plan};
use crate::raw::sixteen::Range;

/// Places that one look at a shape takes.
const SHAPE: usize = 16;
/// A byte of more ranges is not put into a shape.
const MOST_RANGES: usize = 4;

/// The steps of a plan; the first is where it begins.
pub(super) fn steps(plan: &Plan) -> Vec<Step> {
    let mut fusing = Fusing {
        plan,
        nexts: plan.nexts(),
        numbers: vec![None; plan.parts.len()],
        parts: Vec::new(),
    };
    fusing.number(0);
    let mut steps = Vec::new();
    while let Some(&at) = fusing.parts.get(steps.len()) {
        steps.push(fusing.step(at));
    }
    steps
}

struct Fusing<'p> {
    plan: &'p Plan,
    nexts: Vec<Next>,
    /// The step that begins at each part, if one does.
    numbers: Vec<Option<u16>>,
    /// The part at which each step begins.
    parts: Vec<usize>,
}

impl Fusing<'_> {
    /// The step that begins at a part.
    fn number(&mut self, at: usize) -> u16 {
        let at = self.plan.follow(at);
        *self.numbers[at].get_or_insert_with(|| {
            self.parts.push(at);
            self.parts.len() as u16 - 1
        })
    }

    fn part(&self, at: usize) -> &Part {
        &self.plan.parts[self.plan.follow(at)]
    }

    /// The part behind another that does not lead elsewhere.
    fn behind(&self, at: usize) -> usize {
        self.plan.follow(self.plan.follow(at) + 1)
    }

    fn step(&mut self, at: usize) -> Step {
        let mut items = Vec::new();
        let mut end = at;
        while let Some((item, behind)) = self.item(end) {
            items.push(item);
            end = behind;
        }
        if !items.is_empty() {
            return Step::Chain(items.into(), self.number(end));
        }
        let behind = at + 1;
        match &self.plan.parts[at] {
            Part::Text(text) => Step::Text(text.clone(), self.number(behind)),
            Part::Run {
                of,
                least,
                most,
                greedy,
            } => {
                let run = Run {
                    of: Arc::clone(of),
                    least: *least as usize,
                    most: *most as usize,
                    after: self.nexts[self.plan.follow(behind)].bytes.clone(),
                    text: self.text(behind).map(|text| Finder::new(text).into_owned()),
                    begun: self.plan.begun(at),
                    next: self.number(behind),
                };
                if *greedy {
                    Step::Run(Box::new(run))
                } else {
                    Step::Lazy(Box::new(run))
                }
            }
            Part::Fork(ways) => self.fork(at, *ways),
            Part::Mark(_) | Part::Goto(_) | Part::Match => Step::Match,
        }
    }

    /// The text that comes next, if nothing but that can.
    fn text(&self, mut at: usize) -> Option<&[u8]> {
        loop {
            match self.part(at) {
                Part::Mark(_) => at = self.behind(at),
                Part::Text(text) => return Some(text),
                _ => return None,
            }
        }
    }

    fn fork(&mut self, at: usize, ways: [usize; 2]) -> Step {
        let bytes = (0..=u8::MAX).map(Some).chain([None]);
        let to = bytes.map(|byte| match self.way(at, byte) {
            None => NEITHER,
            Some(found) if found == at => BOTH,
            Some(found) => self.number(found),
        });
        let to: Vec<u16> = to.collect();
        Step::Fork(Fork {
            to: to.try_into().unwrap_or_else(|_| Box::new([BOTH; 257])),
            ways: ways.map(|way| self.number(way)),
            begun: self.plan.begun(at),
        })
    }

    /// The part at which only one way goes on, if any does, before this byte or the end of the line.
    fn way(&self, at: usize, byte: Option<u8>) -> Option<usize> {
        let at = self.plan.follow(at);
        let Part::Fork(ways) = self.plan.parts[at] else {
            return Some(at);
        };
        match ways.map(|way| self.nexts[way].may(byte)) {
            [true, true] => Some(at),
            [true, false] => self.way(ways[0], byte),
            [false, true] => self.way(ways[1], byte),
            [false, false] => None,
        }
    }

    /// The run at a part, if no shorter one than the longest can go on to a match.
    fn taken(&self, at: usize) -> Option<(&Arc<Runs>, u32, u32)> {
        match self.part(at) {
            Part::Run {
                of,
                least,
                most,
                greedy: true,
            } => {
                let after = &self.nexts[self.behind(at)].bytes;
                let both = (0..=u8::MAX).any(|b| of.set.has(b) && after.has(b));
                (!both || least == most).then_some((of, *least, *most))
            }
            _ => None,
        }
    }

    /// What is read at a part by one look, and the part behind it.
    fn item(&self, at: usize) -> Option<(Item, usize)> {
        let take = |(run, at)| (Item::Take(Take::new(run)), at);
        let shape = |(shape, at)| (Item::Shape(shape), at);
        let mark = || match self.part(at) {
            Part::Mark(slot) => Some((Item::Mark(*slot), self.behind(at))),
            _ => None,
        };
        let begun = self.take(at, true).map(take);
        begun
            .or_else(|| self.shape(at).map(shape))
            .or_else(|| self.take(at, false).map(take))
            .or_else(mark)
    }

    /// A run, the places where it begins and ends, and the byte behind it. If `is_begun`, only one that begins with a
    /// byte of a smaller set, or with one that may be left out.
    fn take(&self, mut at: usize, is_begun: bool) -> Option<(chain::Run, usize)> {
        let (mut group, mut sign, mut head) = (NO_GROUP, NO_BYTE, None);
        if let Part::Mark(slot) = self.part(at)
            && slot % 2 == 0
        {
            group = slot / 2;
            at = self.behind(at);
        }
        if is_begun {
            match (self.taken(at)?, self.only(at)) {
                ((of, 1, 1), _) => head = Some(Arc::clone(of)),
                ((_, 0, 1), Some(byte)) => sign = byte,
                _ => return None,
            }
            at = self.behind(at);
        }
        let (of, mut least, mut most) = self.taken(at)?;
        if let Some(head) = &head {
            let is_within = (0..=u8::MAX).all(|b| !head.set.has(b) || of.set.has(b));
            is_within.then_some(())?;
            (least, most) = (least.checked_add(1)?, most.saturating_add(1));
        }
        at = self.behind(at);
        if group != NO_GROUP
            && let Part::Mark(slot) = self.part(at)
            && *slot == 2 * group + 1
        {
            at = self.behind(at);
        }
        let (mut then, mut again) = (NO_BYTE, false);
        if let Part::Text(text) = self.part(at)
            && let [b] = **text
        {
            then = u16::from(b);
        } else if let (Some((_, 1, u32::MAX)), Some(byte)) = (self.taken(at), self.only(at)) {
            (then, again) = (byte, true);
        }
        if then != NO_BYTE {
            at = self.behind(at);
        }
        let take = chain::Run {
            of: Arc::clone(of),
            least,
            most,
            head,
            sign,
            group,
            then,
            again,
        };
        Some((take, at))
    }

    /// The byte of which a run is, if there is but one.
    fn only(&self, at: usize) -> Option<u16> {
        let Part::Run { of, .. } = self.part(at) else {
            return None;
        };
        let ranges = of.set.ranges(true);
        match ranges[..] {
            [(first, last)] if first == last => Some(u16::from(first)),
            _ => None,
        }
    }

    /// Bytes of which each may be of one set, and the places between them.
    fn shape(&self, mut at: usize) -> Option<(Shape, usize)> {
        let mut fits: Vec<Vec<(u8, u8)>> = Vec::new();
        let mut marks = Vec::new();
        let mut last = None;
        loop {
            match self.part(at) {
                Part::Mark(slot) => {
                    marks.push((*slot, fits.len() as u16));
                    last = Some(at);
                }
                Part::Text(text) if text.len() <= SHAPE - fits.len() => {
                    fits.extend(text.iter().map(|&b| vec![(b, b)]));
                    last = None;
                }
                Part::Run {
                    of, least, most, ..
                } if least == most && *most as usize <= SHAPE - fits.len() => {
                    let ranges = of.set.ranges(true);
                    if !(1..=MOST_RANGES).contains(&ranges.len()) {
                        break;
                    }
                    fits.extend((0..*most).map(|_| ranges.clone()));
                    last = None;
                }
                _ => break,
            }
            at = self.behind(at);
        }
        if fits.is_empty() {
            return None;
        }
        // A run puts down itself where it begins.
        if let Some(mark) = last
            && self.taken(at).is_some()
        {
            marks.pop();
            at = mark;
        }
        let layer = |n: usize| {
            let mut layer = Range::new(0, u8::MAX);
            for (place, ranges) in fits.iter().enumerate() {
                let (first, last) = *ranges.get(n).unwrap_or(&ranges[0]);
                layer.put(place, first, last);
            }
            layer
        };
        let layers = fits.iter().map(Vec::len).max().unwrap_or(1);
        let shape = Shape {
            first: layer(0),
            more: (1..layers).map(layer).collect(),
            len: fits.len(),
            marks: marks.into(),
        };
        Some((shape, at))
    }
}
