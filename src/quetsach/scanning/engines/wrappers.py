"""The layers that a collector puts round a line, at most three of them: heads, records, rows of a table.

Heads are RFC 3164, RFC 5424 and their variants by daemons (rsyslog with ISO 8601 times, OpenWrt's logread,
Cisco, Kiwi Syslog, a container runtime's `stdout F`, the name that `docker compose logs` puts before a line),
the address of a sender, and Wazuh's archives.log; `envelopes` reads JSON and CSV (docs/log-formats.md 1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from quetsach.logs import times
from quetsach.scanning.engines import envelopes
from quetsach.scanning.engines.shapes import load_object
from quetsach.text.canonical import address

LAYERS = 3
PREFIX = "wrapper."
"""The prefix of a wrapper's fields `time`, `host` and `app`."""
TIME_KINDS = ("iso8601", "syslog", "ctime", "epoch", "epoch_auto", "asa", "slash", "utc")

_TIME = re.compile(
    rb"(?P<time>(?:\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:[Zz]|[+-]\d\d(?::?\d\d)?))?"
    rb"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"
    rb"|\d{4} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d"
    rb"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}"
    rb"|[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d)"
    rb"(?:(?:\.\d+)? (?:" + "|".join((*times.ZONES, *sorted(times.DOUBTFUL_ZONES))).encode() + rb"))?)"
    rb"(?:\.\d+)?:?(?: {1,3}|\t)"
)
_FULL = re.compile(
    rb"[A-Z][a-z]{2} (?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?:[A-Z]{3,5}|[+-]\d\d(?:\d\d)?)) "
)
"""`journalctl -o short-full`; a time with a zone of several meanings is none."""
_DAY = re.compile(rb"(?:\d{4} )?[A-Z][a-z]{2} (?=\d )")
_PRIORITY = re.compile(rb"(?:\d{1,6} )?<\d{1,3}> {0,2}")
_HOST = re.compile(rb'(?:(?:stdout|stderr) [FP]|(?P<host>[^\s\[\]"{(=<>]*[^\s\[\]"{(=<>:,])) ')
_TAG = re.compile(rb"(?P<app>[^\s\[\]:={<\"(][^\s\[\]:=]*)(?:\[[^\]\s]*\])?: ?")
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
_WAZUH = re.compile(rb"(?:\((?P<agent>[^()]{1,255})\) )?(?P<via>[^\s>]{1,255})->(?P<place>\S{1,1024}) ")
_SENDER = re.compile(rb"\[?(?P<word>[0-9A-Fa-f:.]{2,52})(?P<port>\]:\d{1,5}|\])?:? {1,3}(?=\S)")
_WORD = re.compile(rb'(?P<word>[^\s"{}=<>]{1,255})\t')
_ROW_HEAD = 512
_ISO_CLOCK = re.compile(rb"\dT\d")
_WORDS = 3
"""Words between tabs that may stand behind a time: the tag of fluentd, the sender, a level."""


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
    """One way to read a line: as it is (number 0, no wrapper), or peeled. A JSON object is decoded once.

    `is_message`: the text stood in a record of JSON."""

    __slots__ = ("_object", "is_message", "number", "text", "wrapper")

    def __init__(
        self, text: bytes, wrapper: Wrapper | None = None, number: int = 0, *, is_message: bool = False
    ) -> None:
        self.is_message = is_message
        self.number = number
        self.text = text
        self.wrapper = wrapper
        self._object: tuple[dict[str, Any] | None] | None = None

    def object(self) -> dict[str, Any] | None:
        """The JSON object of the text, if it is one."""
        if self._object is None:
            self._object = (load_object(self.text),)
        return self._object[0]

    def head_of_row(self) -> Wrapper | None:
        """What stands round the innermost text, where a time of ISO 8601 with a `T` stands before the first
        comma."""
        cell = self.text.partition(b",")[0][:_ROW_HEAD]
        if _ISO_CLOCK.search(cell) is None:
            return None
        *_, last = readings(self.text)
        return last.wrapper


def readings(line: bytes) -> Iterator[Reading]:
    """The line as it is, then the text left after each wrapper is peeled, from the outside to the inside."""
    last = Reading(line)
    yield last
    for _ in range(LAYERS):
        outer = last
        for text, wrapper in _peel(outer):
            is_message = outer.text.startswith(b"{")
            last = Reading(text, wrapper.inside(outer.wrapper), last.number + 1, is_message=is_message)
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
        head = list(_peel_head(text))
        yield from head or _peel_row(text)
        return
    found = reading.object() if text is reading.text else load_object(text)
    if found is not None:
        yield from _peel_json(found)


def behind_hole(text: bytes) -> bytes:
    """The text behind the zeros of a power cut; the line before them broke off."""
    text = text.rstrip(b"\0")
    return text[text.rfind(b"\0") + 1 :]


def _peel_head(line: bytes) -> Iterator[tuple[bytes, Wrapper]]:
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
    if priority is not None and line.startswith(b"1 ", at) and _moment(line, at + 2) is not None:
        # Forwarders write the version and the time of RFC 5424 and leave out what follows the host.
        at += 2
    moment = _moment(line, at)
    if moment is not None:
        yield from _behind_time(line, moment)
    elif (sender := _sender(line, at)) is not None:
        if priority is not None:
            yield line[at:], Wrapper()
        host, at = sender
        yield line[at:], Wrapper((), host)
        yield from _tagged(line, at, (), host)
    elif priority is not None:
        yield line[at:], Wrapper()
        yield from _tagged(line, at, (), None)
    elif (tag := _BARE_TAG.match(line)) is not None:
        yield line[tag.end() :], Wrapper(app=tag["app"])


def _behind_time(line: bytes, moment: re.Match[bytes]) -> Iterator[tuple[bytes, Wrapper]]:
    time = _one(_padded(moment["time"]))
    at, host = moment.end(), None
    yield line[at:], Wrapper(time)
    if line[at - 1 : at] == b"\t":
        for _ in range(_WORDS):
            if (word := _WORD.match(line, at)) is None:
                break
            at = word.end()
            host = host or (word["word"] if address(word["word"].decode("latin-1")) else None)
            yield line[at:], Wrapper(time, host)
    elif (wazuh := _wazuh(line, moment)) is not None:
        host, at = wazuh
        yield line[at:], Wrapper(time, host)
    elif (found := _HOST.match(line, at)) is not None:
        host, at = found["host"], found.end()
        yield line[at:], Wrapper(time, host)
    elif (sender := _sender(line, at)) is not None:
        host, at = sender
        yield line[at:], Wrapper(time, host)
    yield from _tagged(line, at, time, host)


def _tagged(
    line: bytes, at: int, time: tuple[bytes, ...], host: bytes | None
) -> Iterator[tuple[bytes, Wrapper]]:
    """The text behind the tag, unless another head starts there: its hour would pass for a tag."""
    if host is not None and (_moment(line, at) is not None or _sender(line, at) is not None):
        return
    if (tag := _TAG.match(line, at)) is not None:
        yield line[tag.end() :], Wrapper(time, host, tag["app"])


def _wazuh(line: bytes, moment: re.Match[bytes]) -> tuple[bytes, int] | None:
    """Who sent a line of Wazuh's archives.log, and where the line starts: behind `(agent) via->place `."""
    spelled = moment["time"] or b""
    if not spelled[:1].isdigit() or spelled[4:5] != b" ":
        return None
    if (found := _WAZUH.match(line, moment.end())) is None:
        return None
    place = found["place"]
    host = found["agent"] or (place if address(place.decode("latin-1")) else found["via"])
    return host, found.end()


def _sender(line: bytes, at: int) -> tuple[bytes, int] | None:
    """The address that a forwarder puts before a line, as an endpoint or with a colon too, and where the line
    starts."""
    if (found := _SENDER.match(line, at)) is None:
        return None
    word, is_closed = found["word"], found["port"] is not None
    if is_closed is not (line[at : at + 1] == b"["):
        return None
    if is_closed:
        hosts = [word]
    else:
        # `2001:db8::9:` ends in a colon of the address or of the forwarder.
        bare = word.removesuffix(b":")
        host, _, port = bare.partition(b":")
        hosts = [word, bare, *([host] if port.isdigit() and len(port) <= 5 else [])]
    sender = next((h for h in hosts if address(h.decode("ascii"))), None)
    return (sender, found.end()) if sender is not None else None


def _peel_row(line: bytes) -> Iterator[tuple[bytes, Wrapper]]:
    """The line in a cell of a table, and the first time beside it."""
    if (row := envelopes.row(line)) is None:
        return
    text, beside = row
    times = (
        m for m in (_moment(cell + b" ", 0) for cell in beside) if m is not None and not m.string[m.end() :]
    )
    first = next(times, None)
    yield text, Wrapper(_one(_padded(first["time"])) if first is not None else ())


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
    envelope = envelopes.read(found)
    if envelope is None:
        return
    wrapper = Wrapper(envelope.times, envelope.host, envelope.app)
    if envelope.is_object:
        yield envelope.text, wrapper
    else:
        yield from _named(envelope.text, wrapper)


def _moment(line: bytes, at: int) -> re.Match[bytes] | None:
    return _TIME.match(line, at) or _FULL.match(line, at)


def _padded(time: bytes) -> bytes:
    """`Mar 8` with the second space of RFC 3164, 4.1.2, that some senders leave out."""
    short = _DAY.match(time)
    return time[: short.end()] + b" " + time[short.end() :] if short is not None else time


def _one(time: bytes | None) -> tuple[bytes, ...]:
    return (time,) if time else ()
