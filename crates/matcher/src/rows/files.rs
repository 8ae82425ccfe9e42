//! Stretches of rows in temporary files.
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::mem;

use crate::format::Action;
use crate::line::hit::Field;
use crate::rows::entry::Entry;
use crate::rows::row::{NONE, Other, Others, Row};
use crate::rows::span::Span;
use crate::rows::words::{self, Words};
use crate::time::when::When;

const BUFFER: usize = 64 << 10;
/// Bytes of a row in a file, before its machine, its words and its other runs.
const FIXED: usize = 50;
/// Bytes of a run.
const RUN: usize = 24;
/// Stands for the length of a device where there is no device.
const NOBODY: u16 = u16::MAX;

/// A stretch in a file, and its row at hand.
#[derive(Debug)]
pub(super) struct FileStretch<'a> {
    file: BufReader<&'a File>,
    row: Option<Row>,
    device: String,
    has_device: bool,
    who: String,
    words: Vec<u8>,
    others: Others,
}

impl<'a> FileStretch<'a> {
    /// From its first row on.
    pub fn new(mut file: &'a File) -> io::Result<FileStretch<'a>> {
        file.rewind()?;
        Ok(FileStretch {
            file: BufReader::with_capacity(BUFFER, file),
            row: None,
            device: String::new(),
            has_device: false,
            who: String::new(),
            words: Vec::new(),
            others: Others::default(),
        })
    }

    pub fn entry(&self) -> Option<Entry<'_>> {
        Some(Entry {
            row: self.row.as_ref()?,
            others: &self.others,
            device: self.has_device.then_some(&self.device),
            who: &self.who,
            words: Words::at(&self.words),
        })
    }

    /// Reads the next row; none is at hand behind the last.
    pub fn next(&mut self) -> io::Result<()> {
        self.row = None;
        if self.file.fill_buf()?.is_empty() {
            return Ok(());
        }
        let mut fixed = [0; FIXED];
        self.file.read_exact(&mut fixed)?;
        let mut rest = &fixed[..];
        let mut row = Row {
            item: u32::from_le_bytes(take(&mut rest)),
            machine: 0,
            order: u64::from_le_bytes(take(&mut rest)),
            run: take_run(take(&mut rest)),
            others: NONE,
            format: u16::from_le_bytes(take(&mut rest)),
            action: known(&Action::ALL, take(&mut rest))?,
            field: known(&Field::ALL, take(&mut rest))?,
            words: 0,
            identity: false,
            is_latest: false,
        };
        let device = u16::from_le_bytes(take(&mut rest));
        let who = u16::from_le_bytes(take(&mut rest));
        let others = u16::from_le_bytes(take(&mut rest));
        let words = u32::from_le_bytes(take(&mut rest));
        self.has_device = device != NOBODY;
        let device = if self.has_device { device } else { 0 };
        let name = mem::take(&mut self.device).into_bytes();
        let name = self.text(name, usize::from(device))?;
        self.device = String::from_utf8(name).map_err(io::Error::other)?;
        let name = mem::take(&mut self.who).into_bytes();
        let name = self.text(name, usize::from(who))?;
        self.who = String::from_utf8(name).map_err(io::Error::other)?;
        let found = mem::take(&mut self.words);
        self.words = self.text(found, words as usize)?;
        row.identity = Words::read(&self.words)?.identity().next().is_some();
        self.others.clear();
        for next in 1..=u32::from(others) {
            let mut bytes = [0; RUN];
            self.file.read_exact(&mut bytes)?;
            let is_last = next == u32::from(others);
            self.others.push(Other {
                run: take_run(bytes),
                next: if is_last { NONE } else { next },
            });
            row.others = 0;
        }
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

pub(super) fn write(rows: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<File> {
    let mut out = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
    rows(&mut out)?;
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

pub(super) fn write_entry(out: &mut impl Write, entry: &Entry<'_>) -> io::Result<()> {
    let Entry {
        row,
        others,
        device,
        who,
        words,
    } = entry;
    let mut runs = Vec::new();
    row.each_run(others, |run| runs.extend(run_bytes(run)));
    let (run, others) = runs.split_at(RUN);
    let mut fixed = [0; FIXED];
    let mut rest = &mut fixed[..];
    rest.write_all(&row.item.to_le_bytes())?;
    rest.write_all(&row.order.to_le_bytes())?;
    rest.write_all(run)?;
    rest.write_all(&row.format.to_le_bytes())?;
    rest.write_all(&[row.action as u8, row.field as u8])?;
    let length = device.map_or(NOBODY, |device| device.len() as u16);
    rest.write_all(&length.to_le_bytes())?;
    rest.write_all(&(who.len() as u16).to_le_bytes())?;
    rest.write_all(&((others.len() / RUN) as u16).to_le_bytes())?;
    rest.write_all(&(words.bytes().len() as u32).to_le_bytes())?;
    out.write_all(&fixed)?;
    out.write_all(device.unwrap_or_default().as_bytes())?;
    out.write_all(who.as_bytes())?;
    out.write_all(words.bytes())?;
    out.write_all(others)
}

fn run_bytes(run: Span) -> [u8; RUN] {
    let mut bytes = [0; RUN];
    bytes[..8].copy_from_slice(&run.first.to_bytes());
    bytes[8..16].copy_from_slice(&run.last.to_bytes());
    bytes[16..].copy_from_slice(&run.count.to_le_bytes());
    bytes
}

fn take_run(bytes: [u8; RUN]) -> Span {
    let mut rest = &bytes[..];
    Span {
        first: When::from_bytes(take(&mut rest)),
        last: When::from_bytes(take(&mut rest)),
        count: u64::from_le_bytes(take(&mut rest)),
    }
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
