//! Sorted runs of rows, in memory or in temporary files, merged into one order.
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::sync::Arc;
use std::vec;

use crate::rows::{Action, Field, Row};
use crate::set::Set;
use crate::time::{Value, Yearless};
use crate::words::Words;

/// More files are merged into one first.
const FILES: usize = 64;
const BUFFER: usize = 32 << 10;

/// Rows in order.
#[derive(Debug)]
pub struct Run {
    /// By their numbers.
    pub devices: Vec<Option<Arc<str>>>,
    /// Item, number of the device, and row.
    pub rows: Vec<(u32, u32, Row)>,
}

/// A row with what it is sorted by: the item as it is spelled on the wire, then the device.
#[derive(Debug)]
pub struct Entry {
    pub item: u32,
    pub device: Option<Arc<str>>,
    pub row: Row,
}

/// How the wire spells an item.
pub fn spelled(set: &Set, item: u32) -> &str {
    set.item(item).map_or("", |item| item.canonical())
}

/// The runs of one thread, or of all.
#[derive(Debug, Default)]
pub struct Runs {
    held: Vec<Run>,
    files: Vec<File>,
}

impl Runs {
    /// Keeps a sorted run in memory.
    pub fn hold(&mut self, run: Run) {
        self.held.push(run);
    }

    /// Writes a sorted run to a temporary file that vanishes with this process; if that fails it is held.
    pub fn spill(&mut self, run: Run, set: &Set) -> io::Result<()> {
        match write(|out| run.write_to(out)) {
            Ok(file) => self.add_file(file, set),
            Err(error) => {
                self.hold(run);
                Err(error)
            }
        }
    }

    /// Adds the runs of another thread.
    pub fn absorb(&mut self, other: Runs) {
        self.held.extend(other.held);
        self.files.extend(other.files);
    }

    /// Adds a run that `write_to` wrote.
    pub fn add_file(&mut self, file: File, set: &Set) -> io::Result<()> {
        self.files.push(file);
        if self.files.len() < FILES {
            return Ok(());
        }
        let all = Runs {
            held: Vec::new(),
            files: std::mem::take(&mut self.files),
        };
        self.files.push(write(|out| all.write_to(out, set))?);
        Ok(())
    }

    /// Writes all rows as one run.
    pub fn write_to(self, out: &mut impl Write, set: &Set) -> io::Result<()> {
        for entry in self.merged(set)? {
            let entry = entry?;
            write_row(out, entry.item, entry.device.as_deref(), &entry.row)?;
        }
        Ok(())
    }

    /// All rows in order; those of equal keys follow each other.
    pub fn merged(self, set: &Set) -> io::Result<Merged<'_>> {
        let held = self
            .held
            .into_iter()
            .map(|run| Stream::Held(run.devices, run.rows.into_iter()));
        let files = self
            .files
            .into_iter()
            .map(|file| Stream::File(BufReader::with_capacity(BUFFER, file)));
        let mut merged = Merged {
            set,
            streams: held.chain(files).collect(),
            heads: BinaryHeap::new(),
        };
        for from in 0..merged.streams.len() {
            merged.advance(from)?;
        }
        Ok(merged)
    }
}

enum Stream {
    Held(Vec<Option<Arc<str>>>, vec::IntoIter<(u32, u32, Row)>),
    File(BufReader<File>),
}

struct Head<'a> {
    spelled: &'a str,
    entry: Entry,
    from: usize,
}

impl Head<'_> {
    fn key(&self) -> (&str, &Option<Arc<str>>, usize) {
        (self.spelled, &self.entry.device, self.from)
    }
}

impl Ord for Head<'_> {
    /// The heap gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Head<'_> {}

pub struct Merged<'a> {
    set: &'a Set,
    streams: Vec<Stream>,
    heads: BinaryHeap<Head<'a>>,
}

impl Merged<'_> {
    fn advance(&mut self, from: usize) -> io::Result<()> {
        let next = match &mut self.streams[from] {
            Stream::Held(devices, rows) => rows.next().map(|(item, device, row)| Entry {
                item,
                device: devices[device as usize].clone(),
                row,
            }),
            Stream::File(file) => read_entry(file)?,
        };
        if let Some(entry) = next {
            let is_alone = self.streams.len() == 1;
            self.heads.push(Head {
                // One run is in order already.
                spelled: if is_alone {
                    ""
                } else {
                    spelled(self.set, entry.item)
                },
                entry,
                from,
            });
        }
        Ok(())
    }
}

impl Iterator for Merged<'_> {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let head = self.heads.pop()?;
        Some(self.advance(head.from).map(|()| head.entry))
    }
}

impl Run {
    fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut rows = self.rows.iter();
        rows.try_for_each(|(item, device, row)| {
            write_row(out, *item, self.devices[*device as usize].as_deref(), row)
        })
    }
}

fn write(rows: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<File> {
    let mut out = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
    rows(&mut out)?;
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

fn write_text(out: &mut impl Write, text: &[u8]) -> io::Result<()> {
    out.write_all(&(text.len() as u32).to_le_bytes())?;
    out.write_all(text)
}

fn write_time(out: &mut impl Write, time: Option<Value>) -> io::Result<()> {
    let mut bytes = [0u8; 9];
    match time {
        None => {}
        Some(Value::Known(micros)) => {
            bytes[0] = 1;
            bytes[1..].copy_from_slice(&micros.to_le_bytes());
        }
        Some(Value::Yearless(y)) => {
            let parts = [y.month, y.day, y.hour, y.minute, y.second];
            bytes[0] = 2;
            bytes[1..6].copy_from_slice(&parts.map(|part| part as u8));
        }
    }
    out.write_all(&bytes)
}

fn write_row(out: &mut impl Write, item: u32, device: Option<&str>, row: &Row) -> io::Result<()> {
    out.write_all(&item.to_le_bytes())?;
    out.write_all(&row.order.to_le_bytes())?;
    out.write_all(&row.count.to_le_bytes())?;
    out.write_all(&row.format.to_le_bytes())?;
    let small = [
        row.action as u8,
        row.field as u8,
        u8::from(device.is_some()),
    ];
    out.write_all(&small)?;
    write_time(out, row.first)?;
    write_time(out, row.last)?;
    write_text(out, device.unwrap_or_default().as_bytes())?;
    write_text(out, row.words.bytes())
}

fn bytes<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut out = [0; N];
    file.read_exact(&mut out)?;
    Ok(out)
}

fn read_text(file: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut out = vec![0; u32::from_le_bytes(bytes(file)?) as usize];
    file.read_exact(&mut out)?;
    Ok(out)
}

fn read_time(file: &mut impl Read) -> io::Result<Option<Value>> {
    let [kind, rest @ ..] = bytes::<9>(file)?;
    let part = |i: usize| rest[i] as i8;
    Ok(match kind {
        0 => None,
        1 => Some(Value::Known(i64::from_le_bytes(rest))),
        _ => Some(Value::Yearless(Yearless {
            month: part(0),
            day: part(1),
            hour: part(2),
            minute: part(3),
            second: part(4),
        })),
    })
}

/// The next row; None at the end of the file.
fn read_entry(file: &mut BufReader<File>) -> io::Result<Option<Entry>> {
    let mut first = [0u8; 4];
    if file.read(&mut first[..1])? == 0 {
        return Ok(None);
    }
    file.read_exact(&mut first[1..])?;
    let order = u64::from_le_bytes(bytes(file)?);
    let count = u64::from_le_bytes(bytes(file)?);
    let format = u16::from_le_bytes(bytes(file)?);
    let [action, field, has_device] = bytes(file)?;
    let (begin, end) = (read_time(file)?, read_time(file)?);
    let device = String::from_utf8(read_text(file)?).map_err(io::Error::other)?;
    let words = Words::read(read_text(file)?)?;
    Ok(Some(Entry {
        item: u32::from_le_bytes(first),
        device: (has_device == 1).then(|| device.into()),
        row: Row {
            order,
            first: begin,
            last: end,
            count,
            action: Action::ALL[action as usize],
            field: Field::ALL[field as usize],
            format,
            words,
        },
    }))
}
