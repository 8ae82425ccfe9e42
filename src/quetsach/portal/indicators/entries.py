"""The entries of a stored list as they are read back from its lines (`store`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from quetsach.portal.indicators import store


class Entry(NamedTuple):
    """One entry: its hashed spelling, kind and family, and the number of its file among the uploaded files.

    `file` is None for a list that was stored before files were noted.
    """

    spelling: str
    kind: str
    family: str
    file: int | None


def entry_of(line: bytes) -> Entry:
    """The entry of one stored line, with or without its line feed."""
    spelling, kind, family, *more = line.decode("utf-8").rstrip("\n").split("\t")
    return Entry(spelling, kind, family, int(more[0]) if more and more[0].isdecimal() else None)


def lines_of(sha256: str) -> Iterator[bytes]:
    """Stream the lines of a stored list."""
    with store.place(sha256).open("rb") as file:
        yield from file


def source_of(entry: Entry, files: Sequence[dict[str, Any]]) -> str:
    """The name of the uploaded file that brought the entry; "" where it was not noted."""
    if entry.file is None:
        return str(files[0]["name"]) if len(files) == 1 else ""
    return str(files[entry.file]["name"]) if entry.file < len(files) else ""
