"""Lists and stops running programs with psutil."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.act.ground import Running

_PATIENCE = 3.0
"""Seconds for a program to end after the request, and again after it was forced."""


class LivePrograms:
    """See the module."""

    def all(self) -> Sequence[Running]:
        psutil = _psutil()
        found = []
        # What is remembered of a process that was met before its exec names the file of its parent.
        psutil.process_iter.cache_clear()
        for one in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                program = _told(psutil, one.exe) or _image(one.pid)
                if one.status() == psutil.STATUS_ZOMBIE:
                    continue
                found.append(
                    Running(
                        pid=one.pid,
                        program=program.removesuffix(" (deleted)"),
                        started=one.create_time(),
                        command=" ".join(_told(psutil, one.cmdline) or []),
                        is_deleted=program.endswith(" (deleted)"),
                    )
                )
        return found

    def stop(self, one: Running) -> None:
        psutil = _psutil()
        try:
            process = psutil.Process(one.pid)
            if process.create_time() != one.started or one.pid == os.getpid():
                return
            for end in (process.terminate, process.kill):
                end()
                with suppress(psutil.TimeoutExpired):
                    process.wait(_PATIENCE)
                    return
        except psutil.NoSuchProcess:
            return
        except (psutil.AccessDenied, OSError) as error:
            raise ActError("no_permission", one.program or str(one.pid)) from error
        raise ActError("not_stopped", one.program or str(one.pid))


def own() -> set[int]:
    """The process ids of this program and of its parents."""
    psutil = _psutil()
    found = {os.getpid()}
    with suppress(psutil.Error, OSError):
        found.update(one.pid for one in psutil.Process().parents())
    return found


def _image(pid: int) -> str:
    if sys.platform != "win32":
        return ""
    from quetsach.endpoint.act.grounds import winfile

    try:
        return winfile.image(pid)
    except OSError:
        return ""


def _told(psutil: Any, ask: Any) -> Any:
    try:
        return ask() or ""
    except (psutil.Error, OSError):
        return ""


def _psutil() -> Any:
    try:
        import psutil  # type: ignore[import-untyped]
    except ImportError as error:
        raise ActError("not_here", "psutil") from error
    return psutil
