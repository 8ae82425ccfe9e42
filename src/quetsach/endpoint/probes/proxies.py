"""The proxies for web traffic, also by automatic configuration, and the DNS servers, for the system and for
each person."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from quetsach.endpoint.machine import Machine, System, roots_of
from quetsach.endpoint.probe import Probe, Seen

_SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
# Blanks, never line ends: else the expression would scan a file of line ends once for each of them.
_LINUX = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?:https?|ftp|all)_proxy[ \t]*=[ \t]*[\"']?([^\s\"'#]+)", re.I | re.M
)


_SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
_TCPIP = tuple(rf"{_SERVICES}\{name}\Parameters" for name in ("Tcpip", "Tcpip6"))
_NAME_POLICIES = (
    rf"{_SERVICES}\Dnscache\Parameters\DnsPolicyConfig",
    (r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\DNSClient\DnsPolicyConfig"),
)
_WINHTTP = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
_MOST_ADAPTERS = 200
_NAMESERVER = re.compile(r"^[ \t]*nameserver[ \t]+(\S+)", re.M)


def _look(machine: Machine, seen: Seen) -> None:
    if machine.system is System.LINUX:
        for place in ("/etc/environment", "/etc/profile", "/etc/apt/apt.conf"):
            with seen.part():
                text = machine.files.read(place, 1 << 20).decode("utf-8", "replace")
                for value in _LINUX.findall(text):
                    seen.add("proxy", value=value, place=place)
        with seen.part():
            place = "/etc/resolv.conf"
            text = machine.files.read(place, 1 << 20).decode("utf-8", "replace")
            for value in seen.first(_NAMESERVER.findall(text), _MOST_ADAPTERS, place):
                seen.add("dns-server", address=value, place=place)
        return
    for root in roots_of(machine.users()):
        key = f"{root}\\{_SETTINGS}"
        with seen.part():
            values = machine.registry.values(key)
            if values.get("AutoConfigURL"):
                seen.add("proxy", value=values["AutoConfigURL"], place=key)
            servers = values.get("ProxyServer", "") if values.get("ProxyEnable") == "1" else ""
            for part in filter(None, servers.split(";")):
                seen.add("proxy", value=part.rpartition("=")[2], place=key)

    with seen.part():
        told = machine.registry.values(_WINHTTP).get("WinHttpSettings", "")
        for part in filter(None, winhttp_proxy(told).split(";")):
            seen.add("proxy", value=part.rpartition("=")[2], place=_WINHTTP)
    for key, names in _of_resolvers(machine, seen):
        with seen.part():
            values = machine.registry.values(key)
            for name in names:
                for address in re.split(r"[\s,;]+", values.get(name, "")):
                    if address:
                        seen.add("dns-server", address=address, place=key)


def _of_resolvers(machine: Machine, seen: Seen) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The keys that name DNS servers: of the system, of each adapter, of the name resolution policy."""
    for root in _TCPIP:
        yield root, ("NameServer", "DhcpNameServer")
        with seen.part():
            interfaces = machine.registry.subkeys(rf"{root}\Interfaces")
            for one in seen.first(interfaces, _MOST_ADAPTERS, root):
                yield rf"{root}\Interfaces\{one}", ("NameServer", "DhcpNameServer", "ProfileNameServer")
    for root in _NAME_POLICIES:
        with seen.part():
            for one in seen.first(machine.registry.subkeys(root), _MOST_ADAPTERS, root):
                yield rf"{root}\{one}", ("GenericDNSServers",)


def winhttp_proxy(told: str) -> str:
    """The proxy in the value WinHttpSettings, given as hexadecimal digits: two numbers, flags (2: a proxy is
    set), then the proxy's length and text; "" without one."""
    try:
        content = bytes.fromhex(told)
        flags, length = struct.unpack_from("<II", content, 8)
    except (ValueError, struct.error):
        return ""
    return content[16 : 16 + length].decode("ascii", "replace") if flags & 2 else ""


PROBE = Probe("proxies", _look, is_essential=True)
