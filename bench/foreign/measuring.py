"""The scanner over each hit: in the file of its product, alone, and inside the wrappers of collectors."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bench.foreign.corpus import LogFile
from bench.foreign.judging import Answer, judge
from bench.foreign.truth import Hit
from quetsach.errors import QuetsachError
from quetsach.indicators.indicator import Indicator, IndicatorSet, Scope
from quetsach.indicators.lists.item import spelled
from quetsach.scanning import engine
from quetsach.scanning.engine import Matcher, ScanOptions

ZONE = "UTC"
"""The zone that the collections reckon with where a line names none."""
_FIRST = 100
_FIRST_BYTES = 60_000
SENDER = "10.9.9.9"
"""The collector's word for who sent the line: a private address, which is never the machine."""
_TIME = "2026-11-01T08:00:00Z"


def _json(**members: object) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


WRAPPERS: Mapping[str, Callable[[str], str]] = {
    "syslog 3164": lambda line: f"<134>Nov  1 08:00:00 {SENDER} {line}",
    "syslog 5424": lambda line: f"<134>1 {_TIME} {SENDER} - - - - {line}",
    "<134>1 TIME HOST MSG": lambda line: f"<134>1 {_TIME} {SENDER} {line}",
    "TIME HOST MSG": lambda line: f"{_TIME} {SENDER} {line}",
    "address MSG": lambda line: f"{SENDER} {line}",
    "wazuh archives.log": lambda line: f"2026 Nov 01 08:00:00 fw->{SENDER} {line}",
    "wazuh archives.json": lambda line: _json(
        timestamp=_TIME, agent={"id": "000"}, full_log=line, location=SENDER
    ),
    "elastic message": lambda line: _json(**{"@timestamp": _TIME, "host": {"ip": [SENDER]}, "message": line}),
    "elastic _source.message": lambda line: _json(
        _index="logs", _source={"@timestamp": _TIME, "log": {"source": {"address": SENDER}}, "message": line}
    ),
    "elastic event.original": lambda line: _json(
        **{"@timestamp": _TIME, "observer": {"ip": SENDER}, "event": {"original": line}}
    ),
    "splunk result._raw": lambda line: _json(
        preview=False, result={"_time": _TIME, "_raw": line, "host": SENDER}
    ),
    "splunk event": lambda line: _json(time=1793520000, host=SENDER, event=line),
    "fluentd": lambda line: f"{_TIME}\tsyslog.local0\t{_json(host=SENDER, ident='fw', message=line)}",
    "graylog": lambda line: _json(version="1.1", host=SENDER, short_message=line, timestamp=1793520000),
}
"""How collectors write a line that they were sent."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A hit with the answers for it: in its file, alone, and in each wrapper where the line alone is right.
    `readers` are the formats of the file and of the line alone, whether they find the destination or not."""

    hit: Hit
    readers: tuple[str, str]
    in_file: Answer
    alone: Answer
    wrapped: Mapping[str, Answer]


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int, /) -> bytes:
        return self._data.read(size)


def listed(value: str) -> list[Indicator]:
    """The indicator as a list spells it; empty where a list refuses it."""
    try:
        return list(spelled(value, Scope.WITH_SUBDOMAINS))
    except QuetsachError:
        return []


def measure(file: LogFile, hits: Iterable[tuple[int, Hit]], wrapped: bool = True) -> Iterator[Measured]:
    """Scan each hit of the file, given with the number of its line in `file.texts`."""
    chosen = engine.choose()
    options = ScanOptions(tz=ZONE)
    now = time.time()

    def answer(matcher: Matcher, hit: Hit, data: bytes) -> Answer:
        return judge(hit, matcher.scan("log", options, chosen.progress(), stream=_Bytes(data), mtime=now))

    for position, hit in hits:
        matcher = chosen.compile(IndicatorSet(listed(hit.indicator)))
        line = hit.line.text
        whole, single = _bytes(_context(file, position, hit)), _bytes([line])
        alone = answer(matcher, hit, single)
        inside = (
            {name: answer(matcher, hit, _bytes([wrap(line)])) for name, wrap in WRAPPERS.items()}
            if wrapped and alone.machine == "right"
            else {}
        )
        readers = (matcher.recognise(whole), matcher.recognise(single))
        yield Measured(hit, readers, answer(matcher, hit, whole), alone, inside)


def _bytes(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _context(file: LogFile, position: int, hit: Hit) -> Iterator[str]:
    """The lines that decide the format of the file, and the hit's line at its place; other lines that name
    the same indicator are left out, so that the answer is about this one."""
    value, size = hit.indicator.removeprefix("http://").partition("/")[0].partition(":")[0], 0
    for number, text in enumerate(file.texts):
        if number == position:
            yield text
        elif (number < _FIRST and size < _FIRST_BYTES and value not in text.lower()) or text.startswith("#"):
            size += len(text)
            yield text
