"""What Linux starts by itself or lets in: cron, systemd, preloaded libraries, PAM modules, login keys."""

from __future__ import annotations

import re
from collections.abc import Iterable

from quetsach.endpoint.machine import Entry, Machine, System
from quetsach.endpoint.probe import Probe, Seen

_MOST_BYTES = 1 << 20
_MOST_FILES = 2_000
_CRON_TABLES = ("/etc/crontab", "/etc/anacrontab")
_CRON_FOLDERS = ("/etc/cron.d", "/var/spool/cron", "/var/spool/cron/crontabs")
_CRON_SCRIPTS = ("/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly")
_UNITS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/usr/local/lib/systemd/system")
# Blanks, never line ends: else a file of nothing but line ends is gone through once for each of them.
_STARTS = re.compile(
    r"^[ \t]*(Exec(?:Start|StartPre|StartPost|Reload|Stop))[ \t]*=[ \t]*[-@:+!|]*(.+)$", re.M
)
_PAM = re.compile(
    r"^[ \t]*-?(?:auth|account|password|session)[ \t]+(?:\[[^\]\n]*\]|\w+)[ \t]+(\S+)[ \t]*(.*)$", re.M
)
_ASSIGNED = re.compile(r"^[ \t]*(?:export[ \t]+)?LD_PRELOAD[ \t]*=[ \t]*[\"']?([^\"'\n#]+)", re.M)
_SYSTEM = frozenset({System.LINUX})


def _texts(machine: Machine, seen: Seen, paths: Iterable[str]) -> Iterable[tuple[str, str]]:
    for path in paths:
        with seen.part():
            yield path, machine.files.read(path, _MOST_BYTES).decode("utf-8", "replace")


def _in(machine: Machine, seen: Seen, *folders: str) -> list[Entry]:
    found: list[Entry] = []
    for folder in folders:
        with seen.part():
            found += [one for one in machine.files.entries(folder)[:_MOST_FILES] if not one.is_folder]
    return found


def _cron(machine: Machine, seen: Seen) -> None:
    tables = [*_CRON_TABLES, *(one.path for one in _in(machine, seen, *_CRON_FOLDERS) if not one.is_link)]
    for path, text in _texts(machine, seen, tables):
        for line in text.splitlines():
            words = line.strip()
            if words and not words.startswith("#") and (words[0] in "@*" or words[0].isdecimal()):
                seen.add("cron", command=words[:_MOST_BYTES], place=path)
    for entry in _in(machine, seen, *_CRON_SCRIPTS):
        if entry.name != ".placeholder":
            seen.add("cron", command=entry.path, place=entry.path)


def _systemd(machine: Machine, seen: Seen) -> None:
    homes = [f"{user.folder}/.config/systemd/user" for user in machine.users()]
    units = [
        one.path
        for one in _in(machine, seen, *_UNITS, *homes)
        if one.name.endswith((".service", ".timer", ".socket")) and not one.is_link
    ]
    for path, text in _texts(machine, seen, units):
        for _name, command in _STARTS.findall(text):
            seen.add("unit", command=command.strip(), place=path, name=path.rpartition("/")[2])


def _preload(machine: Machine, seen: Seen) -> None:
    for path, text in _texts(machine, seen, ["/etc/ld.so.preload"]):
        for library in text.partition("#")[0].replace(":", " ").split():
            seen.add("preload", library=library, place=path)
    homes = [
        f"{user.folder}/{name}"
        for user in machine.users()
        for name in (".profile", ".bashrc", ".bash_profile")
    ]
    for path, text in _texts(machine, seen, ["/etc/environment", "/etc/profile", *homes]):
        for value in _ASSIGNED.findall(text):
            for library in value.replace(":", " ").split():
                seen.add("preload", library=library, place=path)


def _logins(machine: Machine, seen: Seen) -> None:
    for path, text in _texts(machine, seen, [one.path for one in _in(machine, seen, "/etc/pam.d")]):
        for module, arguments in _PAM.findall(text):
            if module not in ("include", "substack"):
                seen.add("pam", module=module, place=path, arguments=arguments.strip())
    keys = [f"{user.folder}/.ssh/authorized_keys" for user in machine.users()]
    for path, text in _texts(machine, seen, keys):
        for line in text.splitlines():
            words = line.split()
            if words and not line.lstrip().startswith("#"):
                # The comment names whose key it is; the key itself stays here.
                options = words[0] if not words[0].startswith(("ssh-", "ecdsa-", "sk-")) else ""
                seen.add("key-login", text=f"{options} {words[-1]}".strip()[:500], where=path)


PROBES = (
    Probe("cron", _cron, systems=_SYSTEM, is_essential=True),
    Probe("systemd", _systemd, systems=_SYSTEM, is_essential=True),
    Probe("preload", _preload, systems=_SYSTEM, is_essential=True),
    Probe("logins", _logins, systems=_SYSTEM),
)
