"""One annex of one file, with the unit that it belongs to and the doubts about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from quetsach.annexes.collecting import messages
from quetsach.annexes.collecting.annex import Annex
from quetsach.annexes.collecting.form import ROWS
from quetsach.annexes.collecting.names import Unit
from quetsach.annexes.collecting.paper import FileProblem


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubt to look at. `field` is `r1` to `r4`, `unit`, a text of the form, or `file` for the whole
    file."""

    code: str
    field: str
    facts: dict[str, str | int]

    @property
    def level(self) -> str:
        """`block`, `doubt` or `info`."""
        return messages.level(self.code)

    @property
    def name(self) -> str:
        """The code; for a rule of the form its number, such as H02."""
        return str(self.facts.get("rule", self.code))


@dataclass(frozen=True, slots=True)
class Reading:
    """One annex of one file and the unit it belongs to. `part` counts from 1 where a file holds `parts`.

    `saved` is the file's own record of its last save, `changed` the time on disk, in the archive or e-mail.
    """

    file: str
    sha256: str
    annex: Annex
    part: int = 1
    parts: int = 1
    path: Path | None = None
    saved: datetime | None = None
    changed: datetime | None = None
    unit: Unit | None = None
    candidates: tuple[Unit, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def values(self) -> dict[str, int | None]:
        """The four figures."""
        return {row: self.annex.figures[row].value for row in ROWS}

    @property
    def label(self) -> str:
        """The file, with the annex's number in it where it holds several."""
        return self.file if self.parts == 1 else f"{self.file} [{self.part}]"

    def doubts_of(self, name: str) -> tuple[Doubt, ...]:
        """The doubts about one field."""
        return tuple(one for one in self.doubts if one.field == name)

    @property
    def is_clear(self) -> bool:
        """Whether a person need not look at it before it counts."""
        return all(one.level == "info" for one in self.doubts)


@dataclass(frozen=True, slots=True)
class Unread:
    """A file without an annex, and why. `unit` is the unit that its name shows, if it shows one."""

    file: str
    path: Path | None
    problem: FileProblem
    sha256: str = ""
    unit: Unit | None = None


def with_doubt(one: Reading, code: str, field: str = "file", **facts: str | int) -> Reading:
    """The reading with one more doubt."""
    return replace(one, doubts=(*one.doubts, Doubt(code, field, facts)))


def base_of(file: str) -> str:
    """The name of a file without its folder and its ending."""
    last = file.rpartition("/")[2]
    return last.rpartition(".")[0] or last
