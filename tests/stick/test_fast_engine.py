"""The fast engine on a Windows made of wine: its answers, files in use, and a scan without it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from demo.loggen.__main__ import main as write_logs
from tests.engines.test_golden import GOLDEN
from tests.stick.scanner import COMMAND_LINE, ENGINE, FLAGS, NEEDS_ENGINE, run
from tests.stick.windows import NEEDS_WINE, Windows

pytestmark = [*NEEDS_WINE, NEEDS_ENGINE]
ALLOWED = {
    "kernel32.dll", "ntdll.dll", "advapi32.dll", "bcryptprimitives.dll", "user32.dll", "ws2_32.dll",
    "userenv.dll", "msvcrt.dll", "python3.dll", "api-ms-win-core-synch-l1-2-0.dll",
}  # fmt: skip
GOLDEN_CASES = """
wrong, count = [], 0
native = engine.choose("native")
for line in Path("E:/golden.jsonl").read_text(encoding="utf-8").splitlines():
    case = json.loads(line)
    log = place / "log"
    log.write_bytes(("\\n".join([*case["header"], case["line"]]) + "\\n").encode())
    matcher = engine.compile(case["indicators"], guard_rails=False, name="native")
    result = matcher.scan(log, engine.ScanOptions(), native.progress())
    found = {one.indicator: one for one in result.sightings}
    told = {name: {key: getattr(found[name], key) for key in want} for want in case["expect"]
            if (name := want["indicator"]) in found}
    is_right = told == {want["indicator"]: want for want in case["expect"]} and len(found) == len(told)
    count += 1
    if not is_right or result.coverage.errors:
        wrong.append(case["id"])
tell(wrong=wrong, count=count)
"""
SHARING = """
log = place / "nhật ký của máy chủ.log"
log.write_bytes(b"192.168.1.20 connected to evil.example\\n")
answers = {}
for share in range(8):
    held = _winapi.CreateFile(str(log), _winapi.GENERIC_WRITE, share, 0, _winapi.OPEN_EXISTING, 0, 0)
    for name in ("native", "portable"):
        matcher = engine.compile(["evil.example"], guard_rails=False, name=name)
        result = matcher.scan(log, engine.ScanOptions(), engine.choose(name).progress())
        answers[f"{name} {share}"] = [len(list(result.sightings)) + result.coverage.not_understood,
                                      len(result.coverage.errors)]
    _winapi.CloseHandle(held)
with opening.read(log) as file:
    log.rename(place / "nhật ký.1")
    log.write_text("new\\n", encoding="utf-8")
    old = file.read()
    log.unlink()
answers["rotated"] = old.decode()

large = place / "large.log"
large.write_bytes(b"one harmless line of a server\\n" * 2_000_000)
matcher = engine.compile(["evil.example"], guard_rails=False, name="native")
progress = engine.choose("native").progress()
found = []
thread = threading.Thread(target=lambda: found.append(matcher.scan(large, engine.ScanOptions(), progress)))
thread.start()
while not progress.bytes_read and thread.is_alive():
    time.sleep(0.001)
large.rename(place / "large.1")
thread.join()
answers["while it is read"] = [found[0].coverage.lines, found[0].coverage.errors]
(place / "large.1").unlink()

kept = place / "list.qs"
matcher.save(kept)
opened = engine.choose("native").load(kept)
matcher.save(kept)
kept.unlink()
answers["set"] = opened.count
deep = place
while len(str(deep)) < 300:
    deep = deep / "thư mục rất dài"
long = Path("\\\\\\\\?\\\\" + str(deep).replace("/", "\\\\"))
long.mkdir(parents=True)
(long / "a.log").write_text("192.168.1.20 connected to evil.example\\n", encoding="utf-8")
for name in ("native", "portable"):
    matcher = engine.compile(["evil.example"], guard_rails=False, name=name)
    result = matcher.scan(deep / "a.log", engine.ScanOptions(), engine.choose(name).progress())
    answers[f"{name} long"] = [result.coverage.lines, result.coverage.errors]
tell(**answers)
"""
FAULT = """
class Broken:
    def __init__(self, inner):
        self._inner = inner
    def scan(self, path, progress, **given):
        return self._inner.scan(path, progress, **{**given, "block": 0} if "broken" in str(path) else given)
    def __getattr__(self, name):
        return getattr(self._inner, name)
from quetsach.scanning.engines import native
before = native.NativeEngine.compile
def compile(self, indicators):
    made = before(self, indicators)
    made._matcher = Broken(made._matcher)
    return made
native.NativeEngine.compile = compile
for name in ("a", "broken", "c"):
    line = f"{name} 192.168.1.20 connected to evil.example\\n"
    (place / f"{name}.log").write_bytes(line.encode() * 100_000)
result = quetsach.scan([str(place / f"{n}.log") for n in ("a", "broken", "c")], ["evil.example"])
lines = [one.lines for one in result.coverage]
tell(errors=[[Path(path).name, why] for path, why in result.errors], lines=lines)
"""


def test_it_asks_only_for_what_every_windows_has(tmp_path: Path) -> None:
    engine = tmp_path / "_native.pyd"
    assert ENGINE is not None
    engine.write_bytes(ENGINE)
    told = subprocess.run(
        ["x86_64-w64-mingw32-objdump", "-p", engine], capture_output=True, text=True, check=True
    ).stdout
    asked = {line.split()[-1].lower() for line in told.splitlines() if "DLL Name:" in line}
    assert {"python3.dll", "msvcrt.dll"} <= asked <= ALLOWED


def test_golden_cases(windows: Windows, scanner: Path) -> None:
    shutil.copy(GOLDEN, windows.drive)
    told = run(windows, scanner, GOLDEN_CASES)
    assert told == {"wrong": [], "count": len(GOLDEN.read_text(encoding="utf-8").splitlines())}


def test_logs_that_others_write_rotate_and_replace(windows: Windows, scanner: Path) -> None:
    told = run(windows, scanner, SHARING)
    for name in ("native", "portable"):
        for share in range(8):
            is_shared = share & 1 == 1
            assert told[f"{name} {share}"] == ([1, 0] if is_shared else [0, 1]), (name, share)
        assert told[f"{name} long"] == [1, []]
    assert told["rotated"] == "192.168.1.20 connected to evil.example\n"
    assert told["while it is read"] == [2_000_000, []]
    assert told["set"] == 1


def test_a_fault_in_one_log_is_an_error_of_that_log(windows: Windows, scanner: Path) -> None:
    told = run(windows, scanner, FAULT)
    ((name, why),) = told["errors"]  # type: ignore[misc]
    assert name == "broken.log" and "the fast engine failed on it" in why
    assert sorted(told["lines"]) == [0, 100_000, 100_000]  # type: ignore[call-overload]


def test_a_folder_dropped_onto_it_is_scanned_by_the_fast_engine(windows: Windows, scanner: Path) -> None:
    logs = windows.drive / "nhật ký tháng 6"
    options = ["--kind", "zeek-dns", "--size", "4M", "--indicators", "200", "--hit-rate", "0.001"]
    write_logs([*options, "-o", str(logs)])
    rows = [json.loads(line) for line in (logs / "truth.jsonl").read_text("utf-8").splitlines()]
    truth = {(row["indicator"], row["device"], row["count"]) for row in rows if "indicator" in row}
    lists = scanner / "danh-sach"
    lists.mkdir(exist_ok=True)
    (logs / "indicators-200.txt").rename(lists / "danh sách.txt")
    for path in [path for path in logs.iterdir() if path.suffix != ".log"]:
        path.unlink()
    start = ("cmd", "/c", rf"E:\{scanner.name}\QUET.cmd")
    code, told = windows.run(*start, r"E:\nhật ký tháng 6")
    (page,) = (scanner / "ket-qua").glob("*.html")
    shown = page.read_text("utf-8")
    assert code == 1 and "ộ máy nhanh" not in told, told
    assert all(device in shown for _indicator, device, _count in truth if device)
    saved = ("-i", rf"E:\{scanner.name}\danh-sach\danh sách.txt", "-o", r"E:\result.jsonl")
    code, told = windows.run(*start, "--", "scan", r"E:\nhật ký tháng 6", *saved)
    found = [json.loads(line) for line in (windows.drive / "result.jsonl").read_text("utf-8").splitlines()]
    assert {
        (one["indicator"], one["device"], one["count"]) for one in found if "indicator" in one
    } == truth, told


@pytest.mark.parametrize("kind", ["missing", "blocked"])
def test_without_the_fast_engine_it_says_why(windows: Windows, scanner: Path, kind: str) -> None:
    copy = windows.drive / kind
    shutil.copytree(scanner / "he-thong", copy)
    engine = copy / "lib/quetsach/_native.pyd"
    engine.unlink()
    if kind == "blocked":
        engine.write_bytes(b"MZ is no program")
    (windows.drive / "x.log").write_text("192.168.1.20 connected to evil.example\n", "utf-8")
    (windows.drive / "x.txt").write_text("evil.example\n", "utf-8")
    command = [rf"E:\{kind}\python.exe", *FLAGS, "-c", COMMAND_LINE]
    code, told = windows.run(*command, "--lang", "en", "scan", r"E:\x.log", "-i", r"E:\x.txt")
    assert code == 1, told
    wanted = "no compiled part" if kind == "missing" else "DLL load failed"
    flat = " ".join(told.split())
    assert "Fast engine not usable, because" in flat and wanted in flat
