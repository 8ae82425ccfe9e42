"""The address a request came from, as far as trusted proxies vouch for it."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from django.conf import settings
from django.http import HttpRequest

type Address = IPv4Address | IPv6Address
_INSIDE = tuple(
    ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)


def client_ip(request: HttpRequest) -> Address | None:
    """Walk X-Forwarded-For from right to left while the address so far is one of TRUSTED_PROXIES.

    Entries that a client wrote into the header stand left of all entries by trusted proxies, and are never
    reached. None if the server knows no address (a Unix socket without a trusted proxy).
    """
    address = parse_address(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    for text in reversed(forwarded):
        if address is None or not _is_trusted(address):
            break
        further = parse_address(text)
        if further is None:
            break
        address = further
    return address


def visitor_ip(request: HttpRequest) -> Address | None:
    """The client's address, if it can be a visitor's; None for this machine and for a silent proxy.

    None, too, for a server inside an office that hands requests on and is not trusted: the address is
    its own.
    """
    address = client_ip(request)
    if address is None or address.is_loopback or _is_trusted(address):
        return None
    hands_on = "HTTP_X_FORWARDED_FOR" in request.META and not is_from_trusted_proxy(request)
    return None if hands_on and is_inside(address) else address


def is_inside(address: Address) -> bool:
    """Whether the address is in the ranges that offices give to their own machines (RFC 1918, RFC 4193)."""
    return any(address in network for network in _INSIDE)


def client_ip_text(request: HttpRequest) -> str | None:
    """The client's address as text, for the audit trail."""
    address = client_ip(request)
    return None if address is None else str(address)


def is_from_trusted_proxy(request: HttpRequest) -> bool:
    """Whether one of TRUSTED_PROXIES handed the request on."""
    address = parse_address(request.META.get("REMOTE_ADDR", ""))
    return address is not None and _is_trusted(address)


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)


@lru_cache(1024)
def parse_address(text: str) -> Address | None:
    """The address in a text that may also hold a port or a zone; None for anything else."""
    text = text.strip()
    if text.startswith("[") and "]" in text:
        text = text[1 : text.index("]")]
    elif text.count(":") == 1 and "." in text:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
