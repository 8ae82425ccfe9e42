"""What a scan may take by the contract: 64 MB, the compiled set, and 256 bytes a row."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.measure import run

pytestmark = [pytest.mark.native, pytest.mark.skipif(sys.platform != "linux", reason="peaks are Linux's")]
pytest.importorskip("quetsach._native", reason="the native engine is not built")

_NAMES, _MACHINES = 100, 200
_BASE_BYTES, _ROW_BYTES = 64_000_000, 256


def test_a_scan_on_sixteen_threads_keeps_within_the_memory_of_the_contract(tmp_path: Path) -> None:
    log, listed, compiled, out = (tmp_path / name for name in ("dns.log", "list.txt", "list.qs", "out.jsonl"))
    names = [f"n{name}.evil.example" for name in range(_NAMES)]
    listed.write_text("\n".join(names))
    lines = (
        f"2022-09-16T01:02:03Z dns-hq dnsmasq[42]: query[A] {name} from 10.47.{machine}.9\n"
        for name in names
        for machine in range(_MACHINES)
    )
    # Each thread meets most of the rows.
    log.write_text("".join(lines) * 30)
    start = [sys.executable, "-c", "from quetsach.cli import main; main()"]
    run([*start, "indicators", "compile", str(listed), "-o", str(compiled)], (0,))
    cost, _ = run([*start, "scan", str(log), "-i", str(compiled), "-o", str(out), "--jobs", "16"], (1,))
    rows = _NAMES * _MACHINES
    assert out.read_bytes().count(b'"type":"sighting"') == rows
    assert cost.peak_bytes <= _BASE_BYTES + compiled.stat().st_size + _ROW_BYTES * rows
