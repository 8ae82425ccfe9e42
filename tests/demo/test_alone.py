"""The demonstration's folder belongs to one run at a time."""

import fcntl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAIN = """
import sys
from pathlib import Path
import demo.__main__ as demo
demo.VAR = Path(sys.argv.pop(1))
sys.exit(demo.main())
"""


def test_a_second_demonstration_leaves_the_folder_of_the_first_alone(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "ready.json").write_text("{}")
    with (tmp_path / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.run(
            [sys.executable, "-c", MAIN, str(folder), "--reset"], cwd=ROOT, capture_output=True, text=True
        )
    assert (second.returncode, second.stdout) == (1, "")
    assert str(folder) in second.stderr
    assert (folder / "ready.json").exists()
