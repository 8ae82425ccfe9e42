//! Sorted runs of rows, in memory or in temporary files, merged into one order.
use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::mem;

use crate::canonical::prefix::prefix;
use crate::format::Action;
use crate::line::hit::Field;
use crate::memory::Held;
use crate::raw::prefetch;
use crate::rows::arena::Arena;
use crate::rows::row::Row;
use crate::rows::spread::Spread;
use crate::rows::words::{self, Words};
use crate::set::Set;
use crate::time::when::When;

/// Runs in files that are merged at once; more are merged into one file first.
const FILES: usize = 64;
const BUFFER: usize = 64 << 10;
/// Rows and texts lie in no order in memory: their memory is asked for so many rows before they are read.
const AHEAD: usize = 8;

/// Devices by their numbers; None is no device.
pub type Devices = Vec<Option<Box<str>>>;

/// Rows in order.
#[derive(Debug)]
pub struct Run {
    devices: Devices,
    rows: Arena,
    /// Places of the rows.
    sorted: Vec<u32>,
    /// Whether no two rows are of the same item, device and bucket of time.
    is_distinct: bool,
    _held: Held,
}

/// What a run holds.
#[derive(Clone, Copy, Debug)]
struct View<'a> {
    devices: &'a [Option<Box<str>>],
    rows: &'a Arena,
    sorted: &'a [u32],
}

/// Parts of a row that are read besides the row itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Identity,
    Words,
}

/// A row, with its device and its words from its run.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub row: &'a Row,
    pub device: Option<&'a str>,
    pub words: Words<'a>,
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

/// The places of rows in order: by the item as the wire spells it, then by the device. Also whether the devices differ.
fn order(set: &Set, devices: &[Option<Box<str>>], rows: &Arena) -> (Vec<u32>, bool) {
    let mut by_name: Vec<usize> = (0..devices.len()).collect();
    by_name.sort_unstable_by_key(|&number| &devices[number]);
    let devices_differ = by_name.is_sorted_by(|&a, &b| devices[a] != devices[b]);
    let mut rank = vec![0; devices.len()];
    for (at, number) in (0u64..).zip(by_name) {
        rank[number] = at;
    }
    let key = |row: &Row| u64::from(row.item) << 32 | rank[row.device as usize];
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
    (sorted, devices_differ)
}

impl Run {
    /// `held` counts the bytes of the rows.
    pub fn new(set: &Set, devices: Devices, rows: Arena, held: Held) -> Run {
        let (sorted, is_distinct) = order(set, &devices, &rows);
        Run {
            devices,
            rows,
            sorted,
            is_distinct,
            _held: held,
        }
    }

    fn view(&self) -> View<'_> {
        View {
            devices: &self.devices,
            rows: &self.rows,
            sorted: &self.sorted,
        }
    }
}

impl<'a> View<'a> {
    fn entry(self, at: usize) -> Option<Entry<'a>> {
        let (row, words) = self.rows.entry(*self.sorted.get(at)?);
        Some(Entry {
            row,
            device: self.devices[row.device as usize].as_deref(),
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

/// The runs of one thread, or of all threads.
#[derive(Debug, Default)]
pub struct Runs {
    held: Vec<Run>,
    files: Vec<File>,
    pub spread: Spread,
}

impl Runs {
    /// Keeps a run in memory.
    pub fn hold(&mut self, run: Run) {
        self.held.push(run);
    }

    /// Writes rows to a temporary file that vanishes with this process, as a run.
    pub fn spill(
        &mut self,
        set: &Set,
        devices: &[Option<Box<str>>],
        rows: &Arena,
    ) -> io::Result<()> {
        let (sorted, _) = order(set, devices, rows);
        let view = View {
            devices,
            rows,
            sorted: &sorted,
        };
        let file = write(|out| view.write_to(out))?;
        self.add_file(file, set)
    }

    /// Adds the runs of another thread.
    pub fn absorb(&mut self, other: Runs) {
        self.held.extend(other.held);
        self.files.extend(other.files);
        self.spread.absorb(&other.spread);
    }

    /// Adds a run that `write_to` wrote.
    pub fn add_file(&mut self, file: File, set: &Set) -> io::Result<()> {
        self.files.push(file);
        if self.files.len() < FILES {
            return Ok(());
        }
        let all = Runs {
            held: Vec::new(),
            files: mem::take(&mut self.files),
            spread: Spread::default(),
        };
        self.files.push(write(|out| all.write_to(out, set))?);
        Ok(())
    }

    /// The number of rows, if no two of them can become one; None if merging must show it.
    pub fn distinct(&self) -> Option<u64> {
        match (&self.held[..], &self.files[..]) {
            ([], []) => Some(0),
            ([only], []) if only.is_distinct && self.spread.is_known() => {
                Some(only.rows.len() as u64)
            }
            _ => None,
        }
    }

    /// Writes all rows as one run.
    pub fn write_to(&self, out: &mut impl Write, set: &Set) -> io::Result<()> {
        self.merge(set, Wanted::Words, |entry| write_entry(out, entry))
    }

    /// Gives all rows in order; those of equal items and devices follow each other.
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
        for run in &self.held {
            heads.extend(Head::begin(Stream::Held(run.view(), 0), set)?);
        }
        for file in &self.files {
            heads.extend(Head::begin(Stream::File(FileRun::new(file)?), set)?);
        }
        heads.sort_by(|a, b| b.compare(a));
        // The least run stands last.
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

/// A run that is being read.
#[derive(Debug)]
enum Stream<'a> {
    /// A run in memory, and the place of the row at hand.
    Held(View<'a>, usize),
    File(FileRun<'a>),
}

impl Stream<'_> {
    fn entry(&self) -> Option<Entry<'_>> {
        match self {
            Stream::Held(run, at) => run.entry(*at),
            Stream::File(file) => file.entry(),
        }
    }
}

/// A run with a row at hand.
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
            Stream::Held(run, at) => {
                run.ask_for(*at, wanted);
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
            let device = |head: &'b Head<'a>| head.stream.entry().map(|entry| entry.device);
            device(self).cmp(&device(other))
        })
    }
}

/// Bytes of a row in a file, before the device and the words.
const FIXED: usize = 46;
/// Stands for the length of a device where there is no device.
const NOBODY: u16 = u16::MAX;

/// A run in a file, and its row at hand.
#[derive(Debug)]
struct FileRun<'a> {
    file: BufReader<&'a File>,
    row: Option<Row>,
    device: String,
    has_device: bool,
    words: Vec<u8>,
}

impl<'a> FileRun<'a> {
    /// From its first row on.
    fn new(mut file: &'a File) -> io::Result<FileRun<'a>> {
        file.rewind()?;
        Ok(FileRun {
            file: BufReader::with_capacity(BUFFER, file),
            row: None,
            device: String::new(),
            has_device: false,
            words: Vec::new(),
        })
    }

    fn entry(&self) -> Option<Entry<'_>> {
        Some(Entry {
            row: self.row.as_ref()?,
            device: self.has_device.then_some(&self.device),
            words: Words::at(&self.words),
        })
    }

    /// Reads the next row; none is at hand behind the last.
    fn next(&mut self) -> io::Result<()> {
        self.row = None;
        if self.file.fill_buf()?.is_empty() {
            return Ok(());
        }
        let mut fixed = [0; FIXED];
        self.file.read_exact(&mut fixed)?;
        let mut rest = &fixed[..];
        let mut row = Row {
            item: u32::from_le_bytes(take(&mut rest)),
            device: 0,
            order: u64::from_le_bytes(take(&mut rest)),
            count: u64::from_le_bytes(take(&mut rest)),
            format: u16::from_le_bytes(take(&mut rest)),
            first: When::from_bytes(take(&mut rest)),
            last: When::from_bytes(take(&mut rest)),
            action: known(&Action::ALL, take(&mut rest))?,
            field: known(&Field::ALL, take(&mut rest))?,
            words: 0,
            identity: false,
        };
        let device = u16::from_le_bytes(take(&mut rest));
        let words = u32::from_le_bytes(take(&mut rest));
        self.has_device = device != NOBODY;
        let device = if self.has_device { device } else { 0 };
        let name = mem::take(&mut self.device).into_bytes();
        let name = self.text(name, usize::from(device))?;
        self.device = String::from_utf8(name).map_err(io::Error::other)?;
        let found = mem::take(&mut self.words);
        self.words = self.text(found, words as usize)?;
        row.identity = Words::read(&self.words)?.identity().next().is_some();
        self.row = Some(row);
        Ok(())
    }

    /// Reads the next bytes of the file into `text`.
    fn text(&mut self, mut text: Vec<u8>, length: usize) -> io::Result<Vec<u8>> {
        if length > words::LONGEST {
            return Err(damaged());
        }
        text.resize(length, 0);
        self.file.read_exact(&mut text)?;
        Ok(text)
    }
}

fn write(rows: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<File> {
    let mut out = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
    rows(&mut out)?;
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

fn write_entry(out: &mut impl Write, entry: &Entry<'_>) -> io::Result<()> {
    let Entry { row, device, words } = entry;
    let mut fixed = [0; FIXED];
    let mut rest = &mut fixed[..];
    rest.write_all(&row.item.to_le_bytes())?;
    rest.write_all(&row.order.to_le_bytes())?;
    rest.write_all(&row.count.to_le_bytes())?;
    rest.write_all(&row.format.to_le_bytes())?;
    rest.write_all(&row.first.to_bytes())?;
    rest.write_all(&row.last.to_bytes())?;
    rest.write_all(&[row.action as u8, row.field as u8])?;
    let length = device.map_or(NOBODY, |device| device.len() as u16);
    rest.write_all(&length.to_le_bytes())?;
    rest.write_all(&(words.bytes().len() as u32).to_le_bytes())?;
    out.write_all(&fixed)?;
    out.write_all(device.unwrap_or_default().as_bytes())?;
    out.write_all(words.bytes())
}

/// The next bytes of a row in a file.
fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (found, after) = rest.split_first_chunk().expect("as many as were written");
    *rest = after;
    *found
}

fn known<T: Copy>(all: &[T], [number]: [u8; 1]) -> io::Result<T> {
    let found = all.get(usize::from(number)).copied();
    found.ok_or_else(damaged)
}

fn damaged() -> io::Error {
    io::Error::other("a row is damaged")
}
