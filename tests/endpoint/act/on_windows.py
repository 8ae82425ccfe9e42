"""Plan, apply and undo on a running Windows, a real one or wine; run by its Python with the folder `src`.

It plants harmless things, lets the check find them, takes them away and back, and prints the results as
JSON. Needs a Windows that may be changed.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import winreg
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])

from quetsach.endpoint import checking
from quetsach.endpoint.act import applying, choosing, grounds, plan, undoing
from quetsach.endpoint.act.acts import ACTS
from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.act.grounds import winfile
from quetsach.endpoint.act.step import Step
from quetsach.endpoint.files import places
from quetsach.endpoint.wanted import Wanted

RUN = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Run"
SERVICE = r"SYSTEM\CurrentControlSet\Services\KMSeldi"
LOG = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-DNS-Client/Operational"
SPP = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\SoftwareProtectionPlatform"
POLICY = r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
FOLDER = Path(r"C:\Users\Public\QS thử")
EVIL, IN_USE = FOLDER / "evil test.exe", FOLDER / "in use.bin"
HOSTS = Path(r"C:\Windows\System32\drivers\etc\hosts")
TASK = Path(r"C:\Windows\System32\Tasks\AutoKMS")


def value(key: str, name: str) -> Any:
    """A value of the machine's registry by Windows' own Python, not by ours."""
    with contextlib.suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
        return winreg.QueryValueEx(opened, name)
    return None


def put(key: str, name: str, kind: int, data: Any) -> None:
    with winreg.CreateKeyEx(winreg.HKEY_LOCAL_MACHINE, key, 0, winreg.KEY_WRITE) as opened:
        winreg.SetValueEx(opened, name, 0, kind, data)


def state() -> dict[str, Any]:
    """All planted things in their present state."""
    files = {}
    for path in (EVIL, HOSTS, TASK):
        if path.exists():
            status = path.stat()
            files[str(path)] = [
                hashlib.sha256(path.read_bytes()).hexdigest(), status.st_mtime_ns, status.st_file_attributes,
                status.st_ctime_ns,
            ]  # fmt: skip
    values = [
        value(RUN, "evil"),
        value(SERVICE, "Start"),
        value(SPP, "KeyManagementServiceName"),
        value(LOG, "Enabled"),
    ]
    return {"files": files, "values": json.loads(json.dumps(values))}


def plant() -> subprocess.Popen[bytes]:
    FOLDER.mkdir(exist_ok=True)
    EVIL.write_bytes(Path(sys.executable).read_bytes() + b"evil")
    for pattern in ("python*.dll", "vcruntime*.dll", "python*.zip"):
        for part in Path(sys.executable).parent.glob(pattern):
            (FOLDER / part.name).write_bytes(part.read_bytes())
    (FOLDER / "python313._pth").write_text("python313.zip\n.\n")
    ctypes.windll.kernel32.SetFileAttributesW(str(EVIL), 0x2)
    os.utime(EVIL, ns=(1_600_000_000_000_000_000, 1_500_000_000_000_000_100))
    put(RUN, "evil", winreg.REG_EXPAND_SZ, f'"{EVIL}" -q %TEMP%')
    put(SERVICE, "Start", winreg.REG_DWORD, 2)
    put(SERVICE, "ImagePath", winreg.REG_EXPAND_SZ, r"C:\gone\KMSeldi.exe")
    put(SPP, "KeyManagementServiceName", winreg.REG_SZ, "127.0.0.2")
    put(LOG, "Enabled", winreg.REG_DWORD, 0)
    HOSTS.parent.mkdir(parents=True, exist_ok=True)
    HOSTS.write_bytes(b"127.0.0.1 localhost\r\n0.0.0.0 activation.sls.microsoft.com\r\n")
    TASK.parent.mkdir(parents=True, exist_ok=True)
    TASK.write_text(
        '<?xml version="1.0"?><Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions><Exec>'
        "<Command>C:\\gone\\x.exe</Command></Exec></Actions></Task>"
    )
    return subprocess.Popen([EVIL, "-c", "import time; time.sleep(90)"])


def firewall(ground: grounds._WindowsGround) -> dict[str, Any]:
    """Wine's netsh does nothing and reports success."""
    target = {"name": "quetsach_0123456789abcdef_1", "address": "192.0.2.77"}
    step = Step(1, "block", "block", target, False, True, ("T",))
    one = plan.make(ground, "found", (), [step], ())
    outcome = applying.apply(one, ground, one.hash, Path(tempfile.mkdtemp()) / "store")
    text = f"v2.31|Action=Block|Active=TRUE|Dir=Out|RA4=192.0.2.77|Name={target['name']}|"
    put(rf"{POLICY}\FirewallRules", "{1}", winreg.REG_SZ, text)
    is_rule_seen = ACTS["block"].look(ground, target)
    put(rf"{POLICY}\PublicProfile", "EnableFirewall", winreg.REG_DWORD, 0)
    try:
        ACTS["block"].guard(ground, target)
        reason = ""
    except ActError as error:
        reason = error.reason
    put(rf"{POLICY}\PublicProfile", "EnableFirewall", winreg.REG_DWORD, 1)
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, rf"{POLICY}\FirewallRules", 0, winreg.KEY_WRITE) as key:
        winreg.DeleteValue(key, "{1}")
    netsh = [error.reason for error in outcome.failed.values()]
    return {"netsh": netsh, "is_rule_seen": is_rule_seen, "switched_off": reason}


class Streams:
    """Alternate streams, which NTFS keeps with the file under any name. Simulated, as wine has none."""

    def __init__(self) -> None:
        self.kept: dict[int, dict[str, bytes]] = {}

    def of(self, path: str) -> dict[str, bytes]:
        return self.kept.setdefault(Path(path).stat().st_ino, {})

    def play(self) -> None:
        winfile.streams = lambda path: [(name, len(one)) for name, one in self.of(path).items()]
        winfile.read_stream = lambda path, name: self.of(path)[name]
        winfile.write_stream = lambda path, name, content: self.of(path).update({name: content})


def streams(ground: grounds._WindowsGround) -> dict[str, Any]:
    told = Streams()
    told.play()
    marked = FOLDER / "tải về.bin"
    path, found = str(marked), {}
    for case in ("kept", "lost"):
        marked.write_bytes(b"from the network")
        told.of(path)["Zone.Identifier"] = b"[ZoneTransfer]\r\nZoneId=3\r\n"
        found["before"] = {name: one.hex() for name, one in told.of(path).items()}
        target = {"path": path, "is_certain": True}
        step = Step(
            1, "quarantine", "quarantine", target, ACTS["quarantine"].look(ground, target), None, ("T",)
        )
        one = plan.make(ground, "found", (), [step], ())
        store = Path(tempfile.mkdtemp()) / "store"
        applying.apply(one, ground, one.hash, store)
        found["gone"] = not marked.exists()
        told.kept.clear()
        if case == "lost":
            winfile.write_stream = lambda path, name, content: None
        undone = [error.reason for error in undoing.undo(ground, store).failed.values()]
        if case == "kept":
            found["restored"] = {name: one.hex() for name, one in told.of(path).items()}
        found["undone" if case == "kept" else "lost"] = undone
        marked.unlink(missing_ok=True)
    return found


def main() -> None:
    faulthandler.dump_traceback_later(150, exit=True)
    process = plant()
    time.sleep(2)
    is_running = process.poll() is None
    before = state()
    store = Path(tempfile.mkdtemp()) / "store"
    ground = grounds.here()
    digest = hashlib.sha256(EVIL.read_bytes()).hexdigest()
    wanted = Wanted(hashes={digest: "test"})
    # Only folders with planted things: another test covers a whole Windows.
    places._WINDOWS_HOT, places._WINDOWS_HOME = (("%Public%", 3, places.Opens.ALL),), ()
    result = checking.check(ground.machine, wanted)
    chosen = choosing.choose(result, ground, with_log=True)
    one = plan.make(ground, str(result.verdict), chosen.warnings, chosen.steps, chosen.advice)
    outcome = applying.apply(one, ground, one.hash, store)
    after = state()
    found_after = sorted(
        one.sign or "listed"
        for one in checking.check(ground.machine, wanted).findings
        if one.confidence in ("D1", "D2")
    )
    is_stopped = process.poll() is not None
    undone = undoing.undo(ground, store)
    IN_USE.write_bytes(b"in use")
    target = {"path": str(IN_USE), "is_certain": True}
    step = Step(1, "quarantine", "quarantine", target, ACTS["quarantine"].look(ground, target), None, ("T",))
    locked = plan.make(ground, "found", (), [step], ())
    held = ctypes.windll.kernel32.CreateFileW(str(IN_USE), 0x80000000, 1, None, 3, 0, None)
    in_use = applying.apply(locked, ground, locked.hash, store)
    ctypes.windll.kernel32.CloseHandle(held)
    core = r"C:\Windows\System32\kernel32.dll"
    try:
        ACTS["quarantine"].guard(ground, {"path": core, "is_certain": True})
        is_core_safe = False
    except ActError as error:
        is_core_safe = error.reason == "protected"
    blocked = firewall(ground)
    print(json.dumps({
        **blocked, "streams": streams(ground),
        "is_running": is_running, "is_stopped": is_stopped,
        "steps": [[step.phase, step.act, applying.subject(step)] for step in one.steps],
        "failed": {number: [error.reason, error.detail] for number, error in outcome.failed.items()},
        "after": after, "found_after": found_after, "before": before, "restored": state(),
        "undone": {number: [error.reason, error.detail] for number, error in undone.failed.items()},
        "in_use": [error.reason for error in in_use.failed.values()], "is_core_safe": is_core_safe,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
