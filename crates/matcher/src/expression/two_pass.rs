//! A whole line against an expression in two passes without any going back (Frisch and Cardelli, "Greedy regular
//! expression matching", 2004): from the end to the start, which states of the automaton can still reach the
//! end of the line; then from the start to the end, the first of the choices that can. Both remember what they found.
use std::collections::HashMap;

use regex_automata::nfa::thompson::{Compiler, Config, NFA, State, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;

/// Bytes that one thread remembers of one expression.
const ROOM: usize = 1 << 20;
/// An expression that outgrew its room this often is left to the `regex` crate.
const PATIENCE: u32 = 64;
/// Longer lines are left to the `regex` crate: a state of the first pass is kept for each byte.
const LONGEST: usize = 1 << 16;
const UNKNOWN: u32 = 0;

/// Some states of the automaton.
type Bits = Box<[u64]>;

/// The automaton, its states that read a byte numbered from 0, the match being the last.
#[derive(Debug)]
pub struct TwoPass {
    classes: [u8; 256],
    class_count: usize,
    /// For state and class, the place arrived at and 1 more; 0 where the state does not read that class.
    next: Vec<u16>,
    /// For each place, the states that may read the next byte, the preferred first, with the slots set on the way.
    places: Vec<Vec<(u16, Vec<u16>)>>,
    readers: usize,
}

/// What a thread has found out so far; numbers in it are 1 more than what they count.
#[derive(Debug, Default)]
pub struct Memo {
    numbers: HashMap<Bits, u16>,
    sets: Vec<Bits>,
    /// For set and class, the set before.
    before: Vec<u32>,
    /// For set and place, the state that reads next and, above 16 bits, the slots set.
    choices: Vec<Vec<u32>>,
    slots: Vec<Vec<u16>>,
    trail: Vec<u16>,
    used: usize,
    outgrown: u32,
}

/// No room is left.
struct Full;

impl TwoPass {
    /// None where the expression looks around itself or is too large.
    pub fn new(text: &str) -> Option<TwoPass> {
        let nfa = Compiler::new()
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .configure(Config::new().utf8(false).which_captures(WhichCaptures::All))
            .build(text)
            .ok()?;
        if !nfa.look_set_any().is_empty() || nfa.states().len() > 4096 {
            return None;
        }
        let mut classes = [0; 256];
        for b in 0..=u8::MAX {
            classes[usize::from(b)] = nfa.byte_classes().get(b);
        }
        let class_count = usize::from(*classes.iter().max()?) + 1;
        let reads: Vec<StateID> = (0..nfa.states().len())
            .filter_map(|at| StateID::new(at).ok())
            .filter(|&id| !nfa.state(id).is_epsilon() && !is_end(nfa.state(id)))
            .collect();
        let mut numbers: HashMap<StateID, u16> = reads.iter().copied().zip(0..).collect();
        for id in (0..nfa.states().len()).filter_map(|at| StateID::new(at).ok()) {
            if matches!(nfa.state(id), State::Match { .. }) {
                numbers.insert(id, reads.len() as u16);
            }
        }
        let mut machine = TwoPass {
            classes,
            class_count,
            next: vec![0; (reads.len() + 1) * class_count],
            places: vec![choices(&nfa, nfa.start_anchored(), &numbers)],
            readers: reads.len(),
        };
        let mut known: HashMap<StateID, u16> = HashMap::new();
        for (number, &id) in reads.iter().enumerate() {
            for b in 0..=u8::MAX {
                let Some(to) = step(nfa.state(id), b) else {
                    continue;
                };
                let place = *known.entry(to).or_insert_with(|| {
                    machine.places.push(choices(&nfa, to, &numbers));
                    machine.places.len() as u16 - 1
                });
                machine.next[number * class_count + usize::from(classes[usize::from(b)])] =
                    place + 1;
            }
        }
        Some(machine)
    }

    /// Whether the line matches, its groups put into `slots`; None where that must be found out otherwise.
    pub fn read(&self, memo: &mut Memo, line: &[u8], slots: &mut [u32]) -> Option<bool> {
        if memo.outgrown > PATIENCE || line.len() > LONGEST {
            return None;
        }
        let found = self.passes(memo, line, slots);
        if found.is_err() {
            *memo = Memo {
                outgrown: memo.outgrown + 1,
                ..Memo::default()
            };
        }
        found.ok()
    }

    fn passes(&self, memo: &mut Memo, line: &[u8], slots: &mut [u32]) -> Result<bool, Full> {
        if memo.sets.is_empty() {
            let mut end = vec![0; self.readers / 64 + 1];
            end[self.readers / 64] |= 1 << (self.readers % 64);
            self.number(memo, end.into())?;
        }
        if memo.trail.len() <= line.len() {
            memo.trail.resize(line.len() + 1, 0);
        }
        let mut set = 0_u16;
        memo.trail[line.len()] = set;
        for at in (0..line.len()).rev() {
            let class = usize::from(self.classes[usize::from(line[at])]);
            let known = memo.before[usize::from(set) * self.class_count + class];
            set = if known == UNKNOWN {
                self.set_before(memo, set, class)?
            } else {
                (known - 1) as u16
            };
            memo.trail[at] = set;
        }
        let mut place = 0;
        for at in 0..=line.len() {
            let set = usize::from(memo.trail[at]);
            let mut choice = memo.choices[set].get(place).copied().unwrap_or(UNKNOWN);
            if choice == UNKNOWN {
                match self.choose(memo, set, place)? {
                    Some(found) => choice = found,
                    None => return Ok(false),
                }
            }
            let tags = choice >> 16;
            if tags > 0 {
                for &slot in &memo.slots[tags as usize - 1] {
                    slots[usize::from(slot)] = at as u32;
                }
            }
            let Some(&b) = line.get(at) else { break };
            let state = (choice & 0xffff) as usize - 1;
            let class = usize::from(self.classes[usize::from(b)]);
            place = usize::from(self.next[state * self.class_count + class]) - 1;
        }
        Ok(true)
    }

    fn number(&self, memo: &mut Memo, set: Bits) -> Result<u16, Full> {
        if let Some(&number) = memo.numbers.get(&set) {
            return Ok(number);
        }
        memo.used += 2 * 8 * set.len() + 4 * self.class_count + 128;
        if memo.used > ROOM || memo.sets.len() >= usize::from(u16::MAX) {
            return Err(Full);
        }
        let number = memo.sets.len() as u16;
        memo.numbers.insert(set.clone(), number);
        memo.sets.push(set);
        memo.choices.push(Vec::new());
        memo.before
            .resize(memo.sets.len() * self.class_count, UNKNOWN);
        Ok(number)
    }

    /// The states that can reach the end through a byte of this class and then a state of this set.
    fn set_before(&self, memo: &mut Memo, set: u16, class: usize) -> Result<u16, Full> {
        let alive = &memo.sets[usize::from(set)];
        let lives: Vec<bool> = self
            .places
            .iter()
            .map(|place| place.iter().any(|(state, _)| holds(alive, *state)))
            .collect();
        let mut found = vec![0; alive.len()];
        for state in 0..self.readers {
            let place = usize::from(self.next[state * self.class_count + class]);
            if place > 0 && lives[place - 1] {
                found[state / 64] |= 1 << (state % 64);
            }
        }
        let number = self.number(memo, found.into())?;
        memo.before[usize::from(set) * self.class_count + class] = u32::from(number) + 1;
        Ok(number)
    }

    fn choose(&self, memo: &mut Memo, set: usize, place: usize) -> Result<Option<u32>, Full> {
        let alive = &memo.sets[set];
        let first = self.places[place]
            .iter()
            .find(|(state, _)| holds(alive, *state));
        let Some((state, slots)) = first else {
            return Ok(None);
        };
        let tags = if slots.is_empty() {
            0
        } else {
            let known = memo.slots.iter().position(|s| s == slots);
            known.unwrap_or_else(|| {
                memo.slots.push(slots.clone());
                memo.slots.len() - 1
            }) + 1
        };
        if memo.choices[set].is_empty() {
            memo.used += 4 * self.places.len();
            if memo.used > ROOM {
                return Err(Full);
            }
            memo.choices[set] = vec![UNKNOWN; self.places.len()];
        }
        let choice = (tags as u32) << 16 | (u32::from(*state) + 1);
        memo.choices[set][place] = choice;
        Ok(Some(choice))
    }
}

fn holds(set: &[u64], state: u16) -> bool {
    set[usize::from(state / 64)] >> (state % 64) & 1 == 1
}

fn is_end(state: &State) -> bool {
    matches!(state, State::Match { .. } | State::Fail)
}

fn step(state: &State, b: u8) -> Option<StateID> {
    match state {
        State::ByteRange { trans } => trans.matches_byte(b).then_some(trans.next),
        State::Sparse(many) => many.matches_byte(b),
        State::Dense(many) => many.matches_byte(b),
        _ => None,
    }
}

/// The states that read a byte, or the match, reached from a state without reading, in order of preference.
fn choices(nfa: &NFA, from: StateID, numbers: &HashMap<StateID, u16>) -> Vec<(u16, Vec<u16>)> {
    let mut found = Vec::new();
    let mut seen = vec![false; nfa.states().len()];
    let mut open = vec![(from, Vec::new())];
    while let Some((id, slots)) = open.pop() {
        if std::mem::replace(&mut seen[id.as_usize()], true) {
            continue;
        }
        match nfa.state(id) {
            State::Union { alternates } => {
                open.extend(alternates.iter().rev().map(|&to| (to, slots.clone())));
            }
            State::BinaryUnion { alt1, alt2 } => {
                open.push((*alt2, slots.clone()));
                open.push((*alt1, slots));
            }
            State::Capture { next, slot, .. } => {
                let mut slots = slots;
                slots.push(slot.as_usize() as u16);
                open.push((*next, slots));
            }
            State::Look { .. } | State::Fail => {}
            _ => found.extend(numbers.get(&id).map(|&number| (number, slots))),
        }
    }
    found
}
