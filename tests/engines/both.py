"""Compares both engines, at every level and at every chunk border."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, currently_in_test_context, event, settings

from quetsach.scanning.engine import ScanOptions, SourceResult
from quetsach.scanning.engines.portable import LIMITS, PortableEngine, PortableMatcher
from tests.engines.indicator_sets import make_set
from tests.engines.native import ENGINE, MTIME, _native, scan

BLOCK = 300
"""Bytes of the blocks whose lines are counted together: both engines must be told the same."""


def tell(result: SourceResult) -> None:
    """Record for the statistics whether there are hits: two engines that find nothing prove little."""
    if currently_in_test_context() and list(result.sightings):
        event("hits")
    if currently_in_test_context() and any(row.kind == "dns" for row in result.bypasses):
        event("foreign resolvers")


def compare(
    values: list[str],
    data: bytes,
    *,
    devices: bool = False,
    asked: tuple[str, ...] = (),
    limits: dict[str, int] | None = None,
    native: dict[str, int] | None = None,
) -> SourceResult:
    """The portable engine's result, equal to that of the native engine with the given bounds."""
    items = make_set(values)
    bounds = {"block": BLOCK, **(limits or {})}
    portable = PortableMatcher(items, replace(LIMITS, **bounds))
    matcher = ENGINE.compile(items)
    bounds_of_native = {**bounds, **(native or {})}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(data)
        os.utime(path, (MTIME, MTIME))
        expected = portable.scan(path, ScanOptions(devices=devices, asked=asked), PortableEngine().progress())
        for level in _native.levels():
            for chunk in (1, 200, 1 << 18):
                options = {"level": level, "chunk": chunk, "devices": devices, "asked": list(asked)}
                found = scan(matcher, path, **options, **bounds_of_native)
                assert list(found.sightings) == list(expected.sightings), (level, chunk)
                assert list(found.bypasses) == list(expected.bypasses), (level, chunk)
                assert found.coverage == expected.coverage, (level, chunk)
    tell(expected)
    return expected


few = settings(
    suppress_health_check=list(HealthCheck),
    max_examples=int(os.environ.get("QS_EXAMPLES", "150")),
)
