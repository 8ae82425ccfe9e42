"""Dates and clocks in a line of no known format, with their halves of the day and their zones
(docs/log-formats.md 6). `moments` says which of them is the time of the line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import NamedTuple

from quetsach.logs import times
from quetsach.logs.times import Moment

_MONTH = "(?P<name>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2}):([0-9]{2})")
_MONTH_NUMBER = "(?P<month>[0-9]{2})"
_DAY_NUMBER = "(?P<day>[0-9]{2})"
_DAY = "(?P<day>[ 0-9]?[0-9])"
_YEAR = "(?P<year>[0-9]{4})"
_PAIR = r"""(?P<pair>["']?[ ,;\t]{1,2}["']?time["']?[=:]["']?)"""
_AT = ",? (?:vao )?(?:luc|at) "
"""`ngày 20/11/2026 lúc 20:05:06`."""
_DATES = tuple(
    re.compile(rf"(?:{date})\Z")
    for date in (
        rf"{_YEAR}-{_MONTH_NUMBER}-{_DAY_NUMBER}(?:[Tt \t,]|{_AT}|{_PAIR})",
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
            rf"{_YEAR}(?:[ ,Tt\t]{{1,2}}|{_AT})"
            for sign in (r"\.", "/", "-")
        ),
    )
)
"""How a date is spelled before its clock; the first form that fits counts."""
LONGEST_DATE = 32
DECIMALS = re.compile(r"[.,]([0-9]+)")
_HALF = re.compile(
    r"(?: |[^\x00-\x7f]|(?P<cell>[\"']?[,;\t][\"']?))?"
    r"(?:(?P<latin>[AaPp])\.?[Mm]\.?|(?P<vietnamese>SA|CH)|(?P<small>sa|ch))"
)
"""Before or after noon: AM and PM, or sáng and chiều; a no-break space may stand before it, or a cell end."""
_TOKEN = re.compile(r"[-_=/][0-9A-Za-z]|\.[0-9A-Za-z]")
"""Behind letters that only begin a name: `SA-10`, `PM_x`."""
_MARK = r"[^\x00-\x7f]{0,2}"
_PART_OF_DAY = rf"(?P<word>sa{_MARK}ng|tru{_MARK}a|chie{_MARK}u|to{_MARK}i|de{_MARK}m)"
_SPOKEN = re.compile(
    rf"(?: ?\(|[\"']?[,;\t][\"']? ?| |[^\x00-\x7f])(?:buo{_MARK}i )?{_PART_OF_DAY}", re.IGNORECASE | re.ASCII
)
_SPOKEN_BEFORE = re.compile(
    rf"(?:\A|[^0-9A-Za-z_.@-])(?:buo{_MARK}i )?{_PART_OF_DAY},? (?:ngay )?\Z", re.IGNORECASE | re.ASCII
)
_LONGEST_SPOKEN = 24
_CLOCK_BEFORE = re.compile(r"(?:\A|[^0-9:])[0-9]{1,2}:[0-9]{2}:[0-9]{2}[ ,]{1,2}\Z")
_DATE_BEHIND = re.compile(r"[ ,]{1,2}(?:[0-9]{1,2}([./-])[0-9]{1,2}\1[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2})")
"""`CLOCK DATE CLOCK DATE` has two readings."""
_NOT_SAID = "?"
"""A word that is a half of the day or another word: its marks are missing."""
_WORDS = {
    **dict.fromkeys(("sáng", "sa\u0301ng"), "sang"),
    **dict.fromkeys(("trưa", "tru\u031ba", "trua"), "trua"),
    **dict.fromkeys(("chiều", "chie\u0302\u0300u", "chieu"), "chieu"),
    **dict.fromkeys(("tối", "to\u0302\u0301i"), "toi"),
    **dict.fromkeys(("đêm", "đe\u0302m"), "dem"),
    **dict.fromkeys(("sang", "toi", "dem"), _NOT_SAID),
}
"""Spellings with marks (in the forms NFC and NFD) and without: `tới` is to, and `toi` may be either."""
_HOURS = {
    "A": range(12),
    "P": range(12, 24),
    "SA": range(12),
    "CH": range(12, 24),
    "sang": range(12),
    "trua": range(10, 15),
    "chieu": range(12, 24),
    "toi": range(17, 24),
    "dem": (*range(5), *range(18, 24)),
}
"""The hours of the day that each word may mean."""
_CLOCKS_OF_TWELVE = ("A", "P", "SA", "CH")
_ZONE = re.compile(
    r"(?P<gap> )?\(?(?:(?:UTC|GMT)(?P<short>[+-][0-9]{1,2}(?::?[0-9]{2})?)"
    r"|(?P<offset>[+-][0-9]{2}(?:(?P<colon>:)?(?P<minutes>[0-9]{2}))?)|(?P<word>z|[A-Z]{1,5}))\)?"
)
_NUMBER = re.compile(
    r"\.[0-9]|[/%]|(?: ?(?:bytes?|octets?|[km]?b|ms|secs?|seconds?|packets?|pkts?|rows?|lines?|users?|times"
    r"|events?|hits?|sessions?|connections?|errors?|goi|lan|dong)(?:\Z|[^0-9A-Za-z]))",
    re.IGNORECASE | re.ASCII,
)
"""Behind digits that count something, or begin an address."""
_MINUTES = ("00", "15", "30", "45")
"""The minutes of zones; `-1024` is a number."""
_YEAR_BEHIND = re.compile(r" ((?:19|20)[0-9]{2})(?=\Z|[^0-9A-Za-z:/._-])")
_WEEKDAY = re.compile(r"(?:\A|[^0-9A-Za-z])(?i:mon|tue|wed|thu|fri|sat|sun) \Z")
_YEAR_OF_WEEKDAY = re.compile(r" ((?:19|20)[0-9]{2})(?=:(?:[ \t]|\Z))")
"""`Sat Jan 01 00:00:00 2000: message`; without the weekday the number may be one of the message."""
_ZONE_KEY = re.compile(
    r"(?:\A|[^0-9A-Za-z])(?:tz|time[ _-]?zone)[\"']?[=:] ?[\"']?(?P<value>[^\s\"',;|&)\]}]{1,40})",
    re.IGNORECASE | re.ASCII,
)
_ZONE_VALUE = re.compile(r"(?:UTC|GMT)?([+-][0-9]{1,2}(?::?[0-9]{2})?)")
_HERE = {
    **dict.fromkeys(("ASIA/HO_CHI_MINH", "ASIA/SAIGON", "ASIA/BANGKOK"), "ICT"),
    **dict.fromkeys(("ETC/UTC", "ETC/GMT", "ZULU"), "UTC"),
}
"""Places whose zone has one meaning. Any other place is a doubt."""
_SAYS_NO_ZONE = frozenset({"LOCAL", "LOCALTIME", "NONE", "NULL", "N/A", "-", "UNKNOWN"})
_HALF_KEY = re.compile(
    r"(?:\A|[^0-9A-Za-z])(?:am_?pm|meridiem|meridian)[\"']?[=:] ?[\"']?(AM|PM|SA|CH)(?:\Z|[^0-9A-Za-z])",
    re.IGNORECASE | re.ASCII,
)
_MOST_HOURS = 14
_NUMBERS = re.compile(
    rb"(?:\A|[^0-9./-])([0-9]{1,2})([/-])([0-9]{1,2})\2[0-9]{4}[ ,Tt\t]{1,2}[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
)
_MOST_MONTHS = 12


class Told(NamedTuple):
    """What a file says of all its times."""

    order: str = ""
    """`day` or `month`: what dates of two numbers and a year begin with; "" where the file does not say."""
    is_utc: bool = False
    """A time with a year and without a zone is in UTC (the W3C extended log file format)."""


UNTOLD = Told()


@dataclass(frozen=True, slots=True)
class Parts:
    """A date and a clock as the line shows them."""

    year: str | None
    clock: tuple[int, ...]
    """Month, day, hour, minute, second."""
    micros: int

    def moment(self, own: tzinfo | None, zone: tzinfo) -> Moment | None:
        """The time by the zone that the line states, else by `zone`."""
        return _moment(self.year, self.clock, self.micros, own, zone)


@dataclass(frozen=True, slots=True)
class Stated:
    """The zone and the half of the day that a line states under keys of their own."""

    zone: tzinfo | None
    is_doubtful: bool
    """The zone is not one that can be read."""
    half: str


@dataclass(frozen=True, slots=True)
class Found:
    """A time in a line; `moment` is None where the line shows a time and does not say which."""

    start: int
    end: int
    moment: Moment | None
    own: tzinfo | None = None
    """The zone that the line states."""
    parts: Parts | None = None
    is_pair: bool = False
    """Date and clock stand under two keys."""
    has_half: bool = False

    def by(self, stated: Stated, zone: tzinfo, told: Told) -> Found:
        """The same by what the line states under other keys; no moment where that is in doubt."""
        if self.parts is None:
            return self
        own = self.own if self.own is not None else stated.zone
        parts = self.parts
        if stated.half and not self.has_half:
            month, day, hour, minute, second = parts.clock
            said = _hour(hour, stated.half)
            if said is None:
                return Found(self.start, self.end, None)
            parts = replace(parts, clock=(month, day, said, minute, second))
        if self.own is None and stated.is_doubtful:
            return Found(self.start, self.end, None)
        is_utc = own is None and parts.year is not None and told.is_utc
        return replace(self, moment=parts.moment(UTC if is_utc else own, zone), own=own, parts=parts)


def stated(text: str) -> Stated | None:
    """What a line states of its times under keys such as `tz=` and `ampm=`; None where it states nothing."""
    half = _HALF_KEY.search(text)
    said = half[1].upper() if half is not None else ""
    said = {"AM": "A", "PM": "P"}.get(said, said)
    place = _ZONE_KEY.search(text)
    own, is_doubtful = None, False
    if place is not None:
        value = place["value"].replace("\\/", "/")
        own, is_doubtful = _zone_of(value.upper()) if value.isascii() else (None, True)
    if own is None and not is_doubtful and not said:
        return None
    return Stated(own, is_doubtful, said)


def _zone_of(value: str) -> tuple[tzinfo | None, bool]:
    """The zone under a key, and whether it is in doubt."""
    if value in _SAYS_NO_ZONE:
        return None, False
    spelled = _ZONE_VALUE.fullmatch(value)
    own = _offset(spelled[1]) if spelled is not None else times.ZONES.get(_HERE.get(value, value))
    return own, own is None


def date_orders(lines: bytes) -> set[str]:
    """What dates of two numbers and a year in whole lines begin with, where they can be read only one way:
    `day`, `month`, both or none."""
    pairs = [(int(first), int(second)) for first, _, second in _NUMBERS.findall(lines)]
    is_day = any(first > _MOST_MONTHS >= second for first, second in pairs)
    is_month = any(second > _MOST_MONTHS >= first for first, second in pairs)
    return {word for word, is_there in (("day", is_day), ("month", is_month)) if is_there}


def date_order(orders: Collection[str]) -> str:
    """What all such dates of a file begin with; "" where it shows none or both orders."""
    return next(iter(orders)) if len(orders) == 1 else ""


def clocks(text: str, marked: str | None, zone: tzinfo, told: Told) -> Iterator[Found]:
    at = 0
    while (clock := CLOCK.search(text, at)) is not None:
        found = at_clock(text, marked, clock, zone, told)
        at = found.end if found else clock.start() + 1
        if found is not None:
            yield found


def at_clock(text: str, marked: str | None, clock: re.Match[str], zone: tzinfo, told: Told) -> Found | None:
    """The time whose hour, minute and second stand here, if a date stands before them."""
    start, end = clock.span()
    if is_digit(text[end : end + 1]) or (text[end : end + 1] == ":" and is_digit(text[end + 1 : end + 2])):
        return None
    before = text[max(0, start - LONGEST_DATE) : start]
    date = next((d for d in (form.search(before) for form in _DATES) if d is not None), None)
    if date is None:
        return None
    part = date.groupdict()
    begin = start - len(before) + (date.start("pair_of") if part.get("pair_of") else date.start())
    if begin > 0 and is_word(text[begin - 1]):
        return None
    decimals = DECIMALS.match(text, end)
    half, end = _half_at(text, marked, decimals.end() if decimals else end, is_pair=bool(part.get("pair_of")))
    half = half or _half_before(text, marked, begin)
    own, is_doubtful, end = _zone_at(text, end)
    year = part.get("year")
    behind = _YEAR_BEHIND.match(text, end)
    if behind is None and _WEEKDAY.search(text[max(0, begin - 5) : begin]):
        behind = _YEAR_OF_WEEKDAY.match(text, end)
    if year is None and behind and not _NUMBER.match(text, behind.end()):
        year, end = behind[1], behind.end()
        if own is None and not is_doubtful:
            own, is_doubtful, end = _zone_at(text, end)
    order = told.order if half in ("", "A", "P", _NOT_SAID) else "day"
    days = _month_and_day(part, order)
    hour = _hour(int(clock[1]), half)
    is_between = _DATE_BEHIND.match(text, end) and _CLOCK_BEFORE.search(text[max(0, begin - 12) : begin])
    if is_doubtful or is_between or days is None or hour is None:
        return Found(begin, end, None)
    parts = Parts(
        year, (*days, hour, int(clock[2]), int(clock[3])), times.micros(decimals[1] if decimals else None)
    )
    by = UTC if own is None and year is not None and told.is_utc else own
    moment = parts.moment(by, zone)
    if moment is None:
        return None
    return Found(begin, end, moment, own, parts, bool(part.get("pair")), bool(half))


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


def _half_at(text: str, marked: str | None, at: int, *, is_pair: bool) -> tuple[str, int]:
    """The half of the day that is stated at this place (a key of `_HOURS`, or that it is in doubt), and where
    it ends; else "". `is_pair`: the date has two numbers and a year."""
    if marked is not None and (spoken := _SPOKEN.match(text, at)):
        end = spoken.end()
        word = _WORDS.get(marked[spoken.start("word") : end].lower(), "")
        return (word, end) if word and not is_word(text[end : end + 1]) else ("", at)
    found = _HALF.match(text, at)
    if found is None:
        return "", at
    end = found.end()
    if is_word(text[end : end + 1]) or _TOKEN.match(text, end):
        return "", at
    if found["small"] is not None:
        return (_NOT_SAID, end) if is_pair and found["cell"] is None else ("", at)
    if found["vietnamese"] and found["cell"] is not None:
        # `CH` in a cell of its own may be a country.
        return _NOT_SAID, end
    return found["vietnamese"] or found["latin"].upper(), end


def _half_before(text: str, marked: str | None, begin: int) -> str:
    """The part of the day that stands before a date: `chiều 20/11/2026 3:05:06`."""
    if marked is None:
        return ""
    start = max(0, begin - _LONGEST_SPOKEN)
    found = _SPOKEN_BEFORE.search(text[start:begin])
    if found is None:
        return ""
    word = marked[start + found.start("word") : start + found.end("word")]
    return _WORDS.get(word.lower(), "")


def _hour(shown: int, half: str) -> int | None:
    """The hour of the day; None where the word beside the clock does not fit it, or says nothing certain."""
    if not half:
        return shown
    if half == _NOT_SAID:
        return shown if shown > 12 else None
    if half in _CLOCKS_OF_TWELVE and not 1 <= shown <= 12:
        return None
    # Midnight belongs to two days: `12 giờ đêm` is none.
    noons = (12, 0) if half != "dem" else ()
    may_be = noons if shown == 12 else (shown, shown + 12)
    hours = [hour for hour in may_be if hour in _HOURS[half]]
    return hours[0] if len(hours) == 1 else None


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


def is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def is_digit(character: str) -> bool:
    return character.isascii() and character.isdigit()


def _zone_at(text: str, at: int) -> tuple[tzinfo | None, bool, int]:
    """The zone that is stated at this place, whether its name has several meanings, and where it ends."""
    nothing = None, False, at
    found = _ZONE.match(text, at)
    if found is None:
        return nothing
    end = found.end()
    if is_word(text[end : end + 1]) or (text[end : end + 1] == ":" and is_digit(text[end + 1 : end + 2])):
        return nothing
    word = found["word"]
    is_name = word is not None and _TOKEN.match(text, end) is not None
    if word in times.DOUBTFUL_ZONES or (is_name and word.upper() in times.ZONES):
        # `EST-5` is a zone or a name that begins so.
        return None, True, end
    if found["offset"] is not None and found["colon"] is None:
        if _NUMBER.match(text, end) or found["minutes"] not in (None, *_MINUTES):
            return nothing
        if found["minutes"] is None and found["gap"] is not None:
            # ` -12` may be a zone or a number.
            return None, True, end
    own = times.ZONES.get(word.upper()) if word else _offset(found["short"] or found["offset"])
    if own is None and found["colon"] is not None:
        # No place has `+25:00`.
        return None, True, end
    return (own, False, end) if own is not None else nothing


def _offset(spelled: str) -> tzinfo | None:
    sign, digits = spelled[0], spelled[1:]
    hours = digits[:2] if digits[:2].isdigit() else digits[:1]
    padded = f"{sign}{hours:0>2}{digits[len(hours) :]}"
    return times.offset(padded) if int(hours) <= _MOST_HOURS else None
