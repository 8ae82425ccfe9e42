"""Plan, apply and undo on a running Windows made of wine, by the Python and the program of the built stick.

Real: registry, services, tasks, hosts, files with times and attributes, running programs, a file in use, the
firewall command whose report is not trusted. Recorded, because wine has none: alternate streams.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.stick.windows import NEEDS_WINE, ROOT, Windows, unpacked

SCRIPT = Path(__file__).with_name("on_windows.py")
ZONE = "5b5a6f6e655472616e736665725d0d0a5a6f6e6549643d330d0a"

pytestmark = NEEDS_WINE


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of the script, computed once for all tests."""
    drive = tmp_path_factory.mktemp("usb")
    stick = unpacked(drive)
    shutil.copy(SCRIPT, drive)
    # Not the Windows of the stick's tests: things planted here stay.
    windows = Windows(ROOT / "var/stick/wine-act", drive)
    windows.start()
    program = rf"E:\{stick.name}\he-thong"
    _code, told = windows.run(
        rf"{program}\python.exe", "-I", "-B", "-X", "utf8", rf"E:\{SCRIPT.name}", rf"{program}\lib"
    )
    windows.settle()
    lines = [line for line in told.splitlines() if line.startswith("{")]
    assert lines, told
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def test_everything_planted_is_taken_away(seen: dict[str, Any]) -> None:
    assert seen["is_running"]
    assert seen["failed"] == {}
    assert {act for _phase, act, _about in seen["steps"]} == {"stop", "value", "quarantine", "edit"}
    assert seen["is_stopped"]
    assert seen["found_after"] == []
    assert seen["after"]["values"] == [None, [4, 4], None, [1, 4]]
    assert [Path(name.replace("\\", "/")).name for name in seen["after"]["files"]] == ["hosts"]


def test_everything_comes_back_to_the_bit(seen: dict[str, Any]) -> None:
    assert seen["undone"] == {}
    assert seen["restored"] == seen["before"]


def test_a_file_in_use_is_told(seen: dict[str, Any]) -> None:
    assert seen["in_use"] == ["locked"]


def test_windows_own_files_are_refused(seen: dict[str, Any]) -> None:
    assert seen["is_core_safe"]


def test_a_rule_that_the_firewall_does_not_have_is_not_done(seen: dict[str, Any]) -> None:
    assert seen["netsh"] == ["not_done"], "netsh says that it succeeded; the registry says otherwise"
    assert seen["is_rule_seen"]
    assert seen["switched_off"] == "deaf_firewall"


@pytest.mark.recorded
def test_alternate_streams_come_back_recorded(seen: dict[str, Any]) -> None:
    """Recorded: the test simulates the streams of NTFS, all else is real."""
    assert seen["streams"]["before"] == seen["streams"]["restored"] == {"Zone.Identifier": ZONE}
    assert seen["streams"]["gone"] and seen["streams"]["undone"] == []


@pytest.mark.recorded
def test_a_lost_stream_is_told_recorded(seen: dict[str, Any]) -> None:
    assert seen["streams"]["lost"] == ["not_restored"]
