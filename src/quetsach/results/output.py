"""Saves the answer of a scan as a file: JSON Lines, CSV, XLSX or one HTML page.

A file appears under its name only when it is complete: it is written under another name and then renamed.
"""

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from quetsach.errors import QuetsachError
from quetsach.scanning.result import ScanResult

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from quetsach.indicators.guard import Concern

MOST_JUDGED = 2000
MOST_CHARACTERS = 160
"""Characters shown of an entry with a reason: the rest of a long line would say no more."""
WRITERS = {
    ".jsonl": "quetsach.results.jsonl",
    ".csv": "quetsach.results.csv",
    ".xlsx": "quetsach.results.xlsx",
    ".html": "quetsach.results.html",
}


class OutputError(QuetsachError):
    """A result could not be saved. `code` is `suffix`, `folder`, `disk_full` or `write`."""

    def __init__(self, code: str, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.code, self.path, self.reason = code, path, reason

    @classmethod
    def of(cls, path: Path, error: OSError) -> "OutputError":
        """The error for a failed write of `path`."""
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return cls("disk_full" if is_full else "write", path, error.strerror or str(error))


class ListNote(NamedTuple):
    """A note on an entry of an indicator list. `level` is `reject`, `stop` (by a guard rail) or
    `warn`; `line` counts from 1, 0 where it is unknown. `group` is the group of a doubtful entry, as
    `guards.groups` names it."""

    level: str
    file: str
    line: int
    text: str
    reason: str
    group: str = ""

    @property
    def place(self) -> str:
        """`file:line`, `file` for the whole list, empty where the list is unknown."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def __str__(self) -> str:
        text = self.text if len(self.text) <= MOST_CHARACTERS else f"{self.text[: MOST_CHARACTERS - 1]}…"
        return ": ".join(part for part in (self.place, text, self.reason) if part)


class Report:
    """All data of an output: the result, the number of logs of each format (by `recognise`), and the notes on
    the indicator lists. `added` is the number of entries that an earlier list lacks, where the result has the
    rows of these alone (`results.added`); else None."""

    def __init__(
        self,
        result: ScanResult,
        recognise: Callable[[], Mapping[str, int]] = dict,
        notes: Sequence[ListNote] = (),
        added: int | None = None,
    ) -> None:
        self.result, self.recognise, self.notes, self.added = result, recognise, notes, added

    @cached_property
    def zone(self) -> "ZoneInfo":
        """The zone of shown times."""
        from zoneinfo import ZoneInfo

        return ZoneInfo(self.result.scan.tz)

    @cached_property
    def formats(self) -> Mapping[str, int]:
        """The number of logs of each format, computed on demand: JSON Lines do not need it, and the engine
        computes it from its tally, which exists once the JSON Lines are written."""
        return self.recognise()

    @cached_property
    def nameless(self) -> int:
        """Lines of sightings that say nothing of the machine."""
        return self.result.sightings.nameless()

    @cached_property
    def paths(self) -> dict[str, str]:
        """The log's path for each source id."""
        return {seen.source: seen.path for seen in self.result.coverage}

    @cached_property
    def doubts(self) -> "dict[str, Concern]":
        """Why an indicator with sightings may be no sign of malware, for indicators that many people use.

        If there are very many indicators, only those with the most sightings are judged.
        """
        from quetsach.indicators import guard  # an answer only in JSON Lines does not need it

        together = self.result.sightings.tally()
        if together is None:
            seen = Counter[str]()
            for sighting in self.result.sightings:
                seen[sighting.indicator] += sighting.count
            judged = [name for name, _lines in seen.most_common(MOST_JUDGED)]
        else:
            judged = together.most_seen(MOST_JUDGED)
        return guard.doubts(sorted(judged)) if judged else {}


def check(path: Path) -> None:
    """Refuse, before a long scan, a path that could never be written.

    Raises:
        OutputError: unknown suffix, or no folder to write into.
    """
    if path.suffix.lower() not in WRITERS:
        raise OutputError("suffix", path, f"the name must end in {', '.join(WRITERS)}")
    if not path.parent.is_dir():
        raise OutputError("folder", path, "the folder does not exist")
    if not os.access(path.parent, os.W_OK):
        raise OutputError("folder", path, "the folder cannot be written to")


def writer(path: Path) -> Callable[[BinaryIO, Report], None]:
    """The writer for the suffix of `path`; some writers take long to import."""
    write: Callable[[BinaryIO, Report], None] = import_module(WRITERS[path.suffix.lower()]).write
    return write


def save(path: Path, report: Report) -> None:
    """Write `report` in the form that the suffix of `path` names.

    Raises:
        OutputError: the file could not be written completely; an older file with its name stays.
    """
    write = writer(path)
    with replacing(path) as part, part.open("wb") as out:
        write(out, report)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a new file beside `path`, which replaces `path` if all goes well and vanishes otherwise.

    Raises:
        OutputError: for any OSError in the block.
    """
    part = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        part.touch(exist_ok=False)
        yield part
        with part.open("r+b") as whole:  # Windows flushes only what may be written
            os.fsync(whole.fileno())
        part.replace(path)
    except OSError as error:
        raise OutputError.of(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
