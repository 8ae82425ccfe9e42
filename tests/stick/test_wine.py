"""The ZIP in an officer's use: unpacked on a stick, started by its `.cmd`, on a Windows made of wine."""

from __future__ import annotations

import io
import json
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook
from tools.stick import ENGINE, KINDS, MOST_BYTES, MOST_ENGINE_BYTES, MOST_FILES

from quetsach.endpoint import checking, keys, machines, pack, sealing
from quetsach.endpoint.checking import Options
from quetsach.endpoint.reporting import result
from quetsach.endpoint.wanted import Wanted
from quetsach.indicators.indicator import IndicatorSet, Scope
from quetsach.indicators.lists.item import parse
from tests.collect import papers_by_hand as by
from tests.endpoint.hives import Hive, nested
from tests.endpoint.packs import PACK, SIGNING, UNIT_KEY
from tests.endpoint.world import CLEAN, look_at_recording
from tests.stick.windows import NEEDS_WINE, ROOT, WINE, Windows, built, built_elsewhere, unpacked

pytestmark = NEEDS_WINE
SPP = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion\SoftwareProtectionPlatform"
IFEO = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion\Image File Execution Options\sppsvc.exe"
FIREWALL = r"HKLM\System\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\PublicProfile"
SID = "S-1-5-21-9-9-9-1002"
PROFILE = rf"HKLM\Software\Microsoft\Windows NT\CurrentVersion\ProfileList\{SID}"
CURRENT = r"Microsoft\Windows\CurrentVersion"
HOSTS = "windows/system32/drivers/etc/hosts"
PLANTED = ("KMSpico.exe", "báo cáo tháng 6.exe")
WINES_OWN = (
    r"\Control\Video",
    r"\Control\DeviceClasses",
    r"\Control\ServiceCurrent",
    r"\Enum",
    r"\Hardware",
)
EMPTY_STORE = re.compile(r"\\SystemCertificates(\\|$)")
WARM_UP = (
    "import ctypes,socket;from quetsach.endpoint.machines import winapi;socket.gethostname();"
    r"winapi.signature(r'C:\windows\system32\kernel32.dll');"
    "ctypes.windll.crypt32.CertOpenSystemStoreW(None,'ROOT') or quit(1)"
)
PARTS = """
import bz2, json, lzma, os, sqlite3, ssl, uuid, xml.etree.ElementTree, zoneinfo
import evtx, nacl.public, psutil, python_calamine, Registry.Registry, urllib3, xlsxwriter, yara_x
from quetsach.endpoint import machines
from quetsach.indicators import suffix_table
told = yara_x.compile('rule a { strings: $a = "bc" condition: $a }').scan(b"abcd")
print(json.dumps({
    "rule": [one.identifier for one in told.matching_rules],
    "system": machines.here().query("Win32_OperatingSystem", ("Caption", "Version")),
    "own": psutil.Process(os.getpid()).exe(),
    "registered": suffix_table.read().privatesuffix("a.b.com.vn"),
    "zone": zoneinfo.ZoneInfo("Asia/Ho_Chi_Minh").key,
}))
"""
RULE = 'rule planted { strings: $a = "quetsach harmless marker" condition: $a at 2 }'
LINES = "import socket,time;s=socket.create_connection(('127.0.0.1',int('{port}')));time.sleep(600)"


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    drive = tmp_path_factory.mktemp("usb") / "Thẻ nhớ số 1"
    drive.mkdir()
    made = Windows(ROOT / "var/stick/wine", drive)
    made.start()
    # The leftovers of a killed run.
    clear(made)
    yield made
    made.settle()


def clear(windows: Windows) -> None:
    """Remove all that the tests plant."""
    windows.run("reg", "delete", SPP, "/v", "KeyManagementServiceName", "/f")
    windows.run("reg", "delete", IFEO, "/f")
    windows.run("reg", "delete", FIREWALL, "/v", "EnableFirewall", "/f")
    (windows.disk / HOSTS).unlink(missing_ok=True)
    for name in PLANTED:
        (windows.user / "Downloads" / name).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A port that takes connections on this machine's own loopback."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    held.append(server.accept()[0])

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
    for one in held:
        one.close()


@pytest.fixture(scope="module")
def stick(windows: Windows, port: int) -> Path:
    folder = unpacked(windows.drive)
    now = datetime.now(UTC).replace(microsecond=0)
    listed = IndicatorSet(parse(f"127.0.0.1:{port}", Scope.WITH_SUBDOMAINS)[0])
    told = replace(PACK, created=now, expires=now + timedelta(days=2), indicators=listed, rules=(RULE,))
    (folder / "tan-phu.qspack").write_bytes(pack.build(told, SIGNING))
    return folder


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Keys that are new, changed or gone, except those that wine itself writes at any time: devices, and new
    stores of certificates without content."""
    old, new = (_keys("\n".join(told.values())) for told in (before, after))
    return sorted(
        key
        for key in old.keys() | new.keys()
        if old.get(key) != new.get(key)
        and not any(word in key for word in WINES_OWN)
        and not (EMPTY_STORE.search(key) and key not in old and not new[key])
    )


def _keys(text: str) -> dict[str, str]:
    found = {}
    for block in text.split("\n["):
        key, _end, values = block.partition("]\n")
        found[key] = values.strip()
    return found


def _check(windows: Windows, stick: Path) -> tuple[int, str, dict[str, object]]:
    """The wizard's check, started by the `.cmd` from its own drive."""
    shutil.rmtree(stick / "ket-qua", ignore_errors=True)
    command = rf"E:\{stick.name}\KIEM-TRA.cmd"
    code, told = windows.run("cmd", "/c", command, "check", "--people", "2", "--json", r"E:\result.json")
    return code, told, json.loads((windows.drive / "result.json").read_text(encoding="utf-8"))


def test_the_same_sources_give_the_same_bytes_in_any_folder_and_not_too_many(tmp_path: Path) -> None:
    other = tmp_path / "một thư mục khác"
    other.mkdir()
    assert built("one").read_bytes() == built_elsewhere(other).read_bytes()
    assert built("one").stat().st_size <= MOST_BYTES
    # Tests may have no engine, or one that was compiled quickly: room for that of a release is left.
    with ZipFile(built("one")) as stick:
        sizes = {one.filename: one.file_size for one in stick.infolist() if not one.is_dir()}
    rest = sum(size for name, size in sizes.items() if not name.endswith(f"/quetsach/{ENGINE}"))
    assert rest + MOST_ENGINE_BYTES <= KINDS["stick"].most_read
    assert len(sizes) <= MOST_FILES


def test_its_modules_are_compiled_and_tell_nothing_of_the_builder() -> None:
    """PEP 552: the second word of an unchecked `.pyc` is 1, and no source is looked for."""
    with ZipFile(built("one")) as stick:
        inside = [name for name in stick.namelist() if name.endswith("/lib/python.zip")]
        loose = [name for name in stick.namelist() if "/lib/" in name and name.endswith((".py", ".pyc"))]
        archive = ZipFile(io.BytesIO(stick.read(inside[0])))
        compiled = {name: archive.read(name) for name in archive.namelist() if name.endswith(".pyc")}
        compiled |= {name: stick.read(name) for name in loose}
    assert "quetsach/stick/__main__.pyc" in compiled and not [n for n in compiled if n.endswith(".py")]
    assert len({data[:4] for data in compiled.values()}) == 1
    assert {data[4:8] for data in compiled.values()} == {b"\1\0\0\0"}
    assert not [name for name, data in compiled.items() if str(ROOT).encode() in data]
    assert not [name for name in archive.namelist() if name.endswith(".py")]


def test_a_clean_machine_is_told_nothing_but_its_age(windows: Windows, stick: Path) -> None:
    _code, told, table = _check(windows, stick)
    assert [one for one in table["findings"] if one["confidence"] != "D4"] == [], told  # type: ignore[attr-defined,index]


def test_windows_own_programs_and_those_of_the_stick_show_nothing(windows: Windows, stick: Path) -> None:
    """Every file of the disk, by name and content, from outside: then Windows' registry is not read."""
    copy = windows.user / "Downloads" / "bo-kiem-tra"
    shutil.copytree(stick / "he-thong", copy)
    wanted = Wanted(indicators=PACK.indicators, rules=(RULE,))
    result = checking.check(machines.at(windows.disk), wanted, Options(is_full=True))
    shutil.rmtree(copy)
    assert result.scan.files > 500
    assert result.findings == []


def test_what_is_planted_is_found_and_nothing_is_changed(windows: Windows, stick: Path, port: int) -> None:
    hosts = windows.disk / HOSTS
    download, matching = (windows.user / "Downloads" / name for name in PLANTED)
    windows.run("reg", "add", SPP, "/v", "KeyManagementServiceName", "/d", "127.0.0.2", "/f")
    windows.run("reg", "add", IFEO, "/v", "Debugger", "/d", r"C:\x\SppExtComObjPatcher.exe", "/f")
    windows.run("reg", "add", FIREWALL, "/v", "EnableFirewall", "/t", "REG_DWORD", "/d", "0", "/f")
    hosts.write_text(
        "127.0.0.1 localhost\n127.0.0.1 activate.adobe.com\n127.0.0.1 practivate.adobe.com\n",
        encoding="ascii",
    )
    download.write_bytes(b"MZ harmless")
    matching.write_bytes(b"MZquetsach harmless marker")
    python = rf"E:\{stick.name}\he-thong\python.exe"
    client = subprocess.Popen(
        [*WINE, python, "-I", "-c", LINES.format(port=port)],
        env=windows.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    # Wine writes its devices down when it is asked for its name, and Microsoft's roots when they are first
    # opened.
    assert windows.run(python, "-I", "-B", "-c", WARM_UP)[0] == 0
    before = windows.registry(), windows.files()
    try:
        code, told, table = _check(windows, stick)
        after = windows.registry(), windows.files()
    finally:
        client.kill()
        client.communicate()
    clear(windows)

    assert code == 1, told
    assert "Không thay đổi gì. Không gửi gì." in told
    found = {one.get("sign") or one["indicator"] for one in table["findings"]}  # type: ignore[attr-defined]
    assert {"KMS-01", "FILE-01", "FW-03", f"127.0.0.1:{port}"} <= found, found
    assert any(one.startswith("HOOK") for one in found) and any("HST" in one for one in found), found
    assert any("planted" in str(one) and matching.name in str(one) for one in table["findings"]), told  # type: ignore[attr-defined]
    assert table["verdict"] == "found"
    assert len(before[0]["HKLM"]) > 100_000 and "SppExtComObjPatcher" in before[0]["HKLM"]
    assert changes(before[0], after[0]) == []
    assert before[1] == after[1], "files of the machine were changed"
    (sealed,) = (stick / "ket-qua").glob("*.qsresult")
    known = pack.verified((stick / "tan-phu.qspack").read_bytes(), {keys.public("signing", SIGNING)})
    opened = sealing.open_with(sealed.read_bytes(), UNIT_KEY, {known.id: sealing.Issued.of(known)}.get)
    assert opened.result["findings"] == table["findings"]


def test_what_starts_with_somebody_who_is_not_signed_in_is_seen_and_not_changed(
    windows: Windows, stick: Path, port: int
) -> None:
    home = windows.disk / "users" / "binh"
    home.mkdir()
    content = Hive(
        nested({rf"X\Software\{CURRENT}\Run": {"cap nhat": f"mshta 127.0.0.1:{port}"}}, "X")
    ).content
    (home / "NTUSER.DAT").write_bytes(content)
    windows.run("reg", "add", PROFILE, "/v", "ProfileImagePath", "/d", r"C:\users\binh", "/f")
    try:
        _code, told, table = _check(windows, stick)
        command = rf"E:\{stick.name}\KIEM-TRA.cmd"
        packed = rf"E:\{stick.name}\tan-phu.qspack"
        trust = ("--pack", packed, "--trust", keys.public("signing", SIGNING).hex())
        plan = windows.run("cmd", "/c", command, "--", "check", "plan", r"E:\ke-hoach.json", *trust)[1]
    finally:
        windows.run("reg", "delete", PROFILE, "/f")
        shutil.rmtree(home)
    found = [one for one in table["findings"] if one.get("indicator") == f"127.0.0.1:{port}"]  # type: ignore[attr-defined,index]
    assert "cap nhat" in str(found) and SID in str(found), told
    assert "không đăng nhập" in " ".join(plan.split()), plan
    steps = windows.drive / "ke-hoach.json"
    assert not steps.exists() or SID not in steps.read_text(encoding="utf-8")


def test_the_parts_that_only_windows_has_load_and_answer(windows: Windows, stick: Path) -> None:
    python = rf"E:\{stick.name}\he-thong\python.exe"
    code, told = windows.run(python, "-I", "-B", "-X", "utf8", "-c", PARTS)
    assert code == 0, told
    found = json.loads(next(line for line in told.splitlines() if line.startswith("{")))
    assert found["rule"] == ["a"]
    assert found["system"][0]["Caption"].startswith("Microsoft Windows")
    assert (found["registered"], found["zone"]) == ("b.com.vn", "Asia/Ho_Chi_Minh")
    assert found["own"] and found["own"].casefold().endswith("python.exe")


@pytest.mark.parametrize("name", ["click.py", "json.py", "nacl.py", "lib/rich.py", "lib/quetsach.py"])
def test_a_foreign_file_stops_it_before_it_runs(windows: Windows, stick: Path, name: str) -> None:
    foreign = stick / "he-thong" / name
    foreign.write_text("import os\nos._exit(7)")
    code, told = windows.run("cmd", "/c", rf"E:\{stick.name}\KIEM-TRA.cmd", "check")
    foreign.unlink()
    assert code == 2 and f"he-thong/{name}" in told


def test_logs_reports_and_results_become_files(windows: Windows, stick: Path, port: int) -> None:
    command = ("cmd", "/c", rf"E:\{stick.name}\KIEM-TRA.cmd")
    shutil.rmtree(stick / "ket-qua", ignore_errors=True)
    (windows.drive / "tuong-lua.log").write_text(f"192.168.1.20 connected to 127.0.0.1:{port}\n", "utf-8")
    code, told = windows.run(*command, r"E:\tuong-lua.log")
    pages = list((stick / "ket-qua").glob("log-*.html"))
    assert code == 1 and len(pages) == 1, told
    assert "192.168.1.20" in pages[0].read_text("utf-8")

    for name in ("bao-cao", "may"):
        (windows.drive / name).mkdir(exist_ok=True)
    figures = ("1", "12", "1", "9")
    report = by.docx(by.form("UBND xã Mường So", figures))
    (windows.drive / "bao-cao/mường so.docx").write_bytes(report)
    code, told = windows.run(*command, "--", "reports", "collect", r"E:\bao-cao", "-o", r"E:\bao-cao.xlsx")
    rows = _cells(windows.drive / "bao-cao.xlsx", "Từng đơn vị", told)[0]
    assert (rows[1], [str(int(cell)) for cell in rows[2:6]]) == ("UBND xã Mường So", list(figures))

    with (windows.drive / "may/PC-07.json").open("w", encoding="utf-8") as out:
        result.write(out, look_at_recording(CLEAN))
    code, told = windows.run(*command, "--", "check", "merge", r"E:\may", "-o", r"E:\may.xlsx")
    assert code == 0, told
    assert any("PC-07" in row for row in _cells(windows.drive / "may.xlsx", 0, told))


def _cells(path: Path, sheet: str | int, told: str) -> list[list[Any]]:
    """The rows of a sheet below its heading."""
    assert path.is_file(), told
    book = CalamineWorkbook.from_path(path)
    found = book.get_sheet_by_name(sheet) if isinstance(sheet, str) else book.get_sheet_by_index(sheet)
    return found.to_python()[1:]
