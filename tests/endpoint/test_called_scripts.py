"""Scripts that are called by what starts by itself: their lines count like the lines that call them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from quetsach.endpoint.checking import Result
from quetsach.endpoint.probes import calls
from tests.endpoint import world
from tests.endpoint.test_list_places import AN, CURRENT, STARTUP, encoded
from tests.endpoint.test_signs import LINUX_CLEAN

LISTED, TWIN = "http://evil.example/a", "http://notevil.example/a"
SH = "/opt/dich vu/x/chay.sh"
CRON = "/etc/cron.d/a"


def _shell(url: str) -> str:
    return f"#!/bin/sh\nset -e\ncurl {url}\n"


LINUX: dict[str, Any] = {
    "a line of cron": lambda url: {CRON: "* * * * * root /opt/x/run -q\n", "/opt/x/run": _shell(url)},
    "cron, behind many words": lambda url: {
        CRON: f"* * * * * root env {'A=1 ' * 300}/opt/x/run\n", "/opt/x/run": _shell(url),
    },
    "cron, in quotes, with blanks": lambda url: {CRON: f'* * * * * root "{SH}" -q\n', SH: _shell(url)},
    "cron, a shell's command": lambda url: {
        CRON: "@reboot root /bin/sh -c 'sleep 9; /opt/x/run'\n", "/opt/x/run": _shell(url),
    },
    "cron, by an interpreter": lambda url: {
        CRON: "* * * * * root /usr/bin/python3 -u /opt/x/a\n", "/opt/x/a": f"get('{url}')\n",
    },
    "cron, after a change of folder": lambda url: {
        CRON: "* * * * * root cd /opt/x && ./run.sh >/dev/null 2>&1\n", "/opt/x/run.sh": _shell(url),
    },
    "cron, partly in quotes, a long script": lambda url: {
        CRON: '* * * * * root "/root/.acme"/a.sh --cron --home "/root/.acme"\n',
        "/root/.acme/a.sh": "#!/bin/sh\n" + "".join(f"echo {n}\n" for n in range(9_000)) + f"curl {url}\n",
    },
    "cron, by its name alone": lambda url: {
        CRON: "* * * * * root cap-nhat --all\n", "/usr/local/bin/cap-nhat": _shell(url),
    },
    "cron of one person, in the home": lambda url: {
        "/var/spool/cron/crontabs/root": "* * * * * ~/run && $HOME/x\n", "/root/run": _shell(url),
    },
    "cron, all scripts of a folder": lambda url: {
        CRON: "* * * * * root run-parts --report /opt/x.d\n", "/opt/x.d/9": _shell(url),
    },
    "a unit": lambda url: {
        "/etc/systemd/system/a.service": "[Service]\nExecStart=-/opt/x/run --dir=/var/x\n",
        "/opt/x/run": _shell(url),
    },
    "an option of a unit": lambda url: {
        "/etc/systemd/system/a.service": "[Service]\nExecStart=/usr/bin/x --hook=/opt/x/run\n",
        "/opt/x/run": _shell(url),
    },
    "autostart": lambda url: {
        "/root/.config/autostart/a.desktop": "[Desktop Entry]\nExec=/opt/x/run %U\n",
        "/opt/x/run": _shell(url),
    },
    "profile.d": lambda url: {
        "/etc/profile.d/a.sh": "if [ -r /opt/x/env ]; then\n  . /opt/x/env\nfi\n",
        "/opt/x/env": f"curl {url}\n",
    },
    "rc.local": lambda url: {"/etc/rc.local": "#!/bin/sh\nnohup /opt/x/run &\n", "/opt/x/run": _shell(url)},
    "a forced command": lambda url: {
        "/root/.ssh/authorized_keys": 'command="/opt/x/run" ssh-ed25519 AAAA x\n', "/opt/x/run": _shell(url),
    },
    "a script of a script": lambda url: {
        CRON: "* * * * * root /opt/x/run\n", "/opt/x/run": "#!/bin/sh\nexec /opt/x/inner\n",
        "/opt/x/inner": "#!/bin/bash\nsource lib/net.sh\n", "/opt/x/lib/net.sh": f"curl {url}\n",
    },
}  # fmt: skip
TASK = rf"{world.TASKS}\Cap nhat"
PS1 = r"C:\ProgramData\a\b\c\dich vu\x.ps1"


def _run(command: str, path: str, content: str) -> dict[str, Any]:
    return {"registry": {rf"{AN}\{CURRENT}\Run": {"x": command}}, "files": {path: content}}


WINDOWS: dict[str, Any] = {
    "Run": lambda url: _run(r"C:\a\run.bat -q", r"C:\a\run.bat", f"@echo off\r\ncurl {url}\r\n"),
    "Run, in quotes": lambda url: _run(f'powershell -nop -File "{PS1}" -q', PS1, f"iwr {url}\n"),
    "Run, with blanks, without quotes": lambda url: _run(f"powershell -File {PS1}", PS1, f"iwr {url}\n"),
    "Run, encoded": lambda url: _run(f"powershell -enc {encoded(f'& {PS1}')}", PS1, f"iwr {url}\n"),
    "Run, in the folder of the person": lambda url: _run(
        r"wscript //B %APPDATA%\a\b\c\d\x.vbs",
        r"C:\Users\an\AppData\Roaming\a\b\c\d\x.vbs", f'x = "{url}"\n',
    ),
    "the arguments of a task": lambda url: {
        "files": {TASK: world.task("wscript.exe", f"//B &quot;{PS1[:-3]}vbs&quot;"),
                  f"{PS1[:-3]}vbs": f"a {url}\n"}
    },
    "a task, in the folder of a person": lambda url: {
        "files": {TASK: world.task(r"%LOCALAPPDATA%\a\b\c\d\x.cmd"),
                  r"C:\Users\an\AppData\Local\a\b\c\d\x.cmd": f"curl {url}\r\n"}
    },
    "a service": lambda url: {
        "registry": {rf"{world.SERVICES}\a": {"ImagePath": r"C:\Windows\System32\cmd.exe /c C:\a\run.cmd"}},
        "files": {r"C:\a\run.cmd": f"curl {url}\n"},
    },
    "a script in the Startup folder": lambda url: {
        "files": {rf"{STARTUP}\a.bat": '@call "%~dp0..\\x.bat"\r\n',
                  rf"{STARTUP}\..\x.bat".replace(r"\Startup\..", ""): f"curl {url}\r\n"}
    },
    "a script of a script": lambda url: {
        "registry": {rf"{AN}\{CURRENT}\Run": {"x": r"cscript C:\a\1.js"}},
        "files": {r"C:\a\1.js": "run('2.bat');\n", r"C:\a\2.bat": "powershell $env:ProgramData\\3.ps1\r\n",
                  r"C:\ProgramData\3.ps1": f"\ufeffiwr {url}\n"},
    },
}  # fmt: skip


def on_linux(files: dict[str, Any], **wanted: Any) -> Result:
    told = LINUX_CLEAN | {"files": LINUX_CLEAN["files"] | files, "registry": {}}
    return world.look_at_recording(told, **wanted)


def listed(done: Result) -> set[str]:
    return {one.indicator for one in done.findings if one.indicator}


def gaps(done: Result) -> set[tuple[str, str]]:
    return {(one.reason, one.detail) for one in done.observed["called_scripts"].gaps}


@pytest.mark.parametrize("place", LINUX)
def test_a_script_that_linux_calls_is_searched(place: str) -> None:
    assert listed(on_linux(LINUX[place](LISTED))) == {"evil.example"}
    twin = on_linux(LINUX[place](TWIN))
    assert (listed(twin), str(twin.verdict)) == (set(), "clean")


@pytest.mark.recorded
@pytest.mark.parametrize("place", WINDOWS)
def test_a_script_that_windows_calls_is_searched(place: str) -> None:
    assert listed(world.look_at_recording(world.planted(WINDOWS[place](LISTED)))) == {"evil.example"}
    twin = world.look_at_recording(world.planted(WINDOWS[place](TWIN)))
    assert (listed(twin), str(twin.verdict)) == (set(), "clean")


@pytest.mark.parametrize(
    ("command", "path", "content"),
    [
        ("/usr/sbin/dnsmasq --conf-file=/etc/blocked.conf", "/etc/blocked.conf", "address=/evil.example/\n"),
        ("/opt/x/a", "/opt/x/a", "\x7fELF evil.example\n"),
        ("/opt/x/a", "/opt/x/a", "#!/bin/sh\n# see http://evil.example/\n"),
        ("/usr/bin/logger http://evil.example.org/opt/x/a", "/opt/x/a", _shell(LISTED)),
    ],
)
def test_what_is_no_script_or_no_command_accuses_nobody(command: str, path: str, content: str) -> None:
    unit = {"/etc/systemd/system/a.service": f"[Service]\nExecStart={command}\n"}
    done = on_linux({**unit, path: content})
    assert (listed(done), str(done.verdict)) == (set(), "clean")


def test_a_script_that_cannot_be_read_is_not_checked(tmp_path: Path) -> None:
    from quetsach.endpoint import machines

    line = {CRON: "* * * * * root /opt/x/run.sh\n"}
    long = on_linux({**line, "/opt/x/run.sh": _shell(LISTED) + "#" * (1 << 20)})
    assert (str(long.verdict), gaps(long)) == ("unknown", {("too_large", "/opt/x/run.sh")})
    for path, content in (LINUX_CLEAN["files"] | line).items():
        place = tmp_path / path[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    assert str(world.look(machines.at(tmp_path)).verdict) == "clean"  # there is no such script
    (tmp_path / "opt/x").mkdir(parents=True)
    (tmp_path / "opt/x/run.sh").symlink_to("/data/run.sh")
    done = world.look(machines.at(tmp_path))
    assert (str(done.verdict), gaps(done)) == ("unknown", {("elsewhere", "/opt/x/run.sh")})


def test_a_script_that_is_encoded_is_not_checked() -> None:
    told = _run(r"wscript C:\a\x.vbe", r"C:\a\x.vbe", "#@~^DgAAAA==\\ko$K6,JtbE@#@&^#~@\n")
    done = world.look_at_recording(world.planted(told))
    assert (str(done.verdict), gaps(done)) == ("unknown", {("encoded", r"C:\a\x.vbe")})


def test_a_script_of_a_server_is_named_and_does_not_spoil_the_verdict() -> None:
    path = r"\\may-chu.example.org\netlogon\dang nhap.bat"
    done = world.look_at_recording(world.planted({"registry": {rf"{AN}\{CURRENT}\Run": {"x": f'"{path}"'}}}))
    (gap,) = done.observed["called_elsewhere"].gaps
    assert (str(done.verdict), gap.reason, gap.detail) == ("clean", "other_machine", path)


def test_a_script_that_is_called_is_compared_by_its_hash_as_well() -> None:
    content = "Write-Output 1\n"
    digest = hashlib.sha256(content.encode()).hexdigest()
    told = world.planted(_run(f'powershell -File "{PS1}"', PS1, content))
    assert listed(world.look_at_recording(told, hashes={digest: "Ramnit"})) == {digest}


def test_calls_are_bounded() -> None:
    urls = [TWIN] * 39 + [LISTED]
    circle = {CRON: "* * * * * root /opt/0.sh\n"} | {
        f"/opt/{number}.sh": f"#!/bin/sh\n/opt/{(number + 1) % 40}.sh\ncurl {urls[number]}\n"
        for number in range(40)
    }
    done = on_linux(circle)
    assert listed(done) == {"evil.example"}
    assert len([one for one in done.observed["called_scripts"].items if one.kind == "called-script"]) == 40
    many = {f"/opt/{number}.sh": "#!/bin/sh\n" for number in range(2_100)}
    done = on_linux({CRON: "".join(f"* * * * * root {path}\n" for path in many), **many})
    assert (str(done.verdict), gaps(done)) == ("unknown", {("too_large", CRON)})


def test_more_scripts_in_one_line_of_windows_than_are_followed_are_told() -> None:
    for count, verdict in ((150, "found"), (300, "unknown")):
        line = "".join(f"call C:\\x\\{number}.bat & " for number in range(count)) + r"C:\y\a.bat"
        told = world.planted({"files": {rf"{STARTUP}\a.cmd": line, r"C:\y\a.bat": f"curl {LISTED}\n"}})
        assert str(world.look_at_recording(told).verdict) == verdict


@pytest.mark.parametrize(
    "text", ["C:\\a " * 10_000, '"' * 60_000, "%A%\\" * 15_000, "a.b" * 20_000, "\\\\" * 30_000]
)
def test_a_long_line_ends(text: str) -> None:
    assert len(list(calls.of_windows(text, "C:\\", {}))) <= 200
    assert not [one for one in calls.of_linux(text, ("/",), "/root", is_whole=False) if one.is_given]
