"""The commands of a shortcut: one for each path and each address that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from quetsach.endpoint import windowspath
from quetsach.endpoint.files import shortcut
from quetsach.endpoint.machine import Machine
from quetsach.endpoint.probe import Seen

_MOST_BYTES = 1 << 20
_NO_PATH = '""'


def commands(
    machine: Machine, seen: Seen, place: str, variables: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Command and program. Damage, and a file whose folder is not found, are gaps."""
    link = shortcut.read(machine.files.read(place, _MOST_BYTES))
    if not link.is_whole:
        seen.lack("damaged", place)
    if link.unplaced or not all(_is_there(machine, one, variables) for one in link.guessed):
        seen.lack("unplaced", place)
    known: set[str] = set()
    for path in link.paths:
        told = path
        if not (path[1:2] == ":" or path.startswith(("\\", "%"))):
            told = windowspath.join(windowspath.dirname(place), path)
        target = windowspath.program_of(f'"{told}" {link.arguments}', variables)
        file = windowspath.clean(told, variables).casefold()
        if file not in known:
            known.add(file)
            yield f"{path} {link.arguments}".rstrip(), target
    if link.arguments and not link.paths:
        yield f"{_NO_PATH} {link.arguments}", ""  # they alone still tell an address
    for address in link.addresses:
        yield address, ""


def _is_there(machine: Machine, path: str, variables: Mapping[str, str]) -> bool:
    """Whether a folder of the shell has this file, of the person or, in a place of everybody, of anybody."""
    people = (windowspath.of_person(user.folder, machine.variables) for user in machine.users())
    own = (variables,) if "userprofile" in variables else tuple(people)
    return any(machine.files.entry(windowspath.clean(path, one)) is not None for one in own)
