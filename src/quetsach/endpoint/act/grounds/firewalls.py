"""Rules of our own in the firewall: nftables on Linux; Windows' own by netsh, read back in the registry.

A command's report of success is not trusted: `has` reads the rules that are in force.
"""

from __future__ import annotations

import json
import os
import re
import subprocess  # fixed programs, arguments checked below
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.machine import Registry
from quetsach.endpoint.probes.firewall import deaf, rule

Run = Callable[[Sequence[str], str], str]
"""Runs a command with an input and returns its output; raises `ActError` if it failed."""
_NAME = re.compile(r"quetsach_[0-9a-f]{16}_\d{1,6}")
_RULES = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
_SECONDS = 30


def run(command: Sequence[str], given: str = "") -> str:
    """Run a program of the system."""
    try:
        done = subprocess.run(
            [_of_the_system(command[0]), *command[1:]],
            input=given,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            errors="replace",
        )
    except FileNotFoundError as error:
        raise ActError("not_here", command[0]) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ActError("failed", command[0]) from error
    if done.returncode:
        raise ActError("failed", f"{command[0]}: {done.stderr.strip()[:200]}")
    return done.stdout


def _of_the_system(program: str) -> str:
    """On Windows with its folder: a bare name would first run a program in the current folder."""
    if os.name != "nt":
        return program
    from quetsach.endpoint.act.grounds.winfile import system_folder

    return str(Path(system_folder(), f"{program}.exe"))


class Nftables:
    """One table for each address, so removing one touches nothing else. Lost when the machine restarts."""

    def __init__(self, run: Run = run) -> None:
        self._run = run

    def can(self) -> bool:
        return True

    def has(self, name: str, address: str) -> bool:
        _checked(name, address)
        tables = json.loads(self._run(["nft", "-j", "list", "tables"], ""))
        if not any(one.get("table", {}).get("name") == name for one in tables["nftables"]):
            return False
        document = json.loads(self._run(["nft", "-j", "list", "table", "inet", name], ""))
        wanted = str(ip_address(address))
        return any(
            part.get("match", {}).get("right") == wanted
            for one in document["nftables"]
            for part in one.get("rule", {}).get("expr", [])
        )

    def add(self, name: str, address: str) -> None:
        family = _checked(name, address)
        self._run(
            ["nft", "-f", "-"],
            f"table inet {name} {{\n chain out {{\n  type filter hook output priority -10; policy accept;\n"
            f"  {family} daddr {address} reject\n }}\n}}\n",
        )

    def remove(self, name: str) -> None:
        _checked(name, "192.0.2.1")
        self._run(["nft", "delete", "table", "inet", name], "")


class WindowsFirewall:
    """A rule for each address; it stays when the machine restarts."""

    def __init__(self, registry: Registry, run: Run = run) -> None:
        self._registry = registry
        self._run = run

    def can(self) -> bool:
        return not deaf(self._registry)

    def has(self, name: str, address: str) -> bool:
        _checked(name, address)
        wanted = ip_address(address)
        return any(
            told.get("name") == name
            and told.get("action", "").casefold() == "block"
            and told.get("dir", "").casefold() == "out"
            and told.get("active", "").casefold() == "true"
            and _is_only(told.get("ra4", "") + told.get("ra6", ""), wanted)
            for told in map(rule, self._registry.values(_RULES).values())
        )

    def add(self, name: str, address: str) -> None:
        _checked(name, address)
        self._run(
            ["netsh", "advfirewall", "firewall", "add", "rule", f"name={name}", "dir=out", "action=block",
             f"remoteip={address}"], "",
        )  # fmt: skip

    def remove(self, name: str) -> None:
        _checked(name, "192.0.2.1")
        self._run(["netsh", "advfirewall", "firewall", "delete", "rule", f"name={name}"], "")


def _is_only(remote: str, address: IPv4Address | IPv6Address) -> bool:
    """Whether a rule concerns only this address; Windows writes it bare, or with a mask or length."""
    try:
        return ip_network(remote) == ip_network(address)
    except ValueError:
        return False


def _checked(name: str, address: str) -> str:
    if not _NAME.fullmatch(name):
        raise ActError("damaged_journal", name)
    try:
        return "ip" if ip_address(address).version == 4 else "ip6"
    except ValueError as error:
        raise ActError("damaged_journal", address) from error
