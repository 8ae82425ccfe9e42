"""Parts, damage and renames of event logs: each event counts once, and unread parts are named."""

from __future__ import annotations

import os
import struct

import pytest

from tests.watching.office import Office
from tests.watching.test_stores import check, facts, put, renamed
from tests.watching.test_whole import EVENTS, event_log

pytestmark = pytest.mark.native


def with_new_events(data: bytes) -> tuple[bytes, int]:
    """An event log whose last chunk was written years later, and how many events that are."""
    made = bytearray(data)
    last = len(made) - 65536
    at, free, count = last + 512, last + struct.unpack_from("<I", made, last + 48)[0], 0
    while at < free:
        struct.pack_into("<Q", made, at + 16, 10**7 * (11_644_473_600 + 1_900_000_000))
        at, count = at + struct.unpack_from("<I", made, at + 4)[0], count + 1
    return bytes(made), count


@pytest.mark.realdata
@pytest.mark.skipif(not EVENTS.is_file(), reason="QUETSACH_TEST_DATA is not there")
@pytest.mark.parametrize("first", ["damaged", "newer"])
def test_a_good_event_log_in_place_of_part_of_it_is_read(office: Office, first: str) -> None:
    pytest.importorskip("evtx")
    office.use(["185.26.182.117"])
    office.kill()
    office.start()
    good = event_log(EVENTS.read_bytes(), 5)
    part = bytearray(good)
    part[4096 + 65536 + 600 : 4096 + 65536 + 60_000] = bytes(59_400)
    path = office.logs / "sysmon.evtx"
    put(office, path, bytes(part) if first == "damaged" else event_log(EVENTS.read_bytes(), 5, dropped=3))
    office.settle()
    assert bool(office.follower.troubles) == (first == "damaged")
    put(office, path, good)
    check(office)


@pytest.mark.realdata
@pytest.mark.skipif(not EVENTS.is_file(), reason="QUETSACH_TEST_DATA is not there")
@pytest.mark.parametrize("early", [6, 4])
def test_an_older_part_of_an_event_log_in_place_of_a_newer_one_adds_to_it(office: Office, early: int) -> None:
    """Where records are missing between both, they are read when the whole log comes."""
    pytest.importorskip("evtx")
    office.use(["185.26.182.117", "windowsupdate.com", "microsoft.com"])
    office.kill()
    office.start()
    path, data = office.logs / "sysmon.evtx", EVENTS.read_bytes()
    put(office, path, event_log(data, 9, dropped=6))
    office.settle()
    put(office, path, event_log(data, early))
    office.settle()
    office.contents[path] = event_log(data, 9)
    (sightings, (true,)) = office.expected()
    assert early == 4 or office.found() == sightings
    put(office, path, event_log(data, 9))
    office.settle()
    assert office.found() == sightings
    (told,) = office.coverage()
    assert (told.lines, told.bytes, told.errors) == (true.lines, true.bytes, [])
    assert told.hours == true.hours


@pytest.mark.realdata
@pytest.mark.skipif(not EVENTS.is_file(), reason="QUETSACH_TEST_DATA is not there")
@pytest.mark.parametrize(
    "parts",
    [
        [(6, 9), (0, 3), (3, 6)],
        [(3, 5), (0, 2), (6, 9)],
        [(7, 9), (4, 7), (0, 4)],
        [(0, 5), (5, 7), (0, 2), (0, 5)],
    ],
)
def test_parts_of_an_event_log_in_any_order_are_the_log(office: Office, parts: list[tuple[int, int]]) -> None:
    """The line that names the log counts once, in the hour of its first event."""
    pytest.importorskip("evtx")
    office.use(["185.26.182.117"])
    office.kill()
    office.start()
    path, data = office.logs / "sysmon.evtx", EVENTS.read_bytes()
    for begin, end in parts:
        put(office, path, event_log(data, end, dropped=begin))
        office.settle()
    put(office, path, event_log(data, 9))
    office.settle()
    sightings, (true,) = office.expected()
    (told,) = office.coverage()
    assert office.found() == sightings
    assert facts(told)[:-1] == facts(true)[:-1]


@pytest.mark.realdata
@pytest.mark.skipif(not EVENTS.is_file(), reason="QUETSACH_TEST_DATA is not there")
def test_a_part_of_an_event_log_is_read_though_the_words_of_its_damage_stay(office: Office) -> None:
    """An error names three places and the number of the others."""
    pytest.importorskip("evtx")
    office.use(["185.26.182.117"])
    office.kill()
    office.start()
    good = event_log(EVENTS.read_bytes(), 9)

    def hurt(*chunks: int) -> bytes:
        data = bytearray(good)
        for chunk in chunks:
            begin = 4096 + 65536 * chunk + 512
            data[begin : begin + 1488] = bytes(1488)
        return bytes(data)

    path = office.logs / "sysmon.evtx"
    put(office, path, hurt(0, 1, 2, 7))
    office.settle()
    (before,) = office.coverage()
    put(office, path, hurt(0, 1, 2, 5))
    office.settle()
    (after,) = office.coverage()
    assert after.errors == before.errors and "and 1 more" in after.errors[0]
    (true,) = office.expected()[1]
    assert true.hours is not None and after.hours is not None
    assert all(
        told >= read
        for day in true.hours
        for told, read in zip(after.hours[day], true.hours[day], strict=True)
    )
    put(office, path, good)
    check(office)


@pytest.mark.realdata
@pytest.mark.skipif(not EVENTS.is_file(), reason="QUETSACH_TEST_DATA is not there")
@pytest.mark.parametrize("is_zero", [True, False])
def test_damage_is_told_until_a_copy_was_read_that_holds_what_it_hid(office: Office, is_zero: bool) -> None:
    """An older part that is whole shows nothing of it."""
    pytest.importorskip("evtx")
    office.use(["185.26.182.117"])
    office.kill()
    office.start()
    path, good = office.logs / "sysmon.evtx", event_log(EVENTS.read_bytes(), 9)
    listed = good.index("185.26.182.117".encode("utf-16-le"))
    begin = 4096 + (listed - 4096) // 65536 * 65536
    hurt = bytearray(good)
    size = 65536 if is_zero else 60_000
    hurt[begin + 600 * (not is_zero) : begin + size] = bytes(size - 600 * (not is_zero))
    put(office, path, bytes(hurt))
    office.settle()
    (before,) = office.coverage()
    assert before.errors and not office.found()
    for chunks in (4, 3):
        put(office, path, event_log(EVENTS.read_bytes(), chunks))
        office.settle()
        (told,) = office.coverage()
        assert told.errors == before.errors
        assert office.follower.troubles == {str(path): before.errors[0]}
        office.kill()
        office.start()
    # New events of that part add to those that are known.
    older, new = with_new_events(event_log(EVENTS.read_bytes(), 3))
    put(office, path, older)
    office.settle()
    (grown,) = office.coverage()
    assert (grown.lines, grown.errors) == (before.lines + new, before.errors) and new > 1
    put(office, path, good)
    office.settle()
    (told,) = office.coverage()
    assert not told.errors and not office.follower.troubles
    assert office.found() == office.expected()[0]
    assert sum(row.count for row in office.found()) == 1


@pytest.mark.realdata
@pytest.mark.skipif(not EVENTS.is_file(), reason="QUETSACH_TEST_DATA is not there")
@pytest.mark.parametrize("name", ["Archive-System.evtx", "System-old.evtx"])
@pytest.mark.parametrize("is_late", [False, True])
def test_an_event_log_that_windows_puts_away_when_it_is_full_goes_on(
    office: Office, name: str, is_late: bool
) -> None:
    """The new one at its name goes on with the next number."""
    pytest.importorskip("evtx")
    path, data = office.logs / "System.evtx", EVENTS.read_bytes()
    put(office, path, event_log(data, 5))
    office.settle()
    full, new = event_log(data, 8, dropped=4), event_log(data, 9, dropped=8)
    away = path.with_name(name)
    renamed(office, path, away)
    put(office, path, new)
    if is_late:
        # It is written yet when the new one rests already.
        office.now += 20
    away.write_bytes(full)
    os.utime(away, (office.now, office.now))
    office.contents = {path: event_log(data, 9)}
    check(office)
    put(office, path, event_log(data, 10, dropped=8))
    office.contents = {path: event_log(data, 10)}
    check(office)


@pytest.mark.realdata
@pytest.mark.skipif(not EVENTS.is_file(), reason="QUETSACH_TEST_DATA is not there")
def test_an_event_log_that_is_renamed_goes_on_though_its_oldest_events_went(office: Office) -> None:
    path, data = office.logs / "System.evtx", EVENTS.read_bytes()
    put(office, path, event_log(data, 5))
    office.settle()
    new = office.logs / "Saved.evtx"
    renamed(office, path, new)
    put(office, new, event_log(data, 9, dropped=4))
    office.settle()
    office.contents[new] = event_log(data, 9)
    check(office)


@pytest.mark.realdata
@pytest.mark.skipif(not EVENTS.is_file(), reason="QUETSACH_TEST_DATA is not there")
def test_an_event_log_of_which_nothing_was_read_is_told_while_a_smaller_copy_stands_there(
    office: Office,
) -> None:
    pytest.importorskip("evtx")
    path, data = office.logs / "System.evtx", EVENTS.read_bytes()
    good, old = event_log(data, 9), event_log(data, 7) + bytes(10 * 65536)
    hurt = bytearray(good)
    for chunk in range(9):
        begin = 4096 + chunk * 65536
        hurt[begin : begin + 512] = b"\xaa" * 512
    for content in (bytes(hurt), old, old):
        office.kill()
        office.start()
        put(office, path, content)
        office.settle()
        assert "is no Windows event log" in office.follower.troubles[str(path)]
        assert [len(one.errors) for one in office.coverage()] == [1]
    put(office, path, good)
    check(office)


@pytest.mark.realdata
@pytest.mark.skipif(not EVENTS.is_file(), reason="QUETSACH_TEST_DATA is not there")
def test_damage_behind_the_last_event_is_told_while_a_copy_ends_with_that_event(office: Office) -> None:
    """The log was cut off where a chunk began: no event of that chunk was read."""
    pytest.importorskip("evtx")
    path, data = office.logs / "System.evtx", EVENTS.read_bytes()
    good, old = event_log(data, 9), event_log(data, 7)
    for content in (good[: 4096 + 7 * 65536 + 300], old, old + bytes(65536)):
        put(office, path, content)
        office.settle()
        assert "chunk 7" in office.follower.troubles[str(path)]
        assert [len(one.errors) for one in office.coverage()] == [1]
        office.kill()
        office.start()
    put(office, path, good)
    check(office)
