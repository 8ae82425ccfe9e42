"""`python -m tests.machines.dhcp_network kea|dnsmasq FOLDER`, in a network namespace of its own.

Starts a DHCP server on one end of a virtual cable and plays clients on the other end. Their messages are
written here, byte by byte (RFC 2131 2; RFC 2132). What happened, by this program's own clock, is printed as
JSON: pairs of [what, seconds since 1970].
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER, ADDRESS = "10.99.0.1", "10.99.0.10"
ONE, TWO = bytes.fromhex("00005e005301"), bytes.fromhex("00005e005302")
DISCOVER, OFFER, REQUEST, ACK, RELEASE = 1, 2, 3, 5, 7
LENGTH = 120
"""Seconds of a lease: the least that dnsmasq allows."""


def message(
    kind: int, client: bytes, *, own: str = "0.0.0.0", wanted: str = "", server: str = "", name: str = ""
) -> bytes:
    """An Ethernet frame from a client to everybody."""
    options = b"\x63\x82\x53\x63" + bytes([53, 1, kind])
    for code, spelled in ((50, wanted), (54, server)):
        if spelled:
            options += bytes([code, 4]) + socket.inet_aton(spelled)
    if name:
        options += bytes([12, len(name)]) + name.encode()
    options += b"\xff"
    boot = struct.pack(
        ">4BIHH4s4s4s4s16s192x", 1, 1, 6, 0, 7, 0, 0x8000, socket.inet_aton(own), b"", b"", b"", client
    )
    body = (boot + options).ljust(300, b"\0")
    udp = struct.pack(">4H", 68, 67, 8 + len(body), 0) + body
    target = SERVER if own != "0.0.0.0" else "255.255.255.255"
    head = struct.pack(
        ">2B3H2BH4s4s",
        0x45,
        0,
        20 + len(udp),
        1,
        0,
        64,
        17,
        0,
        socket.inet_aton(own),
        socket.inet_aton(target),
    )
    total = sum(struct.unpack(">10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    head = head[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + head[12:]
    return b"\xff" * 6 + client + b"\x08\x00" + head + udp


def answer(wire: socket.socket, kind: int, client: bytes) -> str | None:
    """The address in the server's answer of this kind, None after two seconds."""
    until = time.monotonic() + 2
    while (left := until - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            frame = wire.recv(2_000)
        except TimeoutError:
            return None
        is_answer = frame[12:14] == b"\x08\x00" and frame[23] == 17 and frame[34:38] == b"\0\x43\0\x44"
        if is_answer and frame[42] == 2 and frame[70:76] == client and bytes([53, 1, kind]) in frame[282:]:
            return socket.inet_ntoa(frame[58:62])
    return None


def take(wire: socket.socket, client: bytes, name: str) -> str:
    """DISCOVER to ACK; the server may need a moment to start."""
    for _attempt in range(15):
        wire.send(message(DISCOVER, client, wanted=ADDRESS, name=name))
        offered = answer(wire, OFFER, client)
        if offered is not None:
            wire.send(message(REQUEST, client, wanted=offered, server=SERVER, name=name))
            given = answer(wire, ACK, client)
            if given is not None:
                return given
    raise SystemExit("no lease was given")


def commands(server: str, folder: Path) -> list[str]:
    if server == "dnsmasq":
        return [
            "dnsmasq", "-k", "--conf-file=/dev/null", "--port=0", "--interface=srv0", "--bind-interfaces",
            "--user=root", "--group=root", f"--dhcp-range={ADDRESS},10.99.0.20,{LENGTH}s", "--no-ping",
            f"--dhcp-leasefile={folder}/dnsmasq.leases", f"--log-facility={folder}/dnsmasq.log",
            "--no-resolv", f"--pid-file={folder}/dnsmasq.pid", "--no-hosts",
        ]  # fmt: skip
    (folder / "kea.json").write_text(
        json.dumps(
            {
                "Dhcp4": {
                    "interfaces-config": {"interfaces": ["srv0"], "dhcp-socket-type": "raw"},
                    "lease-database": {
                        "type": "memfile",
                        "lfc-interval": 0,
                        "name": f"{folder}/kea-leases4.csv",
                    },
                    "valid-lifetime": LENGTH,
                    "subnet4": [
                        {"id": 1, "subnet": "10.99.0.0/24", "pools": [{"pool": f"{ADDRESS} - 10.99.0.20"}]}
                    ],
                    "loggers": [
                        {"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout"}]}
                    ],
                }
            }
        )
    )
    return ["kea-dhcp4", "-c", f"{folder}/kea.json"]


@contextmanager
def running(server: str, folder: Path) -> Iterator[None]:
    places = {
        name: str(folder)
        for name in ("KEA_PIDFILE_DIR", "KEA_LOCKFILE_DIR", "KEA_DHCP_DATA_DIR", "KEA_LOG_FILE_DIR")
    }
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            commands(server, folder), stdout=log, stderr=log,
            env={**os.environ, **places, "PATH": path, "TZ": "UTC"},
        )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def main(server: str, folder: Path) -> None:
    for words in (
        "link set lo up", "link add srv0 type veth peer name cli0", f"addr add {SERVER}/24 dev srv0",
        "link set srv0 up", "link set cli0 up",
    ):  # fmt: skip
        subprocess.run(["/usr/sbin/ip", *words.split()], check=True)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    wire.bind(("cli0", 0))
    happened: list[tuple[str, float]] = []

    def note(what: str) -> None:
        happened.append((what, time.time()))
        leases = folder / "dnsmasq.leases"
        if leases.exists():
            shutil.copy2(leases, folder / f"dnsmasq.leases.{what}")

    with running(server, folder):
        given = take(wire, ONE, "pc-one")
        time.sleep(0.3)
        note("given")
        time.sleep(2)
        # The answer goes to the client's own address, where nobody is: only the server's files tell of it.
        wire.send(message(REQUEST, ONE, own=given, name="pc-one"))
        time.sleep(1)
        note("renewed")
        time.sleep(2)
        wire.send(message(RELEASE, ONE, own=given, server=SERVER))
        time.sleep(1)
        note("released")
        time.sleep(2)
        taken = take(wire, TWO, "pc-two")
        assert taken == given, f"{taken} instead of {given}"
        time.sleep(0.3)
        note("taken")
    print(json.dumps({"address": given, "happened": happened}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
