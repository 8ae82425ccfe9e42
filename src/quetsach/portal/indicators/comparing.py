"""The difference between a list and the version in use, computed once, when the list is read.

Both lists are stored sorted, so one pass over both files finds it: no list is held in memory.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import batched
from typing import Any

from quetsach.portal.indicators import store
from quetsach.portal.indicators.entries import entry_of, lines_of, source_of
from quetsach.text.cells import guarded

SAMPLES = 20
"""Entries that the page shows of each kind of change and of each source."""
SOURCES = 10
"""Sources with the most removals that the page names."""
_TOGETHER = 1000
_SIMPLE = re.compile(rb"[a-z0-9][a-z0-9.:/_-]*\t[a-z0-9-]+\t(?:[A-Za-z0-9][A-Za-z0-9 ._-]*)?\t[0-9]*\n")
"""A line whose cells need neither quotation marks nor a guard against formulas."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]*|")
COLUMNS = ("change", "entry", "kind", "family", "source")


@dataclass
class Spread:
    """A few of many values, spread evenly over all of them."""

    values: list[bytes] = field(default_factory=list)
    _seen: int = 0
    _step: int = 1

    def add(self, value: bytes) -> None:
        if self._seen % self._step == 0:
            self.values.append(value)
            if len(self.values) >= 2 * SAMPLES:
                del self.values[1::2]
                self._step *= 2
        self._seen += 1

    def shown(self) -> list[str]:
        """At most `SAMPLES` values."""
        return [value.decode() for value in self.values[:: max(1, -(-len(self.values) // SAMPLES))]]


@dataclass
class Difference:
    """The changes from an older list to a newer list. Complete after `changes` was read to its end.

    `held` and `lost` count by source of the older list; entries of `samples` are spread over all of them.
    """

    old_files: Sequence[dict[str, Any]]
    new_files: Sequence[dict[str, Any]]
    added: int = 0
    removed: int = 0
    unchanged: int = 0
    held: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    added_samples: Spread = field(default_factory=Spread)
    samples: dict[str, Spread] = field(default_factory=dict)
    _names: dict[bytes, str] = field(default_factory=dict)

    def changes(self, old: str, new: str) -> Iterator[bytes]:
        """All changes as CSV, sorted like the lists; `old` and `new` are the SHA-256 of stored lists."""
        yield (",".join(COLUMNS) + "\n").encode()
        for some in batched(self._changed(old, new), _TOGETHER):
            yield b"".join(some)

    def _changed(self, old: str, new: str) -> Iterator[bytes]:
        before, after = lines_of(old), lines_of(new)
        mine, yours = next(before, b""), next(after, b"")
        held, lost = Counter[bytes](), Counter[bytes]()
        while mine or yours:
            # Most lines are the same in both lists: they are compared whole, and not taken apart.
            if mine == yours or (mine and yours and _spelling(mine) == _spelling(yours)):
                self.unchanged += 1
                held[_tail(mine)] += 1
                mine, yours = next(before, b""), next(after, b"")
            elif mine and (not yours or _spelling(mine) < _spelling(yours)):
                lost[_tail(mine)] += 1
                source = self._old_source(mine)
                self.samples.setdefault(source, Spread()).add(_spelling(mine))
                yield _row(b"removed", mine, source)
                mine = next(before, b"")
            else:
                self.added += 1
                self.added_samples.add(_spelling(yours))
                yield _row(b"added", yours, source_of(entry_of(yours), self.new_files))
                yours = next(after, b"")
        for tail, count in held.items():
            self.held[self._name(tail)] += count
        for tail, count in lost.items():
            self.lost[self._name(tail)] += count
            self.held[self._name(tail)] += count
            self.removed += count

    def _old_source(self, line: bytes) -> str:
        return self._name(_tail(line))

    def _name(self, tail: bytes) -> str:
        """The source of an older list's entry, by the end of its line; the few that there are are kept."""
        if tail not in self._names:
            self._names[tail] = source_of(entry_of(b"\t\t" + tail), self.old_files)
        return self._names[tail]

    def told(self) -> dict[str, Any]:
        """The difference as JSON; sources with the most removals come first."""
        return {
            "added": self.added,
            "removed": self.removed,
            "unchanged": self.unchanged,
            "added_samples": self.added_samples.shown(),
            "sources": [
                {"name": name, "removed": count, "of": self.held[name], "samples": self.samples[name].shown()}
                for name, count in self.lost.most_common(SOURCES)
            ],
        }


def _spelling(line: bytes) -> bytes:
    return line[: line.find(b"\t")]


def _tail(line: bytes) -> bytes:
    """The end of a line that names its file: the tab before it and the line feed with it, or nothing."""
    return line[line.rfind(b"\t") :] if line.count(b"\t") == 3 else b""


def _row(change: bytes, line: bytes, source: str) -> bytes:
    """One change as a line of CSV."""
    if _SIMPLE.fullmatch(line) and _PLAIN.fullmatch(source):
        return change + b"," + line[: line.rfind(b"\t")].replace(b"\t", b",") + f",{source}\n".encode()
    entry, row = entry_of(line), io.StringIO()
    cells = (change.decode(), guarded(entry.spelling), entry.kind, guarded(entry.family), guarded(source))
    csv.writer(row, lineterminator="\n").writerow(cells)
    return row.getvalue().encode()


def compare(old: Any, new: Any) -> dict[str, Any]:
    """The difference between two rows of lists, as JSON with the SHA-256 of the CSV of all changes.

    Raises:
        OSError: the disk is full, or a stored list is gone.
    """
    found = Difference(old.files, new.files)
    changes, _length = store.keep(found.changes(old.sha256, new.sha256))
    before = store.read_hashes(old.hashes).keys() if old.hashes else set()
    after = store.read_hashes(new.hashes).keys() if new.hashes else set()
    return {
        "against": str(old.pk),
        "version": old.version,
        "before": old.count,
        "hashes_added": len(after - before),
        "hashes_removed": len(before - after),
        "changes": changes,
        **found.told(),
    }


class Loss(StrEnum):
    """How much of the version in use a list loses."""

    LITTLE = "little"
    TENTH = "tenth"
    NEARLY_ALL = "nearly_all"

    @property
    def must_type(self) -> bool:
        """Whether the number of entries must be typed before such a list is published."""
        return self is not Loss.LITTLE


def loss_of(row: Any) -> Loss:
    """The loss that the list's stored difference shows: more than a tenth of the entries of the version in
    use, or fewer entries than a hundredth of its number."""
    before = row.difference.get("before", 0)
    if row.count * 100 < before:
        return Loss.NEARLY_ALL
    return Loss.TENTH if row.difference.get("removed", 0) * 10 > before else Loss.LITTLE
