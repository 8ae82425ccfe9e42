"""The compiled set file that both engines read (one JSON header line, then sections).

`QSSET2\\n`, a JSON object and `\\n`, then the sections, which the object names by offset (from the end of
that line) and length. `size` is the length of all sections, and of the checksum behind an index: XXH3 of the
XXH3 of both halves of all bytes before it.
The portable engine writes and reads only two sections. `list` has one line an item, sorted like
`IndicatorSet.items`: its hashed spelling, a tab, and in digits the place of its label in `labels`. `labels`
has one line for each pair of kind and family, with a tab between, the commonest first.
"""

from __future__ import annotations

import json
from collections import Counter
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO, Final

from quetsach.errors import IndicatorError
from quetsach.files.source import OLD_SET_MAGIC, SET_MAGIC
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope

FOREIGN: Final = "is no compiled indicator set; make one with 'indicators compile'"
OLDER: Final = "the set was compiled by an older version; compile the list again with 'indicators compile'"
DAMAGED: Final = "the compiled set is damaged; compile the list again with 'indicators compile'"


def list_section(indicators: IndicatorSet) -> bytes:
    """The canonical list in the engines' form: hashed spelling, kind, family, with tabs between."""
    lines = (f"{i.hashed}\t{i.kind.value}\t{_flat(i.family)}\n" for i in indicators)
    return "".join(lines).encode()


def indicator(hashed: str, kind: Kind, family: str) -> Indicator:
    """The indicator with this hashed spelling."""
    scope = Scope.WITH_SUBDOMAINS
    if kind is Kind.DOMAIN and hashed.startswith("*."):
        hashed, scope = hashed[2:], Scope.SUBDOMAINS_ONLY
    elif kind is Kind.DOMAIN and hashed.startswith("="):
        hashed, scope = hashed[1:], Scope.EXACT
    return Indicator(hashed, kind, scope, family)


def _flat(family: str) -> str:
    return " ".join(family.split())


def write(path: Path, indicators: IndicatorSet) -> None:
    """Write a compiled set. Raises IndicatorError if it is empty."""
    if not len(indicators):
        raise IndicatorError("the indicator set is empty; nothing to compile")
    counts = Counter((i.kind.value, _flat(i.family)) for i in indicators)
    labels, places = bytearray(), {}
    for label in sorted(counts, key=lambda label: (-counts[label], *(word.encode() for word in label))):
        places[label] = len(labels)
        labels += f"{label[0]}\t{label[1]}\n".encode()
    body = "".join(f"{i.hashed}\t{places[i.kind.value, _flat(i.family)]}\n" for i in indicators).encode()
    header = {
        "id": indicators.id,
        "count": len(indicators),
        "sections": {
            "list": {"offset": 0, "length": len(body)},
            "labels": {"offset": len(body), "length": len(labels)},
        },
        "size": len(body) + len(labels),
    }
    with path.open("wb") as file:
        file.write(SET_MAGIC + json.dumps(header).encode() + b"\n" + body + labels)


def read(path: Path) -> IndicatorSet:
    """Read a compiled set. Raises IndicatorError naming the file when it is no set, or damaged."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(SET_MAGIC))
            if magic != SET_MAGIC:
                raise IndicatorError(f"{path}: {OLDER if magic == OLD_SET_MAGIC else FOREIGN}")
            header = json.loads(file.readline())
            start = file.tell()
            is_whole = file.seek(0, SEEK_END) - start == header["size"]
            body, labels = (_section(file, start, header["sections"][name]) for name in ("list", "labels"))
        items = IndicatorSet(_lines(body, labels))
    except OSError as error:
        raise IndicatorError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndicatorError(f"{path}: {DAMAGED}") from error
    if not is_whole or not len(items) or len(items) != header.get("count") or items.id != header.get("id"):
        raise IndicatorError(f"{path}: {DAMAGED}")
    return items


def _section(file: BinaryIO, start: int, place: dict[str, int]) -> bytes:
    file.seek(start + place["offset"])
    return file.read(place["length"])


def _labels(body: bytes) -> dict[str, tuple[Kind, str]]:
    found, at = {}, 0
    for line in body.split(b"\n")[:-1]:
        kind, family = line.decode().split("\t")
        found[str(at)] = Kind(kind), family
        at += len(line) + 1
    return found


def _lines(body: bytes, labels: bytes) -> list[Indicator]:
    known = _labels(labels)
    lines = (line.split("\t") for line in body.decode().split("\n")[:-1])
    return [indicator(hashed, *known[place]) for hashed, place in lines]
