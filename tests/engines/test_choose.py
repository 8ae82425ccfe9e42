"""A native engine that is built but does not load must fail here: other tests would only skip."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import quetsach
from quetsach.scanning.engine import choose

BUILT = list(Path(quetsach.__file__).parent.glob("_native*.so"))


@pytest.mark.skipif(not BUILT, reason="the native engine is not built here")
@pytest.mark.skipif("QUETSACH_ENGINE" in os.environ, reason="QUETSACH_ENGINE chooses")
def test_a_built_native_engine_is_the_one_chosen() -> None:
    assert choose().name == "native"
    assert choose("native").name == "native"
