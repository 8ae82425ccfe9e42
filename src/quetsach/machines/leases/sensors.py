"""DHCP as sensors saw it on the wire: Zeek's dhcp.log and the `dhcp` records of Suricata's EVE.

Zeek: docs.zeek.org, base/protocols/dhcp/main.zeek (DHCP::Info). Suricata: docs.suricata.io, EVE JSON format,
"Event type: DHCP".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from quetsach.machines.leases.leaseformat import Event, File, LeaseFormat, mac
from quetsach.machines.leases.signs import MARK_OF_EVE, SIGN_OF_ZEEK
from quetsach.text.canonical import address

_FIELDS = b"#fields"
_NONE = "0.0.0.0"  # noqa: S104
_EMPTY = ("-", "(empty)", "")


def _is_zeek(lines: Sequence[bytes]) -> bool:
    if any(line.startswith(_FIELDS) and SIGN_OF_ZEEK in line for line in lines):
        return True
    first = next((line for line in lines if line.startswith(b"{")), b"")
    return b'"assigned_addr"' in first and b'"mac"' in first


def _zeek(lines: Iterable[bytes], file: File) -> Iterator[Event]:
    """Both forms; a conversation is written once, with all messages that it had."""
    names: list[str] = []
    for line in lines:
        if line.startswith(_FIELDS):
            names = line.decode("utf-8", "surrogateescape").split("\t")[1:]
        elif line.startswith(b"{"):
            yield from _conversation(_object(line), file)
        elif names and not line.startswith(b"#"):
            values = line.decode("utf-8", "surrogateescape").split("\t")
            told = {name: value for name, value in zip(names, values, strict=False) if value not in _EMPTY}
            yield from _conversation(told, file)


def _conversation(told: Mapping[str, Any], file: File) -> Iterator[Event]:
    spelled = told.get("msg_types", "")
    messages = spelled.split(",") if isinstance(spelled, str) else spelled
    at, hardware = _moment(told.get("ts"), file), mac(_text(told.get("mac")))
    if at is None or hardware is None or not isinstance(messages, list):
        file.leave("no_time" if at is None else "not_understood", repr(dict(told)).encode()[:1_000])
        return
    given = address(_text(told.get("assigned_addr")))
    if given is not None and "ACK" in messages:
        name = _text(told.get("host_name")) or _text(told.get("client_fqdn"))
        length = _seconds(told.get("lease_time"))
        yield Event(given, at, hardware, name[:255], None if length is None else at + length)
    back = address(_text(told.get("client_addr")) or _text(told.get("requested_addr")))
    if back is not None and "RELEASE" in messages:
        yield Event(back, at, of=hardware)


def _never(_lines: Sequence[bytes]) -> bool:
    """EVE holds records of other kinds, too."""
    return False


def _eve(lines: Iterable[bytes], file: File) -> Iterator[Event]:
    for line in lines:
        if MARK_OF_EVE not in line:
            continue
        record = _object(line)
        told = record.get("dhcp")
        if record.get("event_type") != "dhcp" or not isinstance(told, dict):
            continue
        at, hardware = _moment(record.get("timestamp"), file), mac(_text(told.get("client_mac")))
        if at is None or hardware is None:
            file.leave("no_time" if at is None else "not_understood", line)
            continue
        kind = told.get("dhcp_type")
        given = address(_text(told.get("assigned_ip")))
        if kind == "ack" and given is not None and given != _NONE:
            length = _seconds(told.get("lease_time"))
            until = None if length is None else at + length
            yield Event(given, at, hardware, _text(told.get("hostname"))[:255], until)
        back = address(_text(told.get("client_ip")))
        if kind == "release" and back is not None:
            yield Event(back, at, of=hardware)


def _object(line: bytes) -> dict[str, Any]:
    from quetsach.text.json_limits import TooManyError, few

    try:
        few(line, groups=400, items=10_000)
        found = json.loads(line.decode("utf-8", "surrogateescape"))
    except (TooManyError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _seconds(value: object) -> int | None:
    try:
        seconds = float(value) if isinstance(value, str | int | float) else -1.0
    except (ValueError, OverflowError):
        return None
    return int(seconds) * 1_000_000 if 0 < seconds < 1e10 else None


def _moment(value: object, file: File) -> int | None:
    # Imported here: few scans meet a lease, and all scans import this module.
    from quetsach.logs import times

    spelled = f"{value:f}" if isinstance(value, float) else str(value)
    found = times.parse(spelled, ("epoch", "iso8601"), file.zone)
    return found.value if found is not None and isinstance(found.value, int) else None


ZEEK = LeaseFormat("Zeek dhcp.log", _is_zeek, _zeek, is_log=True)
EVE = LeaseFormat("Suricata EVE", _never, _eve, MARK_OF_EVE)
