"""Times of log lines as whole microseconds since 1970 UTC, never as binary floats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY = 86_400 * SECOND
MONTHS = {m: i for i, m in enumerate(_MONTHS, 1)}

_EPOCH = re.compile(r"(\d{1,11})(?:\.(\d+))?", re.ASCII)
_EPOCH_US = re.compile(r"\d{12,17}", re.ASCII)
ISO8601 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?: ?([Zz]|[+-]\d\d(?::?\d\d)?))?", re.ASCII
)
SYSLOG = re.compile(r"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)", re.ASCII)
_BIND = re.compile(r"(\d\d)-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?", re.ASCII)
_CHECKPOINT = re.compile(
    r" ?(\d{1,2})([A-Z][a-z]{2})(\d{4}) {1,2}(\d{1,2}):(\d\d):(\d\d)(?:\.(\d+))?", re.ASCII
)
_CLF = re.compile(
    r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?: ([+-]\d{4}))?", re.ASCII
)
_WINDOWS = re.compile(
    r"(?:(\d{4})([/.-])(\d{1,2})[/.-](\d{1,2})\.?|(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4})) "
    r"(\d{1,2})[:.](\d\d)[:.](\d\d)(?: ([AaPp])\.?[Mm]\.?| (SA|CH))?",
    re.ASCII,
)
_US = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d\d):(\d\d)(?:\.(\d+))?[ \u202f]([AP])M", re.ASCII
)
_CTIME = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})", re.ASCII)

_DIGITS = re.compile(r"\d{1,20}", re.ASCII)
_CLOCK = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_SLASH = re.compile(
    rf"(?P<year>\d{{4}})/(?P<month>\d\d)/(?P<day>\d\d) {_CLOCK}(?:\.(?P<decimals>\d+))?", re.ASCII
)
_DATE = r"(?P<month>[A-Z][a-z]{2}) (?P<day>[ \d]\d)"
_ASA = re.compile(rf"{_DATE} (?P<year>\d{{4}}) {_CLOCK}(?:\.(?P<decimals>\d+))?", re.ASCII)
_NXOS = re.compile(rf"(?P<year>\d{{4}}) {_DATE} {_CLOCK}(?:\.(?P<decimals>\d+))?", re.ASCII)
_ASA_YEARLESS = re.compile(SYSLOG.pattern + r"(?:\.\d+)?", re.ASCII)
_ZONED = re.compile(r"(.*) (?:(?P<name>[A-Z]{1,5})|(?:GMT|UTC)?(?P<offset>[+-]\d\d:?\d\d))", re.ASCII)
_HOURS_OF_ZONES: dict[str, float] = {
    "GMT": 0, "UTC": 0, "Z": 0, "ICT": 7, "JST": 9, "KST": 9, "HKT": 8, "SGT": 8, "AWST": 8, "AEST": 10,
    "AEDT": 11, "ACST": 9.5, "ACDT": 10.5, "NZST": 12, "NZDT": 13, "WIB": 7, "WITA": 8, "PKT": 5, "MSK": 3,
    "EET": 2, "EEST": 3, "CET": 1, "CEST": 2, "WET": 0, "WEST": 1, "EDT": -4, "EST": -5, "MDT": -6, "MST": -7,
    "PDT": -7, "PST": -8,
}  # fmt: skip
ZONES: dict[str, tzinfo] = {
    name: timezone(timedelta(hours=h)) if h else UTC for name, h in _HOURS_OF_ZONES.items()
}
"""Names of zones with one meaning in the tz database (2026), and those that RFC 5322 4.3 defines but for CST
and CDT. The same stand in `crates/matcher/src/time/zones.rs`."""
DOUBTFUL_ZONES = frozenset(
    {"CST", "CDT", "IST", "BST", "AST", "ADT", "SST", "GST", "AMT", "ECT", "PYT", "WST"}
)
"""Names with several meanings: CST is China's, America's and Cuba's time, IST India's and Israel's."""
_SOPHOS = re.compile(rf"(?P<year>\d{{4}}): ?(?P<month>\d\d):(?P<day>\d\d)-{_CLOCK}", re.ASCII)
_ROUTEROS = re.compile(rf"(?P<month>[A-Za-z]{{3}})/(?P<day>\d\d)(?:/(?P<year>\d{{4}}))? {_CLOCK}", re.ASCII)
_SNORT = re.compile(
    rf"(?P<month>\d\d)/(?P<day>\d\d)(?:/(?P<year>\d\d|\d{{4}}))?-{_CLOCK}(?:\.(?P<decimals>\d+))?", re.ASCII
)


@dataclass(frozen=True, slots=True, order=True)
class Yearless:
    """A local time without a year, as in RFC 3164 4.1.2; the end of the file shows the year."""

    month: int
    day: int
    hour: int
    minute: int
    second: int

    def in_year(self, year: int, zone: tzinfo) -> int | None:
        return local(year, self.month, self.day, self.hour, self.minute, self.second, 0, zone)

    def resolve(self, latest: int, zone: tzinfo) -> int | None:
        """Microseconds of the time, in the latest year that keeps it no later than `latest`."""
        year = (EPOCH + timedelta(microseconds=latest)).year + 1
        for candidate in range(year, max(year - 12, 0), -1):
            moment = self.in_year(candidate, zone)
            if moment is not None and moment <= latest:
                return moment
        return None


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in a line; `local` says that it is in the zone of `--tz`."""

    value: int | Yearless
    local: bool


def micros(digits: str | None) -> int:
    """Decimals of a second; more than six are cut."""
    return int((digits or "")[:6].ljust(6, "0"))


def local(y: int, mo: int, d: int, h: int, mi: int, s: int, micros: int, zone: tzinfo) -> int | None:
    """Microseconds of a clock's time in a zone; None where there is no such time."""
    try:
        moment = datetime(y, mo, d, h, mi, min(s, 59) if s <= 60 else s, tzinfo=zone)
        delta = moment.astimezone(UTC) - EPOCH
    except (ValueError, OverflowError):
        return None
    return (delta.days * 86_400 + delta.seconds) * SECOND + micros


def _epoch(text: str, _zone: tzinfo) -> Moment | None:
    found = _EPOCH.fullmatch(text)
    return Moment(int(found[1]) * SECOND + micros(found[2]), False) if found else None


def offset(text: str) -> tzinfo | None:
    """The zone of `Z`, `±hh`, `±hhmm` or `±hh:mm`."""
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        return None
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if text[0] == "-" else delta)


def stated_offset(text: str) -> tzinfo | None:
    """The zone that a time of ISO 8601 states: its offset, `Z`, or the name of a zone behind it."""
    named = ZONES.get(text.rpartition(" ")[2])
    if named is not None:
        return named
    found = ISO8601.fullmatch(text)
    return offset(found[8]) if found is not None and found[8] else None


def _iso(found: re.Match[str], zone: tzinfo) -> Moment | None:
    y, mo, d, h, mi, s = (int(found[i]) for i in range(1, 7))
    own = offset(found[8]) if found[8] else zone
    if own is None:
        return None
    value = local(y, mo, d, h, mi, s, micros(found[7]), own)
    return Moment(value, not found[8]) if value is not None else None


def _iso8601(text: str, zone: tzinfo) -> Moment | None:
    found = ISO8601.fullmatch(text)
    return _iso(found, zone) if found else None


def _iso8601_utc(text: str, _zone: tzinfo) -> Moment | None:
    """Without a zone it is UTC, as in the W3C extended log file format."""
    found = _iso8601(text, UTC)
    return Moment(found.value, False) if found else None


def yearless(month: int, day: int, hour: int, minute: int, second: int) -> Moment | None:
    """A time without a year, if a clock shows it."""
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second <= 60):
        return None
    return Moment(Yearless(month, day, hour, minute, min(second, 59)), True)


def _yearless(found: re.Match[str]) -> Moment | None:
    month = MONTHS.get(found[1])
    return yearless(month, *(int(found[i]) for i in range(2, 6))) if month is not None else None


def _syslog(text: str, _zone: tzinfo) -> Moment | None:
    found = SYSLOG.fullmatch(text)
    return _yearless(found) if found else None


def _ctime(text: str, zone: tzinfo) -> Moment | None:
    found = _CTIME.fullmatch(text)
    if found is None or found[1] not in MONTHS:
        return None
    day, hour, minute, second, year = (int(found[i]) for i in range(2, 7))
    value = local(year, MONTHS[found[1]], day, hour, minute, second, 0, zone)
    return Moment(value, True) if value is not None else None


def _epoch_auto(text: str, _zone: tzinfo) -> Moment | None:
    """Whole seconds, milliseconds, microseconds or nanoseconds, recognised by the number of digits."""
    if not _DIGITS.fullmatch(text):
        return None
    unit = next(scale for most, scale in ((11, SECOND), (14, 1000), (17, 1), (20, 0)) if len(text) <= most)
    return Moment(int(text) * unit if unit else int(text) // 1000, False)


def _dated(found: re.Match[str], month: int | None, year: int, zone: tzinfo) -> Moment | None:
    """A local time from named groups: day, clock, and decimals if there are any."""
    if month is None:
        return None
    part = found.groupdict()
    clock = (int(part["hour"]), int(part["minute"]), int(part["second"]))
    value = local(year, month, int(part["day"]), *clock, micros(part.get("decimals")), zone)
    return Moment(value, True) if value is not None else None


def _slash(text: str, zone: tzinfo) -> Moment | None:
    found = _SLASH.fullmatch(text)
    return _dated(found, int(found["month"]), int(found["year"]), zone) if found else None


def _asa(text: str, zone: tzinfo) -> Moment | None:
    """Behind it a zone, by a name with one meaning in every log, or by its offset (Java's `z` and `Z`)."""
    zoned = _ZONED.fullmatch(text)
    own = (ZONES.get(zoned["name"]) if zoned["name"] else offset(zoned["offset"])) if zoned else zone
    bare_text = zoned[1] if zoned else text
    found = _ASA.fullmatch(bare_text) or _NXOS.fullmatch(bare_text)
    if own is None:
        return None
    if found is None:
        spelled = _ASA_YEARLESS.fullmatch(bare_text)
        bare = _yearless(spelled) if spelled else None
        return moved(bare, own, zone) if bare is not None and zoned else bare
    moment = _dated(found, MONTHS.get(found["month"]), int(found["year"]), own)
    return Moment(moment.value, False) if moment is not None and zoned else moment


def moved(bare: Moment, own: tzinfo, zone: tzinfo) -> Moment | None:
    """A time without a year in the line's own zone, moved to the zone `zone` in a year of 365 days."""
    assert isinstance(bare.value, Yearless)
    is_leap_day = (bare.value.month, bare.value.day) == (2, 29)
    micros = bare.value.in_year(2024 if is_leap_day else 2025, own)
    if micros is None:
        return None
    there = (EPOCH + timedelta(microseconds=micros)).astimezone(zone)
    return Moment(Yearless(there.month, there.day, there.hour, there.minute, there.second), False)


def _sophos(text: str, zone: tzinfo) -> Moment | None:
    """Accepts a space that a syslog server added because it took the year for a program's name."""
    found = _SOPHOS.fullmatch(text)
    return _dated(found, int(found["month"]), int(found["year"]), zone) if found else None


def _routeros(text: str, zone: tzinfo) -> Moment | None:
    found = _ROUTEROS.fullmatch(text)
    if found is None:
        return None
    if found["year"]:
        return _dated(found, MONTHS.get(found["month"].title()), int(found["year"]), zone)
    return _syslog("{} {} {}".format(found["month"].title(), found["day"], text[-8:]), zone)


def _snort(text: str, zone: tzinfo) -> Moment | None:
    found = _SNORT.fullmatch(text)
    if found is None:
        return None
    month, year = int(found["month"]), found["year"]
    if year:
        return _dated(found, month, int(year) + (2000 if len(year) == 2 else 0), zone)
    name = next((word for word, number in MONTHS.items() if number == month), "")
    return _syslog("{} {} {}:{}:{}".format(name, *found.group("day", "hour", "minute", "second")), zone)


def _utc(text: str, _zone: tzinfo) -> Moment | None:
    """ISO 8601 with the name of a zone behind a space."""
    spelled, _, name = text.rpartition(" ")
    own = ZONES.get(name)
    found = ISO8601.fullmatch(spelled) if own is not None else None
    moment = _iso(found, own) if found is not None and own is not None and not found[8] else None
    return Moment(moment.value, False) if moment is not None else None


def _epoch_us(text: str, _zone: tzinfo) -> Moment | None:
    return Moment(int(text), False) if _EPOCH_US.fullmatch(text) else None


def _named_month(found: re.Match[str], stated: str | None, zone: tzinfo) -> Moment | None:
    """Day, month's name, year, hour, minute, second and decimals; with its own offset or in the zone."""
    own = offset(stated) if stated else zone
    if found[2] not in MONTHS or own is None:
        return None
    day, year, hour, minute, second = (int(found[i]) for i in (1, 3, 4, 5, 6))
    value = local(year, MONTHS[found[2]], day, hour, minute, second, micros(found[7]), own)
    return Moment(value, not stated) if value is not None else None


def _bind(text: str, zone: tzinfo) -> Moment | None:
    found = _BIND.fullmatch(text)
    return _named_month(found, None, zone) if found else None


def _dated_in_utc(moment: Moment | None) -> Moment | None:
    """A time that was read as UTC; one without its year is none."""
    return Moment(moment.value, False) if moment is not None and isinstance(moment.value, int) else None


def _asa_utc(text: str, _zone: tzinfo) -> Moment | None:
    return _dated_in_utc(_asa(text, UTC))


def _bind_utc(text: str, _zone: tzinfo) -> Moment | None:
    return _dated_in_utc(_bind(text, UTC))


def _checkpoint(text: str, zone: tzinfo) -> Moment | None:
    """The form of `fw log`."""
    found = _CHECKPOINT.fullmatch(text)
    return _named_month(found, None, zone) if found else None


def _clf(text: str, zone: tzinfo) -> Moment | None:
    found = _CLF.fullmatch(text)
    return _named_month(found, found[8], zone) if found else None


def _windows(text: str, zone: tzinfo) -> Moment | None:
    """A date in the server's locale: `/` with AM or PM is American, unless the numbers say otherwise."""
    found = _WINDOWS.fullmatch(text)
    if found is None:
        return None
    if found[1]:
        year, month, day = int(found[1]), int(found[3]), int(found[4])
    else:
        day, month, year = int(found[5]), int(found[7]), int(found[8])
        day_first = found[7].startswith("0") and not found[5].startswith("0")
        american = found[6] == "/" and found[12] and not day_first
        if month > 12 or (american and day <= 12):
            day, month = month, day
    hour = int(found[9])
    if found[12] or found[13]:
        if not 1 <= hour <= 12:
            return None
        morning = found[12] in ("A", "a") or found[13] == "SA"
        hour = hour % 12 + (0 if morning else 12)
    value = local(year, month, day, hour, int(found[10]), int(found[11]), 0, zone)
    return Moment(value, True) if value is not None else None


def _us_utc(text: str, _zone: tzinfo) -> Moment | None:
    """An American date with 12 hours, in UTC: an export of Azure Log Analytics."""
    found = _US.fullmatch(text)
    hour = int(found[4]) if found else 0
    if found is None or not 1 <= hour <= 12:
        return None
    month, day, year, minute, second = (int(found[n]) for n in (1, 2, 3, 5, 6))
    hour = hour % 12 + (12 if found[8] == "P" else 0)
    value = local(year, month, day, hour, minute, second, micros(found[7]), UTC)
    return Moment(value, False) if value is not None else None


_KINDS = {
    "epoch": _epoch,
    "iso8601": _iso8601,
    "iso8601_utc": _iso8601_utc,
    "syslog": _syslog,
    "ctime": _ctime,
    "epoch_auto": _epoch_auto,
    "slash": _slash,
    "asa": _asa,
    "routeros": _routeros,
    "snort": _snort,
    "sophos": _sophos,
    "utc": _utc,
    "epoch_us": _epoch_us,
    "bind": _bind,
    "asa_utc": _asa_utc,
    "bind_utc": _bind_utc,
    "checkpoint": _checkpoint,
    "clf": _clf,
    "windows": _windows,
    "us_utc": _us_utc,
}


def parse(text: str, kinds: tuple[str, ...], zone: tzinfo) -> Moment | None:
    """The first kind that reads the whole text, or None; years 1 to 9999."""
    for kind in kinds:
        moment = _KINDS[kind](text, zone)
        if moment is not None:
            return moment
    return None


def find(text: str, zone: tzinfo) -> Moment | None:
    """The first ISO 8601 or RFC 3164 time anywhere in the text (for lines of no known format)."""
    found = [m for m in (ISO8601.search(text), SYSLOG.search(text)) if m]
    for match in sorted(found, key=re.Match.start):
        moment = _iso(match, zone) if match.re is ISO8601 else _yearless(match)
        if moment is not None:
            return moment
    return None


def iso(micros: int) -> str:
    """UTC with exactly six decimals and `Z`."""
    return (EPOCH + timedelta(microseconds=micros)).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def day(micros: int) -> str:
    """The UTC date."""
    return iso(micros)[:10]
