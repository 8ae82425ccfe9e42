"""Sums of reports are the same, however few of them lie in memory."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.victims import tally
from quetsach.victims.report import SEVERITIES, Meaning, Report

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
moments = st.integers(0, 5_000_000_000).map(lambda n: BEGIN + timedelta(microseconds=n))
reports = st.builds(
    lambda address, first, longer, family, severity, events: Report(
        address, first, first + timedelta(seconds=longer), Meaning.INFECTION, "shadowserver", "sinkhole",
        family, None, "tcp", severity, "", events,
    ),
    st.sampled_from(["192.0.2.1", "192.0.2.10", "192.0.2.9", "2001:db8::1"]),
    moments,
    st.integers(0, 90),
    st.sampled_from(["", "ramnit", "Mạng ma"]),
    st.sampled_from(["", *SEVERITIES]),
    st.integers(1, 7),
)  # fmt: skip


@given(st.lists(reports, max_size=30), st.sampled_from([1, 3, 100]))
def test_sums_are_the_same_however_few_lie_in_memory(given: list[Report], held: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "HELD", held)
        found = tally.Tally()
        for one in given:
            found.add(one)
    groups = defaultdict(list)
    for one in given:
        groups[one.address, one.family].append(one)
    assert len(found.infections) == len(groups)
    assert found.infections.addresses == len({address for address, _family in groups})
    assert len(found.risks) == 0
    told = found.infections.in_order(100)
    assert [(one.address, one.name) for one in told] == sorted(groups)
    for one in told:
        its = groups[one.address, one.name]
        assert (one.first, one.last) == (min(r.first for r in its), max(r.last for r in its))
        assert (one.events, one.port) == (sum(r.events for r in its), None)
        worst = max((SEVERITIES.index(r.severity) for r in its if r.severity), default=-1)
        assert one.severity == ("" if worst < 0 else SEVERITIES[worst])
    latest = found.infections.latest(2)
    assert [one.last for one in latest] == sorted((one.last for one in told), reverse=True)[:2]


def test_a_risk_is_summed_by_its_port() -> None:
    found = tally.Tally()
    for port in (443, None, 443, 80):
        found.add(Report("192.0.2.1", BEGIN, BEGIN, Meaning.EXPOSED, "shadowserver", "scan_http", "", port))
    told = found.risks.in_order(10)
    assert [(one.port, one.events) for one in told] == [(None, 1), (80, 1), (443, 2)]
    assert len(found.infections) == 0
