"""`python -m bench scan|gzip|dense|threads|sets`: measure, print a table, keep the figures in var/bench/."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from bench import compressed, dense, scan, sets, threads

_BENCHES: dict[str, tuple[Any, Callable[[argparse.Namespace], int]]] = {
    "scan": (scan, scan.scan),
    "gzip": (compressed, compressed.compressed),
    "dense": (dense, dense.dense),
    "threads": (threads, threads.threads),
    "sets": (sets, sets.sets),
}


def main() -> int:
    """Run the bench that was named."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    benches = parser.add_subparsers(required=True)
    for name, (module, run) in _BENCHES.items():
        own = benches.add_parser(name, help=module.__doc__)
        module.configure(own)
        own.set_defaults(run=run)
    asked = parser.parse_args()
    return int(asked.run(asked))


if __name__ == "__main__":
    raise SystemExit(main())
