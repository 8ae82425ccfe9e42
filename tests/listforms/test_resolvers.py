"""Asks the resolvers themselves: a list blocks its names, and no other name.

A dnsmasq that answers 192.0.2.1 to everything stands for all other resolvers.
"""

from __future__ import annotations

import random
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from quetsach.indicators import writing
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope

SET = IndicatorSet(
    [
        Indicator("evil.example.net", Kind.DOMAIN, Scope.WITH_SUBDOMAINS),
        Indicator("deep.below.evil.example.net", Kind.DOMAIN, Scope.EXACT),
        Indicator("exact.example.net", Kind.DOMAIN, Scope.EXACT),
        Indicator("a.other.example.net", Kind.DOMAIN, Scope.EXACT),
        Indicator("below.example.net", Kind.DOMAIN, Scope.SUBDOMAINS_ONLY),
    ]
)
COVERED = (
    "evil.example.net",
    "x.evil.example.net",
    "below.evil.example.net",
    "y.deep.below.evil.example.net",
)
EXACT = ("exact.example.net", "a.other.example.net")
BELOW = ("x.below.example.net",)
INNOCENT = (
    "example.net", "notevil.example.net", "evil.example.net.example.org", "x.exact.example.net",
    "other.example.net", "b.other.example.net", "below.example.net",
)  # fmt: skip
OPEN = "192.0.2.1"
BLOCKED = {"NXDOMAIN", "0.0.0.0"}


def program(name: str, package: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if found is None:
        pytest.skip(f"{name} is not here: sudo apt-get install {package}")
    return found


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, name: str) -> str:
    """The A record of a name, or the word for its return code (RFC 1035 4.1)."""
    number = random.randrange(1 << 16)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.connect(("127.0.0.1", port))
        asking.send(query)
        answer = asking.recv(4096)
    code = {0: "NODATA", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}[answer[3] & 15]
    return socket.inet_ntoa(answer[-4:]) if code == "NODATA" and answer[6:8] != b"\0\0" else code


@contextmanager
def running(*command: str, port: int) -> Iterator[Callable[[str], str]]:
    """Run a resolver until the end of the block; yields a function that asks it for a name."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        for _attempt in range(100):
            with suppress(OSError):
                ask(port, "ready.example.org")
                break
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        yield lambda name: ask(port, name)
    finally:
        process.terminate()
        process.communicate(timeout=10)


def dnsmasq(port: int, *settings: str) -> tuple[str, ...]:
    fixed = (
        "--keep-in-foreground",
        "--no-resolv",
        "--no-hosts",
        "--bind-interfaces",
        "--conf-file=/dev/null",
    )
    where = (
        f"--port={port}",
        "--listen-address=127.0.0.1",
        "--address=/#/192.0.2.1",
        "--user=",
        "--pid-file=",
    )
    return (program("dnsmasq", "dnsmasq-base"), *fixed, *where, *settings)


@pytest.fixture(scope="module")
def world() -> Iterator[int]:
    port = free_port()
    with running(*dnsmasq(port), port=port):
        yield port


def written(folder: Path, form: str) -> Path:
    path = folder / form
    path.write_text("".join(writing.write(SET, writing.by_name(form)).parts))
    return path


def unbound(folder: Path, world: int, port: int, settings: str) -> tuple[str, ...]:
    path = folder / "unbound.conf"
    path.write_text(
        f'server:\n  interface: 127.0.0.1\n  port: {port}\n  chroot: ""\n  username: ""\n  pidfile: ""\n'
        f'  directory: "{folder}"\n  use-syslog: no\n  do-daemonize: no\n  do-not-query-localhost: no\n'
        f"  num-threads: 1\n{settings}"
        f'forward-zone:\n  name: "."\n  forward-addr: 127.0.0.1@{world}\n'
    )
    return (program("unbound", "unbound"), "-d", "-c", str(path))


def blocked_by(answer: Callable[[str], str]) -> set[str]:
    names = (*COVERED, *EXACT, *BELOW, *INNOCENT)
    answers = {name: answer(name) for name in names}
    assert set(answers.values()) <= BLOCKED | {OPEN}, answers
    return {name for name, said in answers.items() if said != OPEN}


def test_dnsmasq_blocks_names_with_what_is_below_them(tmp_path: Path) -> None:
    port = free_port()
    with running(*dnsmasq(port, f"--conf-file={written(tmp_path, 'dnsmasq')}"), port=port) as answer:
        assert blocked_by(answer) == set(COVERED)


def test_unbound_blocks_names_with_and_without_what_is_below_them(tmp_path: Path, world: int) -> None:
    port = free_port()
    settings = f'  module-config: "iterator"\ninclude: "{written(tmp_path, "unbound")}"\n'
    with running(*unbound(tmp_path, world, port, settings), port=port) as answer:
        assert blocked_by(answer) == {*COVERED, *EXACT}


def test_unbound_blocks_by_the_zone_whatever_the_scope(tmp_path: Path, world: int) -> None:
    port = free_port()
    zone = f'rpz:\n  name: "block.rpz.example.org"\n  zonefile: "{written(tmp_path, "rpz")}"\n'
    settings = f'  module-config: "respip iterator"\n{zone}'
    with running(*unbound(tmp_path, world, port, settings), port=port) as answer:
        assert blocked_by(answer) == {*COVERED, *EXACT, *BELOW}
