"""Finds the entries of a stored list that equal a value, lie above it or lie below it.

The stored file is sorted by spelling and is looked at in place: bisection for single entries and for
beginnings, one pass over the bytes for names below a name. No list is read into memory.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import islice

from quetsach.errors import IndicatorError
from quetsach.indicators.indicator import Indicator, Kind, Scope
from quetsach.indicators.lists.item import parse
from quetsach.indicators.lists.remark import Reject
from quetsach.portal.indicators import store
from quetsach.portal.indicators.entries import Entry, entry_of
from quetsach.text.canonical import endpoint, name, url_covers

MOST = 5_000
"""Entries that one search gives at most."""
LONGEST = 2_048
"""Characters of a value that is searched for."""
_COUNTED = 1 << 20
_HOST_ENDS = b"\t/:?#"


class Relation(StrEnum):
    EXACT = "exact"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Found:
    """One entry. `hits`: a log line with the searched value is a hit of this entry."""

    entry: Entry
    relation: Relation
    hits: bool


class NoValueError(IndicatorError):
    """The text is no name, address, network or web address; `code` says why (`text.reasons.REJECTS`)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def opened(sha256: str) -> Iterator[StoredList]:
    """The stored list, open for searches."""
    with store.place(sha256).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield StoredList(data)


def asked(text: str) -> list[Indicator]:
    """The searched value in canonical form, as lists and logs are compared; several for a range.

    Raises:
        NoValueError: it is none.
    """
    text = text.strip()[:LONGEST]
    try:
        return parse(text, Scope.WITH_SUBDOMAINS)[0]
    except Reject as reject:
        if reject.code != "single-label":
            raise NoValueError(reject.code) from reject
    return [Indicator(name(text.strip("*.=")), Kind.DOMAIN)]


class StoredList:
    """A stored list in place; every search gives the entries in a fixed order."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data

    def search(self, values: list[Indicator]) -> list[Found]:
        """The entries that equal a value, then those above it, the nearest first, then those below it; at
        most `MOST`."""
        found = (one for value in values for one in self._of(value))
        return list({one.entry.spelling: one for one in islice(found, MOST)}.values())

    def page(self, number: int, size: int) -> list[Entry]:
        """The entries of one page; pages count from 1."""
        left, place = (number - 1) * size, 0
        while left:
            part = self._data[place : place + _COUNTED]
            here = part.count(b"\n")
            if here > left:
                break
            left, place = left - here, place + len(part)
            if not part:
                return []
            if left == 0 and not part.endswith(b"\n"):
                place = self._data.rfind(b"\n", 0, place) + 1
        for _ in range(left):
            place = self._data.find(b"\n", place) + 1
        return [entry_of(line) for line in islice(self._lines(place), size)]

    def _of(self, value: Indicator) -> Iterator[Found]:
        match value.kind:
            case Kind.DOMAIN:
                yield from self._name(value.value)
            case Kind.URL:
                yield from self._url(value.value)
            case Kind.CIDR:
                yield from self._network(ip_network(value.value))
            case _:
                host, _, port = value.value.rpartition(":") if value.kind is Kind.IP_PORT else ("", "", "")
                yield from self._address(host.strip("[]") or value.value, port)

    def _name(self, asked: str) -> Iterator[Found]:
        for mark in ("", "=", "*."):
            yield from self._exactly(mark + asked, Relation.EXACT, hits=mark != "*.")
        yield from self._above_name(asked)
        for entry in self._at_host(asked.encode()):
            yield Found(entry, Relation.BELOW, hits=False)
        for entry in self._below(asked.encode()):
            yield Found(entry, Relation.BELOW, hits=False)

    def _above_name(self, asked: str) -> Iterator[Found]:
        _, dot, parent = asked.partition(".")
        while dot:
            for mark in ("", "*.", "="):
                yield from self._exactly(mark + parent, Relation.ABOVE, hits=mark != "=")
            _, dot, parent = parent.partition(".")

    def _address(self, host: str, port: str) -> Iterator[Found]:
        whole = ip_network(host)
        if port:
            yield from self._exactly(endpoint(host, int(port)), Relation.EXACT, hits=True)
        yield from self._exactly(host, Relation.ABOVE if port else Relation.EXACT, hits=True)
        for length in range(whole.prefixlen - 1, -1, -1):
            yield from self._exactly(str(whole.supernet(new_prefix=length)), Relation.ABOVE, hits=True)
        spelled = f"[{host}]" if ":" in host else host
        for entry in self._at_host((f"{spelled}:{port}" if port else spelled).encode()):
            yield Found(entry, Relation.BELOW, hits=False)

    def _network(self, asked: IPv4Network | IPv6Network) -> Iterator[Found]:
        yield from self._exactly(str(asked), Relation.EXACT, hits=True)
        for length in range(asked.prefixlen - 1, -1, -1):
            yield from self._exactly(str(asked.supernet(new_prefix=length)), Relation.ABOVE, hits=True)
        shared = _shared(asked)
        for beginning in (shared, b"[" + shared) if asked.version == 6 else (shared,):
            for entry in self._beginning(beginning):
                host = entry.spelling.partition("/")[0] if entry.kind == Kind.URL else entry.spelling
                if entry.spelling != str(asked) and _is_inside(host, asked):
                    yield Found(entry, Relation.BELOW, hits=False)

    def _url(self, asked: str) -> Iterator[Found]:
        yield from self._exactly(asked, Relation.EXACT, hits=True)
        cut = min(at for at in (asked.find(mark) for mark in "/?") if at >= 0)
        authority, rest = asked[:cut], asked[cut:]
        for entry in self._at_host(authority.encode()):
            if entry.spelling != asked and url_covers(entry.spelling[cut:], rest):
                yield Found(entry, Relation.ABOVE, hits=True)
        host = authority[1:].partition("]")[0] if authority[0] == "[" else authority.partition(":")[0]
        try:
            whole = ip_network(host)
        except ValueError:
            for mark in ("", "="):
                yield from self._exactly(mark + host, Relation.ABOVE, hits=True)
            yield from self._above_name(host)
        else:
            yield from self._exactly(host, Relation.ABOVE, hits=True)
            for length in range(whole.prefixlen - 1, -1, -1):
                yield from self._exactly(str(whole.supernet(new_prefix=length)), Relation.ABOVE, hits=True)
        for entry in self._beginning(asked.encode()):
            if entry.spelling != asked:
                yield Found(entry, Relation.BELOW, hits=False)

    def _exactly(self, spelling: str, relation: Relation, *, hits: bool) -> Iterator[Found]:
        wanted = spelling.encode()
        line = next(self._lines(self._first(wanted)), b"")
        if line.partition(b"\t")[0] == wanted:
            yield Found(entry_of(line), relation, hits)

    def _at_host(self, host: bytes) -> Iterator[Entry]:
        """Entries of the host with a port or a path."""
        for mark in (b"/", b":", b"?"):
            yield from self._beginning(host + mark)

    def _beginning(self, beginning: bytes) -> Iterator[Entry]:
        for line in self._lines(self._first(beginning)):
            if not line.startswith(beginning):
                return
            yield entry_of(line)

    def _below(self, asked: bytes) -> Iterator[Entry]:
        """Names below a name, and web addresses on them."""
        wanted, place = b"." + asked, 0
        while (at := self._data.find(wanted, place)) >= 0:
            start = self._data.rfind(b"\n", 0, at) + 1
            end = self._data.find(b"\n", at)
            line, place = self._data[start:end], end + 1
            spelling = line.partition(b"\t")[0] + b"\t"
            host = spelling[: min(spelling.find(mark) for mark in _ENDS if mark in spelling)]
            if host.endswith(wanted) and host.lstrip(b"*") != wanted:
                yield entry_of(line)

    def _first(self, wanted: bytes) -> int:
        """The place of the first line that does not come before the spelling."""
        low, high = 0, len(self._data)
        while low < high:
            middle = (low + high) // 2
            start = max(low, self._data.rfind(b"\n", low, middle) + 1)
            end = self._data.find(b"\n", start)
            if self._data[start:end].partition(b"\t")[0] < wanted:
                low = end + 1
            else:
                high = start
        return low

    def _lines(self, place: int) -> Iterator[bytes]:
        while place < len(self._data):
            end = self._data.find(b"\n", place)
            yield self._data[place:end]
            place = end + 1


_ENDS = [bytes([sign]) for sign in _HOST_ENDS]


def _shared(network: IPv4Network | IPv6Network) -> bytes:
    """The beginning that the spellings of all addresses of a network share."""
    if isinstance(network, IPv4Network):
        whole = network.prefixlen // 8
        return "".join(f"{part}." for part in str(network.network_address).split(".")[:whole]).encode()
    groups = network.network_address.exploded.split(":")[: network.prefixlen // 16]
    shared = ""
    for group in groups:
        # From a zero group on, an address may be spelled with `::`.
        if int(group, 16) == 0:
            break
        shared += f"{int(group, 16):x}:"
    return shared.encode()


def _is_inside(spelling: str, network: IPv4Network | IPv6Network) -> bool:
    host = spelling
    if spelling.startswith("["):
        host = spelling[1:].partition("]")[0]
    elif spelling.count(":") == 1:
        host = spelling.partition(":")[0]
    try:
        if "/" in host:
            inner = ip_network(host)
            return inner.version == network.version and inner.subnet_of(network)  # type: ignore[arg-type]
        return ip_address(host) in network
    except ValueError:
        return False
