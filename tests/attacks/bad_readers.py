"""Readers as a hostile file would make them: each runs in the process that reads and does its worst."""

from __future__ import annotations

import mmap
import os
import socket
import tempfile
import time
from pathlib import Path

from quetsach.errors import DocumentError, IndicatorError
from quetsach.files import bounded_process


class NarrowError(DocumentError):
    """One that is declared, with more than its text."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@bounded_process.bounded(seconds=5)
def where(_data: bytes) -> tuple[int, int]:
    """Its process, and that of the warm one."""
    return os.getpid(), os.getppid()


@bounded_process.bounded(seconds=5)
def surroundings(_data: bytes) -> dict[str, list[str]]:
    """What is in reach: the environment, and what is open."""
    folder = Path("/proc/self/fd")
    open_ = [str(one.readlink()) for one in folder.iterdir() if one.name.isdecimal() and one.exists()]
    return {"environment": sorted(os.environ), "open": open_}


@bounded_process.bounded(seconds=5)
def hog(_data: bytes) -> int:
    """A gigabyte of address space."""
    return len(mmap.mmap(-1, 1 << 30))


@bounded_process.bounded(seconds=5)
def fill(_data: bytes) -> int:
    """A gigabyte by and by."""
    kept = [bytes(1 << 20) for _ in range(1 << 10)]
    return len(kept)


@bounded_process.bounded(seconds=1)
def spin(_data: bytes) -> int:
    """Processor time without end."""
    while True:
        pass


@bounded_process.bounded(seconds=1)
def sleep(_data: bytes) -> int:
    """Time without end, and no processor."""
    time.sleep(3600)
    return 0


@bounded_process.bounded(seconds=30)
def stay_long(_data: bytes) -> int:
    """Until it is ended, and no processor."""
    time.sleep(3600)
    return 0


@bounded_process.bounded(seconds=5)
def abort(_data: bytes) -> int:
    """As a failed allocation of Rust's ends a process."""
    os.abort()


@bounded_process.bounded(seconds=5)
def write(_data: bytes) -> int:
    """A file."""
    with tempfile.TemporaryFile() as file:
        return file.write(b"x" * 10_000)


@bounded_process.bounded(seconds=5)
def start(_data: bytes) -> int:
    """Another process."""
    pid = os.fork()
    if not pid:
        os._exit(0)
    return os.waitpid(pid, 0)[1]


@bounded_process.bounded(seconds=5)
def flood(_data: bytes) -> bytes:
    """An answer of more than 64 MiB."""
    return bytes(65 << 20)


@bounded_process.bounded(seconds=5)
def lie(_data: bytes) -> list[int]:
    """Another answer than it declared."""
    return "text"  # type: ignore[return-value]


@bounded_process.bounded(seconds=5, raises=(NarrowError,))
def declared(data: bytes, most: int, names: list[str], rest: str = "x") -> int:
    """An error that is declared, made of what was given."""
    raise NarrowError(data.decode(), most=most, first=names[0], rest=rest)


@bounded_process.bounded(seconds=5, raises=(NarrowError,))
def undeclared(_data: bytes) -> int:
    """One that is not."""
    raise IndicatorError("x")


@bounded_process.bounded(seconds=5, refused=lambda error: DocumentError(f"told: {error.reason}"))
def failing(_data: bytes) -> int:
    """A fault of ours."""
    return 1 // 0


@bounded_process.bounded(seconds=5)
def connected(_data: bytes) -> list[int]:
    """Numbers of what is open and a socket."""
    found = []
    for number in range(100):
        try:
            socket.socket(fileno=os.dup(number)).getpeername()
            found.append(number)
        except OSError:
            continue
    return found


@bounded_process.bounded(seconds=5)
def nap(_data: bytes) -> int:
    """Half a second."""
    time.sleep(0.5)
    return 1
