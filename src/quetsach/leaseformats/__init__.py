"""What DHCP servers write about their leases: one small module a kind.

Each has `recognises(lines)`, asked with the first lines of a file, and `events(lines, file)`, which reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import tzinfo

DAY = 86_400_000_000
"""In microseconds, as all times here."""
MARK_OF_LOGS = b"DHCP"
SIGN_OF_DHCPD = b"  binding state "
SIGN_OF_KEA = b",hwaddr"
SIGNS_OF_WINDOWS = (b"ID,Date,Time,", b"Event ID  Meaning")
_SIGNS = (MARK_OF_LOGS, MARK_OF_LOGS.lower(), SIGN_OF_DHCPD, SIGN_OF_KEA, *SIGNS_OF_WINDOWS)
"""One of them stands in the beginning of whatever holds leases, but for those of dnsmasq."""
_DNSMASQ_BYTES = 30
"""In which dnsmasq has written when a lease ends and the hardware address."""


class Event(NamedTuple):
    """From `at` on an address belongs to a machine, at most until `until` (None: not told); with `mac` None
    it belongs to nobody. Times in microseconds since 1970 UTC."""

    address: str
    at: int
    mac: str | None = None
    host: str = ""
    until: int | None = None


class File(NamedTuple):
    """What a reader must know of the file: when it was last written (microseconds), the zone of its times."""

    written: int
    zone: tzinfo


class LeaseFormat(NamedTuple):
    """One kind. Lines of a file that is a log as well have `mark` in them; the others need not be "
    "looked at."""

    name: str
    recognises: Callable[[Sequence[bytes]], bool]
    events: Callable[[Iterable[bytes], File], Iterator[Event]]
    mark: bytes = b""


def may_hold_leases(lines: Sequence[bytes]) -> bool:
    """Told without the formats: to import them takes as long as 5 MB of a log."""
    start = lines[0][:_DNSMASQ_BYTES] if lines else b""
    if start.startswith(b"duid ") or start.count(b":") >= 5:
        return True
    return any(sign in line for line in lines for sign in _SIGNS)


def text(value: bytes | None) -> str:
    """A host name as text; what is not UTF-8 stays as surrogates, to be escaped where it is shown."""
    return (value or b"").decode("utf-8", "surrogateescape")[:255]


def mac(value: bytes | str) -> str | None:
    """A hardware address as `02:00:00:00:00:14`, or None for what is none."""
    found = value.decode("latin-1") if isinstance(value, bytes) else value
    digits = found.lower().replace(":", "").replace("-", "").replace(".", "")
    if len(digits) != 12 or any(digit not in "0123456789abcdef" for digit in digits):
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
