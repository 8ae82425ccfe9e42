//! Lines that say what a line before them said, at another time: their rows are found by what they say, without
//! asking the set again.
//!
//! What a line hits, whose it is and how it ended depends on nothing but the values of its format's decisive fields.
//! So machines that call the same address all day are counted by one look-up a line.
use std::hash::BuildHasher;
use std::ops::{Range, RangeInclusive};

use foldhash::fast::RandomState;
use jiff::tz::TimeZone;
use smallvec::SmallVec;

use crate::canonical::names::Host;
use crate::format::Action;
use crate::format::{Role, Variant};
use crate::line::hit::Field;
use crate::line::line_key;
use crate::line::record::Record;
use crate::line::tokens::{self, Token};
use crate::memory::{Held, Memory};
use crate::rows::memo::Memo;
use crate::rows::{Known, Rows};
use crate::set::Set;
use crate::time::Moment;

/// Sayings that one thread or each of two remembers; more share as many, as the contract has no more room.
const MOST: usize = 7 << 12;
/// Where fewer than one of so many lines repeat another, it does not pay to remember them.
const LEAST: usize = 8;
/// Windows that are passed over then, at first; twice as many each time again, up to the most.
const PAUSES: RangeInclusive<usize> = 4..=128;

/// Bytes that malloc takes for itself, about.
const ALLOCATED: usize = 16;

/// What a line says, as `saying` spells it.
type Text = SmallVec<[u8; 104]>;

/// What lines of the file's own format have said so far.
#[derive(Debug)]
pub struct Repeats<'f> {
    memo: Memo<Said<'f>>,
    /// What they take.
    held: Held,
    /// Threads that share what is remembered.
    threads: usize,
    /// What the lines at hand say.
    texts: Vec<u8>,
    hasher: RandomState,
    /// `Rows::moved` of what is remembered.
    moved: Option<u32>,
    window: usize,
    tried: usize,
    found: usize,
    /// Lines that are still passed over.
    pause: usize,
    /// Windows of the next pause.
    next_pause: usize,
}

/// What a line says.
#[derive(Debug)]
pub struct Saying {
    /// Where it stands in `Repeats::texts`.
    place: Range<usize>,
    hash: u64,
    /// Whether it tells whole targets.
    is_whole: bool,
}

#[derive(Debug)]
struct Said<'f> {
    text: Text,
    /// None: what follows the hosts of the line's targets decides.
    told: Option<Told<'f>>,
}

#[derive(Debug)]
struct Told<'f> {
    variant: &'f Variant,
    action: Action,
    known: Known,
}

impl Said<'_> {
    fn size(&self) -> usize {
        let spilled = if self.text.spilled() {
            self.text.capacity() + ALLOCATED
        } else {
            0
        };
        size_of::<Self>() + spilled
    }
}

/// A line that was added to its rows.
#[derive(Clone, Copy, Debug)]
pub struct Repeated {
    pub hits: usize,
    pub moment: Option<Moment>,
}

impl<'f> Repeats<'f> {
    /// `window` is that of the scan's limits.
    pub fn new(memory: &Memory, window: usize) -> Self {
        Repeats {
            memo: Memo::new(),
            held: memory.hold(),
            threads: 0,
            texts: Vec::new(),
            hasher: RandomState::default(),
            moved: None,
            window,
            tried: 0,
            found: 0,
            pause: 0,
            next_pause: *PAUSES.start(),
        }
    }

    /// Whether so many lines are to be looked at without asking for what was said; forgets the sayings of those before.
    pub fn pass_over(&mut self, lines: usize, rows: &Rows) -> bool {
        self.texts.clear();
        if self.pause > 0 || self.window == 0 {
            self.pause = self.pause.saturating_sub(lines);
            return true;
        }
        let threads = rows.memory().sharers();
        if self.moved != Some(rows.moved()) || threads > self.threads {
            self.threads = threads;
            self.memo
                .clear(if threads > 2 { MOST / threads } else { MOST });
            self.held = rows.memory().hold();
            self.moved = Some(rows.moved());
        }
        if self.tried >= self.window {
            if self.found < self.tried / LEAST {
                self.pause = self.next_pause * self.window;
                self.next_pause = (2 * self.next_pause).min(*PAUSES.end());
            } else {
                self.next_pause = *PAUSES.start();
            }
            (self.tried, self.found) = (0, 0);
        }
        self.tried += lines;
        false
    }

    /// What a line says; None if it is too long to be remembered.
    pub fn spell(&mut self, record: &Record<'_, '_>) -> Option<Saying> {
        let begin = self.texts.len();
        line_key::spell(record, &mut self.texts).then(|| self.saying(begin, false))
    }

    fn saying(&self, begin: usize, is_whole: bool) -> Saying {
        Saying {
            place: begin..self.texts.len(),
            hash: self.hasher.hash_one(&self.texts[begin..]),
            is_whole,
        }
    }

    /// The same with whole targets.
    fn whole(&mut self, record: &Record<'_, '_>, short: &Saying) -> Option<Saying> {
        let begin = self.texts.len();
        self.texts.extend_from_within(short.place.clone());
        let fits = line_key::spell_targets(record, &mut self.texts)
            && self.texts.len() - begin <= line_key::LONGEST;
        fits.then(|| self.saying(begin, true))
    }

    /// Asks for the memory that `add` will need.
    pub fn ask_for(&self, saying: &Saying) {
        self.memo.ask_for(saying.hash);
    }

    fn find(&mut self, saying: &Saying) -> Option<&mut Said<'f>> {
        let text = &self.texts[saying.place.clone()];
        self.memo.find(saying.hash, |said| said.text[..] == *text)
    }

    /// Adds the line to its rows if they are known. Else `saying` is what to `learn` of it, None if nothing.
    pub fn add(
        &mut self,
        record: &mut Record<'f, '_>,
        saying: &mut Option<Saying>,
        rows: &mut Rows,
        zone: &TimeZone,
    ) -> Option<Repeated> {
        if self.moved != Some(rows.moved()) {
            *saying = None;
        }
        if self.find(saying.as_ref()?)?.told.is_none() {
            *saying = self.whole(record, saying.as_ref()?);
        }
        let told = self.find(saying.as_ref()?)?.told.as_mut()?;
        let hits = told.known.hits;
        let mut moment = None;
        if hits > 0 {
            record.variant = told.variant;
            moment = record.time(zone);
            if !rows.add_known(&mut told.known, moment, told.action) {
                return None;
            }
        }
        self.found += 1;
        Some(Repeated { hits, moment })
    }

    /// Remembers what a line said, unless rows were put aside.
    pub fn learn(
        &mut self,
        set: &Set,
        (record, tokens): (&Record<'f, '_>, &[(Field, Token)]),
        mut saying: Saying,
        known: Known,
        rows: &Rows,
    ) {
        if self.moved != Some(rows.moved()) || depends_on_port(set, record) {
            return;
        }
        if !saying.is_whole && tokens::depend_on_paths(set, tokens) {
            self.keep(&saying, None);
            let Some(whole) = self.whole(record, &saying) else {
                return;
            };
            saying = whole;
        }
        let told = Told {
            variant: record.variant,
            action: record.action(),
            known,
        };
        self.keep(&saying, Some(told));
    }

    fn keep(&mut self, saying: &Saying, told: Option<Told<'f>>) {
        let text = Text::from_slice(&self.texts[saying.place.clone()]);
        let said = Said { text, told };
        self.held.add(said.size());
        if let Some(before) = self.memo.put(saying.hash, said) {
            self.held.take(before.size());
        }
    }
}

/// Whether another port, though like any other, could make another hit, or an inbound line, of a line like this.
fn depends_on_port(set: &Set, record: &Record<'_, '_>) -> bool {
    if let Some(Host::Address(client)) = record.client
        && set.lists_address(client)
    {
        return true;
    }
    let decisive = &record.format.decisive;
    decisive.of_both
        && record.server_port.is_some_and(|port| decisive.is_any(port))
        && (!record.variant.role(Role::Url).is_empty()
            || record
                .server
                .is_some_and(|server| set.lists_address(server)))
}
