"""A synthetic, clean Windows machine, and things planted on it; as the tree of a disk or as a recording."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from quetsach.endpoint import checking, machines
from quetsach.endpoint.checking import Result
from quetsach.endpoint.profile import Profile
from quetsach.endpoint.wanted import Wanted
from quetsach.indicators.indicator import IndicatorSet, Scope
from quetsach.indicators.lists.item import parse
from tests.endpoint.hives import Hive, nested

NT = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
SPP = rf"{NT}\SoftwareProtectionPlatform"
IFEO = rf"{NT}\Image File Execution Options"
SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
FIREWALL = rf"{SERVICES}\SharedAccess\Parameters\FirewallPolicy"
RULES = rf"{FIREWALL}\FirewallRules"
DEFENDER = r"HKLM\SOFTWARE\Microsoft\Windows Defender"
HOSTS = r"C:\Windows\System32\drivers\etc\hosts"
TASKS = r"C:\Windows\System32\Tasks"
HISTORY = r"C:\Users\an\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\ConsoleHost_history.txt"
PE = "MZ\x90\x00 harmless"

LISTED = IndicatorSet(
    item
    for text in ("evil.example", "198.51.100.66", "203.0.113.5:8443", "http://example.net/a/b")
    for item in parse(text, Scope.WITH_SUBDOMAINS)[0]
)


def task(command: str, arguments: str = "") -> str:
    """The XML of a task as Windows writes it, except for its encoding."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'
        f"<Actions><Exec><Command>{command}</Command><Arguments>{arguments}</Arguments></Exec></Actions></Task>"
    )


COM_TASK = (
    '<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions><ComHandler>'
    "<ClassId>{B1AEBB5D-EAD9-4476-B375-9C3ED9F32AFC}</ClassId><Data>timer</Data></ComHandler></Actions></Task>"
)

CLEAN: dict[str, Any] = {
    "system": "windows",
    "name": "PC-07",
    "is_running": True,
    "files": {
        HOSTS: "127.0.0.1 localhost\n192.168.1.9 van-thu.xa.example # may in\n",
        r"C:\Windows\System32\sppsvc.exe": PE,
        r"C:\Windows\System32\sppc.dll": PE,
        r"C:\Windows\explorer.exe": PE,
        rf"{TASKS}\Microsoft\Windows\SoftwareProtectionPlatform\SvcRestartTask": COM_TASK,
        rf"{TASKS}\Microsoft\Windows\Application Experience\PcaPatchDbTask": task(
            r"%windir%\system32\rundll32.exe", "PcaSvc.dll,PcaPatchSdbTask"
        ),
        r"C:\Users\an\Downloads\cong van.docx": "PK\x03\x04",
        HISTORY: "dir\n",
        r"C:\Program Files\Git\usr\bin\patch.exe": PE,
        r"C:\Program Files\Git\usr\bin\ssh-keygen.exe": PE,
        r"C:\Users\an\Downloads\ssh-keygen.exe": PE,
        r"C:\Program Files\7-Zip\7z.exe": PE,
        r"C:\ProgramData\Microsoft\Windows Defender\Quarantine\KMSpico.exe": PE,
    },
    "registry": {
        NT: {"CurrentBuildNumber": "26200", "ProductName": "Windows 11 Pro", "EditionID": "Professional"},
        SPP: {"BackupProductKeyDefault": "x"},
        rf"{NT}\Winlogon": {"Shell": "explorer.exe", "Userinit": r"C:\Windows\system32\userinit.exe,"},
        rf"{NT}\Windows": {"AppInit_DLLs": ""},
        r"HKLM\SYSTEM\Select": {"Current": 1},
        r"HKLM\SYSTEM\CurrentControlSet\Control": {"SystemStartOptions": " NOEXECUTE=OPTIN"},
        r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName": {"ComputerName": "PC-07"},
        rf"{SERVICES}\WinDefend": {"ImagePath": r"C:\ProgramData\x\MsMpEng.exe", "Start": 2, "Type": 16},
        rf"{SERVICES}\AarSvc": {"ImagePath": r"%SystemRoot%\system32\svchost.exe -k AarSvcGroup", "Start": 3},
        rf"{DEFENDER}\Exclusions\Paths": {r"D:\CSDL\ketoan.mdf": 0},
        rf"{FIREWALL}\DomainProfile": {"EnableFirewall": 1},
        rf"{FIREWALL}\StandardProfile": {"EnableFirewall": 1},
        rf"{FIREWALL}\PublicProfile": {"EnableFirewall": 1},
        RULES: {"a": "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=445|Name=File|"},
        r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\7-Zip": {"DisplayName": "7-Zip 24.09"},
        r"HKU\an\Software\Microsoft\Windows\CurrentVersion\Run": {
            "OneDrive": r'"C:\Users\an\AppData\Local\Microsoft\OneDrive\OneDrive.exe" /background'
        },
    },
    "users": [{"name": "an", "folder": r"C:\Users\an", "root": r"HKU\an"}],
    "processes": [{"pid": 4, "name": "explorer.exe", "program": r"C:\Windows\explorer.exe"}],
    "sockets": [
        {"address": "192.0.2.10", "port": 443, "local_port": 50000, "state": "ESTABLISHED", "pid": 4},
        {"address": "", "port": 0, "local_port": 445, "state": "LISTEN", "pid": 4},
    ],
    "resolver_cache": ["www.example.org"],
    "adapters": [
        {
            "hardware": "00-00-5E-00-53-01",
            "addresses": ["192.168.1.10", "fe80::1%12", "2001:db8::a1b2:c3d4:1"],
        },
        {"hardware": "02-00-5E-00-53-01", "addresses": ["192.168.1.11"]},
        {"hardware": "", "addresses": ["127.0.0.1", "::1"]},
    ],
    "tables": {
        "SoftwareLicensingProduct": [],
        "SoftwareLicensingService": [],
        "Win32_ComputerSystemProduct": [{"UUID": "4C4C4544-0042-3510-8051-B7C04F4A5331"}],
    },
    "events": {},
}
"""A machine without any sign."""

_PARTS = {
    "files",
    "registry",
    "users",
    "processes",
    "sockets",
    "resolver_cache",
    "adapters",
    "tables",
    "events",
    "signatures",
}


def planted(plant: dict[str, Any]) -> dict[str, Any]:
    """The clean machine with planted things: tables are merged, lists are extended."""
    assert plant.keys() <= _PARTS
    found = copy.deepcopy(CLEAN)
    for part, told in plant.items():
        if isinstance(told, list):
            found[part] = found[part] + told
            continue
        for name, value in told.items():
            old = found.setdefault(part, {}).get(name)
            if isinstance(old, dict) and isinstance(value, dict) and part == "registry":
                found[part][name] = old | value
            elif isinstance(old, list):
                found[part][name] = old + value
            else:
                found[part][name] = value
    return found


def recording(told: dict[str, Any]) -> dict[str, Any]:
    """The machine as a recording, whose registry holds only text."""

    def text(value: Any) -> str:
        return value.hex() if isinstance(value, bytes) else str(value)

    keys = {
        key: {name: text(value) for name, value in values.items()} for key, values in told["registry"].items()
    }
    return told | {"registry": keys}


def tree(told: dict[str, Any], root: Path) -> Path:
    """The machine as a disk that is off: files, and hives that this test writes."""
    for path, content in told["files"].items():
        place = root / path.replace("\\", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)
    keys = {
        path.replace("\\CurrentControlSet", "\\ControlSet001"): values
        for path, values in told["registry"].items()
    }
    config = root / "C:/Windows/System32/config"
    config.mkdir(parents=True, exist_ok=True)
    for name in ("SOFTWARE", "SYSTEM"):
        (config / name).write_bytes(Hive(nested(keys, rf"HKLM\{name}")).content)
    (root / "C:/Users/an/NTUSER.DAT").write_bytes(Hive(nested(keys, r"HKU\an")).content)
    network = root / "C:/Windows/ServiceProfiles/NetworkService"
    network.mkdir(parents=True, exist_ok=True)
    (network / "NTUSER.DAT").write_bytes(Hive(nested(keys, r"HKU\S-1-5-20")).content)
    return root


def look(machine: Any, profile: Profile | None = None, **wanted: Any) -> Result:
    """One check with the list of this module."""
    chosen = {"indicators": LISTED, "profile": profile or Profile(), **wanted}
    return checking.check(machine, Wanted(**chosen))


def look_at_recording(told: dict[str, Any], profile: Profile | None = None, **wanted: Any) -> Result:
    """One check of a recording."""
    from quetsach.endpoint.machines.recording import Recording

    return look(Recording(recording(told)), profile, **wanted)


def look_at_tree(told: dict[str, Any], root: Path, profile: Profile | None = None, **wanted: Any) -> Result:
    """One check of a disk that is off."""
    return look(machines.at(tree(told, root)), profile, **wanted)
