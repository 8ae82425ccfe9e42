"""Fields become a record: who asked what of whom, when, and how it ended (docs/log-formats.md 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from quetsach.canonical import address, name, parse_port
from quetsach.engines import times
from quetsach.engines.shapes import Header, ShapeReader, Values, load_object
from quetsach.logformat import Condition, LogFormat, Variant


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
        for field_name in self.variant.time_fields:
            for value in self.values(field_name)[:1]:
                return times.parse(text(value), self.variant.time_kinds, zone)
        return None

    @property
    def identity(self) -> dict[str, str]:
        found = {}
        for key, names in self.variant.identity.items():
            if self.swapped and key in ("mac", "nat"):
                continue
            value = next((v[0] for v in map(self.values, names) if v), None)
            if value is not None:
                found[key] = text(value)
        return found

    @property
    def action(self) -> str:
        for rule in self.variant.actions:
            if all(holds(c, self) for c in rule.when):
                return rule.action
        return "unknown"


def holds(condition: Condition, record: Record) -> bool:
    """Whether a condition holds for a record (docs/log-formats.md 3)."""
    if not condition.is_role:
        found = tuple(value for name in condition.sources for value in record.values(name))
    elif condition.sources[0] in record.variant.roles:
        found = record.role(condition.sources[0])
    else:
        found = ()
    return _TESTS[condition.test](found, condition.wanted)


def _is_address_in(found: tuple[bytes, ...], wanted: Any) -> bool:
    return any(address(text(v)) in {text(w) for w in wanted} for v in found)


_TESTS: Mapping[str, Callable[[tuple[bytes, ...], Any], bool]] = {
    "present": lambda found, wanted: bool(found) is wanted,
    "in": lambda found, wanted: any(v in wanted for v in found),
    "not_in": lambda found, wanted: bool(found) and not any(v in wanted for v in found),
    "prefix": lambda found, wanted: any(v.startswith(wanted) for v in found),
    "address_in": _is_address_in,
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
        self._line: bytes | None = None
        self._object: dict[str, Any] | None = None

    def is_directive(self, line: bytes) -> bool:
        """Whether the line is a header line; if so the header is brought up to date."""
        if not line.startswith(b"#"):
            return False
        new = self.header.read(line)
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
