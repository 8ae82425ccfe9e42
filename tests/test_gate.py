"""The gate cannot lie: it names every test that did not run, and such a test fails where changes are
judged."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import gate

ROOT = Path(__file__).resolve().parents[1]
CONFTEST = """
from tests.gate import (
    pytest_collection_finish, pytest_collection_modifyitems, pytest_make_collect_report,
    pytest_runtest_logstart, pytest_runtest_logreport, pytest_runtest_makereport, pytest_terminal_summary,
    pytest_xdist_make_scheduler,
)
"""
MADE = {
    "listed": "import pytest\ndef test_one(): pytest.skip('QUETSACH_TEST_DATA is not there')\n",
    "unlisted": "import pytest\ndef test_one(): pytest.skip('no such program')\n",
    "marked": "import pytest\n@pytest.mark.skipif(True, reason='no such program')\ndef test_one(): pass\n",
    "fixture": (
        "import pytest\n@pytest.fixture\ndef browser(): pytest.skip('no chromium on this machine')\n"
        "def test_one(browser): pass\n"
    ),
    "expected": "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_one(): assert False\n",
    "hung": "import time\ndef test_one(): time.sleep(600)\n",
    "dead": "import os\ndef test_one(): os.kill(os.getpid(), 9)\n",
    "asking": (
        "import pytest\n@pytest.fixture\ndef db(): pass\n@pytest.fixture\ndef cast(db): pass\n"
        "def test_one(cast): pass\n@pytest.mark.django_db\ndef test_two(): pass\n"
    ),
    "module": "import pytest\npytest.importorskip('no_such_module')\ndef test_one(): pass\n",
    "empty": "import pytest\n@pytest.mark.parametrize('one', [])\ndef test_one(one): pass\n",
}


def judged(tmp_path: Path, kind: str, ci: str, *options: str, database: str = "") -> tuple[int, str, dict]:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    markers = "markers = django_db\n memory\n cluster\n wine\n kills\n browser\n"
    hangs = "faulthandler_timeout = 2\nfaulthandler_exit_on_timeout = true\n"
    (tmp_path / "pytest.ini").write_text("[pytest]\n" + markers + hangs * (kind == "hung"))
    (tmp_path / "test_made.py").write_text(MADE[kind] + "def test_other(): pass\n" * (kind != "module"))
    told = tmp_path / "told.json"
    env = os.environ | {"CI": ci, "PYTHONPATH": str(ROOT), "QUETSACH_GATE_FILE": str(told)}
    env["QUETSACH_DATABASE"] = database
    command = [sys.executable, "-m", "pytest", "-p", "no:django", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr, json.loads(told.read_text())


@pytest.mark.parametrize("kind", ["unlisted", "marked", "fixture", "expected", "module", "empty"])
def test_a_skip_that_nobody_listed_fails_where_changes_are_judged(tmp_path: Path, kind: str) -> None:
    code, out, told = judged(tmp_path, kind, "true")
    assert code in {1, 2}
    assert told["counts"]["failed"] + told["counts"]["error"] == 1
    assert "not in skips.toml" in out


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one", "two"])
def test_elsewhere_it_is_told_by_name(tmp_path: Path, options: tuple[str, ...]) -> None:
    code, out, told = judged(tmp_path, "unlisted", "", *options)
    assert code == 0
    assert told["counts"] == {"passed": 1, "failed": 0, "error": 0, "skipped": 1}
    assert "test_made.py::test_one: no such program" in out


def test_a_listed_skip_stands_by_name(tmp_path: Path) -> None:
    code, out, told = judged(tmp_path, "listed", "true")
    assert code == 0
    assert told["counts"]["skipped"] == 1
    assert "test_made.py::test_one: QUETSACH_TEST_DATA is not there" in out


def test_a_skip_listed_for_one_database_fails_on_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUETSACH_DATABASE", "postgresql://x")
    assert gate.is_listed("needs PostgreSQL") is False
    monkeypatch.delenv("QUETSACH_DATABASE")
    assert gate.is_listed("needs PostgreSQL") is True


def test_a_file_stays_in_one_process_and_so_does_all_that_must_be_alone(tmp_path: Path) -> None:
    """Each test writes down its process; tests of one file, and tests with a mark, must share theirs."""
    body = "import os, pathlib, pytest\n"
    for number in range(8):
        body += (
            f"{{mark}}\ndef test_{number}(): pathlib.Path('{{name}}-{number}').write_text(str(os.getpid()))\n"
        )
    for name, mark in (("a", ""), ("b", ""), ("c", "@pytest.mark.wine"), ("d", "@pytest.mark.kills")):
        (tmp_path / f"test_{name}.py").write_text(body.format(mark=mark, name=name))
    code, out, told = judged(tmp_path, "unlisted", "", "-n", "2", "--no-loadscope-reorder")
    assert (code, told["counts"]["passed"]) == (0, 33), out
    processes = {name: {path.read_text() for path in tmp_path.glob(f"{name}-*")} for name in "abcd"}
    assert len(processes["a"]) == len(processes["b"]) == 1
    assert len(processes["c"] | processes["d"]) == 1


@pytest.mark.parametrize("kind", ["hung", "dead"])
def test_a_test_that_hangs_or_kills_its_process_fails_by_name(tmp_path: Path, kind: str) -> None:
    options = re.search(r"pytest_two\(\) \{ \$PY -m pytest (.*) \"", (ROOT / "dev").read_text())
    assert options
    code, out, told = judged(tmp_path, kind, "true", *options[1].split())
    assert code == 1
    assert told["counts"]["failed"] == 1
    assert "crashed while running 'test_made.py::test_one'" in out
    if kind == "hung":
        assert 'test_made.py", line 2 in test_one' in out  # the stack


PARTS = {
    "good": """echo '{"counts": {"passed": 3}, "skipped": []}' >$QUETSACH_GATE_FILE""",
    "bad": "echo wrong; exit 1",
    "rust": "echo 'test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured'",
    "absent": "echo 'SKIPPED: tests of the absent: no program'; exit 77",
    "killed": "kill -9 $$",
    "hung": "sleep 600",
}


@pytest.mark.parametrize(
    ("asked", "code", "last"),
    [
        (["good", "/", "rust"], 0, "8 passed, 0 failed, 0 skipped"),
        (["good", "bad", "/", "rust"], 1, "8 passed, 1 failed, 0 skipped"),
        (["good", "/", "killed"], 1, "3 passed, 1 failed, 0 skipped"),
        (["good", "/", "hung"], 1, "3 passed, 1 failed, 0 skipped"),
        (["good", "absent"], 0, "3 passed, 0 failed, 1 skipped"),
        (["absent"], 1, "0 passed, 0 failed, 1 skipped"),
    ],
)
def test_parts_beside_each_other(tmp_path: Path, asked: list[str], code: int, last: str) -> None:
    (tmp_path / "tools").mkdir()
    program = (ROOT / "tools/side_by_side.py").read_text()
    assert "MOST_SECONDS = 75 * 60" in program
    program = program.replace("MOST_SECONDS = 75 * 60", f"MOST_SECONDS = {1 if 'hung' in asked else 60}")
    (tmp_path / "tools/side_by_side.py").write_text(
        program.replace("STACKS_SECONDS = 10", "STACKS_SECONDS = 1")
    )
    cases = "\n".join(f"{name}) {script} ;;" for name, script in PARTS.items())
    (tmp_path / "dev").write_text(f"#!/bin/sh\ncase $2 in\n{cases}\nesac\n")
    (tmp_path / "dev").chmod(0o755)
    command = [sys.executable, "tools/side_by_side.py", *asked]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == last
    if "absent" in asked:
        assert "skipped (absent): absent: tests of the absent: no program" in done.stdout
    if "bad" in asked:
        assert "--- bad failed" in done.stdout


@pytest.fixture(scope="module")
def without_rust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the system's programs but Rust's, which a distribution may have put there."""
    folder = tmp_path_factory.mktemp("bin")
    for program in Path("/usr/bin").iterdir():
        if not program.name.startswith(("cargo", "rust")):
            (folder / program.name).symlink_to(program)
    return folder


@pytest.mark.parametrize("part", ["cargo", "clippy", "postgres", "fuzz"])
@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 77)])
def test_a_part_without_its_program_fails_where_changes_are_judged(
    without_rust: Path, part: str, ci: str, code: int
) -> None:
    env = {
        "PATH": str(without_rust),
        "HOME": "/nonexistent",
        "CI": ci,
        "QUETSACH_POSTGRES_FOLDER": "/nonexistent",
    }
    done = subprocess.run(
        ["./dev", "part", part], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "SKIPPED: " in done.stdout + done.stderr


def test_an_environment_of_another_folder_is_made_anew(tmp_path: Path) -> None:
    for name in ("dev", "requirements.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "dev").chmod(0o755)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/home").write_text("/another/folder")
    (tmp_path / ".venv/old").touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/uv").write_text("#!/bin/sh\n[ $1 = --version ] || exit 1\n")
    (tmp_path / "bin/uv").chmod(0o755)
    env = os.environ | {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "CI": ""}
    done = subprocess.run(
        ["./dev", "setup"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert "belongs to another folder (/another/folder)" in done.stderr
    assert not (tmp_path / ".venv/old").exists()


def test_what_fails_now_and_then_is_tried_three_times(tmp_path: Path) -> None:
    script = (ROOT / "dev").read_text()
    function = script[script.index("thrice() {") : script.index("\n}\n", script.index("thrice() {")) + 3]
    body = f"say() {{ :; }}\nsleep() {{ :; }}\n{function}\n"
    body += 'try() { echo x >>tries; [ "$(wc -l <tries)" -ge $1 ]; }\n'
    for needed, code in ((3, 0), (4, 1)):
        (tmp_path / "tries").unlink(missing_ok=True)
        done = subprocess.run(["sh", "-c", f"{body}thrice try {needed}"], cwd=tmp_path, check=False)
        assert done.returncode == code
        assert (tmp_path / "tries").read_text().count("x") == 3


def test_on_postgresql_run_the_tests_that_can_ask_it(tmp_path: Path) -> None:
    for database, passed in (("", 3), ("postgresql://x:x@127.0.0.1/x", 2)):
        code, out, told = judged(tmp_path, "asking", "true", database=database)
        assert (code, told["counts"]["passed"], told["counts"]["skipped"]) == (0, passed, 0), out
