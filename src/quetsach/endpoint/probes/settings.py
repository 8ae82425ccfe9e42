"""Registry values that a sign names by key and name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Machine, System, keys_below
from quetsach.endpoint.probe import Probe, Seen

NAME = "settings"
_MOST_KEYS = 5_000


def probe(keys: Iterable[str]) -> Probe:
    r"""A probe of these keys: `*` is one part of the path, `**` at the end all keys below, `HKU\*` each
    person."""
    wanted = tuple(keys)

    def look(machine: Machine, seen: Seen) -> None:
        done: set[str] = set()
        for pattern in wanted:
            with seen.part():
                for key in _matching(machine, pattern):
                    if key.casefold() in done:
                        continue
                    done.add(key.casefold())
                    for name, value in machine.registry.values(key).items():
                        seen.add("registry", key=key, name=name, value=value)

    return Probe(NAME, look, systems=frozenset({System.WINDOWS}), is_essential=True)


def _matching(machine: Machine, pattern: str) -> Iterator[str]:
    parts = pattern.split("\\")
    if parts[:2] == ["HKU", "*"]:
        for user in machine.users():
            if user.root:
                yield from _below(machine, user.root, parts[2:])
    else:
        yield from _below(machine, parts[0], parts[1:])


def _below(machine: Machine, key: str, parts: list[str]) -> Iterator[str]:
    for at, part in enumerate(parts):
        if part == "**":
            yield from keys_below(machine.registry, key, most=_MOST_KEYS)
            return
        if part == "*":
            names = machine.registry.subkeys(key)
            if len(names) > _MOST_KEYS:
                raise Unavailable("too_large", key)
            for name in names:
                yield from _below(machine, f"{key}\\{name}", parts[at + 1 :])
            return
        key = f"{key}\\{part}"
    yield key
