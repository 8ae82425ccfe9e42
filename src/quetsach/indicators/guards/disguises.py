"""What an entry blocks, however it is spelled: the root of a host as a URL, an IPv4 address within IPv6.

A firewall or a proxy normalises before it compares (RFC 3986, 5.2.4 and 6.2), so the guard rails do, too. The
entry itself stays as the list spells it.
"""

from __future__ import annotations

from ipaddress import IPv6Network
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
_LOOPBACK = 1
_BITS = 128


def undisguised(indicator: Indicator) -> Indicator:
    """The host in place of a URL that is the root of its host; any other indicator as it is.

    `google.com//`, `google.com/%2e/?q=1` and `8.8.8.8/?` are such URLs; `google.com/uc?id=1` is none.
    """
    if indicator.kind is not Kind.URL:
        return indicator
    authority, _, rest = indicator.value.partition("/")
    if not _is_root(rest.partition("?")[0]):
        return indicator
    host, port = canonical.split_authority(authority)
    if canonical.address(host) is None:
        return Indicator(host, Kind.DOMAIN, Scope.EXACT)
    if port is not None:
        return Indicator(canonical.endpoint(host, port), Kind.IP_PORT)
    return Indicator(host, Kind.IPV6 if ":" in host else Kind.IPV4)


def _is_root(path: str) -> bool:
    """Whether no segment is left that names anything, after dot segments are removed (RFC 3986, 5.2.4)."""
    segments: list[str] = []
    for segment in unquote(path).replace("\\", "/").split("/"):
        if segment == "..":
            del segments[-1:]
        elif any(map(str.isalnum, segment)):
            segments.append(segment)
    return not segments


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
