"""The interface through which all probes see a machine: files, registry, and the state of a running system.

Every method raises `Unavailable` where it cannot answer; an empty answer means that there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Protocol

from quetsach.endpoint.fact import Unavailable


class System(StrEnum):
    """The family of the machine's operating system."""

    WINDOWS = "windows"
    LINUX = "linux"


class Signature(StrEnum):
    """Authenticode, embedded or by catalogue. `UNKNOWN` where it cannot be judged, as on a disk seen
    from another system."""

    VALID = "valid"
    BAD = "bad"
    UNSIGNED = "unsigned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in a folder: `path` as the machine spells it, `size` in bytes, `modified` in seconds since 1970.

    A link is a symbolic link or a reparse point; a placeholder has its content elsewhere (cloud storage,
    tape), and opening it would fetch that.
    """

    path: str
    name: str
    is_folder: bool
    size: int = 0
    modified: float = 0.0
    is_link: bool = False
    is_placeholder: bool = False


class Files(Protocol):
    """Files by the machine's own paths, on Windows in any case. Links never lead out of the machine."""

    def entries(self, folder: str) -> list[Entry]:
        """The names in a folder; empty where there is no such folder."""
        ...

    def entry(self, path: str) -> Entry | None:
        """One path, None where it does not exist."""
        ...

    def follow(self, path: str) -> str:
        """The target of a link within the machine, the path itself where it is no link. Raises `Unavailable`:
        `missing` where nothing is there, `elsewhere` where the target is not on this disk."""
        ...

    def open(self, path: str) -> BinaryIO:
        """A regular file for reading; never a link, a device, a pipe or a placeholder."""
        ...

    def read(self, path: str, most: int) -> bytes:
        """The whole content of a file of at most `most` bytes; raises `Unavailable("too_large")` beyond."""
        ...


class Registry(Protocol):
    r"""Registry keys by path, from `HKLM\` or `HKU\<user>\`; names have no case."""

    def values(self, key: str) -> Mapping[str, str]:
        """Name → data as text (several strings joined by a line feed, numbers in decimals, bytes in hex); the
        unnamed value is "". Empty where there is no such key. A value that could not be read becomes a gap as
        soon as it is asked for (`registry_values.Values`)."""
        ...

    def subkeys(self, key: str) -> Sequence[str]:
        """Names of the keys below, empty where there is no such key."""
        ...


@dataclass(frozen=True, slots=True)
class Drive:
    r"""A drive of Windows by its root: `D:\`, the folder where it is mounted (`C:\Data\`), or the name of a
    volume without either (`\\?\Volume{…}\`).

    `kind` is fixed, removable, network, disc, or raw for a volume that Windows itself cannot read. `reason`
    is "", or the reason of `fact.REASONS` for which its root cannot be listed.
    """

    root: str
    kind: str = "fixed"
    reason: str = ""

    @property
    def is_own(self) -> bool:
        """Whether a check of this machine looks at it."""
        return self.kind in ("fixed", "removable")


@dataclass(frozen=True, slots=True)
class User:
    r"""A person's profile: its folder, and its registry root `HKU\…` ("" where that cannot be seen)."""

    name: str
    folder: str
    root: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """A running program. `program` is the path of its image, "" where it has none, or where this account may
    not see it (`is_closed`)."""

    pid: int
    name: str
    program: str
    command: str = ""
    is_deleted: bool = False
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Socket:
    """A socket of the Internet families; `address` is "" for a listening socket. `state` is psutil's word."""

    address: str
    port: int
    local_port: int
    state: str
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Adapter:
    """A network adapter that is up: its hardware address, "" for none, and its addresses, as the system
    spells them."""

    hardware: str
    addresses: tuple[str, ...] = ()


def roots_of(users: Iterable[User]) -> list[str]:
    r"""The registry roots of a machine: `HKLM`, then the visible roots of its people."""
    return ["HKLM", *(user.root for user in users if user.root)]


class Machine(Protocol):
    """A machine to look at. `name` is its host name, "" where unknown."""

    @property
    def system(self) -> System: ...
    @property
    def is_running(self) -> bool: ...
    @property
    def name(self) -> str: ...
    @property
    def files(self) -> Files: ...
    @property
    def registry(self) -> Registry:
        """Raises Unavailable where the system has none."""
        ...

    @property
    def variables(self) -> Mapping[str, str]:
        """Environment variables of the whole system, names in lower case; empty where there are no drives."""
        ...

    def drives(self) -> Sequence[Drive]:
        """The drives of a Windows that hold a medium; empty for other systems."""
        ...

    def unsettled(self) -> Sequence[str]:
        """The registry files whose newest changes stand only in the logs beside them; of a running system
        those of people who are not signed in."""
        ...

    def users(self) -> Sequence[User]: ...
    def processes(self) -> Sequence[Process]: ...
    def sockets(self) -> Sequence[Socket]:
        """The sockets open at this moment."""
        ...

    def adapters(self) -> Sequence[Adapter]:
        """The network adapters that are up at this moment."""
        ...

    def resolver_cache(self) -> Sequence[str]:
        """The names in the cache of the system's resolver."""
        ...

    def query(self, table: str, columns: Sequence[str], filled: str = "") -> Sequence[Mapping[str, str]]:
        r"""Rows of a WMI class of `ROOT\CIMV2`; only those where the column `filled` has a value."""
        ...

    def events(self, log: str) -> Iterator[bytes]:
        """The events of a Windows event log, by the name of its file, as lines of JSON."""
        ...

    def signature(self, path: str) -> tuple[Signature, str]:
        """Whether a program is signed, and the signer."""
        ...


class NoRegistry:
    """The registry of a system without a registry."""

    def values(self, key: str) -> Mapping[str, str]:
        raise Unavailable("other_system", key)

    def subkeys(self, key: str) -> Sequence[str]:
        raise Unavailable("other_system", key)


def keys_below(registry: Registry, key: str, *, depth: int = 4, most: int = 20_000) -> Iterator[str]:
    """The key and all keys below it, breadth first; bounded, because a damaged hive may loop.

    Raises Unavailable behind the last of `most` keys if there are more.
    """
    waiting, seen = [(key, 0)], 0
    while waiting:
        if seen >= most:
            raise Unavailable("too_large", key)
        path, level = waiting.pop(0)
        seen += 1
        yield path
        if level < depth:
            waiting += [(f"{path}\\{name}", level + 1) for name in registry.subkeys(path)]
