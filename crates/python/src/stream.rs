//! A stream that Python opened, read from Rust.
use std::io::{self, Read};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use quetsach_matcher::reader::Problem;

/// Bytes asked of Python at a time, so that its lock is taken seldom.
const BLOCK: usize = 1 << 20;

/// An object with `read(size) -> bytes`, empty at the end.
pub struct Stream {
    object: Py<PyAny>,
    block: Option<PyBackedBytes>,
    at: usize,
}

impl Stream {
    pub fn new(object: Py<PyAny>) -> Stream {
        Stream {
            object,
            block: None,
            at: 0,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self
            .block
            .as_ref()
            .is_none_or(|block| self.at == block.len())
        {
            self.block = None;
            let read = Python::attach(|py| {
                let found = self.object.call_method1(py, "read", (BLOCK,));
                found
                    .and_then(|bytes| bytes.extract::<PyBackedBytes>(py).map_err(Into::into))
                    .map_err(|error| error.value(py).to_string())
            });
            self.block = Some(read.map_err(|text| io::Error::other(Problem(text)))?);
            self.at = 0;
        }
        let rest = self
            .block
            .as_ref()
            .map_or(&[][..], |block| &block[self.at..]);
        let n = rest.len().min(out.len());
        out[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        Ok(n)
    }
}
