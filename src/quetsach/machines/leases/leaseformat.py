"""Formats of DHCP leases; each module beside this one reads one kind.

Each has `recognises(lines)`, called with the first lines of a file, and `events(lines, file)`, which reads
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import tzinfo

DAY = 86_400_000_000
"""In microseconds, like all times here."""
_TIME_BYTES = 64
MAC = rb"(?P<mac>[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})"
"""A hardware address in a line, as a pattern for `mac`."""


class Event(NamedTuple):
    """From `at` on an address belongs to a machine, at most until `until` (None: unknown). Times in
    microseconds since 1970 UTC.

    With `mac` None the address belongs to nobody from then on; `of` is the hardware address of the machine
    that gave it back, "" where the line does not say. `mac` is "" for a machine that only `duid` names.
    With `is_end` the lease that was in force at `at` was given back, at the latest at `until`.
    `is_read` says that the source names no beginning: the lease began before `at`, when the file was written.
    """

    address: str
    at: int
    mac: str | None = None
    host: str = ""
    until: int | None = None
    duid: str = ""
    of: str = ""
    is_end: bool = False
    is_read: bool = False


def _nobody(_code: str, _line: bytes) -> None:
    """A scan looks for machines in leases and lists no lines of them."""


class File(NamedTuple):
    """Data of the file for a reader: the time of its last write (microseconds), the zone of its times, and
    the length of its leases, None where nobody stated it. `leave` takes each line that should tell of a lease
    and does not, with why (`machines.words.LEFT`)."""

    written: int
    zone: tzinfo
    length: int | None = None
    leave: Callable[[str, bytes], None] = _nobody


class LeaseFormat(NamedTuple):
    """One kind. In a file that is also a log, only lines with `mark` in them are read. A file with
    `is_log` stays a log, also where all of its lines tell of leases. `beside` are ends of the names of files
    that hold the past of this file."""

    name: str
    recognises: Callable[[Sequence[bytes]], bool]
    events: Callable[[Iterable[bytes], File], Iterator[Event]]
    mark: bytes = b""
    is_log: bool = False
    beside: tuple[str, ...] = ()


def text(value: bytes | None) -> str:
    """A host name as text; bytes that are not UTF-8 stay as surrogates, escaped where the name is shown."""
    return (value or b"").decode("utf-8", "surrogateescape")[:255]


def moment(line: bytes, file: File) -> int | None:
    """The first time near the start of a line, in microseconds since 1970 UTC."""
    # Imported here: few scans meet a lease, and all scans import this module.
    from quetsach.logs import times

    found = times.find(line[:_TIME_BYTES].decode("latin-1"), file.zone)
    if found is None:
        return None
    value = found.value
    return value.resolve(file.written + DAY, file.zone) if isinstance(value, times.Yearless) else value


def mac(value: bytes | str) -> str | None:
    """A hardware address as `02:00:00:00:00:14`, or None for any other text."""
    found = value.decode("latin-1") if isinstance(value, bytes) else value
    digits = found.lower().replace(":", "").replace("-", "").replace(".", "")
    if len(digits) != 12 or any(digit not in "0123456789abcdef" for digit in digits):
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
