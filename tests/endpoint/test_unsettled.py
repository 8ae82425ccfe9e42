"""A Windows that was not shut down keeps its newest changes in logs beside its registry: told, and not
changed."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from quetsach.endpoint import machines
from quetsach.endpoint.reporting import wording
from tests.command_line import Run
from tests.endpoint import world
from tests.endpoint.plants import DISK

SOFTWARE = "C:/Windows/System32/config/SOFTWARE"
HIVES = {
    SOFTWARE: r"C:\Windows\System32\config\SOFTWARE",
    "C:/Windows/System32/config/SYSTEM": r"C:\Windows\System32\config\SYSTEM",
    "C:/Users/an/NTUSER.DAT": r"C:\Users\an\NTUSER.DAT",
}


def spoil(place: Path) -> None:
    """Count up the first sequence number, as Windows does before it writes a hive."""
    content = bytearray(place.read_bytes())
    struct.pack_into("<I", content, 4, struct.unpack_from("<I", content, 4)[0] + 1)
    place.write_bytes(content)


@pytest.mark.parametrize("place", HIVES)
def test_a_hive_that_was_not_written_wholly_is_named_and_nothing_is_clean(place: str, tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path)
    spoil(root / place)
    done = world.look(machines.at(root))
    assert (str(done.verdict), list(done.unseen)) == ("unknown", ["hives"])
    (gap,) = done.observed["hives"].gaps
    assert (gap.reason, gap.detail) == ("unsettled", HIVES[place])
    assert "shut it down" in wording.gap(gap)
    assert any("fast startup" in step for step in wording.next_steps(done))


def test_what_such_a_hive_shows_is_still_told(tmp_path: Path) -> None:
    root = world.tree(world.planted(DISK["KMS-01"][0]), tmp_path)
    spoil(root / SOFTWARE)
    assert str(world.look(machines.at(root)).verdict) == "found"


@pytest.mark.parametrize("is_spoiled", [False, True])
def test_a_plan_for_such_a_hive_is_refused_before_a_word_is_typed(
    quetsach: Run, tmp_path: Path, is_spoiled: bool
) -> None:
    root = world.tree(world.planted(DISK["KMS-01"][0]), tmp_path / "disk")
    if is_spoiled:
        spoil(root / SOFTWARE)
    out = tmp_path / "plan.json"
    code, told, _err = quetsach("check", "plan", out, "--root", root)
    steps = json.loads(out.read_text())["steps"] if out.exists() else []
    assert (code, [step["act"] for step in steps]) == ((0, []) if is_spoiled else (1, ["value"]))
    assert ("was not shut down wholly" in told) == is_spoiled


@pytest.mark.parametrize(
    ("plant", "also", "is_planned"),
    [
        ("HOOK-02", [], False),
        ("HOOK-02", ["--also", "HOOK-02"], True),
        ("HOOK-04", [], True),
    ],
)
def test_a_file_of_a_windows_that_is_off_is_planned_only_if_asked_for(
    quetsach: Run, tmp_path: Path, plant: str, also: list[str], is_planned: bool
) -> None:
    root = world.tree(world.planted(DISK[plant][0]), tmp_path / "disk")
    out = tmp_path / "plan.json"
    _code, told, _err = quetsach("check", "plan", out, "--root", root, *also)
    assert out.exists() == is_planned
    assert ("signatures cannot be judged" in told) != is_planned
