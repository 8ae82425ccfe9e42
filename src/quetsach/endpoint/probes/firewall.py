"""The Windows firewall: where it is off, whether it obeys rules of this machine at all, and the enabled rules
([MS-FASP] 2.2.19: `v2.30|Action=Block|Dir=Out|…`).
"""

from __future__ import annotations

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Machine, Registry, System
from quetsach.endpoint.probe import Probe, Seen

_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
_OWN = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall"
_SERVICE = r"HKLM\SYSTEM\CurrentControlSet\Services\mpssvc"
_PROFILES = {"DomainProfile": "domain", "StandardProfile": "private", "PublicProfile": "public"}
"""The kinds of networks ([MS-GPFAS] 2.2.2) in people's words: a domain, home or work, and public networks."""
_DISABLED = "4"


def switched_off(registry: Registry) -> list[str]:
    """The kinds of networks where the firewall is off; a policy has the last word."""
    if registry.values(_SERVICE).get("Start") == _DISABLED:
        return list(_PROFILES.values())
    found = []
    for profile, network in _PROFILES.items():
        policy = registry.values(f"{_POLICY}\\{profile}")
        own = registry.values(f"{_OWN}\\{profile}")
        if policy.get("EnableFirewall", own.get("EnableFirewall", "1")) == "0":
            found.append(network)
    return found


def deaf(registry: Registry) -> list[str]:
    """The kinds of networks where a rule of this machine's own has no effect.

    There the firewall is off, or a policy allows only its own rules.
    """
    off = switched_off(registry)
    return [
        network
        for profile, network in _PROFILES.items()
        if network in off or registry.values(f"{_POLICY}\\{profile}").get("AllowLocalPolicyMerge") == "0"
    ]


def rule(text: str) -> dict[str, str]:
    """The fields of a rule; of a repeated field, the first."""
    found: dict[str, str] = {}
    for part in text.split("|"):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.casefold(), value)
    return found


def _look(machine: Machine, seen: Seen) -> None:
    for network in switched_off(machine.registry):
        seen.add("firewall-off", network=network)
    for value in machine.registry.values(_KEY).values():
        fields = rule(value)
        if fields.get("active", "").casefold() != "true":
            continue
        seen.add(
            "firewall-rule",
            name=fields.get("name", ""),
            action=fields.get("action", ""),
            direction=fields.get("dir", ""),
            program=windowspath.clean(fields.get("app", ""), machine.variables),
            port=fields.get("lport", ""),
        )


PROBE = Probe("firewall", _look, systems=frozenset({System.WINDOWS}))
