"""`python -m demo.loggen`: write seeded logs, their indicator lists and the truth."""

from __future__ import annotations

import argparse
import gzip
import re
import sys
import time
from pathlib import Path

from demo.loggen import KINDS, make_indicators, write_bench_logs
from demo.loggen.indicators import write_csv, write_plain

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def size(text: str) -> int:
    """`1G`, `200M`, `4096`: bytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMG]?)B?", text.upper())
    if not match:
        raise argparse.ArgumentTypeError(f"{text} is no size: write 500M or 1G")
    return int(float(match[1]) * _UNITS[match[2]])


def counts(text: str) -> list[int]:
    """`10k,100k,1M`: numbers of indicators, ascending."""
    units = {"": 1, "K": 1000, "M": 1_000_000}
    found = [re.fullmatch(r"(\d+)([KM]?)", part.upper()) for part in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"{text} is no list of counts: write 10k,100k,1M")
    return sorted(int(m[1]) * units[m[2]] for m in found if m)


def main(arguments: list[str] | None = None) -> None:
    """Write the requested files and print their folder."""
    parser = argparse.ArgumentParser(prog="python -m demo.loggen", description=__doc__)
    parser.add_argument("--kind", default="zeek-dns", help="kinds by comma, or all: " + ", ".join(KINDS))
    parser.add_argument("--size", type=size, default=size("100M"), help="of each log")
    parser.add_argument(
        "--indicators", type=counts, default=[10_000], help="list sizes; hits are on the first list"
    )
    parser.add_argument("--hit-rate", type=float, default=0.0001, help="hits for each benign line")
    parser.add_argument(
        "--trap-rate", type=float, help="near misses for each benign line, as many by default"
    )
    parser.add_argument("--repeat", type=int, default=4, help="times that a machine meets the same indicator")
    parser.add_argument("--alike", type=float, default=0, help="share of these that say the same again")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--marked", action="store_true", help="mark every file as demo data")
    parser.add_argument("--variants", action="store_true", help="also gzip (two members) and zstd copies")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR")
    asked = parser.parse_args(arguments)
    kinds = list(KINDS) if asked.kind == "all" else asked.kind.split(",")
    if not set(kinds) <= KINDS.keys():
        parser.error(f"--kind: choose from {', '.join(KINDS)}")
    asked.out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    items = make_indicators(asked.indicators[-1], asked.seed)
    for count in asked.indicators:
        write_plain(items[:count], asked.out / f"indicators-{count}.txt")
        write_csv(items[:count], asked.out / f"indicators-{count}.csv")
    truth = write_bench_logs(
        asked.out,
        kinds,
        items,
        planted_from=asked.indicators[0],
        total_bytes=asked.size,
        hit_rate=asked.hit_rate,
        trap_rate=asked.trap_rate,
        repeat=asked.repeat,
        alike=asked.alike,
        seed=asked.seed,
        days=asked.days,
        marked=asked.marked,
    )
    truth.write(asked.out / "truth.jsonl")
    for source in truth.sources.values():
        size_of = f"{source.bytes:,} bytes, {source.lines:,} lines"
        print(f"{asked.out / source.file}: {size_of}, {source.planted:,} of them hits")
        if asked.variants:
            write_variants(asked.out / source.file)
    print(f"{len(truth.rows):,} rows of truth, {time.monotonic() - begun:.1f} s", file=sys.stderr)


def write_variants(plain: Path) -> None:
    """The same text as a gzip of two members, cut inside a line, and as zstd."""
    text = plain.read_bytes()
    middle = len(text) // 2
    members = (gzip.compress(part, 6, mtime=0) for part in (text[:middle], text[middle:]))
    plain.with_name(plain.name + ".gz").write_bytes(b"".join(members))
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    plain.with_name(plain.name + ".zst").write_bytes(zstd.compress(text))


if __name__ == "__main__":
    main()
