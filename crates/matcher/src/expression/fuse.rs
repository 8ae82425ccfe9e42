//! Steps of an expression put together where one look can tell of several.
use super::backtrack::{Backtracker, Step};

/// Places that one look at a shape takes.
const SHAPE: usize = u16::BITS as usize;

impl Backtracker {
    /// Puts a group that is one run into one step; the steps of the run and of its end are left unused.
    pub(super) fn group(&mut self) {
        for at in 2..self.steps.len() {
            let [Step::Mark(slot), run, Step::Mark(end)] = &self.steps[at - 2..=at] else {
                continue;
            };
            // Two groups may stand on both sides of a run.
            let is_one = slot.is_multiple_of(2) && *end == slot + 1;
            let then = self.byte(at + 1);
            if is_one && let Some(taken) = run.taken(Some(*slot), then, 3) {
                self.steps[at - 2] = taken;
            }
        }
    }

    /// Puts a run and the byte behind it into one step.
    pub(super) fn take(&mut self) {
        for at in 0..self.steps.len() {
            let then = self.byte(at + 1);
            if then.is_some()
                && let Some(taken) = self.steps[at].taken(None, then, 1)
            {
                self.steps[at] = taken;
            }
        }
    }

    /// The byte that a step is, if it is one.
    fn byte(&self, at: usize) -> Option<u8> {
        match self.steps.get(at)? {
            Step::Text(text) => match text.needle() {
                [b] => Some(*b),
                _ => None,
            },
            _ => None,
        }
    }

    /// Puts steps that follow each other, each of a fixed length, into the first of them. The others stay, for ways
    /// that begin there.
    pub(super) fn shape(&mut self) {
        let mut begins = vec![false; self.steps.len() + 1];
        for step in &self.steps {
            match step {
                Step::Fork(to, _) => to.iter().for_each(|&to| begins[to] = true),
                Step::Goto(to) => begins[*to] = true,
                _ => {}
            }
        }
        let mut done = 0;
        // The last of them stands for the end.
        begins.pop();
        for (at, begins) in begins.into_iter().enumerate() {
            if at < done && !begins {
                continue;
            }
            // Such a run is ended by a search for the text behind it.
            let is_sought = at > 0 && matches!(self.steps[at - 1], Step::Run { greedy: false, .. });
            if is_sought && matches!(self.steps[at], Step::Text(_)) {
                continue;
            }
            let mut fits = Box::new([0; 256]);
            let (mut len, mut steps) = (0, 0);
            while let Some(size) = self
                .steps
                .get(at + steps)
                .and_then(|step| step.fit(len, &mut fits))
            {
                len += size;
                steps += 1;
            }
            if steps > 1 {
                self.steps[at] = Step::Shape { fits, len, steps };
                done = done.max(at + steps);
            }
        }
    }
}

impl Step {
    /// A run that no shorter one can stand for, with what stands beside it: that many steps, and the byte behind.
    fn taken(&self, slot: Option<usize>, then: Option<u8>, steps: usize) -> Option<Step> {
        let Step::Run {
            of,
            least,
            most,
            greedy: true,
            after: None,
        } = self
        else {
            return None;
        };
        Some(Step::Take {
            of: of.clone(),
            least: *least,
            most: *most,
            slot,
            then,
            steps: steps + usize::from(then.is_some()),
        })
    }

    /// Adds what may stand at a place and behind it, if the step always takes as many bytes and they fit in; says
    /// how many.
    fn fit(&self, place: usize, fits: &mut [u16; 256]) -> Option<usize> {
        match self {
            Step::Text(text) => {
                let text = text.needle();
                (place + text.len() <= SHAPE).then_some(())?;
                for (i, &b) in text.iter().enumerate() {
                    fits[usize::from(b)] |= 1 << (place + i);
                }
                Some(text.len())
            }
            Step::Run {
                of, least, most, ..
            } if least == most && *most <= SHAPE - place => {
                let places = (0..*most).fold(0, |all, i| all | 1 << (place + i));
                for (b, fits) in fits.iter_mut().enumerate() {
                    *fits |= if of.set.0[b] { places } else { 0 };
                }
                Some(*most)
            }
            _ => None,
        }
    }
}
