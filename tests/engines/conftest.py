"""One scan of some bytes by each engine on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from quetsach.indicators.indicator import IndicatorSet, Scope
from quetsach.indicators.lists.item import parse
from quetsach.scanning.engine import Engine, ScanOptions, SourceResult


@pytest.fixture
def look(engine: Engine, tmp_path: Path) -> Callable[..., SourceResult]:
    def scan(data: bytes, *listed: str, devices: bool = False, name: str = "x.pcap") -> SourceResult:
        path = tmp_path / name
        path.write_bytes(data)
        items = IndicatorSet([i for v in listed for i in parse(v, Scope.WITH_SUBDOMAINS)[0]])
        return engine.compile(items).scan(path, ScanOptions(devices=devices), engine.progress())

    return scan
