"""The Linux that this runs on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Adapter, Drive, NoRegistry, Process, Signature, Socket, System, User
from quetsach.endpoint.machines import live
from quetsach.endpoint.machines.disk import UnixFiles
from quetsach.endpoint.machines.tree import unix_users


class LinuxMachine:
    """See the module."""

    system = System.LINUX
    is_running = True
    variables: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.name = live.host_name()
        self.files = UnixFiles(Path("/"), is_own=True)
        self.registry = NoRegistry()

    def drives(self) -> Sequence[Drive]:
        return ()

    def unsettled(self) -> Sequence[str]:
        return ()

    def users(self) -> Sequence[User]:
        return unix_users(self.files)

    def processes(self) -> Sequence[Process]:
        return live.processes()

    def sockets(self) -> Sequence[Socket]:
        return live.sockets()

    def adapters(self) -> Sequence[Adapter]:
        return live.adapters()

    def resolver_cache(self) -> Sequence[str]:
        # There is no common way: systemd-resolved shows its cache to administrators only.
        raise Unavailable("other_system", "resolver_cache")

    def query(self, table: str, *_asked: object, **_only: object) -> Sequence[Mapping[str, str]]:
        raise Unavailable("other_system", table)

    def events(self, log: str) -> Iterator[bytes]:
        raise Unavailable("other_system", log)

    def signature(self, path: str) -> tuple[Signature, str]:  # noqa: ARG002
        return Signature.UNKNOWN, ""
