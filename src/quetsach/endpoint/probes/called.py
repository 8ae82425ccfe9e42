"""The scripts that are called by what starts by itself: cron lines, units, start scripts, Run keys, tasks.

Their lines are compared with the campaign's list like the lines that call them; so are the scripts that they
call in turn.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Fact, Unavailable, unbroken
from quetsach.endpoint.machine import Machine, System, User
from quetsach.endpoint.probe import Probe, Seen
from quetsach.endpoint.probes import calls, script_lines
from quetsach.endpoint.probes.calls import Call

_COMMANDS = {
    "autostart": ("command",),
    "cron": ("command",),
    "key-login": ("command",),
    "service": ("command",),
    "setting": ("value",),
    "shortcut": ("command",),
    "startup-line": ("text",),
    "task": ("command", "arguments"),
    "unit": ("command",),
    "wmi-consumer": ("command",),
}
"""Kind of fact → the fields that hold what starts."""
_PROGRAMS = {
    "autostart": ("target",),
    "process": ("program",),
    "service": ("image", "library"),
    "shortcut": ("target",),
    "task": ("command",),
}
"""Kind of fact → the fields that hold the path of a program."""
_PLACES = ("place", "where", "path", "name")
_WHOLE = frozenset({"cron", "key-login", "unit"})
_MOST_SCRIPTS, _MOST_CALLS = 2_000, 100_000
_HEAD = 512
_MOST_PEOPLE, _MOST_IN_FOLDER = 50, 200
_SYSTEM_FOLDER = r"%SystemRoot%\System32"
_CRONTABS = re.compile(r"/var/spool/cron/(?:crontabs/)?([^/]+)")
_PATH = ("/usr/local/sbin", "/usr/local/bin")
_SYSTEM_PATH = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
_HOME_PATH = ("bin", ".local/bin")


def probes(facts: Collection[Fact]) -> Sequence[Probe]:
    """The probe of called scripts, and the probe that names scripts and programs of other machines.

    The second one does not spoil a verdict: the policies of a domain start scripts from a server on each of
    its machines.
    """
    other: dict[str, None] = {}

    def look(machine: Machine, seen: Seen) -> None:
        _Search(machine, seen, other).run(facts)

    def elsewhere(_machine: Machine, seen: Seen) -> None:
        for path in other:
            seen.lack("other_machine", path)

    return (
        Probe("called_scripts", look, is_essential=True),
        Probe("called_elsewhere", elsewhere, systems=frozenset({System.WINDOWS})),
    )


class _Search:
    """One search; `other` gets the scripts and programs that lie on other machines."""

    def __init__(self, machine: Machine, seen: Seen, other: dict[str, None]) -> None:
        self._machine = machine
        self._seen = seen
        self._other = other
        self._is_windows = machine.system is System.WINDOWS
        self._known: set[str] = set()
        self._asked: set[Call] = set()
        self._scripts = 0
        self._users: Sequence[User] = ()
        self._own_drives: frozenset[str] = frozenset()

    def run(self, facts: Collection[Fact]) -> None:
        with self._seen.part():
            self._users = self._machine.users()
        if self._is_windows:
            with self._seen.part():
                own = (one.root[:1].casefold() for one in self._machine.drives() if one.is_own)
                self._own_drives = frozenset(own)
            self._name_programs(facts)
        waiting = [one for one in facts if one.kind in _COMMANDS]
        # The lines of these were told by another probe.
        self._known = {self._key(one.fields["place"]) for one in waiting if one.kind == "startup-line"}
        while waiting:
            before = len(self._seen.items)
            for one in waiting:
                place = next((one.fields[name] for name in _PLACES if one.fields.get(name)), "")
                with self._seen.part():
                    for call in self._calls(one, place):
                        self._follow(call, place)
            waiting = [one for one in self._seen.items[before:] if one.kind == "startup-line"]

    def _name_programs(self, facts: Iterable[Fact]) -> None:
        """Programs on other machines are not opened: they are named like scripts there."""
        for one in facts:
            for name in _PROGRAMS.get(one.kind, ()):
                path = one.fields[name]
                if windowspath.is_elsewhere(path) and path not in self._other:
                    self._other[path] = None

    def _calls(self, one: Fact, place: str) -> Iterator[Call]:
        text = " ".join(filter(None, (one.fields[name] for name in _COMMANDS[one.kind])))
        user = self._user(place)
        if self._is_windows:
            system = windowspath.clean(_SYSTEM_FOLDER, self._machine.variables)
            folder = windowspath.dirname(place) if place[1:2] == ":" else system
            # A task of the machine may name the folder of the person for whom it runs.
            people: list[User | None] = [user]
            if user is None and "%" in text:
                people += self._seen.first(self._users, _MOST_PEOPLE, place)
            for person in people:
                yield from calls.of_windows(text, folder, self._variables(person))
            return
        home = user.folder if user is not None else "/root"
        folders = (home, place.rpartition("/")[0])
        for call in calls.of_linux(text, folders, home, is_whole=one.kind in _WHOLE):
            if "/" in call.path:
                yield call
            else:
                yield from self._named(call.path, home, one.kind)

    def _named(self, name: str, home: str, kind: str) -> Iterator[Call]:
        """The places of a program that is called by its name alone."""
        system = _SYSTEM_PATH if kind in _WHOLE else ()
        for folder in (*_PATH, *system, *(f"{home}/{one}" for one in _HOME_PATH)):
            yield Call(f"{folder}/{name}", is_sure=False)

    def _user(self, place: str) -> User | None:
        """The person whose profile, registry or table of cron it is."""
        named = _CRONTABS.fullmatch(place)
        slash = "\\" if self._is_windows else "/"
        for user in self._users:
            if named is not None and user.name == named[1]:
                return user
            for stem in (user.folder, user.root):
                if len(stem) > 1 and self._key(f"{place}{slash}").startswith(self._key(f"{stem}{slash}")):
                    return user
        return None

    def _variables(self, user: User | None) -> Mapping[str, str]:
        if user is None:
            return self._machine.variables
        return windowspath.of_person(user.folder, self._machine.variables)

    def _key(self, path: str) -> str:
        return path.casefold() if self._is_windows else path

    def _follow(self, call: Call, place: str) -> None:
        if call in self._asked:
            return
        if len(self._asked) >= _MOST_CALLS:
            raise Unavailable("too_large", place)
        self._asked.add(call)
        if self._is_windows and self._is_elsewhere(call.path):
            self._other[call.path] = None
            return
        path = ""
        part: AbstractContextManager[object] = self._seen.part() if call.is_sure else suppress(Unavailable)
        with part, unbroken(call.path):
            path = self._script(call, place)
        if not path:
            return
        if self._scripts >= _MOST_SCRIPTS:
            raise Unavailable("too_large", place)
        self._scripts += 1
        self._seen.add("called-script", path=path, place=place)
        add = script_lines.add_of_windows if self._is_windows else script_lines.add_of_linux
        with self._seen.part():
            add(self._seen, path, self._machine.files.read(path, script_lines.MOST_BYTES))

    def _script(self, call: Call, place: str) -> str:
        """The path of the script that is called, links followed; "" where it is none, or was read before."""
        files = self._machine.files
        path = files.follow(call.path)
        entry = files.entry(path)
        if entry is not None and entry.is_folder and call.is_given:
            # run-parts(8) runs all scripts of a folder.
            for one in self._seen.first(files.entries(path), _MOST_IN_FOLDER, path):
                if not one.is_folder:
                    self._follow(Call(one.path), place)
        if entry is None or entry.is_folder or self._key(path) in self._known:
            return ""
        if not self._is_windows:
            with files.open(path) as file:
                head = file.read(_HEAD)
            is_text = b"\0" not in head and (call.is_given or calls.SUFFIX.search(path) is not None)
            if not (head.startswith(b"#!") or is_text):
                return ""
        self._known.add(self._key(path))
        return path

    def _is_elsewhere(self, path: str) -> bool:
        is_drive = path[1:2] == ":"
        return windowspath.is_elsewhere(path) or (
            is_drive and bool(self._own_drives) and path[:1].casefold() not in self._own_drives
        )
