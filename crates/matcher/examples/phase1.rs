//! Measures phase 1 alone: `phase1 LIST.tsv|SET LOG... [--rounds N] [--level NAME] [--threads N]`.
//!
//! A log is handled in chunks of 256 KiB, round after round; of each chunk the fastest round counts, so that
//! what else the machine does weighs little. Prints GB/s of matching alone, and with the reading of the file.
//! With `--threads` one thread and then that many look at chunks that lie in memory, by turns; prints GB/s of the
//! fastest round of each and how many times as fast the many are.
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use quetsach_matcher::raw::Level;
use quetsach_matcher::set::{Set, setfile};
use quetsach_matcher::token::{BACK, Candidates, FRONT, Scratch, Search};

const CHUNK: usize = 256 * 1024;
/// Chunks held in memory for threads: more than a cache holds.
const HELD: usize = 256;

struct Asked {
    set: String,
    logs: Vec<String>,
    rounds: usize,
    level: Option<String>,
    threads: Option<usize>,
}

fn asked() -> Option<Asked> {
    let mut args = std::env::args().skip(1);
    let mut asked = Asked {
        set: args.next()?,
        logs: Vec::new(),
        rounds: 5,
        level: None,
        threads: None,
    };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--rounds" => asked.rounds = args.next()?.parse().ok()?,
            "--level" => asked.level = Some(args.next()?),
            "--threads" => asked.threads = Some(args.next()?.parse().ok()?),
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
            endpoints: true,
            asked: None,
            buf: &buf,
            from: FRONT,
            len: whole,
            scratch: &mut scratch,
        };
        search.find(level, &mut out);
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

/// From when the first of these threads begins until the last has looked at its share of the chunks.
fn taken(set: &Set, level: Level, chunks: &[Vec<u8>], threads: usize) -> Duration {
    let ready = Barrier::new(threads);
    let look = |first: usize| {
        let mut scratch = Box::<Scratch>::default();
        let mut out = Candidates::default();
        ready.wait();
        let begin = Instant::now();
        for buf in chunks.iter().skip(first).step_by(threads) {
            out.places.clear();
            let mut search = Search {
                set,
                endpoints: true,
                asked: None,
                buf,
                from: FRONT,
                len: buf.len() - FRONT - BACK,
                scratch: &mut scratch,
            };
            search.find(level, &mut out);
        }
        (begin, Instant::now())
    };
    let look = &look;
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || look(first)))
            .collect();
        let times = running.into_iter().filter_map(|one| one.join().ok());
        let (begins, ends): (Vec<_>, Vec<_>) = times.unzip();
        let (begin, end) = (begins.into_iter().min(), ends.into_iter().max());
        end.zip(begin)
            .map_or(Duration::MAX, |(end, begin)| end - begin)
    })
}

/// GB/s of one thread and of many, each the best of the rounds, over the first chunks of a log.
fn by_threads(
    set: &Set,
    level: Level,
    log: &str,
    threads: usize,
    rounds: usize,
) -> std::io::Result<(f64, f64)> {
    let mut text = Vec::new();
    let most = (HELD * CHUNK) as u64;
    File::open(log)?.take(most).read_to_end(&mut text)?;
    let mut chunks = Vec::new();
    let mut rest = &text[..];
    while !rest.is_empty() {
        let near = &rest[..rest.len().min(CHUNK)];
        let end = memchr::memrchr(b'\n', near).map_or(near.len(), |i| i + 1);
        let (chunk, after) = rest.split_at(end);
        chunks.push([&[0; FRONT], chunk, &[0; BACK]].concat());
        rest = after;
    }
    let mut best = [Duration::MAX; 2];
    for _ in 0..rounds {
        for (least, threads) in best.iter_mut().zip([1, threads]) {
            *least = (*least).min(taken(set, level, &chunks, threads));
        }
    }
    let [one, all] = best.map(|time| text.len() as f64 / time.as_secs_f64() / 1e9);
    Ok((one, all))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let asked =
        asked().ok_or("phase1 LIST.tsv|SET LOG... [--rounds N] [--level NAME] [--threads N]")?;
    let set = match Set::open(Path::new(&asked.set), None) {
        Ok(set) => set,
        Err(_) => setfile::compile(&std::fs::read(&asked.set)?, None)?.into(),
    };
    let chosen = |level: &Level| asked.level.as_ref().is_none_or(|name| name == level.name());
    println!("{:>9}  list {}", "", set.count());
    if let Some(threads) = asked.threads {
        println!("threads      one      all  times  log");
        for log in &asked.logs {
            let level = Level::available().into_iter().rfind(chosen);
            let level = level.ok_or("no such level on this processor")?;
            let (one, all) = by_threads(&set, level, log, threads, asked.rounds)?;
            println!("{threads:>7} {one:8.3} {all:8.3} {:6.2}  {log}", all / one);
        }
        return Ok(());
    }
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
