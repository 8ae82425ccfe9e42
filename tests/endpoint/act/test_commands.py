"""`quetsach check plan`, `apply` and `undo` in a person's use."""

from __future__ import annotations

import io
import json
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quetsach.endpoint import keys, pack
from quetsach.endpoint.act.acts import ACTS
from quetsach.endpoint.act.errors import ActError
from tests.command_line import Run
from tests.endpoint.act import disks
from tests.endpoint.packs import PACK, SIGNING


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return disks.windows(tmp_path / "disk", "KMS-01", "HOOK-02", "FILE-01")


def _type(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def _code(path: Path) -> str:
    return str(json.loads(path.read_text())["hash"])[:12]


@pytest.mark.parametrize("typed", ["clean up\n", "  DỌN SẠCH \n", "Don sach\n", "DO\u0323N SA\u0323CH"])
def test_plan_apply_undo(
    quetsach: Run, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    before = disks.snapshot(root)
    out = tmp_path / "plan.json"
    code, told, _ = quetsach("check", "plan", out, "--root", root, "--also", "HOOK-02")
    assert code == 1
    for text in (
        "Nothing is changed.",
        "may show as not activated",
        "SppExtComObjHook.dll",
        "Because of: KMS-01",
    ):
        assert text in told
    assert "KMSpico 10.2.zip: to be asked" in told.replace("kmspico 10.2.zip", "KMSpico 10.2.zip")
    assert f"{_code(out)[:4]} {_code(out)[4:8]} {_code(out)[8:]}" in told
    assert disks.snapshot(root) == before
    _type(monkeypatch, typed)
    code, told, _ = quetsach("check", "apply", out, "--root", root, "--code", _code(out))
    assert code == 0
    assert "Done: 2 of 2 steps." in told
    assert shlex.join(["check", "undo", "--root", str(root)]) in told
    assert disks.snapshot(root) != before
    code, told, _ = quetsach("check", "undo", "--root", root)
    assert code == 0
    assert "Everything is as it was before the clean-up." in told
    assert disks.snapshot(root) == before
    code, _, error = quetsach("check", "undo", "--root", root)
    assert code == 2
    assert "there is nothing to undo" in error


@pytest.mark.parametrize(("act", "reason", "code"), [("keep", "disk_full", 2), ("do", "no_permission", 1)])
def test_where_no_step_is_done_what_applies_then_is_said(
    quetsach: Run,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    act: str,
    reason: str,
    code: int,
) -> None:
    """If nothing was begun, there is nothing to check or undo. If a step was begun, it can be taken back."""

    def refuses(*_given: object) -> None:
        raise ActError(reason)

    out = tmp_path / "plan.json"
    quetsach("check", "plan", out, "--root", root, "--also", "HOOK-02")
    for each in ACTS.values():
        monkeypatch.setattr(each, act, refuses)
    for lang, done, nothing, undo in (
        ("en", "Done: 0 of 2 steps.", "Nothing was changed on this machine", "To take back what was begun"),
        (
            "vi",
            "Đã xong 0 trên 2 bước.",
            "Không có gì trên máy này bị thay đổi",
            "Để trả lại phần đã bắt đầu",
        ),
    ):
        _type(monkeypatch, "clean up\n")
        exit_code, told, _ = quetsach(
            "--lang", lang, "check", "apply", out, "--root", root, "--code", _code(out)
        )
        assert (exit_code, done in told) == (code, True)
        assert (nothing in told, undo in told) == (code == 2, code == 1)
        assert ("check undo" in told) == (code == 1)
        assert "once more now" not in told and "kiểm tra lại máy ngay" not in told


@pytest.mark.parametrize("typed", ["", "\n", "yes\n", "y\n", "clean\n", "có\n"])
def test_without_the_word_nothing_is_done(
    quetsach: Run, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    out = tmp_path / "plan.json"
    quetsach("check", "plan", out, "--root", root)
    before = disks.snapshot(root)
    _type(monkeypatch, typed)
    code, _, error = quetsach("check", "apply", out, "--root", root, "--code", _code(out))
    assert (code, "nothing was changed" in error) == (2, True)
    assert disks.snapshot(root) == before


def test_the_wrong_code_asks_for_no_word(quetsach: Run, root: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    quetsach("check", "plan", out, "--root", root)
    code, told, error = quetsach("check", "apply", out, "--root", root, "--code", "000000000000")
    assert code == 2
    assert "the code given is not the plan's" in error.lower()
    assert "type:" not in told


def test_yes_belongs_to_no_command_that_changes(quetsach: Run, root: Path, tmp_path: Path) -> None:
    for command in ("plan", "apply", "undo"):
        code, _, error = quetsach("check", command, "--yes")
        assert code == 2
        assert "--yes" in error or "Missing" in error


def test_a_clean_disk_needs_no_plan(quetsach: Run, tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    code, _, _ = quetsach("check", "plan", out, "--root", disks.windows(tmp_path / "disk"))
    assert code == 0
    assert not out.exists()


def test_in_vietnamese(quetsach: Run, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "plan.json"
    _, told, _ = quetsach("--lang", "vi", "check", "plan", out, "--root", root, "--also", "HOOK-02")
    assert "can thiệp kỹ thuật" in told
    assert "bẻ khóa" not in told.replace("Phần mềm bẻ khóa", "")
    _type(monkeypatch, "dọn sạch\n")
    code, told, _ = quetsach("--lang", "vi", "check", "apply", out, "--root", root, "--code", _code(out))
    assert code == 0
    assert "Đã xong 2 trên 2 bước." in told


def test_names_of_the_machine_are_shown_safely(quetsach: Run, tmp_path: Path) -> None:
    root = disks.windows(tmp_path / "disk")
    hostile = root / "C:/Users/an/Downloads/TNod \u202egpj.\x1b[31m.exe"
    hostile.write_bytes(b"MZ")
    code, told, _ = quetsach("check", "plan", tmp_path / "plan.json", "--root", root)
    assert code == 1
    assert "\u202e" not in told
    assert "\x1b[31m" not in told


def test_a_pack_brings_what_it_looks_for_into_the_plan(quetsach: Run, tmp_path: Path) -> None:
    told = replace(
        PACK,
        created=datetime.now(UTC).replace(microsecond=0),
        expires=datetime.now(UTC) + timedelta(days=2),
        hashes={disks.HASH: "mirai"},
    )
    packed = tmp_path / "unit.qspack"
    packed.write_bytes(pack.build(told, SIGNING))
    root = disks.linux(tmp_path / "disk")
    given = ("check", "plan", tmp_path / "plan.json", "--root", root, "--pack", packed)
    code, told_, _ = quetsach(*given, "--trust", keys.public("signing", SIGNING).hex())
    assert code == 1
    assert "Put a file into quarantine: /home/an/Downloads/upd" in told_
    code, _, error = quetsach(*given, "--trust", "0" * 64)
    assert code == 2 and "key" in error
    code, _, error = quetsach(*given, "--hashes", packed)
    assert code == 2 and "either it or them" in error


def test_nobody_is_left_with_what_a_step_does(quetsach: Run, tmp_path: Path) -> None:
    root = disks.linux(tmp_path / "disk")
    hashes = tmp_path / "hashes.txt"
    hashes.write_text(f"{disks.HASH} mirai\n")
    listed = tmp_path / "list.txt"
    listed.write_text("evil.example\n")
    _, told, _ = quetsach(
        "check", "plan", tmp_path / "plan.json", "--root", root, "--hashes", hashes, "-i", listed
    )
    # The cron line and the unit are signs of their own, too; the steps for them settle the advice.
    assert "# quetsach: 5 * * * * root curl" in told
    assert "for a person to handle" not in told
