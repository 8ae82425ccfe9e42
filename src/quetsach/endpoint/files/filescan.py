"""The probe of files: by name, by the campaign's hashes, by YARA rules."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Gap, Observed, Unavailable, fact, unbroken
from quetsach.endpoint.files.content import MOST_BYTES, Content, Reader
from quetsach.endpoint.files.places import PROGRAM, Walk, chosen
from quetsach.endpoint.machine import Entry, Machine, Signature, System
from quetsach.endpoint.probe import Seen
from quetsach.endpoint.wanted import Wanted

NAME = "files"
_MOST_GAPS = 50
_OPENING = 48 << 10
"""The cost of opening a file, in bytes that could be read in the same time."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the check is: files and work done, and their totals; seconds since the first file.

    Work is bytes to read, plus a fixed cost for opening each file.
    """

    files: int
    files_total: int
    work: int
    work_total: int
    seconds: float

    @property
    def left(self) -> float | None:
        """Seconds left at this pace; None while the pace is unknown."""
        share = self.work / self.work_total if self.work_total else 0.0
        return None if share < 0.02 or self.seconds < 1 else self.seconds * (1 - share) / share


@dataclass(slots=True)
class Scan:
    """Counts. `too_large` files were compared by name only; `in_use` files are locked by running programs."""

    files: int = 0
    bytes: int = 0
    too_large: int = 0
    placeholders: int = 0
    in_use: int = 0


def look(
    machine: Machine,
    wanted: Wanted,
    targets: Iterable[str],
    *,
    is_full: bool = False,
    stop: threading.Event | None = None,
    tell: Callable[[Progress], None] | None = None,
) -> tuple[Observed, Scan]:
    """Look at the files; a file with a listed name, hash or rule becomes a fact, all others are only
    counted."""
    reader = Reader(wanted.hashes, wanted.algorithms, wanted.rules)
    walk = Walk(machine, is_full=is_full)
    seen, scan = Seen(), Scan()
    if not reader.has_rules:
        seen.gaps.append(Gap("no_reader", "yara-x"))
    todo = chosen(
        walk.files(targets), lambda entry: wanted.signs.names_file(entry.name, _folder(machine, entry))
    )
    total = sum(_work(entry) for entry, _is_named in todo)
    begun, done = time.monotonic(), 0
    for number, (entry, is_named) in enumerate(todo):
        if stop is not None and stop.is_set():
            seen.gaps.append(Gap("interrupted", f"{number}/{len(todo)}"))
            break
        content = _read(machine, reader, entry, seen, scan)
        if is_named or content.listed or content.rules:
            _add(machine, wanted, entry, content, seen)
        done += _work(entry)
        if tell is not None and number % 16 == 0:
            tell(Progress(number + 1, len(todo), done, total, time.monotonic() - begun))
    seen.gaps += walk.gaps
    scan.bytes = reader.bytes_read
    state = Observed.of(seen.items, seen.gaps[:_MOST_GAPS])
    return state, scan


def _work(entry: Entry) -> int:
    is_read = not (entry.is_placeholder or entry.is_link or entry.size > MOST_BYTES)
    return _OPENING + (entry.size if is_read else 0)


def _folder(machine: Machine, entry: Entry) -> str:
    """The folder of a file as signs spell it, with its separator at the end."""
    if machine.system is System.WINDOWS:
        return windowspath.clean(entry.path, machine.variables)[: -len(entry.name)]
    return entry.path[: -len(entry.name)]


def _read(machine: Machine, reader: Reader, entry: Entry, seen: Seen, scan: Scan) -> Content:
    if entry.is_placeholder:
        scan.placeholders += 1
    elif entry.size > MOST_BYTES:
        scan.too_large += 1
    elif not entry.is_link:
        try:
            with unbroken(entry.path):
                content = reader.read(machine.files, entry)
        except Unavailable as error:
            if error.reason == "too_large":
                scan.too_large += 1
            elif machine.is_running and error.reason == "missing":
                pass  # deleted since its folder was listed
            elif _is_locked(machine, entry, error.reason):
                # Databases and caches of running programs are locked on every Windows.
                scan.in_use += 1
            elif len(seen.gaps) < _MOST_GAPS:
                # On a disk that is off no file disappears: a listed file that is missing cannot be read.
                reason = "failed" if error.reason == "missing" else error.reason
                seen.gaps.append(Gap(reason, entry.path))
        else:
            scan.files += 1
            return content
    return Content("")


def _is_locked(machine: Machine, entry: Entry, reason: str) -> bool:
    is_own_windows = machine.system is System.WINDOWS and machine.is_running
    return is_own_windows and reason != "too_long" and not PROGRAM.search(entry.name)


def _add(machine: Machine, wanted: Wanted, entry: Entry, content: Content, seen: Seen) -> None:
    folder = _folder(machine, entry)
    path = folder + entry.name
    signature = Signature.UNKNOWN
    with seen.part(), unbroken(path):
        signature, _signer = machine.signature(path)
    # One fact for each rule: a sign names one rule.
    for rule in content.rules or ("",):
        seen.items.append(
            fact(
                "file",
                path=path,
                name=entry.name,
                folder=folder,
                type=content.type,
                signature=signature,
                rule=rule,
                listed=content.listed,
                family=wanted.hashes.get(content.listed, ""),
            )
        )
