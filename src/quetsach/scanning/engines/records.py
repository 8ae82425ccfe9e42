"""Fields become a record: client, server, query, time and outcome (docs/log-formats.md 3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from quetsach.logs import times
from quetsach.logs.logformat import Condition, LogFormat, Variant
from quetsach.scanning.engines.decoders import DECODERS
from quetsach.scanning.engines.shapes import HEADING_BYTES, Header, ShapeReader, Values, heading, inside
from quetsach.scanning.engines.wrappers import PREFIX, TIME_KINDS, Reading, Wrapper, readings
from quetsach.text.canonical import address, endpoint, name, parse_port
from quetsach.text.escape import escape

_FIRST_UNPRIVILEGED = 1024
_SAME_MOMENT = 600 * times.SECOND
"""Ten minutes: a device sends a line sooner, and two zones are at least a quarter of an hour apart."""
UNSPECIFIED = ("0.0.0.0", "::")  # noqa: S104 -- logs write them for "none"; nothing is bound


def text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


@dataclass(slots=True)
class Record:
    """One parsed line. `client` is an address or a device name; `server` only ever an address.
    `head` is the head in the first column of a row."""

    log_format: str
    variant: Variant
    fields: Values
    wrapper: Wrapper | None = None
    head: Wrapper | None = None
    client: str | None = None
    client_is_address: bool = False
    client_port: int | None = None
    server: str | None = None
    server_port: int | None = None
    swapped: bool = False
    _roles: dict[str, tuple[bytes, ...]] = field(default_factory=dict)

    def values(self, name: str) -> tuple[bytes, ...]:
        """The values of a field of the line, or of its wrapper."""
        if not name.startswith(PREFIX):
            decoder = self.variant.decode.get(name)
            found = self.fields(name) if not name.endswith("}") else self._inside(name)
            return found if decoder is None else _decoded(found, decoder)
        return self.wrapper.values(name) if self.wrapper is not None else ()

    def _inside(self, name: str) -> tuple[bytes, ...]:
        """`FIELD{PATH}`: the values at a path in the JSON objects that the texts of a field are.

        Without a path the texts themselves.
        """
        field_name, _, path = name[:-1].partition("{")
        texts = self.fields(field_name)
        return tuple(v for text in texts for v in inside(text, path)) if path else texts

    def role(self, role: str) -> tuple[bytes, ...]:
        """All values of a role, each once."""
        found = self._roles.get(role)
        if found is None:
            fields = self.variant.roles.get(role, ())
            if len(fields) == 1:
                found = self.values(fields[0])
                if len(found) > 1:
                    found = tuple(dict.fromkeys(found))
            else:
                found = tuple(dict.fromkeys(v for f in fields for v in self.values(f)))
            self._roles[role] = found
        return found

    def single(self, role: str) -> bytes | None:
        for field_name in self.variant.roles.get(role, ()):
            found = self.values(field_name)
            if found:
                return found[0]
        return None

    def port(self, role: str) -> int | None:
        value = self.single(role)
        return parse_port(text(value)) if value is not None else None

    def time(self, zone: tzinfo) -> times.Moment | None:
        """The time of the line; of its wrappers where the line has no time, or no time with a year."""
        own = self._own_time(zone)
        if own is not None and not isinstance(own.value, times.Yearless):
            head = self.wrapper or self.head
            return self._in_stated_zone(head, zone) or own if own.local and head is not None else own
        if self.wrapper is None:
            return own
        outer = (times.parse(text(t), TIME_KINDS, zone) for t in self.wrapper.times)
        found = [m for m in (own, *outer) if m is not None]
        return next(
            (m for m in found if not isinstance(m.value, times.Yearless)), found[0] if found else None
        )

    def _in_stated_zone(self, wrapper: Wrapper, zone: tzinfo) -> times.Moment | None:
        """The line's own time in the zone that the innermost head with a zone states, if both are the same
        moment there: a collector states its own zone, which need not be the device's."""
        for stated in map(text, wrapper.times):
            offset = times.stated_offset(stated)
            head = times.parse(stated, TIME_KINDS, zone) if offset is not None else None
            if offset is None or head is None or isinstance(head.value, times.Yearless):
                continue
            own = self._own_time(offset)
            if own is None or isinstance(own.value, times.Yearless):
                return None
            return times.Moment(own.value, False) if abs(own.value - head.value) <= _SAME_MOMENT else None
        return None

    def _own_time(self, zone: tzinfo) -> times.Moment | None:
        variant = self.variant
        found = next((v[0] for v in map(self.values, variant.time_fields) if v), None)
        if found is None:
            found = b" ".join(v[0] for v in map(self.values, variant.time_join) if v)
        return times.parse(text(found), variant.time_kinds, zone)

    @property
    def identity(self) -> dict[str, str]:
        found = {}
        for key, names in self.variant.identity.items():
            if self.swapped and key in ("mac", "nat"):
                continue
            value = next((v[0] for v in map(self.values, names) if v), None)
            shown = text(value) if value is not None else None
            if key == "nat" and shown is not None:
                shown = self._translated(shown)
            if shown is not None:
                found[key] = shown
        return found

    def _translated(self, shown: str) -> str | None:
        """The client's endpoint after translation; None where it did not change."""
        translated = address(shown)
        if translated is None:
            return shown
        port = next((parse_port(text(v[0])) for v in map(self.values, self.variant.nat_port) if v), None)
        # Devices write 0 where no port was translated.
        port = port or None
        if translated in UNSPECIFIED or (translated == self.client and port in (None, self.client_port)):
            return None
        return endpoint(translated, port) if port is not None else translated

    @property
    def action(self) -> str:
        for rule in self.variant.actions:
            if all(holds(c, self) for c in rule.when):
                return rule.action
        return "unknown"


def _decoded(values: tuple[bytes, ...], decoder: str) -> tuple[bytes, ...]:
    decode = DECODERS[decoder]
    return tuple(v for value in values for v in decode(value))


def holds(condition: Condition, record: Record) -> bool:
    """Whether a condition holds for a record (docs/log-formats.md 3)."""
    if not condition.is_role:
        found = tuple(value for source in condition.sources for value in record.values(source))
    elif condition.sources[0] in record.variant.roles:
        found = record.role(condition.sources[0])
    else:
        found = ()
    return _TESTS[condition.test](found, condition.wanted)


def _is_address_in(found: tuple[bytes, ...], wanted: Any) -> bool:
    return any(address(text(v)) in {text(w) for w in wanted} for v in found)


def _has_word(found: tuple[bytes, ...], wanted: Any) -> bool:
    """Whether a value holds a word, in any case, with no letter before or behind it."""
    return any(re.search(rb"(?i)(?<![a-z])" + re.escape(w) + rb"(?![a-z])", v) for v in found for w in wanted)


_TESTS: Mapping[str, Callable[[tuple[bytes, ...], Any], bool]] = {
    "present": lambda found, wanted: bool(found) is wanted,
    "in": lambda found, wanted: any(v in wanted for v in found),
    "not_in": lambda found, wanted: bool(found) and not any(v in wanted for v in found),
    "prefix": lambda found, wanted: any(v.startswith(wanted) for v in found),
    "address_in": _is_address_in,
    "words": _has_word,
}


class FormatReader:
    """Parses lines by one format."""

    def __init__(self, log_format: LogFormat) -> None:
        self.name = log_format.name
        self._shapes = [ShapeReader(log_format, shape) for shape in log_format.shapes]
        self._variants = log_format.variants

    def read(self, reading: Reading, header: Header) -> Record | None:
        """The record, or None if the line does not parse by this format."""
        for shape in self._shapes:
            if shape.needs_header and reading.number != header.depth:
                continue
            values = shape.read(reading.text, header, reading.object)
            if values is None:
                continue
            for variant in self._variants:
                head = reading.head_of_row() if shape.takes_head and not reading.number else None
                record = Record(self.name, variant, values, reading.wrapper, head)
                if all(holds(c, record) for c in variant.when):
                    _take_sides(record)
                    return record
        return None


def _take_sides(record: Record) -> None:
    roles = record.variant.roles
    client, server = record.single("client"), record.single("server")
    client_port, server_port = record.port("client_port"), record.port("server_port")
    if "server" in roles and _is_reply(client_port, server_port, record.variant.server_ports):
        client, server = server, client
        client_port, server_port = server_port, client_port
        record.swapped = True
    if client is not None:
        found = address(text(client))
        record.client = found or name(text(client))
        record.client_is_address = found is not None
    if server is not None:
        record.server = address(text(server))
    record.client_port, record.server_port = client_port, server_port


def _is_reply(source: int | None, destination: int | None, ports: frozenset[int]) -> bool:
    """Whether the ports show that a line goes from a server to its client."""
    if source is None or source not in ports:
        return False
    # A client's own port is seldom below 1024, and may be any number from 1024 on (RFC 6056 3.2).
    return destination not in ports or (source < _FIRST_UNPRIVILEGED <= destination)


def identity_of(record: Record) -> dict[str, str]:
    """The identity of the machine, safe to show."""
    return {k: escape(v.encode("utf-8", "surrogateescape")) for k, v in record.identity.items()}


def device_of(record: Record) -> str | None:
    """The client's address, else its name, safe to show."""
    if record.client is None or record.client_is_address:
        return record.client
    return escape(record.client.encode("utf-8", "surrogateescape"))


class LineReader:
    """All formats over one file: keeps the header, and peels and decodes a line once."""

    def __init__(self, formats: Mapping[str, LogFormat]) -> None:
        self.readers = {name: FormatReader(f) for name, f in formats.items()}
        self.header = Header()
        self._headings = [
            (s.separator, s.named) for f in formats.values() for s in f.shapes if s.header == "csv"
        ]
        self._line: bytes | None = None
        self._known: list[Reading] = []
        self._more: Iterator[Reading] = iter(())

    def is_directive(self, line: bytes, offset: int = 0) -> bool:
        """Whether the line is a header line; if so, the header is updated.

        `offset` is the line's first byte in the file: names of columns stand in its first 64 KiB.
        """
        new = self.header.read(line) if line.startswith(b"#") else None
        depth = 0
        if new is None and offset < HEADING_BYTES:
            new = heading(line, self._headings)
            if new is None and b"#" in line:
                new, depth = self._wrapped_directive(line)
        if new is None:
            return False
        new.depth = depth
        self.header = new
        return True

    def _wrapped_directive(self, line: bytes) -> tuple[Header | None, int]:
        for reading in self.readings(line):
            if reading.number and reading.text.startswith(b"#"):
                new = self.header.read(reading.text)
                if new is not None:
                    return new, reading.number
        return None, 0

    def read(self, line: bytes, names: Iterable[str]) -> Record | None:
        """The record of the line by the first of these formats that fits: of the whole line, else peeled."""
        for reading in self.readings(line):
            for format_name in names:
                record = self.readers[format_name].read(reading, self.header)
                if record is not None:
                    return record
        return None

    def readings(self, line: bytes) -> Iterator[Reading]:
        """The line as it is, then peeled; remembered until the next line comes."""
        if self._line is not line:
            self._line, self._known, self._more = line, [], readings(line)
        yield from self._known
        for reading in self._more:
            self._known.append(reading)
            yield reading
