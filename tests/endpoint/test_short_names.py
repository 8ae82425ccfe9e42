"""A short name in a command leads to the file on a disk that is off, or is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quetsach.endpoint.files import shortname
from tests.endpoint import world
from tests.endpoint.test_list_places import AN, CURRENT, URL
from tests.endpoint.test_silent_limits import gaps, indicators


@pytest.mark.parametrize(
    ("short", "name", "expected"),
    [
        ("PROGRA~1", "Program Files", True),
        ("progra~2", "Program Files (x86)", True),
        ("PROGRA~1", "Programs.old", False),
        ("CAPNHA~1.BAT", "cap nhat may tinh.bat", True),
        ("CAPNHA~1.BAT", "cap nhat may tinh.exe", False),
        ("CPNHT~1.BAT", "c\u1eadp nh\u1eadt.bat", True),
        ("TE021F~1.TXT", "TextFile1.Mine.txt", True),
        ("A_B~1", "a+b.", True),
        ("HTM~1.HTM", "htm.html", True),
    ],
)
def test_names_that_a_short_name_may_mean(short: str, name: str, expected: bool) -> None:
    could_be = shortname.pattern(short)
    assert could_be is not None
    assert could_be(name) is expected


@pytest.mark.parametrize("name", ["Program Files", "a~b", "~1", "longerthan~1", "a~1.html"])
def test_other_names_are_no_short_names(name: str) -> None:
    assert shortname.pattern(name) is None


def _look(root: Path, url: str, command: str, *places: str) -> Any:
    files = dict.fromkeys(places, f"curl {url}\r\n")
    return world.look_at_tree(
        world.planted({"files": files, "registry": {rf"{AN}\{CURRENT}\Run": {"x": command}}}), root
    )


@pytest.mark.recorded
def test_a_script_by_its_short_name_is_followed_or_named(tmp_path: Path) -> None:
    command, script = r"cmd /c C:\PROGRA~3\CAPNHA~1.BAT", r"C:\ProgramData\cap nhat may tinh.bat"
    assert indicators(_look(tmp_path / "listed", URL, command, script)) == {"evil.example"}
    twin = _look(tmp_path / "twin", "http://notevil.example/a", command, script)
    assert (indicators(twin), str(twin.verdict)) == (set(), "clean")
    two = _look(tmp_path / "two", URL, command, script, r"C:\ProgramData\cap nhat.bat")
    assert str(two.verdict) == "unknown"
    assert any(gap[:2] == ("called_scripts", "unplaced") for gap in gaps(two))
