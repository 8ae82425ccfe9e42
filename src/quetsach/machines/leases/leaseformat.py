"""What DHCP servers write about their leases, as the modules beside this one read it: one a kind.

Each has `recognises(lines)`, asked with the first lines of a file, and `events(lines, file)`, which reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import tzinfo

DAY = 86_400_000_000
"""In microseconds, as all times here."""
_TIME_BYTES = 64
MAC = rb"(?P<mac>[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})"
"""A hardware address in a line, as a pattern for `mac`."""


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
    """One kind. Lines of a file that is a log as well have `mark` in them; the others need not be
    looked at."""

    name: str
    recognises: Callable[[Sequence[bytes]], bool]
    events: Callable[[Iterable[bytes], File], Iterator[Event]]
    mark: bytes = b""


def text(value: bytes | None) -> str:
    """A host name as text; what is not UTF-8 stays as surrogates, to be escaped where it is shown."""
    return (value or b"").decode("utf-8", "surrogateescape")[:255]


def moment(line: bytes, file: File) -> int | None:
    """The first time that stands in the beginning of a line, in microseconds since 1970 UTC."""
    # Few scans meet a lease, and all import this module.
    from quetsach.logs import times

    found = times.find(line[:_TIME_BYTES].decode("latin-1"), file.zone)
    if found is None:
        return None
    value = found.value
    return value.resolve(file.written + DAY, file.zone) if isinstance(value, times.Yearless) else value


def mac(value: bytes | str) -> str | None:
    """A hardware address as `02:00:00:00:00:14`, or None for what is none."""
    found = value.decode("latin-1") if isinstance(value, bytes) else value
    digits = found.lower().replace(":", "").replace("-", "").replace(".", "")
    if len(digits) != 12 or any(digit not in "0123456789abcdef" for digit in digits):
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
