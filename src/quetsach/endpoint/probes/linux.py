"""Programs that Linux starts by itself, and ways in: cron, systemd, start scripts, preloaded libraries, PAM
modules, login keys. Links are followed inside the machine; a target is reported once, by its own path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Entry, Machine, System
from quetsach.endpoint.machines.tree import accounts
from quetsach.endpoint.probe import Probe, Seen
from quetsach.endpoint.probes import script_lines

_MOST_BYTES = 1 << 20
_MOST_FILES = 2_000
_CRON_TABLES = ("/etc/crontab", "/etc/anacrontab")
_CRON_FOLDERS = ("/etc/cron.d", "/var/spool/cron", "/var/spool/cron/crontabs")
_CRON_SCRIPTS = (
    "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/cron.yearly",
    "/var/spool/cron/atjobs", "/var/spool/at", "/var/spool/atjobs",
)  # fmt: skip
_START_LINES = ("/etc/rc.local", "/etc/rc.d/rc.local")
_START_SCRIPTS = (
    "/etc/init.d", "/etc/rc.d/init.d", *(f"{folder}/rc{level}.d" for folder in ("/etc", "/etc/rc.d")
                                         for level in "S0123456"), "/etc/profile.d",
    *(f"{folder}/{name}"
      for folder in ("/etc/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd")
      for name in ("system-generators", "user-generators", "system-environment-generators",
                   "user-environment-generators", "system-sleep", "system-shutdown")),
    "/etc/update-motd.d",
    *(f"{folder}/NetworkManager/dispatcher.d{name}" for folder in ("/etc", "/usr/lib")
      for name in ("", "/pre-up.d", "/pre-down.d", "/no-wait.d")),
    *(f"/etc/network/if-{name}.d" for name in ("up", "pre-up", "down", "post-down")),
    "/etc/ppp/ip-up.d", "/etc/ppp/ip-down.d", "/etc/dhcp/dhclient-enter-hooks.d",
    "/etc/dhcp/dhclient-exit-hooks.d", "/etc/X11/Xsession.d", "/etc/kernel/postinst.d",
)  # fmt: skip
_PROFILES = (
    "/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/environment", "/etc/ssh/sshrc", "/etc/zshenv",
    "/etc/zsh/zshenv", "/etc/zsh/zprofile", "/etc/zsh/zshrc", "/etc/zsh/zlogin", "/etc/logrotate.conf",
    "/etc/modprobe.conf", "/etc/inittab", "/etc/fish/config.fish",
)  # fmt: skip
_HOME_PROFILES = (
    ".profile", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".zshrc", ".zprofile", ".zshenv",
    ".zlogin", ".xprofile", ".xsession", ".xinitrc", ".ssh/rc", ".config/fish/config.fish",
)  # fmt: skip
_SETTINGS_THAT_RUN = (
    *(f"{folder}/{name}" for folder in ("/etc", "/usr/local/lib", "/usr/lib", "/lib")
      for name in ("udev/rules.d", "modprobe.d")),
)  # fmt: skip
_ROTATIONS = "/etc/logrotate.d"
_RUNS = re.compile(r"^[ \t]*(?:(?:install|remove)[ \t].*|[^#\n]*\b(?:RUN|PROGRAM|IMPORT)\b.*)$", re.M)
"""Lines of modprobe.d(5) and udev(7) that run a command; the other lines, thousands, name devices."""
_APT = ("/etc/apt/apt.conf", "/etc/apt/apt.conf.d")
_HOOK = re.compile(r"(?:Pre|Post)-(?:Invoke|Install-Pkgs)(?:-Success)?\b[^;{]*", re.I)
_QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)++)"')
_FORCED = re.compile(r'(?:^|,)command="((?:[^"\\\n]|\\.)++)"', re.I)
_MOST_LINES = 5_000
_MOST_HOOKS, _LONGEST_HOOK = 200, 64 << 10
_NOT_SCRIPTS = (".placeholder", "README")
_UNITS = (
    "/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system", "/usr/local/lib/systemd/system",
    "/etc/systemd/user", "/usr/lib/systemd/user", "/usr/local/lib/systemd/user",
    "/etc/systemd/system.control", "/etc/systemd/system.attached", "/etc/systemd/user.control",
    "/run/systemd/system", "/run/systemd/transient",
)  # fmt: skip
_HOME_UNITS = (".config/systemd/user", ".config/systemd/user.control", ".local/share/systemd/user")
_WANTED = (".wants", ".requires", ".upholds")
_DESKTOP = ("/etc/xdg/autostart", *(f"{folder}/dbus-1/{name}"
            for folder in ("/usr/share", "/usr/local/share", "/etc")
            for name in ("services", "system-services")))  # fmt: skip
_HOME_DESKTOP = (".config/autostart", ".local/share/dbus-1/services")
"""Folders of the session's autostart, and of programs that a message on the D-Bus starts."""
# Blanks, never line ends: else the expression would scan a file of line ends once for each of them.
_STARTS = re.compile(
    r"^[ \t]*(Exec(?:Condition|Start(?:Pre|Post)?|Reload(?:Post)?|Stop(?:Pre|Post)?))[ \t]*="
    r"[ \t]*[-@:+!|]*(.+)$",
    re.M,
)
_EXEC = re.compile(r"^[ \t]*Exec[ \t]*=[ \t]*(.+)$", re.M)
_PAM = re.compile(
    r"^[ \t]*-?(?:auth|account|password|session)[ \t]+(?:\[[^\]\n]*\]|\w+)[ \t]+(\S+)[ \t]*(.*)$", re.M
)
_ASSIGNED = re.compile(r"^[ \t]*(?:export[ \t]+)?LD_PRELOAD[ \t]*=[ \t]*[\"']?([^\"'\n#]+)", re.M)
_ROOTS_NUMBER = re.compile(r"\s*[+-]?0+")
"""Spellings that strtoul(3), and so the C library, reads as 0."""
_NEVER_EMPTY = ("/usr", "/var", "/etc")
_IN_MEMORY = ("tmpfs", "ramfs", "proc", "sysfs", "devpts", "swap", "overlay", "cgroup2", "efivarfs")
_NOT_LOOKED_AT = re.compile(r"/(?:boot|dev|efi|media|mnt|proc|run|sys)(?:/|$)")
_CONTINUED = re.compile(r"\\\n(?:[ \t]*[#;].*\n)*")
"""The end of a line that goes on, and remarks before the line that it goes on with (systemd.syntax(7))."""
_SYSTEM = frozenset({System.LINUX})


def _texts(machine: Machine, seen: Seen, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        with seen.part():
            yield path, machine.files.read(path, _MOST_BYTES).decode("utf-8", "replace")


def _in(machine: Machine, seen: Seen, *folders: str) -> list[Entry]:
    """The files in folders, each once, however many links lead to it."""
    found: dict[str, Entry] = {}
    for folder in folders:
        with seen.part():
            entries = machine.files.entries(machine.files.follow(folder))  # /lib may be /usr/lib
            for one in seen.followed(machine, seen.first(entries, _MOST_FILES, folder)):
                if not one.is_folder:
                    found.setdefault(one.path, one)
    return list(found.values())


def _homes(machine: Machine, *names: str) -> list[str]:
    return [f"{user.folder}/{name}" for user in machine.users() for name in names]


def _cron(machine: Machine, seen: Seen) -> None:
    tables = [*_CRON_TABLES, *(one.path for one in _in(machine, seen, *_CRON_FOLDERS))]
    for path, text in _texts(machine, seen, tables):
        for line in text.splitlines():
            words = line.strip()
            if words and not words.startswith("#") and (words[0] in "@*" or words[0].isdecimal()):
                seen.add("cron", command=words[:_MOST_BYTES], place=path)
    for path, text in _texts(machine, seen, _START_LINES):
        for line in text.splitlines():
            words = line.strip()
            if words and not words.startswith("#"):
                seen.add("cron", command=words[:_MOST_BYTES], place=path)
    for entry in _in(machine, seen, *_CRON_SCRIPTS, *_START_SCRIPTS):
        if entry.name not in _NOT_SCRIPTS:
            seen.add("cron", command=entry.path, place=entry.path)
    _lines_of_scripts(machine, seen)


def _lines_of_scripts(machine: Machine, seen: Seen) -> None:
    """The lines of what runs by itself: scripts of cron, start scripts, profiles of shells, hooks of apt,
    logrotate, udev and modprobe."""
    rotations = [one.path for one in _in(machine, seen, _ROTATIONS)]
    scripts = [
        one.path
        for one in _in(machine, seen, *_CRON_SCRIPTS, *_START_SCRIPTS)
        if one.size <= _MOST_BYTES and one.name not in _NOT_SCRIPTS
    ]
    for path in (*scripts, *rotations, *_PROFILES, *_homes(machine, *_HOME_PROFILES)):
        with seen.part():
            script_lines.add_of_linux(seen, path, machine.files.read(path, script_lines.MOST_BYTES))
    settings = [one.path for one in _in(machine, seen, *_SETTINGS_THAT_RUN)]
    for path, text in _texts(machine, seen, settings):
        for line in seen.first(_RUNS.findall(text.replace("\\\n", "")), _MOST_LINES, path):
            # `watchlist` tells of longer lines.
            seen.add("startup-line", text=line.strip(), place=path)
    hooks = [_APT[0], *(one.path for one in _in(machine, seen, _APT[1]))]
    for path, text in _texts(machine, seen, hooks):
        commands, is_whole = apt_hooks(text)
        if not is_whole:
            seen.lack("too_large", path)
        for command in commands:
            seen.add("startup-line", text=command, place=path)


def apt_hooks(text: str) -> tuple[list[str], bool]:
    """The commands that apt and dpkg run around their work (apt.conf(5)): `DPkg::Post-Invoke
    {"command";};`. False where there are more of them, or longer ones, than are read."""
    found: list[str] = []
    is_whole = True
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("#", "//")))
    for number, hook in enumerate(_HOOK.finditer(plain)):
        if number >= _MOST_HOOKS:
            return found, False
        body = plain[hook.start() : hook.start() + _LONGEST_HOOK]
        closing = "}" if plain[hook.end() : hook.end() + 1] == "{" else ";"
        end = body.find(closing, hook.end() - hook.start())
        is_whole = is_whole and (end >= 0 or len(body) < _LONGEST_HOOK)
        found += [one.replace('\\"', '"') for one in _QUOTED.findall(body[:end] if end >= 0 else body)]
    return found, is_whole


def _systemd(machine: Machine, seen: Seen) -> None:
    found: dict[str, str] = {}
    for path, name in _units(machine, seen):
        found.setdefault(path, name)
    for path, text in _texts(machine, seen, found):
        for _name, command in _STARTS.findall(_CONTINUED.sub(" ", text)):
            seen.add("unit", command=command.strip(), place=path, name=found[path])
    desktop = _in(machine, seen, *_DESKTOP, *_homes(machine, *_HOME_DESKTOP))
    names = {one.path: one.name for one in desktop if one.name.endswith((".desktop", ".service"))}
    for path, text in _texts(machine, seen, names):
        for command in _EXEC.findall(text):
            seen.add("unit", command=command.strip(), place=path, name=names[path])


def _units(machine: Machine, seen: Seen) -> Iterator[tuple[str, str]]:
    """Path and name of each unit, of its drop-in files, and of units that a link in a `.wants` folder
    names."""
    names: set[str] = set()
    wanting: list[str] = []
    for folder in (*_UNITS, *_homes(machine, *_HOME_UNITS)):
        with seen.part():
            entries = seen.first(machine.files.entries(folder), _MOST_FILES, folder)
            names |= {one.name for one in entries}
            units = [one for one in entries if one.name.endswith((".service", ".timer", ".socket"))]
            yield from ((one.path, one.name) for one in seen.followed(machine, units) if not one.is_folder)
            below = [one for one in entries if one.name.endswith((".d", *_WANTED))]
            for one in seen.followed(machine, below):
                if one.is_folder and one.name.endswith(".d"):
                    yield from ((piece.path, one.name[:-2]) for piece in _in(machine, seen, one.path))
                elif one.is_folder:
                    wanting.append(one.path)
    for folder in wanting:
        with seen.part():
            entries = seen.first(machine.files.entries(folder), _MOST_FILES, folder)
            for one in entries:
                with seen.part():
                    yield from _wanted(machine, one, names)


def _wanted(machine: Machine, entry: Entry, names: set[str]) -> Iterator[tuple[str, str]]:
    """The unit named by a link in a `.wants` folder. Systemd goes by the link's name: if a unit has that
    name, a missing link target does not matter (systemd.unit(5))."""
    try:
        path = machine.files.follow(entry.path)
    except Unavailable as error:
        stem, at, rest = entry.name.partition("@")
        template = f"{stem}@.{rest.rpartition('.')[2]}" if at else entry.name
        if error.reason == "elsewhere" and (entry.name in names or template in names):
            return
        raise
    yield path, entry.name


def _preload(machine: Machine, seen: Seen) -> None:
    for path, text in _texts(machine, seen, ["/etc/ld.so.preload"]):
        for library in text.partition("#")[0].replace(":", " ").split():
            seen.add("preload", library=library, place=path)
    places = ("/etc/profile.d", "/etc/environment.d", *_homes(machine, ".config/environment.d"))
    scripts = [one.path for one in _in(machine, seen, *places)]
    homes = _homes(machine, ".profile", ".bashrc", ".bash_profile")
    for path, text in _texts(machine, seen, ["/etc/environment", "/etc/profile", *scripts, *homes]):
        for value in _ASSIGNED.findall(text):
            for library in value.replace(":", " ").split():
                seen.add("preload", library=library, place=path)


def _logins(machine: Machine, seen: Seen) -> None:
    for path, text in _texts(machine, seen, [one.path for one in _in(machine, seen, "/etc/pam.d")]):
        for module, arguments in _PAM.findall(text):
            if module not in ("include", "substack"):
                seen.add("pam", module=module, place=path, arguments=arguments.strip())
    _accounts(machine, seen)
    keys = _homes(machine, ".ssh/authorized_keys", ".ssh/authorized_keys2")
    for path, text in _texts(machine, seen, keys):
        for line in text.splitlines():
            words = line.split()
            if words and not line.lstrip().startswith("#"):
                # The comment says whose key it is; the key itself stays on the machine.
                options = words[0] if not words[0].startswith(("ssh-", "ecdsa-", "sk-")) else ""
                forced = _FORCED.search(line)
                command = forced[1].replace('\\"', '"') if forced else ""
                seen.add(
                    "key-login", text=f"{options} {words[-1]}".strip()[:500], where=path, command=command
                )


def _accounts(machine: Machine, seen: Seen) -> None:
    """Accounts with the number of root (passwd(5))."""
    path = "/etc/passwd"
    with seen.part():
        if machine.files.entry(path) is None:
            raise Unavailable("no_accounts", path)
        text = machine.files.read(path, _MOST_BYTES).decode("utf-8", "replace")
        for fields in accounts(text):
            if _ROOTS_NUMBER.fullmatch(fields[2]):
                seen.add("account", name=fields[0], place=path)


def _mounts(machine: Machine, seen: Seen) -> None:
    """On a disk that is off: partitions that fstab(5) mounts, but that are not part of the folder, as their
    places in it are empty."""
    if machine.is_running:
        return
    places = dict.fromkeys(_NEVER_EMPTY, False)
    for _path, text in _texts(machine, seen, ["/etc/fstab"]):
        for line in text.splitlines():
            words = line.split()
            if len(words) >= 3 and words[1].startswith("/") and not line.lstrip().startswith("#"):
                place = "/" + words[1].replace("\\040", " ").strip("/")
                if words[2] not in _IN_MEMORY and not _NOT_LOOKED_AT.match(place) and place != "/":
                    places[place] = True
    for place, is_named in places.items():
        with seen.part():
            is_there = machine.files.entry(place) is not None
            if (is_named or is_there) and not machine.files.entries(place):
                seen.lack("not_mounted", place)


PROBES = (
    Probe("cron", _cron, systems=_SYSTEM, is_essential=True),
    Probe("systemd", _systemd, systems=_SYSTEM, is_essential=True),
    Probe("preload", _preload, systems=_SYSTEM, is_essential=True),
    Probe("logins", _logins, systems=_SYSTEM, is_essential=True),
    Probe("mounts", _mounts, systems=_SYSTEM, is_essential=True),
)
