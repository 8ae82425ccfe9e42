"""Reads lists of indicators in all forms that publishers use.

Every line is an indicator, a comment, or a remark with its number and reason; nothing is dropped silently.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from quetsach.errors import IndicatorError
from quetsach.files.source import is_set_file
from quetsach.indicators import forms, setfile
from quetsach.indicators.draft import Draft
from quetsach.indicators.fast_path import draft_canonical_lines
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope
from quetsach.indicators.lists.item import hash_in, parse
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.origin import Origin, Origins, of_draft
from quetsach.indicators.lists.remark import Reject, Remark
from quetsach.indicators.lists.unpack import lists
from quetsach.indicators.lists.value import Note
from quetsach.text.reasons import REJECTS, WARNINGS

COMPILED = "compiled"
FIRST_LEFT_OUT = 100_000
MOST_LEFT_OUT = 1_000_000
"""Entries of one list that cannot be used, before the first that can and where they are more than those that
can: it is no list, and to name each of its lines would take minutes and gigabytes. Hashes are of use to a
check."""
MOST_VALUES = 3_000_000
MOST_SECONDS = 60.0
"""Of bounded reading, all lists together: entries, but for those that the native engine took (`fast_path`),
and the thread's processor time."""


class NoListError(IndicatorError):
    """Hardly anything in the file at `source` can be used."""

    def __init__(self, source: str, text: str) -> None:
        super().__init__(f"{source}: {text}")
        self.source = source


class Recognised(NamedTuple):
    """One list, its form, and how many entries it gave and lost."""

    source: str
    format: str
    accepted: int
    rejected: int


class FeedResult(NamedTuple):
    """The result of reading lists: the merged set, a remark for every line that is left out or was changed,
    and the origin of the indicators. `hashes` are of files, which no log shows: hexadecimal in lower case →
    family."""

    indicators: IndicatorSet
    rejects: tuple[Remark, ...]
    warnings: tuple[Remark, ...]
    recognised: tuple[Recognised, ...]
    origins: Origins | Draft
    hashes: Mapping[str, str]

    def origins_of(self, wanted: Iterable[Indicator]) -> dict[tuple[Kind, str], Origin]:
        """The first mention of each indicator; sets that were compiled before have no mentions."""
        if isinstance(self.origins, Draft):
            return of_draft(self.origins, wanted)
        return self.origins.of(wanted)


def read(
    path: Path | str,
    *,
    scope: Scope | None = None,
    columns: Mapping[str, str] | None = None,
    format: str | None = None,
    is_bounded: bool = False,
) -> FeedResult:
    """Read one list, archive of lists, MISP feed folder or compiled set.

    `scope` is that of names that do not say their own (default: what the form says); `columns` maps
    indicator, type and family to header names or numbers from 1; `format` is a name of `indicators.forms`;
    `is_bounded` where strangers' lists are read beside other work.
    Raises IndicatorError when the file cannot be read to its end, a named column is missing, hardly anything
    in it can be used, or it is beyond the bounds.
    """
    return read_many([path], scope=scope, columns=columns, format=format, is_bounded=is_bounded)


def read_many(
    paths: Iterable[Path | str],
    *,
    scope: Scope | None = None,
    columns: Mapping[str, str] | None = None,
    format: str | None = None,
    now: datetime | None = None,
    draft: Draft | None = None,
    is_bounded: bool = False,
) -> FeedResult:
    """Read several lists into one set; see `read`. Entries that expired before `now` are left out.

    An empty `draft` takes the entries where the native engine is present: the same set, in much less time.
    """
    reading = _Reading(scope, columns, format, now, draft, is_bounded)
    with _without_collector():
        for path in map(Path, paths):
            if str(path) != "-" and path.is_file() and is_set_file(path):
                reading.take_set(path)
            else:
                for source, data in lists(path):
                    reading.take(source, data)
        return reading.result()


def read_text(
    text: str,
    source: str = "",
    *,
    scope: Scope | None = None,
    columns: Mapping[str, str] | None = None,
    format: str | None = None,
    now: datetime | None = None,
) -> FeedResult:
    """Read a list that is already text; see `read_many`."""
    reading = _Reading(scope, columns, format, now)
    reading.take(source, text)
    return reading.result()


@contextmanager
def _without_collector() -> Iterator[None]:
    """Switch the garbage collector off: its search for cycles among a million indicators took 20 % of the
    time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Reading:
    """Reads lists into one result."""

    def __init__(
        self,
        scope: Scope | None,
        columns: Mapping[str, str] | None,
        format: str | None,
        now: datetime | None,
        draft: Draft | None = None,
        is_bounded: bool = False,
    ) -> None:
        self._until = time.thread_time() + MOST_SECONDS if is_bounded else None
        self._scope, self._columns, self._format = scope, columns, format
        self._now = now or datetime.now(UTC)
        self._draft = draft
        self._origins: Origins | Draft = Origins() if draft is None else draft
        self._rejects: list[Remark] = []
        self._warnings: list[Remark] = []
        self._recognised: list[Recognised] = []
        self._hashes: dict[str, str] = {}
        self._values = self._left_out = self._begin = 0

    def result(self) -> FeedResult:
        return FeedResult(
            self._merged(),
            tuple(self._rejects),
            tuple(self._warnings),
            tuple(self._recognised),
            self._origins,
            self._hashes,
        )

    def _merged(self) -> IndicatorSet:
        origins = self._origins
        return origins.merged() if isinstance(origins, Draft) else IndicatorSet(origins.items)

    def take_set(self, path: Path) -> None:
        self._origins.begin(str(path))
        items = list(setfile.read(path))
        for item in items:
            self._origins.add([item], 0)
        self._recognised.append(Recognised(str(path), COMPILED, len(items), 0))

    def take(self, source: str, data: bytes | str) -> None:
        for name in (self._columns or {}).values():
            if name.isdecimal() and not int(name):
                raise IndicatorError(f"{source}: has no column '{name}'; look at its header line")
        listing = Listing(source, data, self._columns, self._now)
        form = forms.choose(listing, self._format)
        if form.name != "xlsx" and listing.guess is not None:
            self._warn(source, 0, listing.guess, "encoding")
        self._origins.begin(source)
        before = len(self._origins), len(self._rejects)
        self._left_out, self._begin = 0, len(self._origins) + len(self._hashes)
        told = len(self._rejects) + len(self._warnings)
        if self._draft is not None:
            draft_canonical_lines(listing, form.name, self._scope or form.scope, self._draft)
        add = self._origins.add
        for value in form.read(listing):
            self._count(source)
            if isinstance(value, Note):
                self._note(source, value)
                continue
            line, text, kind, family, warning, scope = value
            try:
                items, codes = parse(text, self._scope or scope or form.scope, kind, family)
            except Reject as reject:
                self._reject(source, line, text, reject.code)
                if reject.code == "hash":
                    self._hashes[hash_in(text)] = self._hashes.get(hash_in(text)) or family
                continue
            add(items, line)
            for code in (*codes, warning) if warning else codes:
                self._warn(source, line, text, code)
        if len(self._origins) == before[0] and len(self._rejects) + len(self._warnings) == told:
            self._warn(source, 0, form.name, "nothing")
        self._recognised.append(
            Recognised(source, form.name, len(self._origins) - before[0], len(self._rejects) - before[1])
        )

    def _count(self, source: str) -> None:
        self._values += 1
        if self._until is None:
            return
        is_late = self._values % 256 == 0 and time.thread_time() > self._until
        if is_late or self._values > MOST_VALUES:
            raise IndicatorError(f"{source}: takes too long to read; split the list")

    def _note(self, source: str, note: Note) -> None:
        if note.code in REJECTS:
            self._reject(source, note.line, note.text, note.code)
        else:
            self._warn(source, note.line, note.text, note.code)

    def _reject(self, source: str, line: int, text: str, code: str) -> None:
        self._rejects.append(Remark(source, line, text, code, REJECTS[code]))
        self._left_out += code != "hash"
        if self._left_out > FIRST_LEFT_OUT:
            used = len(self._origins) + len(self._hashes) - self._begin
            if not used or self._left_out > max(used, MOST_LEFT_OUT):
                raise NoListError(
                    source,
                    f"{self._left_out} of its entries cannot be used and {used} can; look at line {line}, and"
                    " whether it is the right file",
                )

    def _warn(self, source: str, line: int, text: str, code: str) -> None:
        self._warnings.append(Remark(source, line, text, code, WARNINGS[code]))
