//! Measures phase 1 alone: `phase1 LIST.tsv|SET LOG... [--rounds N] [--level NAME]`.
//!
//! A log is handled in chunks of 256 KiB, round after round; of each chunk the fastest round counts, so that
//! what else the machine does weighs little. Prints GB/s of matching alone, and with the reading of the file.
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use quetsach_matcher::raw::Level;
use quetsach_matcher::token::{BACK, Candidates, FRONT, Scratch, Search};
use quetsach_matcher::{Set, setfile};

const CHUNK: usize = 256 * 1024;

struct Asked {
    set: String,
    logs: Vec<String>,
    rounds: usize,
    level: Option<String>,
}

fn asked() -> Option<Asked> {
    let mut args = std::env::args().skip(1);
    let mut asked = Asked {
        set: args.next()?,
        logs: Vec::new(),
        rounds: 5,
        level: None,
    };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--rounds" => asked.rounds = args.next()?.parse().ok()?,
            "--level" => asked.level = Some(args.next()?),
            _ => asked.logs.push(arg),
        }
    }
    Some(asked)
}

#[derive(Default)]
struct Totals {
    bytes: usize,
    lines: u64,
    places: usize,
}

/// One pass over a log; keeps each chunk's least time for reading and for matching.
fn pass(
    set: &Set,
    level: Level,
    log: &str,
    best: &mut Vec<[Duration; 2]>,
) -> std::io::Result<Totals> {
    let mut file = File::open(log)?;
    let mut buf = vec![0u8; FRONT + CHUNK + BACK];
    let mut scratch = Box::<Scratch>::default();
    let mut out = Candidates::default();
    let mut totals = Totals::default();
    let mut kept = 0;
    for chunk in 0.. {
        let begin = Instant::now();
        let n = file.read(&mut buf[FRONT + kept..FRONT + CHUNK])?;
        let read = begin.elapsed();
        let have = kept + n;
        if have == 0 {
            break;
        }
        let whole = match n {
            0 => have,
            _ => memchr::memrchr(b'\n', &buf[FRONT..FRONT + have]).map_or(0, |i| i + 1),
        };
        let end = FRONT + whole;
        let mut saved = [0; BACK];
        saved.copy_from_slice(&buf[end..end + BACK]);
        buf[end..end + BACK].fill(0);
        out.places.clear();
        let begin = Instant::now();
        let mut search = Search {
            set,
            buf: &buf,
            from: FRONT,
            len: whole,
            scratch: &mut scratch,
        };
        level.find(&mut search, &mut out);
        let matched = begin.elapsed();
        if best.len() == chunk {
            best.push([read, matched]);
        }
        let least = &mut best[chunk];
        *least = [least[0].min(read), least[1].min(matched)];
        totals.places += out.places.len();
        totals.bytes += whole;
        buf[end..end + BACK].copy_from_slice(&saved);
        buf.copy_within(end..FRONT + have, FRONT);
        kept = have - whole;
    }
    totals.lines = out.newlines;
    Ok(totals)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let asked = asked().ok_or("phase1 LIST.tsv|SET LOG... [--rounds N] [--level NAME]")?;
    let set = match Set::open(Path::new(&asked.set)) {
        Ok(set) => set,
        Err(_) => setfile::compile(&std::fs::read(&asked.set)?)?,
    };
    let chosen = |level: &Level| asked.level.as_ref().is_none_or(|name| name == level.name());
    println!("{:>9}  list {}", "", set.count());
    println!("   level matching with reading   lines  places  log");
    for log in &asked.logs {
        for level in Level::available().into_iter().filter(chosen) {
            let mut best = Vec::new();
            let mut totals = Totals::default();
            for _ in 0..asked.rounds {
                totals = pass(&set, level, log, &mut best)?;
            }
            let sum = |part: usize| best.iter().map(|t| t[part].as_secs_f64()).sum::<f64>();
            let rate = |seconds: f64| totals.bytes as f64 / seconds / 1e9;
            println!(
                "{:>8} {:8.3} {:12.3} {:8} {:7}  {log}",
                level.name(),
                rate(sum(1)),
                rate(sum(0) + sum(1)),
                totals.lines,
                totals.places
            );
        }
    }
    Ok(())
}
