"""The check of plain English (`tools/plain_words.py`) on sentences written by hand."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / "tools"


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.py", '"""What is read by whom. Fine."""', ["1: What is read by whom."]),
        ("a.py", "x = 1\n# It ends at\n# the begin of a line.\n", ["2: It ends at the begin of a line."]),
        ("a.py", 'LIMIT = 3\n"""More than the one above."""', ["2: More than the one above."]),
        ("a.rs", "fn a() {}\n/// Which file\n/// holds what.\nfn b() {}\n", ["2: Which file holds what."]),
        ("a.py", '"""What a file holds; the row is told."""', ["1: the row is told."]),
        ("a.py", 'x = "what is told by whom"\n# A file that holds a list, which may be empty.\n', []),
        ("a.py", "# Lines begin here, at the beginning; it was told.\n", []),
    ],
)
def test_sentences(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    text: str,
    found: list[str],
) -> None:
    file = tmp_path / name
    file.write_text(text)
    monkeypatch.syspath_prepend(TOOLS)
    code = importlib.import_module("plain_words").main([str(tmp_path)])
    said = capsys.readouterr()
    assert (code, said.err) == (1 if found else 0, f"{len(found)} sentences\n")
    assert said.out.splitlines() == [f"{file}:{finding}" for finding in found]
