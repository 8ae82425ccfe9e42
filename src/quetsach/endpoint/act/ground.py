"""The parts of a machine that acts change: files, registry, programs and firewall, running or on a disk.

Every method raises `ActError` where the system refuses, and never follows a link on the way to a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from quetsach.endpoint.machine import Machine

State = Mapping[str, Any]
"""The state that an act compares, in a form for JSON."""


class Disk(Protocol):
    """Files by the machine's own paths. `meta` is all of a file except its content."""

    def spelled(self, path: str) -> str:
        """The path as it is on the disk: its own spelling, with no link on the way."""
        ...

    def tidy(self, path: str) -> None:
        """Remove the part file that an interrupted `put` left beside the path."""
        ...

    def look(self, path: str) -> State | None:
        """Hash, size, owner, rights and times of a regular file; None where there is none."""
        ...

    def content(self, path: str) -> Iterator[bytes]:
        """The content, in parts."""
        ...

    def meta(self, path: str) -> dict[str, Any]:
        """All that must be restored besides the content."""
        ...

    def streams(self, path: str) -> Mapping[str, bytes]:
        """The alternate streams of NTFS by name; empty elsewhere."""
        ...

    def remove(self, path: str, expected: str) -> None:
        """Remove a file if its SHA-256 is still the expected hash."""
        ...

    def put(
        self,
        path: str,
        content: Iterable[bytes],
        meta: Mapping[str, Any],
        streams: Mapping[str, bytes],
        *,
        instead_of: str = "",
    ) -> None:
        """Put a whole file in place at once: as a new file, or over a file with the SHA-256 `instead_of`.

        Times that `meta` does not name are set to now.
        """
        ...

    def folder(self, path: str) -> State | None:
        """Owner and rights of a folder; None where there is none."""
        ...

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder; raises `ActError("not_empty")`."""
        ...

    def make_folder(self, path: str, state: State) -> None:
        """Make a folder with its former owner and rights; a folder that exists only gets these."""
        ...


class Settings(Protocol):
    """Registry values as they are stored: `{"type": number, "data": hex}`."""

    def admit(self, key: str) -> None:
        """Raises `ActError("unclean")` where a value below the key must not be changed now."""
        ...

    def get(self, key: str, name: str) -> State | None: ...
    def set(self, key: str, name: str, value: State) -> None:
        """Raises `ActError("missing")` where the key does not exist."""
        ...

    def delete(self, key: str, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Running:
    """A running program; `started` in seconds since 1970 tells it from a later program with the same
    number."""

    pid: int
    program: str
    started: float
    command: str = ""
    is_deleted: bool = False


class Programs(Protocol):
    """The running programs."""

    def all(self) -> Sequence[Running]: ...
    def stop(self, one: Running) -> None:
        """Ask the program to end, then force it."""
        ...


class Firewall(Protocol):
    """Rules of our own that keep this machine from calling an address."""

    def can(self) -> bool:
        """Whether a rule would have an effect on every network that the machine may be on."""
        ...

    def has(self, name: str, address: str) -> bool: ...
    def add(self, name: str, address: str) -> None: ...
    def remove(self, name: str) -> None: ...


class Ground(Protocol):
    """A machine that acts change; a part is None where this kind of machine cannot have it changed."""

    @property
    def machine(self) -> Machine: ...
    @property
    def store(self) -> Path:
        """The folder for kept files and journal, readable by administrators only."""
        ...

    @property
    def identity(self) -> str:
        """An id that tells this machine from others; "" where it has none."""
        ...

    @property
    def disk(self) -> Disk: ...
    @property
    def settings(self) -> Settings | None: ...
    @property
    def programs(self) -> Programs | None: ...
    @property
    def firewall(self) -> Firewall | None: ...
    def make_private(self, folder: Path) -> None:
        """Make the folder where it is missing, and make sure that no other account may write to it.

        Raises:
            ActError: `unsafe_store`.
        """
        ...
