"""`quetsach scan` as people type it on Windows: drives, shares, patterns, code pages, and Ctrl+C."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from tests.stick.console import Console
from tests.stick.scanner import COMMAND_LINE, FLAGS, NEEDS_ENGINE, python, quetsach, run
from tests.stick.windows import NEEDS_WINE, Windows

pytestmark = [*NEEDS_WINE, NEEDS_ENGINE]
CODE_PAGES = """
import io, unicodedata
from quetsach import cli
log = place / "nhật ký của xã Tân Phú 😀.log"
log.write_bytes("192.168.1.20 connected to evil.example, người dùng Nguyễn Văn Ấ\\n".encode())
lists = place / "danh sách.txt"
lists.write_bytes(b"evil.example\\n")
answers = {}
for page in ("cp1258", "cp1252", "cp437", "utf-8"):
    for more in ((), ("--json",)):
        out, err = io.BytesIO(), io.BytesIO()
        sys.stdout, sys.stderr = io.TextIOWrapper(out, page), io.TextIOWrapper(err, page)
        names = [str(place / f"kết quả.{end}") for end in ("html", "jsonl", "csv", "xlsx")]
        saved = [part for name in names for part in ("-o", name)]
        try:
            cli.main(["--lang", "vi", "scan", str(log), "-i", str(lists), *saved, *more])
        except SystemExit as end:
            code = end.code
        sys.stdout.flush(), sys.stderr.flush()
        text = out.getvalue().decode("utf-8" if more else page)
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        plain = "".join(c for c in unicodedata.normalize("NFKD", text) if c.isascii()).lower()
        answers[f"{page} {len(more)}"] = [code, "192.168.1.20" in text, " may " in plain or bool(more)]
found = sorted(path.name for path in place.glob("kết quả.*"))
tell(page=sys.__stdout__.encoding, answers=answers, saved=found)
"""


def log(path: Path, machine: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"192.168.1.{machine} connected to evil.example\n", encoding="utf-8")


@pytest.fixture
def indicators(windows: Windows) -> str:
    (windows.drive / "danh sách.txt").write_text("evil.example\n", "utf-8")
    return r"E:\danh sách.txt"


def test_logs_of_two_drives_and_of_a_share_also_by_a_pattern(
    windows: Windows, scanner: Path, indicators: str
) -> None:
    own, share = windows.disk / "nhật ký", windows.prefix / "dosdevices/unc/may-chu"
    log(own / "dns.1.log", 1)
    log(own / "dns.2.log", 2)
    log(own / "other.txt", 3)
    log(windows.drive / "tường lửa.log", 4)
    deep = share / "nhật ký" / Path(*["thư mục rất dài"] * 18)
    log(deep / "a.log", 5)
    log(share / "nhật ký" / "b.log", 6)
    try:
        code, told = quetsach(
            windows, scanner, "scan", r"C:\nhật ký\dns.?.log", r"E:\tường lửa.log", r"\\may-chu\nhật ký",
            "-i", indicators, "-o", r"E:\result.jsonl",
        )  # fmt: skip
    finally:
        shutil.rmtree(own)
        shutil.rmtree(share)
    assert code == 1, told
    lines = (windows.drive / "result.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert {row["device"] for row in rows if "device" in row} == {f"192.168.1.{n}" for n in (1, 2, 4, 5, 6)}
    assert not any(row.get("errors") for row in rows), told
    assert all(name in lines[0] for name in ("C:", "E:", "may-chu"))
    assert "dns.1.log" in told


def test_a_pattern_without_a_file_is_told(windows: Windows, scanner: Path, indicators: str) -> None:
    code, told = quetsach(windows, scanner, "scan", r"E:\không có\*.log", "-i", indicators)
    assert code == 2 and "*.log" in told and "Traceback" not in told


def test_no_code_page_stops_an_answer(windows: Windows, scanner: Path) -> None:
    told = run(windows, scanner, CODE_PAGES, ("-I", "-B", "-X", "utf8=0"))
    assert told["page"] == "cp1252", "that of this Windows itself"
    assert len(told["answers"]) == 8
    assert set(map(tuple, told["answers"].values())) == {(1, True, True)}, told
    assert told["saved"] == [f"kết quả.{end}" for end in ("csv", "html", "jsonl", "xlsx")]


def test_a_window_of_any_code_page_shows_vietnamese(windows: Windows, scanner: Path) -> None:
    log(windows.drive / "x.log", 7)
    (windows.drive / "x.txt").write_text("evil.example\n", "utf-8")
    script = windows.drive / "437.cmd"
    command = f'{python(scanner)} {" ".join(FLAGS)} -c "{COMMAND_LINE}" --lang vi scan E:\\x.log -i E:\\x.txt'
    script.write_text(f"@chcp 437 >nul\r\n@cd /d E:\\\r\n@{command}\r\n", encoding="ascii")
    with Console(windows, "cmd", "/c", r"E:\437.cmd") as console:
        shown = console.until("192.168.1.7")
        assert "máy đã gọi tới địa chỉ độc hại" in shown
        assert console.code() == 1


def test_ctrl_c_ends_a_scan_and_tells_what_was_found_so_far(
    windows: Windows, scanner: Path, indicators: str
) -> None:
    harmless = gzip.compress(b"one harmless line of a server\n" * 2_000_000, 1)
    hit = gzip.compress(b"192.168.1.20 connected to evil.example\n")
    # So much that no machine is at its end when the bar appears: 6 GB.
    (windows.drive / "large.log.gz").write_bytes(hit + harmless * 100)
    arguments = ("--lang", "en", "scan", r"E:\large.log.gz", "-i", indicators, "-o", r"E:\part.jsonl")
    with Console(windows, python(scanner), *FLAGS, "-c", COMMAND_LINE, *arguments) as console:
        console.until("Scanning")
        console.interrupt()
        shown = console.until("Interrupted. What was found so far is shown")
        assert console.code() == 2
    assert "192.168.1.20" in shown and "The scan was interrupted" in shown
    lines = (windows.drive / "part.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[-1])["type"] != "end", "a document that readers refuse"
    (windows.drive / "large.log.gz").unlink()
