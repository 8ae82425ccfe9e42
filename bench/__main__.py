"""`python -m bench scan`: measure, print a table, keep the figures in var/bench/."""

from __future__ import annotations

import argparse

from bench import scan


def main() -> int:
    """Run the bench that was named."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    benches = parser.add_subparsers(required=True)
    scan_parser = benches.add_parser("scan", help=scan.__doc__)
    scan.configure(scan_parser)
    scan_parser.set_defaults(run=scan.scan)
    asked = parser.parse_args()
    return int(asked.run(asked))


if __name__ == "__main__":
    raise SystemExit(main())
