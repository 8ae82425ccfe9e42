"""Settings that send programs to an address: policies of browsers, start pages, scripts of group policies."""

from __future__ import annotations

from collections.abc import Iterator

from quetsach.endpoint.machine import Machine, System, keys_below, roots_of
from quetsach.endpoint.probe import Probe, Seen

_TREES = tuple(
    rf"Software\{name}"
    for name in (
        r"Policies\Google\Chrome", r"Policies\Microsoft\Edge", r"Policies\CocCoc", r"Policies\BraveSoftware",
        r"Policies\Mozilla\Firefox", r"Policies\Chromium",
        r"Microsoft\Windows\CurrentVersion\Group Policy\Scripts",
        r"Policies\Microsoft\Windows\System\Scripts",
    )
)  # fmt: skip
_SINGLE = (
    (r"Software\Microsoft\Internet Explorer\Main", ("Start Page", "Search Page", "Default_Page_URL")),
    (r"Software\Policies\Microsoft\Windows\WindowsUpdate", ("WUServer", "WUStatusServer")),
)
_MOST_KEYS = 2_000


def _look(machine: Machine, seen: Seen) -> None:
    for root in roots_of(machine.users()):
        for tree in _TREES:
            with seen.part():
                for key in keys_below(machine.registry, f"{root}\\{tree}", depth=6, most=_MOST_KEYS):
                    for name, value in machine.registry.values(key).items():
                        _add(seen, key, name, value)
        for place, names in _SINGLE:
            with seen.part():
                key = f"{root}\\{place}"
                for name, value in _named(machine, key, names):
                    _add(seen, key, name, value)


def _named(machine: Machine, key: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    values = machine.registry.values(key)
    return ((name, values[name]) for name in names if values.get(name))


def _add(seen: Seen, key: str, name: str, value: str) -> None:
    # Numbers and switches name no address.
    if "." in value or ":" in value:
        seen.add("setting", value=value, name=name, place=key)


PROBE = Probe("policies", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
