//! The compressed formats that are unpacked while they are matched.
use std::io;

#[cfg(not(feature = "isal"))]
use crate::inflate::Inflate;
#[cfg(feature = "isal")]
use crate::raw::Inflate;

/// A member of a compressed file being unpacked.
pub enum Decoder {
    Gzip(Inflate),
    Zstd(Box<zstd::stream::raw::Decoder<'static>>),
}

impl Decoder {
    pub fn new(kind: Kind) -> io::Result<Decoder> {
        Ok(match kind {
            Kind::Gzip => Decoder::Gzip(Inflate::gzip()),
            Kind::Zstd => Decoder::Zstd(Box::new(zstd::stream::raw::Decoder::new()?)),
        })
    }

    /// Bytes taken, bytes given, and whether the member ended or what is wrong with it.
    pub fn run(&mut self, input: &[u8], out: &mut [u8]) -> (usize, usize, Result<bool, String>) {
        match self {
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
