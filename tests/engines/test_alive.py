"""The machines alive each day: all of them or none, in bounded memory, also for lines without a year."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quetsach.errors import ScanError
from quetsach.scanning.engine import ScanOptions, SourceResult, choose
from quetsach.scanning.engines.portable import LIMITS, PortableEngine, PortableMatcher
from tests.engines.indicator_sets import make_set
from tests.traffic import packets as p

MOST = 6
ITEMS = make_set(["evil.example"])


def results(path: Path) -> list[SourceResult]:
    matcher = PortableMatcher(ITEMS, replace(LIMITS, alive=MOST))
    found = [matcher.scan(path, ScanOptions(devices=True), PortableEngine().progress())]
    try:
        choose("native")
    except ScanError:
        return found
    from tests.engines.native import ENGINE, scan

    native = ENGINE.compile(ITEMS)
    found += [scan(native, path, devices=True, alive=MOST, chunk=c, spare=s) for c, s in ((1, 0), (200, 2))]
    return found


def dnsmasq(count: int) -> bytes:
    return b"".join(
        f"Sep 16 11:{minute:02}:00 dnsmasq[1]: query[A] fine.test from 10.0.0.{device}\n".encode()
        for device in range(count)
        for minute in range(14)
    )


def capture(count: int) -> bytes:
    packets = [p.ip(f"10.0.0.{i}", "192.0.2.9", p.UDP, p.udp(50_000, 9, b"")) for i in range(count)]
    return p.pcap([(1_790_000_000_000_000, p.ethernet(one)) for one in packets])


@pytest.mark.parametrize("made", [dnsmasq, capture])
def test_as_many_as_may_be_are_told_and_one_more_is_an_error(made, tmp_path):
    path = tmp_path / "log"
    for count, is_told in ((MOST, True), (MOST + 1, False)):
        path.write_bytes(made(count))
        when = datetime(2022, 9, 17, tzinfo=UTC).timestamp()
        os.utime(path, (when, when))
        for result in results(path):
            told = [device for devices in result.coverage.devices.values() for device in devices]
            assert told == ([f"10.0.0.{i}" for i in range(count)] if is_told else [])
            assert len(result.coverage.errors) == (not is_told)
            assert is_told or f"{path}: more than {MOST} devices and days;" in result.coverage.errors[0]


def test_lines_of_one_utc_day_get_one_year(tmp_path):
    """The log's last line is of the 16th in UTC, so a line of the 18th belongs to the year before. But
    lines that are counted together never belong to two years (a row would end before it starts)."""
    path = tmp_path / "log"
    said = (
        ("Sep 17 11:02:59", "evil.example", "10.0.0.1"),
        ("Sep 18 07:00:00", "evil.example", "10.0.0.2"),
        ("Sep 18 06:59:59", "fine.test", "10.0.0.3"),
        ("Sep 17 11:02:01", "evil.example", "10.0.0.1"),
        ("Sep 16 11:02:30", "fine.test", "10.0.0.4"),
    )
    path.write_text(
        "".join(f"{when} dnsmasq[1]: query[A] {name} from {device}\n" for when, name, device in said)
    )
    when = datetime(2022, 9, 16, 5, tzinfo=UTC).timestamp()
    os.utime(path, (when, when))
    for result in results(path):
        assert {(s.device, s.count, s.first_seen, s.last_seen): s.day for s in result.sightings} == {
            ("10.0.0.1", 2, "2022-09-17T04:02:01.000000Z", "2022-09-17T04:02:59.000000Z"): "2022-09-17",
            ("10.0.0.2", 1, "2021-09-18T00:00:00.000000Z", "2021-09-18T00:00:00.000000Z"): "2021-09-18",
        }
        assert result.coverage.devices == {
            "2021-09-18": ["10.0.0.2"],
            "2022-09-16": ["10.0.0.4"],
            "2022-09-17": ["10.0.0.1", "10.0.0.3"],
        }
