"""Scheduled tasks of Windows: the XML of each task ([MS-TSCH] 2.5), compared with the registry."""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Collection
from xml.etree import ElementTree

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_FOLDER = r"%SystemRoot%\System32\Tasks"
_TREE = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree"
_TASKS = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tasks"
_RUNS = b"\x66\x66"
_MOST_ACTIONS = 64
_MOST_BYTES = 1 << 20
_MOST_TASKS = 5_000
_DEPTH = 8
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")


def _look(machine: Machine, seen: Seen) -> None:
    root = windowspath.clean(_FOLDER, machine.variables)
    waiting, looked = [(root, 0)], 0
    files: set[str] = set()
    while waiting:
        folder, depth = waiting.pop()
        with seen.part():
            for entry in machine.files.entries(folder):
                if entry.is_link:
                    seen.lack("elsewhere", entry.path)
                    continue
                if entry.is_folder:
                    if depth < _DEPTH:
                        waiting.append((entry.path, depth + 1))
                    continue
                looked += 1
                if looked > _MOST_TASKS:
                    raise Unavailable("too_large", root)
                path = entry.path[len(root) :]
                files.add(path.casefold())
                with seen.part():
                    _one(machine, seen, entry.path, path)
    _unlisted(machine, seen, files)


def _one(machine: Machine, seen: Seen, place: str, path: str) -> None:
    folder, _, name = path.rpartition("\\")
    told = {"path": path, "name": name, "folder": folder + "\\"}
    try:
        runs = actions(machine.files.read(place, _MOST_BYTES))
    except Unavailable:
        # The name alone may match a sign.
        seen.add("task", **told)
        raise
    except ValueError as error:
        seen.add("task", **told)
        raise Unavailable("damaged", place) from error
    for command, arguments in runs or [("", "")]:
        program = windowspath.program_of(command, machine.variables)
        seen.add("task", **told, command=program, arguments=arguments)


def _unlisted(machine: Machine, seen: Seen, files: Collection[str]) -> None:
    """Tasks that the registry runs although they have no file, or although no account has the right to see
    them."""
    waiting, looked = [("", 0)], 0
    while waiting and looked < _MOST_TASKS:
        path, depth = waiting.pop()
        looked += 1
        with seen.part():
            values = machine.registry.values(_TREE + path)
            number = values.get("Id", "")
            is_hidden = "SD" not in values
            if number and (is_hidden or path.casefold() not in files):
                folder, _, name = path.rpartition("\\")
                stored = machine.registry.values(f"{_TASKS}\\{number}").get("Actions", "")
                for command, arguments in stored_actions(stored) or [("", "")]:
                    program = windowspath.program_of(command, machine.variables)
                    seen.add("task", path=path, name=name, folder=folder + "\\", is_hidden=is_hidden,
                             command=program, arguments=arguments)  # fmt: skip
            if depth < _DEPTH:
                waiting += [(f"{path}\\{name}", depth + 1) for name in machine.registry.subkeys(_TREE + path)]


def stored_actions(stored: str) -> list[tuple[str, str]]:
    """Command and arguments of each action in the value `Actions` of the registry, given as hexadecimal
    digits.

    The form is not documented: a version (2 bytes), the account as text, then for each action its kind (2
    bytes; 0x6666 runs a program) and texts: name, command, arguments, folder. A text is its length in bytes
    and UTF-16. Other actions end the list.
    """
    try:
        content = bytes.fromhex(stored)
        at = 2
        found: list[tuple[str, str]] = []
        _account, at = _text(content, at)
        while content[at : at + 2] == _RUNS and len(found) < _MOST_ACTIONS:
            _name, at = _text(content, at + 2)
            command, at = _text(content, at)
            arguments, at = _text(content, at)
            _folder, at = _text(content, at)
            found.append((command, arguments))
            at += 2  # flags
    except (ValueError, struct.error):
        return []
    return found


def _text(content: bytes, at: int) -> tuple[str, int]:
    length = struct.unpack_from("<I", content, at)[0]
    end = at + 4 + length
    if end > len(content):
        raise ValueError("cut off")
    return content[at + 4 : end].decode("utf-16-le", "replace").rstrip("\0"), end


def actions(content: bytes) -> list[tuple[str, str]]:
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
    return found[:_MOST_ACTIONS]


PROBE = Probe("tasks", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
