"""`who` and runs of random hits, beside runs grouped from all times at once by their definition."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.engines.portable import LIMITS, PortableEngine, PortableMatcher
from quetsach.sightings.sighting import Sighting
from tests.engines.both import few
from tests.engines.indicator_sets import make_set
from tests.engines.native import ENGINE, scan, write

pytestmark = pytest.mark.native

HEADER = (
    "#separator \\x09\n#unset_field\t-\n#path\tconn\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tconn_state\torig_l2_addr\n"
)
BEGIN = datetime(2026, 3, 14, 22, tzinfo=UTC)
TEN_MINUTES = 600_000_000


class Hit(NamedTuple):
    """A line: microseconds after `BEGIN`, the address, and the hardware address ("-": none)."""

    after: int
    device: str
    mac: str
    server: str

    @property
    def moment(self) -> datetime:
        return BEGIN + timedelta(microseconds=self.after)

    def line(self) -> str:
        seconds = int(BEGIN.timestamp()) * 1_000_000 + self.after
        ends = f"{self.device}\t50000\t{self.server}\t443"
        return f"{seconds // 1_000_000}.{seconds % 1_000_000:06}\tC\t{ends}\tSF\t{self.mac}\n"


def hits(most: int) -> st.SearchStrategy[list[Hit]]:
    # Steps of nearly ten minutes make gaps on both sides of the border, and a day has one within four hours.
    after = st.builds(
        lambda step, more: step * TEN_MINUTES + more,
        st.integers(0, 23),
        st.sampled_from((0, 1, 7, 599_999_999)),
    )
    return st.lists(
        st.builds(
            Hit,
            after,
            st.sampled_from(("10.1.2.3", "10.1.2.4")),
            st.sampled_from(("-", "02:00:00:00:00:0a", "02:00:00:00:00:0b")),
            st.sampled_from(("203.0.113.9", "203.0.113.10")),
        ),
        min_size=1,
        max_size=most,
    )


def expected(of: Iterable[Hit]) -> list[tuple[str, str, str, str, int, list[list[int]]]]:
    rows = defaultdict[tuple[str, str, str, str], list[int]](list)
    for hit in of:
        who = "" if hit.mac == "-" else f"mac:{hit.mac}"
        midnight = hit.moment.replace(hour=0, minute=0, second=0, microsecond=0)
        times = rows[hit.server, hit.device, who, f"{midnight:%Y-%m-%d}"]
        times.append((hit.moment - midnight) // timedelta(microseconds=1))
    found = []
    for key, times in rows.items():
        times.sort()
        cuts = [n for n, (one, other) in enumerate(pairwise(times), 1) if other - one > TEN_MINUTES]
        parts = [times[a:b] for a, b in pairwise([0, *cuts, len(times)])]
        found.append((*key, len(times), [[part[0], part[-1], len(part)] for part in parts]))
    return sorted(found)


def told(sightings: Iterable[Sighting]) -> list[tuple[str, str, str, str, int, list[list[int]]]]:
    return [(s.indicator, s.device or "", s.who, s.day or "", s.count, s.runs) for s in sightings]


SET = ["203.0.113.9", "203.0.113.10"]


@few
@given(hits(60), st.sampled_from((1, 2_000, 1 << 20)), st.sampled_from((1, 700, 1 << 18)), st.integers(0, 3))
def test_runs_are_those_of_the_definition(of: list[Hit], row_bytes: int, chunk: int, spare: int) -> None:
    items = make_set(SET)
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, (HEADER + "".join(hit.line() for hit in of)).encode())
        wanted = expected(of)
        portable = PortableMatcher(items, replace(LIMITS, rows=row_bytes % 1_999))
        assert told(portable.scan(path, ScanOptions(), PortableEngine().progress()).sightings) == wanted
        found = scan(ENGINE.compile(items), path, row_bytes=row_bytes, chunk=chunk, spare=spare, edge_bytes=0)
        assert told(found.sightings) == wanted


def test_a_row_has_room_for_a_day_of_runs() -> None:
    """Every ten minutes and a microsecond, backwards: 144 runs."""
    begin = (24 - 22) * 3_600_000_000
    of = [Hit(begin + n * (TEN_MINUTES + 1), "10.1.2.3", "-", "203.0.113.9") for n in range(144)][::-1]
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, (HEADER + "".join(hit.line() for hit in of)).encode())
        (row,) = scan(ENGINE.compile(make_set(SET)), path).sightings
    assert len(row.runs) == 144
    assert told([row]) == expected(of)
