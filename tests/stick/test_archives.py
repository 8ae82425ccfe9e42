"""Modules that are imported from archives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.packing import zipped

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from quetsach.stick import archives
archives.read_once()
opened = []
sys.addaudithook(lambda name, told: opened.append(told[0]) if name == "open" else None)
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import one
from many import two
print(one.VALUE, two.VALUE, opened.count(sys.argv[2]))
Path(sys.argv[2]).unlink()
from many import three
print(three.VALUE)
"""


def test_an_archive_is_opened_once_and_not_missed_when_the_stick_is_pulled_out(tmp_path: Path) -> None:
    files = {
        "one.py": b"VALUE = 1\n",
        "many/__init__.py": b"",
        "many/two.py": b"VALUE = 2\n",
        "many/three.py": b"VALUE = 3\n",
    }
    archive = tmp_path / "python.zip"
    archive.write_bytes(zipped(files))
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", PROGRAM, ROOT / "src", archive],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1", "2", "1", "3"]
