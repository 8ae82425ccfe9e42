"""Programs that were started at some time: prefetch files, BAM, UserAssist, MuiCache, ShimCache and
Amcache."""

from __future__ import annotations

import codecs
import re
import struct
from datetime import UTC, datetime, timedelta

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_1601 = datetime(1601, 1, 1, tzinfo=UTC)
_PREFETCH = re.compile(r"(.{1,60})-[0-9A-F]{8}\.pf", re.I)
_BAM = (
    r"HKLM\SYSTEM\CurrentControlSet\Services\bam\State\UserSettings",
    r"HKLM\SYSTEM\CurrentControlSet\Services\bam\UserSettings",
)
_ASSIST = r"Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist"
_AMCACHE = r"HKLM\AMCACHE\Root\InventoryApplicationFile"
_FILE_ID = re.compile(r"0000([0-9a-f]{40})", re.I)
_MUI = r"Local Settings\Software\Microsoft\Windows\Shell\MuiCache"
_MUI_ENDS = (".FriendlyAppName", ".ApplicationCompany")
_SHIM = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\AppCompatCache"
_MOST_CACHED = 5_000


def _look(machine: Machine, seen: Seen) -> None:
    with seen.part():
        for entry in machine.files.entries(windowspath.clean(r"%SystemRoot%\Prefetch", machine.variables)):
            found = _PREFETCH.fullmatch(entry.name)
            if found:
                when = _moment(entry.modified)
                seen.add("executed", name=found[1], path=entry.path, where="prefetch", time=when)
    for root in _BAM:
        with seen.part():
            for person in machine.registry.subkeys(root):
                for path, data in machine.registry.values(f"{root}\\{person}").items():
                    _add(seen, path, "bam", _filetime(data, 0))
    for user in machine.users():
        if user.root:
            with seen.part():
                _assist(machine, seen, f"{user.root}\\{_ASSIST}")
            with seen.part():
                _shown(machine, seen, f"{user.root}_Classes\\{_MUI}")
    with seen.part():
        paths, is_whole = cached_programs(machine.registry.values(_SHIM).get("AppCompatCache", ""))
        if not is_whole:
            seen.lack("damaged", _SHIM)
        for path in paths:
            _add(seen, path, "shimcache")
    with seen.part():
        _amcache(machine, seen)


def _amcache(machine: Machine, seen: Seen) -> None:
    for one in machine.registry.subkeys(_AMCACHE):
        values = machine.registry.values(f"{_AMCACHE}\\{one}")
        path = values.get("LowerCaseLongPath", "")
        _add(seen, path, "amcache")
        # Four zeros and the SHA-1 of the first 31,457,280 bytes.
        found = _FILE_ID.fullmatch(values.get("FileId", ""))
        if found:
            seen.add("hash-seen", hash=found[1].lower(), path=path, where="amcache")


def _assist(machine: Machine, seen: Seen, root: str) -> None:
    for kind in machine.registry.subkeys(root):
        for name, data in machine.registry.values(rf"{root}\{kind}\Count").items():
            _add(seen, codecs.decode(name, "rot13"), "userassist", _filetime(data, 60))


def _shown(machine: Machine, seen: Seen, key: str) -> None:
    """The names that the shell remembers of programs: the value's name is the path, a dot and what it
    names."""
    for name in machine.registry.values(key):
        path = next((name.removesuffix(end) for end in _MUI_ENDS if name.endswith(end)), "")
        _add(seen, path, "muicache")


def cached_programs(stored: str) -> tuple[list[str], bool]:
    """The paths in the value AppCompatCache of Windows 10 and 11, given as hexadecimal digits: the length of
    the head, then entries of `10ts`, 4 bytes, the entry's length, the path's length and the path. It holds
    programs that Windows saw; that they ran is likely. False where some of it could not be read."""
    found: list[str] = []
    try:
        content = bytes.fromhex(stored)
        at = struct.unpack_from("<I", content)[0]
        while at < len(content) and len(found) < _MOST_CACHED:
            if content[at : at + 4] != b"10ts":
                return found, False
            length, size = struct.unpack_from("<IH", content, at + 8)
            found.append(content[at + 14 : at + 14 + size].decode("utf-16-le", "replace"))
            at += 12 + length
    except (ValueError, struct.error):
        return found, not stored
    return found, at == len(content)


def _filetime(data: str, at: int) -> str:
    """The FILETIME (100 ns since 1601) at an offset of a value given as hexadecimal digits; "" for none."""
    try:
        (number,) = struct.unpack_from("<Q", bytes.fromhex(data), at)
        return (
            (_EPOCH_1601 + timedelta(microseconds=number // 10)).isoformat(timespec="seconds")
            if number
            else ""
        )
    except (ValueError, OverflowError, struct.error):
        return ""


def _moment(seconds: float) -> str:
    """The time in UTC; "" for a time outside the calendar, which a file may carry."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).isoformat(timespec="seconds")
    except OverflowError:
        return ""


def _add(seen: Seen, path: str, where: str, when: str = "") -> None:
    if "\\" in path:
        seen.add("executed", name=windowspath.basename(path), path=path, where=where, time=when)


PROBE = Probe("executed", _look, systems=frozenset({System.WINDOWS}))
