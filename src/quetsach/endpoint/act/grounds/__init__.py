"""The kinds of machines that acts can change, and the choice between them."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path

from quetsach.endpoint import machines
from quetsach.endpoint.act.errors import ActError, of
from quetsach.endpoint.act.ground import Disk, Firewall, Ground, Programs, Settings
from quetsach.endpoint.act.grounds.unixdisk import UnixDisk
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Machine, System

_WINDOWS_STORE = ("ProgramData", "QuetSach", "quarantine")
_UNIX_STORE = ("var", "lib", "quetsach", "quarantine")
_CRYPTOGRAPHY = r"HKLM\SOFTWARE\Microsoft\Cryptography"


def here() -> Ground:
    """The machine this runs on."""
    return _WindowsGround() if sys.platform == "win32" else _LinuxGround()


def at(root: Path) -> Ground:
    """The disk or tree at `root`; raises `ActError("not_here")` for a recording, which cannot be changed."""
    if root.is_file():
        raise ActError("not_here", str(root))
    return _TreeGround(root)


class _UnixGround:
    """The common part of all grounds that are reached from a Unix."""

    programs: Programs | None = None
    firewall: Firewall | None = None
    settings: Settings | None = None

    def __init__(self, machine: Machine, root: Path) -> None:
        self.machine = machine
        is_windows = machine.system is System.WINDOWS
        place = getattr(machine.files, "place")  # noqa: B009  # only disks have it
        self.disk: Disk = UnixDisk(root, place, is_windows=is_windows)
        inner = place("C:\\") if is_windows else root
        self.store = Path(inner).joinpath(*(_WINDOWS_STORE if is_windows else _UNIX_STORE))
        self._root = root

    @property
    def identity(self) -> str:
        return _identity(self.machine)

    def make_private(self, folder: Path) -> None:
        _make_private_unix(folder, self._root)


class _LinuxGround(_UnixGround):
    def __init__(self) -> None:
        from quetsach.endpoint.act.grounds.firewalls import Nftables
        from quetsach.endpoint.act.grounds.programs import LivePrograms

        super().__init__(machines.here(), Path("/"))
        self.programs = LivePrograms()
        self.firewall = Nftables()


class _TreeGround(_UnixGround):
    def __init__(self, root: Path) -> None:
        if os.name == "nt":
            raise ActError("not_here", str(root))
        try:
            machine = machines.at(root)
        except Unavailable as error:
            raise ActError("missing", str(root)) from error
        super().__init__(machine, root)
        if machine.system is System.WINDOWS:
            from quetsach.endpoint.act.grounds.hives import HiveSettings

            self.settings = HiveSettings(machine)


class _WindowsGround:
    def __init__(self) -> None:
        from quetsach.endpoint.act.grounds.firewalls import WindowsFirewall
        from quetsach.endpoint.act.grounds.programs import LivePrograms
        from quetsach.endpoint.act.grounds.windisk import WindowsDisk
        from quetsach.endpoint.act.grounds.winregistry import LiveSettings

        self.machine = machines.here()
        self.disk: Disk = WindowsDisk()
        self.settings: Settings | None = LiveSettings()
        self.programs: Programs | None = LivePrograms()
        self.firewall: Firewall | None = WindowsFirewall(self.machine.registry)
        drive = self.machine.variables.get("systemdrive", "C:") + "\\"
        self.store = Path(drive).joinpath(*_WINDOWS_STORE)

    @property
    def identity(self) -> str:
        return _identity(self.machine)

    def make_private(self, folder: Path) -> None:
        from quetsach.endpoint.act.grounds import winprivate

        winprivate.make(folder)


def _identity(machine: Machine) -> str:
    """A hash of the ids by which the system knows its machine; the ids themselves stay on the machine."""
    try:
        if machine.system is System.WINDOWS:
            told = machine.registry.values(_CRYPTOGRAPHY).get("MachineGuid", "")
        else:
            told = machine.files.read("/etc/machine-id", 4096).decode("ascii", "replace").strip()
    except Unavailable:
        told = ""
    return hashlib.sha256(f"quetsach-plan:{told.casefold()}".encode()).hexdigest() if told else ""


def _make_private_unix(folder: Path, root: Path) -> None:
    """Make every folder from `root` on a real folder of ours, and close the last folder to others."""
    try:
        inside = folder.relative_to(root).parts
    except ValueError:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        inside, root = (folder.name,), folder.parent
    place = root
    try:
        for part in inside:
            place = place / part
            place.mkdir(mode=0o755 if place != folder else 0o700, exist_ok=True)
            status = place.lstat()
            if not stat.S_ISDIR(status.st_mode):
                raise ActError("unsafe_store", str(place))
        status = folder.lstat()
    except OSError as error:
        raise of(error, str(place)) from error
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
        raise ActError("unsafe_store", str(folder))
