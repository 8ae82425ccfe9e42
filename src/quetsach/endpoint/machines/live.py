"""The state of a running system through psutil, the same on Windows and Linux."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Adapter, Process, Socket

_DELETED = " (deleted)"


def host_name() -> str:
    """The host name of this machine."""
    return socket.gethostname().partition(".")[0]


def processes() -> Sequence[Process]:
    """The running programs except this one, as far as this account may see them."""
    psutil = _psutil()

    def told[T](ask: Callable[[], T], otherwise: T) -> T:
        # A program that ends meanwhile, or that is closed to this account, still has its number.
        try:
            return ask() or otherwise
        except (psutil.Error, OSError):
            return otherwise

    found = []
    for pid in psutil.pids():
        if pid == os.getpid():
            continue
        try:
            one = psutil.Process(pid)
        except (psutil.Error, OSError):
            continue
        image, is_closed = _image(pid)
        program = image or told(one.exe, "")
        found.append(
            Process(
                pid=pid,
                name=told(one.name, ""),
                program=program.removesuffix(_DELETED),
                command=" ".join(told(one.cmdline, [])),
                is_deleted=program.endswith(_DELETED),
                is_closed=is_closed,
            )
        )
    return found


def _image(pid: int) -> tuple[str, bool]:
    """The file that a program of Linux runs, as the kernel tells it (proc(5)): psutil leaves out that it was
    deleted. "" on other systems, for a thread of the kernel, and with True where this account may not see
    it."""
    if os.name != "posix":
        return "", False
    try:
        return str(Path(f"/proc/{pid}/exe").readlink()), False
    except OSError as error:
        return "", isinstance(error, PermissionError)


def sockets() -> Sequence[Socket]:
    """TCP and UDP sockets; without administrator rights those of other accounts carry no process."""
    psutil = _psutil()
    try:
        connections = psutil.net_connections(kind="inet")
    except psutil.AccessDenied as error:
        raise Unavailable("no_permission", "sockets") from error
    except (OSError, RuntimeError) as error:
        raise Unavailable("failed", "sockets") from error
    return [
        Socket(
            address=one.raddr.ip if one.raddr else "",
            port=one.raddr.port if one.raddr else 0,
            local_port=one.laddr.port if one.laddr else 0,
            state=one.status,
            pid=one.pid or 0,
        )
        for one in connections
    ]


def adapters() -> Sequence[Adapter]:
    """The network adapters that are up, with the addresses that they have now."""
    psutil = _psutil()
    try:
        found, states = psutil.net_if_addrs(), psutil.net_if_stats()
    except (psutil.Error, OSError) as error:
        raise Unavailable("failed", "adapters") from error
    up = {name: list(told) for name, told in found.items() if name in states and states[name].isup}
    return [
        Adapter(
            next((one.address for one in told if one.family == psutil.AF_LINK), ""),
            tuple(one.address for one in told if one.family in (socket.AF_INET, socket.AF_INET6)),
        )
        for _name, told in sorted(up.items())
    ]


def work_quietly() -> None:
    """Idle priority for this process, so that the person at the machine can go on working."""
    with suppress(Unavailable, OSError):  # only a courtesy: the check goes on without it
        psutil = _psutil()
        own = psutil.Process()
        if hasattr(psutil, "IDLE_PRIORITY_CLASS"):
            own.nice(psutil.IDLE_PRIORITY_CLASS)
        else:
            own.nice(19)
        if hasattr(psutil, "IOPRIO_CLASS_IDLE"):
            own.ionice(psutil.IOPRIO_CLASS_IDLE)


def _psutil() -> Any:
    try:
        import psutil  # type: ignore[import-untyped]
    except ImportError as error:
        raise Unavailable("no_reader", "psutil") from error
    return psutil
