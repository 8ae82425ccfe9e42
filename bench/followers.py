"""Programs that follow files: quetsach, `tail -F`, and rsyslog with imfile."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Protocol

from bench.peers import ROOT

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENT = 120.0
_MARK = re.compile(rb"10\.200\.\d+\.\d+(?=\s)")
"""The machine of a line that is waited for."""
_LONGEST = 16
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class Kind(Protocol):
    """One program. `command` follows the logs of a folder; its output, or the file `out`, holds new lines."""

    name: str

    def command(self, folder: Path, listed: Path, out: Path) -> list[str]:
        """The command line."""
        ...

    def absent(self) -> str:
        """Why it cannot be measured here, else ""."""
        ...


class Ours:
    """`quetsach watch`: it looks for a list and tells the lines that name an entry."""

    name = "quetsach"

    def absent(self) -> str:
        return ""

    def command(self, folder: Path, listed: Path, out: Path) -> list[str]:
        state = out.with_suffix(".state")
        shutil.rmtree(state, ignore_errors=True)
        watch = ["watch", "--follow", str(folder), "-i", str(listed), "--state", str(state)]
        return [sys.executable, "-c", "from quetsach.cli import main; main()", "--lang", "en", *watch]


class Tail:
    """`tail -F` of the files that are there."""

    name = "tail -F"

    def absent(self) -> str:
        return "" if shutil.which("tail") else "tail is not installed"

    def command(self, folder: Path, listed: Path, out: Path) -> list[str]:
        del listed, out
        return ["tail", "-q", "-n", "0", "-F", *map(str, sorted(folder.iterdir()))]


class Rsyslog:
    """rsyslog: imfile follows, omfile writes."""

    name = "rsyslog imfile"

    def absent(self) -> str:
        return "" if shutil.which("rsyslogd", path=_PATH) else "rsyslog is not installed"

    def command(self, folder: Path, listed: Path, out: Path) -> list[str]:
        del listed
        folder, out = folder.resolve(), out.resolve()
        work, settings = out.with_suffix(".rsyslog"), out.with_suffix(".conf")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        settings.write_text(
            f'global(workDirectory="{work}")\nmodule(load="imfile" mode="inotify")\n'
            f'input(type="imfile" file="{folder}/*.log" tag="x" freshStartTail="on")\n'
            'template(name="line" type="string" string="%msg%\\n")\n'
            f'action(type="omfile" file="{out}" template="line" flushOnTXEnd="on")\n'
        )
        program = shutil.which("rsyslogd", path=_PATH) or "rsyslogd"
        return [program, "-n", "-f", str(settings), "-i", str(work / "pid")]


KINDS: tuple[Kind, ...] = (Ours(), Tail(), Rsyslog())


class Running:
    """One of them at work; `close` ends it."""

    def __init__(self, kind: Kind, folder: Path, listed: Path, out: Path) -> None:
        self._out = out
        out.unlink(missing_ok=True)
        out.touch()
        command = kind.command(folder, listed, out)
        with out.open("ab") as told, out.with_suffix(".err").open("wb") as said:
            self._process = subprocess.Popen(
                command, stdout=told, stderr=said, stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}", "QUETSACH_ENGINE": "native"},
            )  # fmt: skip
        self._read, self._rest = 0, b""
        self._seen: set[bytes] = set()

    def wait_for(self, marks: Collection[str], seconds: float = _PATIENT) -> float:
        """Wait until the output holds all these marks; returns the time. Raises TimeoutError."""
        until, left = time.monotonic() + seconds, {mark.encode() for mark in marks}
        with self._out.open("rb") as file:
            file.seek(self._read)
            while True:
                new = file.read()
                self._read += len(new)
                text = self._rest + new
                self._seen.update(_MARK.findall(text))
                self._rest = text[-_LONGEST:]
                if left <= self._seen:
                    return time.monotonic()
                if self._process.poll() is not None or time.monotonic() > until:
                    raise TimeoutError(self._out.with_suffix(".err").read_text(errors="replace")[-500:])
                time.sleep(0.002)

    def cpu(self) -> float:
        """Processor seconds of all its processes so far (proc_pid_stat(5), utime and stime)."""
        return sum(int(fields[11]) + int(fields[12]) for _pid, fields in self._processes()) / _TICKS

    def pss(self) -> float:
        """Memory of all its processes in MB, each with its share of what it shares with others."""
        held = 0
        for pid, _fields in self._processes():
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            held += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        return held / 1024

    def _processes(self) -> Iterator[tuple[int, list[str]]]:
        """The number of each process, and its fields behind the name."""
        waiting = [self._process.pid]
        for pid in waiting:
            yield pid, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting.extend(map(int, (task / "children").read_text().split()))

    def share(self, seconds: float, meanwhile: Callable[[], None]) -> float:
        """The share of one core, in per cent, while `meanwhile` is called each second."""
        begun, spent = time.monotonic(), self.cpu()
        while (left := seconds - (time.monotonic() - begun)) > 0:
            at = time.monotonic()
            meanwhile()
            time.sleep(max(0.0, min(1.0 - (time.monotonic() - at), left)))
        return 100 * (self.cpu() - spent) / (time.monotonic() - begun)

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
