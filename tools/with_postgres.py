"""Runs a command against a PostgreSQL of its own: `with_postgres.py [--durable] COMMAND...`.

A new cluster in a temporary folder, on a free loopback port, with a random password; gone when the command
ends. Without `--durable` a power cut would lose data; that makes tests quick. Where
PostgreSQL is not installed, it names the command that installs it, and ends with 77 (skipped), or with 1
where changes are judged (CI=true). QUETSACH_POSTGRES_FOLDER: another place than /usr/lib/postgresql.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def binaries() -> Path | None:
    """The newest installed server's folder."""
    place = Path(os.environ.get("QUETSACH_POSTGRES_FOLDER", "/usr/lib/postgresql"))
    found = sorted(place.glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(folder: Path, port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server takes connections; SystemExit when it ended, or after a minute."""
    ask = [str(folder / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    for _ in range(600):
        if server.poll() is not None:
            break
        if subprocess.run(ask).returncode == 0:
            return
        time.sleep(0.1)
    raise SystemExit("The PostgreSQL server does not start")


def main(command: list[str]) -> int:
    folder = binaries()
    if folder is None:
        print("SKIPPED: on PostgreSQL: no server here. To run it: sudo apt-get install postgresql")
        return 1 if os.environ.get("CI") == "true" else 77
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
    options = [
        "listen_addresses=127.0.0.1",
        f"port={port}",
        f"unix_socket_directories={home}",
        f"fsync={sync}",
    ]
    if not durable:
        # Work for a power cut, for tables that grow old and for queries of seconds: tests have none of them.
        options += [
            "full_page_writes=off",
            "wal_level=minimal",
            "max_wal_senders=0",
            "autovacuum=off",
            "jit=off",
        ]
    try:
        subprocess.run(
            [*become, str(folder / "initdb"), "-D", str(data), "-U", "quetsach", "-A", "scram-sha-256",
             "--pwfile", str(secret), "-E", "UTF8", "--locale=C.UTF-8",
             # A linguistic order, as in real installations: nothing may depend on byte order by accident.
             "--locale-provider=icu", "--icu-locale=vi"],
            check=True, stdout=subprocess.DEVNULL, cwd=home,
        )  # fmt: skip
        # A child of ours, so that its processor time is counted with the command.
        start = [*become, str(folder / "postgres"), "-D", str(data)]
        start += [word for one in options for word in ("-c", one)]
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(start, stdout=log, stderr=log, cwd=home)
        try:
            _await(folder, port, server)
            url = f"postgresql://quetsach:{password}@127.0.0.1:{port}/postgres"
            return subprocess.run(command, env={**os.environ, "QUETSACH_DATABASE": url}).returncode
        finally:
            stop = [*become, str(folder / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
            subprocess.run(stop, stdout=subprocess.DEVNULL, cwd=home)
            server.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
