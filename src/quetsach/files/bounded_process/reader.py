"""The process that reads strangers' files. It starts with nothing imported and sends no request to anybody.

On POSIX a warm process is forked for each file (`serving.py`), on Windows it is started anew (`windows.py`).
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import sys
from typing import Any, BinaryIO

from quetsach.errors import QuetsachError
from quetsach.files.bounded_process import plain

IDLE = 60.0
"""Seconds without a file after which the warm process ends."""
MEMORY = 512 << 20
"""Bytes of address space for one file. All libraries together take 141 MB of it."""
STARTED, OUT_OF_TIME = b"s", b"t"
"""Status bytes for the owner of a file: its process runs; its process was killed for taking too long."""
FAULT, SAID, RAISED = b"F", b"A", b"E"
"""The first byte of an answer: a fault (`damaged` or `too_large`), a return value, or one of our errors."""

inside = False
"""Whether this is a reading process."""


def limit(seconds: int, *, is_threaded: bool) -> None:
    """Allow `seconds` of processor time and MEMORY; forbid written files, new processes and core dumps.

    POSIX; on Windows the job object sets the same limits. Linux counts threads as processes, so a reader with
    `is_threaded` may start some of either. Linux does not count the processes of root at all.
    """
    if sys.platform == "win32":
        return
    import resource

    for what, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        *(() if is_threaded else ((resource.RLIMIT_NPROC, 0),)),
    ):
        # At the hard limit of time Linux kills without a word; the soft limit, a second before, is reported.
        hard = most + 1 if what == resource.RLIMIT_CPU else most
        resource.setrlimit(what, (most, hard))


def answer(request: dict[str, Any], data: BinaryIO) -> list[bytes]:
    """Read one file and answer with its content. Whatever the file does to a library, there is an answer."""
    global inside
    inside = True
    try:
        reads = function(request["function"])
        given = plain.unpack(bytes.fromhex(request["given"]), request_types(reads))
        try:
            return [SAID, *plain.pack(reads(data.read(), *given))]
        except QuetsachError as error:
            state = {name: value for name, value in vars(error).items() if not name.startswith("_")}
            told = (type(error).__qualname__, [str(one) for one in error.args], _flat(state))
            return [RAISED, *plain.pack(told)]
    except MemoryError:
        return [FAULT, b"too_large MemoryError"]
    except BaseException as error:  # a panic in Rust is no Exception
        reason = b"too_large" if getattr(error, "errno", None) == errno.ENOMEM else b"damaged"
        return [FAULT, reason, b" ", type(error).__name__.encode()]


def prepare(request: dict[str, Any]) -> None:
    """Do the parts of `answer` that do not need the file, once instead of once in each process."""
    plain.unpack(bytes.fromhex(request["given"]), request_types(function(request["function"])))


def _flat(state: dict[str, Any]) -> dict[str, Any]:
    """The attributes of an error: texts, numbers, and tables of these."""
    return {
        name: dict(value)
        if isinstance(value, dict)
        else value
        if isinstance(value, str | int)
        else str(value)
        for name, value in state.items()
    }


def request_types(reads: Any) -> Any:
    """The types of a reader's arguments after the file."""
    from quetsach.files.bounded_process import argument_types

    return argument_types(reads)


def function(name: str) -> Any:
    """The body of a marked function, by its module and name."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute).__wrapped__


def write(parts: list[bytes], to: int = 1) -> None:
    """Write all parts of an answer to the standard output, which is a pipe."""
    left = memoryview(b"".join(parts))
    while left:
        left = left[os.write(to, left) :]


def once() -> None:
    """Read one file from the standard input, behind the request in one line (Windows)."""
    request = json.loads(sys.stdin.buffer.readline())
    write(answer(request, sys.stdin.buffer))
