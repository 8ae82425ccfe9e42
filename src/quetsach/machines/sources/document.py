"""Claims and bindings as JSON Lines: the file of `quetsach machines read -o`, described in docs/evidence.md.

{"type":"evidence","schema":1,"tool":"quetsach 0.1.0","source":"dhcp-hq"}
{"type":"claim","keys":[["mac","00-00-5e-00-53-01"],["host","pc-01"]],"begin":"…","end":"…","about":{}}
{"type":"binding","kind":"lease","address":"10.0.0.5","key":["mac","00-00-5e-00-53-01"],"begin":"…","end":"…"}
{"type":"end","claims":1,"bindings":1}
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from itertools import chain
from typing import Any, BinaryIO

from quetsach import __version__
from quetsach.logs import times
from quetsach.machines import keys
from quetsach.machines.evidence import IDENTIFYING, SUGGESTING, Binding, Claim, Key
from quetsach.machines.identity.entries import BY_HAND
from quetsach.machines.sources.outcome import FOREVER, SECOND, MachinesError
from quetsach.text import machine_address
from quetsach.text.canonical import address
from quetsach.text.escape import escape
from quetsach.text.json_limits import TooManyError, few
from quetsach.text.marks import is_piled
from quetsach.text.typed import as_typed

SCHEMA = 1
MOST_LINE = 1 << 16
CHUNK_BYTES = 8 << 20
"""A portal takes no larger document at once."""
KINDS = (*IDENTIFYING, *SUGGESTING, "address")
BINDINGS = ("lease", "neighbour", "nat", "fixed")
_MOST_TEXT = 255
_LATEST = 4_102_444_800 * SECOND
"""The first moment of the year 2100: a later end is none that anybody states, a later beginning no time."""
_SPELLED: dict[str, Callable[[str], Key | None]] = {
    "mac": keys.mac, "randommac": keys.mac, "hardware": keys.hardware, "serial": keys.serial,
    "adsid": keys.ad_sid, "duid": keys.duid, "domainhost": keys.domain_host, "host": keys.host,
    "agent": keys.agent, "user": keys.user,
}  # fmt: skip
"""The readers of keys: a document spells each as they do."""
_TIMES = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_UNUSUAL = re.compile(rb"\\u|T24:|:60\.")
"""Other spellings of a time: with escapes of JSON, of the last moment of a day, of a leap second."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


def is_document(head: bytes) -> bool:
    """Whether a file that begins like this is such a document."""
    return head.startswith(b'{"type":"evidence",')


def write(out: BinaryIO, source: str, claims: Iterable[Claim], bindings: Iterable[Binding]) -> None:
    """Write the document, each record once and in one order: the same evidence is the same file."""
    counts = [0, 0]
    _line(out, {"type": "evidence", "schema": SCHEMA, "tool": f"quetsach {__version__}", "source": source})
    for claim in sorted(set(claims)):
        counts[0] += 1
        _line(
            out,
            {
                "type": "claim", "keys": claim.keys, **_span(claim.begin, claim.end), "source": claim.source,
                "about": dict(claim.about),
            },
        )  # fmt: skip
    for one in sorted(set(bindings)):
        counts[1] += 1
        nat = {"protocol": one.protocol, "port": one.port} if one.kind == "nat" else {}
        _line(
            out,
            {
                "type": "binding", "kind": one.kind, "address": one.address, "key": one.key,
                **_span(one.begin, one.end), "source": one.source, **nat,
            },
        )  # fmt: skip
    _line(out, {"type": "end", "claims": counts[0], "bindings": counts[1]})


def chunks(source: str, claims: Iterable[Claim], bindings: Iterable[Binding]) -> Iterator[bytes]:
    """The same evidence as documents of at most CHUNK_BYTES, as a portal takes them."""
    said: list[Claim] = []
    bound: list[Binding] = []
    size = 0
    rows: Iterator[Claim | Binding] = chain(sorted(set(claims)), sorted(set(bindings)))
    for one in rows:
        line = BytesIO()
        write(line, "", *([one], []) if isinstance(one, Claim) else ([], [one]))
        if size + line.tell() > CHUNK_BYTES - MOST_LINE and size:
            yield _whole(source, said, bound)
            said, bound, size = [], [], 0
        said += [one] if isinstance(one, Claim) else []
        bound += [] if isinstance(one, Claim) else [one]
        size += line.tell()
    if size:
        yield _whole(source, said, bound)


def _whole(source: str, claims: list[Claim], bindings: list[Binding]) -> bytes:
    out = BytesIO()
    write(out, source, claims, bindings)
    return out.getvalue()


def _line(out: BinaryIO, record: dict[str, Any]) -> None:
    out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def _span(begin: int, end: int) -> dict[str, str | None]:
    """Both ends in UTC; null for a beginning or an end that nobody states."""
    first = times.iso(begin) if begin > 0 else None
    return {"begin": first, "end": None if end >= _LATEST else times.iso(end)}


def may_begin_at(lines: Iterable[bytes], begins: Iterable[int]) -> bool:
    """Whether a document may hold a record that begins at one of these moments, in microseconds, without
    reading its records: about a tenth of the time. True where that cannot be said."""
    wanted = set(begins)
    if any(begin <= 0 for begin in wanted):
        return True
    spelled = {times.iso(begin).encode() for begin in wanted}
    return any(
        _UNUSUAL.search(line) is not None or not spelled.isdisjoint(_TIMES.findall(line)) for line in lines
    )


def soon() -> int:
    """The latest moment, in microseconds, from which a table can tell something now: clocks and zones may be
    a day apart."""
    return round(time.time() + 86_400) * SECOND


def unusable(address: str, begin: int, end: int, *, is_fixed: bool = False) -> str:
    """Why no document may hold a binding with this address and span (`words.LEFT`); empty where it may."""
    if machine_address.problem(address):
        return "bad_address"
    if begin >= _LATEST:
        return "bad_time"
    if begin > soon() and not is_fixed:
        return "future"
    return "no_time" if begin <= 0 and end >= _LATEST and not is_fixed else ""


def read(lines: Iterable[bytes], scope: str = "", until: int | None = None) -> Iterator[Claim | Binding]:
    """The records of a document; `scope` is the unit that it counts for, which no document may choose. With
    `until` no record but a fixed address may begin later.

    Raises MachinesError with the number of the line: `not_evidence`, `schema`, `malformed`, `incomplete`.
    """
    counts = {"claim": 0, "binding": 0}
    is_begun = is_ended = False
    number = 0
    for number, line in enumerate(lines, 1):
        record = _record(line, number)
        kind = record.get("type")
        if not is_begun:
            _check_head(record)
            is_begun = True
        elif is_ended or kind not in ("claim", "binding", "end"):
            raise MachinesError("malformed", f"{number}: type")
        elif kind == "end":
            if (record.get("claims"), record.get("bindings")) != (counts["claim"], counts["binding"]):
                raise MachinesError("incomplete", number)
            is_ended = True
        else:
            counts[str(kind)] += 1
            one = _claim(record, number, scope) if kind == "claim" else _binding(record, number, scope)
            if until is not None and one.begin > until and getattr(one, "kind", "") != "fixed":
                raise MachinesError("malformed", f"{number}: begin: it lies in the future")
            yield one
    if not is_ended:
        raise MachinesError("incomplete", number)


def _record(line: bytes, number: int) -> dict[str, Any]:
    try:
        if len(line) > MOST_LINE:
            raise ValueError("long")
        record = json.loads(few(line, groups=500, items=2_000).decode("utf-8"))
    except (ValueError, TooManyError, RecursionError) as error:
        raise MachinesError("malformed" if number > 1 else "not_evidence", f"{number}: JSON") from error
    if not isinstance(record, dict):
        raise MachinesError("malformed", f"{number}: JSON")
    return record


def _check_head(record: dict[str, Any]) -> None:
    if record.get("type") != "evidence":
        raise MachinesError("not_evidence", "1: type")
    if record.get("schema") != SCHEMA:
        raise MachinesError("schema", str(record.get("schema"))[:20])


def _claim(record: dict[str, Any], number: int, scope: str) -> Claim:
    told = record.get("keys")
    if not isinstance(told, list) or not told or len(told) > 200:
        raise MachinesError("malformed", f"{number}: keys")
    about = record.get("about", {})
    if not isinstance(about, dict) or len(about) > 50:
        raise MachinesError("malformed", f"{number}: about")
    words = tuple(
        (as_typed(_text(key, number, "about")), as_typed(_text(value, number, "about")))
        for key, value in about.items()
    )
    names = tuple(_key(one, number) for one in told)
    return Claim(names, *_times(record, number), _source(record, number), scope, words)


def _binding(record: dict[str, Any], number: int, scope: str) -> Binding:
    kind, spelled = record.get("kind"), record.get("address")
    if kind not in BINDINGS:
        raise MachinesError("malformed", f"{number}: kind")
    if not isinstance(spelled, str) or not spelled or address(spelled) != spelled:
        raise MachinesError("malformed", f"{number}: address")
    if wrong := machine_address.problem(spelled):
        raise MachinesError("malformed", f"{number}: address: it {wrong}")
    port = record.get("port", 0)
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65_535:
        raise MachinesError("malformed", f"{number}: port")
    span = _times(record, number)
    if kind != "fixed" and span == (0, FOREVER):
        raise MachinesError("malformed", f"{number}: begin and end: only a fixed address may have neither")
    return Binding(
        spelled, _key(record.get("key"), number), *span,
        _source(record, number), str(kind), scope,
        _text(record.get("protocol", ""), number, "protocol"), port,
    )  # fmt: skip


def _key(told: object, number: int) -> Key:
    if not isinstance(told, list) or len(told) != 2 or told[0] not in KINDS:
        raise MachinesError("malformed", f"{number}: key")
    value = _text(told[1], number, "key")
    key = Key(str(told[0]), value)
    if key.kind in _SPELLED and _SPELLED[key.kind](value) != key:
        raise MachinesError("malformed", f"{number}: key")  # a second spelling would be a second machine
    if not value or (key.kind == "address" and address(value) != value):
        raise MachinesError("malformed", f"{number}: key")
    if key.kind == "address" and (wrong := machine_address.problem(value)):
        raise MachinesError("malformed", f"{number}: key: it {wrong}")
    return key


def _times(record: dict[str, Any], number: int) -> tuple[int, int]:
    begin, end = (_time(record.get(name), number, name) for name in ("begin", "end"))
    span = (begin or 0, FOREVER if end is None else end)
    if span[0] >= span[1]:
        raise MachinesError("malformed", f"{number}: end")
    return span


def _time(told: object, number: int, name: str) -> int | None:
    if told is None:
        return None
    found = None
    if isinstance(told, str) and _TIME.fullmatch(told):
        from zoneinfo import ZoneInfo

        found = times.parse(told, ("iso8601",), ZoneInfo("UTC"))
    if found is None or not isinstance(found.value, int):
        raise MachinesError("malformed", f"{number}: {name}")
    if not 0 <= found.value < _LATEST:
        raise MachinesError("malformed", f"{number}: {name}: it is not between 1970 and 2100")
    return found.value


def _source(record: dict[str, Any], number: int) -> str:
    """The name of the source; what people write in a register comes in no document."""
    source = _text(record.get("source"), number, "source")
    if is_piled(source):
        raise MachinesError("malformed", f"{number}: source")
    if source == BY_HAND:
        raise MachinesError("malformed", f"{number}: source: “{BY_HAND}” stands for words of people")
    return source


def _text(told: object, number: int, name: str) -> str:
    """A short text that is safe to show. Escaping is what a writer did: it changes nothing here."""
    if not isinstance(told, str) or len(told) > _MOST_TEXT:
        raise MachinesError("malformed", f"{number}: {name}")
    try:
        if escape(told.encode("utf-8")) != told:
            raise MachinesError("malformed", f"{number}: {name}")
    except UnicodeEncodeError as error:
        raise MachinesError("malformed", f"{number}: {name}") from error
    return told
