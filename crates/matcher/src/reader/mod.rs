//! Bytes of one log source: plain, gzip or zstd, in UTF-8 or UTF-16. The first bytes decide, never the name.
//!
//! A fault goes into `errors` with file, place and advice; the bytes before it are scanned.
pub(crate) mod claim;
pub(crate) mod colours;
mod decoder;
mod held;
#[cfg(not(feature = "isal"))]
mod inflate;
mod members;
pub(crate) mod plain;
pub(crate) mod plain_lines;
pub mod range;
mod readahead;
#[cfg(test)]
mod tests;
pub(crate) mod utf16;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

pub(crate) use crate::reader::decoder::is_capture;
use crate::reader::decoder::{Decoder, Kind};

use self::held::Held;
use self::plain::{Placed, Stored, read_at};
use self::readahead::Readahead;
use crate::reader::utf16::{HEAD, Order, Utf16};

/// The first bytes of a source: from them its format is detected.
pub const START: usize = 1 << 16;

/// Bytes asked of the file at a time when it is compressed.
const STORED: usize = 128 * 1024;
/// Bytes at hand before a member is opened: its header is read at once, unless it is hostile.
const HEADER: usize = 4096;

const UNPACK: [(&[u8], &str); 4] = [
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"PK\x03\x04", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
];

/// A fault of a stream, in the words of the caller that opened it; `Source` puts the path before it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Problem(pub String);

/// Where the bytes come from.
pub enum Input {
    /// The file of the path that is shown, or standard input for `-`.
    File,
    /// Opened by the caller. `changed` is in microseconds since 1970.
    Stream {
        stream: Box<dyn Read + Send>,
        changed: Option<i64>,
    },
}

struct Member {
    kind: Kind,
    decoder: Decoder,
    ended: bool,
}

/// One input, read once.
pub struct Source {
    shown: String,
    stream: Option<Stored>,
    /// Reads the stream of a packed file, where another thread may.
    readahead: Option<Readahead>,
    pub may_read_ahead: bool,
    /// Scans that share the memory there is for what is unpacked.
    pub scans: usize,
    plain: Option<Arc<File>>,
    /// All of it is read, not only a range.
    is_whole: bool,
    held: Held,
    member: Option<Member>,
    begun: bool,
    /// Bytes of the file when it was opened.
    size: u64,
    /// Unpacked and not yet given out: what was read to recognise the encoding.
    start: VecDeque<u8>,
    utf16: Option<Utf16>,
    /// Decoded and not yet given out.
    decoded: VecDeque<u8>,
    /// The first decompressed bytes, before any decoding.
    pub head: Vec<u8>,
    /// Bytes taken from the file as it is stored.
    pub stored: u64,
    /// Bytes unpacked.
    pub unpacked: u64,
    /// Bytes given out: those unpacked, as UTF-8.
    pub given: u64,
    /// When the file was last changed, in microseconds; None for a stream.
    pub changed: Option<i64>,
    pub errors: Vec<String>,
}

impl Source {
    /// What fails is in `errors`.
    pub fn open(path: &Path, input: Input) -> Source {
        let mut source = Source {
            shown: path.display().to_string(),
            stream: None,
            readahead: None,
            may_read_ahead: false,
            scans: 1,
            plain: None,
            is_whole: true,
            held: Held::default(),
            member: None,
            begun: false,
            size: 0,
            start: VecDeque::new(),
            utf16: None,
            decoded: VecDeque::new(),
            head: Vec::new(),
            stored: 0,
            unpacked: 0,
            given: 0,
            changed: None,
            errors: Vec::new(),
        };
        if let Input::Stream { stream, changed } = input {
            source.stream = Some(Stored::Stream(stream));
            source.changed = changed;
            return source;
        }
        if path.as_os_str() == "-" {
            source.stream = Some(Stored::Stream(Box::new(io::stdin())));
            return source;
        }
        let opened = plain::open(path).and_then(|file| {
            let about = file.metadata()?;
            Ok((file, about))
        });
        match opened {
            Ok((file, about)) => {
                if about.is_file() {
                    source.size = about.len();
                    let changed = about
                        .modified()
                        .ok()
                        .and_then(|t| t.duration_since(UNIX_EPOCH).ok());
                    source.changed = changed.and_then(|d| i64::try_from(d.as_micros()).ok());
                    let file = Arc::new(file);
                    source.plain = Some(file.clone());
                    source.stream = Some(Stored::Plain(Placed::new(file, 0, u64::MAX)));
                } else {
                    source.stream = Some(Stored::Stream(Box::new(file)));
                }
            }
            Err(error) => source.unreadable(&error),
        }
        source
    }

    /// Takes the stream as text from a place of a file on: neither its kind nor its encoding is recognised.
    pub fn begin_text(&mut self, start: u64) {
        self.begun = true;
        self.is_whole = false;
        (self.unpacked, self.given) = (start, start);
    }

    fn unreadable(&mut self, error: &io::Error) {
        if let Some(problem) = error.get_ref().and_then(|e| e.downcast_ref::<Problem>()) {
            return self.fail(&problem.0);
        }
        // What strerror says, without the number that Rust adds.
        let reason = error.to_string();
        let reason = reason
            .split(" (os error")
            .next()
            .unwrap_or_default()
            .to_owned();
        self.fail(&format!(
            "cannot be read: {reason}; check that it exists and may be read"
        ));
    }

    /// Ends the reading because of what is wrong with the input.
    pub fn fail(&mut self, problem: &str) {
        self.errors.push(format!("{}: {problem}", self.shown));
        (self.stream, self.readahead) = (None, None);
        self.held.clear();
    }

    /// Ends the reading for a reason that lies elsewhere.
    pub fn stop(&mut self, reason: &str) {
        if self.errors.iter().any(|error| error.ends_with(reason)) {
            return;
        }
        let at = self.given;
        self.fail(&format!("stopped at byte {at}: {reason}"));
    }

    /// Ends the reading because someone asked for it, once.
    pub fn cancel(&mut self) {
        const REST: &str = "the rest was not looked at";
        if self.errors.iter().any(|error| error.ends_with(REST)) {
            return;
        }
        let at = self.given;
        self.fail(&format!("cancelled at byte {at}; {REST}"));
    }

    /// Bytes of text; 0 at the end, or where reading cannot go on.
    pub fn read(&mut self, out: &mut [u8]) -> usize {
        if !self.begun {
            self.begun = true;
            self.recognise();
            self.recognise_text();
        }
        let n = if self.utf16.is_some() {
            self.decode(out)
        } else {
            self.raw(out)
        };
        self.given += n as u64;
        n
    }

    fn recognise_text(&mut self) {
        let mut start = vec![0; HEAD];
        let mut n = 0;
        while n < HEAD {
            match self.raw(&mut start[n..]) {
                0 => break,
                more => n += more,
            }
        }
        start.truncate(n);
        if !is_capture(&start) {
            self.utf16 = Order::of(&start).map(Utf16::new);
        }
        self.start.extend(&start);
        self.head = start;
    }

    fn decode(&mut self, out: &mut [u8]) -> usize {
        while self.decoded.is_empty() {
            let Some(mut decoder) = self.utf16.take() else {
                break;
            };
            let mut block = vec![0; STORED];
            let n = self.raw(&mut block);
            let mut text = Vec::with_capacity(n + n / 2);
            decoder.feed(&block[..n], &mut text);
            if n == 0 && self.errors.is_empty() && !decoder.finish(&mut text) {
                let (word, at) = (decoder.order.word(), self.unpacked);
                self.fail(&format!("{word} text: ends in the middle of a character at byte {at}; what came before was scanned, copy the file again when it is complete"));
            }
            self.utf16 = Some(decoder);
            self.decoded.extend(&text);
            if n == 0 {
                break;
            }
        }
        self.decoded.read(out).unwrap_or(0)
    }

    /// Decompressed bytes, before any decoding.
    fn raw(&mut self, out: &mut [u8]) -> usize {
        if !self.start.is_empty() {
            return self.start.read(out).unwrap_or(0);
        }
        let n = if self.member.is_some() {
            self.unpack(out)
        } else {
            self.plain(out)
        };
        self.unpacked += n as u64;
        n
    }

    /// The last `size` bytes before `given`, where the source can be read again.
    pub fn tail(&mut self, size: usize) -> Option<Vec<u8>> {
        if !self.can_reread() {
            return None;
        }
        let file = self.plain.as_ref()?;
        let start = self.given.saturating_sub(size as u64);
        let mut out = vec![0; (self.given - start) as usize];
        let n = read_at(file, &mut out, start).ok()?;
        (n == out.len()).then_some(out)
    }

    /// The id of what was read, by its first bytes.
    pub fn id(&self) -> String {
        let digest = Sha256::digest(&self.head);
        digest.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Whether `tail` will work at the end.
    pub fn can_reread(&self) -> bool {
        self.plain.is_some() && self.member.is_none() && self.utf16.is_none()
    }

    fn fetch(&mut self, out: &mut [u8]) -> usize {
        loop {
            let Some(stream) = self.stream.as_mut() else {
                return 0;
            };
            match stream.read(out) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ if out.is_empty() => return 0,
                read => return self.note(read),
            }
        }
    }

    /// How many bytes came from the file, after something was asked of it.
    fn note(&mut self, read: io::Result<usize>) -> usize {
        match read {
            Ok(0) if self.stored < self.size => {
                self.lack(0, None);
                0
            }
            Ok(n) => {
                self.stored += n as u64;
                n
            }
            Err(error) => {
                self.unreadable(&error);
                0
            }
        }
    }

    fn recognise(&mut self) {
        let mut first = [0u8; 8];
        let mut n = 0;
        while n < first.len() {
            match self.fetch(&mut first[n..]) {
                0 => break,
                more => n += more,
            }
        }
        self.held.fill(n, |room| {
            room.copy_from_slice(&first[..n]);
            n
        });
        if let Some((_, name)) = UNPACK
            .iter()
            .find(|(magic, _)| first[..n].starts_with(magic))
        {
            self.fail(&format!(
                "is a {name} archive, which is not read; unpack it and scan what comes out"
            ));
            return;
        }
        for kind in [Kind::Gzip, Kind::Zstd] {
            if kind.begins(&first[..n]) {
                self.read_ahead();
                self.hold_header();
                match Decoder::new(kind, self.held.rest(), self.scans) {
                    Ok(decoder) => {
                        self.member = Some(Member {
                            kind,
                            decoder,
                            ended: false,
                        })
                    }
                    Err(error) => self.unreadable(&error),
                }
            }
        }
    }

    /// Lets another thread read a packed file, where one may.
    fn read_ahead(&mut self) {
        if !self.may_read_ahead || self.plain.is_none() {
            return;
        }
        if let Some(stream) = self.stream.take() {
            match Readahead::start(Box::new(stream)) {
                Ok(ahead) => self.readahead = Some(ahead),
                Err(error) => self.unreadable(&error),
            }
        }
    }

    /// Brings the header of a member in one piece.
    fn hold_header(&mut self) {
        while self.held.rest().len() < HEADER && self.refill() {}
    }

    fn plain(&mut self, out: &mut [u8]) -> usize {
        if self.held.is_empty() {
            return self.fetch(out);
        }
        let n = self.held.rest().len().min(out.len());
        out[..n].copy_from_slice(&self.held.rest()[..n]);
        self.held.skip(n);
        n + self.fetch(&mut out[n..])
    }

    /// Brings more stored bytes; false at the end.
    fn refill(&mut self) -> bool {
        let mut held = std::mem::take(&mut self.held);
        let n = match &self.readahead {
            None => held.fill(STORED, |room| self.fetch(room)),
            Some(ahead) => {
                let read = held.exchange(|block| ahead.exchange(block));
                self.note(read)
            }
        };
        if self.stream.is_none() && self.readahead.is_none() {
            held.clear();
        }
        self.held = held;
        n > 0
    }
}
