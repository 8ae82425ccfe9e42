"""Machines that a scan is asked about: whether any line names them, hour by hour (docs/contract.md 4).

The list also names the networks whose resolvers are the own ones (docs/contract.md 2, Going around).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from quetsach.errors import ScanError
from quetsach.text.canonical import address

MOST = 10_000
"""Identifiers of one scan."""
OWN_NETWORKS = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8"),
)
"""No resolver there is a foreign one: private networks (RFC 1918, 4193, 6598), this link (RFC 3927, 4291),
this machine, groups and what nobody has (RFC 5771, 1112)."""
_OWN = "own:"
_RESOLVER_PORTS = (53, 853)
_BITS = 128
_NO_NAME = frozenset("\"'\\,#")
_LONGEST = 253
"""Characters of a name (RFC 1035 2.3.4)."""
_MAC = re.compile(
    "[0-9A-Fa-f]{12}|[0-9A-Fa-f]{2}(?P<pair>[:.-])(?:[0-9A-Fa-f]{2}(?P=pair)){4}[0-9A-Fa-f]{2}"
    "|[0-9A-Fa-f]{4}(?P<four>[.-])[0-9A-Fa-f]{4}(?P=four)[0-9A-Fa-f]{4}"
)
"""In pairs, in fours as Cisco and Huawei write, or in one."""
_NAME = re.compile(f"[!-.0-9<-~]{{1,{_LONGEST}}}")
"""Printable ASCII, but for what parts names from other things: space, `/`, `:`, `;`."""


def mac(text: str) -> str | None:
    """A hardware address as `aa-bb-cc-dd-ee-ff`, from any spelling; None for any other text."""
    if _MAC.fullmatch(text) is None:
        return None
    digits = re.sub("[:.-]", "", text.lower())
    return "-".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def identifier(text: str) -> str | None:
    """An identifier in canonical form: an address, `mac:aa-bb-cc-dd-ee-ff`, `host:NAME`, or `own:` and a
    network; None for none."""
    kind, colon, rest = text.partition(":")
    if colon and f"{kind}:" == _OWN:
        network = _network(rest)
        return f"{_OWN}{network}" if network is not None else None
    if colon and kind == "mac":
        found = mac(rest)
        return f"mac:{found}" if found is not None else None
    if colon and kind == "host":
        return _host(rest)
    found = address(text)
    if found is not None:
        return found
    found = mac(text)
    return f"mac:{found}" if found is not None else _host(text)


def _host(name: str) -> str | None:
    return f"host:{name}" if _NAME.fullmatch(name) and not set(name) & _NO_NAME else None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError:
        return None


def read(text: str, shown: str) -> tuple[str, ...]:
    """The identifiers of a list, one a line, sorted; `#` begins a comment.

    Raises ScanError with the number of the line where it is none, and for more than `MOST`.
    """
    found: set[str] = set()
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        said = line.partition("#")[0].strip()
        if not said:
            continue
        one = identifier(said)
        if one is None:
            raise ScanError(
                f"{shown}, line {number}: '{said[:100]}' is neither an address, a hardware address, the name"
                " of a machine, nor own: and a network; write one of them on each line"
            )
        found.add(one)
        if len(found) > MOST:
            raise ScanError(f"{shown}, line {number}: more than {MOST} machines; ask about fewer")
    return tuple(sorted(found))


def machines(identifiers: Iterable[str]) -> tuple[str, ...]:
    """Those that are machines."""
    return tuple(one for one in identifiers if not one.startswith(_OWN))


def public(networks: Iterable[str]) -> Iterator[str]:
    """The networks that a list has to name as own ones, adjoining networks as one."""
    always = [ipaddress.ip_network(one) for one in OWN_NETWORKS]
    found = {ipaddress.ip_network(one) for one in networks}
    for version in (4, 6):
        of_version: list[Any] = [one for one in always if one.version == version]
        told: list[Any] = [one for one in found if one.version == version]
        told = [one for one in told if not any(one.subnet_of(own) for own in of_version)]
        yield from (f"{_OWN}{one}" for one in ipaddress.collapse_addresses(told))


def is_asked(value: Any) -> bool:
    """Whether a stranger's value is a sorted list of identifiers."""
    return (
        isinstance(value, list)
        and len(value) <= MOST
        and all(isinstance(one, str) and identifier(one) == one for one in value)
        and value == sorted(set(value))
    )


class Asked:
    """Finds the identifiers of the machine of a line."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        self._addresses: set[str] = set()
        self._macs: dict[str, str] = {}
        self._hosts: dict[bytes, list[str]] = {}
        self._own: dict[int, set[int]] = {}
        for network in OWN_NETWORKS:
            self._add_own(network)
        for one in identifiers:
            kind, _, rest = one.partition(":")
            if kind == "mac":
                self._macs[rest] = one
            elif one.startswith(_OWN):
                self._add_own(rest)
            elif kind == "host":
                self._hosts.setdefault(rest.encode().lower(), []).append(one)
            else:
                self._addresses.add(one)

    def __bool__(self) -> bool:
        return bool(self._addresses or self._macs or self._hosts)

    def of(self, device: str | None, identity: Mapping[str, str]) -> Iterator[str]:
        """Those that the device or the identity of a line names, each as it was asked."""
        if device in self._addresses:
            yield device
        for name in {device or "", identity.get("host", "")}:
            # Only the case of ASCII is ignored.
            yield from self._hosts.get(name.encode("utf-8", "surrogatepass").lower(), ())
        found = mac(identity.get("mac", ""))
        if found in self._macs:
            yield self._macs[found]

    def is_foreign_resolver(self, server: str, port: int | None) -> bool:
        """Whether a server with this canonical address and port answers names outside the own networks."""
        if port not in _RESOLVER_PORTS:
            return False
        number = _number(ipaddress.ip_address(server))
        return not any(number >> (_BITS - bits) in heads for bits, heads in self._own.items())

    def _add_own(self, network: str) -> None:
        found = ipaddress.ip_network(network)
        bits = _BITS - found.max_prefixlen + found.prefixlen
        self._own.setdefault(bits, set()).add(_number(found.network_address) >> (_BITS - bits))


def _number(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    """The address as a number of 128 bits; IPv4 as `::ffff:a.b.c.d`."""
    return int(address) | (0xFFFF << 32 if address.version == 4 else 0)
