"""Lease files of DHCP servers: ISC dhcpd and those of its kind, Kea (memfile) and dnsmasq."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from quetsach.machines.leases.leaseformat import Event, File, LeaseFormat, mac, text
from quetsach.machines.leases.signs import SIGN_OF_KEA
from quetsach.text.canonical import address

_SECOND = 1_000_000
_LEASE = re.compile(rb"lease\s+([0-9A-Fa-f.:]+)\s*\{")
_STATEMENT = re.compile(rb"\s*(starts|ends|binding state|hardware ethernet|client-hostname)\s+([^;]{1,300});")
_ABANDONED = re.compile(rb"\s*abandoned;")
_DATE = re.compile(rb"(?:\d )?(\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)")
_KEPT = (b"active", b"free", b"expired", b"released")
_DNSMASQ = re.compile(
    rb"(\d{1,11}) ((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}) (\d+\.\d+\.\d+\.\d+) (\S{1,255}) (?:\S+)"
)
_DNSMASQ_IPV6 = re.compile(
    rb"(\d{1,11}) T?\d{1,10} ([0-9A-Fa-f:.]{2,45}) (\S{1,255}) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){3,129})"
)
"""Behind a line `duid`: the IAID stands where IPv4 has the hardware address, the client's DUID last."""
_ASSIGNED, _DECLINED, _RECLAIMED = "0", "1", "2"
_PREFIX = "2"
"""Kea's state of a lease (Lease::STATE_DEFAULT, …), and its type for a delegated prefix."""


def _is_dhcpd(lines: Sequence[bytes]) -> bool:
    return any(map(_LEASE.match, lines)) and any(map(_STATEMENT.match, lines))


def _dhcpd(lines: Iterable[bytes], file: File) -> Iterator[Event]:
    """dhcpd.leases(5): blocks; the last block about an address counts; times are UTC.

    ISC 2 and OpenBSD (manual page dhcpd.leases(5) of OpenBSD, "Format") write no state of a lease, and
    `abandoned` for an address that they give to nobody.
    """
    lease: bytes | None = None
    told: dict[bytes, bytes] = {}
    for line in lines:
        if begin := _LEASE.match(line):
            if lease is not None:
                file.leave("damaged", b"lease " + lease)
            lease, told = begin[1], {}
        elif lease is not None and line.startswith(b"}"):
            event = _block(lease, told)
            if event is not None:
                yield event
            elif b"hardware ethernet" in told and told.get(b"binding state", b"active") in _KEPT:
                file.leave("not_understood", b"lease " + lease)
            elif b"hardware ethernet" not in told and told.get(b"binding state", b"active") == b"active":
                file.leave("no_key", b"lease " + lease)
            lease = None
        elif lease is not None and (found := _STATEMENT.match(line)):
            told[found[1]] = found[2]
        elif lease is not None and _ABANDONED.match(line):
            told[b"binding state"] = b"abandoned"
    if lease is not None:
        file.leave("damaged", b"lease " + lease)


def _block(lease: bytes, told: dict[bytes, bytes]) -> Event | None:
    ip, hardware = address(text(lease)), mac(told.get(b"hardware ethernet", b""))
    start = _moment(told.get(b"starts", b""))
    if ip is None or hardware is None or start is None or told.get(b"binding state", b"active") not in _KEPT:
        return None
    host = told.get(b"client-hostname", b"").strip(b'"')
    return Event(ip, start, hardware, text(host), _moment(told.get(b"ends", b"")))


def _moment(value: bytes) -> int | None:
    if value.startswith(b"epoch "):
        digits = value[6:].split()[:1]
        return int(digits[0]) * _SECOND if digits and digits[0].isdigit() and len(digits[0]) < 12 else None
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        return int(moment.timestamp()) * _SECOND
    except ValueError:
        return None


def _is_dnsmasq(lines: Sequence[bytes]) -> bool:
    """Whether half the lines or more are leases: one that was cut or changed must not cost the others."""
    told = [line for line in lines if line.strip() and not line.startswith(b"duid ")]
    leases = [line for line in told if _DNSMASQ.fullmatch(line) or _DNSMASQ_IPV6.fullmatch(line)]
    return bool(leases) and len(leases) * 2 >= len(told)


def _dnsmasq(lines: Iterable[bytes], file: File) -> Iterator[Event]:
    """dnsmasq.leases: the end of each lease, 0 for none. The file names no beginning: it is the end minus
    the stated length, else the time at which the file was written."""
    for line in lines:
        duid = ""
        if found := _DNSMASQ.fullmatch(line):
            expiry, client, ip, name = found[1], mac(found[2]), address(text(found[3])), found[4]
        elif found := _DNSMASQ_IPV6.fullmatch(line):
            expiry, client, ip, name, duid = found[1], "", address(text(found[2])), found[3], text(found[4])
        else:
            if line.strip() and not line.startswith(b"duid "):
                file.leave("not_understood", line)
            continue
        if ip is None or client is None:
            file.leave("not_understood", line)
            continue
        end = int(expiry) * _SECOND or None
        host = text(b"" if name == b"*" else name)
        if end is not None and file.length is not None:
            yield Event(ip, min(end - file.length, file.written), client, host, end, duid)
        elif end is None or end > file.written:
            yield Event(ip, file.written, client, host, end, duid, is_read=True)
        else:
            file.leave("ended", line)


def _is_kea(lines: Sequence[bytes]) -> bool:
    return (
        bool(lines)
        and lines[0].startswith(b"address,")
        and b",expire," in lines[0]
        and SIGN_OF_KEA in lines[0]
    )


def _kea(lines: Iterable[bytes], file: File) -> Iterator[Event]:
    """Kea's memfile (kea-leases4.csv, kea-leases6.csv): a row for each change of a lease.

    A row of length 0 ends the lease that began at its `expire`, whether the client gave it back (state 3)
    or the server deleted it (state 0). It came some time after that, before the file was written.
    Kea knows no quotes: it spells a comma in a value as `&#x2c`.
    """
    columns: list[str] = []
    for line in lines:
        cells = line.decode("utf-8", "surrogateescape").replace("\0", "").split(",")
        if not columns:
            columns = cells
        if cells == columns or cells == [""]:
            continue
        row = dict(zip(columns, cells, strict=False))
        ip, expire, lifetime = (
            address(row.get("address") or ""), row.get("expire") or "", row.get("valid_lifetime") or "",
        )  # fmt: skip
        if row.get("lease_type") == _PREFIX:
            continue
        if ip is None or not _is_count(expire) or not _is_count(lifetime):
            file.leave("not_understood", line)
            continue
        end = int(expire) * _SECOND
        start = end - int(lifetime) * _SECOND
        hardware, duid = _client(row)
        state = row.get("state") or _ASSIGNED
        host = (row.get("hostname") or "").replace("&#x2c", ",").rstrip(".")[:255]
        if state == _DECLINED or not (hardware or duid):
            if state == _ASSIGNED:
                named = row.get("hwaddr") or row.get("client_id") or row.get("duid")
                file.leave("bad_mac" if named else "no_key", line)
            yield Event(ip, start)
        elif start == end or state not in (_ASSIGNED, _RECLAIMED):
            yield Event(ip, start, hardware, host, max(start, file.written), duid, is_end=True)
        else:
            yield Event(ip, start, hardware, host, end, duid)


def _client(row: dict[str, str]) -> tuple[str, str]:
    """Hardware address and DUID of a row, each "" where it is missing.

    A client id of type 1 is a hardware address (RFC 2132 9.14), one of type 255 holds a DUID (RFC 4361 6.1).
    """
    client = row.get("client_id") or ""
    hardware = mac(row.get("hwaddr") or "") or (mac(client[3:]) if client.startswith("01:") else None)
    duid = row.get("duid") or (client[15:] if client.startswith("ff:") else "")
    return hardware or "", duid if len(duid) > 5 else ""


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12


DHCPD = LeaseFormat("ISC dhcpd leases", _is_dhcpd, _dhcpd)
DNSMASQ = LeaseFormat("dnsmasq leases", _is_dnsmasq, _dnsmasq)
KEA = LeaseFormat("Kea leases", _is_kea, _kea, beside=(".completed", ".2", ".1"))
