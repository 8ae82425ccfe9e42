"""The time of a line of no known format: where it stands and what it means (docs/log-formats.md 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, tzinfo
from itertools import pairwise

from quetsach.logs import times
from quetsach.logs.times import Moment, Yearless
from quetsach.scanning.engines import freetext, keys
from quetsach.scanning.engines.clocks import (
    CLOCK,
    DECIMALS,
    LONGEST_DATE,
    UNTOLD,
    Found,
    Told,
    at_clock,
    clocks,
    is_word,
    stated,
)
from quetsach.scanning.engines.keys import Key
from quetsach.scanning.engines.sides import bare
from quetsach.scanning.engines.wrappers import behind_hole

TIME_BYTES = 1 << 14
"""Bytes at the start of a line in which its time is sought."""
_DIGITS = re.compile(r"[0-9]+")
_UNITS = {10: 1_000_000, 13: 1_000, 16: 1, 19: 0}
_LEAST, _GREATEST = 946_684_800 * times.SECOND, 4_102_444_800 * times.SECOND
"""The years 2000 to 2099: a number outside is no time."""
_HEAD_PRIORITY = re.compile(r"(?:<[0-9]{1,3}>(?:1 )?)?")
_HEAD_END = re.compile(r"[\])]?:? {1,3}")
_WEEKDAY = re.compile(r"[\[(*.]?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?")
_MESSAGE_HEAD = re.compile(
    r"[\"'][ \t]*:[ \t]*\\*\"(?:<[0-9]{1,3}>(?:1 )?)?[\[(*.]?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?\Z"
)
_LONGEST_HEAD = 32
_SAME_MOMENT = 600 * times.SECOND
"""See `records._SAME_MOMENT`."""

RECORD = frozenset(
    {
        "ts", "time", "timestamp", "epoch", "rt", "date", "datetime", "start", "occurred", "occurrence",
        "happened", "generated", "detected",
    }
)  # fmt: skip
RECORD_ENDS = ("time", "timestamp", "epoch")
NEVER = frozenset(
    {
        "not", "until", "till", "to", "since", "uptime", "duration", "birth", "next", "x509", "pattern",
        "sig", "signature", "signatures", "mtime", "ctime", "atime", "age", "ttl", "idle", "elapsed",
    }
)  # fmt: skip
NEVER_BEGINS = (
    "notbefore", "notafter", "valid", "expir", "cert", "boot", "modif", "lease", "regist", "compil", "releas",
    "build", "install", "upgrad", "licen", "passw", "pwd", "renew",
)  # fmt: skip
INGEST_BEGINS = ("receiv", "ingest", "indexed", "collect", "arriv", "forward", "insert", "processed")
"""The time of somebody who had the record later. ECS: `event.ingested` is when the store took it; PAN-OS:
`receive_time` is when the log arrived at the management plane."""
MESSAGE = frozenset(
    {"message", "msg", "log", "original", "raw", "rawmsg", "payload", "body", "line", "event"}
)
"""The last word of keys under which a collector keeps the line of a device. ECS: `@timestamp` is the event's
own time only where the collector found one in the line."""
_OWN_EVENT, _OWN, _EVENT, _ALONE, _OTHER, _LOGGED, _INGEST = range(7)
"""How good a time is: of the device's own line, when it happened first; else when it happened; alone or under
a key of time; another; when it was logged, reported or sent; of a later reader."""
EVENT_BEGINS = ("event", "occur", "happen", "detect")
_NEVER_NEAR = frozenset({"db", "definition", "definitions", "database", "dat", "avdb", "sigdb", "virusdb"})
_LOGGED_WORDS = frozenset({"logged", "logtime", "report", "reported", "reporting", "sent", "sending"})
_FILLERS = frozenset({"luc", "vao", "ngay", "at", "on"})
"""Words between a word and its time: `báo cáo lúc`."""
_NEVER_PAIRS = frozenset(
    {
        ("cap", "nhat"), ("cai", "dat"), ("het", "han"), ("phien", "ban"), ("khoi", "dong"), ("nang", "cap"),
        ("quet", "cuoi"), ("lieu", "mau"), ("ngay", "mau"), ("san", "xuat"), ("kich", "hoat"),
        ("hieu", "luc"), ("gia", "han"), ("chu", "ky"), ("ban", "mau"), ("tao", "mau"),
        ("chinh", "sua"), ("thay", "doi"), ("dang", "ky"),
    }
)  # fmt: skip
"""Cập nhật (updated), cài đặt (installed), hết hạn (expires), phiên bản (version), …, without their marks."""
_ZONES = frozenset({"at", "on", "utc", "gmt", "local"})
_ENDS = frozenset({("lan", "dau"), ("lan", "cuoi"), ("dau", "tien")})
_FIRST = ("first", frozenset({("lan", "dau"), ("dau", "tien")}))
_LAST = ("last", frozenset({("lan", "cuoi")}))
_EVENT_PAIRS = frozenset({("xay", "ra"), ("phat", "hien"), ("su", "kien"), ("dien", "ra")})
_LOGGED_PAIRS = frozenset({("log", "time"), ("bao", "cao"), ("gui", "luc"), ("gui", "ngay")})
_RECEIVED_PAIRS = frozenset(
    {*((w, "nhan") for w in ("gian", "diem", "ngay", "luc", "tiep")), *(("nhan", w) for w in ("luc", "ngay"))}
)
_TIMES = (("thoi", "gian"), ("thoi", "diem"))


def start(line: bytes) -> bytes:
    """The part of a line that may hold its time."""
    return (behind_hole(line) if b"\0" in line else line)[:TIME_BYTES]


def time(line: bytes, zone: tzinfo, told: Told = UNTOLD) -> Moment | None:
    """The time of the record: the first of the best kind that is there. None where that time is in doubt."""
    if b"\0" in line:
        line = behind_hole(line)
    marked = freetext.cleared(line[:TIME_BYTES]).clear
    text = bare(marked)
    found = sorted((*clocks(text, marked, zone, told), *_epochs(text)), key=lambda f: f.start)
    paths = keys.around(text, [f.start for f in found])
    said = stated(text) if found else None
    is_only = sum(f.parts is not None for f in found) == 1
    kept = []
    for one, path in zip(found, paths, strict=True):
        key = keys.before(text, one.start)
        rank = _rank(key, path, text[: one.start])
        is_of_key = not key.is_word and _says_time(key)
        if said is not None and (one.is_pair or is_only or is_of_key):
            one = one.by(said, zone, told)
        if rank is not None:
            kept.append((rank, one))
    rank, best = min(kept, key=lambda k: (k[0], k[1].start), default=(_OTHER, None))
    if best is None or best.moment is None:
        return None
    if _says_end(text, best, _FIRST) and any(_says_end(text, one, _LAST) for one in found):
        # When something was first seen, and when last: neither is the time of the line.
        return None
    moments = [m for m in (f.moment for _, f in kept) if m is not None]
    if isinstance(best.moment.value, Yearless):
        return next((m for m in moments if _is_near(best.moment.value, m, zone)), best.moment)
    if rank <= _OWN and best.moment.local:
        return _in_stated_zone(best, [one for _, one in kept]) or best.moment
    return best.moment


def _says_end(text: str, one: Found, end: tuple[str, frozenset[tuple[str, str]]]) -> bool:
    """Whether a time is called the first or the last one."""
    said = keys.before(text, one.start).words[-3:]
    word, ends = end
    return word in said or not ends.isdisjoint(pairwise(said))


def _in_stated_zone(best: Found, others: list[Found]) -> Moment | None:
    """A message's own time in the zone that the record round it states, if both are the same moment there."""
    for other in others:
        if other.own is None or other.moment is None or isinstance(other.moment.value, Yearless):
            continue
        assert best.parts is not None
        moved = best.parts.moment(other.own, other.own)
        if moved is None or isinstance(moved.value, Yearless):
            continue
        if abs(moved.value - other.moment.value) <= _SAME_MOMENT:
            return moved
    return None


def _is_near(bare: Yearless, other: Moment, zone: tzinfo) -> bool:
    """Whether a time with a year lies within a day of one without: the same event, told twice."""
    if isinstance(other.value, Yearless):
        return False
    year = int(times.iso(other.value)[:4])
    value = bare.in_year(year, zone)
    return value is not None and abs(value - other.value) <= times.DAY


def _rank(key: Key, path: tuple[tuple[str, ...], ...], before: str) -> int | None:
    """How good a time is; None for the date of a certificate, an uptime and the like."""
    said = key.words
    while key.is_word and len(said) > 1 and said[-1] in _FILLERS:
        said = said[:-1]
    further = said[-3:] if key.is_word else said
    said = said[-2:] if key.is_word else said
    nearest = said[-1:] if key.is_word else said
    pairs = frozenset(pairwise(said))
    around = tuple(word for part in path for word in part)
    is_begun = any(w.startswith(NEVER_BEGINS) for w in (*said, *around))
    if is_begun or any(w in NEVER for w in (*nearest, *around)):
        return None
    if any(w in _NEVER_NEAR or w.startswith("updat") for w in nearest):
        return None
    is_event = _is_event(nearest) or not pairs.isdisjoint(_EVENT_PAIRS)
    if not _NEVER_PAIRS.isdisjoint(pairwise(further)) or (("lan", "cuoi") in pairs and not is_event):
        return None
    if any(w.startswith(INGEST_BEGINS) or "receiv" in w for w in nearest) or _is_received(said, pairs):
        return _INGEST
    if (
        any(w in _LOGGED_WORDS for w in nearest)
        or not pairs.isdisjoint(_LOGGED_PAIRS)
        or said[-1:] == ("gui",)
    ):
        return _LOGGED
    # When something was first or last seen is not when this was.
    is_event = is_event and pairs.isdisjoint(_ENDS) and not any(w in ("first", "last") for w in said)
    is_of_key = not key.is_word and _says_time(key)
    if path and path[0][-1] in MESSAGE and (is_of_key or _MESSAGE_HEAD.search(before[-_LONGEST_HEAD:])):
        return _OWN_EVENT if is_event else _OWN
    if is_event:
        return _EVENT
    return _ALONE if key.is_word or not key.words or is_of_key else _OTHER


def _is_event(nearest: tuple[str, ...]) -> bool:
    """`event_time`, `detected`, `occurred_at`; but `event.created` is when it was written down."""
    if not any(w.startswith(EVENT_BEGINS) for w in nearest):
        return False
    last = nearest[-1]
    is_time = last in RECORD or last in _ZONES or last.endswith(RECORD_ENDS)
    return is_time or last.startswith(EVENT_BEGINS)


def _is_received(said: tuple[str, ...], pairs: frozenset[tuple[str, str]]) -> bool:
    """`nhận` (received), and not `ghi nhận` (recorded)."""
    return said == ("nhan",) or not pairs.isdisjoint(_RECEIVED_PAIRS)


def _says_time(key: Key) -> bool:
    if not key.words:
        return False
    last = key.words[-1]
    return last in RECORD or last.endswith(RECORD_ENDS) or key.words[-2:] in _TIMES


def _epochs(text: str) -> Iterator[Found]:
    head = _HEAD_PRIORITY.match(text)
    first = head.end() if head else 0
    for digits in _DIGITS.finditer(text):
        start, end = digits.span()
        unit = _UNITS.get(end - start)
        if unit is None or (start > 0 and (is_word(text[start - 1]) or text[start - 1] in "._-")):
            continue
        has_decimals = end - start in (10, 13) and text[end : end + 1] == "."
        decimals = DECIMALS.match(text, end) if has_decimals else None
        stop = decimals.end() if decimals else end
        if is_word(text[stop : stop + 1]):
            continue
        key = keys.before(text, start)
        is_head = start == first and end - start == 10 and decimals and text[stop : stop + 1] == " "
        if not is_head and (key.is_word or not _says_time(key)):
            continue
        number = int(digits[0])
        value = number * unit if unit else number // 1000
        if decimals and end - start == 10:
            value += times.micros(decimals[1])
        if _LEAST <= value < _GREATEST:
            yield Found(start, stop, Moment(value, False))


def head(line: str, at: int) -> int | None:
    """Where the text behind a time that begins here goes on; None without a time."""
    begin = at
    weekday = _WEEKDAY.match(line, at)
    begin = weekday.end() if weekday else at
    clock = CLOCK.search(line, begin, begin + LONGEST_DATE)
    if clock is None:
        return None
    found = at_clock(line, None, clock, UTC, UNTOLD)
    if found is None or found.start not in (at, begin):
        return None
    end = _HEAD_END.match(line, found.end)
    return end.end() if end else None
