"""Programs that were started at some time: names of prefetch files, BAM, UserAssist and Amcache."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime, timedelta

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PREFETCH = re.compile(r"(.{1,60})-[0-9A-F]{8}\.pf", re.I)
_BAM = (
    r"HKLM\SYSTEM\CurrentControlSet\Services\bam\State\UserSettings",
    r"HKLM\SYSTEM\CurrentControlSet\Services\bam\UserSettings",
)
_ASSIST = r"Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist"
_AMCACHE = r"HKLM\AMCACHE\Root\InventoryApplicationFile"


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
                for path in machine.registry.values(f"{root}\\{person}"):
                    _add(seen, path, "bam")
    for user in machine.users():
        if user.root:
            with seen.part():
                _assist(machine, seen, f"{user.root}\\{_ASSIST}")
    with seen.part():
        for one in machine.registry.subkeys(_AMCACHE):
            _add(seen, machine.registry.values(f"{_AMCACHE}\\{one}").get("LowerCaseLongPath", ""), "amcache")


def _assist(machine: Machine, seen: Seen, root: str) -> None:
    for kind in machine.registry.subkeys(root):
        for name in machine.registry.values(rf"{root}\{kind}\Count"):
            _add(seen, codecs.decode(name, "rot13"), "userassist")


def _moment(seconds: float) -> str:
    """The time in UTC; "" for a time outside the calendar, which a file may carry."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).isoformat(timespec="seconds")
    except OverflowError:
        return ""


def _add(seen: Seen, path: str, where: str) -> None:
    if "\\" in path:
        seen.add("executed", name=windowspath.basename(path), path=path, where=where)


PROBE = Probe("executed", _look, systems=frozenset({System.WINDOWS}))
