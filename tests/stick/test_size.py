"""No stick that is too large is given out. The largest files are named."""

from __future__ import annotations

import pytest
from tools import stick

KIND = stick.KINDS["stick"]
FILES = {"lib/yara.pyd": b"x" * 300, "lib/python.zip": b"x" * 200, "KIEM-TRA.cmd": b"x"}


@pytest.mark.parametrize(
    ("kind", "files", "size", "told"),
    [
        (KIND._replace(most_read=501), FILES, stick.MOST_BYTES, []),
        (KIND._replace(most_read=500), FILES, 1, ["501 bytes", "lib/yara.pyd (300), lib/python.zip (200)"]),
        (KIND, FILES, stick.MOST_BYTES + 1, [f"{stick.MOST_BYTES + 1:,} bytes", "lib/yara.pyd (300)"]),
        (KIND, {str(one): b"" for one in range(stick.MOST_FILES + 1)}, 1, ["301 files"]),
    ],
    ids=["fits", "read", "size", "files"],
)
def test_what_is_too_large_is_told_with_its_largest_files(
    kind: stick.Kind, files: dict[str, bytes], size: int, told: list[str]
) -> None:
    found = list(stick.unfit(kind, files, size))
    assert len(found) == bool(told)
    assert all(one in found[0] for one in told)
