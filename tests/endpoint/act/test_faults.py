"""Full disk, no permission, a file in use, a program that starts again: reported, and taken back."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from quetsach.endpoint.act import applying, grounds, journal, plan, runs, undoing
from quetsach.endpoint.act.acts import ACTS, Stop
from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.act.ground import Ground
from quetsach.endpoint.act.grounds import firewalls
from quetsach.endpoint.act.step import Step
from quetsach.endpoint.machine import NoRegistry
from tests.endpoint.act import disks
from tests.endpoint.world import RULES

FIREWALL = RULES.rpartition("\\")[0]
FIREWALL_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return disks.linux(tmp_path / "disk")


@contextmanager
def _largest(size: int) -> Iterator[None]:
    """No file may grow beyond `size`: a real refusal by the kernel, in the middle of a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 100, 700, 2000, 5000, 40_000])
def test_no_room_in_the_midst_of_it_ends_the_run_and_all_comes_back(root: Path, size: int) -> None:
    one = disks.planned(root)
    before = disks.snapshot(root)
    reasons = set()
    with _largest(size):
        try:
            outcome = disks.applied(root, one)
            reasons = {error.reason for error in outcome.failed.values()}
        except ActError as error:
            reasons = {error.reason}
    assert reasons == {"disk_full"}
    assert (root / "home/an/Downloads/upd").exists()
    try:
        assert not undoing.undo(grounds.at(root)).failed
    except ActError as error:
        assert error.reason == "nothing"
    assert disks.snapshot(root) == before
    # With room again, it succeeds.
    assert not disks.applied(root, one).failed


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")
def test_a_disk_that_is_full(root: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48k", "none", small], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        small.chmod(0o700)
        before = disks.snapshot(root)
        one = disks.planned(root)
        outcome = applying.apply(one, grounds.at(root), one.code, small)
        assert {error.reason for error in outcome.failed.values()} == {"disk_full"}
        assert not undoing.undo(grounds.at(root), small).failed
        assert disks.snapshot(root) == before
    finally:
        subprocess.run(["umount", small], check=True)


@contextmanager
def _as_nobody() -> Iterator[None]:
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another account")
def test_no_permission_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    base = Path(tempfile.gettempdir()) / f"quetsach-test-{os.getpid()}"
    base.mkdir(mode=0o755)
    try:
        root = disks.linux(base / "disk")
        for place in (root, *root.rglob("*")):
            if place.is_dir():
                place.chmod(0o755)
        (root / "home/an/Downloads/upd").chmod(0o755)
        (root / "etc/crontab").chmod(0o644)
        one = disks.planned(root)
        before = disks.snapshot(root)
        store = base / "store"
        store.mkdir(mode=0o700)
        os.chown(store, 65534, 65534)
        with _as_nobody():
            outcome = applying.apply(one, grounds.at(root), one.code, store)
            assert {error.reason for error in outcome.failed.values()} == {"no_permission"}
            assert sorted(outcome.failed) == [step.number for step in one.steps]
            assert not undoing.undo(grounds.at(root), store).failed
        assert disks.snapshot(root) == before
    finally:
        shutil.rmtree(base)


def test_a_file_in_use_is_told_and_the_other_steps_are_done(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = disks.snapshot(root)
    one = disks.planned(root)
    unlink = os.unlink

    def in_use(path: Any, **named: Any) -> None:
        if path == "upd":
            raise OSError(errno.EBUSY, "busy")
        unlink(path, **named)

    monkeypatch.setattr(os, "unlink", in_use)
    outcome = disks.applied(root, one)
    monkeypatch.undo()
    assert [error.reason for error in outcome.failed.values()] == ["locked"]
    assert len(outcome.done) == len(one.steps) - 1
    assert not undoing.undo(grounds.at(root)).failed
    assert disks.snapshot(root) == before


def test_what_the_system_only_says_it_did_is_not_counted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = disks.planned(root)
    ground = grounds.at(root)
    monkeypatch.setattr(type(ground.disk), "remove", lambda *_given: None)
    outcome = applying.apply(one, ground, one.code)
    assert "not_done" in {error.reason for error in outcome.failed.values()}


# Programs, on the running machine itself.


def _program(folder: Path) -> Path:
    """A program of our own that sleeps."""
    path = folder / "kmspico-test"
    shutil.copyfile(shutil.which("sleep") or "/bin/sleep", path)
    path.chmod(0o755)
    return path


@contextmanager
def _guarding(script: Path, entry: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A shell that starts a program again while `entry` is there. It ends with the test, however that ends:
    `Popen` alone would wait for it for ever."""
    with subprocess.Popen(["/bin/sh", script], start_new_session=True) as shell:
        try:
            yield shell
        finally:
            entry.unlink(missing_ok=True)
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)


def _runs(path: Path) -> list[int]:
    found = []
    psutil.process_iter.cache_clear()
    for one in psutil.process_iter():
        try:
            if one.exe() == str(path) and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one.pid)
        except psutil.Error:
            continue
    return found


def _steps(ground: Ground, *told: tuple[str, str, dict[str, Any], Any]) -> list[Step]:
    return [
        Step(number, phase, act, target, ACTS[act].look(ground, target), after, ("TEST-01",))
        for number, (phase, act, target, after) in enumerate(told, 1)
    ]


@pytest.fixture
def here(tmp_path: Path) -> tuple[Ground, Path]:
    """This machine, and a folder for the vault and the journal."""
    store = tmp_path / "store"
    store.mkdir(mode=0o700)
    return grounds.here(), store


@pytest.mark.skipif(sys.platform != "linux", reason="the machine this runs on is changed by Linux' ways")
def test_a_program_that_runs_again_is_in_use_and_no_question_of_rights(
    here: tuple[Ground, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground, store = here
    path = _program(tmp_path)

    def denied(*_given: Any) -> None:
        raise ActError("no_permission", str(path))

    # Windows' answer for the file of a running program.
    monkeypatch.setattr(type(ground.disk), "remove", denied)
    steps = _steps(ground, ("quarantine", "quarantine", {"path": str(path), "is_certain": True}, None))
    for is_running, reason in ((True, "locked"), (False, "no_permission")):
        with subprocess.Popen([path, "60"] if is_running else ["true"]) as process:
            one = plan.make(ground, "found", (), steps, ())
            outcome = applying.apply(one, ground, one.code, store / reason)
            process.kill()
        assert [error.reason for error in outcome.failed.values()] == [reason]


@pytest.mark.skipif(sys.platform != "linux", reason="the machine this runs on is changed by Linux' ways")
def test_a_running_program_is_stopped_and_its_file_taken(here: tuple[Ground, Path], tmp_path: Path) -> None:
    ground, store = here
    path = _program(tmp_path)
    content = path.read_bytes()
    with subprocess.Popen([path, "60"]) as process:
        steps = _steps(
            ground,
            ("stop", "stop", {"program": str(path), "pids": []}, True),
            ("quarantine", "quarantine", {"path": str(path), "is_certain": True}, None),
        )
        one = plan.make(ground, "found", (), steps, ())
        outcome = applying.apply(one, ground, one.hash, store)
        assert not outcome.failed
        process.wait(5)
    assert not _runs(path)
    assert not path.exists()
    assert not undoing.undo(ground, store).failed
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(sys.platform != "linux", reason="the machine this runs on is changed by Linux' ways")
def test_a_program_that_starts_again_is_told_until_its_entry_is_gone(
    here: tuple[Ground, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground, store = here
    path = _program(tmp_path)
    look = Stop._comes_back

    def after_the_guard(*asked: Any) -> bool:
        """The look waits for a guard that a busy machine keeps waiting."""
        deadline = time.monotonic() + 20
        while (tmp_path / "entry").exists() and not _runs(path) and time.monotonic() < deadline:
            time.sleep(0.05)
        return look(*asked)

    monkeypatch.setattr(Stop, "_comes_back", after_the_guard)
    guard = tmp_path / "guard"
    guard.write_text(f"while [ -e {tmp_path}/entry ]; do {path} 60; done\n")
    (tmp_path / "entry").write_text("start")
    with _guarding(guard, tmp_path / "entry") as shell:
        deadline = time.monotonic() + 10
        while not _runs(path) and time.monotonic() < deadline:
            time.sleep(0.05)
        stop = {"program": str(path), "pids": []}
        with pytest.raises(ActError) as caught:
            ACTS["stop"].do(ground, stop, True, None)
        assert caught.value.reason == "respawns"
        steps = _steps(
            ground,
            ("stop", "stop", stop, True),
            ("disable", "quarantine", {"path": str(tmp_path / "entry"), "is_certain": False}, None),
            ("quarantine", "quarantine", {"path": str(path), "is_certain": False}, None),
        )
        one = plan.make(ground, "found", (), steps, ())
        outcome = applying.apply(one, ground, one.hash, store)
        assert not outcome.failed, "stopped for good once its entry was gone"
        shell.wait(10)
    assert not _runs(path)
    with journal.opened(store / runs.JOURNAL) as kept:
        assert [entry["reason"] for entry in kept.entries if entry["event"] == "failed"] == ["respawns"]


@pytest.mark.skipif(sys.platform != "linux", reason="the machine this runs on is changed by Linux' ways")
def test_a_program_that_was_met_before_it_began_is_known_by_its_own_file(
    here: tuple[Ground, Path], tmp_path: Path
) -> None:
    ground, _store = here
    path = _program(tmp_path)
    target = {"program": str(path), "pids": []}
    with subprocess.Popen(["/bin/sh", "-c", f"read x; exec {path} 60"], stdin=subprocess.PIPE) as process:
        assert ACTS["stop"].look(ground, target)
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
        deadline = time.monotonic() + 20
        while Path(f"/proc/{process.pid}/exe").readlink() != path and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not ACTS["stop"].look(ground, target)
        process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="the machine this runs on is changed by Linux' ways")
def test_this_program_and_those_above_it_are_not_stopped(here: tuple[Ground, Path]) -> None:
    ground, _store = here
    for pid in (os.getpid(), os.getppid(), 1):
        target = {"program": "", "pids": [[pid, psutil.Process(pid).create_time()]]}
        with pytest.raises(ActError) as caught:
            ACTS["stop"].guard(ground, target)
        assert caught.value.reason == "protected"


# Firewalls.


@pytest.fixture
def nft() -> Iterator[firewalls.Nftables]:
    """The real nftables, in a network of its own, so that this machine's rules stay unchanged."""
    if os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("unshare"):
        pytest.skip("needs root and nft")
    with subprocess.Popen(["unshare", "-n", "sleep", "60"]) as holder:
        time.sleep(0.2)

        def inside(command: Sequence[str], given: str) -> str:
            return firewalls.run(["nsenter", "-t", str(holder.pid), "-n", *command], given)

        try:
            inside(["nft", "list", "tables"], "")
        except ActError:
            holder.kill()
            pytest.skip("no network of its own here")
        try:
            yield firewalls.Nftables(inside)
        finally:
            holder.kill()


@pytest.mark.parametrize("address", ["198.51.100.66", "2001:db8::66"])
def test_nftables_blocks_an_address_and_lets_it_go(nft: firewalls.Nftables, address: str) -> None:
    name = "quetsach_0123456789abcdef_1"
    assert not nft.has(name, address)
    nft.add(name, address)
    assert nft.has(name, address)
    assert not nft.has(name, "192.0.2.1")
    nft.add("quetsach_0123456789abcdef_2", "192.0.2.1")
    nft.remove(name)
    assert not nft.has(name, address)
    assert nft.has("quetsach_0123456789abcdef_2", "192.0.2.1")


@pytest.mark.recorded
def test_windows_firewall_recorded() -> None:
    """Recorded: the command's form, and a rule in Windows' spelling ([MS-FASP] 2.2.19)."""
    asked: list[Sequence[str]] = []
    name = "quetsach_0123456789abcdef_1"

    class Registry:
        def __init__(self) -> None:
            self.told: dict[str, str] = {}

        def values(self, key: str) -> dict[str, str]:
            return self.told if key == RULES else {}

        def subkeys(self, key: str) -> Sequence[str]:
            return ()

    registry = Registry()
    wall = firewalls.WindowsFirewall(registry, lambda command, _given: asked.append(command) or "Ok.")
    wall.add(name, "198.51.100.66")
    assert asked[-1][:5] == ["netsh", "advfirewall", "firewall", "add", "rule"]
    assert not wall.has(name, "198.51.100.66"), "the command's word is not believed"
    registry.told = {
        "{1}": f"v2.31|Action=Block|Active=TRUE|Dir=Out|RA4=198.51.100.66|Name={name}|",
        "{2}": "v2.31|Action=Allow|Active=TRUE|Dir=In|LPort=445|Name=x|",
    }
    assert wall.has(name, "198.51.100.66")
    assert not wall.has(name, "198.51.100.67")


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("change", "is_there"),
    [
        ("RA4=198.51.100.66/255.255.255.255", True),
        ("RA4=198.51.100.0/255.255.255.0", False),
        ("RA4=LocalSubnet", False),
    ],
)
def test_a_windows_rule_for_another_range_is_not_ours_recorded(change: str, is_there: bool) -> None:
    """Recorded: addresses in Windows' spellings ([MS-FASP] 2.2.19); a wider rule belongs to somebody else."""
    name = "quetsach_0123456789abcdef_1"
    rule = f"v2.31|Action=Block|Active=TRUE|Dir=Out|{change}|Name={name}|"
    assert firewalls.WindowsFirewall(Told({RULES: {"{1}": rule}})).has(name, "198.51.100.66") == is_there
    for other in ("Active=FALSE", "Dir=In", "Action=Allow"):
        key = other.partition("=")[0]
        spoilt = "|".join(other if part.startswith(f"{key}=") else part for part in rule.split("|"))
        assert not firewalls.WindowsFirewall(Told({RULES: {"{1}": spoilt}})).has(name, "198.51.100.66")


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("key", "value", "can"),
    [
        (rf"{FIREWALL}\PublicProfile", {"EnableFirewall": "1"}, True),
        (rf"{FIREWALL}\PublicProfile", {"EnableFirewall": "0"}, False),
        (rf"{FIREWALL_POLICY}\DomainProfile", {"EnableFirewall": "0"}, False),
        (rf"{FIREWALL_POLICY}\DomainProfile", {"AllowLocalPolicyMerge": "0"}, False),
        (rf"{FIREWALL_POLICY}\DomainProfile", {"AllowLocalPolicyMerge": "1"}, True),
        (r"HKLM\SYSTEM\CurrentControlSet\Services\mpssvc", {"Start": "4"}, False),
        (r"HKLM\SYSTEM\CurrentControlSet\Services\mpssvc", {"Start": "2"}, True),
    ],
)
def test_a_windows_firewall_that_heeds_no_rule_of_ours_recorded(
    key: str, value: dict[str, str], can: bool
) -> None:
    """Recorded: [MS-GPFAS] 2.2.2, EnableFirewall and AllowLocalPolicyMerge of a profile."""
    assert firewalls.WindowsFirewall(Told({key: value})).can() == can


def test_a_policy_that_switches_the_firewall_on_wins_over_the_machine() -> None:
    off, on = {"EnableFirewall": "0"}, {"EnableFirewall": "1"}
    told = {rf"{FIREWALL}\PublicProfile": off, rf"{FIREWALL_POLICY}\PublicProfile": on}
    assert firewalls.WindowsFirewall(Told(told)).can()


class Told:
    """A registry with these values."""

    def __init__(self, told: dict[str, dict[str, str]]) -> None:
        self._told = told

    def values(self, key: str) -> dict[str, str]:
        return self._told.get(key, {})

    def subkeys(self, key: str) -> Sequence[str]:
        return ()


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("x; flush ruleset", "192.0.2.1"),
        ("quetsach_0123456789abcdef_1", "192.0.2.1 } }\nflush ruleset"),
        ("", ""),
    ],
)
def test_no_text_of_a_plan_reaches_the_firewall_unchecked(name: str, address: str) -> None:
    def never(_command: Sequence[str], _given: str) -> str:
        raise AssertionError

    for act in (firewalls.Nftables(never).add, firewalls.WindowsFirewall(NoRegistry(), never).add):
        with pytest.raises(ActError):
            act(name, address)
