//! Memory from the system: a read-only view of a compiled set, and large tables.
use std::alloc::{self, Layout};
use std::fs::File;
use std::io::{self, Read};
use std::ops::{Deref, DerefMut};

use crate::raw::streams::Places;

/// A compiled set: a memory map, or bytes built in memory.
#[derive(Debug)]
pub enum Map {
    File(memmap2::Mmap),
    Memory(Vec<u8>),
}

impl Map {
    /// Maps the whole file. On Windows a file is read into memory: a mapped file cannot be replaced by a newer one, and a
    /// stick that is pulled out would end the process.
    pub fn open(mut file: &File) -> io::Result<Self> {
        if cfg!(windows) {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            return Ok(Map::Memory(bytes));
        }
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

/// Bytes for a table that is looked at in no order: in large pages where the system has them, so that finding the
/// memory of a page does not take as long as bringing it.
#[derive(Debug)]
pub struct Pages(memmap2::MmapMut);

impl Pages {
    /// So many bytes, at least one, all zero. Panics where the system has no more memory.
    pub fn new(size: usize) -> Self {
        let map = memmap2::MmapMut::map_anon(size).expect("memory for a table");
        // It is only a wish.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Pages(map)
    }
}

impl Deref for Pages {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// The places of a part, all zero. Mostly few of its pages are ever needed: made on a stack, each would be touched, there
/// and here.
pub(crate) fn places() -> Box<Places> {
    let layout = Layout::new::<Places>();
    // SAFETY: invariant 8; the layout is that of the box, whose size is not zero.
    unsafe {
        let place = alloc::alloc_zeroed(layout);
        if place.is_null() {
            alloc::handle_alloc_error(layout);
        }
        Box::from_raw(place.cast())
    }
}
