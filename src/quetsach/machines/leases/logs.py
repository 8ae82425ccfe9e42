"""Log lines of ISC dhcpd, Kea and dnsmasq about addresses that are given or given back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from quetsach.machines.leases.leaseformat import MAC, Event, File, LeaseFormat, mac, moment, text
from quetsach.machines.leases.signs import MARK_OF_LOGS
from quetsach.text.canonical import address

_IP = rb"(?P<ip>[0-9A-Fa-f.:]{3,45})"
_LINES = (
    # https://kb.isc.org/docs/isc-dhcp-44-manual-pages-dhcpd
    re.compile(rb"DHCPACK on " + _IP + rb" to " + MAC + rb"(?: \((?P<host>[^)]{1,255})\))? via "),
    re.compile(rb"DHCPACK to " + _IP + rb" \(" + MAC + rb"\) via "),
    re.compile(rb"(?P<free>DHCPRELEASE) of " + _IP + rb" from " + MAC),
    # https://kea.readthedocs.io/en/latest/kea-messages.html
    re.compile(
        rb"DHCP4_LEASE_ALLOC \[hwtype=\d+ " + MAC + rb"\].*?: lease " + _IP
        + rb" has been allocated(?: for (?P<seconds>\d{1,9}) seconds)?"
    ),
    re.compile(rb"(?P<free>DHCP4_RELEASE) \[hwtype=\d+ " + MAC + rb"\].*?: address " + _IP
        + rb" was released"),
    # dnsmasq, also with log-dhcp, which numbers the lines
    re.compile(rb"DHCPACK\([^)\s]{1,64}\) " + _IP + rb" " + MAC + rb"(?: (?P<host>[^\s\"\\]{1,255}))?"),
    re.compile(rb"(?P<free>DHCPRELEASE)\([^)\s]{1,64}\) " + _IP + rb" " + MAC),
)  # fmt: skip
_DAEMON = re.compile(
    rb"dhcpd(?:\[|:)|dnsmasq-dhcp|kea-dhcp4|DHCP(?:4_|DISCOVER|OFFER|REQUEST|ACK|NAK|INFORM|RELEASE)"
)


def _recognises(lines: Sequence[bytes]) -> bool:
    """Whether every line comes from a DHCP server; dnsmasq writes its queries to the same file."""
    return bool(lines) and all(map(_DAEMON.search, lines)) and any(_match(line) for line in lines)


def _match(line: bytes) -> re.Match[bytes] | None:
    return next((found for pattern in _LINES if (found := pattern.search(line))), None)


def is_undated(lines: Sequence[bytes]) -> bool:
    """Whether the file holds leases and all of its lines start with the lease itself, not with a time."""
    found = [match.start() for line in lines if (match := _match(line)) is not None]
    return bool(found) and not any(found)


def events(lines: Iterable[bytes], file: File) -> Iterator[Event]:
    """Every lease in a line with a time; other lines are passed over."""
    for line in lines:
        found = _match(line) if MARK_OF_LOGS in line else None
        if found is None:
            continue
        at = moment(line, file)
        ip, hardware = address(text(found["ip"])), mac(found["mac"])
        if at is None or ip is None or hardware is None:
            file.leave("no_time" if at is None else "not_understood", line)
            continue
        groups = found.groupdict()
        if groups.get("free"):
            yield Event(ip, at, of=hardware)
            continue
        seconds = groups.get("seconds")
        yield Event(
            ip, at, hardware, text(groups.get("host")), at + int(seconds) * 1_000_000 if seconds else None
        )


LOG = LeaseFormat("DHCP log", _recognises, events, mark=MARK_OF_LOGS)
