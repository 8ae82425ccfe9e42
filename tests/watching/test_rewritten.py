"""Logs whose earlier bytes change: zeros that are filled, oldest lines that go, new lines in front."""

from __future__ import annotations

import os

import pytest

from quetsach.text import problems
from tests.watching.office import Office
from tests.watching.test_follow import check

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


def rewrite(office: Office, data: bytes) -> None:
    path = office.logs / "dns.log"
    path.write_bytes(data)
    os.utime(path, (office.now, office.now))
    office.contents[path] = data


@pytest.mark.parametrize("is_down", [False, True])
@pytest.mark.parametrize("number", [400, 3000])
def test_a_log_that_loses_its_oldest_lines_counts_each_line_once(
    office: Office, number: int, is_down: bool
) -> None:
    """As a ring of so many lines, which its writer writes anew each time."""
    ring, written = [office.line() for _ in range(number)], number
    rewrite(office, b"".join(ring))
    office.settle()
    for new in (1, 70, 0, number // 3):
        if is_down:
            office.kill()
            office.start()
        ring = [*ring[new:], *(office.line() for _ in range(new))]
        written += new
        rewrite(office, b"".join(ring))
        office.settle()
        assert sum(row.count for row in office.found()) == written
        assert [(one.lines, one.gaps) for one in office.coverage()] == [(written, ())]
        assert not office.follower.troubles
    # All is new, and nobody saw what was between.
    rewrite(office, b"".join([office.line() for _ in range(2 * number)][number:]))
    office.settle()
    assert sum(row.count for row in office.found()) == written + number
    assert sum(len(one.gaps) for one in office.coverage()) == 1


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
