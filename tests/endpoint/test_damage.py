"""Hostile data from the suspect machine: only expected exceptions, no hang, bounded answers."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import REASONS, Unavailable
from quetsach.endpoint.files import shortcut
from quetsach.endpoint.machines.hive import Hive, Hives
from quetsach.endpoint.machines.recording import Recording
from quetsach.endpoint.machines.windows import rows_of
from quetsach.endpoint.probe import Seen
from quetsach.endpoint.probes import (
    PROBES,
    browsers,
    events,
    firewall,
    hosts,
    outdated,
    subscriptions,
    tasks,
)
from quetsach.endpoint.probes import (
    settings as registry_settings,
)
from quetsach.endpoint.wanted import Wanted
from quetsach.endpoint.watchlist import Watchlist, tokens_in, url_tokens
from tests.endpoint import world
from tests.endpoint.hives import Hive as Written

quick = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
GOOD = Written(
    {
        "Run": {"a": r"C:\x\a.exe", "b": 7, "c": ["x", "y"], "": "z"},
        "Services": {f"s{n}": {"ImagePath": "x" * 40, "Start": n} for n in range(20)},
    }
).content
TASK = world.task("a.exe", "-q").encode()
LISTS = Watchlist(world.LISTED)
LINK = (
    bytes.fromhex("4c0000000114020000000000c000000000000046") + (0x82).to_bytes(4, "little") + bytes(52)
    + (0x1C + 11).to_bytes(4, "little") + (0x1C).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes(4)
    + (0x1C).to_bytes(4, "little") + bytes(8) + b"C:\\x\\a.exe\0"
)  # fmt: skip


def walk(content: bytes) -> int:
    """Everything in a hive, read in the way of the probes."""
    seen = 0
    try:
        hives = Hives({r"HKLM\SOFTWARE": lambda: Hive(io.BytesIO(content), "hive")})
        waiting = [r"HKLM\SOFTWARE"]
        while waiting and seen < 200:
            key = waiting.pop()
            seen += 1 + len(hives.values(key))
            waiting += [rf"{key}\{name}" for name in hives.subkeys(key)[:20]]
    except Unavailable as error:
        assert error.reason in REASONS
    return seen


def test_a_sound_hive_is_read_whole() -> None:
    hives = Hives({r"HKLM\SOFTWARE": lambda: Hive(io.BytesIO(GOOD), "hive")})
    assert hives.values(r"hklm\software\RUN") == {"a": r"C:\x\a.exe", "b": "7", "c": "x\ny", "": "z"}
    assert len(hives.subkeys(r"HKLM\SOFTWARE\Services")) == 20
    assert hives.values(r"HKLM\SOFTWARE\none") == {}


@quick
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8)), max_size=12))
def test_damaged_hives(changes: list[tuple[int, bytes]]) -> None:
    content = bytearray(GOOD)
    for at, new in changes:
        content[at : at + len(new)] = new
    walk(bytes(content))


@quick
@given(st.integers(0, len(GOOD)))
def test_hives_cut_off(length: int) -> None:
    walk(GOOD[:length])


def test_a_hive_that_says_it_has_four_thousand_million_values() -> None:
    at = GOOD.index(b"nk", 4096 + 32 + 4)
    content = bytearray(GOOD)
    content[at + 36 : at + 40] = b"\xff\xff\xff\xff"
    content[at + 20 : at + 24] = b"\xff\xff\xff\xff"
    walk(bytes(content))


@quick
@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-16")))
@example(b"<?xml version='1.0'?><Task><Actions><Exec/></Actions></Task>")
@example(b"<!DOCTYPE a [<!ENTITY b 'cc'><!ENTITY d '&b;&b;'>]><Task>&d;</Task>")
@example(b"\xff\xfe<\0")
def test_tasks(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(tasks.actions(content), list)


@quick
@given(st.integers(0, len(TASK)), st.binary(max_size=6))
def test_damaged_tasks(at: int, new: bytes) -> None:
    with contextlib.suppress(ValueError):
        tasks.actions(TASK[:at] + new + TASK[at:])


def test_a_task_that_declares_entities_is_refused() -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    with pytest.raises(ValueError, match="document type"):
        tasks.actions(f'<!DOCTYPE t [<!ENTITY e0 "x">{bomb}]><Task>&e8;</Task>'.encode())


def test_tasks_as_windows_writes_them() -> None:
    told = '<?xml version="1.0" encoding="UTF-16"?>\r\n' + world.task("C:\\a b.exe", "-q").partition("\n")[2]
    assert tasks.actions(told.encode("utf-16")) == [("C:\\a b.exe", "-q")]


@quick
@given(st.binary(max_size=400))
def test_hosts_files(content: bytes) -> None:
    for name, address, line, lines in hosts.entries(content):
        assert name and address
        assert line > 0
        assert lines > 0


def test_hosts_file_in_utf16_and_with_remarks() -> None:
    text = "# x\n\ufeff127.0.0.1\tA.example b.example # c\n::1 c\nx y\n"
    told = [entry[:2] for entry in hosts.entries(text.replace("\ufeff", "").encode("utf-16"))]
    assert told == [("a.example", "127.0.0.1"), ("b.example", "127.0.0.1"), ("c", "::1")]


@quick
@given(st.binary(max_size=300) | st.tuples(st.integers(0, len(LINK)), st.binary(max_size=8)).map(
    lambda cut: LINK[: cut[0]] + cut[1] + LINK[cut[0] :]
))  # fmt: skip
def test_shortcuts(content: bytes) -> None:
    assert isinstance(shortcut.read(content).paths, tuple)


def test_a_sound_shortcut() -> None:
    assert (shortcut.read(LINK).paths, shortcut.read(LINK).is_whole) == (("C:\\x\\a.exe",), True)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=12,
)


@quick
@given(
    st.sampled_from([(p, n) for log in events.LOGS.values() for p, ids in log.items() for n in ids]),
    st.dictionaries(
        st.sampled_from(
            ["QueryName", "DestinationIp", "DestinationPort", "Threat Name", "New Value", "Data", "Path",
             "ScriptBlockText", "ServiceName", "ImagePath", "Action ID", "DestinationHostname", "TaskContent"]
        ),
        json_values,
    ),
    json_values,
)  # fmt: skip
def test_events(kind: tuple[str, int], data: dict[str, Any], when: Any) -> None:
    provider, number = kind
    system = {
        "Provider": {"#attributes": {"Name": provider}},
        "EventID": number,
        "TimeCreated": {"#attributes": {"SystemTime": when}},
    }
    seen = Seen()
    line = json.dumps({"Event": {"System": system, "EventData": data}}).encode()
    for providers in events.LOGS.values():
        events.read(line, providers, seen)
    for one in seen.items:
        list(LISTS.of(one))


@quick
@given(st.binary(max_size=200))
def test_lines_that_are_no_events(line: bytes) -> None:
    seen = Seen()
    events.read(line, next(iter(events.LOGS.values())), seen)
    assert not seen.items


@quick
@given(st.binary(max_size=500))
def test_wmi_repositories(content: bytes) -> None:
    assert isinstance(subscriptions.consumers(content + b"CommandLineEventConsumer\0\0" + content), list)


@quick
@given(st.text(max_size=200))
@example("\\??\\C:\\x.exe")
@example('"')
@example("%%%")
@example("rundll32.exe ,")
def test_text_of_the_machine(text: str) -> None:
    for ask in (
        windowspath.clean,
        windowspath.expand,
        windowspath.program_of,
        firewall.rule,
        tokens_in,
        url_tokens,
        rows_of,
    ):
        ask(text)
    outdated.windows_until(text, text)
    list(LISTS._hits(tokens_in(text)[0] + url_tokens(text), "D1"))


@pytest.mark.parametrize(
    ("command", "program"),
    [
        (r'"C:\a b\c.exe" -x', r"C:\a b\c.exe"),
        (r"C:\a b\c.exe -x", r"C:\a b\c.exe"),
        (r"\SystemRoot\System32\drivers\x.sys", r"C:\Windows\System32\drivers\x.sys"),
        (r"system32\DRIVERS\x.sys", r"C:\Windows\system32\DRIVERS\x.sys"),
        (r"\??\C:\x\y.sys", r"C:\x\y.sys"),
        (r"%SystemRoot%\system32\svchost.exe -k netsvcs", r"C:\Windows\system32\svchost.exe"),
        (r"rundll32.exe C:\x\a.dll,Go", r"C:\x\a.dll"),
        (r"C:/x/../y/z.exe", r"C:\y\z.exe"),
        ("", ""),
    ],
)
def test_program_of_a_command(command: str, program: str) -> None:
    assert windowspath.program_of(command) == program


def _history(statements: str) -> bytes:
    database = sqlite3.connect(":memory:")
    database.executescript(statements)
    content = database.serialize()
    database.close()
    return content


def test_browser_history_and_one_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    query = "SELECT url, last_visit_time FROM urls"
    good = _history(
        "CREATE TABLE urls(url, last_visit_time); INSERT INTO urls VALUES('http://evil.example/', 5)"
    )
    assert list(browsers.rows(good, query, "x")) == [("http://evil.example/", 5)]
    endless = _history(
        "CREATE VIEW urls AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x > 0)"
        " SELECT 'u' AS url, count(*) AS last_visit_time FROM n"
    )
    monkeypatch.setattr(browsers, "_MOST_SECONDS", 0.2)
    with pytest.raises(Unavailable):
        list(browsers.rows(endless, query, "x"))


def test_a_history_kept_with_a_log_beside_it(tmp_path: Path) -> None:
    """As Firefox keeps it; an empty file is a history without writes."""
    path = tmp_path / "places.sqlite"
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode = WAL; CREATE TABLE urls(url, last_visit_time)")
    database.execute("INSERT INTO urls VALUES ('http://evil.example/', 5)")
    database.commit()
    database.close()
    query = "SELECT url, last_visit_time FROM urls"
    assert list(browsers.rows(path.read_bytes(), query, "x")) == [("http://evil.example/", 5)]
    assert list(browsers.rows(b"", query, "x")) == []


@quick
@given(st.integers(0, 8191), st.binary(min_size=1, max_size=16))
def test_damaged_histories(at: int, new: bytes) -> None:
    content = bytearray(
        _history(
            "CREATE TABLE urls(url, last_visit_time); INSERT INTO urls VALUES('http://evil.example/', 5)"
        )
    )
    content[at : at + len(new)] = new
    try:
        list(browsers.rows(bytes(content), "SELECT url, last_visit_time FROM urls", "x"))
    except Unavailable as error:
        assert error.reason in REASONS


@quick
@given(
    st.dictionaries(
        st.sampled_from(["system", "files", "registry", "users", "sockets", "events"]), json_values
    )
)
def test_recordings_of_another_shape(told: dict[str, Any]) -> None:
    with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
        Recording(told)


LINUX_FILES = (
    "/etc/crontab", "/etc/cron.d/x", "/etc/systemd/system/a.service", "/etc/ld.so.preload",
    "/etc/environment", "/etc/profile", "/etc/pam.d/sshd", "/etc/hosts", "/etc/os-release",
    "/etc/apt/apt.conf", "/root/.ssh/authorized_keys", "/root/.bashrc", "/root/.bash_history",
    "/root/.config/systemd/user/b.service",
)  # fmt: skip
WINDOWS_FILES = (
    world.HOSTS, world.HISTORY, rf"{world.TASKS}\x", r"C:\Users\an\AppData\Roaming\WinRAR\rarreg.key",
    r"C:\Program Files\JetBrains\a\b.vmoptions", r"C:\Windows\System32\wbem\Repository\OBJECTS.DATA",
    r"C:\Users\an\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\a.lnk",
    r"C:\Users\an\AppData\Local\Google\Chrome\User Data\Default\History",
)  # fmt: skip
CURRENT = r"SOFTWARE\Microsoft\Windows\CurrentVersion"
REGISTRY = {
    rf"HKLM\{CURRENT}\Run": ("a", "b"),
    rf"HKU\an\{CURRENT}\Internet Settings": ("AutoConfigURL", "ProxyEnable", "ProxyServer"),
    rf"HKU\an\{CURRENT}\Explorer\UserAssist\x\Count": ("n", "P:\\k"),
    rf"HKLM\{CURRENT}\Uninstall\x": ("DisplayName", "DisplayVersion", "Publisher"),
    world.NT: ("CurrentBuildNumber", "EditionID", "ProductName"),
    world.RULES: ("r",),
    world.SPP: ("KeyManagementServiceName",),
    rf"{world.IFEO}\a.exe": ("Debugger", "VerifierDlls"),
    rf"{world.SERVICES}\x": ("ImagePath", "Start", "Type", "Description"),
    rf"{world.SERVICES}\Tcpip\Parameters": ("DataBasePath",),
    rf"{world.DEFENDER}\Exclusions\Paths": ("C:\\x",),
}
pieces = st.lists(
    st.sampled_from(
        ["ExecStart", "LD_PRELOAD", "https_proxy", "=", "\n", " ", "\t", "\r", "auth", "required", "[x", "]",
         "*", "@reboot", "#", "ID=", "VERSION_ID=", '"', "'", "%", "%SystemRoot%", "\\", "\\\\?\\", "C:", "/",
         "..", "\0", "ssh-ed25519", "-javaagent:", "rundll32.exe", ",", "v2.10|", "Action=Block|",
         "9" * 5000, "\udcff", "é"]
    ),
    max_size=30,
).map("".join)  # fmt: skip
hostile = pieces | st.binary(max_size=300).map(lambda content: content.decode("utf-8", "surrogateescape"))


def all_probes(machine: Recording) -> None:
    """Each probe answers; a bad file or value costs no more than that file or value."""
    for probe in (*PROBES, registry_settings.probe(Wanted().signs.keys)):
        seen = probe.run(machine)
        assert not [gap for gap in seen.gaps if gap.reason == "failed" and gap.detail.endswith("Error")], (
            probe
        )
        for one in seen.items:
            list(LISTS.of(one))


@quick
@given(st.dictionaries(st.sampled_from(LINUX_FILES), hostile))
def test_every_probe_of_a_linux_whose_files_are_hostile(files: dict[str, str]) -> None:
    users = [{"name": "root", "folder": "/root"}]
    all_probes(Recording({"system": "linux", "is_running": False, "files": files, "users": users}))


@quick
@given(
    st.dictionaries(st.sampled_from(WINDOWS_FILES), hostile),
    st.fixed_dictionaries(
        {key: st.dictionaries(st.sampled_from(names), hostile) for key, names in REGISTRY.items()}
    ),
)
def test_every_probe_of_a_windows_whose_files_and_registry_are_hostile(
    files: dict[str, str], registry: dict[str, dict[str, str]]
) -> None:
    machine = world.CLEAN | {"is_running": False, "files": files, "registry": registry}
    all_probes(Recording(machine))


@pytest.mark.parametrize("piece", ["\n", " ", "\t\n", "export ", "auth\n", "ExecStart=\n", "LD_PRELOAD ="])
def test_a_file_of_one_thing_over_and_over_is_read_in_one_go(piece: str) -> None:
    """A pattern that matches across line ends scans the file once for each line: for a megabyte that takes
    days."""
    content = piece * ((1 << 16) // len(piece))
    files = dict.fromkeys(LINUX_FILES, content)
    users = [{"name": "root", "folder": "/root"}]
    all_probes(Recording({"system": "linux", "is_running": False, "files": files, "users": users}))


@pytest.mark.parametrize(
    ("build", "edition", "until"),
    [
        # Microsoft's lifecycle pages.
        ("19045", "Professional", "2025-10-14"), ("22631", "Enterprise", "2026-11-10"),
        ("22631", "Core", "2025-11-11"), ("19044", "EnterpriseS", "2027-01-12"),
        ("17763", "ServerStandard", "2029-01-09"), ("20348", "ServerDatacenter", "2031-10-14"),
        ("7601", "Ultimate", "2020-01-14"), ("99999", "Professional", "None"), ("", "", "None"),
        ("9" * 5000, "Professional", "None"),
        ("19045", "ServerStandard", "None"),
    ],
)  # fmt: skip
def test_last_day_of_updates(build: str, edition: str, until: str) -> None:
    assert str(outdated.windows_until(build, edition)) == until
