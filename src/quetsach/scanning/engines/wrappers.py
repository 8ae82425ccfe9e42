"""The layers that a collector puts round a line: syslog headers and JSON records, at most two are peeled.

Syslog is RFC 3164, RFC 5424 and their variants by daemons (rsyslog with ISO 8601 times, OpenWrt's logread,
Cisco, Kiwi Syslog, a container runtime's `stdout F`, the name that `docker compose logs` puts before a line);
JSON is the form of Docker, journald and log shippers (docs/log-formats.md 1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from quetsach.scanning.engines.shapes import encode, load_object

LAYERS = 2
PREFIX = "wrapper."
"""The prefix of a wrapper's fields `time`, `host` and `app`."""
TIME_KINDS = ("iso8601", "syslog", "ctime", "epoch", "epoch_us", "asa", "slash", "utc")

_TIME = re.compile(
    rb"(?P<time>\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:[Zz]|[+-]\d\d(?::?\d\d)?))?"
    rb"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"
    rb"|\d{4} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d"
    rb"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}"
    rb"|[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d)(?:\.\d+)?:? {1,3}"
)
_FULL = re.compile(
    rb"[A-Z][a-z]{2} (?:(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?:UTC|GMT|[+-]\d\d(?:\d\d)?))"
    rb"|(?P<local>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) [A-Z]{3,5}) "
)
"""`journalctl -o short-full`; a zone's name with several meanings is ignored."""
_DAY = re.compile(rb"(?:\d{4} )?[A-Z][a-z]{2} (?=\d )")
_PRIORITY = re.compile(rb"(?:\d{1,6} )?<\d{1,3}> {0,2}")
_HOST = re.compile(rb'(?:(?:stdout|stderr) [FP]|(?P<host>[^\s\[\]"{(=<>]*[^\s\[\]"{(=<>:,])) ')
_TAG = re.compile(rb"(?P<app>[^\s\[\]:=]+)(?:\[[^\]\s]*\])?: ?")
_BARE_TAG = re.compile(rb"(?P<app>[A-Za-z_][A-Za-z0-9_.-]*)\[\d+\]: ")
_RFC5424 = re.compile(
    rb"1 (?P<time>-|\d{4}-\d\d-\d\dT\S+) (?P<host>\S+) (?P<app>\S+) \S+ \S+ "
    rb'(?:-|(?:\[[^\]"]*(?:"(?:[^"\\]|\\.)*"[^\]"]*)*\])+)(?: (?:\xef\xbb\xbf)?|\Z)'
)
_KIWI = re.compile(
    rb"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\t[A-Z][A-Za-z0-9]{1,15}\.[A-Z][a-z]{1,15}\t"
    rb'(?P<host>[^\s\[\]"{(=<>]{1,255})\t'
)
_COMPOSE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]{0,127} +\| ")
_MESSAGE_KEYS = ("log", "message", "MESSAGE", "msg", "full_log", "_raw", "short_message", "line")
_TIME_KEYS = (
    "time",
    "@timestamp",
    "timestamp",
    "_SOURCE_REALTIME_TIMESTAMP",
    "__REALTIME_TIMESTAMP",
    "date",
    "ts",
    "_time",
    "timereported",
)
_HOST_KEYS = ("_HOSTNAME", "hostname", "host")
_APP_KEYS = ("SYSLOG_IDENTIFIER", "program", "appname", "app", "tag", "programname", "app-name", "ident")


@dataclass(frozen=True, slots=True)
class Wrapper:
    """The time, host and application of the peeled layers, the inner before the outer; `times` of all
    layers."""

    times: tuple[bytes, ...] = ()
    host: bytes | None = None
    app: bytes | None = None

    def values(self, name: str) -> tuple[bytes, ...]:
        """The values of `wrapper.time`, `wrapper.host` or `wrapper.app`."""
        if name == PREFIX + "time":
            return self.times
        found = {"host": self.host, "app": self.app}.get(name.removeprefix(PREFIX))
        return (found,) if found else ()

    def inside(self, outer: Wrapper | None) -> Wrapper:
        """This layer's own values where it has them, else those of the layer round it."""
        if outer is None:
            return self
        return Wrapper(self.times + outer.times, self.host or outer.host, self.app or outer.app)


class Reading:
    """One way to read a line: as it is (number 0, no wrapper), or peeled. A JSON object is decoded once."""

    __slots__ = ("_object", "number", "text", "wrapper")

    def __init__(self, text: bytes, wrapper: Wrapper | None = None, number: int = 0) -> None:
        self.number = number
        self.text = text
        self.wrapper = wrapper
        self._object: tuple[dict[str, Any] | None] | None = None

    def object(self) -> dict[str, Any] | None:
        """The JSON object of the text, if it is one."""
        if self._object is None:
            self._object = (load_object(self.text),)
        return self._object[0]


def readings(line: bytes) -> Iterator[Reading]:
    """The line as it is, then the text left after each wrapper is peeled, from the outside to the inside."""
    last = Reading(line)
    yield last
    for _ in range(LAYERS):
        outer = last
        for text, wrapper in _peel(outer):
            last = Reading(text, wrapper.inside(outer.wrapper), last.number + 1)
            yield last
        if last is outer:
            return


def _peel(reading: Reading) -> Iterator[tuple[bytes, Wrapper]]:
    text = reading.text
    if b"\0" in text:
        text = behind_hole(text)
        if not text:
            return
        yield text, Wrapper()
    if not text.startswith(b"{"):
        yield from _peel_syslog(text)
        return
    found = reading.object() if text is reading.text else load_object(text)
    if found is not None:
        yield from _peel_json(found)


def behind_hole(text: bytes) -> bytes:
    """The text behind the zeros of a power cut; the line before them broke off."""
    text = text.rstrip(b"\0")
    return text[text.rfind(b"\0") + 1 :]


def _peel_syslog(line: bytes) -> Iterator[tuple[bytes, Wrapper]]:
    """The text behind the priority, the time, the host and the tag: a format may start at each of these."""
    if (kiwi := _KIWI.match(line)) is not None:
        yield line[kiwi.end() :], Wrapper(_one(kiwi["time"]), kiwi["host"])
        return
    if (compose := _COMPOSE.match(line)) is not None:
        yield line[compose.end() :], Wrapper()
        return
    priority = _PRIORITY.match(line)
    at = priority.end() if priority else 0
    structured = _RFC5424.match(line, at)
    if structured is not None:
        time, host, app = (None if v == b"-" else v for v in structured.group("time", "host", "app"))
        yield from _named(line[structured.end() :], Wrapper(_one(time), host, app))
        return
    moment = _moment(line, at)
    if priority is None and moment is None:
        if (tag := _BARE_TAG.match(line)) is not None:
            yield line[tag.end() :], Wrapper(app=tag["app"])
        return
    time = _one(_padded(moment["time"] or moment["local"]) if moment else None)
    at = moment.end() if moment else at
    yield line[at:], Wrapper(time)
    host = None
    if moment is not None and (found := _HOST.match(line, at)) is not None:
        host, at = found["host"], found.end()
        yield line[at:], Wrapper(time, host)
    # This is the head of a relay: behind it another head starts, whose hour would pass for a tag.
    if host is not None and _moment(line, at) is not None:
        return
    if (tag := _TAG.match(line, at)) is not None:
        yield line[tag.end() :], Wrapper(time, host, tag["app"])


def _named(text: bytes, wrapper: Wrapper) -> Iterator[tuple[bytes, Wrapper]]:
    """The text behind the tag that classic syslog shows, then the bare text.

    rsyslog keeps the space behind a tag as the first character of the message and writes it on.
    """
    if text[:1] == b" " and text[1:2] != b" ":
        text = text[1:]
    if not text:
        return
    if wrapper.app is not None:
        yield wrapper.app + b": " + text, wrapper
    yield text, wrapper


def _peel_json(found: dict[str, Any]) -> Iterator[tuple[bytes, Wrapper]]:
    message = next((m for m in (_text(found.get(key)) for key in _MESSAGE_KEYS) if m), None)
    if message is None:
        return

    def first(keys: tuple[str, ...]) -> bytes | None:
        values = (found.get(key) for key in keys)
        return next((encode(v) for v in values if isinstance(v, str) and v), None)

    wrapper = Wrapper(_one(first(_TIME_KEYS)), first(_HOST_KEYS), first(_APP_KEYS))
    yield from _named(message.rstrip(b"\r\n"), wrapper)


def _moment(line: bytes, at: int) -> re.Match[bytes] | None:
    return _TIME.match(line, at) or _FULL.match(line, at)


def _padded(time: bytes) -> bytes:
    """`Mar 8` with the second space of RFC 3164, 4.1.2, that some senders leave out."""
    short = _DAY.match(time)
    return time[: short.end()] + b" " + time[short.end() :] if short is not None else time


def _one(time: bytes | None) -> tuple[bytes, ...]:
    return (time,) if time else ()


def _text(value: Any) -> bytes:
    """A message: a string, or the bytes that journald writes one by one where they are not UTF-8."""
    if isinstance(value, str):
        return encode(value)
    if isinstance(value, list) and all(isinstance(v, str) and v.isascii() and v.isdigit() for v in value):
        numbers = [int(v) for v in value if len(v) <= 3]
        if len(numbers) == len(value) and all(n < 256 for n in numbers):
            return bytes(numbers)
    return b""
