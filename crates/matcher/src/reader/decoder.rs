//! The compressed formats that are unpacked while they are matched.
use std::io;

#[cfg(feature = "isal")]
use crate::raw::Inflate;
use crate::raw::{Frame, Slice};
#[cfg(not(feature = "isal"))]
use crate::reader::inflate::Inflate;

/// A member of a compressed file being unpacked.
pub enum Decoder {
    Gzip(Inflate),
    Zstd(Box<zstd::stream::raw::Decoder<'static>>),
    /// A frame, and the bytes of it that are unpacked and not given yet.
    Frame(Frame, Option<Slice>),
}

impl Decoder {
    /// A decoder for a member with this beginning; `scans` scans share the memory.
    pub fn new(kind: Kind, start: &[u8], scans: usize) -> io::Result<Decoder> {
        Ok(match kind {
            Kind::Gzip => Decoder::Gzip(Inflate::gzip()),
            Kind::Zstd => match Frame::new(start, scans) {
                Some(frame) => Decoder::Frame(frame, None),
                None => Decoder::Zstd(Box::new(zstd::stream::raw::Decoder::new()?)),
            },
        })
    }

    /// Whether `lend` can be asked.
    pub fn can_lend(&self) -> bool {
        matches!(self, Decoder::Frame(..))
    }

    /// As `run`, with the bytes where they lie; nothing of what cannot lend.
    pub fn lend(&mut self, input: &[u8]) -> (usize, Option<Slice>, Result<bool, String>) {
        let Decoder::Frame(frame, rest) = self else {
            return (0, None, Ok(false));
        };
        if rest.is_some() {
            return (0, rest.take(), Ok(false));
        }
        let (took, lent, status) = frame.next(input);
        (took, lent, status.map_err(str::to_owned))
    }

    /// Bytes taken, bytes given, and whether the member ended; or the fault of the member.
    pub fn run(&mut self, input: &[u8], out: &mut [u8]) -> (usize, usize, Result<bool, String>) {
        match self {
            Decoder::Frame(..) => {
                let (took, lent, status) = self.lend(input);
                let Some(mut lent) = lent else {
                    return (took, 0, status);
                };
                let n = lent.len().min(out.len());
                out[..n].copy_from_slice(&lent[..n]);
                lent.skip(n);
                if let (Decoder::Frame(_, rest), false) = (self, lent.is_empty()) {
                    *rest = Some(lent);
                }
                (took, n, status)
            }
            Decoder::Gzip(inner) => {
                let (took, gave, status) = inner.run(input, out);
                (took, gave, status.map_err(|problem| problem.to_string()))
            }
            Decoder::Zstd(inner) => {
                use zstd::stream::raw::{InBuffer, Operation, OutBuffer};
                let mut from = InBuffer::around(input);
                let mut to = OutBuffer::around(out);
                let status = inner.run(&mut from, &mut to);
                let (took, gave) = (from.pos(), to.pos());
                (
                    took,
                    gave,
                    status.map(|hint| hint == 0).map_err(|e| e.to_string()),
                )
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Gzip,
    Zstd,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::Gzip => "gzip",
            Kind::Zstd => "zstd",
        }
    }

    /// Whether a member or frame begins here (RFC 1952 2.3.1, RFC 8878 3.1).
    pub fn begins(self, start: &[u8]) -> bool {
        match self {
            Kind::Gzip => start.starts_with(b"\x1f\x8b"),
            Kind::Zstd => {
                start.starts_with(b"\x28\xb5\x2f\xfd")
                    || matches!(start, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..])
            }
        }
    }
}

/// Whether a file that begins like this is a capture.
pub fn is_capture(start: &[u8]) -> bool {
    match start {
        [0xa1, 0xb2, 0xc3, 0xd4, ..]
        | [0xa1, 0xb2, 0x3c, 0x4d, ..]
        | [0xd4, 0xc3, 0xb2, 0xa1, ..]
        | [0x4d, 0x3c, 0xb2, 0xa1, ..] => true,
        [0x0a, 0x0d, 0x0d, 0x0a, _, _, _, _, order @ ..] => {
            order.starts_with(&[0x1a, 0x2b, 0x3c, 0x4d])
                || order.starts_with(&[0x4d, 0x3c, 0x2b, 0x1a])
        }
        _ => false,
    }
}
