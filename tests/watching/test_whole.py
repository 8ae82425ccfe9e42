"""Files that cannot be read in spans are read whole when they rest, and say what a scan says."""

from __future__ import annotations

import bz2
import os
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest

from tests.watching.office import Office
from tests.watching.test_follow import ENGINES

pytestmark = pytest.mark.native


def zipped(data: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("inner/dns.log", data)
    return out.getvalue()


KINDS: dict[str, Callable[[bytes], bytes]] = {
    "utf-16": lambda data: b"\xff\xfe" + data.decode().encode("utf-16-le"),
    "zip": zipped,
    "bzip2": bz2.compress,
}


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path, request.param)
    yield made
    made.kill()


def put(office: Office, name: str, data: bytes) -> None:
    path = office.logs / name
    path.write_bytes(data)
    os.utime(path, (office.now, office.now))
    office.contents[path] = data


@pytest.mark.parametrize("kind", KINDS)
def test_read_when_it_rests_and_again_when_it_grew(office: Office, kind: str) -> None:
    lines = [office.line() for _ in range(60)]
    put(office, "log", KINDS[kind](b"".join(lines[:40])))
    assert office.look() == 0, "it may still be written"
    assert office.follower.waiting == [office.logs / "log"]
    office.now += 11
    assert office.look() == 1
    assert sum(row.count for row in office.found()) == 40
    put(office, "log", KINDS[kind](b"".join(lines)))
    office.settle()
    expected, coverage = office.expected()
    assert office.found() == expected
    assert [one.bytes for one in office.coverage()] == [one.bytes for one in coverage]
    assert sum(row.count for row in office.found()) == 60


def test_one_half_written_is_no_error_before_it_rests(office: Office) -> None:
    data = zipped(b"".join(office.line() for _ in range(400)))
    put(office, "log.zip", data[: len(data) // 2])
    for _ in range(4):
        office.look()
    assert not office.coverage()
    put(office, "log.zip", data)
    office.settle()
    assert [one.errors for one in office.coverage()] == [[]]
    assert office.found() == office.expected()[0]


def test_leases_and_results_are_no_logs(office: Office) -> None:
    put(office, "dnsmasq.leases", b"1790000000 02:00:00:00:00:0a 10.1.2.3 evil.example *\n" * 20)
    put(office, "result.jsonl", b'{"type":"scan","schema":2,"evil.example":1}\n')
    office.settle()
    assert not office.found()
    assert not office.coverage()
