"""A machine described by a JSON document: for tests, and to judge one machine's facts on another machine.

    {"system": "windows", "name": "PC-07", "is_running": true,
     "files": {"C:\\\\a.txt": "text" | {"base64": "…"} | {"is_placeholder": true}},
     "registry": {"HKLM\\\\…": {"name": "data"}},
     "drives": [{"root", "kind", "reason"}], "users": [{"name", "folder", "root"}],
     "processes": […], "sockets": […], "resolver_cache": […],
     "adapters": [{"hardware", "addresses": […]}],
     "tables": {"SoftwareLicensingProduct": [{…}]}, "signatures": {"C:\\\\a.exe": ["valid", "signer"]},
     "events": {"Security.evtx": [{"System": {…}, "EventData": {…}}]},
     "unsettled": ["C:\\\\Windows\\\\System32\\\\config\\\\SYSTEM"],
     "unavailable": {"sockets": "no_permission"}}

A part that the document lacks was not recorded; that is not the same as empty. Without `drives`, the drives
of the recorded files are those of the machine.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import REASONS, Unavailable
from quetsach.endpoint.machine import (
    Adapter,
    Drive,
    Entry,
    NoRegistry,
    Process,
    Registry,
    Signature,
    Socket,
    System,
    User,
)
from quetsach.endpoint.registry_values import Values


class _Files:
    def __init__(self, files: Mapping[str, Any], separator: str) -> None:
        self._separator = separator
        self._files: dict[str, tuple[str, Any]] = {}
        self._folders: dict[str, dict[str, str]] = {}
        for path, content in files.items():
            self._files[self._key(path)] = (path, content)
            child = path
            while (folder := child.rpartition(separator)[0]) and folder != child:
                self._folders.setdefault(self._key(folder), {})[self._key(child)] = child
                child = folder

    def _key(self, path: str) -> str:
        path = path.rstrip(self._separator)
        return path.casefold() if self._separator == "\\" else path

    def _content(self, content: Any) -> bytes:
        if isinstance(content, str):
            return content.encode("utf-8", "surrogateescape")
        return base64.b64decode(content.get("base64", ""))

    def entry(self, path: str) -> Entry | None:
        key = self._key(path)
        name = path.rstrip(self._separator).rpartition(self._separator)[2]
        if key in self._files:
            path, content = self._files[key]
            flags = content if isinstance(content, dict) else {}
            size = int(flags.get("size", len(self._content(content))))
            return Entry(
                path, name, is_folder=False, size=size,
                is_link=bool(flags.get("is_link")), is_placeholder=bool(flags.get("is_placeholder")),
            )  # fmt: skip
        return Entry(path, name, is_folder=True) if key in self._folders else None

    def entries(self, folder: str) -> list[Entry]:
        children = self._folders.get(self._key(folder), {})
        return [found for child in sorted(children.values()) if (found := self.entry(child)) is not None]

    def follow(self, path: str) -> str:
        there = self.entry(path)
        if there is None or there.is_link:
            raise Unavailable("missing" if there is None else "elsewhere", path)
        return path

    def open(self, path: str) -> BinaryIO:
        there = self.entry(path)
        if there is None or there.is_folder or there.is_link or there.is_placeholder:
            raise Unavailable("missing" if there is None else "failed", path)
        return io.BytesIO(self._content(self._files[self._key(path)][1]))

    def read(self, path: str, most: int) -> bytes:
        with self.open(path) as file:
            data = file.read()
        if len(data) > most:
            raise Unavailable("too_large", path)
        return data


class _Registry:
    def __init__(self, keys: Mapping[str, Mapping[str, str]]) -> None:
        self._keys: dict[str, Mapping[str, str]] = {}
        self._below: dict[str, dict[str, str]] = {}
        for path, values in keys.items():
            self._keys[path.casefold()] = values
            child = path
            while (parent := child.rpartition("\\")[0]) and parent != child:
                name = child.rpartition("\\")[2]
                self._below.setdefault(parent.casefold(), {})[name.casefold()] = name
                child = parent

    def values(self, key: str) -> Values:
        return Values(key, self._keys.get(key.casefold(), {}).items())

    def subkeys(self, key: str) -> Sequence[str]:
        return sorted(self._below.get(key.casefold(), {}).values())


def _drives_of(told: Mapping[str, Any]) -> list[dict[str, str]]:
    roots = {path[:3].upper() for path in told.get("files", {}) if path[1:3] == ":\\"}
    return [{"root": root} for root in sorted(roots)]


class Recording:
    """See the module; raises KeyError, TypeError or ValueError for a document of another shape."""

    variables = windowspath.VARIABLES

    def __init__(self, told: Mapping[str, Any], called: str = "") -> None:
        self._told = told
        self.system = System(told["system"])
        self.is_running = bool(told.get("is_running", True))
        self.name = str(told.get("name", "")) or called
        separator = "\\" if self.system is System.WINDOWS else "/"
        self._files = _Files(told.get("files", {}), separator)
        self._registry: Registry = (
            _Registry(told.get("registry", {})) if self.system is System.WINDOWS else NoRegistry()
        )
        self._drives = [Drive(**one) for one in told.get("drives", _drives_of(told))]
        self._users = [User(**one) for one in told.get("users", [])]
        self._processes = [Process(**one) for one in told.get("processes", [])]
        self._sockets = [Socket(**one) for one in told.get("sockets", [])]
        self._signatures = {
            path.casefold(): (Signature(one[0]), str(one[1]))
            for path, one in told.get("signatures", {}).items()
        }

    def _has(self, part: str) -> None:
        refused = self._told.get("unavailable", {}).get(part)
        if refused is not None:
            raise Unavailable(refused if refused in REASONS else "failed", part)
        if part not in self._told:
            raise Unavailable("not_running" if not self.is_running else "failed", part)

    @property
    def files(self) -> _Files:
        self._has("files")
        return self._files

    @property
    def registry(self) -> Registry:
        if self.system is System.WINDOWS:
            self._has("registry")
        return self._registry

    def drives(self) -> Sequence[Drive]:
        return self._drives if self.system is System.WINDOWS else ()

    def unsettled(self) -> Sequence[str]:
        return [str(path) for path in self._told.get("unsettled", ())]

    def users(self) -> Sequence[User]:
        return self._users

    def processes(self) -> Sequence[Process]:
        self._has("processes")
        return self._processes

    def sockets(self) -> Sequence[Socket]:
        self._has("sockets")
        return self._sockets

    def adapters(self) -> Sequence[Adapter]:
        self._has("adapters")
        return [Adapter(str(one["hardware"]), tuple(one["addresses"])) for one in self._told["adapters"]]

    def resolver_cache(self) -> Sequence[str]:
        self._has("resolver_cache")
        return [str(name) for name in self._told["resolver_cache"]]

    def query(self, table: str, columns: Sequence[str], filled: str = "") -> Sequence[Mapping[str, str]]:
        self._has("tables")
        rows = self._told["tables"].get(table)
        if rows is None:
            raise Unavailable("failed", table)
        return [
            {column: str(row.get(column, "")) for column in columns}
            for row in rows
            if not filled or row.get(filled)
        ]

    def events(self, log: str) -> Iterator[bytes]:
        self._has("events")
        if log not in self._told["events"]:
            raise Unavailable("missing", log)
        for event in self._told["events"][log]:
            yield json.dumps({"Event": event}).encode()

    def signature(self, path: str) -> tuple[Signature, str]:
        return self._signatures.get(path.casefold(), (Signature.UNKNOWN, ""))
