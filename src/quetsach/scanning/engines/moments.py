"""The time of a line of no known format: where it stands and what it means (docs/log-formats.md 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import NamedTuple

from quetsach.logs import times
from quetsach.logs.times import Moment, Yearless
from quetsach.scanning.engines import freetext, keys
from quetsach.scanning.engines.keys import Key
from quetsach.scanning.engines.wrappers import behind_hole

TIME_BYTES = 1 << 14
"""Bytes at the start of a line in which its time is sought."""
_MONTH = "(?P<name>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2}):([0-9]{2})")
_MONTH_NUMBER = "(?P<month>[0-9]{2})"
_DAY_NUMBER = "(?P<day>[0-9]{2})"
_DAY = "(?P<day>[ 0-9]?[0-9])"
_YEAR = "(?P<year>[0-9]{4})"
_PAIR = r"""(?P<pair>["']?[ ,;\t]{1,2}["']?time["']?[=:]["']?)"""
_DATES = tuple(
    re.compile(rf"(?:{date})\Z")
    for date in (
        rf"{_YEAR}-{_MONTH_NUMBER}-{_DAY_NUMBER}(?:[Tt \t,]|{_PAIR})",
        rf"{_YEAR}/{_MONTH_NUMBER}/{_DAY_NUMBER}[ \t,:]",
        rf"{_DAY_NUMBER}/{_MONTH}/{_YEAR}:",
        rf"{_DAY_NUMBER}-{_MONTH}-{_YEAR} ",
        rf"{_YEAR} {_MONTH} {_DAY} ",
        rf"{_MONTH} {_DAY},? {_YEAR},? ",
        rf"(?P<day>[0-9]{{1,2}}) {_MONTH} {_YEAR} ",
        rf"{_MONTH} {_DAY} ",
        rf"{_YEAR}:{_MONTH_NUMBER}:{_DAY_NUMBER}-",
        rf"{_MONTH_NUMBER}/{_DAY_NUMBER}(?:/(?P<year>[0-9]{{4}}|[0-9]{{2}}))?-",
        *(
            rf"(?:\A|[^./-])(?P<pair_of>(?P<first>[0-9]{{1,2}}){sign}(?P<second>[0-9]{{1,2}}){sign})"
            rf"{_YEAR}[ ,Tt\t]{{1,2}}"
            for sign in (r"\.", "/", "-")
        ),
    )
)
"""How a date is spelled before its clock; the first form that fits counts."""
_LONGEST_DATE = 32
_LONGEST_HEAD = 32
_DECIMALS = re.compile(r"[.,]([0-9]+)")
_HALF = re.compile(r"(?: |[^\x00-\x7f])?(?:(?P<latin>[AaPp])\.?[Mm]\.?|(?P<vietnamese>SA|CH))")
"""Before or after noon: AM and PM, or sáng and chiều; a no-break space may stand before it."""
_ZONE = re.compile(
    r" ?\(?(?:(?:UTC|GMT)(?P<short>[+-][0-9]{1,2}(?::?[0-9]{2})?)"
    r"|(?P<offset>[+-][0-9]{2}(?::?[0-9]{2})?)|(?P<word>z|[A-Z]{1,5}))\)?"
)
_YEAR_BEHIND = re.compile(r" ((?:19|20)[0-9]{2})")
_ZONE_KEY = re.compile(
    r"(?:\A|[^0-9A-Za-z])(?:tz|timezone)[\"']?[=:] ?[\"']?(?:UTC|GMT)?([+-][0-9]{2}:?[0-9]{2})",
    re.IGNORECASE | re.ASCII,
)
_MOST_HOURS = 14
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
_NUMBERS = re.compile(
    rb"(?:\A|[^0-9./-])([0-9]{1,2})([/-])([0-9]{1,2})\2[0-9]{4}[ ,Tt\t]{1,2}[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
)
_MOST_MONTHS = 12
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
        "sig", "signature", "mtime", "ctime", "atime", "age", "ttl", "idle", "elapsed",
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
_OWN, _ALONE, _OTHER, _INGEST = range(4)
"""How good a time is: of the device's own line; alone or under a key of time; another; of a later reader."""


class Told(NamedTuple):
    """What a file says of all its times."""

    order: str = ""
    """`day` or `month`: what dates of two numbers and a year begin with; "" where the file does not say."""
    is_utc: bool = False
    """A time with a year and without a zone is in UTC (the W3C extended log file format)."""


UNTOLD = Told()


@dataclass(frozen=True, slots=True)
class _Found:
    """A time in a line; `moment` is None where the line shows a time and does not say which."""

    start: int
    end: int
    moment: Moment | None
    own: tzinfo | None = None
    """The zone that the line states."""
    parts: _Parts | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """A date and a clock as the line shows them."""

    year: str | None
    clock: tuple[int, ...]
    """Month, day, hour, minute, second."""
    micros: int

    def moment(self, own: tzinfo | None, zone: tzinfo) -> Moment | None:
        return _moment(self.year, self.clock, self.micros, own, zone)


def date_order(start: bytes) -> str:
    """What dates of two numbers and a year begin with, by those of a file's first lines that can be read only
    one way: `day`, `month`, or "" where none or both are there."""
    pairs = [(int(first), int(second)) for first, _, second in _NUMBERS.findall(start)]
    is_day = any(first > _MOST_MONTHS >= second for first, second in pairs)
    is_month = any(second > _MOST_MONTHS >= first for first, second in pairs)
    return "" if is_day == is_month else "day" if is_day else "month"


def start(line: bytes) -> bytes:
    """The part of a line that may hold its time."""
    return (behind_hole(line) if b"\0" in line else line)[:TIME_BYTES]


def time(line: bytes, zone: tzinfo, told: Told = UNTOLD) -> Moment | None:
    """The time of the record: the first of the best kind that is there. None where that time is in doubt."""
    if b"\0" in line:
        line = behind_hole(line)
    text = freetext.cleared(line[:TIME_BYTES]).clear
    found = sorted((*_clocks(text, zone, told), *_epochs(text)), key=lambda f: f.start)
    paths = keys.around(text, [f.start for f in found])
    kept = []
    for one, path in zip(found, paths, strict=True):
        rank = _rank(keys.before(text, one.start), path, text[: one.start])
        if rank is not None:
            kept.append((rank, one))
    rank, best = min(kept, key=lambda k: (k[0], k[1].start), default=(_OTHER, None))
    if best is None or best.moment is None:
        return None
    moments = [m for m in (f.moment for _, f in kept) if m is not None]
    if isinstance(best.moment.value, Yearless):
        return next((m for m in moments if _is_near(best.moment.value, m, zone)), best.moment)
    if rank == _OWN and best.moment.local:
        return _in_stated_zone(best, [one for _, one in kept]) or best.moment
    return best.moment


def _in_stated_zone(best: _Found, others: list[_Found]) -> Moment | None:
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
    nearest = key.words[-1:] if key.is_word else key.words
    words = (*key.words, *(word for part in path for word in part))
    if any(w in NEVER for w in (*nearest, *words[len(key.words) :])):
        return None
    if any(w.startswith(NEVER_BEGINS) for w in words):
        return None
    if any(w.startswith(INGEST_BEGINS) for w in nearest):
        return _INGEST
    is_of_key = not key.is_word and _says_time(key)
    if path and path[0][-1] in MESSAGE and (is_of_key or _MESSAGE_HEAD.search(before[-_LONGEST_HEAD:])):
        return _OWN
    return _ALONE if key.is_word or not key.words or is_of_key else _OTHER


def _says_time(key: Key) -> bool:
    return bool(key.words) and (key.words[-1] in RECORD or key.words[-1].endswith(RECORD_ENDS))


def _clocks(text: str, zone: tzinfo, told: Told) -> Iterator[_Found]:
    at = 0
    while (clock := _CLOCK.search(text, at)) is not None:
        found = _at_clock(text, clock, zone, told)
        at = found.end if found else clock.start() + 1
        if found is not None:
            yield found


def _at_clock(text: str, clock: re.Match[str], zone: tzinfo, told: Told) -> _Found | None:
    """The time whose hour, minute and second stand here, if a date stands before them."""
    start, end = clock.span()
    if _is_digit(text[end : end + 1]) or (text[end : end + 1] == ":" and _is_digit(text[end + 1 : end + 2])):
        return None
    before = text[max(0, start - _LONGEST_DATE) : start]
    date = next((d for d in (form.search(before) for form in _DATES) if d is not None), None)
    if date is None:
        return None
    part = date.groupdict()
    begin = start - len(before) + (date.start("pair_of") if part.get("pair_of") else date.start())
    if begin > 0 and _is_word(text[begin - 1]):
        return None
    decimals = _DECIMALS.match(text, end)
    half, end = _half_at(text, decimals.end() if decimals else end)
    own, is_doubtful, end = _zone_at(text, end)
    year = part.get("year")
    if year is None and (behind := _YEAR_BEHIND.match(text, end)) and not _is_word(text[behind.end() :][:1]):
        year, end = behind[1], behind.end()
        if own is None and not is_doubtful:
            own, is_doubtful, end = _zone_at(text, end)
    if own is None and part.get("pair") and (said := _ZONE_KEY.search(text)):
        own = _offset(said[1])
    order = "day" if half in ("SA", "CH") else told.order
    days = _month_and_day(part, order)
    hour = _hour(int(clock[1]), half)
    if is_doubtful or days is None or hour is None:
        return _Found(begin, end, None)
    parts = _Parts(
        year, (*days, hour, int(clock[2]), int(clock[3])), times.micros(decimals[1] if decimals else None)
    )
    by = UTC if own is None and year is not None and told.is_utc else own
    moment = parts.moment(by, zone)
    return _Found(begin, end, moment, own, parts) if moment is not None else None


def _month_and_day(part: dict[str, str | None], order: str) -> tuple[int, int] | None:
    """The month and the day of a date; None where it could be read both ways."""
    if part.get("pair_of"):
        first, second = int(part["first"] or 0), int(part["second"] or 0)
        if second > _MOST_MONTHS:
            return first, second
        if first > _MOST_MONTHS or first == second or order == "day" or "." in (part["pair_of"] or ""):
            return second, first
        return (first, second) if order == "month" else None
    name = part.get("name")
    return times.MONTHS[name] if name else int(part["month"] or 0), int(part["day"] or 0)


def _half_at(text: str, at: int) -> tuple[str, int]:
    """The half of the day that is stated at this place (A, P, SA, CH), and where it ends; else ""."""
    found = _HALF.match(text, at)
    if found is None or _is_word(text[found.end() : found.end() + 1]):
        return "", at
    return found["vietnamese"] or found["latin"].upper(), found.end()


def _hour(shown: int, half: str) -> int | None:
    """The hour of the day; None where no clock of twelve hours shows it."""
    if not half:
        return shown
    if not 1 <= shown <= 12:
        return None
    return shown % 12 + (12 if half in ("P", "CH") else 0)


def _moment(
    year: str | None, parts: tuple[int, ...], micros: int, own: tzinfo | None, zone: tzinfo
) -> Moment | None:
    """A time from month, day, hour, minute and second, by the zone that the line states, else by `zone`."""
    month, day, hour, minute, second = parts
    if year is None:
        bare = times.yearless(month, day, hour, minute, second)
        return times.moved(bare, own, zone) if bare is not None and own is not None else bare
    number = int(year) + (2000 if len(year) == 2 else 0)
    value = times.local(number, month, day, hour, minute, second, micros, own or zone)
    return Moment(value, own is None) if value is not None else None


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _is_digit(character: str) -> bool:
    return character.isascii() and character.isdigit()


def _zone_at(text: str, at: int) -> tuple[tzinfo | None, bool, int]:
    """The zone that is stated at this place, whether its name has several meanings, and where it ends."""
    nothing = None, False, at
    found = _ZONE.match(text, at)
    if found is None:
        return nothing
    end = found.end()
    if _is_word(text[end : end + 1]) or (text[end : end + 1] == ":" and _is_digit(text[end + 1 : end + 2])):
        return nothing
    word = found["word"]
    if word in times.DOUBTFUL_ZONES:
        return None, True, end
    own = times.ZONES.get(word.upper()) if word else _offset(found["short"] or found["offset"])
    return (own, False, end) if own is not None else nothing


def _offset(spelled: str) -> tzinfo | None:
    sign, digits = spelled[0], spelled[1:]
    hours = digits[:2] if digits[:2].isdigit() else digits[:1]
    padded = f"{sign}{hours:0>2}{digits[len(hours) :]}"
    return times.offset(padded) if int(hours) <= _MOST_HOURS else None


def _epochs(text: str) -> Iterator[_Found]:
    head = _HEAD_PRIORITY.match(text)
    first = head.end() if head else 0
    for digits in _DIGITS.finditer(text):
        start, end = digits.span()
        unit = _UNITS.get(end - start)
        if unit is None or (start > 0 and (_is_word(text[start - 1]) or text[start - 1] in "._-")):
            continue
        has_decimals = end - start in (10, 13) and text[end : end + 1] == "."
        decimals = _DECIMALS.match(text, end) if has_decimals else None
        stop = decimals.end() if decimals else end
        if _is_word(text[stop : stop + 1]):
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
            yield _Found(start, stop, Moment(value, False))


def head(line: str, at: int) -> int | None:
    """Where the text behind a time that begins here goes on; None without a time."""
    begin = at
    weekday = _WEEKDAY.match(line, at)
    begin = weekday.end() if weekday else at
    clock = _CLOCK.search(line, begin, begin + _LONGEST_DATE)
    if clock is None:
        return None
    found = _at_clock(line, clock, UTC, UNTOLD)
    if found is None or found.start not in (at, begin):
        return None
    end = _HEAD_END.match(line, found.end)
    return end.end() if end else None
