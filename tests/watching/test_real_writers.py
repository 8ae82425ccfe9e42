"""Real programs write and rotate their logs on loopback: the watcher says what a scan of their files says."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from quetsach.files import inputs
from quetsach.indicators.loading import Choice
from quetsach.scanning import engine, work
from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.request import matcher_of
from quetsach.sightings.sighting import Scan, Sighting
from quetsach.watching.running import Request, Watcher
from tests import debian13
from tests.traffic import packets as packet

pytestmark = pytest.mark.skipif(os.name != "posix", reason="programs of Linux")
LISTED = "evil.example"
PATIENT = 30.0


class Follower:
    """A watcher of a folder, whose clock the test moves."""

    def __init__(self, folder: Path, name: str) -> None:
        self.logs, self._list = folder / "logs", folder / "list.txt"
        self._list.write_text(f"{LISTED}\n")
        self._ahead = 0.0
        follow = [str(self.logs / name)]
        request = Request(follow, [str(self._list)], folder / "state", "fw-hq")
        self.watcher = Watcher(request, now=lambda: time.time() + self._ahead)
        self.look = self.watcher.round

    def settle(self) -> None:
        for seconds in (0.0, 20.0, 4000.0, 20.0):
            self._ahead += seconds
            self.look()

    def found(self) -> list[Sighting]:
        return list(self.watcher.state.rows(self.watcher.set_id, Sighting))

    def scanned(self) -> list[Sighting]:
        chosen = engine.choose()
        matcher, _lists = matcher_of(chosen, [self._list], Choice())
        options = ScanOptions(source_name="fw-hq")
        header = Scan("quetsach test", matcher.set_id, 1, "fw-hq", options.tz)
        result = work.run(inputs.discover([str(self.logs)]), chosen, matcher, options, header)
        return list(cast("Any", result.sightings))

    def check(self, lines: int) -> None:
        """Lines with a machine count once, without a gap."""
        self.settle()
        found = self.found()
        assert found == self.scanned()
        assert sum(row.count for row in found if row.device) == lines
        assert not any(one.gaps for one in self.watcher.state.coverage(self.watcher.set_id))
        self.watcher.close()


def program(name: str, package: str) -> list[str]:
    found = debian13.command(name)
    if not found:
        pytest.skip(f"{name} is not on this machine: sudo apt-get install {package}")
    return list(found)


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(words: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(words, stdout=said, stderr=said, env={**os.environ, "TZ": "ICT-7"})
    try:
        yield process
        assert process.poll() is None, (folder / "said.txt").read_text()
    finally:
        process.kill()
        process.wait()


def wait(is_done: Callable[[], object], folder: Path) -> None:
    until = time.monotonic() + PATIENT
    while not is_done():
        assert time.monotonic() < until, (folder / "said.txt").read_text(errors="replace")
        time.sleep(0.02)


def written(folder: Path) -> int:
    """Lines with a listed name in all files of the folder, packed ones left out."""
    files = [path for path in (folder / "logs").iterdir() if path.suffix != ".gz"]
    return sum(path.read_bytes().count(LISTED.encode()) for path in files)


NUMBERS = itertools.count()


def name() -> str:
    """Another name below the listed one: two logs with the same first 4,096 bytes would be one log."""
    return f"n{next(NUMBERS)}.{LISTED}"


def ask(port: int, times: int) -> None:
    """Ask a resolver for listed names (RFC 1035 4.1); its answers do not matter here."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.settimeout(1)
        out.connect(("127.0.0.1", port))
        for number in range(times):
            labels = b"".join(bytes([len(label)]) + label.encode() for label in name().split("."))
            question = struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
            for _attempt in range(20):
                try:
                    out.send(question)
                    out.recv(512)
                    break
                except (TimeoutError, ConnectionError):
                    # It has not started yet.
                    time.sleep(0.05)


MODES = {
    "create": "create\nnodelaycompress\nrotate 9",
    "copytruncate": "copytruncate\nrotate 9",
    "compress": "create\ncompress\nrotate 9",
    "delaycompress and dates": "create\ncompress\ndelaycompress\ndateext\ndateformat -%Y%m%d-%s\nrotate 9",
    "copytruncate and compress": "copytruncate\ncompress\nrotate 9",
}


@pytest.mark.parametrize("mode", MODES)
def test_rsyslog_and_logrotate(tmp_path: Path, mode: str) -> None:
    port, log = free_port(), tmp_path / "logs" / "dns.log"
    log.parent.mkdir(mode=0o755)
    settings = tmp_path / "rsyslog.conf"
    settings.write_text(
        f'global(workDirectory="{tmp_path}")\nmodule(load="imudp")\n'
        f'input(type="imudp" address="127.0.0.1" port="{port}")\n'
        f'action(type="omfile" file="{log}" fileCreateMode="0644")\n'
    )
    rotation = tmp_path / "logrotate.conf"
    rotation.write_text(
        f"{log} {{\n{MODES[mode]}\nmissingok\npostrotate\n"
        f"kill -HUP $(cat {tmp_path}/rsyslog.pid)\nendscript\n}}\n"
    )
    rotation.chmod(0o644)
    rotate = [*program("logrotate", "logrotate"), "-f", "-s", str(tmp_path / "rotated"), str(rotation)]
    words = [*program("rsyslogd", "rsyslog"), "-n", "-f", str(settings), "-i", f"{tmp_path}/rsyslog.pid"]
    sent = 0
    follower = Follower(tmp_path, "dns.log")
    with running(words, tmp_path), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:

        def say(lines: int) -> None:
            nonlocal sent
            before = written(tmp_path)
            for number in range(lines):
                clock = time.strftime("%b %e %H:%M:%S", time.gmtime(time.time() + 7 * 3600))
                line = f"<30>{clock} ns dnsmasq[612]: query[A] {name()} from 10.1.2.{number % 3}"
                out.sendto(line.encode(), ("127.0.0.1", port))
            sent += lines
            wait(lambda: written(tmp_path) - before == lines, tmp_path)

        wait((tmp_path / "rsyslog.pid").exists, tmp_path)
        wait(lambda: _is_bound(port), tmp_path)
        for lines in (3, 60, 7):
            say(lines)
            follower.look()
            say(20)
            if "dateext" in MODES[mode]:
                time.sleep(1.1)  # its names are as fine as seconds
            subprocess.run(rotate, check=True, capture_output=True)
            if lines == 60:
                follower.look()
        say(5)
        follower.look()
    follower.check(sent)


def _is_bound(port: int) -> bool:
    """Whether somebody has this port of UDP (proc_net_udp(5))."""
    return f":{port:04X} " in Path("/proc/net/udp").read_text()


def test_dnsmasq_reopens_its_log(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "logs" / "dnsmasq.log"
    log.parent.mkdir()
    words = [
        *program("dnsmasq", "dnsmasq-base"), "-k", "--conf-file=/dev/null", f"--port={port}",
        "--listen-address=127.0.0.1", "--bind-interfaces", "--user=root", "--group=root", "--no-resolv",
        "--no-hosts", "--log-queries", f"--log-facility={log}", "--address=/#/192.0.2.1",
        f"--pid-file={tmp_path}/pid",
    ]  # fmt: skip
    resolver(tmp_path, words, port, log, signal.SIGUSR2)


def test_unbound_reopens_its_log(tmp_path: Path) -> None:
    port, log, settings = free_port(), tmp_path / "logs" / "unbound.log", tmp_path / "unbound.conf"
    log.parent.mkdir()
    settings.write_text(
        f"server:\n  interface: 127.0.0.1\n  port: {port}\n  do-daemonize: no\n  use-syslog: no\n"
        f'  logfile: "{log}"\n  log-queries: yes\n  log-time-ascii: yes\n  chroot: ""\n  username: ""\n'
        f'  pidfile: "{tmp_path}/pid"\n  module-config: "iterator"\n  num-threads: 1\n'
        f'  local-zone: "{LISTED}" redirect\n  local-data: "{LISTED} A 192.0.2.1"\n'
        "remote-control:\n  control-enable: no\n"
    )
    resolver(tmp_path, [*program("unbound", "unbound"), "-c", str(settings)], port, log, signal.SIGHUP)


def resolver(folder: Path, words: list[str], port: int, log: Path, again: signal.Signals) -> None:
    """A resolver that is asked, and whose log is renamed as logrotate does it."""
    follower = Follower(folder, log.name)
    with running(words, folder) as process:
        for number, asked in enumerate((3, 90, 20)):
            ask(port, asked)
            follower.look()
            ask(port, 10)
            log.rename(log.with_name(f"{log.name}.{number + 1}"))
            ask(port, 5)
            process.send_signal(again)
            wait(log.exists, folder)
        ask(port, 4)
    follower.check(3 + 90 + 20 + 3 * 15 + 4)


def test_suricata_reopens_its_log(tmp_path: Path) -> None:
    """It reads packets from files that are put into a folder, one after the other."""
    packets, logs, settings = tmp_path / "packets", tmp_path / "logs", tmp_path / "suricata.yaml"
    packets.mkdir()
    logs.mkdir()
    settings.write_text(
        f"%YAML 1.1\n---\nvars:\n  address-groups:\n    HOME_NET: '[10.0.0.0/8]'\n    EXTERNAL_NET: 'any'\n"
        f"default-log-dir: {logs}\nrule-files: []\nstats: {{enabled: no}}\n"
        "pcap-file: {delay: 1, poll-interval: 1}\n"
        "outputs:\n  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [dns]}\n"
        "app-layer:\n  protocols:\n    dns:\n      udp: {enabled: yes}\n      tcp: {enabled: yes}\n"
    )
    sent = 0
    log = logs / "eve.json"

    def put(asked: int) -> None:
        nonlocal sent
        frames = [
            packet.ethernet(
                packet.ip(
                    f"10.0.1.{number % 5 + 1}", "10.0.0.53", 17,
                    packet.udp(40_000 + sent + number, 53, packet.dns_query(name(), number=number + 1)),
                )
            )
            for number in range(asked)
        ]  # fmt: skip
        at = int(time.time()) * 1_000_000
        draft = tmp_path / f"{sent}.pcap"
        draft.write_bytes(packet.pcap([(at + number, one) for number, one in enumerate(frames)]))
        before = written(tmp_path)
        draft.rename(packets / draft.name)
        sent += asked
        wait(lambda: written(tmp_path) - before >= asked, tmp_path)

    words = [
        *program("suricata", "suricata"), "-c", str(settings), "-r", str(packets), "--pcap-file-continuous",
        "-l", str(logs), "-k", "none", "--runmode", "single",
    ]  # fmt: skip
    follower = Follower(tmp_path, log.name)
    with running(words, tmp_path) as process:
        for number, asked in enumerate((5, 80)):
            put(asked)
            follower.look()
            put(9)
            log.rename(logs / f"eve.json.{number + 1}")
            process.send_signal(signal.SIGHUP)
            put(7)
        follower.look()
    follower.check(sent)


@pytest.fixture(autouse=True)
def _programs_find_their_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    assert shutil.which("kill")
