"""After any random history the watcher says what a scan of the true contents says, row by row."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from quetsach.scanning.engine import Engine
from quetsach.scanning.engines.portable import PortableEngine
from tests.engines.native import ENGINE
from tests.watching.office import Office, settled_early

pytestmark = pytest.mark.native
ENGINES = cast("tuple[Engine, ...]", (ENGINE, PortableEngine()))


class Killed(BaseException):
    """The process ends here."""


class Dying:
    """A connection that lives for so many statements more."""

    def __init__(self, file: sqlite3.Connection, left: int) -> None:
        self._file, self._left = file, left

    def execute(self, *given: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise Killed
        return self._file.execute(*given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


STEPS = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 120)),
    st.tuples(st.just("piece"), st.integers(1, 90)),
    st.tuples(
        st.sampled_from(("look", "rename", "copy", "pack", "restore", "delete", "restart", "wait")),
        st.just(0),
    ),
    st.tuples(st.just("kill"), st.integers(0, 60)),
    st.tuples(st.just("full"), st.integers(0, 3)),
    st.tuples(st.just("clock"), st.sampled_from((-7200, -15, 15, 86_400))),
    st.tuples(st.just("mount"), st.integers(1, 9)),
    st.tuples(st.sampled_from(("stale names", "stale sizes")), st.integers(0, 1)),
    st.tuples(st.just("swap"), st.integers(0, 1)),
    st.tuples(st.just("encoding"), st.just(0)),
)
NAMES = ("evil.example", "evil.example", "fine.test", "a.evil.example", "dns.google")
LISTS = (["evil.example"], ["evil.example", "fine.test", "10.1.2.1"])


def play(office: Office, steps: list[tuple[str, int]]) -> None:
    """Each step of a history; a step that is not possible now is left out."""
    for what, number in steps:
        names = sorted(path.name for path in office.contents)
        old = [name for name in names if name.startswith("old") and not name.endswith(".gz")]
        match what:
            case "append":
                data = b"".join(office.line(NAMES[n % len(NAMES)]) for n in range(number))
                office.append(office.rest + data)
                office.rest = b""
            case "piece" if not office.rest:
                line = office.line("evil.example.org")
                office.append(line[:number])
                office.rest = line[number:]
            case "rename" if "dns.log" in names:
                office.rename("dns.log", f"old-{len(office.contents)}-{office.now}")
                office.rest = b""
            case "copy" if "dns.log" in names:
                office.copy_truncate("dns.log", f"old-{len(office.contents)}-{office.now}")
                office.rest = b""
            case "pack" if old:
                office.pack(old[0])
            case "restore" if old and "dns.log" not in names and not office.rest:
                office.rename(old[-1], "dns.log")
            case "delete" if old:
                office.look()
                office.delete(old[0])
                office.settle()
            case "restart":
                office.kill()
                office.start()
            case "kill":
                kill(office, number)
            case "full":
                fill(office, number)
            case "clock":
                office.jump(number)
            case "mount":
                office.salt = number
            case "stale names":
                office.paths.is_stale = bool(number)
            case "stale sizes":
                office.is_handle_stale = bool(number)
            case "swap":
                office.kill()
                office.use(LISTS[number])
                office.start()
                office.look()
            case "encoding":
                # Another program goes on writing.
                office.is_wide = not office.is_wide
            case "wait":
                office.now += 15
            case "look":
                office.look()


def fill(office: Office, pages: int) -> None:
    """The disk is full within the next look, unless so many pages are enough: then the watcher ends."""
    file = office.state._file
    used = file.execute("PRAGMA page_count").fetchone()[0]
    file.execute(f"PRAGMA max_page_count = {used + pages}")
    try:
        office.look()
    except sqlite3.Error as error:
        assert error.sqlite_errorcode == sqlite3.SQLITE_FULL
        event("the disk was full")
    office.kill()
    office.start()


def kill(office: Office, statements: int) -> None:
    """The watcher dies within its next look."""
    real = office.state._file
    office.state._file = cast(sqlite3.Connection, Dying(real, statements))
    try:
        office.look()
    except Killed:
        event("killed within a look")
    office.follower.close()
    # A dead process holds no lock; here a statement that nobody has read to its end would keep it.
    real.rollback()
    real.close()
    office.start()


@settings(
    max_examples=int(os.environ.get("QS_EXAMPLES", "25")),
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@example(
    steps=[("append", 1), ("piece", 1), ("look", 0), ("copy", 0), ("pack", 0)], is_native=True, is_wide=False
)
@example(
    steps=[("append", 90), ("look", 0), ("encoding", 0), ("append", 90), ("look", 0)] * 2,
    is_native=True,
    is_wide=False,
)
@given(
    steps=st.lists(STEPS, min_size=4, max_size=30),
    is_native=st.booleans(),
    is_wide=st.sampled_from((False, False, True)),
)
def test_any_history(steps: list[tuple[str, int]], is_native: bool, is_wide: bool) -> None:
    """Logs begin in UTF-8, or `is_wide` in UTF-16."""
    with tempfile.TemporaryDirectory() as folder, settled_early():
        office = Office(Path(folder), ENGINES[0] if is_native else ENGINES[1], is_wide=is_wide)
        with office.on_a_drive():
            play(office, steps)
            kinds = {what for what, _ in steps}
            # The last list finds what is kept; what was deleted before it came is not there any more.
            if kinds >= {"swap", "delete"}:
                office._lost.clear()
            office.settle()
        expected, _coverage = office.scanned()
        found = office.dumped()
        if "delete" in kinds:
            sources = {json.loads(line)["source"] for line in expected}
            found = [line for line in found if json.loads(line)["source"] in sources]
        assert found == expected
        office.kill()
