"""`quetsach serve` as people start it, on loopback, with its own data folder."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.portal.serving.wire import ROOM, get

ROOT = Path(__file__).resolve().parents[3]
START = 60.0
PATIENCE = 2


def surroundings(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a portal in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUETSACH_")}
    kept |= {"QUETSACH_DATA_DIR": str(folder), "QUETSACH_LANG": "en", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    return kept | {"QUETSACH_PATIENCE_SECONDS": str(PATIENCE), "QUETSACH_MAX_UPLOAD_MB": "1"} | more


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """A running portal."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    def workers(self) -> set[int]:
        """The living processes that it has started."""
        found = set()
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == self.process.pid and fields[0] != "Z":
                found.add(int(status.parent.name))
        return found

    def answers(self) -> bool:
        """Whether its health check answers within ten seconds."""
        try:
            return get(self.port, "/healthz").status == 200
        except OSError:
            return False

    def is_whole(self, workers: int = 2, without: Collection[int] = ()) -> bool:
        """Wait until that many processes answer again, and none of these: a killed one ends later."""
        until = time.monotonic() + ROOM
        while time.monotonic() < until:
            now = self.workers()
            if len(now) == workers and not now & set(without):
                return True
            time.sleep(0.02)
        return False


def start(folder: Path, port: int, env: dict[str, str], code: str = "", *more: str) -> Served:
    """Start it in its own process group; `code` runs before the command line."""
    left = folder / "incoming" / "left.upload"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"what a killed portal left")
    log = folder / "log"
    command = [sys.executable, "-c", f"{code}\nfrom quetsach.cli import main; main()"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "serve", "--port", str(port), *more], env=env, cwd=folder, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    return Served(process, port, log)


@contextmanager
def serving(folder: Path, env: dict[str, str], code: str = "", *more: str) -> Iterator[Served]:
    """Start it and wait until it answers; at the end all its processes are gone."""
    served = start(folder, free_port(), env, code, *more)
    try:
        until = time.monotonic() + START
        while not re.search("answers at", served.log.read_text()):
            assert served.process.poll() is None and time.monotonic() < until, served.log.read_text()
            time.sleep(0.02)
        yield served
    finally:
        with suppress(ProcessLookupError):
            os.killpg(served.process.pid, signal.SIGKILL)
        served.process.wait()
