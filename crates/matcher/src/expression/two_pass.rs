//! A whole line against an expression in two passes without any going back (Frisch and Cardelli, "Greedy regular
//! expression matching", 2004): from the end to the start, which states of the automaton can still reach the
//! end of the line; then from the start to the end, the first of the choices that can. Both remember what they found.
use std::collections::HashMap;

use foldhash::fast::RandomState;
use regex_automata::nfa::thompson::{Compiler, Config, NFA, State, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;

/// Bytes that one thread remembers of one expression.
const ROOM: usize = 1 << 20;
/// An expression that outgrew its room this often is left to the `regex` crate.
const PATIENCE: u32 = 64;
/// Longer lines are left to the `regex` crate: a state of the first pass is kept for each byte.
const LONGEST: usize = 1 << 16;
/// Ways that are kept beside the last one over each edge.
const MOST_WAYS: usize = 1 << 14;
const UNKNOWN: u32 = u32::MAX;

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

/// What a thread has found out so far.
#[derive(Debug, Default)]
pub struct Memo {
    /// Where the edges of each set begin.
    numbers: HashMap<Bits, u32>,
    sets: Vec<Bits>,
    /// For each set and class, found at the set's number times the count of classes.
    edges: Vec<Edge>,
    /// Other ways over an edge, by its number and the place.
    ways: HashMap<(usize, u16), Edge, RandomState>,
    /// Slots that are set together.
    slots: Vec<Vec<u16>>,
    trail: Vec<u32>,
    outgrown: u32,
}

/// From a set by a class of bytes to the set before it, and the way that was last taken there forward.
#[derive(Clone, Copy, Debug)]
struct Edge {
    /// Where the edges of the set before begin; UNKNOWN until it is asked for.
    before: u32,
    from: u16,
    to: u16,
    /// Above 0, the slots set on this way.
    tags: u16,
}

const FRESH: Edge = Edge {
    before: UNKNOWN,
    from: u16::MAX,
    to: 0,
    tags: 0,
};

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
            self.edges_of(memo, end.into())?;
        }
        if memo.trail.len() < line.len() {
            memo.trail.resize(line.len(), 0);
        }
        let mut set = 0;
        for at in (0..line.len()).rev() {
            let edge = set + u32::from(self.classes[usize::from(line[at])]);
            memo.trail[at] = edge;
            set = memo.edges[edge as usize].before;
            if set == UNKNOWN {
                set = self.set_before(memo, edge)?;
            }
        }
        if self.choose(memo, set, 0).is_none() {
            return Ok(false);
        }
        let mut place = 0;
        for at in 0..line.len() {
            let number = memo.trail[at] as usize;
            let mut edge = memo.edges[number];
            if edge.from != place {
                edge = self.way(memo, number, place);
            }
            if edge.tags > 0 {
                for &slot in &memo.slots[usize::from(edge.tags) - 1] {
                    slots[usize::from(slot)] = at as u32;
                }
            }
            place = edge.to;
        }
        for &slot in self.choose(memo, 0, place).into_iter().flat_map(|(_, s)| s) {
            slots[usize::from(slot)] = line.len() as u32;
        }
        Ok(true)
    }

    /// Where the edges of a set begin.
    fn edges_of(&self, memo: &mut Memo, set: Bits) -> Result<u32, Full> {
        if let Some(&start) = memo.numbers.get(&set) {
            return Ok(start);
        }
        let a_set = 16 * set.len() + size_of::<Edge>() * self.class_count + 128;
        if (memo.sets.len() + 1) * a_set > ROOM {
            return Err(Full);
        }
        let start = memo.edges.len() as u32;
        memo.edges
            .resize(memo.edges.len() + self.class_count, FRESH);
        memo.numbers.insert(set.clone(), start);
        memo.sets.push(set);
        Ok(start)
    }

    /// The states that can reach the end through a byte of this class and then a state of this set.
    fn set_before(&self, memo: &mut Memo, edge: u32) -> Result<u32, Full> {
        let (set, class) = (
            edge as usize / self.class_count,
            edge as usize % self.class_count,
        );
        let alive = &memo.sets[set];
        let lives = |place: &Vec<(u16, Vec<u16>)>| place.iter().any(|(s, _)| holds(alive, *s));
        let lives: Vec<bool> = self.places.iter().map(lives).collect();
        let mut found = vec![0; alive.len()];
        for state in 0..self.readers {
            let place = usize::from(self.next[state * self.class_count + class]);
            if place > 0 && lives[place - 1] {
                found[state / 64] |= 1 << (state % 64);
            }
        }
        let start = self.edges_of(memo, found.into())?;
        memo.edges[edge as usize].before = start;
        Ok(start)
    }

    /// The preferred state at a place among those of the set whose edges begin there.
    fn choose(&self, memo: &Memo, set: u32, place: u16) -> Option<&(u16, Vec<u16>)> {
        let alive = &memo.sets[set as usize / self.class_count];
        let mut choices = self.places[usize::from(place)].iter();
        choices.find(|(state, _)| holds(alive, *state))
    }

    /// The way over an edge from this place, which the next line will try first.
    fn way(&self, memo: &mut Memo, number: usize, place: u16) -> Edge {
        let edge = memo.edges[number];
        if let Some(&known) = memo.ways.get(&(number, place)) {
            memo.edges[number] = known;
            return known;
        }
        // The place is one that the set before can be reached through, so there is a choice.
        let Some((state, slots)) = self.choose(memo, edge.before, place) else {
            return edge;
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
        let class = number % self.class_count;
        let to = self.next[usize::from(*state) * self.class_count + class] - 1;
        let found = Edge {
            before: edge.before,
            from: place,
            to,
            tags: tags as u16,
        };
        if memo.ways.len() >= MOST_WAYS {
            memo.ways.clear();
        }
        memo.ways.insert((number, place), found);
        memo.edges[number] = found;
        found
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
