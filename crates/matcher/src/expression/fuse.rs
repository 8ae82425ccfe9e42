//! Steps of an expression put together where one look can tell of several.
use super::backtrack::{Backtracker, Step, Take};

/// Places that one look at a shape takes.
const SHAPE: usize = u16::BITS as usize;

impl Backtracker {
    /// Puts a run, the places where it begins and ends, and the byte behind it into one step. The others stay, for ways
    /// that begin there.
    pub(super) fn take(&mut self) {
        for at in 0..self.steps.len() {
            let begin = self.mark(at);
            let run = at + usize::from(begin.is_some());
            let end = self.mark(run + 1);
            let behind = run + 1 + usize::from(end.is_some());
            let then = self.byte(behind);
            let steps = behind + usize::from(then.is_some()) - at;
            if steps > 1
                && let Some(Step::Run {
                    of,
                    least,
                    most,
                    greedy: true,
                    after: None,
                }) = self.steps.get(run)
            {
                self.steps[at] = Step::Take(Take {
                    of: of.clone(),
                    least: *least,
                    most: *most,
                    begin,
                    end,
                    then,
                    steps,
                });
            }
        }
    }

    /// The slot into which a step puts its place.
    fn mark(&self, at: usize) -> Option<usize> {
        match self.steps.get(at)? {
            Step::Mark(slot) => Some(*slot),
            _ => None,
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
