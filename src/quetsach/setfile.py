"""The compiled set file that both engines read (one JSON header line, then sections).

`QSSET1\\n`, a JSON object and `\\n`, then the sections it names by offset (from the end of that line) and
length. The portable engine writes and reads only `list`, one line an item, sorted like `IndicatorSet.items`:
hashed spelling, kind, family, with tabs between.
"""

from __future__ import annotations

import json
from pathlib import Path

from quetsach.errors import IndicatorError
from quetsach.indicator import Indicator, IndicatorSet, Kind, Scope

MAGIC = b"QSSET1\n"


def is_set_file(path: Path) -> bool:
    """Whether the file begins like a compiled set."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def list_section(indicators: IndicatorSet) -> bytes:
    """The canonical list, the section that every engine writes."""
    lines = (f"{i.hashed}\t{i.kind.value}\t{_flat(i.family)}\n" for i in indicators)
    return "".join(lines).encode()


def _flat(family: str) -> str:
    return " ".join(family.split())


def write(path: Path, indicators: IndicatorSet) -> None:
    """Write a compiled set. Raises IndicatorError if it is empty."""
    if not len(indicators):
        raise IndicatorError("the indicator set is empty; nothing to compile")
    body = list_section(indicators)
    header = {
        "id": indicators.id,
        "count": len(indicators),
        "sections": {"list": {"offset": 0, "length": len(body)}},
    }
    with path.open("wb") as file:
        file.write(MAGIC + json.dumps(header).encode() + b"\n" + body)


def read(path: Path) -> IndicatorSet:
    """Read a compiled set back. Raises IndicatorError naming the file when it is damaged or empty."""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise IndicatorError(
                    f"{path}: is no compiled indicator set; make one with 'indicators compile'"
                )
            header = json.loads(file.readline())
            section = header["sections"]["list"]
            file.seek(section["offset"], 1)
            body = file.read(section["length"])
    except OSError as error:
        raise IndicatorError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise IndicatorError(f"{path}: damaged header of a compiled set; compile it again") from error
    items = IndicatorSet(_lines(path, body))
    if len(items) != header.get("count") or items.id != header.get("id"):
        raise IndicatorError(f"{path}: its list does not agree with its header; compile it again")
    if not len(items):
        raise IndicatorError(f"{path}: the indicator set is empty")
    return items


def _lines(path: Path, body: bytes) -> list[Indicator]:
    found: list[Indicator] = []
    try:
        for line in body.decode().split("\n")[:-1]:
            hashed, kind, family = line.split("\t")
            scope = Scope.WITH_SUBDOMAINS
            if hashed.startswith("*."):
                hashed, scope = hashed[2:], Scope.SUBDOMAINS_ONLY
            elif hashed.startswith("="):
                hashed, scope = hashed[1:], Scope.EXACT
            found.append(Indicator(hashed, Kind(kind), scope, family))
    except ValueError as error:
        raise IndicatorError(
            f"{path}: damaged line {len(found) + 1} of the list; compile it again"
        ) from error
    return found
