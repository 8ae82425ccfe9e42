"""`python -m bench readers`: the cost of reading a stranger's file in a process of its own."""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]

from bench.measure import machine
from quetsach.files import workbook
from quetsach.files.bounded_process import warm


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench readers`."""
    parser.add_argument("--files", type=int, default=50, help="read in each way, default 50")
    parser.add_argument("--rows", type=int, default=30, help="of a workbook, default 30")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))


def readers(asked: argparse.Namespace) -> int:
    """Measure; 1 if the two ways disagree."""
    data = _workbook(asked.rows)
    read = workbook.sheets
    expected = read(data)

    def anew(file: bytes) -> workbook.Sheets:
        warm._nursery.end()
        return read(file)

    inner: Callable[[bytes], workbook.Sheets] = read.__wrapped__  # type: ignore[attr-defined]
    ways = {"in this process": inner, "warm process, a fork each": read, "a new process each": anew}
    figures = {}
    for name, way in ways.items():
        figures[name], is_right = _cost(way, data, asked.files, expected)
        if not is_right:
            return 1
        wall, cpu = figures[name]
        print(f"{name:28} {wall * 1000:7.1f} ms, processor {cpu * 1000:6.1f} ms")
    asked.folder.mkdir(parents=True, exist_ok=True)
    told = {"machine": machine(), "rows": asked.rows, "files": asked.files, "seconds": figures}
    (asked.folder / "readers.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    return 0


def _cost(
    way: Callable[[bytes], workbook.Sheets], data: bytes, files: int, expected: workbook.Sheets
) -> tuple[tuple[float, float], bool]:
    """Median seconds by the clock and mean seconds of processor time, of this process and of its readers."""
    way(data)
    begin, clocks = _processor(), []
    for _ in range(files):
        start = time.perf_counter()
        if way(data) != expected:
            return (0.0, 0.0), False
        clocks.append(time.perf_counter() - start)
    return (statistics.median(clocks), (_processor() - begin) / files), True


def _processor() -> float:
    """Processor seconds of this process, of the warm process and of all ended processes below them
    (Linux)."""
    total = sum(os.times()[:4])
    if pid := warm.pid():
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, told[11:15])) / os.sysconf("SC_CLK_TCK")
    return total


def _workbook(rows: int) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number in range(rows):
            sheet.write_row(number, 0, [number, f"UBND xã Số {number}", number * 7, "đã rà soát"])
    return out.getvalue()
