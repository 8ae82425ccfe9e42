"""Scheduled tasks of Windows: the XML of each task ([MS-TSCH] 2.5), and what the registry keeps of it."""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Collection, Mapping
from uuid import UUID
from xml.etree import ElementTree

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_FOLDER = r"%SystemRoot%\System32\Tasks"
_CACHE = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache"
_TREE, _TASKS = rf"{_CACHE}\Tree", rf"{_CACHE}\Tasks"
_PROGRAM, _CLASS, _MAIL, _MESSAGE = 0x6666, 0x7777, 0x8888, 0x9999
_KINDS = frozenset({_PROGRAM, _CLASS, _MAIL, _MESSAGE})
_CLASS_BYTES = 16
_FIRST_WITH_ACCOUNT, _LAST_VERSION = 2, 3
_MOST_ACTIONS = 64
_MOST_BYTES = 1 << 20
_MOST_TASKS = 5_000
_DEPTH = 8
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")

Runs = list[tuple[str, str]]
"""Command and arguments of actions."""


def _look(machine: Machine, seen: Seen) -> None:
    files = _files(machine, seen)
    numbers = _tree(machine, seen, files)
    with seen.part():
        # Without its place in the tree a task goes on until the next start, and no list of tasks shows it.
        alone = [one for one in machine.registry.subkeys(_TASKS) if one.casefold() not in numbers]
        for number in seen.first(alone, _MOST_TASKS, _TASKS):
            with seen.part():
                path = machine.registry.values(f"{_TASKS}\\{number}").get("Path", "")
                _stored(machine, seen, path, number, files.get(path.casefold(), ()))


def _files(machine: Machine, seen: Seen) -> Mapping[str, Collection[tuple[str, str]]]:
    """The tasks that have a file: path in small letters → program and arguments of each action."""
    root = windowspath.clean(_FOLDER, machine.variables)
    waiting = [(root, 0)]
    found: dict[str, Collection[tuple[str, str]]] = {}
    while waiting:
        folder, depth = waiting.pop()
        with seen.part():
            for entry in machine.files.entries(folder):
                if entry.is_link:
                    seen.lack("elsewhere", entry.path)
                elif entry.is_folder and depth >= _DEPTH:
                    seen.lack("too_long", entry.path)
                elif entry.is_folder:
                    waiting.append((entry.path, depth + 1))
                elif len(found) >= _MOST_TASKS:
                    seen.lack("too_large", root)
                    return found
                else:
                    path = entry.path[len(root) :]
                    found[path.casefold()] = ()
                    with seen.part():
                        found[path.casefold()] = _one(machine, seen, entry.path, path)
    return found


def _one(machine: Machine, seen: Seen, place: str, path: str) -> Collection[tuple[str, str]]:
    try:
        runs = actions(machine.files.read(place, _MOST_BYTES))
    except Unavailable:
        # The name alone may match a sign.
        _add(machine, seen, path, [("", "")])
        raise
    except ValueError as error:
        _add(machine, seen, path, [("", "")])
        raise Unavailable("damaged", place) from error
    return _add(machine, seen, path, seen.first(runs, _MOST_ACTIONS, place) or [("", "")])


def _add(
    machine: Machine,
    seen: Seen,
    path: str,
    runs: Collection[tuple[str, str]],
    *,
    known: Collection[tuple[str, str]] = (),
    is_hidden: bool = False,
) -> Collection[tuple[str, str]]:
    """Add the actions that are not known yet; returns all of them, each with its program."""
    folder, _, name = path.rpartition("\\")
    found = {(windowspath.program_of(command, machine.variables), told): None for command, told in runs}
    for program, arguments in found:
        if (program, arguments) not in known:
            seen.add("task", path=path, name=name, folder=folder + "\\", is_hidden=is_hidden,
                     command=program, arguments=arguments)  # fmt: skip
    return found


def _tree(machine: Machine, seen: Seen, files: Mapping[str, Collection[tuple[str, str]]]) -> Collection[str]:
    """The tasks of the registry, some of which have no file, or are seen by no account; their numbers."""
    waiting, looked = [("", 0)], 0
    numbers: set[str] = set()
    while waiting:
        path, depth = waiting.pop()
        looked += 1
        if looked > _MOST_TASKS:
            seen.lack("too_large", _TREE)
            break
        with seen.part():
            values = machine.registry.values(_TREE + path)
            number = values.get("Id", "")
            if number:
                numbers.add(number.casefold())
                is_hidden = "SD" not in values
                with seen.part():
                    _stored(machine, seen, path, number, files.get(path.casefold()), is_hidden=is_hidden)
            below = machine.registry.subkeys(_TREE + path)
            if below and depth >= _DEPTH:
                seen.lack("too_long", _TREE + path)
            else:
                waiting += [(f"{path}\\{name}", depth + 1) for name in below]
    return numbers


def _stored(
    machine: Machine,
    seen: Seen,
    path: str,
    number: str,
    known: Collection[tuple[str, str]] | None,
    *,
    is_hidden: bool = False,
) -> None:
    """What the registry runs for a task. It is what Windows goes by; somebody may have changed it there
    alone. `known` are the actions of the task's file, None where it has no file."""
    place = rf"{_TASKS}\{number}"
    runs, is_whole = stored_actions(machine.registry.values(place).get("Actions", ""))
    if not is_whole:
        seen.lack("damaged", rf"{place}\Actions")
    if known is None or is_hidden:
        _add(machine, seen, path, runs or [("", "")], is_hidden=is_hidden)
    else:
        _add(machine, seen, path, runs, known=known)


def stored_actions(stored: str) -> tuple[Runs, bool]:
    """Command and arguments of each action in the value `Actions` of the registry, given as hexadecimal
    digits; False where some of it could not be read. A COM action is `{class}`, its data as arguments.

    The form is not documented by its maker (cyber.wtf, 'Windows Registry Analysis: Tasks', 2022): a version
    (2 bytes), from version 2 on the account, then for each action its kind (2 bytes), its name, and what the
    kind has; from version 3 on a program has 2 bytes of flags. A text is its length in bytes and UTF-16.
    """
    found: Runs = []
    try:
        content = bytes.fromhex(stored)
        if not content:
            return [], True
        version, at = _short(content, 0)
        if not 1 <= version <= _LAST_VERSION:
            return [], False
        if version >= _FIRST_WITH_ACCOUNT:
            _account, at = _text(content, at)
        first = at
        while at < len(content):
            if len(found) >= _MOST_ACTIONS:
                return found, False
            run, at = _action(content, at)
            found += run
            if len(content) - at == 2 or (at < len(content) and _short(content, at)[0] not in _KINDS):
                at += 2  # flags
    except (ValueError, struct.error):
        return found, False
    return found, at > first


def _action(content: bytes, at: int) -> tuple[Runs, int]:
    """One action, none where it starts nothing, and where the next begins."""
    kind, at = _short(content, at)
    _name, at = _text(content, at)
    if kind == _PROGRAM:
        command, at = _text(content, at)
        arguments, at = _text(content, at)
        _folder, at = _text(content, at)
        return [(command, arguments)], at
    if kind == _CLASS:
        number = UUID(bytes_le=content[at : at + _CLASS_BYTES])
        data, at = _text(content, at + _CLASS_BYTES)
        return [(f"{{{str(number).upper()}}}", data)], at
    if kind == _MESSAGE:
        for _part in ("title", "text"):
            _told, at = _text(content, at)
        return [], at
    # Windows sends no mails by tasks any more; what a mail has behind its texts is not read.
    raise ValueError("an action of another kind")


def _short(content: bytes, at: int) -> tuple[int, int]:
    return struct.unpack_from("<H", content, at)[0], at + 2


def _text(content: bytes, at: int) -> tuple[str, int]:
    length = struct.unpack_from("<I", content, at)[0]
    end = at + 4 + length
    if end > len(content):
        raise ValueError("cut off")
    return content[at + 4 : end].decode("utf-16-le", "replace").rstrip("\0"), end


def actions(content: bytes) -> Runs:
    """Command and arguments of each action of a task; a COM action is `{class}`, its data as arguments.

    Raises:
        ValueError: it is no task, or declares entities, which a task never does.
    """
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    text = _DECLARATION.sub("", content.decode(encoding, "replace").rstrip("\0"))
    if "<!" in text.replace("<!--", "").replace("<![CDATA[", ""):
        raise ValueError("a task with a document type")
    try:
        tree = ElementTree.fromstring(text)  # noqa: S314  # entities are refused above
    except (ElementTree.ParseError, ValueError) as error:
        raise ValueError("not the XML of a task") from error
    found = []
    for element in tree.iter():
        tag = element.tag.rpartition("}")[2]
        parts = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}
        if tag == "Exec":
            found.append((parts.get("Command", ""), parts.get("Arguments", "")))
        elif tag == "ComHandler":
            found.append((parts.get("ClassId", ""), parts.get("Data", "")))
    return found


PROBE = Probe("tasks", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
