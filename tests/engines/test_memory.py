"""What a scan may take (docs/contract.md 5): 75 MB, the compiled set, and 256 bytes a row."""

from __future__ import annotations

import gzip
import json
import lzma
import random
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.native,
    pytest.mark.memory,
    pytest.mark.skipif(sys.platform != "linux", reason="peaks are Linux's"),
]
pytest.importorskip("quetsach._native", reason="the native engine is not built")

LAUNCH = Path(__file__).parents[1] / "launch.py"
_NAMES, _MACHINES, _LOGS = 100, 200, 6
_BASE_BYTES, _ROW_BYTES = 75_000_000, 256


def _block(log: int) -> str:
    """A line for each name and machine."""
    return "".join(
        f"2022-09-16T01:02:03Z dns-{log} dnsmasq[42]: query[A] n{name}.evil.example from 10.47.{machine}.9\n"
        for name in range(_NAMES)
        for machine in range(_MACHINES)
    )


def _check(folder: Path, logs: list[Path], rows: int, jobs: int = 16) -> None:
    listed, compiled, out = (folder / name for name in ("list.txt", "list.qs", "out.jsonl"))
    listed.write_text("\n".join(f"n{name}.evil.example" for name in range(_NAMES)))
    start = [sys.executable, "-c", "from quetsach.cli import main; main()"]
    subprocess.run([*start, "indicators", "compile", str(listed), "-o", str(compiled)], check=True)
    scan = [*start, "scan", *map(str, logs), "-i", str(compiled), "-o", str(out), "--jobs", str(jobs)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCH), *scan], stdout=subprocess.PIPE, check=True
    )
    cost = json.loads(done.stdout)
    assert cost["exit"] == 1
    assert out.read_bytes().count(b'"type":"sighting"') == rows
    assert cost["peak_bytes"] <= _BASE_BYTES + compiled.stat().st_size + _ROW_BYTES * rows


def test_a_scan_on_sixteen_threads_keeps_within_the_memory_of_the_contract(tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    # Each thread meets most of the rows.
    log.write_text(_block(0) * 30)
    _check(tmp_path, [log], _NAMES * _MACHINES)


def test_packed_logs_on_sixteen_threads_keep_within_the_memory_of_the_contract(tmp_path: Path) -> None:
    logs = [tmp_path / f"dns-{number}.log.gz" for number in range(_LOGS)]
    for number, log in enumerate(logs):
        log.write_bytes(gzip.compress(_block(number).encode() * 6, 1))
    _check(tmp_path, logs, _LOGS * _NAMES * _MACHINES)


@pytest.mark.parametrize("word", ["198.51.100.7 ", "a://b.c/ ", "\\\\u0065.b "])
def test_lines_just_below_the_limit_keep_within_the_memory_of_the_contract(word: str, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    line = f'{{"client":"10.47.1.9","q":"{word * (1_000_000 // len(word))}n1.evil.example"}}\n'
    log.write_text(line * 24)
    _check(tmp_path, [log], 1, jobs=2)


def test_logs_of_xz_on_sixteen_threads_keep_within_the_memory_of_the_contract(tmp_path: Path) -> None:
    window = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 8 << 20}]
    chance = random.Random(8)
    head = "2022-09-16T01:02:03Z dns dnsmasq[42]: query[A]"
    silent = "".join(f"{head} {chance.randbytes(20).hex()}.example from 10.47.1.9\n" for _ in range(100_000))
    packed = lzma.compress(silent.encode(), filters=window)
    logs = [tmp_path / f"dns-{number}.log.xz" for number in range(_LOGS)]
    for number, log in enumerate(logs):
        one = f"{head} n{number}.evil.example from 10.47.1.9\n"
        log.write_bytes(lzma.compress(one.encode()) + packed)
    _check(tmp_path, logs, _LOGS)
