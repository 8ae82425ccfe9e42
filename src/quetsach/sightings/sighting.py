"""The records of a scan, sightings and coverage, and their JSON Lines form.

One document = a `scan` record, sightings sorted by key, coverage, `end` (read by `sightings.scanfile`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, BinaryIO, NamedTuple

SCHEMA = 2
READ = (1, 2)
"""Schemas that are read."""
ACTIONS = ("allowed", "blocked", "attempt", "unknown")
"""Strongest first: the action of a row is the strongest of its lines."""
FIELDS = ("query", "host", "server_name", "url", "answer", "destination", "text")
"""The order in which fields get the credit when an indicator stands in several of them."""


SHORT_BYTES = 4096
"""A log with fewer bytes gets another source id when it grows."""
UNATTRIBUTED_LINES = 20
"""Lines of one source that named an indicator and no machine, kept to be read by a person."""
UNATTRIBUTED_IN_ALL = 1_000
"""Such lines of all sources of a scan: with their evidence they fit the document of a push."""


class Sighting(NamedTuple):
    """An indicator seen from one machine on one UTC day of one source.

    Times are ISO 8601 UTC with six decimals and `Z`; `device`, `day` and the times are None when the line
    lacks them. `count` is the number of lines in which the indicator matched at least once. `who` tells two
    machines with one address apart. `runs` are those of `quetsach.sightings.runs`.
    """

    source: str
    indicator: str
    kind: str
    family: str
    matched: str
    field: str
    device: str | None
    identity: dict[str, str]
    who: str
    day: str | None
    first_seen: str | None
    last_seen: str | None
    count: int  # type: ignore[assignment]
    runs: list[list[int]]
    action: str
    logformat: str
    evidence: str

    def key(self) -> tuple[str, str, str, str, str]:
        """(source, indicator, device, who, day): records with equal keys are copies of one fact."""
        return (self.source, self.indicator, self.device or "", self.who, self.day or "")


class Bypass(NamedTuple):
    """A way around the place that watches, taken by one machine on one UTC day (docs/contract.md 2).

    It is no sighting. `provider` and `kind` are those of `quetsach.bypass.providers`; all other fields are as
    in a `Sighting`.
    """

    source: str
    provider: str
    kind: str
    matched: str
    field: str
    device: str | None
    identity: dict[str, str]
    who: str
    day: str | None
    first_seen: str | None
    last_seen: str | None
    count: int  # type: ignore[assignment]
    runs: list[list[int]]
    action: str
    logformat: str

    def key(self) -> tuple[str, str, str, str, str, str]:
        """(source, provider, kind, device, who, day): records with equal keys are copies of one fact."""
        return (self.source, self.provider, self.kind, self.device or "", self.who, self.day or "")


def who_is(identity: Mapping[str, str], device: str | None) -> str:
    """What tells machines with the device's address apart (docs/contract.md 2); empty where nothing does."""
    for kind in ("mac", "host"):
        if identity.get(kind):
            return f"{kind}:{identity[kind]}"
    return f"nat:{identity['nat']}" if device is None and identity.get("nat") else ""


class Coverage(NamedTuple):
    """How far one source was read. `errors` says in words what could not be read, with its place.

    `gaps` are [first, last] of each time within the source whose lines are lost (docs/contract.md 4).
    `not_understood` counts lines that name an indicator and could not be attributed to a machine;
    `unattributed` holds the first `UNATTRIBUTED_LINES` of them, escaped. `hours`, `order` and `alive` are
    those of `quetsach.sightings.hours.Hours`. None is not known: of an older scanner, or nobody was asked
    about. `was` are ids that the source had while it was shorter than `SHORT_BYTES`.
    """

    source: str
    path: str
    name: str
    bytes: int
    lines: int
    not_understood: int
    long_lines: int
    inbound: int
    first: str | None
    last: str | None
    time: str
    zone: str
    devices: dict[str, list[str]]
    errors: list[str]
    unattributed: Sequence[str] = ()
    gaps: Sequence[Sequence[str]] = ()
    hours: Mapping[str, Sequence[int]] | None = None
    order: str | None = None
    alive: Mapping[str, Mapping[str, int]] | None = None
    was: Sequence[str] = ()

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Coverage":
        """The record of its fields as JSON keeps them, equal to the record that was written."""
        told = cls(**fields)
        return told._replace(gaps=tuple(told.gaps), was=tuple(told.was))


def shown_in_part(coverage: Iterable[Coverage]) -> list[Coverage]:
    """The records in their order, with the lines of the first sources only: a scan keeps at most
    `UNATTRIBUTED_IN_ALL`. The sources are the same however often, and in whatever order, this is asked."""
    shown, lines = [], 0
    for seen in sorted(coverage, key=lambda seen: (seen.source, seen.path)):
        lines += min(seen.not_understood, UNATTRIBUTED_LINES)
        shown.append(seen if lines <= UNATTRIBUTED_IN_ALL else seen._replace(unattributed=[]))
    return shown


LEFT_OUT = 1_000
"""So many files that were not read are named in a document at most."""


class Scan(NamedTuple):
    """The first record of a document: the indicator set, the vantage point, and the requested inputs.

    `asked` are the machines that the scan was asked about (`quetsach.sightings.asked`). `left_out` are files
    and links that were not read though they lie in the inputs, each with the reason (`Skipped`).
    """

    tool: str
    set_id: str
    set_count: int
    source_name: str
    tz: str
    inputs: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


class End(NamedTuple):
    """The last record of a document: its number of sightings, sources (coverage records) and errors, and of
    records of machines that go around."""

    sightings: int
    sources: int
    errors: int
    bypasses: int = 0


type Record = Scan | Sighting | Bypass | Coverage | End


@cache
def _encoder() -> Callable[[Any], str]:
    from quetsach.text.json_values import writer  # an answer only on the screen does not need it

    return writer(ensure_ascii=False, separators=(",", ":"))


def dump(record: Record) -> bytes:
    """One record as one line of JSON Lines, line feed included."""
    fields: dict[str, Any]
    match record:
        case Sighting():
            fields = {"type": "sighting", **record._asdict()}
        case Bypass():
            fields = {"type": "bypass", **record._asdict()}
        case Coverage():
            fields = {"type": "coverage", **record._asdict()}
            for name in ("gaps", "was"):
                if not fields[name]:
                    del fields[name]
            for name in ("hours", "order", "alive"):
                if fields[name] is None:
                    del fields[name]
        case End():
            fields = {"type": "end", **record._asdict()}
            if not record.bypasses:
                del fields["bypasses"]
        case Scan():
            fields = {
                "type": "scan",
                "schema": SCHEMA,
                "tool": record.tool,
                "set": {"id": record.set_id, "count": record.set_count},
                "source_name": record.source_name,
                "tz": record.tz,
                "inputs": list(record.inputs),
            }
            if record.asked:
                fields["asked"] = list(record.asked)
            if record.left_out:
                fields["left_out"] = list(record.left_out)
    text = _encoder()(fields)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        # A path that is not UTF-8 reaches Python as lone surrogates, which no reader could decode.
        escaped = (rf"\\x{ord(one) & 0xFF:02x}" if "\ud800" <= one <= "\udfff" else one for one in text)
        return "".join(escaped).encode() + b"\n"


def write(
    out: BinaryIO,
    scan: Scan,
    sightings: Iterable[Sighting],
    coverage: Iterable[Coverage],
    *,
    bypasses: Iterable[Bypass] = (),
    complete: bool = True,
) -> End:
    """Write one document. `sightings` and `bypasses` must come sorted by their keys.

    `complete=False` leaves out the `end` record, so that no reader takes an interrupted scan for
    a whole one.
    """
    out.write(dump(scan))
    found = around = sources = errors = 0
    for sighting in sightings:
        found += 1
        out.write(dump(sighting))
    for bypass in bypasses:
        around += 1
        out.write(dump(bypass))
    for seen in coverage:
        sources += 1
        errors += len(seen.errors)
        out.write(dump(seen))
    end = End(found, sources, errors, around)
    if complete:
        out.write(dump(end))
    return end
