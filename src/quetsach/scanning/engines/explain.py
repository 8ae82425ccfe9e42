"""Why a line is a hit or not: the portable engine with reasons (the command `quetsach explain`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from quetsach.bypass import providers
from quetsach.bypass.providers import Provider
from quetsach.files import colours
from quetsach.indicators.indicator import Indicator, IndicatorSet, Scope
from quetsach.logs import logformat, times
from quetsach.scanning.engines import attribution, clocks, escapes, freetext, moments
from quetsach.scanning.engines.around import Around, is_of_dns, names_machine
from quetsach.scanning.engines.index import Hits, Index, hits_of
from quetsach.scanning.engines.records import LineReader, Record, text
from quetsach.scanning.engines.tokens import Token, tokens_of
from quetsach.sightings.sighting import who_is
from quetsach.text.canonical import endpoint, split_authority
from quetsach.text.escape import escape

TEXT = "text"
REASONS = {
    "hit": "{token} matches {item}",
    "not-listed": "nothing listed covers {token}",
    "label-border": "{token} is not {item}: {item} does not begin at a label border",
    "left-side": "{token} is not {item}: {item} stands on the left of another domain",
    "exact": "{item} is listed as this exact name only, without subdomains",
    "subdomains-only": "{item} covers subdomains only, not the name itself",
    "other-port": "{item} is listed with its port; this is not that endpoint",
    "path": "{item} is listed with a path that this URL does not begin with",
    "no-path": "{item} is listed with a path, and this field shows none",
    "covered": "{token} is the host of a URL that matches, which is reported instead",
    "counted": "{item} counts once a line, with an earlier field",
    "sent": "{token} is listed but sent something, or an ICMP error names it: not understood, no sighting",
    "inbound": "{token} is listed but opened the connection: counted as inbound, no sighting",
    "mention": "{token} would match {item}, but is only mentioned (query, path, referrer, other field)",
}
"""Code → English sentence with `{token}` and `{item}`."""


@dataclass(frozen=True, slots=True)
class TokenNote:
    """One token of the line: its field, itself, a code of REASONS, and the indicator that the code
    concerns."""

    field: str
    token: str
    code: str
    indicator: Indicator | None = None

    @property
    def reason(self) -> str:
        """The English sentence."""
        item = self.indicator.canonical if self.indicator is not None else ""
        return REASONS[self.code].format(token=self.token, item=item)


@dataclass(frozen=True, slots=True)
class Way:
    """A token that leads around the place that watches; the line is no hit."""

    field: str
    token: str
    provider: Provider


@dataclass(frozen=True, slots=True)
class Explanation:
    """`format` is `text` where none was recognised; `roles` are the meaningful fields and their values."""

    format: str
    variant: str
    roles: tuple[tuple[str, tuple[str, ...]], ...]
    device: str | None
    time: str | None
    action: str
    identity: dict[str, str]
    who: str
    inbound: bool
    notes: tuple[TokenNote, ...]
    ways: tuple[Way, ...] = ()

    @property
    def hits(self) -> tuple[TokenNote, ...]:
        return tuple(n for n in self.notes if n.code == "hit")


def _bytes(line: str | bytes) -> bytes:
    raw = line if isinstance(line, bytes) else line.encode("utf-8", "surrogateescape")
    return raw.rstrip(b"\r\n")


def _shown(value: str) -> str:
    return escape(value.encode("utf-8", "surrogateescape"))


def explain(
    line: str | bytes,
    indicators: IndicatorSet,
    header: Sequence[str | bytes] = (),
    format: str | None = None,
    tz: str = "Asia/Ho_Chi_Minh",
) -> Explanation:
    """See `quetsach.scanning.engine.explain`."""
    index = Index(indicators)
    raw = colours.removed(_bytes(line))
    formats = logformat.load_all() if format is None else {}
    if format not in (None, TEXT):
        formats = {format: logformat.get(format)} if format else {}
    reader = LineReader(formats)
    for directive in header:
        reader.is_directive(_bytes(directive))
    record = reader.read(raw, formats)
    zone = ZoneInfo(tz)
    if record is not None:
        return _record(record, raw, index, zone)
    start = b"\n".join([*map(_bytes, header), raw])
    return _text(
        raw,
        index,
        reader,
        zone,
        clocks.Told(clocks.date_order(clocks.date_orders(start)), reader.header.is_utc),
    )


def _time(moment: times.Moment | None) -> str | None:
    if moment is None:
        return None
    value = moment.value
    if isinstance(value, times.Yearless):
        return f"--{value.month:02}-{value.day:02}T{value.hour:02}:{value.minute:02}:{value.second:02}"
    return times.iso(value)


def _record(record: Record, raw: bytes, index: Index, zone: ZoneInfo) -> Explanation:
    tokens = tokens_of(record)
    hits = hits_of(index, tokens)
    inbound = bool(
        record.client_is_address and record.client and index.inbound(record.client, record.client_port)
    )
    notes = list(_notes(tokens, hits, index))
    if inbound and record.client is not None:
        hit = index.address(record.client, record.client_port)
        notes.append(TokenNote("client", record.client, "inbound", hit[0] if hit else None))
    notes += _mentions(raw, index, hits, {n.token for n in notes})
    roles = [(role, tuple(_shown(text(v)) for v in record.role(role))) for role in record.variant.roles]
    identity = {k: _shown(v) for k, v in record.identity.items()}
    who = who_is(identity, record.client)
    return Explanation(
        format=record.log_format,
        variant=record.variant.name,
        roles=tuple((role, values) for role, values in roles if values),
        device=_shown(record.client) if record.client is not None else None,
        time=_time(record.time(zone)),
        action=record.action,
        identity=identity,
        who=who,
        inbound=inbound,
        notes=tuple(notes),
        ways=() if hits or not names_machine(record.client, who) else _ways(_found(tokens, record)),
    )


def _found(tokens: Sequence[Token], record: Record) -> Hits:
    is_of_connections = not is_of_dns(logformat.get(record.log_format))
    return Around(providers.load()).hits(tokens, endpoints=is_of_connections)


def _ways(hits: Hits) -> tuple[Way, ...]:
    return tuple(Way(field, matched, providers.of(entry)) for entry, (field, matched) in hits.items())


def _text(raw: bytes, index: Index, reader: LineReader, zone: ZoneInfo, told: clocks.Told) -> Explanation:
    def find(text: bytes) -> Hits:
        return hits_of(index, freetext.read(text).tokens)

    hits, told_in = escapes.best(raw, reader.readings(raw), find)
    found = freetext.read(told_in)
    said = attribution.attribute(told_in, hits, list(reader.readings(raw)), find)
    providers_of = Around(providers.load())
    around = providers_of.hits(found.tokens, endpoints=True)
    ways = attribution.attribute(
        raw,
        around,
        list(reader.readings(raw)),
        lambda text: providers_of.hits(freetext.read(text).tokens, endpoints=True),
    )
    notes = [
        replace(n, code="sent") if n.code == "hit" and n.indicator not in said.hits else n
        for n in _notes(found.tokens, hits, index)
    ]
    notes += _mentions(raw, index, hits, {n.token for n in notes})
    return Explanation(
        format=TEXT,
        variant="",
        roles=(),
        device=said.device,
        time=_time(moments.time(raw, zone, told)),
        action="unknown",
        identity={},
        who="",
        inbound=False,
        notes=tuple(notes),
        ways=() if hits else _ways(ways.hits if ways.device is not None else {}),
    )


def _spelled(token: Token) -> str:
    if token.kind == "address":
        return endpoint(token.value, token.port) if token.port is not None else token.value
    if token.kind == "url":
        host = endpoint(token.value, token.port) if token.port is not None else token.value
        return _shown(host + token.rest)
    return _shown(token.value)


def _notes(tokens: Sequence[Token], hits: Hits, index: Index) -> Iterator[TokenNote]:
    credited: set[Indicator] = set()
    covered = {t.value for t in tokens if t.kind == "url" and index.find(t)}
    for token in tokens:
        found = index.find(token)
        spelled = _spelled(token)
        if found is None:
            yield from _misses(token, spelled, index)
        elif found[0] not in hits or (token.kind != "url" and token.value in covered):
            yield TokenNote(token.field, spelled, "covered", found[0])
        elif found[0] in credited:
            yield TokenNote(token.field, spelled, "counted", found[0])
        else:
            credited.add(found[0])
            yield TokenNote(token.field, spelled, "hit", found[0])


def _misses(token: Token, spelled: str, index: Index) -> Iterator[TokenNote]:
    near = list(_near(token, index))
    for code, item in near:
        yield TokenNote(token.field, spelled, code, item)
    if not near:
        yield TokenNote(token.field, spelled, "not-listed")


def _near(token: Token, index: Index) -> Iterator[tuple[str, Indicator]]:
    """Items that a reader might take for a match of this token."""
    if token.kind == "address":
        for item in index.endpoints.values():
            if split_authority(item.value)[0] == token.value:
                yield "other-port", item
    if token.kind == "name":
        yield from _near_name(token.value, index)
    for _, _, item in index.urls.get(token.value, ()):
        yield ("path" if token.kind == "url" else "no-path"), item


def _near_name(name: str, index: Index) -> Iterator[tuple[str, Indicator]]:
    whole = index.names.get(name)
    if whole is not None and whole.scope is Scope.SUBDOMAINS_ONLY:
        yield "subdomains-only", whole
    for at in range(1, len(name)):
        item = index.names.get(name[at:])
        if item is None:
            continue
        if name[at - 1] != ".":
            yield "label-border", item
        elif item.scope is Scope.EXACT:
            yield "exact", item
    labels = name.split(".")
    for end in range(2, len(labels)):
        for start in range(end - 1):
            item = index.names.get(".".join(labels[start:end]))
            if item is not None:
                yield "left-side", item


def _mentions(raw: bytes, index: Index, hits: Hits, seen: set[str]) -> Iterator[TokenNote]:
    for token in freetext.words(raw):
        found = index.find(token)
        spelled = _spelled(token)
        if found is not None and found[0] not in hits and spelled not in seen and token.value not in seen:
            yield TokenNote("", spelled, "mention", found[0])
