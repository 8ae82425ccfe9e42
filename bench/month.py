"""`python -m bench month`: an office's month, many gzip files, scanned as one folder."""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
from pathlib import Path

from bench.compressed import pack
from bench.measure import machine, run, warm
from bench.peers import Quetsach
from bench.ratios import add_options, alternate, data, print_table
from demo.loggen import KINDS, Truth
from demo.loggen.__main__ import size


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench month`."""
    add_options(parser, size="1G")
    parser.set_defaults(rounds=3)
    parser.add_argument("--total", type=size, default=size("500M"), help="of the packed files, default 500M")
    parser.add_argument("--jobs", type=int, default=2)


def month(asked: argparse.Namespace) -> int:
    """Measure; 1 if an answer was wrong."""
    folder = data(asked)
    log, plain = folder / KINDS[asked.kind].file_name, folder / f"indicators-{asked.items}.txt"
    planted = sum(row.file == log.name for row in Truth.read(folder / "truth.jsonl").rows.values())
    files = _files(pack(log, ".gz"), folder / f"month-{asked.kind}", asked.total)
    ours = Quetsach("native", asked.jobs)
    ours.prepare(plain, folder)
    answers = set()

    def scan() -> float:
        out = folder / "out.jsonl"
        out.unlink(missing_ok=True)
        cost, _ = run(ours.command(files[0].parent, plain, folder, out), (0, 1), ours.env())
        with out.open(encoding="utf-8") as lines:
            answers.add(sum(json.loads(line)["type"] == "sighting" for line in lines))
        return cost.seconds

    seconds = alternate({f"quetsach, {len(files)} files, {asked.jobs} threads": scan}, asked.rounds)
    print_table(seconds, log.stat().st_size * len(files), machine())
    return int(answers != {planted * len(files)})


def _files(packed: Path, folder: Path, total: int) -> list[Path]:
    """Many copies of one packed log; a line before the log makes each copy a source of its own."""
    folder.mkdir(exist_ok=True)
    count = max(1, -(-total // packed.stat().st_size))
    files = [folder / f"{number:02}.log.gz" for number in range(count)]
    for stale in set(folder.iterdir()) - set(files):
        stale.unlink()
    for file in files:
        if not file.exists():
            with file.open("wb") as out, packed.open("rb") as source:
                out.write(gzip.compress(f"#open\t{file.name}\n".encode()))
                shutil.copyfileobj(source, out, 1 << 20)
        warm(file)
    return files
