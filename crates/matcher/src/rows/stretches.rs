//! Sorted stretches of rows, in memory or in temporary files, merged into one order.
use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, Write};
use std::mem;

use crate::canonical::prefix::prefix;
use crate::memory::Held;
use crate::raw::prefetch;
use crate::rows::arena::Arena;
use crate::rows::entry::Entry;
use crate::rows::files::{FileStretch, write, write_entry};
use crate::rows::machines::Shown;
use crate::rows::row::Row;
use crate::rows::spread::Spread;
use crate::rows::words::Words;
use crate::set::Set;
use crate::set::providers::is_way;

/// Stretches in files that are merged at once; more are merged into one file first.
const FILES: usize = 64;
/// Rows and texts lie in no order in memory: their memory is asked for so many rows before they are read.
const AHEAD: usize = 8;

/// Rows in order.
#[derive(Debug)]
pub struct Stretch {
    machines: Vec<Shown>,
    rows: Arena,
    /// Places of the rows.
    sorted: Vec<u32>,
    /// Whether no two rows are of the same item, machine and bucket of time.
    is_distinct: bool,
    _held: Held,
}

/// What a stretch holds.
#[derive(Clone, Copy, Debug)]
struct View<'a> {
    machines: &'a [Shown],
    rows: &'a Arena,
    sorted: &'a [u32],
}

/// Parts of a row that are read besides the row itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Identity,
    Words,
}

/// The spelling of an item on the wire.
fn spelled(set: &Set, item: u32) -> &[u8] {
    match set.hashed(item) {
        Some(plain) if plain.first() != Some(&b'=') => plain,
        // Only names have marks.
        _ => set
            .item(item)
            .map_or(b"", |item| item.canonical().as_bytes()),
    }
}

/// The places of rows in order: by the item as the wire spells it, then by the machine. Also whether the machines differ.
fn order(set: &Set, machines: &[Shown], rows: &Arena) -> (Vec<u32>, bool) {
    let mut by_name: Vec<usize> = (0..machines.len()).collect();
    by_name.sort_unstable_by_key(|&number| &machines[number]);
    let machines_differ = by_name.is_sorted_by(|&a, &b| machines[a] != machines[b]);
    let mut rank = vec![0; machines.len()];
    for (at, number) in (0u64..).zip(by_name) {
        rank[number] = at;
    }
    let key = |row: &Row| u64::from(row.item) << 32 | rank[row.machine as usize];
    let mut keys = Vec::with_capacity(rows.len());
    keys.extend(rows.rows().map(key).zip(0_u32..));
    keys.sort_unstable();
    // Numbers rise in the order of the list, so the items are nearly in order, too.
    let mut items: Vec<_> = keys
        .chunk_by(|a, b| a.0 >> 32 == b.0 >> 32)
        .map(|of_item| (spelled(set, (of_item[0].0 >> 32) as u32), of_item))
        .collect();
    items.sort_by_key(|(name, _): &(&[u8], _)| *name);
    let mut sorted = Vec::with_capacity(rows.len());
    for (_, of_item) in items {
        sorted.extend(of_item.iter().map(|(_, place)| *place));
    }
    (sorted, machines_differ)
}

impl Stretch {
    /// `held` counts the bytes of the rows.
    pub fn new(set: &Set, machines: Vec<Shown>, rows: Arena, held: Held) -> Stretch {
        let (sorted, is_distinct) = order(set, &machines, &rows);
        Stretch {
            machines,
            rows,
            sorted,
            is_distinct,
            _held: held,
        }
    }

    fn view(&self) -> View<'_> {
        View {
            machines: &self.machines,
            rows: &self.rows,
            sorted: &self.sorted,
        }
    }
}

impl<'a> View<'a> {
    fn entry(self, at: usize) -> Option<Entry<'a>> {
        let place = *self.sorted.get(at)?;
        let (row, words) = self.rows.entry(place);
        let machine = &self.machines[row.machine as usize];
        Some(Entry {
            row,
            others: self.rows.others(place),
            device: machine.device.as_deref(),
            who: &machine.who,
            words: Words::at(words),
        })
    }

    /// Asks for the memory of the rows after `at`, and for their words where they are `wanted`.
    fn ask_for(self, at: usize, wanted: Wanted) {
        if let Some(&place) = self.sorted.get(at + 2 * AHEAD) {
            prefetch(self.rows.row(place));
        }
        if let Some(&place) = self.sorted.get(at + AHEAD) {
            let (row, texts) = self.rows.entry(place);
            if wanted == Wanted::Words || row.identity {
                for at in [0, 64, 128, 192] {
                    if let Some(near) = texts.get(at) {
                        prefetch(near);
                    }
                }
            }
        }
    }

    fn write_to(self, out: &mut impl Write) -> io::Result<()> {
        let mut at = 0;
        while let Some(entry) = self.entry(at) {
            self.ask_for(at, Wanted::Words);
            write_entry(out, &entry)?;
            at += 1;
        }
        Ok(())
    }
}

/// The stretches of one thread, or of all threads.
#[derive(Debug, Default)]
pub struct Stretches {
    held: Vec<Stretch>,
    files: Vec<File>,
    pub spread: Spread,
}

impl Stretches {
    /// Keeps a stretch in memory.
    pub fn hold(&mut self, stretch: Stretch) {
        self.held.push(stretch);
    }

    /// Writes rows to a temporary file that vanishes with this process, as a stretch.
    pub fn spill(&mut self, set: &Set, machines: &[Shown], rows: &Arena) -> io::Result<()> {
        let (sorted, _) = order(set, machines, rows);
        let view = View {
            machines,
            rows,
            sorted: &sorted,
        };
        let file = write(|out| view.write_to(out))?;
        self.add_file(file, set)
    }

    /// Adds the stretches of another thread.
    pub fn absorb(&mut self, other: Stretches) {
        self.held.extend(other.held);
        self.files.extend(other.files);
        self.spread.absorb(&other.spread);
    }

    /// Adds a stretch that `write_to` wrote.
    pub fn add_file(&mut self, file: File, set: &Set) -> io::Result<()> {
        self.files.push(file);
        if self.files.len() < FILES {
            return Ok(());
        }
        let all = Stretches {
            held: Vec::new(),
            files: mem::take(&mut self.files),
            spread: Spread::default(),
        };
        self.files.push(write(|out| all.write_to(out, set))?);
        Ok(())
    }

    /// The numbers of rows of indicators and of providers, if no two of them can become one; None if merging must show it.
    pub fn distinct(&self) -> Option<(u64, u64)> {
        match (&self.held[..], &self.files[..]) {
            ([], []) => Some((0, 0)),
            ([only], []) if only.is_distinct && self.spread.is_known() => {
                let item = |place: &u32| only.rows.row(*place).item;
                let first_way = only.sorted.partition_point(|place| !is_way(item(place)));
                let ways = only.sorted.len() - first_way;
                Some((first_way as u64, ways as u64))
            }
            _ => None,
        }
    }

    /// Writes all rows as one stretch.
    pub fn write_to(&self, out: &mut impl Write, set: &Set) -> io::Result<()> {
        self.merge(set, Wanted::Words, |entry| write_entry(out, entry))
    }

    /// Gives all rows in order; those of equal items and machines follow each other.
    pub fn merge(
        &self,
        set: &Set,
        wanted: Wanted,
        mut take: impl FnMut(&Entry<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        if let ([only], []) = (&self.held[..], &self.files[..]) {
            let only = only.view();
            let mut at = 0;
            while let Some(entry) = only.entry(at) {
                only.ask_for(at, wanted);
                take(&entry)?;
                at += 1;
            }
            return Ok(());
        }
        let mut heads = Vec::new();
        for stretch in &self.held {
            heads.extend(Head::begin(Stream::Held(stretch.view(), 0), set)?);
        }
        for file in &self.files {
            heads.extend(Head::begin(Stream::File(FileStretch::new(file)?), set)?);
        }
        heads.sort_by(|a, b| b.compare(a));
        // The least stretch stands last.
        while let Some(least) = heads.last_mut() {
            if let Some(entry) = least.stream.entry() {
                take(&entry)?;
            }
            if !least.advance(set, wanted)? {
                heads.pop();
            } else if let [.., next, moved] = &heads[..]
                && next.compare(moved).is_le()
                && let Some(moved) = heads.pop()
            {
                let at = heads.partition_point(|other| other.compare(&moved).is_gt());
                heads.insert(at, moved);
            }
        }
        Ok(())
    }
}

/// A stretch that is being read.
#[derive(Debug)]
enum Stream<'a> {
    /// A stretch in memory, and the place of the row at hand.
    Held(View<'a>, usize),
    File(FileStretch<'a>),
}

impl Stream<'_> {
    fn entry(&self) -> Option<Entry<'_>> {
        match self {
            Stream::Held(stretch, at) => stretch.entry(*at),
            Stream::File(file) => file.entry(),
        }
    }
}

/// A stretch with a row at hand.
#[derive(Debug)]
struct Head<'a> {
    stream: Stream<'a>,
    item: u32,
    spelled: &'a [u8],
    /// The first bytes of the item and of the device, to compare them by.
    begins: (u128, u128),
}

impl<'a> Head<'a> {
    /// None without any row.
    fn begin(mut stream: Stream<'a>, set: &'a Set) -> io::Result<Option<Self>> {
        if let Stream::File(file) = &mut stream {
            file.next()?;
        }
        let mut head = Head {
            stream,
            item: 0,
            spelled: b"",
            begins: (0, 0),
        };
        Ok(head.look(set, true).then_some(head))
    }

    /// Goes on to the next row; false at the end.
    fn advance(&mut self, set: &'a Set, wanted: Wanted) -> io::Result<bool> {
        match &mut self.stream {
            Stream::Held(stretch, at) => {
                stretch.ask_for(*at, wanted);
                *at += 1;
            }
            Stream::File(file) => file.next()?,
        }
        Ok(self.look(set, false))
    }

    /// Reads the row at hand; false where there is none.
    fn look(&mut self, set: &'a Set, is_first: bool) -> bool {
        let Some(entry) = self.stream.entry() else {
            return false;
        };
        let (item, device) = (entry.row.item, entry.device.unwrap_or_default());
        self.begins.1 = prefix(device.as_bytes());
        if is_first || item != self.item {
            (self.item, self.spelled) = (item, spelled(set, item));
            self.begins.0 = prefix(self.spelled);
        }
        true
    }

    fn compare<'b>(&'b self, other: &'b Self) -> Ordering {
        if self.begins.0 != other.begins.0 {
            return self.begins.0.cmp(&other.begins.0);
        }
        if self.item != other.item {
            return self.spelled.cmp(other.spelled);
        }
        self.begins.1.cmp(&other.begins.1).then_with(|| {
            let machine = |head: &'b Head<'a>| {
                let entry = head.stream.entry()?;
                Some((entry.device, entry.who))
            };
            machine(self).cmp(&machine(other))
        })
    }
}
