"""The files that a check opens: programs that run or start by themselves, then the folders where malware and
cracked software usually lie, or the whole disk."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from operator import itemgetter

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Gap, Unavailable, unbroken
from quetsach.endpoint.machine import Drive, Entry, Machine, System, User


class Opens(IntEnum):
    """The files of a folder that a check opens: all, programs, or those whose names a sign asks for."""

    ALL = 0
    PROGRAMS = 1
    NAMED = 2


PROGRAM = re.compile(
    r"\.(?:exe|dll|sys|scr|com|pif|cpl|ocx|drv|bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|hta|jar|msi|lnk)$",
    re.IGNORECASE,
)
"""Names of programs, scripts and shortcuts of Windows."""
_WINDOWS_HOT = (
    (r"%SystemRoot%\Temp", 3, Opens.ALL),
    ("%Public%", 3, Opens.ALL),
    (r"%SystemDrive%\EFI", 3, Opens.ALL),
    ("%SystemDrive%\\", 0, Opens.ALL),
    ("%SystemRoot%", 0, Opens.PROGRAMS),
    (r"%SystemRoot%\System32", 0, Opens.PROGRAMS),
    (r"%SystemRoot%\SysWOW64", 0, Opens.PROGRAMS),
    (r"%SystemRoot%\System32\drivers", 0, Opens.PROGRAMS),
    # Folders of Windows that hold no programs of its own.
    *((rf"%SystemRoot%\{name}", 1, Opens.PROGRAMS)
      for name in ("addins", "debug", "Fonts", "Help", "Media", "Tasks", "tracing", "Vss", "Web")),
    ("%ProgramData%", 2, Opens.PROGRAMS),
    (r"%SystemDrive%\PerfLogs", 3, Opens.PROGRAMS),
    (r"%ProgramData%\Microsoft\Windows\ClipSVC", 2, Opens.NAMED),
    ("%ProgramFiles%", 3, Opens.NAMED),
    ("%ProgramFiles(x86)%", 3, Opens.NAMED),
    (r"%ProgramFiles%\Microsoft Office", 6, Opens.NAMED),
    (r"%ProgramFiles(x86)%\Microsoft Office", 6, Opens.NAMED),
    (r"%CommonProgramFiles%\Microsoft Shared\OfficeSoftwareProtectionPlatform", 1, Opens.NAMED),
    (r"%CommonProgramFiles(x86)%\Microsoft Shared\OfficeSoftwareProtectionPlatform", 1, Opens.NAMED),
    (r"%CommonProgramFiles%\Adobe", 4, Opens.NAMED),
    (r"%CommonProgramFiles(x86)%\Adobe", 4, Opens.NAMED),
)  # fmt: skip
"""Folder, depth below it, and the files that are opened there."""
_DRIVE_HOT = (("$Recycle.Bin", 3, Opens.PROGRAMS), ("RECYCLER", 3, Opens.PROGRAMS))
"""The same on every drive."""
_DRIVE_TOP = {"fixed": 1, "removable": 3}
"""Kind of drive → the depth of programs in its other folders."""
_DRIVE_NAMES = 3
_LIKE_DOWNLOADS = frozenset({
    "desktop", "documents", "download", "downloads", "public", "temp", "tmp", "tai lieu", "tai ve",
    "tai xuong", "tài liệu", "tài về", "tải về", "tải xuống",
})  # fmt: skip
"""Top folders of a drive where people put what they fetched."""
_SYSTEM_TOP = frozenset({
    "windows", "program files", "program files (x86)", "programdata", "users", "documents and settings",
    "perflogs", "$recycle.bin", "recycler", "system volume information", "efi", "recovery", "config.msi",
})  # fmt: skip
"""Top folders of the system's drive that have places of their own, or that only the system may read."""
_WINDOWS_HOME = (
    ("Downloads", 4, Opens.ALL), ("Desktop", 4, Opens.ALL), ("Documents", 2, Opens.ALL),
    (r"AppData\Local\Temp", 3, Opens.ALL), (r"AppData\Roaming", 3, Opens.ALL),
    (r"AppData\Local", 2, Opens.ALL),
    ("", 1, Opens.PROGRAMS),
)  # fmt: skip
_LINUX_HOT = (
    ("/tmp", 4, Opens.ALL),  # noqa: S108
    ("/var/tmp", 4, Opens.ALL),  # noqa: S108
    ("/dev/shm", 3, Opens.ALL),  # noqa: S108
    ("/usr/local", 3, Opens.ALL),
    ("/opt", 3, Opens.ALL),
    ("/var/www", 4, Opens.ALL),
)
_LINUX_HOME = (
    ("Downloads", 4, Opens.ALL), (".config/autostart", 1, Opens.ALL), (".local/bin", 1, Opens.ALL),
    ("bin", 1, Opens.ALL), ("", 0, Opens.ALL),
)  # fmt: skip
_PROGRAM_FOLDERS = re.compile(r"/(?:(?:usr/)?(?:s?bin|games|lib\w*)/|$)")
"""Homes of system accounts that hold the system's own programs, like `/usr/sbin`: only a full check opens all
of them."""
_NOT_FILES = ("/proc", "/sys", "/dev", "/run")
_LEFT_OUT = re.compile(
    r"\\(?:Windows Defender\\Quarantine|Quarantine|ESET\\[^\\]+\\Quarantine|Kaspersky Lab\\[^\\]+\\QB"
    r"|Symantec\\[^\\]+\\Quarantine|Avast Software\\Avast\\chest|BkavPro\\Quarantine|QuetSach\\quarantine"
    r"|System Volume Information)(?:\\|$)"
    r"|/(?:clamav|quarantine)/quarantine(?:/|$)|/var/lib/quetsach(?:/|$)",
    re.IGNORECASE,
)
_DEVICES = ("\\device\\", "globalroot\\", "\\global??\\", "harddiskvolume", "\\dosdevices\\")
"""Paths by the name of a device, which programs cannot open by that name."""
_MOST_TARGETS = 100_000
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
        for number, target in enumerate(targets):
            if number >= _MOST_TARGETS:
                self.gaps.append(Gap("too_large", target))
                break
            yield from self._target(target)
        # What is opened comes first: a file that was compared by name only is not seen a second time.
        for folder, depth, opens in sorted(self._folders(), key=itemgetter(2)):
            yield from self._below(folder, depth, opens)

    def _target(self, path: str) -> Iterator[Candidate]:
        if self._machine.system is System.WINDOWS and path.casefold().startswith(_DEVICES):
            self.gaps.append(Gap("failed", path))
            return
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

    def _folders(self) -> Iterator[tuple[str, int, Opens]]:
        machine = self._machine
        is_windows = machine.system is System.WINDOWS
        slash = "\\" if is_windows else "/"
        for user in self._users():
            if not is_windows and _PROGRAM_FOLDERS.match(f"{user.folder}/"):
                continue
            for name, depth, opens in _WINDOWS_HOME if is_windows else _LINUX_HOME:
                yield f"{user.folder}{slash}{name}".rstrip(slash), depth, opens
        for name, depth, opens in _WINDOWS_HOT if is_windows else _LINUX_HOT:
            yield windowspath.clean(name, machine.variables) if is_windows else name, depth, opens
        for drive in self._drives() if is_windows else ():
            yield from self._of_drive(drive)
            if self._is_full:
                yield drive.root, _DEPTH, Opens.ALL
        if self._is_full and not is_windows:
            yield "/", _DEPTH, Opens.ALL

    def _drives(self) -> Sequence[Drive]:
        """The drives of this machine that can be listed; the probe of drives names the others."""
        try:
            with unbroken("drives"):
                return [one for one in self._machine.drives() if one.is_own and not one.reason]
        except Unavailable as error:
            self._lack(error, "drives")
            system = windowspath.clean("%SystemDrive%\\", self._machine.variables)
            return [Drive(system)]

    def _of_drive(self, drive: Drive) -> Iterator[tuple[str, int, Opens]]:
        """The folders of a drive in a quick check: its root, folders like Downloads, programs in the others,
        and names."""
        system = windowspath.clean("%SystemDrive%\\", self._machine.variables)
        is_system = drive.root.casefold() == system.casefold()
        for name, depth, opens in _DRIVE_HOT:
            yield drive.root + name, depth, opens
        if not is_system:
            yield drive.root, 0, Opens.ALL
            yield drive.root, _DRIVE_NAMES, Opens.NAMED
        try:
            with unbroken(drive.root):
                entries = self._machine.files.entries(drive.root)
        except Unavailable:
            return  # the walk of the root gives the reason
        for entry in entries:
            name = entry.name.casefold()
            if not entry.is_folder or entry.is_link or (is_system and name in _SYSTEM_TOP):
                continue
            if name in _LIKE_DOWNLOADS:
                yield entry.path, 3, Opens.ALL
            else:
                yield entry.path, _DRIVE_TOP[drive.kind] - 1, Opens.PROGRAMS

    def _is_new(self, path: str, *, is_exact: bool = False) -> bool:
        # Keeps a hash of the path, not the path: a disk has millions of paths.
        is_folded = self._machine.system is System.WINDOWS and not is_exact
        key = hash(path.casefold() if is_folded else path)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _below(self, folder: str, depth: int, opens: Opens) -> Iterator[Candidate]:
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
                is_opened = opens is Opens.ALL or (
                    opens is Opens.PROGRAMS and PROGRAM.search(entry.name) is not None
                )
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
