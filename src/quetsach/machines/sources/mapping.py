"""The meanings of the columns of a table, remembered for a source in a file for people to read and change.

    # quetsach: columns of a table of machines
    [columns]
    "Tên máy" = "host"
    "Ghi chú" = ""

The keys are those of `columns.COLUMNS`; "" leaves a column out.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping

from quetsach.machines.sources.columns import BY_KEY, NOT_READ
from quetsach.machines.sources.outcome import MachinesError
from quetsach.text.vietnamese import search_key

MOST_BYTES = 1 << 16


def parse(data: bytes) -> dict[str, str]:
    """The meaning of each heading. Raises MachinesError: `map` (no such file), `map_key` (an unknown key)."""
    if len(data) > MOST_BYTES:
        raise MachinesError("map", f"> {MOST_BYTES} B")
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise MachinesError("map", str(error)[:200]) from error
    told = document.get("columns")
    if not isinstance(told, dict) or not all(isinstance(key, str) for key in told.values()):
        raise MachinesError("map", "[columns]")
    for key in told.values():
        if key != NOT_READ and key not in BY_KEY:
            raise MachinesError("map_key", key[:60])
    return dict(told)


def written(columns: Mapping[str, str]) -> str:
    """The file for these headings and their keys."""
    keys = ", ".join(BY_KEY)
    lines = [
        "# quetsach: columns of a table of machines. Right of each heading stands its meaning, one of:",
        f"# {keys}",
        '# "" leaves the column out.',
        "[columns]",
        *(f"{_quoted(heading)} = {_quoted(key)}" for heading, key in columns.items()),
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A basic string of TOML 1.0, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def placed(headings: list[str], columns: Mapping[str, str]) -> dict[int, str]:
    """The meaning of each column that is read, by its place."""
    known = {search_key(heading): key for heading, key in columns.items()}
    found = {place: known.get(search_key(heading), NOT_READ) for place, heading in enumerate(headings)}
    return {place: key for place, key in found.items() if key != NOT_READ}


def missing(headings: list[str], columns: Mapping[str, str]) -> list[str]:
    """The headings that the mapping names and the table lacks."""
    there = {search_key(heading) for heading in headings}
    return [
        heading for heading, key in columns.items() if key != NOT_READ and search_key(heading) not in there
    ]
