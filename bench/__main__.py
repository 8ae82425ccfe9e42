"""`python -m bench [NAME]`: measure, print a table, keep the figures in var/bench/."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from bench import (
    asked,
    captures,
    cases,
    cluster,
    compressed,
    dense,
    endpoint,
    expressions,
    foreign,
    machines,
    matching,
    month,
    overview,
    readers,
    rows,
    scan,
    sets,
    threads,
    victims,
    watch,
    windows,
)
from bench.portal import country

_BENCHES: dict[str, tuple[Any, Callable[[argparse.Namespace], int]]] = {
    "all": (overview, overview.overview),
    "scan": (scan, scan.scan),
    "asked": (asked, asked.asked),
    "gzip": (compressed, compressed.compressed),
    "month": (month, month.month),
    "matching": (matching, matching.matching),
    "captures": (captures, captures.captures),
    "dense": (dense, dense.dense),
    "expressions": (expressions, expressions.expressions),
    "foreign": (foreign, foreign.foreign),
    "machines": (machines, machines.machines),
    "threads": (threads, threads.threads),
    "cluster": (cluster, cluster.cluster),
    "endpoint": (endpoint, endpoint.endpoint),
    "readers": (readers, readers.readers),
    "sets": (sets, sets.sets),
    "cases": (cases, cases.cases),
    "rows": (rows, rows.rows),
    "victims": (victims, victims.victims),
    "watch": (watch, watch.watch),
    "windows": (windows, windows.windows),
    "portal": (country, country.portal),
}


def main() -> int:
    """Run the named bench."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    benches = parser.add_subparsers(required=True)
    for name, (module, run) in _BENCHES.items():
        own = benches.add_parser(name, help=(module.__doc__ or "").replace("%", "%%"))
        module.configure(own)
        own.set_defaults(run=run)
    given = parser.parse_args(sys.argv[1:] or ["all"])
    return int(given.run(given))


if __name__ == "__main__":
    raise SystemExit(main())
