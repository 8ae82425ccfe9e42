"""The hosts file: names that the machine itself answers (hosts(5))."""

from __future__ import annotations

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen
from quetsach.text import canonical

_MOST_BYTES = 32 << 20
_TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"


def _places(machine: Machine, seen: Seen) -> list[str]:
    if machine.system is System.LINUX:
        return ["/etc/hosts"]
    usual = windowspath.clean(r"%SystemRoot%\System32\drivers\etc", machine.variables)
    folders = [usual]
    with seen.part():
        # Malware moves the folder, so that the file that people open stays untouched.
        moved = machine.registry.values(_TCPIP).get("DataBasePath", "")
        if moved:
            folders.append(windowspath.clean(moved, machine.variables))
    return [f"{folder}\\hosts" for folder in dict.fromkeys(one.casefold() for one in folders)]


def _look(machine: Machine, seen: Seen) -> None:
    for place in _places(machine, seen):
        with seen.part():
            for name, address, line, lines in entries(machine.files.read(place, _MOST_BYTES)):
                seen.add("hosts-line", name=name, address=address, file=place, line=line, lines=lines)


def entries(content: bytes) -> list[tuple[str, str, int, int]]:
    """Name and address in canonical form, line number, and the number of lines with an address."""
    text = content.decode("utf-8-sig" if content[:2] != b"\xff\xfe" else "utf-16", "replace")
    found: list[tuple[str, str, int]] = []
    lines = 0
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        address = canonical.address(words[0]) if len(words) > 1 else None
        if address is None:
            continue
        lines += 1
        found += [(canonical.name(word), address, number) for word in words[1:]]
    return [(name, address, number, lines) for name, address, number in found]


PROBE = Probe("hosts", _look, is_essential=True)
