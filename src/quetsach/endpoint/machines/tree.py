"""The disk of a machine that is not running, mounted or copied to a folder."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import (
    Adapter,
    Drive,
    Files,
    NoRegistry,
    Process,
    Registry,
    Signature,
    Socket,
    System,
    User,
)
from quetsach.endpoint.machines import eventlog
from quetsach.endpoint.machines.disk import UnixFiles, WindowsTree
from quetsach.endpoint.machines.hive import Hive, Hives, Opener
from quetsach.endpoint.machines.people import has_hive, hives_of

_NO_PROFILES = {"public", "default", "default user", "all users"}
_MOST_USERS = 2_000
_HOST_NAME = re.compile(r"[\w.-]{1,253}", re.ASCII)


class TreeMachine:
    """See the module; the files in the tree show the family of the system."""

    is_running = False
    variables = windowspath.VARIABLES

    def __init__(self, root: Path, called: str = "") -> None:
        self._called = called
        try:
            names = {entry.name.casefold(): entry for entry in root.iterdir()}
            inner = names.get("c:")
            if inner is not None:
                names = {entry.name.casefold(): entry for entry in inner.iterdir()}
        except OSError as error:
            raise Unavailable("missing", str(root)) from error
        if "windows" in names:
            self.system = System.WINDOWS
            self.files: Files = WindowsTree(root)
        elif names.keys() & {"etc", "usr", "bin"}:
            self.system = System.LINUX
            self.files = UnixFiles(root)
        else:
            raise Unavailable("missing", str(root))

    @cached_property
    def registry(self) -> Registry:
        if self.system is not System.WINDOWS:
            return NoRegistry()
        config = r"C:\Windows\System32\config"
        places: dict[str, Callable[[], Hive | None]] = {
            r"HKLM\SOFTWARE": Opener(self.files, rf"{config}\SOFTWARE", is_needed=True),
            r"HKLM\SYSTEM": Opener(self.files, rf"{config}\SYSTEM", is_needed=True),
            r"HKLM\AMCACHE": Opener(self.files, r"C:\Windows\AppCompat\Programs\Amcache.hve"),
            r"HKU\.DEFAULT": Opener(self.files, rf"{config}\DEFAULT"),
            r"HKU\S-1-5-20": Opener(self.files, r"C:\Windows\ServiceProfiles\NetworkService\NTUSER.DAT"),
        }
        for user in self.users():
            if user.root:
                places |= hives_of(self.files, user)
        return Hives(places)

    @cached_property
    def name(self) -> str:
        return self._own_name() or self._called

    def _own_name(self) -> str:
        try:
            if self.system is System.WINDOWS:
                key = r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"
                found = self.registry.values(key).get("ComputerName", "")
            else:
                found = self.files.read("/etc/hostname", 4096).decode("ascii", "replace").strip()
        except Unavailable:
            return ""
        return found if _HOST_NAME.fullmatch(found) else ""

    def unsettled(self) -> Sequence[str]:
        return self.registry.unsettled() if isinstance(self.registry, Hives) else ()

    def drives(self) -> Sequence[Drive]:
        return [Drive(root) for root in self.files.roots] if isinstance(self.files, WindowsTree) else ()

    def users(self) -> Sequence[User]:
        if self.system is System.WINDOWS:
            found = []
            for entry in self.files.entries(r"C:\Users"):
                is_profile = entry.is_folder or entry.is_link
                if is_profile and entry.name.casefold() not in _NO_PROFILES:
                    root = f"HKU\\{entry.name}" if has_hive(self.files, entry.path) else ""
                    found.append(User(entry.name, entry.path, root))
            return at_most(found)
        return unix_users(self.files)

    def _only_running(self, what: str) -> NoReturn:
        raise Unavailable("not_running", what)

    def processes(self) -> Sequence[Process]:
        self._only_running("processes")

    def sockets(self) -> Sequence[Socket]:
        self._only_running("sockets")

    def adapters(self) -> Sequence[Adapter]:
        self._only_running("adapters")

    def resolver_cache(self) -> Sequence[str]:
        self._only_running("resolver_cache")

    def query(self, table: str, *_asked: object, **_only: object) -> Sequence[Mapping[str, str]]:
        self._only_running(table)

    def events(self, log: str) -> Iterator[bytes]:
        if self.system is not System.WINDOWS:
            raise Unavailable("other_system", log)
        return eventlog.lines(self.files, self.variables["systemroot"], log)

    def signature(self, path: str) -> tuple[Signature, str]:  # noqa: ARG002
        return Signature.UNKNOWN, ""


def unix_users(files: Files) -> list[User]:
    """Root, the accounts of `/etc/passwd`, and the folders of `/home`: a directory of accounts elsewhere may
    name those. Each home folder once."""
    try:
        text = files.read("/etc/passwd", 4 << 20).decode("utf-8", "replace")
    except Unavailable as error:
        if error.reason != "missing":
            raise
        text = ""
    homes = {"/root": "root"}
    for fields in accounts(text):
        home = fields[5] if len(fields) > 5 else ""
        homes.setdefault(posixpath.normpath(f"/{home.lstrip('/')}").rstrip("/"), fields[0])
    for entry in files.entries("/home"):
        if entry.is_folder or entry.is_link:
            homes.setdefault(entry.path, entry.name)
    return at_most([User(name, folder) for folder, name in homes.items()])


def accounts(text: str) -> list[list[str]]:
    """The fields of each account in a text like `/etc/passwd`.

    The C library needs a name, a password and two numbers (passwd(5); glibc, nss_files).
    """
    lines = (line.lstrip() for line in text.split("\n"))
    return [
        fields
        for line in lines
        if not line.startswith("#") and len(fields := line.rstrip("\r").split(":")) >= 4
    ]


def at_most(found: list[User]) -> list[User]:
    """The people of a machine; raises Unavailable for more people than a check can look at."""
    if len(found) > _MOST_USERS:
        raise Unavailable("too_large", found[_MOST_USERS].folder)
    return found
