//! Measures phase 1 alone: `phase1 LIST.tsv|SET LOG [rounds [level]]`. Prints GB/s for each level of this processor.
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use quetsach_matcher::raw::Level;
use quetsach_matcher::token::{BACK, Candidates, FRONT, Scratch, Search};
use quetsach_matcher::{Set, setfile};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let begin = Instant::now();
    let set = match Set::open(Path::new(&args[1])) {
        Ok(set) => set,
        Err(_) => setfile::compile(&std::fs::read(&args[1])?)?,
    };
    eprintln!(
        "{} indicators in {:.3} s",
        set.count(),
        begin.elapsed().as_secs_f64()
    );
    let rounds: usize = args.get(3).map_or(Ok(3), |n| n.parse())?;
    const CHUNK: usize = 256 * 1024;
    let asked = |level: &Level| args.get(4).is_none_or(|name| name == level.name());
    for level in Level::available().into_iter().filter(asked) {
        for _ in 0..rounds {
            let mut file = File::open(&args[2])?;
            let mut buf = vec![0u8; FRONT + CHUNK + BACK];
            let mut scratch = Box::<Scratch>::default();
            let mut out = Candidates::default();
            let (mut kept, mut total, mut places) = (0, 0, 0);
            let begin = Instant::now();
            loop {
                let n = file.read(&mut buf[FRONT + kept..FRONT + CHUNK])?;
                let have = kept + n;
                if have == 0 {
                    break;
                }
                let whole = if n == 0 {
                    have
                } else {
                    memchr::memrchr(b'\n', &buf[FRONT..FRONT + have]).map_or(0, |i| i + 1)
                };
                let saved: [u8; BACK] = buf[FRONT + whole..FRONT + whole + BACK].try_into()?;
                buf[FRONT + whole..FRONT + whole + BACK].fill(0);
                out.places.clear();
                level.find(
                    &mut Search {
                        set: &set,
                        buf: &buf,
                        from: FRONT,
                        len: whole,
                        scratch: &mut scratch,
                    },
                    &mut out,
                );
                places += out.places.len();
                buf[FRONT + whole..FRONT + whole + BACK].copy_from_slice(&saved);
                buf.copy_within(FRONT + whole..FRONT + have, FRONT);
                kept = have - whole;
                total += whole;
            }
            let s = begin.elapsed().as_secs_f64();
            println!(
                "{} {:.3} GB/s, {} lines, {places} places",
                level.name(),
                total as f64 / s / 1e9,
                out.newlines
            );
        }
    }
    Ok(())
}
