"""The generated capture holds what its truth says, found by both engines."""

from pathlib import Path

import pytest

import quetsach
from bench.traffic_capture import write
from demo.loggen import make_indicators


@pytest.mark.parametrize("engine", [pytest.param("native", marks=pytest.mark.native), "portable"])
def test_generated_traffic_is_found_as_it_was_planted(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUETSACH_ENGINE", engine)
    items = make_indicators(400, 3)
    path = tmp_path / "traffic.pcap"
    truth = write(path, items, total_bytes=1_500_000, hit_rate=0.1, seed=3)
    result = quetsach.scan(path, [item.value for item in items], guard_rails=False)
    found = {
        (s.indicator, s.device, s.who, s.day): (
            s.runs,
            s.count,
            s.first_seen,
            s.last_seen,
            s.field,
            s.matched,
        )
        for s in result.sightings
    }
    planted = {
        (row.indicator, row.device, row.who, row.day): (
            row.runs,
            row.count,
            row.first,
            row.last,
            row.field,
            row.matched,
        )
        for row in truth.rows.values()
    }
    assert len(planted) > 20
    assert found == planted
    assert [one.lines for one in result.coverage] == [truth.sources["traffic.pcap"].lines]
