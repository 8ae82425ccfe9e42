//! Measures the scan alone: `scan SET FORMATS LOG... [--rounds N] [--level NAME] [--asked FILE]`.
//!
//! FORMATS is the folder of the format files. Each log is scanned on one thread, round after round, its answer
//! dropped. FILE holds machines to ask about, one a line. Prints MB of log for each second of this process's processor time, the best of the rounds.
use std::fs;
use std::path::Path;
use std::sync::Arc;

use quetsach_matcher::format::Format;
use quetsach_matcher::options::{Limits, Options, Progress};
use quetsach_matcher::raw::Level;
use quetsach_matcher::reader::Input;
use quetsach_matcher::set::asked::Asked;
use quetsach_matcher::{Set, pipeline};

/// Nanoseconds that this process has spent on a processor, in its own code and in the kernel.
fn spent() -> u64 {
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let first = text.split(' ').next().unwrap_or_default();
    first.parse().unwrap_or(0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let usage = "scan SET FORMATS LOG... [--rounds N] [--level NAME] [--asked FILE]";
    let (mut paths, mut rounds, mut level) = (Vec::new(), 3, Level::best());
    let mut asked = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--rounds" => rounds = args.next().ok_or(usage)?.parse()?,
            "--asked" => {
                let text = fs::read_to_string(args.next().ok_or(usage)?)?;
                let machines = text.lines().map(str::to_owned).collect();
                asked = Some(Arc::new(Asked::new(machines)?));
            }
            "--level" => {
                let name = args.next().ok_or(usage)?;
                let mut known = Level::available().into_iter();
                level = known.find(|l| l.name() == name).ok_or(usage)?;
            }
            _ => paths.push(arg),
        }
    }
    let [set, folder, logs @ ..] = &paths[..] else {
        return Err(usage.into());
    };
    let set = Set::open(Path::new(set), None)?;
    let mut files: Vec<_> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    let mut formats = Vec::new();
    for file in files {
        formats.push(Format::parse(&fs::read_to_string(file)?)?);
    }
    let options = Options {
        tz: "Asia/Ho_Chi_Minh".to_owned(),
        format: None,
        devices: false,
        source_name: String::new(),
        asked,
        level,
        limits: Limits::default(),
    };
    println!("    MB/s      rows     lines  log");
    for log in logs {
        let (mut best, mut rows, mut seen) = (u64::MAX, 0, 0);
        for _ in 0..rounds {
            let begin = spent();
            let (mut lines, coverage) = pipeline::scan(
                &set,
                &formats,
                Path::new(log),
                Input::File,
                &options,
                &Progress::default(),
            )?;
            best = best.min(spent() - begin);
            (rows, seen) = (lines.len(&set)?, coverage.lines);
        }
        let bytes = fs::metadata(log)?.len();
        let rate = bytes as f64 * 1e3 / best as f64;
        println!("{rate:8.1} {rows:9} {seen:9}  {log}");
    }
    Ok(())
}
