"""Outcomes as rows of bytes, for a state file or for another machine."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

from quetsach.files.inputs import Skipped
from quetsach.files.spool import Spool
from quetsach.scanning.engine import Part, SourceResult
from quetsach.scanning.executor import Outcome
from quetsach.sightings import wire
from quetsach.sightings.sighting import Coverage
from quetsach.sightings.wire import WireBypasses, WireSightings

type Row = tuple[str, bytes]
"""Its kind (`lines`, `bypasses`, `coverage`, `skipped`, `body` or `part`), and its bytes, at most about
1 MiB."""
_BLOCK_BYTES = 1 << 20


def to_rows(outcome: Outcome) -> Iterator[Row]:
    """One outcome; its large pieces come first."""
    match outcome:
        case SourceResult():
            found = outcome.sightings
            lines = found if isinstance(found, WireSightings) else wire.keep(found)
            for block in lines.blocks():
                yield "lines", block
            ways = outcome.bypasses
            around = ways if isinstance(ways, WireBypasses) else wire.keep_bypasses(ways)
            for block in around.blocks():
                yield "bypasses", block
            coverage = outcome.coverage._asdict()
            counts = {"count": len(lines), "bypasses": len(around)}
            yield "coverage", _json({**counts, "coverage": coverage})
        case Skipped():
            shown = [str(outcome.path), outcome.why, _text(outcome.same_as)]
            yield "skipped", _json(shown)
        case Part():
            for at in range(0, len(outcome.body), _BLOCK_BYTES):
                yield "body", outcome.body[at : at + _BLOCK_BYTES]
            headers = [base64.b64encode(header).decode() for header in (outcome.before, outcome.after)]
            yield "part", _json([outcome.start, outcome.end, outcome.source, *headers, outcome.errors])


class Assembly:
    """Builds outcomes from their rows, which are put in one after another."""

    def __init__(self) -> None:
        self._spool, self._around, self._held = Spool(), Spool(), bytearray()

    def put(self, kind: str, data: bytes) -> Outcome | None:
        """The outcome that ends with this row. Raises OSError where its lines do not fit into the spool."""
        match kind:
            case "lines":
                self._spool.put(data)
            case "bypasses":
                self._around.put(data)
            case "body":
                self._held += data
            case "coverage":
                fields = json.loads(data)
                lines = WireSightings(fields["count"], self._spool.read)
                around = WireBypasses(fields["bypasses"], self._around.read)
                self._spool, self._around = Spool(), Spool()
                return SourceResult(lines, Coverage.of(fields["coverage"]), around)
            case "skipped":
                return Skipped(*json.loads(data))
            case "part":
                start, end, source, before, after, errors = json.loads(data)
                headers = base64.b64decode(before), base64.b64decode(after)
                held, self._held = self._held, bytearray()
                return Part(start, end, source, *headers, errors, bytes(held))
        return None


def to_outcomes(rows: Iterable[Row]) -> Iterator[Outcome]:
    """The outcomes of these rows. Raises OSError as `Assembly.put` does."""
    assembly = Assembly()
    for kind, data in rows:
        outcome = assembly.put(kind, data)
        if outcome is not None:
            yield outcome


def _text(path: object) -> str | None:
    return None if path is None else str(path)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
