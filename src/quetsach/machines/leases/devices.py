"""Lines of routers and firewalls about the addresses that they give, in logs about many other things."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from quetsach.machines.leases.leaseformat import MAC, Event, File, LeaseFormat, mac, moment, text
from quetsach.text.canonical import address

_IP = rb"(?P<ip>[0-9.]{7,15})"
# help.mikrotik.com, Log: topic dhcp, which syslog's own form leaves out and CEF puts into its head. RouterOS
# 6 writes `to`; RouterOS 7 writes `for` and the name of the machine.
_ROUTEROS = re.compile(
    rb"(?:\A|(?:dhcp,info)? )\S{1,64} (?P<free>de)?assigned " + _IP + rb" (?:to|for|from) " + MAC
    + rb"(?: (?P<host>[^\s\"\\]{1,255}))?"
)  # fmt: skip
# FortiOS Log Message Reference, 26001: fields in an order that differs by version.
_FORTIGATE = re.compile(rb"\bdhcp_msg=\"?(?:Ack|(?P<free>Release))\b")
_FORTIGATE_FIELD = re.compile(
    rb"(?<!\S)(?P<key>ip|mac|hostname|lease|eventtime|date|time|tz)=(?:\"(?P<quoted>[^\"]*)\"|(?P<bare>\S*))"
)

type _Read = Callable[[bytes, File], Event | None]


def _routeros(line: bytes, file: File) -> Event | None:
    found = _ROUTEROS.search(line)
    at = moment(line[: found.start()], file) if found else None
    ip = address(text(found["ip"])) if found else None
    if found is None or at is None or ip is None:
        if found is not None:
            file.leave("no_time" if at is None else "not_understood", line)
        return None
    hardware = mac(found["mac"])
    if found["free"]:
        return Event(ip, at, of=hardware or "")
    return Event(ip, at, hardware, text(found["host"]))


def _fortigate(line: bytes, file: File) -> Event | None:
    # Imported here: few scans meet a lease, and all scans import this module.
    from quetsach.logs import times

    found = _FORTIGATE.search(line)
    if found is None:
        return None
    told = {
        m["key"]: text(m["quoted"] if m["bare"] is None else m["bare"])
        for m in _FORTIGATE_FIELD.finditer(line)
    }
    clock = " ".join(told[key] for key in (b"date", b"time", b"tz") if key in told)
    spelled = (told.get(b"eventtime", ""), clock)
    at = next((m.value for s in spelled if (m := times.parse(s, ("epoch_auto", "iso8601"), file.zone))), None)
    ip, hardware = address(told.get(b"ip", "")), mac(told.get(b"mac", ""))
    if ip is None or hardware is None or not isinstance(at, int):
        file.leave("not_understood" if isinstance(at, int) else "no_time", line)
        return None
    if found["free"]:
        return Event(ip, at, of=hardware)
    seconds = told.get(b"lease", "")
    until = at + int(seconds) * 1_000_000 if re.fullmatch(r"[0-9]{1,9}", seconds) else None
    name = told.get(b"hostname", "")
    return Event(ip, at, hardware, "" if name == "N/A" else name, until)


def _format(name: str, mark: bytes, read: _Read) -> LeaseFormat:
    def recognises(_lines: Sequence[bytes]) -> bool:
        """False: no such file holds only leases, as a device also writes of other things."""
        return False

    def events(lines: Iterable[bytes], file: File) -> Iterator[Event]:
        return (event for line in lines if mark in line and (event := read(line, file)) is not None)

    return LeaseFormat(name, recognises, events, mark)


ROUTEROS = _format("MikroTik", b"assigned ", _routeros)
FORTIGATE = _format("FortiGate", b"dhcp_msg=", _fortigate)
