"""What an entry blocks, however it is spelled: the root of a host as a URL, an IPv4 address within IPv6.

A firewall or a proxy normalises before it compares (RFC 3986, 5.2.4 and 6.2), so the guard rails do, too. The
entry itself stays as the list spells it.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from urllib.parse import unquote

from quetsach.indicators.guards.blocks import V6, Block
from quetsach.indicators.indicator import Indicator, Kind, Scope
from quetsach.text import canonical

_HOLDING_IPV4 = tuple(
    (int(network.network_address), network.prefixlen)
    for network in map(
        IPv6Network,
        (
            "::/96",  # IPv4-compatible (RFC 4291, 2.5.5.1)
            "::ffff:0:0/96",  # IPv4-mapped (RFC 4291, 2.5.5.2)
            "::ffff:0:0:0/96",  # IPv4-translated (RFC 2765, 2.1)
            "64:ff9b::/96",  # NAT64 (RFC 6052, 2.1)
            "2002::/16",  # 6to4 (RFC 3056, 2)
        ),
    )
)
"""Networks of IPv6 whose addresses hold an IPv4 address right behind the prefix: its number and length."""
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
"""The 32 bits before the IPv4 address in an interface identifier of ISATAP (RFC 5214, 6.1)."""
_GLOBAL = 0b001
"""The first three bits of global unicast addresses (RFC 4291, 2.4)."""
_REVERSE = (("in-addr.arpa", 10, 8, 4), ("ip6.arpa", 16, 4, 32))
"""Suffixes of reverse names (RFC 1035, 3.5; RFC 3596, 2.5): base and bits of a label, and their number."""
REVERSE_NAMES = tuple(suffix for suffix, *_rest in _REVERSE)
_DEFAULT_PAGE = re.compile(
    r"(?:index|default|home|welcome)\.(?:x?html?|s?html|php[0-9]?|aspx?|jspx?|jsf|cgi|pl|cfm|do)",
    re.IGNORECASE,
)
"""Pages that servers show for their root (Apache's DirectoryIndex, the default documents of IIS)."""
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})[0-9A-Fa-f]?")
_LOOPBACK = 1
_BITS = 128


def undisguised(indicator: Indicator) -> Indicator:
    """The host in place of a URL that is the root of its host, the network in place of its reverse name; any
    other indicator as it is.

    `google.com//`, `google.com/%2e/?q=1`, `google.com/index.php`, `google.com/*.exe` and `8.8.8.8/?` are such
    URLs; `google.com/uc?id=1` is none. `184.93.in-addr.arpa` stands for 93.184.0.0/16.
    """
    if indicator.kind is Kind.DOMAIN:
        network = _reversed(indicator.value)
        return indicator if network is None else Indicator(network, Kind.CIDR)
    if indicator.kind is not Kind.URL:
        return indicator
    authority, _, rest = indicator.value.partition("/")
    path = rest.partition("?")[0]
    host, port = canonical.split_authority(authority)
    is_name = canonical.address(host) is None
    if not _is_root(path, with_default_page=is_name):
        return indicator
    if is_name:
        return Indicator(host, Kind.DOMAIN, Scope.EXACT)
    if port is not None:
        return Indicator(canonical.endpoint(host, port), Kind.IP_PORT)
    return Indicator(host, Kind.IPV6 if ":" in host else Kind.IPV4)


def held(indicator: Indicator) -> Indicator | None:
    """The IPv4 address in an address of ISATAP, whose prefix counts, too; None for any other indicator."""
    value, port = indicator.value, None
    if indicator.kind is Kind.IP_PORT:
        value, port = canonical.split_authority(value)
    elif indicator.kind is not Kind.IPV6:
        return None
    if ":" not in value:
        return None
    number = int(IPv6Address(value))
    prefix = number >> 64
    if number >> 32 & 0xFFFFFFFF not in _ISATAP or (prefix and prefix >> 61 != _GLOBAL):
        return None
    inner = str(IPv4Address(number & 0xFFFFFFFF))
    if port is None:
        return Indicator(inner, Kind.IPV4)
    return Indicator(canonical.endpoint(inner, port), Kind.IP_PORT)


def _reversed(name: str) -> str | None:
    """The network of a reverse name; what stands left of the numbers names something in that network."""
    for suffix, base, bits, most in _REVERSE:
        if not name.endswith(f".{suffix}"):
            continue
        number = count = 0
        for label in reversed(name.removesuffix(f".{suffix}").split(".")[-most:]):
            try:
                value = int(label, base) if label.isascii() and label.isalnum() else -1
            except ValueError:
                value = -1
            if not 0 <= value < 1 << bits:
                break
            number, count = number << bits | value, count + 1
        if not count:
            return None
        whole = number << bits * (most - count)
        first = IPv4Address(whole) if most == 4 else IPv6Address(whole)
        return f"{first}/{bits * count}"
    return None


def _is_root(path: str, *, with_default_page: bool) -> bool:
    """Whether no segment is left that names anything, after dot segments are removed (RFC 3986, 5.2.4).

    Parameters of a segment, broken escapes and the page that a server shows for its root name nothing; a
    pattern (`*.exe`) stands for the whole host.
    """
    segments: list[str] = []
    for segment in unquote(_BROKEN_ESCAPE.sub("", path)).replace("\\", "/").split("/"):
        if "*" in segment:
            break
        named = segment.partition(";")[0]
        if named == "..":
            del segments[-1:]
        elif any(map(str.isalnum, named)):
            segments.append(named)
    is_default = with_default_page and len(segments) == 1 and _DEFAULT_PAGE.fullmatch(segments[0])
    return not segments or bool(is_default)


def block_of(spelled: str) -> Block:
    """The block of an address or network; that of the IPv4 addresses which addresses of IPv6 hold."""
    block = Block.of(spelled)
    if block.version == 4:
        return block
    number = block.first - V6
    for base, length in _HOLDING_IPV4:
        bits = min(block.prefix - length, 32)
        if bits < 1 or number >> (_BITS - length) != base >> (_BITS - length) or number <= _LOOPBACK:
            continue
        free = 32 - bits
        first = (number >> (_BITS - length - 32) & 0xFFFFFFFF) >> free << free
        return Block(first, first | (1 << free) - 1, bits)
    return block
