"""Runs a command against a PostgreSQL of its own: `with_postgres.py [--durable] COMMAND...`.

A new cluster in a temporary folder, on a free loopback port, with a random password; gone when the command
ends. Unless asked to be durable it forgets what a power cut would lose, which makes tests quick. Where
PostgreSQL is not installed it says so, names the command that brings it, and exits 0: skipped.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path


def binaries() -> Path | None:
    """The newest installed server's folder."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main(command: list[str]) -> int:
    folder = binaries()
    if folder is None:
        print("SKIPPED on PostgreSQL: no server here. To run it: sudo apt-get install postgresql")
        return 0
    durable = command[0] == "--durable"
    if durable:
        command = command[1:]
    # The server refuses to run as root.
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    home = Path(tempfile.mkdtemp(prefix="quetsach-pg-"))
    password, port = secrets.token_hex(16), free_port()
    secret = home / "password"
    secret.write_text(password)
    if become:
        for path in (home, secret):
            shutil.chown(path, "postgres")
    data = home / "data"
    sync = "on" if durable else "off"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c fsync={sync}"
    try:
        subprocess.run(
            [*become, str(folder / "initdb"), "-D", str(data), "-U", "quetsach", "-A", "scram-sha-256",
             "--pwfile", str(secret), "-E", "UTF8", "--locale=C.UTF-8",
             # A linguistic order, as real installs have: nothing may depend on byte order by accident.
             "--locale-provider=icu", "--icu-locale=vi"],
            check=True, stdout=subprocess.DEVNULL, cwd=home,
        )  # fmt: skip
        control = [*become, str(folder / "pg_ctl"), "-D", str(data), "-w"]
        start = [*control, "-o", options, "-l", str(home / "log"), "start"]
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, cwd=home)
        try:
            url = f"postgresql://quetsach:{password}@127.0.0.1:{port}/postgres"
            return subprocess.run(command, env={**os.environ, "QUETSACH_DATABASE": url}).returncode
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, cwd=home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
