"""The Windows firewall: rules that are switched on ([MS-FASP] 2.2.19: `v2.30|Action=Block|Dir=Out|…`), and
whether it heeds rules of this machine at all.
"""

from __future__ import annotations

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Machine, Registry, System
from quetsach.endpoint.probe import Probe, Seen

_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
_OWN = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall"
_SERVICE = r"HKLM\SYSTEM\CurrentControlSet\Services\mpssvc"
_PROFILES = ("DomainProfile", "StandardProfile", "PublicProfile")
"""The networks of a domain, of home or work, and of strangers ([MS-GPFAS] 2.2.2)."""
_DISABLED = "4"


def deaf(registry: Registry) -> list[str]:
    """The kinds of networks where a rule of this machine's own has no effect; "" is every one.

    There the firewall is switched off, by the machine or a policy, or a policy lets only its own rules hold.
    """
    if registry.values(_SERVICE).get("Start") == _DISABLED:
        return [""]
    found = []
    for profile in _PROFILES:
        policy = registry.values(f"{_POLICY}\\{profile}")
        own = registry.values(f"{_OWN}\\{profile}")
        is_on = policy.get("EnableFirewall", own.get("EnableFirewall", "1")) != "0"
        if not is_on or policy.get("AllowLocalPolicyMerge") == "0":
            found.append(profile)
    return found


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
