"""Files that cannot be read in spans are read whole when they rest, and say what a scan says."""

from __future__ import annotations

import bz2
import os
import sqlite3
import struct
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.files.openers import jsonlines
from tests.openers.pihole import BEGAN, NEW, OLD, database
from tests.watching.office import Office
from tests.watching.test_follow import ENGINES
from tests.watching.test_histories import kill

pytestmark = pytest.mark.native


def zipped(data: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("inner/dns.log", data)
    return out.getvalue()


KINDS: dict[str, Callable[[bytes], bytes]] = {
    "zip": zipped,
    "bzip2": bz2.compress,
}


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


_LATER = (
    "INSERT INTO query_storage (timestamp, type, status, domain, client, reply_type)"
    " VALUES (1663300900.5, 1, 2, 1, 1, 4)"
)


class Pihole:
    """A database of Pi-hole in an office; `all` never forgets a query."""

    def __init__(self, office: Office) -> None:
        self.office, self.path = office, office.logs / "pihole-FTL.db"
        self._all = office.true.with_name("all.db")
        self._count = 0
        for path in (self.path, self._all):
            database(path, OLD.partition("INSERT")[0] + BEGAN)
        self._told()

    def ask(self, *names: str) -> None:
        """Machines ask for names."""
        rows = [
            (1663300800 + 61 * (self._count + n), 1, 2, name, f"192.168.1.{(self._count + n) % 4}", None)
            for n, name in enumerate(names)
        ]
        self._count += len(rows)
        for path in (self.path, self._all):
            with closing(sqlite3.connect(path)) as db, db:
                db.executemany("INSERT INTO queries VALUES (NULL, ?, ?, ?, ?, ?, ?)", rows)
        self._told()

    def forget(self, count: int) -> None:
        """The oldest queries are deleted."""
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute("DELETE FROM queries WHERE id <= (SELECT min(id) FROM queries) + ?", (count - 1,))
        self._told()

    def _told(self) -> None:
        os.utime(self.path, (self.office.now, self.office.now))
        self.office.contents[self.path] = self._all.read_bytes()


def test_of_a_database_only_new_queries_are_read(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    pihole = Pihole(office)
    pihole.ask(*["evil.example", "fine.test"] * 40)
    office.settle()
    assert sum(row.count for row in office.found()) == 40
    made = []
    real = jsonlines.line
    monkeypatch.setattr(jsonlines, "line", lambda fields: made.append(fields) or real(fields))
    pihole.forget(30)
    pihole.ask("evil.example", "fine.test", "a.evil.example")
    office.settle()
    # The time of the first one is looked at beforehand.
    assert len(made) == 4
    assert office.found() == office.expected()[0]
    (told,), (true,) = office.coverage(), office.expected()[1]
    assert (told.source, told.bytes, told.lines, told.hours) == (
        true.source,
        true.bytes,
        true.lines,
        true.hours,
    )
    # Another database has the same name.
    pihole.path.unlink()
    database(pihole.path, OLD + BEGAN.replace("9", "8"))
    office.settle()
    assert {row.source for row in office.found()} > {told.source}


def test_two_pi_holes_of_one_image_are_told(office: Office) -> None:
    pihole = Pihole(office)
    pihole.ask(*["evil.example", "fine.test"] * 200)
    clone = office.logs / "clone.db"
    clone.write_bytes(pihole.path.read_bytes())
    office.settle()
    assert not office.follower.troubles
    pihole.ask(*["fine.test"] * 400)
    with closing(sqlite3.connect(clone)) as db, db:
        db.executemany(
            "INSERT INTO queries VALUES (NULL, ?, 1, 2, 'a.evil.example', '10.2.0.20', NULL)",
            [(1663300800 + 61 * (400 + 2 * n),) for n in range(250)],
        )
    os.utime(clone, (office.now, office.now))
    office.contents[clone] = clone.read_bytes()
    office.settle()
    assert office.found() == office.expected()[0]
    assert {row.device for row in office.found()} > {"10.2.0.20"}
    told_of = [(one.path, len(one.errors)) for one in office.coverage()]
    assert told_of == [(str(clone), 1), (str(pihole.path), 1)]
    told = " ".join(office.follower.troubles.values())
    assert "goes on otherwise" in told
    office.kill()
    office.start()
    office.look()
    assert "goes on otherwise" in " ".join(office.follower.troubles.values())


@pytest.mark.parametrize("looks_between", [True, False])
def test_a_database_that_was_restored_from_a_copy_hides_no_query(office: Office, looks_between: bool) -> None:
    """The copy ends twenty queries before; new queries get their numbers again."""
    pihole = Pihole(office)
    pihole.ask(*["evil.example", "fine.test"] * 20)
    copy = pihole.path.read_bytes()
    pihole.ask(*["fine.test"] * 20)
    office.settle()
    pihole.path.write_bytes(copy)
    for _ in range(3):
        pihole.ask(*["fine.test"] * 8, "a.evil.example", *["fine.test"] * 3)
        if looks_between:
            office.settle()
    office.settle()
    assert sum(row.count for row in office.found()) == 20 + 3
    assert office.found() == office.expected()[0]


def test_queries_of_a_restored_copy_count_though_their_time_was_seen(office: Office) -> None:
    """The copy ends thirty queries before, and the clock stands in the time of those that are lost."""
    pihole = Pihole(office)
    pihole.ask(*["fine.test"] * 30)
    copy = pihole.path.read_bytes()
    pihole.ask(*["fine.test"] * 30)
    office.settle()
    pihole.path.write_bytes(copy)
    for count, begin in ((10, 35), (3, 90)):
        rows = [(1663300800 + 61 * (begin + n), 1, 2, "evil.example", "192.168.1.77") for n in range(count)]
        with closing(sqlite3.connect(pihole.path)) as db, db:
            db.executemany("INSERT INTO queries VALUES (NULL, ?, ?, ?, ?, ?, NULL)", rows)
        os.utime(pihole.path, (office.now, office.now))
        office.settle()
    assert [(row.device, row.count) for row in office.found()] == [("192.168.1.77", 13)]


def test_queries_without_a_name_stay_told_until_a_good_copy_comes(office: Office) -> None:
    path = office.logs / "pihole-FTL.db"
    good = database(path, NEW + BEGAN).read_bytes()
    for change in ("DELETE FROM domain_by_id WHERE id = 3", _LATER):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(change)
        office.contents[path] = path.read_bytes()
        os.utime(path, (office.now, office.now))
        office.settle()
        assert "1 queries without a name" in " ".join(office.follower.troubles.values())
        assert [len(one.errors) for one in office.coverage()] == [1]
    path.write_bytes(good)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(_LATER)
    os.utime(path, (office.now, office.now))
    office.contents[path] = path.read_bytes()
    office.settle()
    assert not office.follower.troubles
    assert office.found() == office.expected()[0]
    assert not [error for one in office.coverage() for error in one.errors]


def test_queries_that_were_deleted_before_anybody_read_them_are_a_gap(office: Office) -> None:
    pihole = Pihole(office)
    pihole.ask(*["fine.test"] * 20)
    office.settle()
    (before,) = office.coverage()
    pihole.forget(20)
    pihole.ask(*["fine.test"] * 5)
    office.settle()
    assert [one.gaps for one in office.coverage()] == [()], "each query was read"
    pihole.ask(*["evil.example"] * 30)
    pihole.forget(35)
    pihole.ask(*["fine.test"] * 5)
    office.settle()
    (told,) = office.coverage()
    ((first, last),) = told.gaps
    assert before.last is not None and told.last is not None
    assert before.last < first < last < told.last
    assert last > first[:11] + "00:50", "thirty queries, one a minute, lie between"


def test_a_database_whose_numbers_are_texts_is_read_as_a_whole(office: Office) -> None:
    pihole = Pihole(office)
    pihole.ask(*["evil.example", "fine.test"] * 4)
    with closing(sqlite3.connect(pihole.path)) as db, db:
        db.execute(
            "CREATE TABLE other AS SELECT 'a' || id AS id, timestamp, type, status, domain, client"
            " FROM queries"
        )
        db.execute("DROP TABLE queries")
        db.execute("ALTER TABLE other RENAME TO queries")
    office.settle()
    assert sum(row.count for row in office.found()) == 4


EVENTS = Path(os.environ.get("QUETSACH_TEST_DATA", "../shared/data")) / "evtx/sysmon.evtx"
_HEAD, _CHUNK, _FREE, _FIRST = 4096, 65536, 48, 512


def event_log(data: bytes, chunks: int, events: int = 1 << 30, dropped: int = 0) -> bytes:
    """An event log in use, with so many chunks, the last of them with so many events; the oldest chunks were
    dropped."""
    head = data[:120] + struct.pack("<I", 1) + data[124:_HEAD]
    body = bytearray(data[_HEAD + dropped * _CHUNK : _HEAD + chunks * _CHUNK])
    last = len(body) - _CHUNK
    at, free = last + _FIRST, last + struct.unpack_from("<I", body, last + _FREE)[0]
    while at < free and events:
        at += struct.unpack_from("<I", body, at + 4)[0]
        events -= 1
    struct.pack_into("<I", body, last + _FREE, at - last)
    return head + bytes(body)


def test_an_older_copy_that_comes_and_goes_makes_no_query_count_twice(office: Office) -> None:
    pihole = Pihole(office)
    pihole.ask(*["fine.test", "evil.example"] * 100)
    older = pihole.path.read_bytes()
    pihole.ask(*["evil.example", "fine.test"] * 60)
    newer = pihole.path.read_bytes()
    office.settle()
    for _time in range(2):
        for data in (older, newer):
            office.now += 60
            pihole.path.write_bytes(data)
            os.utime(pihole.path, (office.now, office.now))
            office.settle()
            assert sum(row.count for row in office.found()) == 160
            assert [one.lines for one in office.coverage()] == [321]
    pihole.ask("evil.example")
    office.settle()
    assert sum(row.count for row in office.found()) == 161
    assert office.found() == office.expected()[0]


@pytest.mark.realdata
@pytest.mark.skipif(not EVENTS.is_file(), reason="QUETSACH_TEST_DATA is not there")
def test_of_an_event_log_only_new_events_are_read(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    evtx = pytest.importorskip("evtx")
    data = EVENTS.read_bytes()
    made: list[bytes] = []
    real = evtx.PyEvtxParser

    def parser(file: BytesIO, **options: int) -> object:
        made.append(file.getvalue())
        return real(file, **options)

    office.use(["185.26.182.117", "fine.test"])
    office.kill()
    office.start()
    for chunks, events in ((1, 9), (1, 40), (2, 1), (3, 20), (3, 20)):
        put(office, "sysmon.evtx", event_log(data, chunks, events))
        office.settle()
        (told,), (true,) = office.coverage(), office.expected()[1]
        assert (told.source, told.bytes, told.lines, told.hours, told.devices, told.errors) == (
            true.source,
            true.bytes,
            true.lines,
            true.hours,
            true.devices,
            [],
        )
    # Windows drops the oldest events of a full log.
    put(office, "sysmon.evtx", event_log(data, 5, dropped=2))
    office.contents[office.logs / "sysmon.evtx"] = event_log(data, 5)
    office.settle()
    (told,), (sightings, (true,)) = office.coverage(), office.expected()
    assert (told.bytes, told.lines, told.hours) == (true.bytes, true.lines, true.hours)
    assert office.found() == sightings
    office.kill()
    office.start()
    monkeypatch.setattr(evtx, "PyEvtxParser", parser)
    put(office, "sysmon.evtx", event_log(data, 6, dropped=2))
    office.contents[office.logs / "sysmon.evtx"] = event_log(data, 6)
    office.settle()
    # Its name takes the first hundred events, which lie in three chunks; one chunk is new.
    assert len(made) == 4
    assert [one.lines for one in office.coverage()] == [office.expected()[1][0].lines]


@pytest.mark.realdata
@pytest.mark.skipif(not EVENTS.is_file(), reason="QUETSACH_TEST_DATA is not there")
def test_events_that_a_full_log_dropped_unread_are_a_gap(office: Office) -> None:
    pytest.importorskip("evtx")
    data = EVENTS.read_bytes()
    put(office, "sysmon.evtx", event_log(data, 2))
    office.settle()
    (before,) = office.coverage()
    put(office, "sysmon.evtx", event_log(data, 4, dropped=2))
    office.settle()
    assert [one.gaps for one in office.coverage()] == [()], "the next event is there"
    put(office, "sysmon.evtx", event_log(data, 8, dropped=6))
    office.settle()
    (told,) = office.coverage()
    assert len(told.gaps) == 1 and before.last is not None
    assert told.gaps[0][0] > before.last


def test_what_a_store_hides_is_told_also_where_nothing_is_new(office: Office) -> None:
    pihole = Pihole(office)
    pihole.ask("evil.example", "fine.test")
    office.settle()
    assert not office.follower.troubles
    pihole.path.with_name("pihole-FTL.db-wal").write_bytes(b"x" * 32)
    office.now += 1
    os.utime(pihole.path, (office.now, office.now))
    office.settle()
    assert "pihole-FTL.db-wal" in " ".join(office.follower.troubles.values())


STEPS = st.one_of(
    st.tuples(st.just("ask"), st.integers(1, 40)),
    st.tuples(st.just("forget"), st.integers(1, 20)),
    st.tuples(st.just("damage"), st.integers(2, 40)),
    st.tuples(st.sampled_from(("look", "restart", "wait")), st.just(0)),
    st.tuples(st.just("kill"), st.integers(0, 25)),
)


@settings(
    max_examples=int(os.environ.get("QS_EXAMPLES", "15")),
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@given(steps=st.lists(STEPS, min_size=3, max_size=15), is_native=st.booleans())
def test_any_history_of_a_database(steps: list[tuple[str, int]], is_native: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Path(folder), ENGINES[0] if is_native else ENGINES[1])
        pihole = Pihole(office)
        for what, number in steps:
            match what:
                case "ask":
                    pihole.ask(*(("evil.example", "fine.test", "a.evil.example") * number)[:number])
                case "forget":
                    # What is deleted before anybody looked is lost.
                    office.settle()
                    pihole.forget(number)
                case "damage":
                    # A damaged copy takes its place for a time.
                    good = pihole.path.read_bytes()
                    at = 4096 * (1 + number % (len(good) // 4096 - 1))
                    pihole.path.write_bytes(good[:at] + bytes(4096) + good[at + 4096 :])
                    office.settle()
                    pihole.path.write_bytes(good)
                    office.now += 1
                    os.utime(pihole.path, (office.now, office.now))
                case "restart":
                    office.kill()
                    office.start()
                case "kill":
                    office.now += 11
                    kill(office, number)
                case "wait":
                    office.now += 15
                case "look":
                    office.look()
        office.settle()
        assert office.dumped() == office.scanned()[0]
        office.kill()


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
