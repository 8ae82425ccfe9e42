"""Targets that are never touched, even if a finding names them: system files, logs, histories, our own
files."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from weakref import WeakKeyDictionary

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Machine, Signature, System

_WINDOWS_NEVER = re.compile(
    r"\\(?:System32\\(?:config|winevt|catroot2?|DriverStore|wbem)|WinSxS|servicing|Boot|assembly|Fonts|INF"
    r"|SystemApps|WindowsApps|SoftwareDistribution)(?:\\|$)"
    r"|\.(?:evtx?|etl|dmp)$|\\(?:NTUSER|UsrClass)\.DAT|\\ConsoleHost_history\.txt$|\\Prefetch\\|\\QuetSach\\"
    r"|\\(?:Windows Defender|Microsoft Security Client)\\|\\System Volume Information\\|\\\$Recycle\.Bin\\"
    r"|^[A-Za-z]:\\(?:bootmgr|pagefile\.sys|hiberfil\.sys|swapfile\.sys)$|\\EFI\\Microsoft\\",
    re.IGNORECASE,
)
_UNIX_NEVER = re.compile(
    r"/(?:boot|proc|sys|dev(?!/shm/)|run/systemd)(?:/|$)|/var/(?:log|lib/dpkg|lib/rpm|lib/quetsach)(?:/|$)"
    r"|/etc/(?:passwd|shadow|group|gshadow|sudoers|fstab|hostname|machine-id|resolv\.conf|hosts)$"
    r"|/\.(?:[a-z]+_history|python_history|lesshst|viminfo)$|/authorized_keys$|/\.ssh/"
)
_UNIX_SYSTEM = re.compile(r"/(?:usr(?!/local/)|bin|sbin|lib[0-9x]*)/")
_UNIX_SETTINGS = re.compile(
    r"/etc/(?:hosts|crontab|anacrontab|ld\.so\.preload|environment|profile|cron\.d/[^/]+)"
    r"|/var/spool/cron/(?:crontabs/)?[^/]+|/(?:root|home/[^/]+)/\.(?:profile|bashrc|bash_profile)"
)
_WINDOWS_SETTINGS = re.compile(r".*(?:\\hosts|\.vmoptions)", re.IGNORECASE)
_MOST_LISTS, _MOST_LIST = 20_000, 32 << 20
_PACKAGED: WeakKeyDictionary[Machine, frozenset[str]] = WeakKeyDictionary()


def file(machine: Machine, path: str, *, is_certain: bool = False) -> bool:
    """Whether a file must stay where it is. `is_certain`: its content is on the campaign's list of hashes.

    A valid signature protects: it outweighs a name or a rule. A hash on the list outweighs the signature,
    except in Windows' own folders.
    """
    if machine.system is System.LINUX:
        return _UNIX_NEVER.search(path) is not None or _is_packaged(machine, path)
    if _WINDOWS_NEVER.search(path):
        return True
    is_windows = _is_below(path, machine.variables.get("systemroot", r"C:\Windows"))
    if is_windows and windowspath.basename(path).casefold() in _own("names"):
        return True
    return (is_windows or not is_certain) and machine.signature(path)[0] is Signature.VALID


def program(machine: Machine, path: str) -> bool:
    """Whether a running program must go on; also a program whose file is unknown."""
    return not path or file(machine, path, is_certain=True)


def service(name: str) -> bool:
    """Whether a service of Windows must stay as it is."""
    return name.casefold() in _own("services")


def edited(machine: Machine, path: str) -> bool:
    """Whether the lines of a file must not be changed; only settings that people also edit may be."""
    allowed = _UNIX_SETTINGS if machine.system is System.LINUX else _WINDOWS_SETTINGS
    return allowed.fullmatch(path) is None


def _is_below(path: str, folder: str) -> bool:
    return path.casefold().startswith(folder.casefold().rstrip("\\") + "\\")


def _is_packaged(machine: Machine, path: str) -> bool:
    """Whether dpkg installed the file; without dpkg, every file in the system's folders counts."""
    owned = _packaged(machine)
    if not owned:
        return _UNIX_SYSTEM.match(path) is not None
    # Since /usr was merged, the lists may say /bin for a file in /usr/bin on the disk.
    return path in owned or path.removeprefix("/usr") in owned


@cache
def _own(table: str) -> frozenset[str]:
    text = files("quetsach.endpoint.act").joinpath("protected.toml").read_text("utf-8")
    return frozenset(tomllib.loads(text)[table])


def _packaged(machine: Machine) -> frozenset[str]:
    """The paths in dpkg's lists, read once for each machine."""
    if machine not in _PACKAGED:
        _PACKAGED[machine] = _listed(machine)
    return _PACKAGED[machine]


def _listed(machine: Machine) -> frozenset[str]:
    found: set[str] = set()
    try:
        lists = machine.files.entries("/var/lib/dpkg/info")[:_MOST_LISTS]
        for one in lists:
            if one.name.endswith(".list"):
                text = machine.files.read(one.path, _MOST_LIST)
                found.update(text.decode("utf-8", "surrogateescape").splitlines())
        return frozenset(found)
    except Unavailable:
        return frozenset()
