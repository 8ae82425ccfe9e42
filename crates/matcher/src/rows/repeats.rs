//! Lines that repeat a line before them but for the time: their rows are found by the line's key, without asking the set
//! again.
//!
//! The hits of a line, its device and its action depend only on the values of the key fields of its format.
//! So machines that call the same address all day are counted by one look-up a line.
use std::hash::BuildHasher;
use std::ops::{Range, RangeInclusive};

use foldhash::fast::RandomState;
use jiff::tz::TimeZone;
use smallvec::SmallVec;

use crate::canonical::names::Host;
use crate::format::{Action, Role, Variant};
use crate::line::hit::Field;
use crate::line::line_key;
use crate::line::record::Record;
use crate::line::tokens::{self, Token};
use crate::memory::{Held, Memory};
use crate::rows::memo::Memo;
use crate::rows::{Known, Rows};
use crate::set::Set;
use crate::time::Moment;

/// Line keys that one thread, or each of two, remembers. More threads share as many: docs/contract.md 5 has no more room.
const MOST: usize = 7 << 12;
/// Lines are not remembered where fewer than one in so many repeats another.
const LEAST: usize = 8;
/// Windows in which nothing is remembered then: the first number at first, then twice as many each time, up to the last.
const PAUSES: RangeInclusive<usize> = 4..=128;

/// Bytes that malloc takes for itself, about.
const ALLOCATED: usize = 16;

/// The key of a line, as `line_key` spells it.
type Text = SmallVec<[u8; 104]>;

/// Lines of the file's own format that one thread remembers.
#[derive(Debug)]
pub struct Repeats<'f> {
    memo: Memo<Remembered<'f>>,
    /// The bytes of what is remembered.
    held: Held,
    /// Threads that share what is remembered.
    threads: usize,
    /// The keys of the lines at hand.
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

/// The key of a line at hand.
#[derive(Debug)]
pub struct LineKey {
    /// Where it stands in `Repeats::texts`.
    place: Range<usize>,
    hash: u64,
    /// Whether it holds whole targets, not only their hosts.
    is_whole: bool,
}

#[derive(Debug)]
struct Remembered<'f> {
    text: Text,
    /// None: the key must hold whole targets.
    meaning: Option<Meaning<'f>>,
}

#[derive(Debug)]
struct Meaning<'f> {
    variant: &'f Variant,
    action: Action,
    known: Known,
}

impl Remembered<'_> {
    fn size(&self) -> usize {
        let spilled = if self.text.spilled() {
            self.text.capacity() + ALLOCATED
        } else {
            0
        };
        size_of::<Self>() + spilled
    }
}

/// A line that was added to its rows by its key.
#[derive(Clone, Copy, Debug)]
pub struct Repeated {
    pub hits: usize,
    pub is_way: bool,
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

    /// Whether so many lines are to be looked at without looking up their keys; forgets the keys of the lines before.
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

    /// The key of a line; None if it is too long to be remembered.
    pub fn spell(&mut self, record: &Record<'_, '_>) -> Option<LineKey> {
        let begin = self.texts.len();
        line_key::spell(record, &mut self.texts).then(|| self.line_key(begin, false))
    }

    fn line_key(&self, begin: usize, is_whole: bool) -> LineKey {
        LineKey {
            place: begin..self.texts.len(),
            hash: self.hasher.hash_one(&self.texts[begin..]),
            is_whole,
        }
    }

    /// The key of a line with whole targets.
    fn whole(&mut self, record: &Record<'_, '_>, short: &LineKey) -> Option<LineKey> {
        let begin = self.texts.len();
        self.texts.extend_from_within(short.place.clone());
        let fits = line_key::spell_targets(record, &mut self.texts)
            && self.texts.len() - begin <= line_key::LONGEST;
        fits.then(|| self.line_key(begin, true))
    }

    /// Asks for the memory that `add` will need.
    pub fn ask_for(&self, line_key: &LineKey) {
        self.memo.ask_for(line_key.hash);
    }

    fn find(&mut self, line_key: &LineKey) -> Option<&mut Remembered<'f>> {
        let text = &self.texts[line_key.place.clone()];
        self.memo
            .find(line_key.hash, |remembered| remembered.text[..] == *text)
    }

    /// Adds the line to its rows if they are known. Else `line_key` is the key to `learn` the line by, or None.
    pub fn add(
        &mut self,
        record: &mut Record<'f, '_>,
        line_key: &mut Option<LineKey>,
        rows: &mut Rows,
        zone: &TimeZone,
    ) -> Option<Repeated> {
        if self.moved != Some(rows.moved()) {
            *line_key = None;
        }
        if self.find(line_key.as_ref()?)?.meaning.is_none() {
            *line_key = self.whole(record, line_key.as_ref()?);
        }
        let meaning = self.find(line_key.as_ref()?)?.meaning.as_mut()?;
        let hits = meaning.known.hits;
        let mut moment = None;
        if hits > 0 {
            record.variant = meaning.variant;
            moment = record.time(zone);
            if !rows.add_known(&mut meaning.known, moment, meaning.action) {
                return None;
            }
        }
        let is_way = meaning.known.is_way();
        self.found += 1;
        Some(Repeated {
            hits,
            is_way,
            moment,
        })
    }

    /// Remembers the rows of a line, unless rows were put aside since.
    pub fn learn(
        &mut self,
        set: &Set,
        (record, tokens): (&Record<'f, '_>, &[(Field, Token)]),
        mut line_key: LineKey,
        known: Known,
        rows: &Rows,
    ) {
        let is_passing = depends_on_port(set, record) || record.is_told_by_translation();
        if self.moved != Some(rows.moved()) || is_passing {
            return;
        }
        if !line_key.is_whole && tokens::depend_on_paths(set, tokens) {
            self.keep(&line_key, None);
            let Some(whole) = self.whole(record, &line_key) else {
                return;
            };
            line_key = whole;
        }
        let meaning = Meaning {
            variant: record.variant,
            action: record.action(),
            known,
        };
        self.keep(&line_key, Some(meaning));
    }

    fn keep(&mut self, line_key: &LineKey, meaning: Option<Meaning<'f>>) {
        let text = Text::from_slice(&self.texts[line_key.place.clone()]);
        let remembered = Remembered { text, meaning };
        self.held.add(remembered.size());
        if let Some(before) = self.memo.put(line_key.hash, remembered) {
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
    let key_fields = &record.format.key_fields;
    key_fields.of_both
        && record
            .server_port
            .is_some_and(|port| key_fields.is_any(port))
        && (!record.variant.role(Role::Url).is_empty()
            || record
                .server
                .is_some_and(|server| set.lists_address(server)))
}
