"""The time of a line of no known format: where it stands and what it means (docs/log-formats.md 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo

from quetsach.logs import times
from quetsach.logs.times import Moment, Yearless
from quetsach.scanning.engines import freetext, keys
from quetsach.scanning.engines.keys import Key
from quetsach.scanning.engines.wrappers import behind_hole

TIME_BYTES = 1 << 14
"""Bytes at the start of a line in which its time is sought."""
_MONTH = "(?P<name>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})")
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
    )
)
"""How a date is spelled before its clock; the first form that fits counts."""
_LONGEST_DATE = 32
_DECIMALS = re.compile(r"[.,]([0-9]+)")
_ZONE = re.compile(r" ?(?:(?:UTC|GMT)?(?P<offset>[+-][0-9]{2}(?::?[0-9]{2})?)|(?P<word>[Zz]|UTC|GMT|ICT))")
_WORDS_OF_ZONES = {"Z": UTC, "z": UTC, **times.ZONES}
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

RECORD = frozenset({"ts", "time", "timestamp", "epoch", "rt", "date", "datetime", "start"})
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


@dataclass(frozen=True, slots=True)
class _Found:
    """A time in a line. `rank` is 0 where it stands alone or its key says record time, else 1."""

    start: int
    end: int
    moment: Moment
    rank: int


def start(line: bytes) -> bytes:
    """The part of a line that may hold its time."""
    return (behind_hole(line) if b"\0" in line else line)[:TIME_BYTES]


def time(line: bytes, zone: tzinfo) -> Moment | None:
    """The time of the record: the first that no key calls something else, alone or under a key of time."""
    if b"\0" in line:
        line = behind_hole(line)
    text = freetext.cleared(line[:TIME_BYTES]).clear
    found = sorted((*_clocks(text, zone), *_epochs(text)), key=lambda f: f.start)
    paths = keys.around(text, [f.start for f in found])
    kept = []
    for one, path in zip(found, paths, strict=True):
        rank = _rank(keys.before(text, one.start), path)
        if rank is not None:
            kept.append(_Found(one.start, one.end, one.moment, rank))
    best = min(kept, key=lambda f: (f.rank, f.start), default=None)
    if best is None:
        return None
    if isinstance(best.moment.value, Yearless):
        return next(
            (m for m in (f.moment for f in kept) if _is_near(best.moment.value, m, zone)), best.moment
        )
    return best.moment


def _is_near(bare: Yearless, other: Moment, zone: tzinfo) -> bool:
    """Whether a time with a year lies within a day of one without: the same event, told twice."""
    if isinstance(other.value, Yearless):
        return False
    year = int(times.iso(other.value)[:4])
    value = bare.in_year(year, zone)
    return value is not None and abs(value - other.value) <= times.DAY


def _rank(key: Key, path: tuple[tuple[str, ...], ...]) -> int | None:
    """0 or 1 (see `_Found`); None for the date of a certificate, an uptime and the like."""
    nearest = key.words[-1:] if key.is_word else key.words
    words = (*key.words, *(word for part in path for word in part))
    if any(w in NEVER for w in (*nearest, *words[len(key.words) :])):
        return None
    if any(w.startswith(NEVER_BEGINS) for w in words):
        return None
    return 0 if key.is_word or not key.words or _says_time(key) else 1


def _says_time(key: Key) -> bool:
    return bool(key.words) and (key.words[-1] in RECORD or key.words[-1].endswith(RECORD_ENDS))


def _clocks(text: str, zone: tzinfo) -> Iterator[_Found]:
    at = 0
    while (clock := _CLOCK.search(text, at)) is not None:
        found = _at_clock(text, clock, zone)
        at = found.end if found else clock.start() + 1
        if found is not None:
            yield found


def _at_clock(text: str, clock: re.Match[str], zone: tzinfo) -> _Found | None:
    """The time whose hour, minute and second stand here, if a date stands before them."""
    start, end = clock.span()
    if _is_digit(text[end : end + 1]) or (text[end : end + 1] == ":" and _is_digit(text[end + 1 : end + 2])):
        return None
    before = text[max(0, start - _LONGEST_DATE) : start]
    date = next((d for d in (form.search(before) for form in _DATES) if d is not None), None)
    if date is None:
        return None
    begin = start - len(before) + date.start()
    if begin > 0 and _is_word(text[begin - 1]):
        return None
    decimals = _DECIMALS.match(text, end)
    own, end = _zone_at(text, decimals.end() if decimals else end)
    part = date.groupdict()
    year = part.get("year")
    if year is None and (behind := _YEAR_BEHIND.match(text, end)) and not _is_word(text[behind.end() :][:1]):
        year, end = behind[1], behind.end()
        if own is None:
            own, end = _zone_at(text, end)
    if own is None and part.get("pair") and (said := _ZONE_KEY.search(text)):
        own = _offset(said[1])
    month = times.MONTHS[part["name"]] if "name" in part else int(part["month"])
    parts = (month, int(part["day"]), *(int(n) for n in clock.groups()))
    micros = times.micros(decimals[1] if decimals else None)
    moment = _moment(year, parts, micros, own, zone)
    return _Found(begin, end, moment, 0) if moment is not None else None


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


def _zone_at(text: str, at: int) -> tuple[tzinfo | None, int]:
    """The zone that is stated at this place, and where it ends; None and the place itself without one."""
    found = _ZONE.match(text, at)
    if found is None:
        return None, at
    end = found.end()
    if _is_word(text[end : end + 1]) or (text[end : end + 1] == ":" and _is_digit(text[end + 1 : end + 2])):
        return None, at
    own = _WORDS_OF_ZONES[found["word"]] if found["word"] else _offset(found["offset"])
    return (own, end) if own is not None else (None, at)


def _offset(spelled: str) -> tzinfo | None:
    return times.offset(spelled) if int(spelled[1:3]) <= _MOST_HOURS else None


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
            yield _Found(start, stop, Moment(value, False), 0)


def head(line: str, at: int) -> int | None:
    """Where the text behind a time that begins here goes on; None without a time."""
    begin = at
    weekday = _WEEKDAY.match(line, at)
    begin = weekday.end() if weekday else at
    clock = _CLOCK.search(line, begin, begin + _LONGEST_DATE)
    if clock is None:
        return None
    found = _at_clock(line, clock, UTC)
    if found is None or found.start not in (at, begin):
        return None
    end = _HEAD_END.match(line, found.end)
    return end.end() if end else None
