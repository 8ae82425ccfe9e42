"""The few changes that can be made to a machine. Each act reads its state, changes one thing, and can undo
it.

An act changes its target in one go wherever the system can. `keep` first stores all that the way back needs.
`undo` may be called again at any time, also where the act was never done.
"""

# ruff: noqa: ARG002  # every act takes all parameters that any act needs
from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any, Protocol

from quetsach.endpoint.act import protected
from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.act.ground import Firewall, Ground, Programs, Running, Settings
from quetsach.endpoint.act.grounds.programs import own
from quetsach.endpoint.act.vault import Vault

Target = Mapping[str, Any]
_LOOKS, _PAUSE, _TRIES = 6, 0.25, 3
"""How often, and after how many seconds each, a look follows a stop; and how often a program is stopped."""


class Act(Protocol):
    """One kind of act. A state is anything that JSON can hold; equal states look equal to a person, too."""

    def look(self, ground: Ground, target: Target) -> Any:
        """The state of the target now."""
        ...

    def guard(self, ground: Ground, target: Target) -> None:
        """Raises `ActError("protected")` for a target that must not be touched."""
        ...

    def keep(self, ground: Ground, target: Target, vault: Vault, name: str) -> Any:
        """Store what `undo` needs; it is on the disk when this returns."""
        ...

    def do(self, ground: Ground, target: Target, after: Any, kept: Any) -> None: ...
    def undo(self, ground: Ground, target: Target, kept: Any, vault: Vault) -> None: ...


class Block:
    """Keeps the machine from calling an address: True where the rule is in force."""

    def look(self, ground: Ground, target: Target) -> bool:
        return _firewall(ground).has(target["name"], target["address"])

    def guard(self, ground: Ground, target: Target) -> None:
        if not _firewall(ground).can():
            raise ActError("deaf_firewall", target["address"])

    def keep(self, ground: Ground, target: Target, vault: Vault, name: str) -> None:
        return None

    def do(self, ground: Ground, target: Target, after: Any, kept: Any) -> None:
        _firewall(ground).add(target["name"], target["address"])

    def undo(self, ground: Ground, target: Target, kept: Any, vault: Vault) -> None:
        if self.look(ground, target):
            _firewall(ground).remove(target["name"])


class Stop:
    """Stops a program, by its file, or by number and start time; the state is whether it is gone."""

    def look(self, ground: Ground, target: Target) -> bool:
        return not self._running(ground, target)

    def guard(self, ground: Ground, target: Target) -> None:
        if target["program"] and protected.program(ground.machine, target["program"]) and not target["pids"]:
            raise ActError("protected", target["program"])
        for one in self._running(ground, target):
            if one.pid <= 4 or one.pid in own():
                raise ActError("protected", one.program or str(one.pid))

    def keep(self, ground: Ground, target: Target, vault: Vault, name: str) -> Any:
        return [{"pid": one.pid, "command": one.command[:2000]} for one in self._running(ground, target)]

    def do(self, ground: Ground, target: Target, after: Any, kept: Any) -> None:
        self.guard(ground, target)
        for _attempt in range(_TRIES):
            for one in self._running(ground, target):
                _programs(ground).stop(one)
            if not self._comes_back(ground, target):
                return
        raise ActError("respawns", target["program"])

    def _comes_back(self, ground: Ground, target: Target) -> bool:
        """Whether it runs again within a second and a half: a slow machine needs its time to start it."""
        for _look in range(_LOOKS):
            time.sleep(_PAUSE)
            if self._running(ground, target):
                return True
        return False

    def undo(self, ground: Ground, target: Target, kept: Any, vault: Vault) -> None:
        """Nothing to do: other steps put back the entries that start the program."""

    def _running(self, ground: Ground, target: Target) -> list[Running]:
        pids = {(pid, started) for pid, started in target["pids"]}
        program = ground.disk.spelled(target["program"]) if target["program"] else ""
        return [
            one
            for one in _programs(ground).all()
            if (one.pid, one.started) in pids
            or (program and one.program and not one.is_deleted and _same_path(ground, one.program, program))
        ]


class Value:
    """Sets or removes a value of the registry; the state is type and data, None for no value."""

    def look(self, ground: Ground, target: Target) -> Any:
        return _plain(_settings(ground).get(target["key"], target["name"]))

    def guard(self, ground: Ground, target: Target) -> None:
        parts = target["key"].casefold().split("\\services\\")
        if len(parts) == 2 and "\\" not in parts[1] and protected.service(parts[1]):
            raise ActError("protected", target["key"])
        _settings(ground).admit(target["key"])

    def keep(self, ground: Ground, target: Target, vault: Vault, name: str) -> Any:
        # The whole state: a disk that is off needs more than type and data to be restored to the bit.
        return _settings(ground).get(target["key"], target["name"])

    def do(self, ground: Ground, target: Target, after: Any, kept: Any) -> None:
        self._put(ground, target, after)

    def undo(self, ground: Ground, target: Target, kept: Any, vault: Vault) -> None:
        self._put(ground, target, kept)

    def _put(self, ground: Ground, target: Target, value: Any) -> None:
        settings = _settings(ground)
        if value is not None:
            settings.set(target["key"], target["name"], value)
        elif settings.get(target["key"], target["name"]) is not None:
            settings.delete(target["key"], target["name"])


class Quarantine:
    """Moves a file into the vault; the state is the file's, None where there is no file."""

    def look(self, ground: Ground, target: Target) -> Any:
        return ground.disk.look(target["path"])

    def guard(self, ground: Ground, target: Target) -> None:
        if protected.file(ground.machine, target["path"], is_certain=target["is_certain"]):
            raise ActError("protected", target["path"])

    def keep(self, ground: Ground, target: Target, vault: Vault, name: str) -> Any:
        path = target["path"]
        meta, streams = ground.disk.meta(path), ground.disk.streams(path)
        kept = vault.put(f"{name}.kept", ground.disk.content(path))
        return kept | {
            "meta": meta,
            "streams": {
                stream: vault.put(f"{name}-{number}.kept", [inside])
                for number, (stream, inside) in enumerate(sorted(streams.items()), 1)
            },
        }

    def do(self, ground: Ground, target: Target, after: Any, kept: Any) -> None:
        try:
            ground.disk.remove(target["path"], kept["sha256"])
        except ActError as error:
            # Windows says "access denied" about a running program; more rights would not help.
            if error.reason == "no_permission" and _runs(ground, target["path"]):
                raise ActError("locked", target["path"]) from error
            raise

    def undo(self, ground: Ground, target: Target, kept: Any, vault: Vault) -> None:
        _bring_back(ground, target["path"], kept, vault)


class Edit:
    """Changes the content of a file; the state is the file's, of which only the content changes."""

    def look(self, ground: Ground, target: Target) -> Any:
        return ground.disk.look(target["path"])

    def guard(self, ground: Ground, target: Target) -> None:
        if protected.edited(ground.machine, target["path"]):
            raise ActError("protected", target["path"])

    def keep(self, ground: Ground, target: Target, vault: Vault, name: str) -> Any:
        return Quarantine().keep(ground, target, vault, name)

    def do(self, ground: Ground, target: Target, after: Any, kept: Any) -> None:
        content = base64.b64decode(target["content"])
        streams = ground.disk.streams(target["path"])
        # The times of the old file are left out: the file shows that it was changed now.
        meta = {
            name: value for name, value in kept["meta"].items() if name not in ("atime", "mtime", "times")
        }
        ground.disk.put(target["path"], [content], meta, streams, instead_of=kept["sha256"])

    def undo(self, ground: Ground, target: Target, kept: Any, vault: Vault) -> None:
        _bring_back(ground, target["path"], kept, vault)


class Folder:
    """Removes an empty folder; the state is its owner and rights, None where there is no folder."""

    def look(self, ground: Ground, target: Target) -> Any:
        return ground.disk.folder(target["path"])

    def guard(self, ground: Ground, target: Target) -> None:
        if protected.file(ground.machine, target["path"]):
            raise ActError("protected", target["path"])

    def keep(self, ground: Ground, target: Target, vault: Vault, name: str) -> Any:
        return ground.disk.folder(target["path"])

    def do(self, ground: Ground, target: Target, after: Any, kept: Any) -> None:
        ground.disk.remove_folder(target["path"])

    def undo(self, ground: Ground, target: Target, kept: Any, vault: Vault) -> None:
        ground.disk.make_folder(target["path"], kept)


ACTS: Mapping[str, Act] = {
    "block": Block(),
    "stop": Stop(),
    "value": Value(),
    "edit": Edit(),
    "quarantine": Quarantine(),
    "folder": Folder(),
}


def _bring_back(ground: Ground, path: str, kept: Any, vault: Vault) -> None:
    """Put a kept file in its place, over the file that the act left there (the caller has checked that
    file)."""
    ground.disk.tidy(path)
    there = ground.disk.look(path)
    if there is not None and there["sha256"] == kept["sha256"] and ground.disk.meta(path) == kept["meta"]:
        return
    streams = {name: b"".join(vault.get(one)) for name, one in kept["streams"].items()}
    for _part in vault.get(kept):  # raises for a damaged copy before anything is written
        pass
    instead = there["sha256"] if there is not None else ""
    ground.disk.put(path, vault.get(kept), kept["meta"], streams, instead_of=instead)


def _runs(ground: Ground, path: str) -> bool:
    if ground.programs is None:
        return False
    return any(one.program and _same_path(ground, one.program, path) for one in ground.programs.all())


def _plain(value: Any) -> Any:
    return None if value is None else {"type": value["type"], "data": value["data"]}


def _same_path(ground: Ground, first: str, second: str) -> bool:
    is_cased = ground.machine.system == "linux"
    return first == second if is_cased else first.casefold() == second.casefold()


def _firewall(ground: Ground) -> Firewall:
    if ground.firewall is None:
        raise ActError("not_here", "firewall")
    return ground.firewall


def _programs(ground: Ground) -> Programs:
    if ground.programs is None:
        raise ActError("not_here", "programs")
    return ground.programs


def _settings(ground: Ground) -> Settings:
    if ground.settings is None:
        raise ActError("not_here", "registry")
    return ground.settings
