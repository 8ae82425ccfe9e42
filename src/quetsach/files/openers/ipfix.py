"""IPFIX files (RFC 5655: the messages of RFC 7011 one after another) as one JSON object a flow.

Names are those of IANA's registry of information elements. Only elements about the two ends, the time and
the outcome of a flow are kept. Reverse elements of biflows are RFC 5103.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from quetsach.errors import SourceError
from quetsach.files.openers import jsonlines
from quetsach.files.openers.opened import Opened
from quetsach.files.source import ByteStream

VERSION = 10
_HEADER = struct.Struct(">HHIII")
_VARIABLE = 0xFFFF
_REVERSE = 29305
_MOST_TEMPLATES = 10_000
_NTP_EPOCH = 2_208_988_800
_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")
_FIREWALL_EVENTS = {1: "created", 2: "deleted", 3: "denied", 4: "alert", 5: "update"}


def begins(start: bytes) -> bool:
    """Whether a file begins with an IPFIX message whose first set is sound."""
    if len(start) < 20:
        return False
    version, length, time, _sequence, _domain = _HEADER.unpack_from(start)
    set_id, set_length = struct.unpack_from(">HH", start, 16)
    return bool(
        version == VERSION
        and length >= 20
        and time > 946_684_800
        and (set_id in (2, 3) or set_id > 255)
        and 4 <= set_length <= length - 16
    )


def open(file: Opened) -> Iterator[Opened]:
    """Its only stream: the flows."""
    yield jsonlines.opened(file, lines(file.stream), format="ipfix")


def _address(data: bytes) -> str | None:
    return str(ipaddress.ip_address(data)) if len(data) in (4, 16) else None


def _number(data: bytes) -> int:
    return int.from_bytes(data[:8])


def _text(data: bytes) -> str:
    return data.rstrip(b"\0").decode("utf-8", "replace")


def _mac(data: bytes) -> str | None:
    return data.hex(":") if any(data) else None


def _flags(data: bytes) -> list[str]:
    return [name for bit, name in enumerate(_FLAGS) if _number(data) >> bit & 1]


def _forwarding(data: bytes) -> str | None:
    """RFC 7270 4.12: the upper two bits of one octet."""
    return {1: "forwarded", 2: "dropped", 3: "consumed"}.get(data[-1] >> 6) if data else None


def _firewall(data: bytes) -> str | None:
    return _FIREWALL_EVENTS.get(_number(data))


_ELEMENTS: dict[int, tuple[str, Callable[[bytes], Any]]] = {
    4: ("protocolIdentifier", _number),
    6: ("tcpControlBits", _flags),
    7: ("sourceTransportPort", _number),
    8: ("sourceIPv4Address", _address),
    11: ("destinationTransportPort", _number),
    12: ("destinationIPv4Address", _address),
    27: ("sourceIPv6Address", _address),
    28: ("destinationIPv6Address", _address),
    32: ("icmpTypeCodeIPv4", _number),
    56: ("sourceMacAddress", _mac),
    89: ("forwardingStatus", _forwarding),
    139: ("icmpTypeCodeIPv6", _number),
    180: ("sourceTransportPort", _number),
    181: ("destinationTransportPort", _number),
    182: ("sourceTransportPort", _number),
    183: ("destinationTransportPort", _number),
    225: ("postNATSourceIPv4Address", _address),
    227: ("postNAPTSourceTransportPort", _number),
    233: ("firewallEvent", _firewall),
    281: ("postNATSourceIPv6Address", _address),
    371: ("userName", _text),
    460: ("httpRequestHost", _text),
    461: ("httpRequestTarget", _text),
}
_REVERSE_PACKETS = 2
_SECONDS = (150, 322)
_MILLIS = (152, 323)
_NTP = (154, 156, 324, 325)
_BEFORE_EXPORT = 158
_SINCE_BOOT = 22
_BOOTED = 160
_UPTIME_WRAPS = 1 << 32
_MOST_AHEAD = 60_000
"""Milliseconds by which a flow may start after its export: one of the two clocks counts whole seconds."""


@dataclass(frozen=True, slots=True)
class _Field:
    element: int
    enterprise: int
    length: int


class _Damaged(Exception):
    pass


def lines(stream: ByteStream) -> Iterator[bytes]:
    """Every flow as one line of JSON, in the order of the file.

    Raises:
        SourceError: after all flows before it, where the file is damaged or cut off; at the end, where some
            sets had no template.
    """
    templates: dict[tuple[int, int], tuple[_Field, ...]] = {}
    about: dict[tuple[int, int], tuple[_Field, ...]] = {}
    booted: dict[int, bytes] = {}
    at = without = 0
    while head := jsonlines.exactly(stream, _HEADER.size):
        if len(head) < _HEADER.size:
            raise _cut_off(at)
        version, length, time, _sequence, domain = _HEADER.unpack(head)
        if version != VERSION or length < _HEADER.size:
            raise SourceError(
                f"IPFIX: damaged in the message at byte {at}; what came before was scanned, copy "
                "the file again from its origin"
            )
        body = jsonlines.exactly(stream, length - _HEADER.size)
        try:
            for set_id, data in _sets(body):
                key = domain, set_id
                if set_id == 2:
                    _learn(templates, domain, data)
                elif set_id == 3:
                    _learn(about, domain, data, has_scope=True)
                elif fields := templates.get(key):
                    for record in _records(fields, data):
                        yield jsonlines.line(_flow(record, time, booted.get(domain)))
                elif fields := about.get(key):
                    for record in _records(fields, data):
                        told = {field.element: value for field, value in record if not field.enterprise}
                        booted[domain] = told.get(_BOOTED) or booted.get(domain, b"")
                elif set_id > 255:
                    without += 1
        except _Damaged:
            raise SourceError(
                f"IPFIX: damaged in the message at byte {at}; what came before was scanned,"
                " copy the file again from its origin"
            ) from None
        if len(body) < length - _HEADER.size:
            raise _cut_off(at)
        at += length
    if without:
        raise SourceError(f"IPFIX: {without} sets have no template in this file and were not read")


def _cut_off(at: int) -> SourceError:
    return SourceError(
        f"IPFIX: cut off in the message at byte {at}; what came before was scanned, copy the file "
        "again when it"
        " is complete"
    )


def _sets(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(body):
        set_id, length = struct.unpack_from(">HH", body, at)
        if length < 4:
            raise _Damaged
        if at + length > len(body):
            return
        yield set_id, body[at + 4 : at + length]
        at += length


def _learn(
    templates: dict[tuple[int, int], tuple[_Field, ...]], domain: int, data: bytes, *, has_scope: bool = False
) -> None:
    """Template records (RFC 7011 3.4.1) or option template records (3.4.2), which also count their scope; a
    record without fields is passed over."""
    at = 0
    while at + 4 <= len(data):
        template, count = struct.unpack_from(">HH", data, at)
        at += 6 if has_scope and count else 4
        if template < 256:
            return
        fields = []
        for _ in range(count):
            if at + 4 > len(data):
                raise _Damaged
            element, length = struct.unpack_from(">HH", data, at)
            at += 4
            enterprise = 0
            if element & 0x8000:
                if at + 4 > len(data):
                    raise _Damaged
                enterprise = struct.unpack_from(">I", data, at)[0]
                at += 4
            fields.append(_Field(element & 0x7FFF, enterprise, length))
        if len(templates) >= _MOST_TEMPLATES and (domain, template) not in templates:
            raise _Damaged
        if sum(field.length for field in fields) or not fields:
            templates[domain, template] = tuple(fields)


def _records(fields: tuple[_Field, ...], data: bytes) -> Iterator[list[tuple[_Field, bytes]]]:
    """Data records (RFC 7011 3.4.3, 7); a rest shorter than a record is padding."""
    least = sum(1 if field.length == _VARIABLE else field.length for field in fields)
    at = 0
    while fields and at + least <= len(data):
        record = []
        for field in fields:
            length = field.length
            if length == _VARIABLE:
                length, at = _variable(data, at)
            if at + length > len(data):
                raise _Damaged
            record.append((field, data[at : at + length]))
            at += length
        yield record


def _variable(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise _Damaged
    if data[at] < 255:
        return data[at], at + 1
    if at + 3 > len(data):
        raise _Damaged
    return int(struct.unpack_from(">H", data, at + 1)[0]), at + 3


def _flow(record: list[tuple[_Field, bytes]], exported: int, booted: bytes | None) -> dict[str, Any]:
    flow: dict[str, Any] = {}
    raw = {_BOOTED: booted} if booted else {}
    raw |= {field.element: data for field, data in record if not field.enterprise}
    flow["flowStart"] = _iso(_start(raw, exported))
    for field, data in record:
        if field.enterprise == _REVERSE and field.element == _REVERSE_PACKETS:
            flow["isAnswered"] = "true" if _number(data) else None
        elif not field.enterprise and field.element in _ELEMENTS:
            name, read = _ELEMENTS[field.element]
            flow[name] = read(data) or flow.get(name)
    source = flow.pop("postNATSourceIPv4Address", None) or flow.pop("postNATSourceIPv6Address", None)
    port = flow.pop("postNAPTSourceTransportPort", None)
    if source:
        shown = f"[{source}]" if ":" in source else source
        flow["postNATSource"] = f"{shown}:{port}" if port else source
    return flow


def _start(raw: dict[int, bytes], exported: int) -> int:
    """Microseconds since 1970 of the flow's start, else of its observation, else of the export."""
    for element, data in raw.items():
        if element in _SECONDS:
            return _number(data) * 1_000_000
        if element in _MILLIS:
            return _number(data) * 1000
        if element in _NTP and len(data) == 8:
            seconds, fraction = struct.unpack(">II", data)
            return int((seconds - _NTP_EPOCH) * 1_000_000 + (fraction * 1_000_000 >> 32))
        if element == _BEFORE_EXPORT:
            return exported * 1_000_000 - _number(data)
    if _SINCE_BOOT in raw and _BOOTED in raw:
        # A count of milliseconds in 32 bits starts again after 49 days.
        latest = exported * 1000 + _MOST_AHEAD
        back = (latest - _number(raw[_BOOTED]) - _number(raw[_SINCE_BOOT])) % _UPTIME_WRAPS
        return (latest - back) * 1000
    return exported * 1_000_000


def _iso(micros: int) -> str | None:
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).isoformat()
    except OverflowError:
        return None
