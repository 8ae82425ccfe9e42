//! Facts of an expression that need no run of it: the bytes at its start, and words that it cannot do without.
use regex_syntax::hir::{Hir, HirKind};

use super::bytes::Bytes;

/// Places at the start of a line that are looked at.
const PLACES: usize = 16;
/// More words than these are not looked for one by one.
const MOST_WORDS: usize = 8;
/// Shorter words refuse too little.
const SHORTEST_WORD: usize = 2;

/// For each byte, the places at the start of a match in which it may stand.
#[derive(Debug)]
pub struct Starts(Box<[u16; 256]>);

impl Starts {
    pub fn new(expression: &Hir) -> Starts {
        let mut starts = Starts(Box::new([0; 256]));
        let ends = starts.advance(expression, 1);
        // Behind the end of a match anything may stand.
        let free = if ends == 0 {
            0
        } else {
            u16::MAX << ends.trailing_zeros()
        };
        starts.0.iter_mut().for_each(|places| *places |= free);
        starts
    }

    /// False only if the line does not match.
    pub fn fit(&self, line: &[u8]) -> bool {
        let mut first = line.iter().take(PLACES).enumerate();
        first.all(|(at, &b)| self.0[usize::from(b)] >> at & 1 == 1)
    }

    /// Notes the bytes of a part that begins at any of the places; where it may end.
    fn advance(&mut self, part: &Hir, places: u16) -> u16 {
        if places == 0 {
            return 0;
        }
        match part.kind() {
            HirKind::Empty | HirKind::Look(_) => places,
            HirKind::Literal(text) => text.0.iter().fold(places, |places, &b| {
                self.0[usize::from(b)] |= places;
                places << 1
            }),
            HirKind::Class(class) => {
                let Some(set) = Bytes::of(class) else {
                    // A character of several bytes: from here on anything may stand.
                    let rest = u16::MAX << places.trailing_zeros();
                    self.0.iter_mut().for_each(|places| *places |= rest);
                    return rest;
                };
                set.iter().for_each(|b| self.0[usize::from(b)] |= places);
                places << 1
            }
            HirKind::Capture(group) => self.advance(&group.sub, places),
            HirKind::Concat(parts) => parts.iter().fold(places, |at, p| self.advance(p, at)),
            HirKind::Alternation(parts) => parts
                .iter()
                .fold(0, |ends, p| ends | self.advance(p, places)),
            HirKind::Repetition(again) if matches!(again.sub.kind(), HirKind::Class(class) if Bytes::of(class).is_some()) =>
            {
                let least = again.min.min(PLACES as u32);
                let most = again.max.unwrap_or(u32::MAX).min(PLACES as u32);
                // What may stand before the last of the class, and where it may end.
                let behind = |times| places.checked_shl(times).unwrap_or(0);
                let before = (0..most).fold(0, |all, times| all | behind(times));
                let ends = (least..=most).fold(0, |all, times| all | behind(times));
                self.advance(&again.sub, before);
                ends
            }
            HirKind::Repetition(again) => {
                let mut ends = if again.min == 0 { places } else { 0 };
                let mut at = places;
                let most = again
                    .max
                    .unwrap_or(u32::MAX)
                    .min(again.min.max(PLACES as u32));
                for times in 1..=most {
                    at = self.advance(&again.sub, at);
                    if at == 0 {
                        break;
                    }
                    if times >= again.min {
                        ends |= at;
                    }
                    if times > PLACES as u32 && times >= again.min {
                        break;
                    }
                }
                ends
            }
        }
    }
}

/// Words of which at least one stands in every match; None if there are no good ones.
pub fn words(part: &Hir) -> Option<Vec<Vec<u8>>> {
    match part.kind() {
        HirKind::Literal(text) if text.0.len() >= SHORTEST_WORD => Some(vec![text.0.to_vec()]),
        HirKind::Capture(group) => words(&group.sub),
        HirKind::Repetition(again) if again.min > 0 => words(&again.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(words).max_by_key(|w| worth(w)),
        HirKind::Alternation(parts) => {
            let all: Vec<Vec<u8>> = parts
                .iter()
                .map(words)
                .collect::<Option<Vec<_>>>()?
                .concat();
            (all.len() <= MOST_WORDS).then_some(all)
        }
        _ => None,
    }
}

/// Long words before short ones, few before many.
fn worth(words: &[Vec<u8>]) -> (usize, usize) {
    let shortest = words.iter().map(Vec::len).min().unwrap_or_default();
    (shortest.min(6), MOST_WORDS - words.len())
}
