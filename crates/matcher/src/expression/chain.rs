//! What of an expression is read without a choice.
use std::sync::Arc;

use super::bytes::Runs;
use crate::raw::sixteen::{self, Range};

/// Stands for no group: the whole match, whose places are put down last.
pub(super) const NO_GROUP: u16 = 0;
/// Stands for no byte.
pub(super) const NO_BYTE: u16 = u16::MAX;

#[derive(Debug)]
pub(super) enum Item {
    Take(Take),
    Shape(Shape),
    /// The place goes into a slot.
    Mark(u16),
}

/// Bytes that each may be of one set.
#[derive(Debug)]
pub(super) struct Shape {
    /// In one of these, each byte lies in the range of its place; those behind `len` in all.
    pub first: Range,
    pub more: Box<[Range]>,
    pub len: usize,
    /// Slots, and how far behind the first byte the place lies that goes there.
    pub marks: Box<[(u16, u16)]>,
}

/// As many bytes of a set as there are, at least `least`, where no shorter run can go on to a match.
#[derive(Debug)]
pub(super) struct Run {
    pub of: Arc<Runs>,
    pub least: u32,
    pub most: u32,
    /// The set of the first byte, if that is a smaller one.
    pub head: Option<Arc<Runs>>,
    /// A byte that may stand before.
    pub sign: u16,
    /// The group that begins here. If it ends elsewhere, that end is put down later.
    pub group: u16,
    /// What stands behind it, if that is one byte, and whether that may stand there more than once.
    pub then: u16,
    pub again: bool,
}

/// The same, and what tells of a run that ends within sixteen bytes.
#[derive(Debug)]
pub(super) struct Take {
    first: Range,
    turn: u32,
    least: u32,
    /// With so many more, sixteen bytes tell all.
    quick: u32,
    group: u16,
    then: u16,
    has_sign: bool,
    has_more: bool,
    /// Whether there is a `head`, or `again`.
    has_ends: bool,
    run: Box<Run>,
}

impl Take {
    pub fn new(run: Run) -> Take {
        // With none that is quick all is looked at slowly.
        let quick = run.most.min(15).checked_sub(run.least);
        let is_quick = quick.is_some() && run.of.is_quick();
        Take {
            first: run.of.first,
            turn: run.of.turn,
            least: if is_quick { run.least } else { u32::MAX },
            quick: quick.unwrap_or(0),
            group: run.group,
            then: run.then,
            has_sign: run.sign != NO_BYTE,
            has_more: !run.of.more.is_empty(),
            has_ends: run.head.is_some() || run.again,
            run: Box::new(run),
        }
    }
}

/// Where what begins at a place ends, if all fits. Where groups begin and end is put into `slots`.
#[inline(never)]
pub(super) fn read(
    items: &[Item],
    line: &[u8],
    slots: &mut [[u32; 2]],
    mut place: usize,
) -> Option<usize> {
    for item in items {
        match item {
            Item::Take(take) => {
                let found = take.quickly(line, place);
                let (end, next) = found.or_else(|| take.run.read(line, place))?;
                slots[usize::from(take.group)] = [place as u32, end as u32];
                place = next;
            }
            Item::Shape(shape) => {
                if !shape.fits(line, place) {
                    return None;
                }
                for &(slot, behind) in &shape.marks {
                    mark(slots, slot, place + usize::from(behind));
                }
                place += shape.len;
            }
            Item::Mark(slot) => mark(slots, *slot, place),
        }
    }
    Some(place)
}

impl Shape {
    #[inline(always)]
    pub fn fits(&self, line: &[u8], place: usize) -> bool {
        let mut spare = [0; 16];
        let near = sixteen::filled(line, place, 0, &mut spare);
        let mut fits = self.first.of(near);
        if !self.more.is_empty() {
            fits = self.also(near, fits);
        }
        fits == 0xFFFF && line.len() - place >= self.len
    }

    /// Which bytes fit, where several ranges are allowed.
    #[inline(never)]
    fn also(&self, near: &[u8; 16], fits: u32) -> u32 {
        self.more
            .iter()
            .fold(fits, |all, range| all | range.of(near))
    }
}

impl Take {
    /// What `Run::read` says; None also where these bytes do not tell.
    #[inline(always)]
    fn quickly(&self, line: &[u8], place: usize) -> Option<(usize, usize)> {
        let mut begin = place;
        if self.has_sign {
            begin += usize::from(is(line, place, self.run.sign));
        }
        let near = sixteen::near(line, begin)?;
        let mut found = self.first.of(near);
        if self.has_more {
            for range in &self.run.of.more {
                found |= range.of(near);
            }
        }
        let len = (found ^ self.turn | 1 << 16).trailing_zeros();
        if len.wrapping_sub(self.least) > self.quick {
            return None;
        }
        if self.has_ends
            && let Some(head) = &self.run.head
            && !head.set.has(near[0])
        {
            return None;
        }
        let end = begin + len as usize;
        if self.then == NO_BYTE {
            return Some((end, end));
        }
        if self.then != u16::from(near[len as usize % 16]) {
            return None;
        }
        let mut next = end + 1;
        if self.has_ends {
            while self.run.again && is(line, next, self.then) {
                next += 1;
            }
        }
        Some((end, next))
    }
}

impl Run {
    /// Where it ends, if anywhere, and where what stands behind it does.
    #[inline(never)]
    fn read(&self, line: &[u8], place: usize) -> Option<(usize, usize)> {
        let begin = place + usize::from(is(line, place, self.sign));
        let len = self.of.run(line, begin, self.most as usize);
        if len < self.least as usize {
            return None;
        }
        if let Some(head) = &self.head
            && !head.set.has(line[begin])
        {
            return None;
        }
        let end = begin + len;
        let mut next = end;
        if self.then != NO_BYTE {
            if !is(line, end, self.then) {
                return None;
            }
            next += 1;
            while self.again && is(line, next, self.then) {
                next += 1;
            }
        }
        Some((end, next))
    }
}

#[inline(always)]
fn is(line: &[u8], place: usize, byte: u16) -> bool {
    line.get(place).is_some_and(|&b| u16::from(b) == byte)
}

#[inline(always)]
fn mark(slots: &mut [[u32; 2]], slot: u16, place: usize) {
    slots[usize::from(slot / 2)][usize::from(slot % 2)] = place as u32;
}
