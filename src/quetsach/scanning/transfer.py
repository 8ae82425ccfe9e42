"""Outcomes as rows of bytes, for a state file or for another machine."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

from quetsach import wire
from quetsach.aside import Aside
from quetsach.engine import Part, SourceResult
from quetsach.inputs import Skipped
from quetsach.scanning.executor import Outcome
from quetsach.sighting import Coverage
from quetsach.wire import WireSightings

type Row = tuple[str, bytes]
"""What it is (`lines`, `coverage`, `skipped`, `body` or `part`), and its bytes, at most about 1 MiB."""
_BLOCK_BYTES = 1 << 20


def to_rows(outcome: Outcome) -> Iterator[Row]:
    """One outcome; its large pieces come first."""
    match outcome:
        case SourceResult():
            found = outcome.sightings
            lines = found if isinstance(found, WireSightings) else wire.keep(found)
            for block in lines.blocks():
                yield "lines", block
            coverage = outcome.coverage._asdict()
            yield "coverage", _json({"count": len(lines), "coverage": coverage})
        case Skipped():
            shown = [str(outcome.path), outcome.why, _text(outcome.same_as)]
            yield "skipped", _json(shown)
        case Part():
            for at in range(0, len(outcome.body), _BLOCK_BYTES):
                yield "body", outcome.body[at : at + _BLOCK_BYTES]
            headers = [base64.b64encode(header).decode() for header in (outcome.before, outcome.after)]
            yield "part", _json([outcome.start, outcome.end, outcome.source, *headers, outcome.errors])


def to_outcomes(rows: Iterable[Row]) -> Iterator[Outcome]:
    """The outcomes again."""
    aside, held = Aside(), bytearray()
    for kind, data in rows:
        match kind:
            case "lines":
                aside.put(data)
            case "body":
                held += data
            case "coverage":
                fields = json.loads(data)
                yield SourceResult(WireSightings(fields["count"], aside.read), Coverage(**fields["coverage"]))
                aside = Aside()
            case "skipped":
                yield Skipped(*json.loads(data))
            case "part":
                start, end, source, before, after, errors = json.loads(data)
                headers = base64.b64decode(before), base64.b64decode(after)
                yield Part(start, end, source, *headers, errors, bytes(held))
                held = bytearray()


def _text(path: object) -> str | None:
    return None if path is None else str(path)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
