"""The portal as a process of its own, on loopback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from demo.address import address_at, free_port


class ServerError(RuntimeError):
    """The portal did not start; the message ends with its output."""


class Server:
    """`quetsach serve` on 127.0.0.1, stopped when the block ends."""

    def __init__(self, port: int, log: Path) -> None:
        found = free_port(port)
        if found is None:
            raise ServerError("no free port on 127.0.0.1")
        self.port = found
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log

    def __enter__(self) -> Server:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        quetsach = Path(sys.executable).with_name("quetsach")
        command = [str(quetsach), "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C reaches the demonstration, which then stops the portal in order.
            self.process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                # The port may be taken since the demonstration chose it.
                env={**os.environ, "QUETSACH_ADDRESS": address_at(self.port)},
            )  # fmt: skip
        self._await()
        return self

    def _await(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        self.stop()
        raise ServerError(f"the portal did not start; its last words:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """Ask the server to end, then force it."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            # Kill its workers, too: they would hold the port for ever.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def __exit__(self, *_: object) -> None:
        self.stop()
