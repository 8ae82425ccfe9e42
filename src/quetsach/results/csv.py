"""CSV: one row a sighting, with the field names of the wire format, safe to open in a spreadsheet.

`runs` are JSON. Behind the rows stand the lines that name an indicator and that no log format reads: `field`
is `not_understood`, and machine and indicator are empty. Then stand the ways around the place that wrote the
log: `indicator` is empty, `provider` is not, and `kind` is the way. `doubt` says why the indicator may be no
sign of malware. The byte order mark makes Excel read UTF-8. Times and runs are UTC, as on the wire.
"""

from __future__ import annotations

import csv
import io
import json
from typing import BinaryIO

from quetsach.results.machines import IDENTITY
from quetsach.results.output import Report
from quetsach.sightings.sighting import Bypass, Coverage, Sighting
from quetsach.text.cells import guarded
from quetsach.text.words import visible

_BEFORE = ("device", "who", *IDENTITY, "indicator", "kind", "family", "matched", "field", "action", "count")
_AFTER = (
    "day",
    "first_seen",
    "last_seen",
    "runs",
    "logformat",
    "path",
    "source",
    "doubt",
    "evidence",
    "provider",
)
_NOT_AS_ON_THE_WIRE = frozenset((*IDENTITY, "runs", "path", "doubt", "provider"))


def write(out: BinaryIO, report: Report) -> None:
    """Write all sightings."""
    text = io.TextIOWrapper(out, "utf-8-sig", errors="backslashreplace", newline="")
    rows = csv.writer(text)
    rows.writerow((*_BEFORE, *_AFTER))
    for sighting in report.result.sightings:
        rows.writerow(_row(sighting, report))
    for seen in report.result.coverage:
        for line in seen.unattributed:
            rows.writerow(_unread(seen, 1, line))
        more = seen.not_understood - len(seen.unattributed)
        if more > 0:
            rows.writerow(_unread(seen, more, ""))
    for bypass in report.result.bypasses:
        rows.writerow(_way(bypass, report))
    text.flush()
    text.detach()


def _unread(seen: Coverage, lines: int, evidence: str) -> list[str | int]:
    """A line that names an indicator and that no log format reads; or the number of lines not kept."""
    known = {"field": "not_understood", "path": seen.path, "source": seen.source, "evidence": evidence}
    return [
        lines if name == "count" else guarded(visible(known.get(name, ""))) for name in (*_BEFORE, *_AFTER)
    ]


def _way(bypass: Bypass, report: Report) -> list[str | int]:
    told = {
        **bypass._asdict(),
        **bypass.identity,
        "runs": json.dumps(bypass.runs, separators=(",", ":")),
        "path": report.paths.get(bypass.source, ""),
    }
    cells: list[str | int] = []
    for name in (*_BEFORE, *_AFTER):
        value = told.get(name) or ""
        cells.append(value if isinstance(value, int) else guarded(visible(value)))
    return cells


def _row(sighting: Sighting, report: Report) -> list[str | int]:
    doubt = report.doubts.get(sighting.indicator)
    extra = {
        **sighting.identity,
        "runs": json.dumps(sighting.runs, separators=(",", ":")),
        "path": report.paths.get(sighting.source, ""),
        "doubt": doubt.reason if doubt else "",
    }
    cells: list[str | int] = []
    for name in (*_BEFORE, *_AFTER):
        value = extra.get(name, "") if name in _NOT_AS_ON_THE_WIRE else getattr(sighting, name)
        cells.append(value if isinstance(value, int) else guarded(visible(value or "")))
    return cells
