"""Both READMEs: the commands that a visitor pastes run, and print what the READMEs show."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import Run

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.en.md")


def commands(text: str) -> list[list[str]]:
    """The indented commands, in their order."""
    return [shlex.split(line, comments=True) for line in re.findall(r"^ {4}(.+)$", text, flags=re.MULTILINE)]


@pytest.mark.parametrize("name", READMES)
def test_the_first_scan_prints_what_the_readme_shows(
    name: str, quetsach: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUETSACH_LANG", "vi")
    monkeypatch.delenv("QUETSACH_ENGINE")
    text = (ROOT / name).read_text(encoding="utf-8")
    sample = re.search(r"^```\n(.+?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert sample is not None
    make, scan = (
        [part.replace("var/try", str(tmp_path)) for part in command]
        for command in commands(text)
        if "var/try" in " ".join(command) and "check" not in command
    )
    assert make[0] == ".venv/bin/python" and scan[0] == ".venv/bin/quetsach"
    subprocess.run([sys.executable, *make[1:]], cwd=ROOT, check=True, capture_output=True)
    code, out, err = quetsach(*scan[1:])
    assert code == 1, err
    assert out.startswith(sample[1])


def test_both_readmes_have_the_same_doors_and_pictures() -> None:
    one, other = ((ROOT / name).read_text(encoding="utf-8") for name in READMES)
    assert [" ".join(c).replace("ket-qua", "result") for c in commands(one)] == [
        " ".join(c).replace(" --lang en", "") for c in commands(other)
    ]
    for pattern in (r"^## ", r"^- \*\*", r"^\*\*", r"!\[[^\]]*\]\((.+?)\)"):
        assert len(re.findall(pattern, one, re.M)) == len(re.findall(pattern, other, re.M)), pattern
