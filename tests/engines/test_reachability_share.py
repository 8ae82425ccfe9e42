"""Each accepted row of a seeded share of the real list is found in every place."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path

import pytest
from tools import reachability

from quetsach.indicators import guard, reading
from quetsach.scanning.engine import Engine

DATA = Path(os.environ.get("QUETSACH_TEST_DATA", "../shared/data"))
ROWS = 2_000


@pytest.mark.realdata
@pytest.mark.skipif(not DATA.is_dir(), reason="QUETSACH_TEST_DATA is not there")
def test_a_share_of_the_real_list_is_found(engine: Engine) -> None:
    packed = (DATA / "indicators/malware-indicators.csv.gz").read_bytes()
    head, *rows = gzip.decompress(packed).decode().splitlines()
    share = random.Random(20_221_016).sample(rows, ROWS)
    kept = guard.apply(reading.read_text("\n".join([head, *share])).indicators).kept
    assert len(kept) > ROWS // 2
    assert reachability.reach(kept, engine)
