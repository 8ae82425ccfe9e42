"""Plan, apply and undo on a running Windows: wine, with the Python that QUETSACH_WINE_PYTHON names.

Real: registry, services, tasks, hosts, files with times and attributes, running programs, a file in use. Not
to be had under wine: alternate streams, the firewall, Defender's own protection of its settings.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PYTHON = os.environ.get("QUETSACH_WINE_PYTHON", "")
ROOT = Path(__file__).resolve().parents[3]
SCRIPT = Path(__file__).with_name("on_windows.py")

pytestmark = pytest.mark.skipif(
    not (PYTHON and shutil.which("wine")), reason="needs wine, and QUETSACH_WINE_PYTHON with psutil beside it"
)


@cache
def seen() -> dict[str, Any]:
    """What the script saw, once for all tests."""
    with subprocess.Popen(
        ["wine", PYTHON, f"Z:{SCRIPT}", f"Z:{ROOT / 'src'}"],
        # Pipes, all three: wine's Python does not start where one of them is a file.
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "WINEDEBUG": "-all"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        told = process.stdout.read()
    found: dict[str, Any] = json.loads(told.decode().splitlines()[-1])
    return found


def test_everything_planted_is_taken_away() -> None:
    assert seen()["is_running"]
    assert seen()["failed"] == {}
    assert {act for _phase, act, _about in seen()["steps"]} == {"stop", "value", "quarantine", "edit"}
    assert seen()["is_stopped"]
    assert seen()["found_after"] == []
    assert seen()["after"]["values"] == [None, [4, 4], None, [1, 4]]
    assert [Path(name.replace("\\", "/")).name for name in seen()["after"]["files"]] == ["hosts"]


def test_everything_comes_back_to_the_bit() -> None:
    assert seen()["undone"] == {}
    assert seen()["restored"] == seen()["before"]


def test_a_file_in_use_is_told() -> None:
    assert seen()["in_use"] == ["locked"]


def test_windows_own_files_are_refused() -> None:
    assert seen()["is_core_safe"]
