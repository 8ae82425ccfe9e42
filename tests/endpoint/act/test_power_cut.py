"""The power is cut before every single change of the disk, during a plan and during its undo."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
STEPS = {"linux": 4, "windows": 9}
"""Steps of the plans that `cut` makes."""


@cache
def cuts(kind: str, *how: str) -> list[dict[str, Any]]:
    """The result of each cut."""
    # In memory where possible: there are hundreds of fsyncs, and a kill needs no platter.
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        done = subprocess.run(
            [sys.executable, "-m", "tests.endpoint.act.cut", folder, kind, *how],
            cwd=ROOT, capture_output=True, text=True, check=False,
            env={"PYTHONPATH": "src:.", "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("kind", "step"), [(kind, step) for kind in STEPS for step in range(1, STEPS[kind] + 1)]
)
def test_a_cut_in_any_step_is_undone_to_the_bit(kind: str, step: int) -> None:
    mine = [one for one in cuts(kind) if one["begun"] and one["begun"][-1] == step]
    assert len(mine) >= 3, "before the act, in it, after it"
    assert {one["steps"] for one in mine} == {STEPS[kind]}
    assert [one for one in mine if one["told"] or not one["is_same"]] == []


@pytest.mark.parametrize("kind", STEPS)
def test_a_cut_before_the_first_step_changed_nothing(kind: str) -> None:
    early = [one for one in cuts(kind) if not one["begun"]]
    assert early
    assert all(one["is_same"] for one in early)
    assert {one["told"] for one in early} <= {"", "nothing"}


@pytest.mark.parametrize("kind", STEPS)
def test_undo_may_be_cut_anywhere_and_called_again(kind: str) -> None:
    found = cuts(kind, "undo")
    assert len(found) > 2 * STEPS[kind]
    assert all(one["is_same"] for one in found)
    assert {one["told"] for one in found} <= {"", "nothing"}
