//! What a scan is asked, what it counts while it runs, and what it says it looked at.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64};

use crate::raw::Level;

/// Bounds of the contract, in bytes and lines; other values only in tests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub chunk: usize,
    pub long_line: usize,
    pub parsed_part: usize,
    pub edge_lines: usize,
    pub edge_bytes: u64,
    /// Flows of a capture that are remembered before they begin to be forgotten.
    pub flows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            chunk: 256 << 10,
            long_line: 1 << 20,
            parsed_part: 1 << 16,
            edge_lines: 64,
            edge_bytes: 1 << 20,
            flows: 1 << 16,
        }
    }
}

/// How to read one source.
#[derive(Clone, Debug)]
pub struct Options {
    /// Zone of times without one.
    pub tz: String,
    /// Forces a log format by its name.
    pub format: Option<String>,
    /// Also tell who was alive each day.
    pub devices: bool,
    pub source_name: String,
    pub level: Level,
    pub limits: Limits,
}

/// Counters that a scan moves and another thread reads.
#[derive(Debug, Default)]
pub struct Progress {
    pub bytes_read: AtomicU64,
    pub hits: AtomicU64,
    pub cancelled: AtomicBool,
}

/// What was looked at in one source (contract 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub source: String,
    pub path: String,
    pub name: String,
    pub bytes: u64,
    pub lines: u64,
    pub not_understood: u64,
    pub long_lines: u64,
    pub inbound: u64,
    pub first: Option<String>,
    pub last: Option<String>,
    pub time: &'static str,
    pub zone: String,
    pub devices: BTreeMap<String, Vec<String>>,
    pub errors: Vec<String>,
}
