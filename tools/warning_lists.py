"""Writes the packaged warning lists from a folder or archive of misp-warninglists.

    python tools/warning_lists.py ARCHIVE

The same archive gives the same file. Refresh it at each release (docs/adr/0007-warning-lists.md).
"""

from __future__ import annotations

import sys
from pathlib import Path

from quetsach.indicators.guards import files, index, warninglists

FOLDER = Path(__file__).resolve().parent.parent / "src/quetsach/indicators/guards"


def main() -> None:
    """Write the selection and print its size."""
    wanted = warninglists.to_ship(Path(sys.argv[1]))
    data = index.packed(wanted)
    FOLDER.joinpath(index.SHIPPED).write_bytes(data)
    harmless = files.packed(Path(sys.argv[1]))
    FOLDER.joinpath(files.SHIPPED).write_bytes(harmless)
    for missing in sorted(warninglists.TREATMENT.keys() - {one.slug for one in wanted}):
        print(f"not in the archive: {missing}")
    print(f"{len(wanted)} lists, {sum(len(one.entries) for one in wanted)} entries, {len(data)} bytes")
    print(f"{len(harmless) // files.SIZE} hashes of harmless files, {len(harmless)} bytes")


if __name__ == "__main__":
    main()
