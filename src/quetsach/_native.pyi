from os import PathLike
from typing import Any, final

from quetsach.source import ByteStream

__version__: str

class SetError(Exception):
    """The indicator set cannot be used."""

class OptionsError(Exception):
    """The scan was asked for something that does not exist."""

@final
class SpareThreads:
    def __init__(self, threads: int) -> None: ...
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

@final
class Matcher:
    @staticmethod
    def compile(list: bytes, formats: list[str]) -> Matcher: ...
    @staticmethod
    def load(path: PathLike[str], formats: list[str]) -> Matcher: ...
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
        flows: int | None = None,
    ) -> tuple[Lines, dict[str, Any]]: ...

def levels() -> list[str]: ...
