"""Files with which a stick refuses to start, by name; and files that may lie beside it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from quetsach.endpoint import manifest
from quetsach.endpoint.refusal import Refused
from quetsach.stick import starting
from tests.endpoint import packs
from tests.endpoint.packs import SIGNING, TRUSTED

FILES = {"KIEM-TRA.cmd": b"@echo off", "he-thong/python.exe": b"MZ", "he-thong/lib/quetsach/a.py": b"a = 1"}


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    root = tmp_path / "Thẻ nhớ số 1"
    for name, data in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
    told = manifest.Manifest("0.1.0", False, digests, [key.hex() for key in TRUSTED])
    (root / "manifest.json").write_bytes(manifest.write(told, SIGNING))
    return root


def test_it_starts_as_it_was_built_and_with_packs_and_results_beside_it(stick: Path) -> None:
    (stick / "tan-phu.qspack").write_bytes(b"judged by itself")
    (stick / "ket-qua").mkdir()
    (stick / "ket-qua" / "PC-07.html").write_text("result")
    (stick / "danh-sach").mkdir()
    (stick / "danh-sach" / "list.csv").write_text("evil.example")
    told = manifest.verify(stick)
    assert not told.is_test_build and told.key == bytes(SigningKey(SIGNING).verify_key)


def _foreign(name: str) -> Callable[[Path], object]:
    def plant(root: Path) -> object:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.write_bytes(b"x")

    return plant


def _resign(root: Path) -> object:
    """The list of an attacker who changes a file and its hash, but lacks the key."""
    document = json.loads((root / "manifest.json").read_text())
    document["signed"] = document["signed"].replace('"release"', '"test"')
    return (root / "manifest.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "code", "name"),
    [
        (_foreign("autorun.inf"), "stick_foreign", "autorun.inf"),
        (_foreign("he-thong/version.dll"), "stick_foreign", "he-thong/version.dll"),
        (_foreign("he-thong/lib/x.qspack"), "stick_foreign", "he-thong/lib/x.qspack"),
        (_foreign("he-thong/python.exe"), "stick_changed", "he-thong/python.exe"),
        (lambda root: (root / "KIEM-TRA.cmd").unlink(), "stick_changed", "KIEM-TRA.cmd"),
        (lambda root: (root / "manifest.json").unlink(), "stick_manifest", ""),
        (lambda root: (root / "manifest.json").write_text("{}"), "stick_manifest", ""),
        (lambda root: (root / "manifest.json").write_bytes(b"\xff\xfe"), "stick_manifest", ""),
        (lambda root: (root / "he-thong" / "more").symlink_to("/usr"), "stick_foreign", "he-thong/more"),
        (_resign, "stick_manifest", ""),
    ],
)
def test_it_refuses_by_name(stick: Path, change: Callable[[Path], object], code: str, name: str) -> None:
    change(stick)
    with pytest.raises(Refused) as refused:
        manifest.verify(stick)
    assert refused.value.code == code
    assert refused.value.values.get("name", "") == name


@pytest.mark.parametrize("start", [[], ["log.txt"], ["--", "--version"], ["check"]])
def test_a_changed_stick_runs_nothing(
    stick: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], start: list[str]
) -> None:
    (stick / "he-thong" / "evil.py").write_text("x")
    monkeypatch.setattr(sys, "executable", str(stick / "he-thong/python.exe"))
    monkeypatch.setenv("QUETSACH_LANG", "en")
    assert starting.main(start) == 2
    out, err = capfd.readouterr()
    assert "he-thong/evil.py" in err and not out


def test_a_variable_names_no_other_stick(
    stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Else a changed stick would show the files of a good one."""
    changed = tmp_path / "changed"
    shutil.copytree(stick, changed)
    (changed / "he-thong" / "evil.py").write_text("x")
    monkeypatch.setattr(sys, "executable", str(changed / "he-thong/python.exe"))
    monkeypatch.setenv("QUETSACH_STICK", str(stick))
    monkeypatch.setenv("QUETSACH_LANG", "en")
    assert starting.main(["--", "--version"]) == 2
    assert "he-thong/evil.py" in capfd.readouterr().err


def test_before_it_was_compared_only_our_own_modules_and_pythons_are_imported() -> None:
    """Those lie in archives; a file in a folder might be an attacker's."""
    program = (
        "import sys; before = set(sys.modules); import quetsach.stick.starting;"
        "print({m.partition('.')[0] for m in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'quetsach'}"


@pytest.fixture
def ready(stick: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stick with a valid pack, and a person's answers at the prompt."""
    from dataclasses import replace
    from datetime import UTC, datetime, timedelta

    from quetsach.endpoint import pack

    now = datetime.now(UTC).replace(microsecond=0)
    told = replace(packs.PACK, created=now, expires=now + timedelta(days=9), rules=())
    (stick / "tan-phu.qspack").write_bytes(pack.build(told, SIGNING))
    old = replace(told, created=now - timedelta(days=9), expires=now - timedelta(days=1))
    (stick / "cu.qspack").write_bytes(pack.build(old, SIGNING))
    monkeypatch.setattr(sys, "executable", str(stick / "he-thong/python.exe"))
    monkeypatch.setenv("QUETSACH_LANG", "en")
    monkeypatch.setenv("QUETSACH_ENGINE", "portable")
    return stick


def test_a_file_dragged_onto_it_is_scanned_with_the_packs_list(
    ready: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], catalogue: Path
) -> None:
    log = tmp_path / "nhật ký tường lửa.log"
    log.write_text("2026-11-24T10:00:00 192.168.1.20 asked for evil.example\n", encoding="utf-8")
    assert starting.main([str(log)]) == 1
    out, err = capfd.readouterr()
    assert "192.168.1.20" in out and "cu.qspack: the pack expired" in err
    (page,) = (ready / "ket-qua").glob("log-*.html")
    assert "evil" in page.read_text(encoding="utf-8")


def test_the_menu_says_what_there_is_and_leaves(
    ready: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], catalogue: Path
) -> None:
    keys = iter(["m", "12", "l", "0"])
    monkeypatch.setattr("click.prompt", lambda *_args, **_given: next(keys))
    assert starting.main([]) == 0
    out, _err = capfd.readouterr()
    assert "UBND xã Tân Phú · version 7" in out
    assert "There is no such choice." in out
    assert "Kiểm tra máy này (nhanh)" in out
    assert "https://quetsach.example.org" in out
