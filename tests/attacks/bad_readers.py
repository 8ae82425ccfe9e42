"""Readers taken over by a hostile file: each runs in the reading process and does its worst."""

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
    """A declared error, with more than its text."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@bounded_process.bounded(seconds=5)
def where(_data: bytes) -> tuple[int, int]:
    """Its process id, and that of the warm process."""
    return os.getpid(), os.getppid()


@bounded_process.bounded(seconds=5)
def surroundings(_data: bytes) -> dict[str, list[str]]:
    """Everything in reach: the environment, and the open files."""
    folder = Path("/proc/self/fd")
    open_ = [str(one.readlink()) for one in folder.iterdir() if one.name.isdecimal() and one.exists()]
    return {"environment": sorted(os.environ), "open": open_}


@bounded_process.bounded(seconds=5)
def hog(_data: bytes) -> int:
    """Claim a gigabyte of address space."""
    return len(mmap.mmap(-1, 1 << 30))


@bounded_process.bounded(seconds=5)
def fill(_data: bytes) -> int:
    """Fill a gigabyte slowly."""
    kept = [bytes(1 << 20) for _ in range(1 << 10)]
    return len(kept)


@bounded_process.bounded(seconds=1)
def spin(_data: bytes) -> int:
    """Use processor time without end."""
    while True:
        pass


@bounded_process.bounded(seconds=1)
def sleep(_data: bytes) -> int:
    """Sleep without end, without using the processor."""
    time.sleep(3600)
    return 0


@bounded_process.bounded(seconds=30)
def stay_long(_data: bytes) -> int:
    """Stay until it is killed, without using the processor."""
    time.sleep(3600)
    return 0


@bounded_process.bounded(seconds=5)
def abort(_data: bytes) -> int:
    """End the process like a failed allocation in Rust."""
    os.abort()


@bounded_process.bounded(seconds=5)
def write(_data: bytes) -> int:
    """Write a file."""
    with tempfile.TemporaryFile() as file:
        return file.write(b"x" * 10_000)


@bounded_process.bounded(seconds=5)
def start(_data: bytes) -> int:
    """Start another process."""
    pid = os.fork()
    if not pid:
        os._exit(0)
    return os.waitpid(pid, 0)[1]


@bounded_process.bounded(seconds=5)
def flood(_data: bytes) -> bytes:
    """Answer with more than 64 MiB."""
    return bytes(65 << 20)


@bounded_process.bounded(seconds=5)
def lie(_data: bytes) -> list[int]:
    """Answer with another type than declared."""
    return "text"  # type: ignore[return-value]


@bounded_process.bounded(seconds=5, raises=(NarrowError,))
def declared(data: bytes, most: int, names: list[str], rest: str = "x") -> int:
    """Raise a declared error made of the arguments."""
    raise NarrowError(data.decode(), most=most, first=names[0], rest=rest)


@bounded_process.bounded(seconds=5, raises=(NarrowError,))
def undeclared(_data: bytes) -> int:
    """Raise an error that is not declared."""
    raise IndicatorError("x")


@bounded_process.bounded(seconds=5, refused=lambda error: DocumentError(f"told: {error.reason}"))
def failing(_data: bytes) -> int:
    """Raise an error of our own making."""
    return 1 // 0


@bounded_process.bounded(seconds=5)
def connected(_data: bytes) -> list[int]:
    """The numbers of open files and of a socket."""
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
    """Sleep half a second."""
    time.sleep(0.5)
    return 1
