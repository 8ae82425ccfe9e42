"""An office whose logs one of the engines watches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from quetsach.scanning.engines.portable import PortableEngine
from tests.watching.office import Office


@pytest.fixture(params=["native", "portable"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    if request.param == "native":
        from tests.engines.native import ENGINE  # it needs the compiled module

        made = Office(tmp_path, ENGINE)
    else:
        made = Office(tmp_path, PortableEngine())
    yield made
    made.kill()
