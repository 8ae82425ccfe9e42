"""Fields become a record: who asked what of whom, when, and how it ended (docs/log-formats.md 3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from quetsach.canonical import address, endpoint, name, parse_port
from quetsach.engines import times
from quetsach.engines.shapes import HEADING_BYTES, Header, ShapeReader, Values, heading, load_object
from quetsach.logformat import Condition, LogFormat, Variant

UNSPECIFIED = ("0.0.0.0", "::")  # noqa: S104 -- logs write them for "none"; nothing is bound


def text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


@dataclass(slots=True)
class Record:
    """One parsed line. `client` is an address or a device name; `server` only ever an address."""

    log_format: str
    variant: Variant
    values: Values
    client: str | None = None
    client_is_address: bool = False
    client_port: int | None = None
    server: str | None = None
    server_port: int | None = None
    swapped: bool = False
    _roles: dict[str, tuple[bytes, ...]] = field(default_factory=dict)

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
        """What the client's endpoint became; None where it stayed what it was."""
        translated = address(shown)
        if translated is None:
            return shown
        port = next((parse_port(text(v[0])) for v in map(self.values, self.variant.nat_port) if v), None)
        if translated in UNSPECIFIED or (translated == self.client and port in (None, self.client_port)):
            return None
        return endpoint(translated, port) if port is not None else translated

    @property
    def action(self) -> str:
        for rule in self.variant.actions:
            if all(holds(c, self) for c in rule.when):
                return rule.action
        return "unknown"


def holds(condition: Condition, record: Record) -> bool:
    """Whether a condition holds for a record (docs/log-formats.md 3)."""
    if not condition.is_role:
        found = record.values(condition.source)
    elif condition.source in record.variant.roles:
        found = record.role(condition.source)
    else:
        found = ()
    return _TESTS[condition.test](found, condition.wanted)


def _is_address_in(found: tuple[bytes, ...], wanted: Any) -> bool:
    return any(address(text(v)) in {text(w) for w in wanted} for v in found)


def _has_word(found: tuple[bytes, ...], wanted: Any) -> bool:
    """Whether a word stands in a value, in any case, touching no other letter."""
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

    def read(
        self, line: bytes, header: Header, json_object: Callable[[], dict[str, Any] | None]
    ) -> Record | None:
        """The record, or None if the line does not parse by this format."""
        for shape in self._shapes:
            values = shape.read(line, header, json_object)
            if values is None:
                continue
            for variant in self._variants:
                record = Record(self.name, variant, values)
                if all(holds(c, record) for c in variant.when):
                    _take_sides(record)
                    return record
        return None


def _take_sides(record: Record) -> None:
    roles = record.variant.roles
    client, server = record.single("client"), record.single("server")
    client_port, server_port = record.port("client_port"), record.port("server_port")
    ports = record.variant.server_ports
    if ports and client_port in ports and server_port not in ports and "server" in roles:
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


class LineReader:
    """All formats over one file: keeps the header and decodes a JSON line once."""

    def __init__(self, formats: Mapping[str, LogFormat]) -> None:
        self.readers = {name: FormatReader(f) for name, f in formats.items()}
        self.header = Header()
        self._headings = [
            (s.separator, f.recognise) for f in formats.values() for s in f.shapes if s.header == "csv"
        ]
        self._line: bytes | None = None
        self._object: dict[str, Any] | None = None

    def is_directive(self, line: bytes, offset: int = 0) -> bool:
        """Whether the line is a header line; if so the header is brought up to date.

        `offset` is the line's first byte in the file: names of columns stand in its first 64 KiB.
        """
        new = self.header.read(line) if line.startswith(b"#") else None
        if new is None and offset < HEADING_BYTES:
            new = heading(line, self._headings)
        if new is None:
            return False
        self.header = new
        return True

    def read(self, line: bytes, format_name: str) -> Record | None:
        """The record of the line by that format."""

        def json_object() -> dict[str, Any] | None:
            if self._line is not line:
                self._line, self._object = line, load_object(line)
            return self._object

        return self.readers[format_name].read(line, self.header, json_object)
