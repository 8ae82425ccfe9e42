"""CSV: one row a sighting, the field names of the wire format, safe to open in a spreadsheet.

The byte order mark makes Excel read UTF-8. Times are UTC as on the wire.
"""

from __future__ import annotations

import csv
import io
from typing import BinaryIO

from quetsach.output import Report
from quetsach.outputs.machines import IDENTITY
from quetsach.outputs.words import visible
from quetsach.sighting import Sighting
from quetsach.spreadsheet import guarded

_BEFORE = ("device", *IDENTITY, "indicator", "kind", "family", "matched", "field", "action", "count")
_AFTER = ("day", "first_seen", "last_seen", "logformat", "path", "source", "evidence")


def write(out: BinaryIO, report: Report) -> None:
    """Write all sightings."""
    paths = report.paths
    text = io.TextIOWrapper(out, "utf-8-sig", errors="backslashreplace", newline="")
    rows = csv.writer(text)
    rows.writerow((*_BEFORE, *_AFTER))
    for sighting in report.result.sightings:
        rows.writerow(_row(sighting, paths))
    text.flush()
    text.detach()


def _row(sighting: Sighting, paths: dict[str, str]) -> list[str | int]:
    extra = {**sighting.identity, "path": paths.get(sighting.source, "")}
    cells: list[str | int] = []
    for name in (*_BEFORE, *_AFTER):
        value = extra.get(name, "") if name in IDENTITY or name == "path" else getattr(sighting, name)
        cells.append(value if isinstance(value, int) else guarded(visible(value or "")))
    return cells
