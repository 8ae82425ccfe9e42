"""The proxies for web traffic, also by automatic configuration, for the system and for each person."""

from __future__ import annotations

import re

from quetsach.endpoint.machine import Machine, System, roots_of
from quetsach.endpoint.probe import Probe, Seen

_SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
# Blanks, never line ends: else the expression would scan a file of line ends once for each of them.
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
    for root in roots_of(machine.users()):
        key = f"{root}\\{_SETTINGS}"
        with seen.part():
            values = machine.registry.values(key)
            if values.get("AutoConfigURL"):
                seen.add("proxy", value=values["AutoConfigURL"], place=key)
            servers = values.get("ProxyServer", "") if values.get("ProxyEnable") == "1" else ""
            for part in filter(None, servers.split(";")):
                seen.add("proxy", value=part.rpartition("=")[2], place=key)


PROBE = Probe("proxies", _look)
