r"""Conditions of a sign on one field of a fact, as data.

    "regex"                       the whole value, in any case
    {search = "regex"}            somewhere in the value
    {not = "regex"}               the whole value is not this
    {in = "LIST"}                 a name of that list, or below one
    {host = "loopback"|[…]}       the class of a name or address (`host_class`)
    {own = false}                 a name or address that is, or is not, the organisation's
    {above = 1} {below = 1}       a decimal number
    {years_ahead = 2}             the value holds a year so far in the future

If a table holds several conditions, all must hold. `<name>` in a regex stands for the pattern of that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from quetsach.endpoint.profile import Profile, covers
from quetsach.text import canonical

Condition = Callable[[str, Profile], bool]
HOST_CLASSES = ("own", "loopback", "placeholder", "listed", "azure", "state", "public", "private")
_LISTS = {"listed": "kms-public-hosts", "azure": "kms-azure-hosts", "state": "state-hosts"}
_INSIDE = (".local", ".lan", ".internal", ".intranet", ".corp", ".home.arpa")
_NAMED = re.compile(r"<([a-z-]+)>")
_YEAR = re.compile(r"(?<!\d)(2\d{3})(?!\d)")


@dataclass(frozen=True, slots=True)
class Terms:
    """The named patterns and lists that conditions may use."""

    patterns: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]

    def regex(self, text: str) -> re.Pattern[str]:
        """Raises ValueError for an unknown name or a malformed expression."""

        def named(found: re.Match[str]) -> str:
            if found[1] not in self.patterns:
                raise ValueError(f"no pattern is called {found[1]}")
            return f"(?:{_NAMED.sub(named, self.patterns[found[1]])})"

        try:
            return re.compile(_NAMED.sub(named, text), re.IGNORECASE | re.DOTALL)
        except re.error as error:
            raise ValueError(f"{text}: {error}") from error

    def names(self, name: str) -> tuple[str, ...]:
        """Raises ValueError for an unknown name."""
        if name not in self.lists:
            raise ValueError(f"no list is called {name}")
        return self.lists[name]


def is_listed(value: str, names: tuple[str, ...]) -> bool:
    """Compares whole labels: `xevil.example` is not `evil.example`. The value may be a URL."""
    split = canonical.split_url(value)
    host = split[0] if split else canonical.split_authority(value)[0]
    return any(covers(name, host) for name in names)


def host_class(value: str, profile: Profile, terms: Terms) -> str:
    """The first of `HOST_CLASSES` that fits. No name is looked up."""
    host, _port = canonical.split_authority(value.strip())
    if profile.is_kms_host(host):
        return "own"
    address = canonical.address(host)
    if address is not None:
        number = ip_address(address)
        if number.is_loopback or number.is_unspecified:
            return "loopback"
        if address in terms.names("kms-placeholders"):
            return "placeholder"
        if is_listed(address, terms.names("kms-public-hosts")):
            return "listed"
        return "public" if number.is_global else "private"
    if host == "localhost" or host.endswith(".localhost"):
        return "loopback"
    for name, hosts in _LISTS.items():
        if is_listed(host, terms.names(hosts)):
            return name
    return "private" if "." not in host or host.endswith(_INSIDE) else "public"


def build(told: Any, terms: Terms) -> Condition:
    """The condition in a value of a sign's table; raises ValueError for a malformed condition."""
    if isinstance(told, str):
        whole = terms.regex(told)
        return lambda value, _profile: whole.fullmatch(value) is not None
    if not isinstance(told, dict) or not told:
        raise ValueError(f"{told!r} is no condition")
    parts = [_part(name, value, terms) for name, value in told.items()]
    return lambda value, profile: all(part(value, profile) for part in parts)


def _part(name: str, told: Any, terms: Terms) -> Condition:
    match name:
        case "search":
            found = terms.regex(told)
            return lambda value, _profile: found.search(value) is not None
        case "not":
            other = terms.regex(told)
            return lambda value, _profile: other.fullmatch(value) is None
        case "in":
            names = terms.names(told)
            return lambda value, _profile: is_listed(value, names)
        case "host":
            classes = {told} if isinstance(told, str) else set(told)
            if not classes <= set(HOST_CLASSES):
                raise ValueError(f"{told!r}: there are {', '.join(HOST_CLASSES)}")
            return lambda value, profile: bool(value) and host_class(value, profile, terms) in classes
        case "own" if isinstance(told, bool):
            return lambda value, profile: profile.is_own(value) == told
        case "above" | "below":
            limit, sign = int(told), 1 if name == "above" else -1
            return lambda value, _profile: (
                value.isdecimal() and len(value) < 19 and (int(value) - limit) * sign > 0
            )
        case "years_ahead":
            ahead = int(told)
            return lambda value, _profile: any(
                int(year) > datetime.now(UTC).year + ahead for year in _YEAR.findall(value)
            )
        case _:
            raise ValueError(f"there is no condition '{name}'")
