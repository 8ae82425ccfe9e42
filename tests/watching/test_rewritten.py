"""Logs whose earlier bytes change: zeros that are filled, oldest lines that go, new lines in front."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.text import problems
from quetsach.watching import holes
from tests.watching.office import Office
from tests.watching.test_follow import check
from tests.watching.test_histories import ENGINES, kill

pytestmark = pytest.mark.native


def with_hole(data: bytes, place: int) -> bytes:
    """The same with zeros for a line that holds a listed name, near a place."""
    begin = data.rindex(b"\n", 0, place) + 1
    end = data.index(b"evil.example", begin)
    return data[: begin + 7] + bytes(data.index(b"\n", end) - begin) + data[data.index(b"\n", end) + 7 :]


@pytest.mark.parametrize("is_down", [False, True])
@pytest.mark.parametrize("place", [700, 30_000, 98_000, "all"])
def test_zeros_that_are_filled_later_are_read(office: Office, place: int | str, is_down: bool) -> None:
    """As a writer leaves them that does not write in order, or a power cut: at the head that names the log,
    in the middle, and before the place up to which it was read."""
    data = b"".join(office.line("evil.example" if n % 9 == 0 else "fine.test") for n in range(1500))
    places = [700, 30_000, 98_000] if isinstance(place, str) else [place]
    empty = data
    for one in places:
        empty = with_hole(empty, one)
    assert len(empty) == len(data) and empty != data
    path = office.logs / "dns.log"
    for steps, now in enumerate((empty, data, data + office.line())):
        path.write_bytes(now)
        os.utime(path, (office.now, office.now))
        office.contents[path] = now
        check(office)
        assert sum(row.count for row in office.found()) == now.count(b"evil.example")
        assert len(office.coverage()) == 1
        if is_down and not steps:
            office.kill()
            office.start()


def test_zeros_in_place_of_one_name_are_read_when_it_comes(office: Office) -> None:
    name = b"evil.example"
    data = b"".join(office.line("evil.example" if n % 300 == 7 else "fine.test") for n in range(900))
    rewrite(office, data.replace(name, bytes(len(name)), 1))
    check(office)
    rewrite(office, data)
    check(office)
    assert sum(row.count for row in office.found()) == 3


def with_zeros(office: Office, lines: bytes, size: int, *, is_sparse: bool) -> None:
    """Lines with zeros between them: never written, or written as zeros."""
    path = office.logs / "dns.log"
    with path.open("wb") as file:
        file.write(lines)
        if not is_sparse:
            file.write(bytes(size))
        file.seek(len(lines) + size)
        file.write(b"\n" + office.line())
    os.utime(path, (office.now, office.now))


@pytest.mark.parametrize("is_sparse", [True, False])
def test_what_is_written_in_the_middle_of_many_zeros_is_read_or_told(
    office: Office, is_sparse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holes, "_MOST_BYTES", 1 << 19)
    monkeypatch.setattr(holes, "_BLOCK", 1 << 16)
    path, size = office.logs / "dns.log", 900_000
    with_zeros(office, b"".join(office.line() for _ in range(300)), size, is_sparse=is_sparse)
    office.settle()
    assert sum(row.count for row in office.found()) == 301
    told = office.follower.troubles.get(str(path), "")
    assert ("so many zeros" in told) is not is_sparse
    assert not told or problems.is_known(told)
    with path.open("r+b") as file:
        file.seek(450_000)
        file.write(b"\n" + office.line())
    os.utime(path, (office.now, office.now))
    office.settle()
    office.contents[path] = path.read_bytes()
    if is_sparse:
        assert office.found() == office.expected()[0]
        assert sum(row.count for row in office.found()) == 302


def test_copytruncate_under_a_program_that_does_not_append_is_read_as_a_scan_reads_it(office: Office) -> None:
    """It goes on at its place, behind zeros; the watcher tells that all such logs begin alike."""
    log = office.logs / "dns.log"
    with log.open("wb", 0) as writer:
        for number in range(3):
            writer.write(b"".join(office.line() for _ in range(400)))
            os.utime(log, (office.now, office.now))
            office.look()
            for old in range(number, 0, -1):
                (office.logs / f"dns.log.{old}").rename(office.logs / f"dns.log.{old + 1}")
            copy = office.logs / "dns.log.1"
            copy.write_bytes(log.read_bytes())
            os.utime(copy, (office.now, office.now))
            os.truncate(log, 0)
            office.look()
        writer.write(b"".join(office.line() for _ in range(400)))
    os.utime(log, (office.now, office.now))
    office.settle()
    office.contents = {path: path.read_bytes() for path in office.logs.iterdir()}
    sightings, coverage = office.expected()
    assert office.found() == sightings
    assert sorted(one.lines for one in office.coverage()) == sorted(one.lines for one in coverage)
    assert "both begin with zeros" in office.follower.troubles[str(log)]


def rewrite(office: Office, data: bytes, is_renamed: bool = False) -> None:
    path = office.logs / "dns.log"
    place = office.true.with_name("new") if is_renamed else path
    place.write_bytes(data)
    os.utime(place, (office.now, office.now))
    place.rename(path)
    office.contents[path] = data


def ring_of(office: Office, ring: list[bytes]) -> bytes:
    return b"\xff\xfe" * office.is_wide + b"".join(ring)


def follows(office: Office, written: int) -> bool:
    """Whether each line counts once, without a trouble."""
    told = [(one.lines, one.gaps, one.errors) for one in office.coverage()]
    counted = sum(row.count for row in office.found())
    return (counted, told) == (written, [(written, (), [])]) and not office.follower.troubles


@pytest.mark.parametrize("is_down", [False, True])
@pytest.mark.parametrize("is_renamed", [False, True])
@pytest.mark.parametrize(("number", "is_wide"), [(400, False), (3000, False), (300, True)])
def test_a_log_that_loses_its_oldest_lines_counts_each_line_once(
    office: Office, number: int, is_wide: bool, is_renamed: bool, is_down: bool
) -> None:
    """As a ring of so many lines, which its writer writes anew each time, or puts in the place of the old."""
    office.is_wide = is_wide
    ring, written = [office.line() for _ in range(number)], number
    rewrite(office, ring_of(office, ring))
    office.settle()
    for new in (1, 70, 0, number // 3):
        if is_down:
            office.kill()
            office.start()
        ring = [*ring[new:], *(office.line() for _ in range(new))]
        written += new
        rewrite(office, ring_of(office, ring), is_renamed)
        office.settle()
        assert follows(office, written)
    # All is new, and nobody saw what was between.
    rewrite(office, b"".join([office.line() for _ in range(2 * number)][number:]))
    office.settle()
    assert sum(row.count for row in office.found()) == written + number
    assert sum(len(one.gaps) for one in office.coverage()) == 1


@pytest.mark.parametrize("is_wide", [False, True])
@pytest.mark.parametrize(("number", "new"), [(100, 80), (20, 3), (20, 19)])
def test_a_ring_of_which_few_lines_are_left_counts_each_line_once(
    office: Office, number: int, new: int, is_wide: bool
) -> None:
    office.is_wide = is_wide
    ring, written = [office.line() for _ in range(number)], number
    rewrite(office, ring_of(office, ring))
    office.settle()
    for _time in range(3):
        ring = [*ring[new:], *(office.line() for _ in range(new))]
        written += new
        rewrite(office, ring_of(office, ring))
        office.settle()
        assert sum(row.count for row in office.found()) == written
        assert [one.lines for one in office.coverage()] == [written]
        # One line is no proof: the next log may begin with an equal one.
        assert any(one.gaps for one in office.coverage()) == (new == 19)


@pytest.mark.parametrize("is_down", [False, True])
def test_a_ring_that_is_seen_half_written_counts_each_line_once(office: Office, is_down: bool) -> None:
    ring, written = [office.line() for _ in range(400)], 400
    rewrite(office, b"".join(ring))
    office.settle()
    for new in (1, 70, 30):
        if is_down:
            office.kill()
            office.start()
        ring = [*ring[new:], *(office.line() for _ in range(new))]
        written += new
        data = b"".join(ring)
        for part in (0, len(data) // 3, len(data) - 30, len(data)):
            rewrite(office, data[:part])
            office.look()
        office.settle()
        assert follows(office, written)


@pytest.mark.parametrize("is_ring", [True, False])
def test_old_lines_in_a_log_that_was_written_anew_meanwhile_are_told(office: Office, is_ring: bool) -> None:
    """After a restart nobody knows the last lines; what begins later is no old line."""
    ring = [office.line() for _ in range(400)]
    rewrite(office, b"".join(ring))
    office.settle()
    office.kill()
    office.start()
    rewrite(office, b"".join(ring[9:200]) if is_ring else b"".join(office.line() for _ in range(200)))
    office.settle()
    told = [error for one in office.coverage() for error in one.errors]
    assert len(told) == is_ring and all("may count once more" in error for error in told)
    assert sum(len(one.gaps) for one in office.coverage()) == 1


@pytest.mark.parametrize("is_down", [False, True])
def test_that_lines_count_once_more_is_told_for_as_long_as_they_do(office: Office, is_down: bool) -> None:
    """Of a ring that was half written for long, whatever its writer appends later and however it is read."""
    ring, path = [office.line() for _ in range(300)], office.logs / "dns.log"
    rewrite(office, b"".join(ring))
    office.settle()
    ring = [*ring[100:], *(office.line() for _ in range(120))]
    rewrite(office, b"".join(ring[:160]))
    office.settle()
    assert sum(row.count for row in office.found()) == 460
    rewrite(office, b"".join(ring))
    office.settle()
    for new in (0, 1, 70):
        if is_down:
            office.kill()
            if new:
                office.use(["evil.example", f"x{new}.example"])
            office.start()
        if new:
            office.append(b"".join(office.line() for _ in range(new)))
        office.settle()
        assert "may count once more" in office.follower.troubles[str(path)]
        told = [error for one in office.coverage() for error in one.errors]
        assert len(told) == 1 and "may count once more" in told[0]
    # Its file goes; its lines still count.
    rewrite(office, b"".join(office.line() for _ in range(20)))
    for _time in range(2):
        office.settle()
        assert "may count once more" in office.follower.troubles[str(path)]
        office.kill()
        office.start()


@pytest.mark.parametrize("is_down", [False, True])
@pytest.mark.parametrize("new", [10, 100])
def test_a_log_that_is_emptied_is_no_ring_though_its_lines_are_out_of_order(
    office: Office, new: int, is_down: bool
) -> None:
    """As firewalls write them, which tell when a connection began once it ends."""
    lines = [office.line() for _ in range(500 + new)]
    late = lines.pop(200)
    rewrite(office, b"".join([*lines[:300], late, *lines[300:500]]))
    office.settle()
    if is_down:
        office.kill()
        office.start()
    rewrite(office, b"".join([lines[499].replace(b"T00:08", b"T00:07"), *lines[500:]]))
    office.settle()
    assert not office.follower.troubles
    assert not [error for one in office.coverage() for error in one.errors]


def test_a_log_that_begins_anew_is_read_though_its_writer_never_rests(office: Office) -> None:
    rewrite(office, b"".join(office.line() for _ in range(200)))
    office.settle()
    data = b""
    for _look in range(24):
        data += office.line()
        rewrite(office, data)
        office.look()
    assert 220 <= sum(row.count for row in office.found()) <= 224


def test_many_new_lines_of_a_ring_are_found(office: Office) -> None:
    ring = [office.line("evil.example" if n % 1000 == 0 else "fine.test") for n in range(30_000)]
    rewrite(office, b"".join(ring))
    office.settle()
    ring = [*ring[27_000:], *(office.line() for _ in range(27_000))]
    rewrite(office, b"".join(ring))
    office.settle()
    assert sum(row.count for row in office.found()) == 30 + 27_000
    assert [one.lines for one in office.coverage()] == [57_000]


def test_a_ring_of_equal_lines_is_a_gap(office: Office) -> None:
    """Nobody can see which of its lines are new."""
    equal = b"query[A] evil.example from 10.1.2.3\n"
    rewrite(office, b"# begin\n" * 300 + equal * 400)
    office.settle()
    for data in (b"# begin\n" * 100 + equal * 500, equal * 500):
        rewrite(office, data)
        office.settle()
        assert 400 <= sum(row.count for row in office.found()) <= 600
    (before,) = office.coverage()
    assert before.gaps
    for _time in range(3):
        # It seems to be as it was.
        rewrite(office, equal * 500)
        office.settle()
    (after,) = office.coverage()
    assert after.gaps[-1][1] > before.gaps[-1][1] and len(after.gaps) <= len(before.gaps) + 1


@pytest.mark.parametrize("is_wide", [False, True])
@pytest.mark.parametrize("is_down", [False, True])
def test_a_log_that_was_edited_is_told(office: Office, is_down: bool, is_wide: bool) -> None:
    office.is_wide = is_wide
    lines = [office.line() for _ in range(400)]
    rewrite(office, ring_of(office, lines))
    office.settle()
    if is_down:
        office.kill()
        office.start()
    rewrite(office, ring_of(office, [*lines[100:395], office.line(), *lines[396:]]))
    office.settle()
    told = [error for one in office.coverage() for error in one.errors]
    assert len(told) == 1 and "may count once more" in told[0] and problems.is_known(told[0])
    assert any(one.gaps for one in office.coverage())
    # What was truncated begins with other lines.
    rewrite(office, ring_of(office, [office.line() for _ in range(90)]))
    office.settle()
    assert [error for one in office.coverage() for error in one.errors] == told


def test_a_log_with_its_newest_lines_first_is_told(office: Office) -> None:
    old = [office.line() for _ in range(300)]
    rewrite(office, b"".join(reversed(old)))
    office.settle()
    assert not office.follower.troubles
    rewrite(office, b"".join(reversed([*old, office.line()])))
    office.settle()
    assert "count once more" in office.follower.troubles[str(office.logs / "dns.log")]
    told = [error for one in office.coverage() for error in one.errors]
    assert len(told) == 1 and "in front of those" in told[0]
    assert problems.is_known(told[0])
    assert not any(one.gaps for one in office.coverage())


STEPS = st.one_of(
    st.tuples(st.sampled_from(("place", "rename", "append", "half")), st.integers(0, 60)),
    st.tuples(st.sampled_from(("look", "restart", "wait")), st.just(0)),
    st.tuples(st.just("kill"), st.integers(0, 40)),
)


@settings(
    max_examples=int(os.environ.get("QS_EXAMPLES", "12")),
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@given(
    steps=st.lists(STEPS, min_size=3, max_size=14),
    number=st.sampled_from((130, 400, 1200)),
    is_native=st.booleans(),
    is_wide=st.booleans(),
)
def test_any_history_of_a_ring(
    steps: list[tuple[str, int]], number: int, is_native: bool, is_wide: bool
) -> None:
    """Of the lines that were read, 4,096 bytes stay until the next look."""
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Path(folder), ENGINES[0] if is_native else ENGINES[1], is_wide=is_wide)
        ring, written = [office.line() for _ in range(number)], number
        rewrite(office, ring_of(office, ring))
        office.settle()
        for what, new in steps:
            if what in ("place", "rename", "append", "half"):
                added = [office.line() for _ in range(new)]
                ring = [*ring[new * (what != "append") :], *added]
                written += new
            data = ring_of(office, ring)
            match what:
                case "place" | "rename":
                    rewrite(office, data, what == "rename")
                    office.settle()
                case "append":
                    office.append(b"".join(added))
                    office.look()
                case "half":
                    for part in (0, len(data) // 3, len(data) - 30, len(data)):
                        rewrite(office, data[:part])
                        office.look()
                    office.settle()
                case "kill":
                    kill(office, new)
                case "restart":
                    office.kill()
                    office.start()
                case "wait":
                    office.settle()
                case "look":
                    office.look()
        office.settle()
        assert follows(office, written)
        office.kill()
