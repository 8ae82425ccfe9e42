"""`python -m tests.watching.killing FOLDER SEED ROUNDS`: a watcher is killed again and again (SIGKILL) while
its log is written, rotated and packed; the last one is left alone until it has looked at everything.

Prints the number of lines with the listed name.
"""

from __future__ import annotations

import gzip
import os
import signal
import sys
import time
from pathlib import Path
from random import Random

from quetsach.watching.running import Request, Watcher

LISTED = "evil.example"


def follow(request: Request) -> None:
    """A watcher that looks without a pause."""
    watcher = Watcher(request)
    while True:
        watcher.round()


class Writer:
    """Writes lines in random pieces; a log is renamed or packed now and then."""

    def __init__(self, folder: Path, rng: Random) -> None:
        self._folder, self._rng = folder, rng
        self._rest, self.listed, self._lines, self._files = b"", 0, 0, 0
        folder.mkdir()

    def write(self) -> None:
        if self._rng.random() < 0.03:
            self._rotate()
        data = self._rest
        for _ in range(self._rng.randrange(60)):
            self._lines += 1
            is_listed = self._rng.random() < 0.2
            self.listed += is_listed
            clock = (
                f"2026-09-21T{self._lines // 3600 % 24:02}:{self._lines // 60 % 60:02}:{self._lines % 60:02}Z"
            )
            name = LISTED if is_listed else "fine.test"
            data += f"{clock} ns dnsmasq[612]: query[A] {name} from 10.1.2.{self._lines % 5}\n".encode()
        half = self._rng.randrange(len(data) + 1)
        self._put(data[:half])
        self._rest = data[half:]

    def end(self) -> None:
        self._put(self._rest)

    def _put(self, data: bytes) -> None:
        with (self._folder / "dns.log").open("ab") as file:
            file.write(data)

    def _rotate(self) -> None:
        log = self._folder / "dns.log"
        if not log.exists() or log.stat().st_size < 8192:
            return
        self._put(self._rest)
        self._rest, self._files = b"", self._files + 1
        old = log.rename(self._folder / f"dns.log.{self._files}")
        if self._rng.random() < 0.4:
            # As gzip does it: the packed file is there before the other one goes.
            with gzip.open(old.with_name(old.name + ".gz"), "wb") as packed:
                packed.write(old.read_bytes())
            old.unlink()


def main(folder: Path, seed: int, rounds: int) -> None:
    rng = Random(seed)
    (folder / "list.txt").write_text(f"{LISTED}\n")
    writer = Writer(folder / "logs", rng)
    request = Request([str(folder / "logs")], [str(folder / "list.txt")], folder / "state", "fw-hq")
    for _round in range(rounds):
        child = os.fork()
        if not child:
            try:
                follow(request)
            finally:
                os._exit(1)
        until = time.monotonic() + rng.uniform(0.01, 0.2)
        while time.monotonic() < until:
            writer.write()
            time.sleep(0.002)
        os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code == -signal.SIGKILL, f"the watcher ended by itself: {code}"
    writer.end()
    ahead = 0.0
    watcher = Watcher(request, now=lambda: time.time() + ahead)
    for seconds in (0.0, 20.0, 5000.0, 20.0):
        ahead += seconds
        watcher.round()
    watcher.close()
    print(writer.listed)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
