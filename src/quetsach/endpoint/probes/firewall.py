"""Rules of the Windows firewall that are switched on ([MS-FASP] 2.2.19: `v2.30|Action=Block|Dir=Out|…`)."""

from __future__ import annotations

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"


def rule(text: str) -> dict[str, str]:
    """The fields of a rule; of one that is repeated, the first."""
    found: dict[str, str] = {}
    for part in text.split("|"):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.casefold(), value)
    return found


def _look(machine: Machine, seen: Seen) -> None:
    for value in machine.registry.values(_KEY).values():
        told = rule(value)
        if told.get("active", "").casefold() != "true":
            continue
        seen.add(
            "firewall-rule",
            name=told.get("name", ""),
            action=told.get("action", ""),
            direction=told.get("dir", ""),
            program=windowspath.clean(told.get("app", ""), machine.variables),
            port=told.get("lport", ""),
        )


PROBE = Probe("firewall", _look, systems=frozenset({System.WINDOWS}))
