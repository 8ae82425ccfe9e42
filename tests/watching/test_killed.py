"""A watcher that is killed at any instant (SIGKILL) loses and doubles nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import Run

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(os.name != "posix", reason="processes that fork"),
]
ROUNDS = int(os.environ.get("QS_EXAMPLES", "24"))


def rows(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.startswith('{"type":"sighting"')]


@pytest.mark.parametrize(("engine", "seed"), [("native", 1), ("portable", 2)])
def test_the_dump_of_a_killed_watcher_is_the_scan(
    quetsach: Run, tmp_path: Path, engine: str, seed: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.watching.killing", str(tmp_path), str(seed), str(ROUNDS)],
        cwd=Path(__file__).parents[2], env={**os.environ, "QUETSACH_ENGINE": engine},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    dump, scan = tmp_path / "dump.jsonl", tmp_path / "scan.jsonl"
    quetsach("watch", "--state", tmp_path / "state", "--dump", dump)
    name = ("--source-name", "fw-hq", "-o", scan)
    quetsach("scan", tmp_path / "logs", "-i", tmp_path / "list.txt", *name)
    assert rows(dump) == rows(scan)
    assert sum(json.loads(row)["count"] for row in rows(dump)) == int(done.stdout) > 100
