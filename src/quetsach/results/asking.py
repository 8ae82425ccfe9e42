"""The machines that a scan is asked about: from a file, from the portal, or given by the caller."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from quetsach.errors import ScanError
from quetsach.results import push
from quetsach.sightings import asked

_MOST_BYTES = 4 << 20
"""Ten thousand of the longest names are shorter."""


def of(identifiers: Iterable[str]) -> tuple[str, ...]:
    """Identifiers in any spelling, as a scan takes them. Raises ScanError where one is none."""
    return asked.read("\n".join(identifiers), "asked")


def read(file: Path) -> tuple[str, ...]:
    """The machines in a file. Raises ScanError where it cannot be read, or a line names no machine."""
    try:
        with file.open("rb") as stream:
            return _decoded(stream.read(_MOST_BYTES + 1), str(file))
    except OSError as error:
        raise ScanError(f"{file}: cannot be read: {error.strerror}") from error


def fetch(address: str, portal: str, token: str) -> tuple[str, ...]:
    """The machines that the portal asks about. The token goes to the host of `portal` and to no other.

    Raises PushError where the portal refuses, and ScanError as `read` does.
    """
    if _host(address) != _host(push.address_of(portal)):
        raise ScanError(
            f"{address}: is not on the portal that --push names; the token is for that portal only"
        )
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/plain"}
    with push.pool(3) as http:
        return _decoded(push.body_of(http, "GET", address, headers, token, most=_MOST_BYTES), address)


def _host(address: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(address)
        return parts.scheme, parts.hostname, parts.port
    except ValueError:
        raise push.PushError("address", address) from None


def _decoded(data: bytes, shown: str) -> tuple[str, ...]:
    if len(data) > _MOST_BYTES:
        raise ScanError(f"{shown}: is longer than a list of {asked.MOST} machines")
    try:
        return asked.read(data.decode("utf-8-sig"), shown)
    except UnicodeDecodeError as error:
        raise ScanError(f"{shown}: is no list of machines in UTF-8") from error
