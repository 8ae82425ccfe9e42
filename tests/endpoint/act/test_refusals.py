"""Refusals before any act, and targets that are never touched."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from quetsach.endpoint.act import applying, grounds, journal, plan, protected, runs, undoing
from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.machine import Signature
from tests.endpoint.act import disks


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return disks.linux(tmp_path / "disk")


def _refused(reason: str, act: Callable[[], Any]) -> ActError:
    with pytest.raises(ActError) as caught:
        act()
    assert caught.value.reason == reason
    return caught.value


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda told: told["steps"].pop(), "tampered"),
        (lambda told: told["steps"][0]["target"].update(path="/etc/passwd"), "tampered"),
        (lambda told: told.update(expires="2099-01-01T00:00:00Z"), "tampered"),
        (lambda told: told["machine"].update(name="khac"), "tampered"),
        (lambda told: told.update(hash="0" * 64), "tampered"),
        (lambda told: told["steps"][0].update(act="format"), "no_plan"),
        (lambda told: told["steps"][0]["target"].update(more=1), "no_plan"),
        (lambda told: told.update(schema=2), "no_plan"),
        (lambda told: told.update(made="hôm qua"), "no_plan"),
        (lambda told: told.clear(), "no_plan"),
    ],
)
def test_a_changed_plan_is_refused(root: Path, change: Callable[[dict[str, Any]], Any], reason: str) -> None:
    disks.planned(root)
    path = root.with_name("disk.plan.json")
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))
    _refused(reason, lambda: plan.read(path))


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"type":"plan","schema":1}'])
def test_what_is_no_plan_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    _refused("no_plan", lambda: plan.read(path))


def test_the_code_of_another_plan_is_refused(root: Path) -> None:
    one = disks.planned(root)
    before = disks.snapshot(root)
    for given in ("", one.hash[:11], "0" * 12, one.hash[1:]):
        _refused("wrong_hash", lambda given=given: applying.apply(one, grounds.at(root), given))
    assert disks.snapshot(root) == before
    assert not applying.apply(
        one, grounds.at(root), f"{one.hash[:4]} {one.hash[4:8].upper()}-{one.hash[8:]}"
    ).failed


def test_an_old_plan_and_a_clock_that_cannot_be_are_refused(root: Path) -> None:
    one = disks.planned(root)
    before = disks.snapshot(root)
    for when, reason in (
        (datetime(1970, 1, 1, 0, 5, tzinfo=UTC), "clock"),
        (one.made - timedelta(days=1), "clock"),
        (one.expires + timedelta(seconds=1), "expired"),
    ):
        with time_machine.travel(when):
            _refused(reason, lambda: disks.applied(root, one))
    with time_machine.travel(datetime(1970, 1, 1, tzinfo=UTC)):
        _refused("clock", lambda: disks.planned(root))
    assert disks.snapshot(root) == before


def test_undo_asks_no_clock(root: Path) -> None:
    before = disks.snapshot(root)
    disks.applied(root, disks.planned(root))
    with time_machine.travel(datetime(1970, 1, 1, tzinfo=UTC)):
        assert not undoing.undo(grounds.at(root)).failed
    assert disks.snapshot(root) == before


def test_a_plan_for_another_machine_is_refused(root: Path, tmp_path: Path) -> None:
    one = disks.planned(root)
    other = disks.linux(tmp_path / "other")
    (other / "etc/machine-id").write_bytes(b"ff112233445566778899aabbccddeeff\n")
    _refused("other_machine", lambda: disks.applied(other, one))


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "home/an/Downloads/upd").write_bytes(b"another"),
        lambda root: (root / "home/an/Downloads/upd").chmod(0o600),
        lambda root: (root / "home/an/Downloads/upd").unlink(),
        lambda root: (root / "etc/hosts").write_bytes(b"127.0.0.1 localhost\n"),
    ],
)
def test_a_machine_that_is_not_as_it_was_is_left_alone(root: Path, change: Callable[[Path], Any]) -> None:
    one = disks.planned(root)
    change(root)
    before = disks.snapshot(root)
    _refused("changed", lambda: disks.applied(root, one))
    assert disks.snapshot(root) == before


def test_a_plan_is_carried_out_once(root: Path) -> None:
    one = disks.planned(root)
    disks.applied(root, one)
    _refused("changed", lambda: disks.applied(root, one))


def test_a_file_swapped_for_a_link_is_not_followed(root: Path, tmp_path: Path) -> None:
    one = disks.planned(root)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "upd").write_bytes(disks.EVIL)
    downloads = root / "home/an/Downloads"
    downloads.rename(root / "home/an/moved")
    downloads.symlink_to(outside)
    _refused("linked", lambda: disks.applied(root, one))
    assert (outside / "upd").read_bytes() == disks.EVIL


def test_undo_writes_through_no_link(root: Path, tmp_path: Path) -> None:
    """The owner of the folder could redirect an administrator's undo to any place."""
    disks.applied(root, disks.planned(root))
    outside = tmp_path / "outside"
    outside.mkdir()
    downloads = root / "home/an/Downloads"
    downloads.rename(root / "home/an/moved")
    downloads.symlink_to(outside)
    undone = undoing.undo(grounds.at(root))
    assert [error.reason for error in undone.failed.values()] == ["linked"]
    assert list(outside.iterdir()) == []
    downloads.unlink()
    (root / "home/an/moved").rename(downloads)
    assert not undoing.undo(grounds.at(root)).failed
    assert (downloads / "upd").read_bytes() == disks.EVIL


def test_a_file_with_two_names_is_left(root: Path) -> None:
    (root / "home/an/second").hardlink_to(root / "home/an/Downloads/upd")
    one = disks.planned(root)
    assert "hard_links" in {advice.reason for advice in one.advice}
    assert "/home/an/Downloads/upd" not in {step.target["path"] for step in one.steps}


def test_a_file_of_a_package_is_left_though_its_hash_is_listed(root: Path) -> None:
    (root / "usr/bin/ls").write_bytes(disks.EVIL)
    (root / "etc/cron.d/backup").write_bytes(b"0 2 * * * root /usr/bin/ls\n")
    one = disks.planned(root)
    assert ("protected", "/usr/bin/ls") in {(advice.reason, advice.subject) for advice in one.advice}
    assert "/usr/bin/ls" not in {step.target["path"] for step in one.steps}


@pytest.mark.parametrize(
    "path",
    [
        r"C:\Windows\System32\kernel32.dll", r"C:\WINDOWS\system32\LSASS.EXE", r"C:\Windows\explorer.exe",
        r"C:\Windows\System32\sppsvc.exe", r"C:\Windows\System32\config\SOFTWARE",
        r"C:\Windows\System32\winevt\Logs\Security.evtx", r"C:\Users\an\x.evtx", r"C:\Users\an\NTUSER.DAT",
        r"C:\Windows\WinSxS\x\a.dll", r"C:\Windows\System32\DriverStore\a.sys", r"C:\pagefile.sys",
        r"C:\Users\an\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\ConsoleHost_history.txt",
        r"C:\ProgramData\QuetSach\quarantine\journal.jsonl", r"C:\Program Files\Windows Defender\MsMpEng.exe",
        r"C:\Windows\Prefetch\A.EXE-1.pf", r"C:\EFI\Microsoft\Boot\bootmgfw.efi",
    ],
)  # fmt: skip
def test_windows_own_files_logs_and_histories_are_never_touched(path: str, tmp_path: Path) -> None:
    machine = grounds.at(disks.windows(tmp_path / "disk")).machine
    assert protected.file(machine, path, is_certain=True)


@pytest.mark.parametrize(
    "path",
    ["/bin/ls", "/usr/bin/ls", "/boot/vmlinuz", "/var/log/auth.log", "/etc/shadow", "/home/an/.bash_history",
     "/root/.ssh/authorized_keys", "/var/lib/quetsach/quarantine/journal.jsonl", "/proc/1/exe"],
)  # fmt: skip
def test_linux_own_files_logs_and_histories_are_never_touched(path: str, root: Path) -> None:
    assert protected.file(grounds.at(root).machine, path, is_certain=True)


def test_without_a_package_list_the_systems_folders_as_a_whole_are_left(root: Path) -> None:
    for one in (root / "var/lib/dpkg/info").iterdir():
        one.unlink()
    machine = grounds.at(root).machine
    assert protected.file(machine, "/usr/sbin/any", is_certain=True)
    assert not protected.file(machine, "/usr/local/bin/any")


def test_a_signature_protects_from_names_and_rules_but_not_from_a_listed_hash(tmp_path: Path) -> None:
    machine = grounds.at(disks.windows(tmp_path / "disk")).machine
    machine.signature = lambda path: (Signature.VALID, "")  # type: ignore[method-assign]
    path = r"C:\Users\an\Downloads\setup.exe"
    assert protected.file(machine, path)
    assert not protected.file(machine, path, is_certain=True)
    assert protected.file(machine, r"C:\Windows\System32\odd.dll", is_certain=True)


def test_core_services_stay(tmp_path: Path) -> None:
    from quetsach.endpoint.act.acts import ACTS
    from tests.endpoint.world import SERVICES

    ground = grounds.at(disks.windows(tmp_path / "disk"))
    target = {"key": rf"{SERVICES}\EventLog", "name": "Start"}
    _refused("protected", lambda: ACTS["value"].guard(ground, target))


def test_a_store_that_others_may_write_to_is_not_believed(root: Path) -> None:
    one = disks.planned(root)
    store = root / "var/lib/quetsach/quarantine"
    store.mkdir(parents=True)
    store.chmod(0o777)
    _refused("unsafe_store", lambda: disks.applied(root, one))
    store.chmod(0o700)
    store.rmdir()
    store.symlink_to(root / "home/an")
    _refused("unsafe_store", lambda: disks.applied(root, one))


def test_two_at_once_are_refused(root: Path) -> None:
    one = disks.planned(root)
    ground = grounds.at(root)
    ground.make_private(ground.store)
    with journal.opened(ground.store / runs.JOURNAL):
        _refused("busy", lambda: disks.applied(root, one))


@pytest.mark.parametrize("number", [0, 1, 3, 5])
def test_a_changed_journal_is_not_believed(root: Path, number: int) -> None:
    disks.applied(root, disks.planned(root))
    path = root / "var/lib/quetsach/quarantine" / runs.JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    document = json.loads(lines[number])
    document["time"] = "2026-01-01T00:00:00.000Z"
    lines[number] = json.dumps(document).encode() + b"\n"
    path.write_bytes(b"".join(lines))
    _refused("damaged_journal", lambda: undoing.undo(grounds.at(root)))
    path.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
    _refused("damaged_journal", lambda: undoing.undo(grounds.at(root)))


def test_a_damaged_copy_is_not_put_back_and_the_rest_is(root: Path) -> None:
    one = disks.planned(root)
    disks.applied(root, one)
    number = next(step.number for step in one.steps if step.target["path"].endswith("/upd"))
    [kept] = (root / "var/lib/quetsach/quarantine").rglob(f"{number}.kept")
    content = bytearray(kept.read_bytes())
    content[-1] ^= 1
    kept.write_bytes(content)
    undone = undoing.undo(grounds.at(root))
    assert {key: error.reason for key, error in undone.failed.items()} == {number: "damaged_copy"}
    assert not (root / "home/an/Downloads/upd").exists()
    assert (root / "etc/crontab").read_bytes() == disks.LINUX["etc/crontab"]
    content[-1] ^= 1
    kept.write_bytes(content)
    assert not undoing.undo(grounds.at(root)).failed


def test_what_a_person_changed_since_is_left_and_named(root: Path) -> None:
    disks.applied(root, disks.planned(root))
    (root / "etc/hosts").write_bytes(b"127.0.0.1 localhost\n192.0.2.8 moi\n")
    (root / "home/an/Downloads/upd").write_bytes(b"put there again")
    undone = undoing.undo(grounds.at(root))
    assert {error.reason for error in undone.failed.values()} == {"changed_since"}
    assert len(undone.failed) == 2
    assert (root / "etc/hosts").read_bytes() == b"127.0.0.1 localhost\n192.0.2.8 moi\n"
    assert (root / "home/an/Downloads/upd").read_bytes() == b"put there again"
    assert (root / "etc/crontab").read_bytes() == disks.LINUX["etc/crontab"]


def test_a_hive_that_was_not_written_wholly_is_refused(tmp_path: Path) -> None:
    root = disks.windows(tmp_path / "disk", "KMS-01")
    one = disks.planned(root)
    hive = root / "C:/Windows/System32/config/SOFTWARE"
    content = bytearray(hive.read_bytes())
    content[4] ^= 1
    hive.write_bytes(content)
    _refused("unclean", lambda: disks.applied(root, one))
    assert hive.read_bytes() == content


def test_nothing_to_undo_is_said(root: Path) -> None:
    _refused("nothing", lambda: undoing.undo(grounds.at(root)))
    disks.applied(root, disks.planned(root))
    undoing.undo(grounds.at(root))
    _refused("nothing", lambda: undoing.undo(grounds.at(root)))


def test_a_recording_cannot_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "recording.json"
    path.write_text("{}")
    _refused("not_here", lambda: grounds.at(path))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_store_of_another_account_is_not_believed(root: Path) -> None:
    one = disks.planned(root)
    store = root / "var/lib/quetsach/quarantine"
    store.mkdir(parents=True)
    os.chown(store, 1000, 1000)
    _refused("unsafe_store", lambda: disks.applied(root, one))


def test_after_a_power_cut_undo_comes_first(root: Path) -> None:
    one = disks.planned(root)
    ground = grounds.at(root)
    ground.make_private(ground.store)
    with journal.opened(ground.store / runs.JOURNAL) as kept:
        kept.write("run", plan=one.hash, machine=one.name, verdict=one.verdict, steps=4)
    _refused("unfinished", lambda: disks.applied(root, one))
    undoing.undo(grounds.at(root))
    assert not disks.applied(root, one).failed
