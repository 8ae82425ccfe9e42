"""Where web traffic is sent: proxies and automatic configuration, for the system and for each person."""

from __future__ import annotations

import re

from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
# Blanks, never line ends: else a file of nothing but line ends is gone through once for each of them.
_LINUX = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?:https?|ftp|all)_proxy[ \t]*=[ \t]*[\"']?([^\s\"'#]+)", re.I | re.M
)


def _look(machine: Machine, seen: Seen) -> None:
    if machine.system is System.LINUX:
        for place in ("/etc/environment", "/etc/profile", "/etc/apt/apt.conf"):
            with seen.part():
                text = machine.files.read(place, 1 << 20).decode("utf-8", "replace")
                for value in _LINUX.findall(text):
                    seen.add("proxy", value=value, place=place)
        return
    roots = ["HKLM", *(user.root for user in machine.users() if user.root)]
    for root in roots:
        key = f"{root}\\{_SETTINGS}"
        with seen.part():
            values = machine.registry.values(key)
            if values.get("AutoConfigURL"):
                seen.add("proxy", value=values["AutoConfigURL"], place=key)
            if values.get("ProxyEnable") == "1":
                for part in values.get("ProxyServer", "").split(";"):
                    if part:
                        seen.add("proxy", value=part.rpartition("=")[2], place=key)


PROBE = Probe("proxies", _look)
