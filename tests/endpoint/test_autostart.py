"""A program is opened wherever it starts by itself from; its harmless twin there accuses nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quetsach.endpoint import machines
from quetsach.endpoint.act import choosing
from tests.endpoint import world
from tests.endpoint.hives import Hive
from tests.endpoint.plants import shortcut
from tests.endpoint.test_files import EICAR, EICAR_RULE
from tests.endpoint.test_list_places import AN, CURRENT, STARTUP, TASK, stored

DEEP = r"C:\du lieu\a\b\c\d\x.exe"
"""Where a quick check opens nothing unless it starts by itself."""
HM, NT, CONTROL = r"HKLM\SOFTWARE\Microsoft", world.NT, r"HKLM\SYSTEM\CurrentControlSet\Control"
OFFICE = r"C:\Users\an\AppData\Roaming\Microsoft"
ALL_USERS = r"C:\ProgramData\Microsoft\Windows\Start Menu\Programs\Startup"


def _key(key: str, name: str, value: Any = DEEP) -> dict[str, Any]:
    return {"registry": {key: {name: value}}}


PLACES: dict[str, dict[str, Any]] = {
    "Run": _key(rf"{AN}\{CURRENT}\Run", "x"),
    "Run for all": _key(rf"HKLM\Software\{CURRENT}\Run", "x", f'"{DEEP}" /q'),
    "Run of 32-bit programs": _key(rf"HKLM\Software\WOW6432Node\{CURRENT}\Run", "x"),
    "RunOnce": _key(rf"{AN}\{CURRENT}\RunOnce", "x"),
    "RunOnceEx": _key(rf"HKLM\SOFTWARE\{CURRENT}\RunOnceEx\0001", "1"),
    "RunServices": _key(rf"HKLM\Software\{CURRENT}\RunServices", "x"),
    "Run of a policy": _key(rf"{AN}\{CURRENT}\Policies\Explorer\Run", "1"),
    "Run of a terminal server": _key(rf"{NT}\Terminal Server\Install\Software\{CURRENT}\Run", "x"),
    "the shell of a policy": _key(rf"{AN}\{CURRENT}\Policies\System", "Shell"),
    "Taskman": _key(rf"{NT}\Winlogon", "Taskman"),
    "Load": _key(rf"{AN}\Microsoft\Windows NT\CurrentVersion\Windows", "Load"),
    "AppInit_DLLs": _key(rf"{NT}\Windows", "AppInit_DLLs"),
    "AppCertDlls": _key(rf"{CONTROL}\Session Manager\AppCertDlls", "x"),
    "BootExecute": _key(rf"{CONTROL}\Session Manager", "BootExecute", f"autocheck autochk *\n{DEEP}"),
    "a package for the sign-in": _key(rf"{CONTROL}\Lsa", "Security Packages", f"kerberos\n{DEEP}"),
    "a filter of passwords": _key(rf"{CONTROL}\Lsa", "Notification Packages", f"scecli\n{DEEP}"),
    "a security provider": _key(rf"{CONTROL}\SecurityProviders", "SecurityProviders", f"credssp.dll, {DEEP}"),
    "a monitor of printing": _key(rf"{CONTROL}\Print\Monitors\x", "Driver"),
    "a provider of time": _key(rf"{world.SERVICES}\W32Time\TimeProviders\x", "DllName"),
    "a helper of netsh": _key(rf"{HM}\NetSh", "x"),
    "Active Setup": _key(rf"{HM}\Active Setup\Installed Components\{TASK}", "StubPath"),
    "an extension of policies": _key(rf"{NT}\Winlogon\GPExtensions\{TASK}", "DllName"),
    "the end of a program": _key(rf"{NT}\SilentProcessExit\notepad.exe", "MonitorProcess"),
    "a debugger": _key(rf"{world.IFEO}\notepad.exe", "Debugger"),
    "a verifier": _key(rf"{world.IFEO}\notepad.exe", "VerifierDlls"),
    "every cmd.exe": _key(rf"{AN}\Microsoft\Command Processor", "AutoRun"),
    "the sign-in of a person": _key(r"HKU\an\Environment", "UserInitMprLogonScript"),
    "a profiler of .NET": _key(r"HKU\an\Environment", "COR_PROFILER_PATH"),
    "the screen saver": _key(r"HKU\an\Control Panel\Desktop", "SCRNSAVE.EXE"),
    "the screen saver before the sign-in": _key(r"HKU\.DEFAULT\Control Panel\Desktop", "SCRNSAVE.EXE"),
    "Office": _key(r"HKU\an\Software\Microsoft\Office test\Special\Perf", ""),
    "a class of one person": _key(rf"HKU\an_Classes\CLSID\{TASK}\InprocServer32", ""),
    "a service": _key(rf"{world.SERVICES}\x", "ImagePath", f"{DEEP} -k"),
    "a driver": _key(rf"{world.SERVICES}\x", "ImagePath", rf"\??\{DEEP}"),
    "the library of a service": {
        "registry": {
            rf"{world.SERVICES}\x": {"ImagePath": r"%SystemRoot%\System32\svchost.exe -k x"},
            rf"{world.SERVICES}\x\Parameters": {"ServiceDll": DEEP},
        }
    },
    "the library of a service in its own key": _key(rf"{world.SERVICES}\x", "ServiceDll")
    | {"registry": {rf"{world.SERVICES}\x": {"ImagePath": "svchost.exe -k x", "ServiceDll": DEEP}}},
    "what sets up before the sign-in": _key(rf"{CONTROL}\Session Manager", "SetupExecute", DEEP),
    "the shell of the safe mode": _key(rf"{CONTROL}\SafeBoot", "AlternateShell"),
    "programs of a remote desktop": _key(
        rf"{CONTROL}\Terminal Server\Wds\rdpwd", "StartupPrograms", f"rdpclip,{DEEP}"
    ),
    "a provider of printing": _key(rf"{CONTROL}\Print\Providers\x", "Name"),
    "a profiler of .NET Core": _key(r"HKU\an\Environment", "CORECLR_PROFILER_PATH"),
    "every program that somebody opens": _key(
        r"HKU\an_Classes\exefile\shell\open\command", "", f'"{DEEP}" "%1" %*'
    ),
    "every script that somebody opens": _key(
        r"HKLM\SOFTWARE\Classes\batfile\shell\open\command", "", f'{DEEP} "%1"'
    ),
    "a Startup folder that was moved": {
        "registry": {rf"{AN}\{CURRENT}\Explorer\User Shell Folders": {"Startup": r"%USERPROFILE%\Khoi dong"}},
        "files": {r"C:\Users\an\Khoi dong\x.lnk": shortcut(DEEP)},
    },
    "the moved Startup folder of all": {
        "registry": {rf"HKLM\Software\{CURRENT}\Explorer\Shell Folders": {"Common Startup": r"D:\Khoi dong"}},
        "files": {r"D:\Khoi dong\x.lnk": shortcut(DEEP)},
    },
    "a task": {"files": {rf"{world.TASKS}\x": world.task(DEEP, "-q")}},
    "a task without a file": {
        "registry": {
            rf"{NT}\Schedule\TaskCache\Tree\x": {"Id": TASK, "SD": b"\1"},
            rf"{NT}\Schedule\TaskCache\Tasks\{TASK}": {"Actions": stored(DEEP, "")},
        }
    },
    "the Startup folder": {"files": {rf"{STARTUP}\x.lnk": shortcut(DEEP)}},
    "the Startup folder of all": {"files": {rf"{ALL_USERS}\x.lnk": shortcut(DEEP)}},
    "the Startup folder of Word": {"files": {rf"{OFFICE}\Word\STARTUP\x.lnk": shortcut(DEEP)}},
    "the Startup folder of Excel": {"files": {rf"{OFFICE}\Excel\XLSTART\x.lnk": shortcut(DEEP)}},
    "a shortcut at the root of a drive": {"files": {r"D:\x.lnk": shortcut(DEEP)}},
    "autorun.inf": {"files": {r"D:\autorun.inf": f"[autorun]\nopen={DEEP}\n"}},
}


def _opened(place: str, content: str) -> set[str]:
    plant = {**PLACES[place], "files": {**PLACES[place].get("files", {}), DEEP: content}}
    done = world.look_at_recording(world.planted(plant), rules=(EICAR_RULE,))
    return {one.fields["path"] for one in done.observed["files"].items if one.fields["rule"]}


@pytest.mark.recorded
@pytest.mark.parametrize("place", PLACES)
def test_a_program_is_opened_wherever_it_starts_from(place: str) -> None:
    assert _opened(place, EICAR) == {DEEP}
    assert _opened(place, world.PE) == set()


@pytest.mark.recorded
@pytest.mark.parametrize("folder", ["%APPDATA%", "%TEMP%", r"%UserProfile%\AppData\Local\Temp"])
def test_variables_of_a_person_are_those_of_the_person_who_signs_in(folder: str) -> None:
    done = world.look_at_recording(world.planted(_key(rf"{AN}\{CURRENT}\Run", "x", rf"{folder}\x.exe -q")))
    (seen,) = [one for one in done.observed["autostart"].items if one.fields["name"] == "x"]
    assert seen.fields["target"].startswith(r"C:\Users\an\AppData")
    assert "PER-04" in {one.sign for one in done.findings} or folder == "%APPDATA%"


def test_the_registry_before_the_sign_in_is_read_on_a_disk(tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path)
    hive = Hive({"Control Panel": {"Desktop": {"SCRNSAVE.EXE": DEEP}}})
    (root / "C:/Windows/System32/config/DEFAULT").write_bytes(hive.content)
    done = world.look(machines.at(root))
    assert DEEP in {one.fields["target"] for one in done.observed["autostart"].items}


def test_a_program_that_nothing_starts_is_not_opened_there() -> None:
    """Else the test above could not fail."""
    done = world.look_at_recording(world.planted({"files": {DEEP: EICAR}}), rules=(EICAR_RULE,))
    assert not [one for one in done.observed["files"].items if one.fields["rule"]]


@pytest.mark.recorded
def test_a_startup_folder_on_a_server_is_named_and_nothing_is_clean() -> None:
    place = r"\\tep\chung\Startup"
    done = world.look_at_recording(
        world.planted(_key(rf"{AN}\{CURRENT}\Explorer\User Shell Folders", "Startup", place))
    )
    assert (str(done.verdict), list(done.unseen)) == ("unknown", ["autostart"])
    assert [(gap.reason, gap.detail) for gap in done.observed["autostart"].gaps] == [("other_machine", place)]


@pytest.mark.recorded
def test_the_libraries_that_every_windows_loads_show_nothing() -> None:
    """The values of a fresh Windows 10, by Microsoft's documentation of each key."""
    told = {
        rf"{CONTROL}\Session Manager": {"BootExecute": "autocheck autochk *"},
        rf"{CONTROL}\Lsa": {
            "Authentication Packages": "msv1_0", "Security Packages": '""', "Notification Packages": "scecli",
        },
        rf"{CONTROL}\SecurityProviders": {"SecurityProviders": "credssp.dll"},
        rf"{CONTROL}\Print\Monitors\Local Port": {"Driver": "localspl.dll"},
        rf"{CONTROL}\SafeBoot": {"AlternateShell": "cmd.exe"},
        rf"{CONTROL}\Terminal Server\Wds\rdpwd": {"StartupPrograms": "rdpclip"},
        rf"{CONTROL}\Print\Providers\LanMan Print Services": {"Name": "win32spl.dll"},
        r"HKLM\SOFTWARE\Classes\exefile\shell\open\command": {"": '"%1" %*'},
        r"HKLM\SOFTWARE\Classes\mscfile\shell\open\command": {"": r'%SystemRoot%\system32\mmc.exe "%1" %*'},
        rf"HKLM\Software\{CURRENT}\Explorer\Shell Folders": {"Common Startup": ALL_USERS},
        rf"{HM}\NetSh": {"2": "ifmon.dll"},
        rf"{HM}\Active Setup\Installed Components\{TASK}": {"StubPath": r"%SystemRoot%\system32\x.exe /a"},
    }  # fmt: skip
    done = world.look_at_recording(world.planted({"registry": told}))
    assert (list(done.findings), str(done.verdict)) == ([], "clean")
    seen = {one.fields["target"] for one in done.observed["autostart"].items}
    root = r"C:\Windows\System32"
    assert {
        rf"{root}\{name}" for name in ("autochk.exe", "msv1_0.dll", "credssp.dll", "cmd.exe", "rdpclip.exe")
    } <= seen


@pytest.mark.parametrize(
    ("place", "name"),
    [(rf"{CONTROL}\Lsa", "Security Packages"), (rf"{CONTROL}\Session Manager", "BootExecute"),
     (rf"{CONTROL}\SafeBoot", "AlternateShell")],
)  # fmt: skip
def test_a_value_that_windows_needs_too_is_never_taken_away(place: str, name: str) -> None:
    from quetsach.endpoint.fact import fact

    class Ground:
        machine = None

    made = choosing._Builder.__new__(choosing._Builder)
    made._ground, made._steps, made._advice, made._told_of = Ground(), {}, {}, {}  # type: ignore[assignment]
    made._start_of(fact("autostart", place=place, name=name, command="x", target="x"), "MAL-01")
    assert not made._steps
    assert [one.reason for one in made._advice.values()] == ["person"]
