"""The address a request came from: believed from X-Forwarded-For only as far as trusted proxies wrote it."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str:
    """The nearest address that is not one of QUETSACH_TRUSTED_PROXIES, canonical; "" when there is none.

    X-Forwarded-For is read from right to left, since everything left of the last untrusted hop can be forged.
    """
    hops = [request.META.get("REMOTE_ADDR", "")]
    hops += reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(","))
    best = ""
    for hop in hops:
        try:
            address = ipaddress.ip_address(hop.strip().strip("[]"))
        except ValueError:
            break
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        best = str(address)
        if not any(address in network for network in settings.TRUSTED_PROXIES):
            break
    return best
