"""`python -m tests.watching.office_network FOLDER`, in a network namespace of its own: an office at work.

A bridge joins its machines, each in a namespace of its own, to a real dnsmasq that gives leases and answers
names. Standard input tells what machines do, a JSON array a line; the answer is a JSON value a line:

    ["join", "pc-one"]                  its address by DHCP, and its hardware address
    ["ask", "pc-one", "evil.example"]   the address that it got for a name
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.machines.dhcp_network import SERVER, take

ZONE = "ICT-7"
"""The zone of the log, as POSIX writes it (west of UTC counts as positive)."""
ANSWER = "192.0.2.66"


def commands(folder: Path) -> list[str]:
    """dnsmasq as in a small office: its log holds names that were asked for, and leases too."""
    return [
        "dnsmasq", "-k", "--conf-file=/dev/null", "--interface=br0", "--bind-interfaces", "--user=root",
        "--group=root", "--dhcp-range=10.99.0.10,10.99.0.50,12h", "--no-ping", "--no-resolv", "--no-hosts",
        f"--dhcp-leasefile={folder}/dnsmasq.leases", f"--log-facility={folder}/logs/dns.log",
        "--log-queries", f"--pid-file={folder}/dnsmasq.pid", f"--address=/#/{ANSWER}",
    ]  # fmt: skip


def ip(words: str, *descriptors: int) -> None:
    subprocess.run(["/usr/sbin/ip", *words.split()], check=True, pass_fds=descriptors)


@contextmanager
def inside(place: int) -> Iterator[None]:
    """This process is in another namespace. Sockets stay in that where they were made."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    os.setns(place, os.CLONE_NEWNET)
    try:
        yield
    finally:
        os.setns(home, os.CLONE_NEWNET)
        os.close(home)


def new_namespace() -> int:
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    os.unshare(os.CLONE_NEWNET)
    place = os.open("/proc/self/ns/net", os.O_RDONLY)
    os.setns(home, os.CLONE_NEWNET)
    os.close(home)
    return place


class Machine:
    """A machine of the office with its card, and with the address that it took."""

    def __init__(self, number: int, name: str) -> None:
        self.card = bytes.fromhex("02005e0053") + bytes([number])
        place = new_namespace()
        ip(f"link add port{number} type veth peer name eth0 netns /proc/self/fd/{place}", place)
        ip(f"link set port{number} master br0 up")
        with inside(place):
            ip(f"link set eth0 address {self.card.hex(':')} up")
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
            wire.bind(("eth0", 0))
            self.address = take(wire, self.card, name)
            wire.close()
            ip(f"addr add {self.address}/24 dev eth0")
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def ask(self, name: str) -> str:
        """The address of a name, as the office's resolver answers (RFC 1035 4)."""
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
        question = labels + b"\0" + struct.pack(">2H", 1, 1)
        message = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + question
        for _attempt in range(10):
            self.socket.sendto(message, (SERVER, 53))
            if select.select([self.socket], [], [], 1)[0]:
                return socket.inet_ntoa(self.socket.recv(512)[-4:])
        raise SystemExit(f"{name}: no answer")


def main(folder: Path) -> None:
    (folder / "logs").mkdir(exist_ok=True)
    for words in ("link set lo up", "link add br0 type bridge", f"addr add {SERVER}/24 dev br0"):
        ip(words)
    ip("link set br0 up")
    places = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    server = subprocess.Popen(
        commands(folder), stdout=sys.stderr, env={**os.environ, "PATH": places, "TZ": ZONE}
    )
    machines: dict[str, Machine] = {}
    try:
        for line in sys.stdin:
            what, name, *more = json.loads(line)
            if what == "join":
                one = machines[name] = Machine(len(machines) + 1, name)
                answer: object = [one.address, one.card.hex(":")]
            else:
                answer = machines[name].ask(*more)
            print(json.dumps(answer), flush=True)
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
