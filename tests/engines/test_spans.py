"""The spans of a file, added up, equal the answer of the whole file: in both engines, for every format."""

from __future__ import annotations

import hashlib
import os
import re
from io import BytesIO
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.files.source import HEAD_BYTES, Source
from quetsach.indicators.indicator import IndicatorSet
from quetsach.scanning.engine import Before, Engine, ScanOptions, SourceResult
from quetsach.scanning.engines.portable import PortableEngine
from quetsach.sightings.adding import add, add_coverage
from quetsach.sightings.sighting import Bypass, Coverage, Sighting
from tests.engines.indicator_sets import make_set
from tests.engines.native import ENGINE, MTIME, log_with_two_headers
from tests.engines.random_lines import files, indicators
from tests.engines.samples import SAMPLES, VALUE

pytestmark = pytest.mark.native
ENGINES = cast("tuple[Engine, ...]", (ENGINE, PortableEngine()))
EXAMPLES = int(os.environ.get("QS_EXAMPLES", "20"))
OPTIONS = ScanOptions(devices=True, source_name="fw-hq")


def whole(engine: Engine, listed: IndicatorSet, data: bytes) -> SourceResult:
    """The answer of the file read at once."""
    return engine.compile(listed).scan("log", OPTIONS, engine.progress(), BytesIO(data), MTIME)


def spans(engine: Engine, listed: IndicatorSet, data: bytes, cuts: list[int]) -> SourceResult:
    """The same from spans that end at the first line end behind each cut."""
    matcher = engine.compile(listed)
    places = {data.find(b"\n", cut) + 1 or len(data) for cut in cuts}
    rows: dict[tuple[str, ...], Sighting] = {}
    ways: dict[tuple[str, ...], Bypass] = {}
    told: Coverage | None = None
    start, header, hours = 0, b"", b""
    for end in sorted({*places, len(data)} - {0}):
        judged = matcher.judging(OPTIONS).add(data)
        before = Before(start, judged, header, hashlib.sha256(data[:HEAD_BYTES]).hexdigest(), MTIME, hours)
        stream = BytesIO(data[start:end])
        (sightings, coverage, bypasses), header, hours = matcher.scan_span(
            "log", OPTIONS, engine.progress(), stream, before
        )
        for row in sightings:
            rows[row.key()] = add(rows[row.key()], row) if row.key() in rows else row
        for way in bypasses:
            ways[way.key()] = add(ways[way.key()], way) if way.key() in ways else way
        told = coverage if told is None else add_coverage(told, coverage)
        start = end
    assert told is not None
    return SourceResult([rows[key] for key in sorted(rows)], told, [ways[key] for key in sorted(ways)])


def test_rows_of_two_spans_by_hand() -> None:
    """One machine asks four times: two runs, of which the first goes on in the second span."""
    stamps = [("6", 0), ("6", 5), ("6", 9), ("7", 1)]
    lines = [
        f"Oct  {day} 07:0{minute}:00 ns dnsmasq[1]: query[A] evil.example from 10.1.2.3\n".encode()
        for day, minute in stamps
    ]
    data = b"".join(lines)
    for engine in ENGINES:
        found = list(spans(engine, make_set(["evil.example"]), data, [len(lines[0]) + 1]).sightings)
        # MTIME lies in November 2023, and 07:00 in Viet Nam is midnight in UTC.
        assert [(row.day, row.count, row.runs) for row in found] == [
            ("2023-10-06", 3, [[0, 540_000_000, 3]]),
            ("2023-10-07", 1, [[60_000_000, 60_000_000, 1]]),
        ], engine.name
        assert found[0].evidence == lines[0].decode().rstrip("\n")


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_spans_of_every_format_make_the_whole(engine: Engine) -> None:
    for name, number, sample in SAMPLES:
        text = "\n".join([*sample.header, *[sample.line] * 5]) + "\n"
        data = text.encode("utf-8", "surrogatepass")
        if b"\0" in data:
            continue
        named = [value for value in dict.fromkeys(VALUE.findall(sample.line)) if value[-1].isalpha()]
        listed = make_set([*named[:4], "203.0.113.0/24", "198.51.100.0/24"])
        expected = whole(engine, listed, data)
        found = spans(engine, listed, data, [len(data) // 3, len(data) // 2, len(data) - 3])
        assert list(found.sightings) == list(expected.sightings), (name, number)
        assert list(found.bypasses) == list(expected.bypasses), (name, number)
        assert found.coverage._replace(order="") == expected.coverage._replace(order=""), (name, number)


YEARLESS = re.compile(rb"(?m)\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?! \d{4})")
"""A time such as syslog writes it. A log with a few of them beside full dates still has the time 'ok'."""


@settings(
    max_examples=int(os.environ.get("QS_EXAMPLES", "20")),
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@given(indicators, st.lists(files(), min_size=1, max_size=3), st.lists(st.floats(0, 1), max_size=4))
def test_spans_of_random_files_make_the_whole(
    values: list[str], blocks: list[bytes], places: list[float]
) -> None:
    data = b"\n".join(blocks) + b"\n"
    source = Source("log", BytesIO(data))
    if b"".join(source.chunks()) != data:
        # A follower unpacks and decodes before it cuts.
        return
    listed = make_set(values)
    answers = []
    for engine in ENGINES:
        expected = whole(engine, listed, data)
        if expected.coverage.time != "ok" or YEARLESS.search(data):
            # Times without a year are dated when they are read; here months lie between two lines.
            return
        found = spans(engine, listed, data, [int(place * len(data)) for place in places])
        assert list(found.sightings) == list(expected.sightings), engine.name
        assert list(found.bypasses) == list(expected.bypasses), engine.name
        for field in ("bytes", "lines", "not_understood", "long_lines", "inbound", "devices", "unattributed"):
            assert getattr(found.coverage, field) == getattr(expected.coverage, field), (engine.name, field)
        answers.append(found)
    native, portable = answers
    assert native.coverage == portable.coverage


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
@given(files(), st.integers(1, 40), st.lists(st.floats(0, 1), max_size=4))
def test_a_file_is_judged_piece_by_piece_as_at_once(block: bytes, times: int, places: list[float]) -> None:
    data = b"\n".join([block] * times) + b"\n"
    ends = sorted({data.find(b"\n", int(place * (len(data) - 1))) + 1 for place in places} | {len(data)})
    answers = []
    for engine in ENGINES:
        matcher = engine.compile(make_set(["evil.example"]))
        judging, at_once = matcher.judging(OPTIONS), matcher.judging(OPTIONS).add(data)
        begin = 0
        for end in ends:
            judged, begin = judging.add(data[begin:end]), end
            assert not judged.is_settled or judged == at_once, engine.name
        assert judged == at_once, engine.name
        assert judged.format == matcher.recognise(data), engine.name
        answers.append(judged)
    assert answers[0] == answers[1]


def test_a_header_is_carried() -> None:
    data = log_with_two_headers()
    listed = make_set(["evil.example"])
    for engine in ENGINES:
        expected = whole(engine, listed, data)
        found = spans(engine, listed, data, [len(data) // 3, len(data) // 2, 2 * len(data) // 3])
        assert list(found.sightings) == list(expected.sightings), engine.name
        assert found.coverage.hours == expected.coverage.hours
