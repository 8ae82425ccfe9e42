"""The servers (KMS hosts) at which Windows and Office activate, in every place that may name one."""

from __future__ import annotations

from quetsach.endpoint.machine import Machine, System, keys_below
from quetsach.endpoint.probe import Probe, Seen

_SPP = r"Microsoft\Windows NT\CurrentVersion\SoftwareProtectionPlatform"
_OFFICE = r"Microsoft\OfficeSoftwareProtectionPlatform"
KEYS = (
    rf"HKLM\SOFTWARE\{_SPP}",
    rf"HKLM\SOFTWARE\WOW6432Node\{_SPP}",
    rf"HKU\S-1-5-20\SOFTWARE\{_SPP}",
    rf"HKLM\SOFTWARE\{_OFFICE}",
    rf"HKLM\SOFTWARE\WOW6432Node\{_OFFICE}",
)


def _look(machine: Machine, seen: Seen) -> None:
    for root in KEYS:
        with seen.part():
            for key in keys_below(machine.registry, root, depth=3, most=2_000):
                host = machine.registry.values(key).get("KeyManagementServiceName", "").strip()
                if host:
                    seen.add("kms-host", host=host, place=key)


PROBE = Probe("activation", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
