"""A quick test for leases, before the lease formats are imported: that takes as long as 5 MB of a log."""

from __future__ import annotations

from collections.abc import Sequence

MARK_OF_LOGS = b"DHCP"
SIGNS_OF_DHCPD = (b"  binding state ", b"hardware ethernet ", b"abandoned;")
SIGN_OF_KEA = b",hwaddr"
SIGNS_OF_WINDOWS = (b"ID,Date,Time,", b"Event ID  Meaning")
MARK_OF_EVE = b'"dhcp"'
SIGN_OF_ZEEK = b"assigned_addr"
SIGN_OF_ROUTEROS = b"expires-after="
_SIGNS = (
    MARK_OF_LOGS, MARK_OF_LOGS.lower(), *SIGNS_OF_DHCPD, SIGN_OF_KEA, SIGN_OF_ZEEK, SIGN_OF_ROUTEROS,
    *SIGNS_OF_WINDOWS,
)  # fmt: skip
"""The start of every file of leases has one of these, except files of dnsmasq."""
_DNSMASQ_BYTES = 30
"""Within so many bytes dnsmasq writes the end of a lease and the hardware address."""
_DNSMASQ_LINES = 3
"""One of the first lines may be damaged."""


def may_hold_leases(lines: Sequence[bytes]) -> bool:
    """Whether the first lines of a file may be leases."""
    starts = [line[:_DNSMASQ_BYTES] for line in lines[:_DNSMASQ_LINES]]
    if any(start.startswith(b"duid ") or start.count(b":") >= 5 for start in starts):
        return True
    text = b"\n".join(lines)
    return any(sign in text for sign in _SIGNS)
