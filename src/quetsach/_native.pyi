import builtins
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import Any, final

from quetsach.files.source import ByteStream

__version__: str

class SetError(Exception):
    """The indicator set cannot be used."""

class OptionsError(Exception):
    """The scan was asked for something that does not exist."""

class Fault(Exception):
    """The engine failed, by a mistake in its own code."""

@final
class Asked:
    def __init__(self, identifiers: list[str]) -> None: ...

@final
class SpareThreads:
    def __init__(self, threads: int, takers: int = 1) -> None: ...
    def give(self) -> None: ...

@final
class Progress:
    def __init__(self, spare: SpareThreads | None = None) -> None: ...
    @property
    def bytes_read(self) -> int: ...
    @property
    def hits(self) -> int: ...
    def cancel(self) -> None: ...

@final
class Lines:
    def __len__(self) -> int: ...
    def read(self, offset: int, size: int) -> bytes: ...
    def write(self, put: Callable[[bytes], object]) -> None: ...
    def tally(self) -> Tally | None: ...
    def bypasses(self) -> Bypasses: ...

@final
class Bypasses:
    def __len__(self) -> int: ...
    def read(self, offset: int, size: int) -> bytes: ...

type _Sums = list[tuple[str, int]]

@final
class Tally:
    def __init__(self) -> None: ...
    def add(self, block: bytes) -> None: ...
    def machines(
        self, start: int, most: int
    ) -> list[
        tuple[
            str,
            list[tuple[str, str]],
            builtins.list[str],
            _Sums,
            _Sums,
            _Sums,
            int,
            int,
            str | None,
            str | None,
            int,
        ]
    ]: ...
    def formats(self) -> _Sums: ...
    def indicators(self, machine: int, most: int) -> _Sums: ...
    def indicator_count(self) -> int: ...
    def most_seen(self, most: int) -> _Sums: ...
    def called_only(self, indicators: list[str]) -> list[bool]: ...

@final
class Draft:
    def __init__(self) -> None: ...
    def read(
        self,
        text: str,
        list: int,
        scope_number: int,
        *,
        hosts: bool = False,
        delimiter: str | None = None,
        header: int = 0,
        value: int = 0,
        kind: int | None = None,
        family: int | None = None,
        kinds: Sequence[str] = (),
    ) -> builtins.list[tuple[int, str]]: ...
    def add(self, kind: str, value: str, scope_number: int, family: str, list: int, line: int) -> None: ...
    def __len__(self) -> int: ...
    def set_id(self) -> str: ...
    def kinds(self) -> list[tuple[str, int]]: ...
    def merge(self) -> None: ...
    def suspects(
        self, below: str, exact: str, parents: str, spans: Sequence[tuple[int, int]], narrowest: int
    ) -> list[int]: ...
    def entry(self, number: int) -> tuple[int, str, str, int, str, int, int] | None: ...
    def remove(self, numbers: Sequence[int]) -> None: ...

@final
class Formats:
    def __init__(
        self, folder: PathLike[str], texts: Sequence[str], packed: Sequence[str] | None = None
    ) -> None: ...

@final
class Judging:
    def add(self, text: bytes) -> tuple[str, str, bool]: ...

@final
class Matcher:
    @staticmethod
    def from_draft(draft: Draft, formats: Formats, around: bytes) -> Matcher: ...
    @staticmethod
    def compile(list: bytes, formats: Formats, around: bytes) -> Matcher: ...
    @staticmethod
    def load(path: PathLike[str], formats: Formats, around: bytes) -> Matcher: ...
    def recognise(self, start: bytes) -> str: ...
    def judging(self, format: str | None = None) -> Judging: ...
    def save(self, path: PathLike[str]) -> None: ...
    @property
    def count(self) -> int: ...
    @property
    def set_id(self) -> str: ...
    def scan(
        self,
        path: PathLike[str] | str,
        progress: Progress,
        *,
        tz: str,
        format: str | None = None,
        devices: bool = False,
        source_name: str = "",
        stream: ByteStream | None = None,
        changed: int | None = None,
        level: str | None = None,
        chunk: int | None = None,
        long_line: int | None = None,
        parsed_part: int | None = None,
        edge_bytes: int | None = None,
        row_bytes: int | None = None,
        window: int | None = None,
        flows: int | None = None,
        alive: int | None = None,
        block: int | None = None,
        asked: Asked | None = None,
    ) -> tuple[Lines, dict[str, Any]]: ...
    def scan_part(
        self,
        path: str | PathLike[str],
        progress: Progress,
        *,
        start: int,
        end: int | None,
        header: bytes | None = None,
        tz: str,
        format: str | None = None,
        devices: bool = False,
        chunk: int | None = None,
        edge_bytes: int | None = None,
        block: int | None = None,
        asked: Asked | None = None,
    ) -> tuple[int, int, str, bytes, bytes, list[str], bytes] | None: ...
    def scan_span(
        self,
        path: str | PathLike[str],
        progress: Progress,
        stream: ByteStream,
        *,
        start: int,
        judged: tuple[str, str],
        header: bytes,
        hours: bytes,
        source: str,
        tz: str,
        format: str | None = None,
        devices: bool = False,
        source_name: str = "",
        changed: int | None = None,
        chunk: int | None = None,
        edge_bytes: int | None = None,
        block: int | None = None,
        asked: Asked | None = None,
    ) -> tuple[Lines | None, dict[str, Any], bytes, bytes]: ...
    def merge(
        self,
        path: str | PathLike[str],
        bodies: Iterable[bytes],
        errors: list[str],
        *,
        tz: str,
        format: str | None = None,
        devices: bool = False,
        source_name: str = "",
        asked: Asked | None = None,
    ) -> tuple[Lines, dict[str, Any]] | None: ...

def levels() -> list[str]: ...
