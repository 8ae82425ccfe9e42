"""The files that a check opens: programs that run or start by themselves, then the folders where malware and
cracked software usually lie, or the whole disk."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Gap, Unavailable, unbroken
from quetsach.endpoint.machine import Entry, Machine, System, User

_WINDOWS_HOT = (
    (r"%SystemRoot%\Temp", 3, True),
    ("%Public%", 3, True),
    ("%SystemRoot%", 0, False),
    (r"%SystemRoot%\System32", 0, False),
    (r"%SystemRoot%\SysWOW64", 0, False),
    (r"%SystemRoot%\System32\drivers", 0, False),
    ("%ProgramData%", 2, False),
    (r"%ProgramData%\Microsoft\Windows\ClipSVC", 2, False),
    ("%ProgramFiles%", 3, False),
    ("%ProgramFiles(x86)%", 3, False),
    (r"%ProgramFiles%\Microsoft Office", 6, False),
    (r"%ProgramFiles(x86)%\Microsoft Office", 6, False),
    (r"%CommonProgramFiles%\Microsoft Shared\OfficeSoftwareProtectionPlatform", 1, False),
    (r"%CommonProgramFiles(x86)%\Microsoft Shared\OfficeSoftwareProtectionPlatform", 1, False),
    (r"%CommonProgramFiles%\Adobe", 4, False),
    (r"%CommonProgramFiles(x86)%\Adobe", 4, False),
    (r"%SystemDrive%\EFI", 3, True),
    ("%SystemDrive%\\", 0, True),
)
"""Folder, depth below it, and whether every file is opened or only files whose names a sign asks for."""
_WINDOWS_HOME = (
    ("Downloads", 4), ("Desktop", 4), ("Documents", 2), (r"AppData\Local\Temp", 3), (r"AppData\Roaming", 3),
    (r"AppData\Local", 2),
)  # fmt: skip
_LINUX_HOT = (
    ("/tmp", 4, True),  # noqa: S108
    ("/var/tmp", 4, True),  # noqa: S108
    ("/dev/shm", 3, True),  # noqa: S108
    ("/usr/local", 3, True),
    ("/opt", 3, True),
    ("/var/www", 4, True),
)
_LINUX_HOME = (("Downloads", 4), (".config/autostart", 1), (".local/bin", 1), ("bin", 1), ("", 0))
_NOT_FILES = ("/proc", "/sys", "/dev", "/run")
_LEFT_OUT = re.compile(
    r"\\(?:Windows Defender\\Quarantine|Quarantine|ESET\\[^\\]+\\Quarantine|Kaspersky Lab\\[^\\]+\\QB"
    r"|Symantec\\[^\\]+\\Quarantine|Avast Software\\Avast\\chest|BkavPro\\Quarantine|QuetSach\\quarantine"
    r"|System Volume Information)(?:\\|$)"
    r"|/(?:clamav|quarantine)/quarantine(?:/|$)|/var/lib/quetsach(?:/|$)",
    re.IGNORECASE,
)
_DEPTH = 64
"""The depth of a full check; deeper folders become gaps."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file, and whether it is opened even if no sign asks for its name."""

    entry: Entry
    is_opened: bool


class Walk:
    """The files of one check, each once. `gaps` are folders and links that could not be read or followed."""

    def __init__(self, machine: Machine, *, is_full: bool) -> None:
        self._machine = machine
        self._is_full = is_full
        self._seen: set[int] = set()
        self.gaps: list[Gap] = []

    def files(self, targets: Iterable[str]) -> Iterator[Candidate]:
        """Targets first: programs that run or start by themselves matter most."""
        for target in targets:
            yield from self._target(target)
        for folder, depth, is_opened in self._folders():
            yield from self._below(folder, depth, is_opened)

    def _target(self, path: str) -> Iterator[Candidate]:
        try:
            with unbroken(path):
                files = self._machine.files
                named, entry = files.entry(path), files.entry(files.follow(path))
        except Unavailable as error:
            self._lack(error, path)
            return
        if named is not None and named.is_link and self._is_new(named.path):
            yield Candidate(named, is_opened=True)  # a sign may name the link
        if entry is not None and not entry.is_folder and self._is_new(entry.path):
            yield Candidate(entry, is_opened=True)

    def _lack(self, error: Unavailable, where: str) -> None:
        if error.reason != "missing":
            self.gaps.append(Gap(error.reason, where))

    def _users(self) -> Sequence[User]:
        try:
            with unbroken("users"):
                return self._machine.users()
        except Unavailable as error:
            self._lack(error, error.detail)
            return ()

    def _folders(self) -> Iterator[tuple[str, int, bool]]:
        machine = self._machine
        is_windows = machine.system is System.WINDOWS
        for user in self._users():
            for name, depth in _WINDOWS_HOME if is_windows else _LINUX_HOME:
                yield f"{user.folder}{'\\' if is_windows else '/'}{name}".rstrip("/"), depth, True
        for name, depth, is_opened in _WINDOWS_HOT if is_windows else _LINUX_HOT:
            yield windowspath.clean(name, machine.variables) if is_windows else name, depth, is_opened
        if self._is_full:
            yield ("C:\\" if is_windows else "/"), _DEPTH, True

    def _is_new(self, path: str, *, is_exact: bool = False) -> bool:
        # Keeps a hash of the path, not the path: a disk has millions of paths.
        is_folded = self._machine.system is System.WINDOWS and not is_exact
        key = hash(path.casefold() if is_folded else path)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _below(self, folder: str, depth: int, is_opened: bool) -> Iterator[Candidate]:
        waiting = [(folder, depth)]
        while waiting:
            place, left = waiting.pop()
            try:
                with unbroken(place):
                    if place == folder:
                        place = self._machine.files.follow(place)
                    if _is_left_out(place):
                        continue
                    entries = self._machine.files.entries(place)
            except Unavailable as error:
                self._lack(error, place)
                continue
            spelled = Counter(entry.name.casefold() for entry in entries)
            for entry in entries:
                # A link's target is looked at in its own folder; a link that starts by itself is among the
                # targets.
                if entry.is_link:
                    continue
                if entry.is_folder:
                    if left > 0:
                        waiting.append((entry.path, left - 1))
                    elif depth == _DEPTH:
                        self.gaps.append(Gap("too_long", entry.path))
                    continue
                is_exact = spelled[entry.name.casefold()] > 1
                # A full check passes here again and then opens the files that this round only compares by
                # name.
                if (is_opened or not self._is_full) and self._is_new(entry.path, is_exact=is_exact):
                    yield Candidate(entry, is_opened)


def _is_left_out(place: str) -> bool:
    is_device = place.startswith(_NOT_FILES) and not place.startswith("/dev/shm")  # noqa: S108
    return is_device or _LEFT_OUT.search(place) is not None


def chosen(walk: Iterator[Candidate], is_named: Callable[[Entry], bool]) -> list[tuple[Entry, bool]]:
    """The files to open, each with whether a sign asks for its name."""
    found: list[tuple[Entry, bool]] = []
    for one in walk:
        named = is_named(one.entry)
        if one.is_opened or named:
            found.append((one.entry, named))
    return found
