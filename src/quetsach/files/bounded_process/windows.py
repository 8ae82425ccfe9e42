"""Each file gets one new process under a job object (Windows): memory, processor time, no further process.

The process is in its job before we send it a byte, and ends when we close the job's handle.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any

from quetsach.files.bounded_process import reader
from quetsach.files.bounded_process.refusal import NotReadError

if sys.platform == "win32":
    import contextlib
    import ctypes
    import os
    from ctypes import wintypes

    MOST_ANSWER = 64 << 20
    _EXTENDED = 9  # JobObjectExtendedLimitInformation
    # Process time, active processes, die on an unhandled exception, process memory, kill on close.
    _FLAGS = 0x2 | 0x8 | 0x400 | 0x100 | 0x2000
    _OUT_OF_TIME = 1816
    """ERROR_NOT_ENOUGH_QUOTA: the exit code when a job ends a process that used its time."""

    class _Basic(ctypes.Structure):
        _fields_ = (
            ("process_time", ctypes.c_int64),
            ("job_time", ctypes.c_int64),
            ("flags", wintypes.DWORD),
            ("least_working", ctypes.c_size_t),
            ("most_working", ctypes.c_size_t),
            ("processes", wintypes.DWORD),
            ("affinity", ctypes.c_size_t),
            ("priority", wintypes.DWORD),
            ("scheduling", wintypes.DWORD),
        )

    class _Limits(ctypes.Structure):
        _fields_ = (
            ("basic", _Basic),
            ("io", ctypes.c_uint64 * 6),
            ("process_memory", ctypes.c_size_t),
            ("job_memory", ctypes.c_size_t),
            ("peak_process", ctypes.c_size_t),
            ("peak_job", ctypes.c_size_t),
        )

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.CreateJobObjectW.restype = wintypes.HANDLE
    _kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
    _kernel.SetInformationJobObject.argtypes = (
        wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD,
    )  # fmt: skip
    _kernel.CloseHandle.argtypes = (wintypes.HANDLE,)

    def run(request: dict[str, Any], data: bytes, _turn: int | None) -> bytes:
        """The answer of a file's reader. Raises NotReadError."""
        job = _job(request["seconds"])
        try:
            return _answer(job, request, data)
        finally:
            _kernel.CloseHandle(job)

    def _job(seconds: int) -> int:
        job = _kernel.CreateJobObjectW(None, None)
        limits = _Limits()
        limits.basic.process_time = seconds * 10_000_000  # of 100 ns
        limits.basic.flags, limits.basic.processes = _FLAGS, 1
        limits.process_memory = reader.MEMORY
        if not job or not _kernel.SetInformationJobObject(
            job, _EXTENDED, ctypes.byref(limits), ctypes.sizeof(limits)
        ):
            raise NotReadError("crashed", f"no job object: {ctypes.get_last_error()}")
        return int(job)

    def _answer(job: int, request: dict[str, Any], data: bytes) -> bytes:
        bare = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        # The program of a virtual environment starts another program; the job would not allow that.
        program = getattr(sys, "_base_executable", sys.executable)
        if program != sys.executable:
            bare["__PYVENV_LAUNCHER__"] = sys.executable
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [program, "-I", "-m", "quetsach.files.bounded_process"],
            stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=bare,
            creationflags=subprocess.CREATE_NO_WINDOW,
        ) as process:  # fmt: skip
            assert process.stdin is not None and process.stdout is not None
            late = threading.Timer(2 * request["seconds"], process.kill)
            try:
                if not _kernel.AssignProcessToJobObject(job, int(process._handle)):  # type: ignore[attr-defined]
                    raise NotReadError("crashed", f"not in its job: {ctypes.get_last_error()}")
                late.start()
                sender = threading.Thread(target=_send, args=(process.stdin, request, data), daemon=True)
                sender.start()
                said = process.stdout.read(MOST_ANSWER + 1)
            finally:
                was_late = late.finished.is_set()
                late.cancel()
                if len(said) > MOST_ANSWER if "said" in locals() else True:
                    process.kill()
            sender.join()
            code = process.wait()
        if len(said) > MOST_ANSWER:
            raise NotReadError("too_large")
        if was_late or code == _OUT_OF_TIME:
            raise NotReadError("too_long")
        if code or not said:
            raise NotReadError("crashed", str(code))
        return said

    def _send(stdin: Any, request: dict[str, Any], data: bytes) -> None:
        with contextlib.suppress(OSError), stdin:
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.write(data)
