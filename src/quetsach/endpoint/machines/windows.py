"""The Windows that this runs on. Modules that only Windows has are imported on demand.

Services, tasks and exclusions are read from the registry and from files, never from a command's output: a
failed command may leave no trace of its failure.
"""

# mypy: disable-error-code="attr-defined,unused-ignore"
from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from threading import Thread
from typing import Any

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Adapter, Drive, Process, Signature, Socket, System, User
from quetsach.endpoint.machines import eventlog, live
from quetsach.endpoint.machines.disk import UNKNOWN_TO_WINDOWS, OwnWindowsFiles, reason_of
from quetsach.endpoint.machines.hive import MOST_NAMES, text_of
from quetsach.endpoint.machines.people import PeoplesRegistry
from quetsach.endpoint.registry_values import Values

_WORD = re.compile(r"\w{1,64}", re.ASCII)
_NO_MORE = 259
"""ERROR_NO_MORE_ITEMS (winerror.h): a list of the registry ends so; any other error cuts it off."""
_WMI_SECONDS, _WMI_TRIES, _WMI_PAUSE = 30, 5, 3


class OwnRegistry:
    """The live registry, in its 64-bit view."""

    def _open(self, key: str) -> Any:
        import winreg

        root, _, rest = key.partition("\\")
        roots = {"HKLM": winreg.HKEY_LOCAL_MACHINE, "HKU": winreg.HKEY_USERS}
        try:
            return winreg.OpenKey(roots[root.upper()], rest, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY)
        except OSError as error:
            if reason_of(error) == "missing":
                return None
            raise Unavailable(reason_of(error), key) from error

    def values(self, key: str) -> Values:
        import winreg

        found = Values(key)
        opened = self._open(key)
        if opened is None:
            return found
        told: list[tuple[str, str, str]] = []
        with opened:
            for number in range(MOST_NAMES):
                try:
                    name, data, _type = winreg.EnumValue(opened, number)
                except OSError as error:
                    if error.winerror != _NO_MORE:
                        found.end(_not_missing(error))
                    break
                told.append((name, *text_of(data)))
            else:
                found.end("too_large")
            for one in _by_name(opened, told):
                found.add(*one)
        return found

    def subkeys(self, key: str) -> Sequence[str]:
        import winreg

        opened = self._open(key)
        if opened is None:
            return ()
        found = []
        with opened:
            for number in range(MOST_NAMES):
                try:
                    found.append(winreg.EnumKey(opened, number))
                except OSError as error:
                    if error.winerror != _NO_MORE:
                        raise Unavailable(_not_missing(error), key) from error
                    return found
        raise Unavailable("too_large", key)


def _by_name(opened: Any, told: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The values of an open key, of values with one name first the value that programs get by that name.

    `winreg` ends a name at its first NUL. A hidden value `x` NUL `y` is thus a second `x`, which must not be
    taken for the first.
    """
    import winreg

    times = Counter(name.casefold() for name, _text, _reason in told)
    real: dict[str, tuple[str, str]] = {}
    for name in [name for name, number in times.items() if number > 1]:
        with suppress(OSError):
            real[name] = text_of(winreg.QueryValueEx(opened, name)[0])
    return sorted(told, key=lambda one: one[1:] != real.get(one[0].casefold(), one[1:]))


def _not_missing(error: OSError) -> str:
    """The reason for what Windows began to list: it was there."""
    reason = reason_of(error)
    return "failed" if reason == "missing" else reason


class WindowsMachine:
    """See the module."""

    system = System.WINDOWS
    is_running = True

    def __init__(self) -> None:
        self.name = live.host_name()
        self.files = OwnWindowsFiles()
        self.variables = _variables(os.environ)
        self.registry = PeoplesRegistry(OwnRegistry(), self.files, self.variables)

    def drives(self) -> Sequence[Drive]:
        from quetsach.endpoint.machines import winapi

        letters = winapi.drives()
        found = [one for root, kind in letters if (one := _drive(root, kind)) is not None]
        try:
            others = without_letter(winapi.volumes(), frozenset(root for root, _kind in letters))
        except Unavailable as error:
            return [*found, Drive(error.detail, reason=error.reason)]
        self.files.mounted = frozenset(
            root.rstrip("\\").casefold() for root, _kind in others if root[1:2] == ":"
        )
        return [*found, *(one for root, kind in others if (one := _drive(root, kind)) is not None)]

    def unsettled(self) -> Sequence[str]:
        return self.registry.unsettled()

    def users(self) -> Sequence[User]:
        return self.registry.users

    def processes(self) -> Sequence[Process]:
        return live.processes()

    def sockets(self) -> Sequence[Socket]:
        return live.sockets()

    def adapters(self) -> Sequence[Adapter]:
        return live.adapters()

    def resolver_cache(self) -> Sequence[str]:
        from quetsach.endpoint.machines import winapi

        return winapi.resolver_cache()

    def query(self, table: str, columns: Sequence[str], filled: str = "") -> Sequence[Mapping[str, str]]:
        # `_wmi` is CPython's own since 3.12, of ROOT\CIMV2, SELECT only, strings only.
        try:
            import _wmi  # type: ignore[import-not-found]
        except ImportError as error:
            raise Unavailable("no_reader", "_wmi") from error
        if not all(_WORD.fullmatch(name) for name in (table, *columns, filled or "x")):
            raise ValueError("names of WMI classes and columns are words")
        only = f" WHERE {filled} IS NOT NULL" if filled else ""
        told: list[str] = []

        def ask() -> None:
            for _attempt in range(_WMI_TRIES):
                try:
                    told.append(_wmi.exec_query(f"SELECT {','.join(columns)} FROM {table}{only}"))  # noqa: S608
                except TimeoutError:
                    # `_wmi` waits only a second for the service; on a slow machine the service may still be
                    # starting.
                    time.sleep(_WMI_PAUSE)
                except (OSError, ValueError, MemoryError):
                    return
                else:
                    return

        # A service that never answers must not block the check.
        asking = Thread(target=ask, daemon=True)
        asking.start()
        asking.join(_WMI_SECONDS)
        if not told:
            raise Unavailable("failed", table)
        return rows_of(told[0])

    def events(self, log: str) -> Iterator[bytes]:
        return eventlog.lines(self.files, self.variables["systemroot"], log)

    @lru_cache(maxsize=4096)  # noqa: B019  # the machine object lives as long as the program
    def signature(self, path: str) -> tuple[Signature, str]:
        from quetsach.endpoint.machines import winapi

        return winapi.signature(path)


def without_letter(
    volumes: Iterable[tuple[str, str, Sequence[str]]], letters: frozenset[str]
) -> list[tuple[str, str]]:
    """The volumes that no letter leads to: by the first folder in which they are mounted, else by their own
    name; each with its kind."""
    known = {one.casefold() for one in letters}
    return [
        (mounts[0] if mounts else volume, kind)
        for volume, kind, mounts in volumes
        if not any(one.casefold() in known for one in mounts)
    ]


def _drive(root: str, kind: str) -> Drive | None:
    """The drive, with the reason if its root cannot be listed; None for a reader without a medium."""
    if kind == "network":
        return Drive(root, kind)  # a server that is gone would make the check wait
    try:
        with os.scandir(root):
            return Drive(root, kind)
    except OSError as error:
        reason = reason_of(error)
        if error.winerror == UNKNOWN_TO_WINDOWS and windowspath.VOLUME.match(root):
            return Drive(root, "raw")
        if reason == "missing":
            return None if kind in ("removable", "disc") else Drive(root, kind, "failed")
        return Drive(root, kind, reason)


def rows_of(told: str) -> list[dict[str, str]]:
    r"""The rows of `_wmi`: `name=value` parts ended by NUL, an empty part between rows."""
    rows: list[dict[str, str]] = [{}]
    for part in told.split("\0"):
        name, equals, value = part.partition("=")
        if equals:
            rows[-1][name] = value
        elif rows[-1]:
            rows.append({})
    return [row for row in rows if row]


def _variables(environ: Mapping[str, str]) -> Mapping[str, str]:
    own = {name.casefold(): value for name, value in environ.items()}
    found = dict(windowspath.VARIABLES)
    # TEMP and similar variables belong to the person who started the check, not to the system.
    found.update({name: own[name] for name in found if name in own and name not in ("temp", "tmp")})
    return found
