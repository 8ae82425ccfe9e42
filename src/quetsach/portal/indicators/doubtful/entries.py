"""The doubtful entries of a list, as they are stored beside it: a line of the list, then its code.

They never change. `models.Decision` says what a person decided; where nobody did, the group decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from quetsach.indicators.guard import Concern, Group
from quetsach.indicators.guards.groups import OF_CODE
from quetsach.indicators.indicator import IndicatorSet as Items
from quetsach.portal.indicators import store
from quetsach.portal.indicators.models import IndicatorSet


class Entry:
    """One doubtful entry; `line` is the line of the list that holds it, without its end."""

    __slots__ = ("__dict__", "code", "line")

    def __init__(self, line: bytes, code: str) -> None:
        self.line, self.code = line, code

    @cached_property
    def spelling(self) -> str:
        """The hashed spelling."""
        return self.line.partition(b"\t")[0].decode()

    @property
    def kind(self) -> str:
        """The word for its kind."""
        return self.line.split(b"\t")[1].decode()

    @property
    def family(self) -> str:
        """The name of its malware, if any."""
        return self.line.split(b"\t")[2].decode()

    @property
    def group(self) -> Group:
        """Its group, by its code."""
        return OF_CODE[self.code]

    @cached_property
    def key(self) -> str:
        """A name of fixed length for the entry, for addresses and forms of pages."""
        return hashlib.sha256(self.spelling.encode()).hexdigest()


def lines_of(
    concerns: Iterable[Concern], files_of: Callable[[Items], Iterable[int | None]]
) -> Iterator[bytes]:
    """The stored form of doubtful entries, sorted by their spelling; `files_of` tells the number of the
    uploaded file of each."""
    codes = {(one.indicator.kind, one.indicator.value): one.code for one in concerns}
    items = Items(one.indicator for one in concerns)
    for item, line in zip(items, store.list_lines(items, files_of(items)), strict=True):
        yield line.rstrip(b"\n") + b"\t" + codes[item.kind, item.value].encode() + b"\n"


def entries(row: IndicatorSet, wanted: Callable[[Entry], bool] = lambda _entry: True) -> list[Entry]:
    """The doubtful entries of a list that are wanted, in the order of the list."""
    if not row.doubts:
        return []
    with store.place(row.doubts).open("rb") as file:
        split = (line.rstrip(b"\n").rpartition(b"\t") for line in file)
        read = (Entry(line, code.decode()) for line, _tab, code in split)
        return [one for one in read if wanted(one)]
