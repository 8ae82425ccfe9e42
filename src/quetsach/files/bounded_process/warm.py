"""The owner's side of the warm process (POSIX): started when the first file comes, anew when it has ended."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any, BinaryIO

from quetsach.files.bounded_process import reader, serving
from quetsach.files.bounded_process.refusal import NotReadError

MOST_ANSWER = 64 << 20
_BLOCK = 1 << 20
_GRACE = 10.0
"""Seconds beyond those of a file, for a busy machine."""
_TRIES = 3
_START = ("-I", "-m", "quetsach.files.bounded_process")

if sys.platform != "win32":

    class _Nursery:
        """One warm process of this process."""

        def __init__(self) -> None:
            self._lock = threading.Lock()
            self._control: socket.socket | None = None
            self._process: subprocess.Popen[bytes] | None = None
            self._owner = 0

        def send(self, request: bytes, given: list[int]) -> None:
            """Hand a file over. Raises OSError when the warm process has ended meanwhile."""
            with self._lock:
                if self._owner != os.getpid() or self._process is None or self._process.poll() is not None:
                    self._start()
                assert self._control is not None
                try:
                    socket.send_fds(self._control, [serving.HEAD.pack(len(request))], given)
                    self._control.sendall(request)
                except OSError:
                    self.end()
                    raise

        def _start(self) -> None:
            if self._owner == os.getpid():
                self.end()
            ours, theirs = socket.socketpair()
            # The warm process does not get our environment: the portal's secrets stand in it.
            bare = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
            quiet = subprocess.DEVNULL
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, *_START, str(theirs.fileno())],
                    stdin=quiet, stdout=quiet, stderr=quiet, env=bare, cwd="/",
                    pass_fds=[theirs.fileno()], start_new_session=True,
                )  # fmt: skip
            self._control, self._owner = ours, os.getpid()

        def end(self) -> None:
            """Let the warm process go; it ends by itself when its socket closes."""
            if self._owner != os.getpid():
                return
            if self._control is not None:
                self._control.close()
            if self._process is not None:
                try:
                    self._process.wait(5)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            self._control = self._process = None

    _nursery = _Nursery()
    atexit.register(_nursery.end)

    def pid() -> int | None:
        """The warm process, None while there is none."""
        process = _nursery._process
        return process.pid if process is not None and process.poll() is None else None

    def run(request: dict[str, Any], data: bytes, turn: int | None) -> bytes:
        """The answer of a file's reader. Raises NotReadError."""
        text = json.dumps(request).encode()
        said: bytes | None = b""
        told: bytes = b""
        with _file(data) as file, open(os.devnull, "rb") as none:  # noqa: PTH123
            for attempt in range(_TRIES):
                file.seek(0)
                answer, answer_to = os.pipe()
                status, status_to = os.pipe()
                try:
                    held = none.fileno() if turn is None else turn
                    with contextlib.ExitStack() as stack:
                        stack.callback(os.close, answer_to)
                        stack.callback(os.close, status_to)
                        with contextlib.suppress(OSError):
                            _nursery.send(text, [file.fileno(), answer_to, status_to, held])
                    end = time.monotonic() + 2 * request["seconds"] + _GRACE
                    said = _all(answer, end, MOST_ANSWER + 1)
                    if said is None:
                        raise NotReadError("too_long")
                    if len(said) > MOST_ANSWER:
                        raise NotReadError("too_large")
                    told = _all(status, end, 64) or b""
                finally:
                    os.close(answer)
                    os.close(status)
                # The warm process ended by itself before it saw the request: nothing was read.
                if told.startswith(reader.STARTED) or attempt == _TRIES - 1:
                    break
        return _judged(said or b"", told)

    def _judged(said: bytes, told: bytes) -> bytes:
        how = told[1:]
        if reader.OUT_OF_TIME in how or how == str(-signal.SIGXCPU).encode():
            raise NotReadError("too_long")
        if how != b"0" or not said:
            raise NotReadError("crashed", how.decode("ascii", "replace"))
        return said

    def _all(pipe: int, end: float, most: int) -> bytes | None:
        """All bytes until the pipe closes, at most `most`; None when that takes too long."""
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        found = bytearray()
        while len(found) < most:
            if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
                return None
            block = os.read(pipe, _BLOCK)
            if not block:
                break
            found += block
        return bytes(found)

    def _file(data: bytes) -> BinaryIO:
        """The bytes as a file without a name, in memory where the system has such."""
        if sys.platform == "linux":
            file: Any = os.fdopen(os.memfd_create("file"), "w+b")
        else:
            file = tempfile.TemporaryFile()  # noqa: SIM115
        file.write(data)
        file.flush()
        return file  # type: ignore[no-any-return]
