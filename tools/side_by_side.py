"""Runs parts of the gate beside each other: `side_by_side.py PART PART / PART`; `/` starts a lane.

The parts of a lane run one after another, the lanes beside each other; each part is `./dev part PART`. The
output of a part goes to var/gate/PART.log; for a failed part its end is shown. Meanwhile a line shows the
progress of all parts. The summary has the wall and processor minutes of each part, every skip by name, and
the counts of all tests together.

A part that takes longer than MOST_SECONDS is asked for the stacks of its processes, killed, and failed.
Exit code 1 when a part failed, or when no test ran; 130 after Ctrl+C.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "var/gate"
SHOWN_LINES = 200
"""Lines shown of a failed part's output."""
TELL_SECONDS = 60
"""Seconds between two lines of progress, without a terminal."""
MOST_SECONDS = 75 * 60
"""The limit of one part by the clock: three times what the longest needs on two busy processors."""
STACKS_SECONDS = 10
"""Time to write the stacks, before the kill."""
SKIPPED = 77
"""The exit code of a part that cannot be run here; where changes are judged such a part fails instead."""
_PERCENT = re.compile(rb"\[ *(\d+)%\]")
_CARGO = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;", re.M)


@dataclass
class Part:
    """One command and its result: seconds of wall and processor, exit code, counts of tests."""

    name: str
    wall: float = 0.0
    spent: float = 0.0
    code: int | None = None
    began: float = 0.0
    process: subprocess.Popen[bytes] | None = None
    counts: Counter[str] = field(default_factory=Counter)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return LOGS / f"{self.name}.log"

    @property
    def told(self) -> Path:
        return LOGS / f"{self.name}.json"

    def run(self) -> None:
        """Run it to its end. The processor time includes all processes that the command waited for."""
        self.began = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [ROOT / "dev", "part", self.name],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"QUETSACH_GATE_FILE": str(self.told)},
                start_new_session=True,
            )
            limit = threading.Timer(MOST_SECONDS, self.kill)
            limit.daemon = True
            limit.start()
            _, status, used = os.wait4(self.process.pid, 0)
            limit.cancel()
        self.process.returncode = self.code = os.waitstatus_to_exitcode(status)
        self.wall = time.monotonic() - self.began
        self.spent = used.ru_utime + used.ru_stime
        self._count()

    @property
    def is_failed(self) -> bool:
        return self.code not in {0, SKIPPED}

    def _count(self) -> None:
        if self.code == SKIPPED:
            said = self.log.read_text(encoding="utf-8", errors="replace").rpartition("SKIPPED: ")[2].strip()
            self.skipped = [(self.name, said)]
            self.counts["skipped"] += 1
        if self.told.exists():
            document = json.loads(self.told.read_text())
            self.counts.update(document["counts"])
            self.skipped = [(name, said) for name, said in document["skipped"]]
        for passed, failed, ignored in _CARGO.findall(self.log.read_text(encoding="utf-8", errors="replace")):
            self.counts.update(passed=int(passed), failed=int(failed), skipped=int(ignored))

    def how_far(self) -> str:
        """A word or two about its progress."""
        if self.code is not None:
            return f"{self.name} {'FAILED' if self.is_failed else 'skipped' if self.code else 'ok'}"
        if self.process is None:
            return f"{self.name} waits"
        with self.log.open("rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - 4096))
            found = _PERCENT.findall(log.read())
        return f"{self.name} {int(found[-1])} %" if found else f"{self.name} …"

    def kill(self) -> None:
        """End it with all its processes; pytest writes the stacks of its threads at SIGABRT."""
        assert self.process is not None
        with self.log.open("ab") as log:
            log.write(f"\nkilled: took longer than {MOST_SECONDS / 60:.0f} minutes\n".encode())
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGABRT)
            time.sleep(STACKS_SECONDS)
            os.killpg(self.process.pid, signal.SIGKILL)

    def stop(self) -> None:
        if self.process is not None and self.code is None:
            os.killpg(self.process.pid, signal.SIGTERM)


def lanes(arguments: list[str]) -> list[list[Part]]:
    """The requested lanes, in order."""
    found: list[list[Part]] = [[]]
    for one in arguments:
        if one == "/":
            found.append([])
        else:
            found[-1].append(Part(one))
    return [lane for lane in found if lane]


def tell(parts: list[Part], is_over: threading.Event) -> None:
    """Show the progress of the parts until `is_over`: in one line of a terminal, or a line a minute."""
    began, is_terminal = time.monotonic(), sys.stderr.isatty()
    while not is_over.wait(1 if is_terminal else TELL_SECONDS):
        minutes, seconds = divmod(int(time.monotonic() - began), 60)
        line = f"{minutes}:{seconds:02} " + ", ".join(part.how_far() for part in parts)
        if is_terminal:
            line = "\r\033[K" + line[: shutil.get_terminal_size().columns - 1]
        print(line, end="" if is_terminal else "\n", file=sys.stderr, flush=True)
    if is_terminal:
        print("\r\033[K", end="", file=sys.stderr)


def run(lane: list[Part]) -> None:
    for part in lane:
        part.run()


def show(parts: list[Part], state: str) -> None:
    """Print the end of each part's output."""
    for part in parts:
        lines = part.log.read_text(encoding="utf-8", errors="replace").splitlines()
        print(f"\n--- {part.name} {state} (exit {part.code}); all of it: {part.log.relative_to(ROOT)}")
        print("\n".join(lines[-SHOWN_LINES:]), flush=True)


def sum_up(parts: list[Part], wall: float) -> int:
    """Print the time taken and the skips; returns the exit code of all parts."""
    print(f"\n{'part':<12}{'wall min':>10}{'processor min':>15}")
    if setup := os.environ.get("QUETSACH_SETUP_SECONDS"):
        print(f"{'setup':<12}{int(setup) / 60:>10.1f}")
    for part in parts:
        print(f"{part.name:<12}{part.wall / 60:>10.1f}{part.spent / 60:>15.1f}  {part.how_far().split()[-1]}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = used.ru_utime + used.ru_stime
    print(f"{'all':<12}{wall / 60:>10.1f}{spent / 60:>15.1f}  ({spent / wall:.2f} processors at work)")
    counts = sum((part.counts for part in parts), Counter[str]())
    for part in parts:
        for name, said in sorted(part.skipped):
            print(f"skipped ({part.name}): {name}: {said}")
    failed = counts["failed"] + counts["error"] + sum(part.is_failed and not part.counts for part in parts)
    print(f"{counts['passed']} passed, {failed} failed, {counts['skipped']} skipped")
    return int(any(part.is_failed for part in parts) or not counts["passed"])


def main(arguments: list[str]) -> int:
    asked = lanes(arguments)
    parts = [part for lane in asked for part in lane]
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    # However this program ends, no part stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began, is_over = time.monotonic(), threading.Event()
    teller = threading.Thread(target=tell, args=(parts, is_over), daemon=True)
    threads = [threading.Thread(target=run, args=(lane,), daemon=True) for lane in asked]
    try:
        for thread in (teller, *threads):
            thread.start()
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        running = [part for part in parts if part.process is not None and part.code is None]
        for part in running:
            part.stop()
        show(running, "was still running")
        print("\nStopped.", file=sys.stderr)
        return 130
    finally:
        is_over.set()
        teller.join()
    show([part for part in parts if part.is_failed], "failed")
    return sum_up(parts, time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
