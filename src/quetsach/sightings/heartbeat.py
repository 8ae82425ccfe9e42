"""The heartbeat of a watching program: where each followed source stands, as one JSON document.

{"type":"heartbeat","schema":1,"tool":"quetsach 0.1.0","at":"2026-11-30T01:00:00.000000Z","began":"…",
 "list":{"set":"SET ID","entries":20000},"unsent":{"rows":0,"oldest":null,"leases":0},
 "sources":[{"path":"/var/log/dnsmasq.log","name":"dnsmasq","format":"dnsmasq","zone":"Asia/Ho_Chi_Minh",
   "last_line":"…","pause":60,"behind":0,"lines":120,"not_understood":0,"gaps":0,"dropped":0,"problem":""}]}

`behind` are bytes that are written and not looked at yet; `pause` is the usual time between two looks that
found lines, in seconds, null until it is known. `list` is null where nothing is looked for. Docs:
docs/contract.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from quetsach.text.escape import escape
from quetsach.text.json_limits import TooManyError, few

SCHEMA = 1
SECONDS = 60
"""The time between two heartbeats."""
MOST_BYTES = 1 << 20
MOST_SOURCES = 2_000
_MOST_TEXT = 1_000
_MOST_NUMBER = 1 << 53
LONGEST_PAUSE = 30 * 24 * 3600
"""In seconds. A source with lines more seldom has no usual pause."""
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_COUNTS = ("behind", "lines", "not_understood", "gaps", "dropped")
_WORDS = ("path", "name", "format", "zone", "problem")


class HeartbeatError(ValueError):
    """The document is no heartbeat of this schema. `where` names the field."""

    def __init__(self, code: str, where: str) -> None:
        super().__init__(f"{code}: {where}")
        self.code, self.where = code, where


@dataclass(frozen=True, slots=True)
class WatchedSource:
    """One followed file or folder entry. Counts are totals since the program began to follow it."""

    path: str
    name: str
    format: str = ""
    zone: str = ""
    last_line: datetime | None = None
    pause: int | None = None
    behind: int = 0
    lines: int = 0
    not_understood: int = 0
    gaps: int = 0
    dropped: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The state of a watching program at `at`, by its own clock. `set_id` is empty without a list."""

    tool: str
    at: datetime
    began: datetime
    set_id: str = ""
    entries: int = 0
    unsent: int = 0
    oldest_unsent: datetime | None = None
    unsent_leases: int = 0
    sources: tuple[WatchedSource, ...] = ()


def write(beat: Heartbeat) -> bytes:
    """The document of a heartbeat."""
    document = {
        "type": "heartbeat", "schema": SCHEMA, "tool": beat.tool, "at": _iso(beat.at),
        "began": _iso(beat.began),
        "list": {"set": beat.set_id, "entries": beat.entries} if beat.set_id else None,
        "unsent": {
            "rows": beat.unsent, "oldest": _iso(beat.oldest_unsent), "leases": beat.unsent_leases,
        },
        "sources": [asdict(one) | {"last_line": _iso(one.last_line)} for one in beat.sources],
    }  # fmt: skip
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def read(data: bytes) -> Heartbeat:
    """The heartbeat of a document.

    Raises HeartbeatError: `not_heartbeat`, `schema`, `malformed`.
    """
    try:
        if len(data) > MOST_BYTES:
            raise ValueError("long")
        document = json.loads(few(data, groups=4 * MOST_SOURCES, items=20 * MOST_SOURCES).decode("utf-8"))
    except (ValueError, TooManyError, RecursionError) as error:
        raise HeartbeatError("not_heartbeat", "JSON") from error
    if not isinstance(document, dict) or document.get("type") != "heartbeat":
        raise HeartbeatError("not_heartbeat", "type")
    if document.get("schema") != SCHEMA or isinstance(document["schema"], bool):
        raise HeartbeatError("schema", "schema")
    rows = document.get("sources")
    if not isinstance(rows, list) or len(rows) > MOST_SOURCES:
        raise HeartbeatError("malformed", "sources")
    listed = _group(document, "list") if document.get("list") is not None else {}
    unsent = _group(document, "unsent")
    at, began = _time(document.get("at"), "at"), _time(document.get("began"), "began")
    if at is None or began is None or began > at:
        raise HeartbeatError("malformed", "began")
    return Heartbeat(
        tool=_text(document.get("tool"), "tool"),
        at=at,
        began=began,
        set_id=_text(listed.get("set", ""), "list.set"),
        entries=_count(listed.get("entries", 0), "list.entries"),
        unsent=_count(unsent.get("rows"), "unsent.rows"),
        oldest_unsent=_time(unsent.get("oldest"), "unsent.oldest"),
        # Absent from programs that sent no leases.
        unsent_leases=_count(unsent.get("leases", 0), "unsent.leases"),
        sources=tuple(_source(row, number) for number, row in enumerate(rows)),
    )


def _source(row: object, number: int) -> WatchedSource:
    where = f"sources[{number}]"
    if not isinstance(row, dict):
        raise HeartbeatError("malformed", where)
    pause = row.get("pause")
    path, name, form, zone, problem = (_text(row.get(word), f"{where}.{word}") for word in _WORDS)
    behind, lines, not_understood, gaps, dropped = (
        _count(row.get(word), f"{where}.{word}") for word in _COUNTS
    )
    return WatchedSource(
        path,
        name,
        form,
        zone,
        last_line=_time(row.get("last_line"), f"{where}.last_line"),
        pause=None if pause is None else _count(pause, f"{where}.pause", LONGEST_PAUSE),
        behind=behind,
        lines=lines,
        not_understood=not_understood,
        gaps=gaps,
        dropped=dropped,
        problem=problem,
    )


def _group(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    if not isinstance(found, dict):
        raise HeartbeatError("malformed", name)
    return found


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _time(told: object, where: str) -> datetime | None:
    if told is None:
        return None
    try:
        if not isinstance(told, str) or not told.endswith("Z"):
            raise ValueError("no time in UTC")
        moment = datetime.fromisoformat(told)
    except ValueError as error:
        raise HeartbeatError("malformed", where) from error
    if not _EARLIEST <= moment < _LATEST:
        raise HeartbeatError("malformed", where)
    return moment


def _count(told: object, where: str, most: int = _MOST_NUMBER) -> int:
    if not isinstance(told, int) or isinstance(told, bool) or not 0 <= told <= most:
        raise HeartbeatError("malformed", where)
    return told


def _text(told: object, where: str) -> str:
    """A short text that is safe to show: what a writer escapes is escaped already."""
    if not isinstance(told, str) or len(told) > _MOST_TEXT:
        raise HeartbeatError("malformed", where)
    try:
        is_safe = escape(told.encode("utf-8")) == told
    except UnicodeEncodeError as error:
        raise HeartbeatError("malformed", where) from error
    if not is_safe:
        raise HeartbeatError("malformed", where)
    return told
