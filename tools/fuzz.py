"""Throws hostile bytes at the matcher: builds the program of `fuzz/`, makes seeds, runs each target a while.

    python tools/fuzz.py [TARGET...] [--seconds N]

Exit code 1 when a target panics, hangs, or takes too much memory; libFuzzer prints the input and
keeps it in `fuzz/artifacts/TARGET/`. Needs rustup's toolchain (Debian's has no AddressSanitizer) and a C++
compiler. Without them the exit code is 77 (skipped), or 1 where changes are judged (CI=true).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from quetsach.files import source
from quetsach.logs import logformat
from tests.traffic import packets, quic

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ROOT = Path(__file__).resolve().parent.parent
FUZZ = ROOT / "fuzz"
MOST_SECONDS = 20
"""Seconds for one input; a slower input counts as a hang. Sanitizer and checks cost a factor of about ten."""
MOST_MEGABYTES = 2048
MOST_AT_ONCE = 512
"""Megabytes of one allocation, at most."""
LONGEST = {
    "captures": 8192,
    "lines": 2048,
    "formats": 4096,
    "setfile": 16_384,
    "containers": 16_384,
    "values": 64,
}
INSTRUMENT = (
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Zsanitizer=address",
    "--cfg=fuzzing",
    # A call for each access to memory: written out, each branch of these checks would count as one of ours.
    "-Cllvm-args=-asan-instrumentation-with-call-threshold=0",
    "-Cllvm-args=-asan-use-after-return=never",
    "-Clto=off",
)
"""The flags of `cargo fuzz`, and three that save the compiler work (docs/adr/0025-a-gate-in-two-lanes.md)."""
INSTRUMENTED = ("quetsach-matcher", "quetsach-fuzz", "zlib-rs")
"""Packages that are compiled so: our code, and unsafe Rust that reads the bytes of strangers."""


def samples() -> Iterator[tuple[int, bytes]]:
    """Every sample of every format behind its header lines, with the number of its format."""
    formats = logformat.load_all()
    for number, name in enumerate(sorted(formats)):
        for sample in formats[name].samples:
            text = "\n".join([*sample.header, sample.line, ""])
            yield number, text.encode("utf-8", "surrogatepass")


def golden() -> Iterator[bytes]:
    """The lines of the golden cases."""
    for line in (ROOT / "tests/data/golden.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        yield "\n".join([*case.get("header", []), case["line"], ""]).encode("utf-8", "surrogatepass")


def wrapped() -> Iterator[bytes]:
    """The lines of the golden cases as collectors write them: heads, records, rows of a table."""
    for case in list(golden())[::3]:
        line = case.decode("utf-8", "replace").split("\n")[-2]
        for text in (
            f"<134>1 2026-11-01T08:00:00Z 10.9.9.9 {line}",
            f"2026 Nov 01 15:00:00 (pc 1) any->/var/log/x [2001:db8::9]:514: {line}",
            json.dumps({"_source": {"event": {"original": line}, "time": "1793520000123"}}),
            json.dumps({"event": {"a": [line, None, 1.5]}, "records": [{"message": line}]}),
            '2026-11-01,08:00:00;"' + line.replace('"', '""') + '";10.9.9.9',
        ):
            yield text.encode("utf-8", "surrogatepass") + b"\n"


SEEDS_APART = 3
"""Every third log is a seed of `lines`: each costs five scans, and the other logs go through `formats`."""


def lines() -> Iterator[bytes]:
    """Two bytes for the cuts, then a log."""
    for log in [*golden(), *wrapped(), *(log for _, log in samples())][::SEEDS_APART]:
        yield b"\x20\x07" + log


def formats() -> Iterator[bytes]:
    """The number of a format, then a log."""
    for number, log in samples():
        yield bytes([number]) + log
    for number, log in enumerate([*golden(), *wrapped()]):
        if number % SEEDS_APART:
            yield b"\xff" + log


def setfiles() -> Iterator[bytes]:
    """Lists, and changes to a good file."""
    yield (FUZZ / "src/list.tsv").read_bytes()
    yield bytes(range(200))
    yield source.SET_MAGIC + json.dumps({"id": "x", "count": 1, "sections": {}}).encode() + b"\n"


def containers() -> Iterator[bytes]:
    """The number of bytes that the stream gives at a time, then logs in their stored form."""
    for log in list(golden())[:40]:
        yield b"\xff" + log
        yield b"\xff" + gzip.compress(log)
        yield b"\x07" + gzip.compress(log[:20]) + gzip.compress(log[20:]) + b"\0\0"
        yield b"\x40" + log.decode("utf-8", "replace").encode("utf-16")
        yield b"\xff" + zstd.compress(log)


def captures() -> Iterator[bytes]:
    """Two bytes of options, then a capture of a query, a reply, handshakes and a request."""
    listed = "a.evil.example"
    client, server = "10.1.2.3", "192.0.2.7"
    name = packets.client_hello(listed)[5:]
    parts = (quic.crypto(40, name[40:]), quic.crypto(0, name[:40]))
    # The targets are built to read the payload of such packets without a valid tag: no fuzzer makes one.
    hello = [
        b"\xc0\0\0\0\x01\x08" + bytes(10) + quic.number(len(part) + 17) + b"\0" + part + bytes(16)
        for part in parts
    ]
    flows = (
        (17, packets.udp(50_000, 53, packets.dns_query(listed))),
        (17, packets.udp(53, 50_000, packets.dns_reply(listed, [(1, bytes((192, 0, 2, 7)))]))),
        (6, packets.tcp(50_001, 443, packets.client_hello(listed))),
        (17, packets.udp(50_003, 443, quic.datagram(hello))),
        (6, packets.tcp(50_002, 80, b"GET /bad/start HTTP/1.1\r\nHost: page.example\r\n\r\n")),
    )
    frames = [packets.ethernet(packets.ip(client, server, kind, body)) for kind, body in flows]
    for chosen in ([frame] for frame in frames):
        yield b"\x10\x01" + packets.pcap([(1_700_000_000_000_000, frame) for frame in chosen])
    yield b"\x40\x01" + packets.pcap([(1_700_000_000_000_000, frame) for frame in frames], order=">")
    blocks = b"".join(packets.enhanced(1_700_000_000_000_000, frame) for frame in frames)
    yield b"\xff\x00" + packets.section() + packets.interface() + blocks


def values() -> Iterator[bytes]:
    """Every word of the samples: times and addresses among them."""
    for _, log in samples():
        yield from (word[:64] for word in log.replace(b'"', b" ").split())
        yield log[:64]


SEEDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "captures": captures,
    "lines": lines,
    "formats": formats,
    "setfile": setfiles,
    "containers": containers,
    "values": values,
}


def plant(target: str) -> Path:
    """The folder of a target's inputs, with its seeds."""
    folder = FUZZ / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS[target]():
        (folder / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    return folder


def host() -> str | None:
    """The machine's triple, where the toolchain can build with a sanitizer; else None."""
    if not (shutil.which("cargo") and shutil.which("c++")):
        return None
    output = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    triple = next(line.split()[1] for line in output.splitlines() if line.startswith("host:"))
    libraries = subprocess.run(
        ["rustc", "--print", "target-libdir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return triple if list(Path(libraries).glob("librustc-*_rt.asan.a")) else None


def build(triple: str) -> Path:
    """Build the program with all targets; returns its path."""
    flags = json.dumps(INSTRUMENT)
    chosen = [f"--config=profile.release.package.{name}.rustflags={flags}" for name in INSTRUMENTED]
    subprocess.run(
        ["cargo", "build", "-q", "--release", "--locked", "--target", triple, "-Zprofile-rustflags", *chosen],
        cwd=FUZZ,
        env={**os.environ, "RUSTC_BOOTSTRAP": "1"},
        check=True,
    )
    return FUZZ / "target" / triple / "release/fuzz"


def run(program: Path, target: str, seconds: int, seed: int) -> bool:
    """Whether the target survived that long; seed 0 means a random seed."""
    kept = FUZZ / "artifacts" / target
    kept.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [
            program,
            plant(target),
            f"-max_total_time={seconds}",
            f"-seed={seed}",
            f"-timeout={MOST_SECONDS}",
            f"-rss_limit_mb={MOST_MEGABYTES}",
            f"-malloc_limit_mb={MOST_AT_ONCE}",
            f"-max_len={LONGEST[target]}",
            f"-artifact_prefix={kept}/",
            "-print_final_stats=1",
            "-verbosity=0" if not sys.stderr.isatty() else "-verbosity=1",
        ],
        env={**os.environ, "QUETSACH_FUZZ_TARGET": target},
        check=False,
    )
    click.echo(f"fuzz {target}: {'stood' if done.returncode == 0 else 'FAILED'}", err=True)
    return done.returncode == 0


@click.command()
@click.argument("targets", nargs=-1, type=click.Choice(sorted(SEEDS)))
@click.option("--seconds", default=60, show_default=True, help="For each target.")
@click.option("--seed", default=0, help="Of the random choices; 0 takes another one each time.")
def main(targets: tuple[str, ...], seconds: int, seed: int) -> None:
    """Run the targets one after another; exit 1 when a target fails."""
    triple = host()
    if triple is None:
        click.echo("SKIPPED: fuzzing: it needs rustup's Rust and a C++ compiler", err=True)
        sys.exit(1 if os.environ.get("CI") == "true" else 77)
    program = build(triple)
    stood = [run(program, target, seconds, seed) for target in targets or sorted(SEEDS)]
    sys.exit(0 if all(stood) else 1)


if __name__ == "__main__":
    main()
