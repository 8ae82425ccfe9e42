//! A plain file that several threads read, each at its own place.
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// Opens a log such that others may go on writing it, rename it and delete it: on Windows the standard library asks for
/// all three ways of sharing, and a path of any length is taken.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Reads at a place until `out` is full; how many bytes, fewer at the end of the file. On Windows reading moves the place
/// of the file itself, so nobody reads by that.
pub(crate) fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut n = 0;
    while n < out.len() {
        match read_some(file, &mut out[n..], offset + n as u64) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}

#[cfg(unix)]
fn read_some(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, offset)
}

#[cfg(windows)]
fn read_some(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, offset)
}

/// Bytes of a file from a place on, `left` at most.
pub(crate) struct Placed {
    file: Arc<File>,
    at: u64,
    left: u64,
}

impl Placed {
    pub fn new(file: Arc<File>, at: u64, left: u64) -> Placed {
        Placed { file, at, left }
    }
}

impl Read for Placed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = out
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let n = read_some(&self.file, &mut out[..room], self.at)?;
        self.at += n as u64;
        self.left -= n as u64;
        Ok(n)
    }
}

/// The stored bytes of a source.
pub(crate) enum Stored {
    Plain(Placed),
    Stream(Box<dyn Read + Send>),
}

impl Stored {
    /// Goes on from a place of a plain file; None where this is none.
    pub fn go_to(&mut self, place: u64) -> Option<()> {
        let Stored::Plain(placed) = self else {
            return None;
        };
        placed.at = place;
        Some(())
    }
}

impl Read for Stored {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Stored::Plain(placed) => placed.read(out),
            Stored::Stream(stream) => stream.read(out),
        }
    }
}
