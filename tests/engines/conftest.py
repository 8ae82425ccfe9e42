"""One scan of some bytes by each engine that is here."""

from __future__ import annotations

from pathlib import Path

import pytest

from quetsach.engine import ScanOptions, SourceResult, choose
from quetsach.errors import ScanError
from quetsach.feeds.item import parse
from quetsach.indicator import IndicatorSet, Scope


def engines() -> list[str]:
    found = ["portable"]
    try:
        choose("native")
    except ScanError:
        return found
    return [*found, "native"]


@pytest.fixture(params=engines())
def look(request: pytest.FixtureRequest, tmp_path: Path):  # type: ignore[no-untyped-def]
    engine = choose(request.param)

    def scan(data: bytes, *listed: str, devices: bool = False, name: str = "x.pcap") -> SourceResult:
        path = tmp_path / name
        path.write_bytes(data)
        items = IndicatorSet([i for v in listed for i in parse(v, Scope.WITH_SUBDOMAINS)[0]])
        return engine.compile(items).scan(path, ScanOptions(devices=devices), engine.progress())

    return scan
