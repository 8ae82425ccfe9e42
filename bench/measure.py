"""The cost of one run of a command."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCH = Path(__file__).parents[1] / "tests/launch.py"


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one process from start to end: wall-clock and processor seconds, peak resident bytes."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


class RunFailedError(Exception):
    """A measured command ended with an unexpected exit code."""


def run(
    command: Sequence[str], expect: Sequence[int], env: Mapping[str, str] | None = None
) -> tuple[Cost, str]:
    """Run `command` once and return its cost and its output.

    Raises RunFailedError with the end of its output when its exit code is not in `expect`.
    """
    launched = [sys.executable, "-I", "-S", str(_LAUNCH), *command]
    whole_env = {**os.environ, **(env or {})}
    done = subprocess.run(launched, capture_output=True, text=True, env=whole_env, check=False)
    if done.returncode:
        raise RunFailedError(f"{command[0]} could not be started: {done.stderr[-800:]}")
    cost = json.loads(done.stdout)
    code = cost.pop("exit")
    if code not in expect:
        raise RunFailedError(f"{' '.join(command)} ended with {code}: {done.stderr[-800:]}")
    return Cost(**cost), done.stderr


def warm(path: Path) -> None:
    """Read the file once, so that no run waits for the disk."""
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 22):
            pass


def machine() -> dict[str, str | int | float]:
    """The machine of the measurement; the load average shows other work on it."""
    model, flags = platform.machine(), ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        fields = dict(line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line)
        named = {key.strip(): value.strip() for key, value in fields.items()}
        model, flags = named.get("model name", model), named.get("flags", "")
    known = ("sse4_2", "avx2", "avx512bw", "avx512_vbmi2")
    vectors = " ".join(name for name in known if name in flags.split())
    return {
        "cpu": model,
        "vectors": vectors,
        "cores": os.cpu_count() or 0,
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 2),
    }
