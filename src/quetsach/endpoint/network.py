"""The keys by which logs, leases and registers know this machine: they go into the result of a check.

Hardware addresses only where they are universally administered (IEEE 802, U/L bit clear): others change.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Adapter, Machine, System
from quetsach.machines import keys
from quetsach.text.canonical import address

_LINUX_UUID = "/sys/class/dmi/id/product_uuid"
_MOST = 64


@dataclass(frozen=True, slots=True)
class Network:
    """The UUID of SMBIOS, "" where it cannot be seen; universal hardware addresses; addresses."""

    hardware: str = ""
    macs: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def look(machine: Machine) -> Network:
    """What this machine is known by. What cannot be seen is left out: no verdict rests on it."""
    adapters: list[Adapter] = []
    if machine.is_running:
        try:
            adapters = list(machine.adapters())
        except Unavailable:
            adapters = []
    macs = (keys.mac(one.hardware) for one in adapters)
    addresses = (address(text) for one in adapters for text in one.addresses if text)
    return Network(
        _hardware(machine),
        tuple(sorted({key.value for key in macs if key is not None and key.kind == "mac"}))[:_MOST],
        tuple(sorted({one for one in addresses if one is not None and _is_known_elsewhere(one)}))[:_MOST],
    )


def _is_known_elsewhere(one: str) -> bool:
    """Whether others see the machine by this address."""
    parsed = ipaddress.ip_address(one)
    return not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified or parsed.is_multicast)


def _hardware(machine: Machine) -> str:
    try:
        if not machine.is_running:
            return ""
        if machine.system is System.WINDOWS:
            rows = machine.query("Win32_ComputerSystemProduct", ["UUID"])
            told = rows[0].get("UUID", "") if rows else ""
        else:
            # Only administrators may read it.
            told = machine.files.read(_LINUX_UUID, 4_096).decode("ascii", "replace")
    except Unavailable:
        return ""
    key = keys.hardware(told)
    return key.value if key is not None else ""
