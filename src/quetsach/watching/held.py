"""A file that is held open, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quetsach.machines.leases.leaseformat import LeaseFormat
from quetsach.scanning.engine import Judged, Judging, ScanOptions
from quetsach.watching.content import SETTLED_BYTES, Handle, Mark
from quetsach.watching.generation import Generation, Stand

QUIET_SECONDS = 10.0
"""A file that is read as a whole, or ends, must rest so long."""
AGAIN_SECONDS = 60.0
RESTING_SECONDS = 3600.0
"""A last line without an end is read where its file rests so long."""


@dataclass
class Held:
    """A file that is held open. `since` is when its present mark was seen first."""

    path: Path
    handle: Handle
    is_beside: bool
    since: float
    options: ScanOptions
    mark: Mark | None = None
    is_database: bool = False
    beside: tuple[tuple[int, int], ...] = ()
    """Size and time of the files beside a database, as `whole.beside` tells them."""
    checked: Mark | None = None
    """The mark with which its content was checked in this look."""
    looked: tuple[Mark, int] | None = None
    """Mark and version of the list at the last look that read all there was."""
    generation: Generation | None = None
    stand: Stand | None = None
    """Of the generation; None before it is known."""
    is_whole: bool | None = None
    is_gone: bool = False
    is_past: bool = False
    """It was rotated since the last look, so it is read though nobody saw it under its first name."""
    judging: Judging | None = None
    judged: Judged | None = None
    judged_of: int = 0
    """How many first bytes `judged` is about, and of text."""
    judged_text: int = 0
    has_lines: bool = False
    """There are lines beside comments."""
    repeats: str = ""
    """Why its lines may count once more."""
    no_text: str = ""
    """Why it holds no lines that anybody can read."""
    no_text_of: int = 0
    """How many first bytes `no_text` is about."""
    leases: LeaseFormat | None = None
    leases_judged: int = 0
    """How many first bytes `leases`, the format of leases among its lines, is about."""
    unread: str = ""
    """What could not be read of it."""
    tail: bytes = b""
    """The last bytes that were read under this name, 4,096 at most, of whatever content."""
    doubted: float = 0.0
    """Since when another content stands here that may be half written; 0 where none does."""
    last_of_old: str = ""
    """The time of the last line of another content that stood here; lines before it may be lines of that."""
    knows_lines: bool = False
    """The last lines of that content are known, and do not stand here."""
    unseen: str = ""
    """Why nobody sees what is written into zeros."""
    is_copy: bool = False
    """Another file that is held open has the same content, and at least as much of it."""

    def rests(self, now: float) -> float:
        """Seconds since it changed, by its own time or by what was seen."""
        times = [time for _size, time in self.beside]
        changed = max([self.mark.mtime_ns, *times]) / 1e9 if self.mark is not None else now
        return max(now - changed, now - self.since)

    @property
    def trouble(self) -> str:
        """What cannot be read, in words; "" where nothing."""
        return "; ".join(filter(None, (self.unread, self.unseen))) if self.unseen else self.unread

    @property
    def settled_at(self) -> int:
        """So many bytes hold 64 KiB of text."""
        return SETTLED_BYTES * (2 if self.handle.encoding else 1)

    def begin(self, generation: Generation | None) -> None:
        """Its content is that of a generation, or one that is not known yet."""
        self.generation, self.stand, self.leases_judged = generation, None, 0
        self.repeats, self.no_text, self.no_text_of, self.unread = "", "", 0, ""
        self.last_of_old, self.knows_lines = "", False
        self.judge_anew()

    def judge_anew(self) -> None:
        """Forget how its lines are read."""
        self.judging, self.judged, self.judged_of, self.judged_text = None, None, 0, 0
        self.has_lines = False
