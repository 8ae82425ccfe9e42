"""Reports in Word and Excel files become one workbook, with only the packages of a stick."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from quetsach.annexes.collecting.form import ROWS
from tests.collect import make_annexes
from tests.collect import papers_by_hand as by

ROOT = Path(__file__).resolve().parents[2]
# Runs in a Python of its own, which can import only the stick's packages.
PROGRAM = """
import importlib.abc, importlib.metadata, json, os, sys
sys.path[:0] = [sys.argv.pop(1), sys.argv.pop(1)]
from tools import stick
wanted = {"markdown-it-py", "mdurl", "pygments"}  # of rich
wanted |= {name.replace("_", "-").lower() for name in stick.PACKAGES}
tops = {"quetsach"} | {
    top
    for top, owners in importlib.metadata.packages_distributions().items()
    if {owner.replace("_", "-").lower() for owner in owners} & wanted
}
class OnlyTheStick(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        top = name.partition(".")[0]
        place = name.replace(".", "/")
        is_package = os.path.isdir(os.path.join(sys.path[1], place))
        is_left_out = stick.OWN_LEFT_OUT.search(place + ("/__init__.py" if is_package else ".py"))
        if is_left_out or not (top in sys.stdlib_module_names or top in tops or top[0] == "_"):
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, OnlyTheStick())
from quetsach import cli
cli.main(sys.argv[1:])
"""


def _collect(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-c", PROGRAM, ROOT, ROOT / "src", "reports", "collect", *arguments]
    return subprocess.run(
        [str(one) for one in command],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "QUETSACH_LANG": "vi"},
    )


def test_word_and_excel_reports_are_added_up(tmp_path: Path) -> None:
    inbox, out = tmp_path / "hộp thư", tmp_path / "tong-hop.xlsx"
    inbox.mkdir()
    figures = ("1", "12", "1", "9")
    (inbox / "báo cáo.docx").write_bytes(by.docx(by.form("UBND xã Mường So", figures)))
    done = _collect(inbox, "-o", out)
    assert done.returncode == 0, done.stderr
    sheet = CalamineWorkbook.from_path(out).get_sheet_by_name("Từng đơn vị").to_python()
    assert sheet[1][1] == "UBND xã Mường So"
    assert [str(int(cell)) for cell in sheet[1][2:6]] == list(figures)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", [".docx", ".xlsx"])
def test_every_such_file_of_a_real_inbox_reads_as_elsewhere(tmp_path: Path, suffix: str) -> None:
    made = make_annexes.write(tmp_path / "inbox")
    for path in (tmp_path / "inbox").iterdir():
        if path.suffix != suffix:
            path.unlink()
    units = tmp_path / "units.xlsx"
    units.write_bytes(make_annexes.tree())
    document = json.loads(_collect(tmp_path / "inbox", "--units", units, "--json").stdout)
    read = {one["file"]: tuple(one["figures"][row]["value"] for row in ROWS) for one in document["units"]}
    truths = [truth for one in made if one.name.endswith(suffix) for truth in one.truths]
    expected = {truth.file: truth.figures for truth in truths if truth.state == "counted"}
    assert read == expected and len(expected) > 3
