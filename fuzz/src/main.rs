//! All targets in one program, because most of a program's compilation is the matcher's generic code.
//! The environment variable QUETSACH_FUZZ_TARGET names the target to run.
#![no_main]
mod captures;
mod containers;
mod formats;
mod lines;
mod setfile;
mod shared;
mod values;

use std::env;
use std::sync::OnceLock;

use libfuzzer_sys::{Corpus, fuzz_target};

type Target = fn(&[u8]) -> Corpus;

static TARGET: OnceLock<Target> = OnceLock::new();

/// Before the first input, which would be taken for one that hangs on a machine at its limit.
fn prepare() {
    let name = env::var("QUETSACH_FUZZ_TARGET").expect("QUETSACH_FUZZ_TARGET names a target");
    let target: Target = match name.as_str() {
        "captures" => captures::run,
        "containers" => containers::run,
        "formats" => formats::run,
        "lines" => lines::run,
        "setfile" => setfile::run,
        "values" => values::run,
        _ => panic!("there is no target {name}"),
    };
    TARGET.set(target).expect("prepared once");
    shared::read_formats();
}

fuzz_target!(init: prepare(), |data: &[u8]| -> Corpus {
    TARGET.get().expect("prepared")(data)
});
