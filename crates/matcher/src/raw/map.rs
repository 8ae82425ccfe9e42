//! A read-only view of a compiled set: a memory map, or bytes built in memory.
use std::fs::File;
use std::io;
use std::ops::Deref;

#[derive(Debug)]
pub enum Map {
    File(memmap2::Mmap),
    Memory(Vec<u8>),
}

impl Map {
    /// Maps the whole file.
    pub fn open(file: &File) -> io::Result<Self> {
        // SAFETY: invariant 4.
        unsafe { memmap2::Mmap::map(file) }.map(Map::File)
    }
}

impl Deref for Map {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Map::File(map) => map,
            Map::Memory(bytes) => bytes,
        }
    }
}
