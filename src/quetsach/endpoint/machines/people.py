"""The registry of a running Windows together with that of people who are not signed in.

Windows loads the registry of a person when they sign in. Of everybody else it lies in two files of their
profile, which are read here as on a disk that is off. Otherwise a program that starts with another person of
the same machine would be seen by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Files, Registry, User
from quetsach.endpoint.machines.hive import MOST_HELD, Hive, Hives, Opener
from quetsach.endpoint.registry_values import gaps_go_to, tell

_PROFILES = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
_PEOPLE = ("S-1-5-21-", "S-1-12-1-")
_HIVE = "NTUSER.DAT"
CLASSES = r"AppData\Local\Microsoft\Windows\UsrClass.dat"


class PeoplesRegistry:
    """See the module. `own` is the live registry."""

    def __init__(self, own: Registry, files: Files, variables: Mapping[str, str]) -> None:
        self._own = own
        self._files = files
        self._variables = variables

    @cached_property
    def _loaded(self) -> frozenset[str]:
        return frozenset(name.upper() for name in self._own.subkeys("HKU"))

    @cached_property
    def _profiles(self) -> tuple[Sequence[User], Sequence[tuple[str, str]]]:
        """The people, and reason and place of each profile of which the folder could not be read."""
        found: list[User] = []
        unread: list[tuple[str, str]] = []
        with gaps_go_to(lambda reason, place: unread.append((reason, place))):
            for sid in self._own.subkeys(_PROFILES):
                folder = self._own.values(f"{_PROFILES}\\{sid}").get("ProfileImagePath", "")
                folder = windowspath.clean(folder, self._variables)
                if folder and sid.upper().startswith(_PEOPLE):
                    has_registry = sid.upper() in self._loaded or has_hive(self._files, folder)
                    root = f"HKU\\{sid}" if has_registry else ""
                    found.append(User(windowspath.basename(folder), folder, root))
        return found, unread

    @property
    def users(self) -> Sequence[User]:
        """The people with a profile; `root` is "" for a profile without a registry."""
        found, unread = self._profiles
        for reason, place in unread:
            tell(reason, place)
        return found

    @cached_property
    def _kept(self) -> Hives:
        """The registry of those who have one, and are not signed in."""
        places: dict[str, Callable[[], Hive | None]] = {}
        for user in self._profiles[0]:
            if user.root and user.root.rpartition("\\")[2].upper() not in self._loaded:
                places |= hives_of(self._files, user, is_held=True)
        return Hives(places, MOST_HELD)

    def unsettled(self) -> Sequence[str]:
        """The registry files of people who are not signed in that were not written wholly."""
        return self._kept.unsettled()

    def values(self, key: str) -> Mapping[str, str]:
        return self._kept.values(key) if self._kept.holds(key) else self._own.values(key)

    def subkeys(self, key: str) -> Sequence[str]:
        return self._kept.subkeys(key) if self._kept.holds(key) else self._own.subkeys(key)


def has_hive(files: Files, profile: str) -> bool:
    """Whether a profile has a registry; true also where this is unknown, as behind a link or without the
    right to look: reading it then gives the reason."""
    try:
        return files.entry(rf"{profile}\{_HIVE}") is not None
    except Unavailable:
        return True


def hives_of(files: Files, user: User, *, is_held: bool = False) -> dict[str, Callable[[], Hive | None]]:
    """The roots of a person's registry, each with what opens its hive."""
    return {
        user.root: Opener(files, rf"{user.folder}\{_HIVE}", is_held=is_held),
        f"{user.root}_Classes": Opener(files, rf"{user.folder}\{CLASSES}", is_held=is_held),
    }
