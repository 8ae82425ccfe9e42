"""The warm process (POSIX) imports libraries and forks once a file, so no process reads two files.

It never opens a file itself. It ends with the process that it serves, or when no request came for a minute.
"""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import contextlib
    import ctypes
    import encodings.cp437  # noqa: F401 - names in archives; each process of a file would import it anew
    import fcntl
    import gc
    import importlib
    import json
    import os
    import resource  # noqa: F401 - as above
    import select
    import signal
    import socket
    import struct
    import time
    from dataclasses import dataclass
    from typing import Any

    from quetsach.files.bounded_process import reader

    HEAD = struct.Struct(">I")
    DATA, ANSWER, TURN = 0, 1, 3
    _KERNEL = ctypes.CDLL(None)

    @dataclass
    class _Child:
        end: float
        status: int
        turn: int
        is_late: bool = False

    class Warm:
        """Serves one owner over a socket until that closes."""

        def __init__(self, control: socket.socket) -> None:
            self._control = control
            self._children: dict[int, _Child] = {}
            self._woken, waking = socket.socketpair()
            for one in (self._woken, waking):
                one.setblocking(False)
            self._waking = waking
            signal.signal(signal.SIGCHLD, lambda *_what: None)
            signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)

        def serve(self) -> None:
            """Until the owner ends, or nothing came for IDLE seconds."""
            idle = time.monotonic() + reader.IDLE
            while True:
                poll = select.poll()
                poll.register(self._control, select.POLLIN)
                poll.register(self._woken, select.POLLIN)
                for child in self._children.values():
                    poll.register(child.status, 0)  # only whether the owner is still there
                ends = [one.end for one in self._children.values() if not one.is_late] or [idle]
                found = dict(poll.poll(max(0.0, min(ends) - time.monotonic()) * 1000 + 1))
                if self._woken.fileno() in found:
                    with contextlib.suppress(BlockingIOError):
                        self._woken.recv(4096)
                if self._control.fileno() in found:
                    if not self._take():
                        break
                    idle = time.monotonic() + reader.IDLE
                self._look(found)
                if not self._children and time.monotonic() > idle:
                    break
            for pid in self._children:
                os.kill(pid, signal.SIGKILL)

        def _look(self, found: dict[int, int]) -> None:
            """Kill readers that are out of time or no longer waited for; report the readers that have
            ended."""
            for pid, child in list(self._children.items()):
                is_over = time.monotonic() > child.end
                if not child.is_late and (is_over or child.status in found):
                    child.is_late = True
                    with contextlib.suppress(OSError):
                        os.write(child.status, reader.OUT_OF_TIME)
                    os.kill(pid, signal.SIGKILL)
                ended, how = os.waitpid(pid, os.WNOHANG)
                if ended:
                    del self._children[pid]
                    with contextlib.suppress(OSError):
                        os.write(child.status, str(os.waitstatus_to_exitcode(how)).encode())
                    os.close(child.status)
                    os.close(child.turn)

        def _take(self) -> bool:
            """Start reading one file; False when the owner has ended."""
            head, given, _flags, _from = socket.recv_fds(self._control, HEAD.size, 4)
            if len(head) < HEAD.size or len(given) != 4:
                return False
            text = self._control.recv(HEAD.unpack(head)[0], socket.MSG_WAITALL)
            request = json.loads(text)
            for name in request["imports"]:
                # The function itself reports a missing library, in its own words.
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
            with contextlib.suppress(Exception):
                reader.prepare(request)
            gc.freeze()
            data, answer_to, status, turn = given
            pid = os.fork()
            if not pid:
                self._read(request, data, answer_to, turn)
            os.close(data)
            os.close(answer_to)
            end = time.monotonic() + 2 * request["seconds"]
            self._children[pid] = _Child(end, status, turn)
            with contextlib.suppress(OSError):
                os.write(status, reader.STARTED)
            return True

        def _read(self, request: dict[str, Any], data: int, answer_to: int, turn: int) -> None:
            """The process of one file; never returns."""
            code = 1
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _end_with_parent()
                nothing = os.open(os.devnull, os.O_RDWR)
                # The first copies keep the descriptors from overwriting each other; all others are closed.
                given = [fcntl.fcntl(one, fcntl.F_DUPFD, 16) for one in (data, answer_to, nothing, turn)]
                for place, one in zip((DATA, ANSWER, 2, TURN), given, strict=True):
                    os.dup2(one, place)
                os.closerange(TURN + 1, 1024)
                reader.limit(request["seconds"], is_threaded=request["is_threaded"])
                # Not a byte of the file was seen before this line.
                reader.write(reader.answer(request, open(DATA, "rb", closefd=False)))  # noqa: SIM115
                code = 0
            finally:
                os._exit(code)

    def _end_with_parent() -> None:
        """On Linux this process dies with the warm process, and gains no rights by running programs."""
        if sys.platform != "linux":
            return
        parent = os.getppid()
        _KERNEL.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        _KERNEL.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        if os.getppid() != parent or parent == 1:
            os._exit(1)
