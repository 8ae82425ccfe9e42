"""A scan where the fast engine cannot be used, or fails in one log."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import quetsach
from quetsach.scanning.engines import native

LINE = "192.168.1.20 connected to evil.example\n"
WITHOUT = """
import sys
class Blocks:
    def find_spec(self, name, path, target=None):
        if name == "quetsach._native":
            {act}
sys.meta_path.insert(0, Blocks())
from quetsach.cli import main
main()
"""
ACTS = {
    "missing": ("raise ModuleNotFoundError(name, name=name)", "no compiled part for this system"),
    "blocked": (
        "raise ImportError('DLL load failed while importing _native: blocked by policy', name='_native')",
        "blocked by policy",
    ),
}


def scan(folder: Path, act: str, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "x.log").write_text(LINE, encoding="utf-8")
    (folder / "list.txt").write_text("evil.example\n", encoding="utf-8")
    command = [
        sys.executable,
        "-c",
        WITHOUT.format(act=act),
        "--lang",
        "en",
        "scan",
        "x.log",
        "-i",
        "list.txt",
    ]
    plain = {name: value for name, value in os.environ.items() if name != "QUETSACH_ENGINE"}
    return subprocess.run(
        [*command, *options], cwd=folder, env=plain | variables, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("why", ACTS)
def test_a_scan_without_it_says_why_at_once_and_in_what_it_saves(why: str, tmp_path: Path) -> None:
    act, words = ACTS[why]
    done = scan(tmp_path, act, "-o", "result.html")
    assert done.returncode == 1, done.stderr
    told = " ".join(done.stderr.split())
    assert told.index("Fast engine not usable, because") < told.index(words)
    assert words in (tmp_path / "result.html").read_text(encoding="utf-8")


def test_an_engine_that_was_asked_for_by_its_name_is_no_surprise(tmp_path: Path) -> None:
    done = scan(tmp_path, ACTS["missing"][0], QUETSACH_ENGINE="portable")
    assert (done.returncode, done.stderr) == (1, "")


class _Broken:
    """Lets the engine divide by zero in one log, as a mistake in its code could."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def scan(self, path: Path, progress: object, **given: Any) -> Any:
        return self._inner.scan(path, progress, **given | ({"block": 0} if "broken" in str(path) else {}))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@pytest.mark.native
def test_a_fault_in_one_log_is_an_error_of_that_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = native.NativeEngine.compile

    def compile(self: native.NativeEngine, indicators: Any) -> native.NativeMatcher:
        made = before(self, indicators)
        monkeypatch.setattr(made, "_matcher", _Broken(made._matcher))
        return made

    monkeypatch.setattr(native.NativeEngine, "compile", compile)
    monkeypatch.delenv("QUETSACH_ENGINE", raising=False)
    for name in ("a", "broken", "c"):
        (tmp_path / f"{name}.log").write_text(f"{name} {LINE}" * 100_000, encoding="utf-8")
    logs = [str(tmp_path / f"{name}.log") for name in ("a", "broken", "c")]
    result = quetsach.scan(logs, ["evil.example"])
    ((path, why),) = result.errors
    assert Path(path).name == "broken.log" and "the fast engine failed on it" in why
    assert sorted(one.lines for one in result.coverage) == [0, 100_000, 100_000]
