"""The fast engine for Windows on random lists and logs, on each of its instruction sets.

`./dev fuzz differential --windows` is the long run.
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.scanning.engine import ScanOptions, SourceResult
from quetsach.scanning.engines.portable import LIMITS, PortableEngine, PortableMatcher
from tests.engines.both import BLOCK, tell
from tests.engines.native import MTIME, _native
from tests.engines.test_every_format import CONTAINERS, Planted, listed, logs, planted
from tests.stick.scanner import NEEDS_ENGINE, Answering
from tests.stick.windows import NEEDS_WINE, Windows

pytestmark = [*NEEDS_WINE, NEEDS_ENGINE]
ANSWER = """
import base64
from quetsach.indicators.indicator import IndicatorSet, Scope
from quetsach.indicators.lists.item import parse
from quetsach.scanning.engines.native import NativeEngine
from quetsach.sightings.sighting import Coverage
from quetsach.sightings.wire import WireBypasses, WireSightings
native, log, sets = NativeEngine(), place / "log", {}
for line in sys.stdin.buffer:
    asked = json.loads(line)
    if not asked:
        tell(levels=_native.levels())
        continue
    log.write_bytes(base64.b64decode(asked["log"]))
    os.utime(log, (asked["time"], asked["time"]))
    items = [one for value, scope in asked["listed"] for one in parse(value, Scope(scope))[0]]
    progress = _native.Progress(_native.SpareThreads(asked["spare"]))
    lines, coverage = native.compile(IndicatorSet(items))._matcher.scan(
        log, progress, tz="Asia/Ho_Chi_Minh", devices=True, **asked["bounds"]
    )
    ways = lines.bypasses()
    tell(
        sightings=list(WireSightings(None, lines.read, lines)),
        bypasses=list(WireBypasses(None, ways.read, ways)),
        coverage=Coverage(**coverage)._replace(
            path="", errors=[error.replace(str(log), "LOG") for error in coverage["errors"]]
        ),
    )
"""


@pytest.fixture(scope="module")
def answering(windows: Windows, scanner: Path) -> Iterator[Answering]:
    with Answering(windows, scanner, ANSWER) as made:
        yield made


@pytest.fixture(scope="module")
def levels(answering: Answering) -> list[str]:
    """The instruction sets that the engine sees there."""
    told: list[str] = answering.ask()["levels"]
    return told


def as_told(result: SourceResult, path: Path) -> dict[str, Any]:
    """An answer as the script on Windows spells it: without the path of the log."""
    errors = [error.replace(str(path), "LOG") for error in result.coverage.errors]
    told = {
        "sightings": list(result.sightings),
        "bypasses": list(result.bypasses),
        "coverage": result.coverage._replace(path="", errors=errors),
    }
    found: dict[str, Any] = json.loads(json.dumps(told))
    return found


def test_it_sees_the_same_instruction_sets_as_on_linux(levels: list[str]) -> None:
    assert levels == _native.levels()


@settings(
    suppress_health_check=list(HealthCheck),
    max_examples=int(os.environ.get("QS_EXAMPLES", "40")),
)
@given(
    data=st.data(),
    items=st.lists(planted, min_size=1, max_size=6),
    pack=st.sampled_from(CONTAINERS),
    chunk=st.sampled_from((1, 64, 300, 1 << 18)),
    spare=st.integers(0, 2),
)
def test_random_lists_and_logs_on_every_instruction_set(
    answering: Answering,
    levels: list[str],
    data: st.DataObject,
    items: list[Planted],
    pack: Callable[[bytes], bytes],
    chunk: int,
    spare: int,
) -> None:
    log = pack(data.draw(logs(items)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(log)
        os.utime(path, (MTIME, MTIME))
        portable = PortableMatcher(listed(items), replace(LIMITS, block=BLOCK))
        wanted = portable.scan(path, ScanOptions(devices=True), PortableEngine().progress())
    asked = {
        "log": base64.b64encode(log).decode("ascii"),
        "time": MTIME,
        "listed": [[one.listed, one.scope] for one in items],
        "spare": spare,
    }
    for level in levels:
        found = answering.ask(**asked, bounds={"level": level, "chunk": chunk, "block": BLOCK})
        assert found == as_told(wanted, path), level
    tell(wanted)
