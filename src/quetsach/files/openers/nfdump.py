"""Flow files of nfcapd, read by the program nfdump itself (their layout changes with its versions)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from quetsach.errors import SourceError
from quetsach.files.openers import jsonlines
from quetsach.files.openers.ondisk import path_of
from quetsach.files.openers.opened import Opened

_FLAGS = {"F": "FIN", "S": "SYN", "R": "RST", "P": "PSH", "A": "ACK", "U": "URG"}
_MOST_RECORD = 1000
_DROPPED = range(128, 192)
"""RFC 7270 4.12."""


def open(file: Opened) -> Iterator[Opened]:
    """Its only stream: the flows."""
    yield jsonlines.opened(file, lines(file), format="ipfix")


def lines(file: Opened) -> Iterator[bytes]:
    """Every flow as one line of JSON.

    Raises:
        SourceError: nfdump is not installed, or it failed (after all flows that it gave).
    """
    program = shutil.which("nfdump")
    if program is None:
        raise SourceError(
            "is a flow file of nfcapd, which needs the program nfdump (Debian: apt-get install "
            "nfdump); or, where"
            " it is installed: nfdump -r FILE -o csv > flows.csv"
        )
    with path_of(file) as path:
        yield from _run(program, path)


def _run(program: str, path: Path) -> Iterator[bytes]:
    # nfdump writes local times without a zone.
    process = subprocess.Popen(
        [program, "-r", str(path), "-q", "-o", "json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"TZ": "UTC", "LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "")},
    )
    assert process.stdout is not None
    said: list[str] = []
    try:
        with process.stdout:
            text = (line.decode("utf-8", "replace") for line in process.stdout)
            for record in records(text, said):
                yield jsonlines.line(flow(record, zone="Z"))
        code = process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if code or said:
        raise SourceError(
            f"nfdump: {' '.join(said)[:200] or f'ended with code {code}'}; what came before was scanned"
        )


def records(text: Iterable[str], said: list[str]) -> Iterator[dict[str, Any]]:
    """The flat objects of nfdump's JSON, each of which starts and ends on a line of its own; other lines go
    to `said`."""
    held: list[str] = []
    for line in text:
        word = line.strip()
        if word.startswith("{"):
            held = [word]
        elif held:
            held.append(word)
        elif word not in ("", "[", "]", ","):
            said.append(word)
        if held and word.rstrip(",]").endswith("}"):
            try:
                found = json.loads("".join(held).rstrip(",]"))
            except ValueError:
                said.append("a flow that is no JSON")
            else:
                yield found
            held = []
        elif len(held) > _MOST_RECORD:
            said.append("a flow without an end")
            held = []
    if held:
        said.append("a flow without an end")


def flow(record: dict[str, Any], *, zone: str) -> dict[str, Any]:
    """One object of nfdump's JSON with the names of IPFIX; `zone` is added to its time, which shows none."""
    start = record.get("first") or record.get("t_first")
    nat = record.get("src4_xlt_ip") or record.get("src6_xlt_ip")
    port = record.get("src_xlt_port")
    if nat and port:
        nat = f"[{nat}]:{port}" if ":" in nat else f"{nat}:{port}"
    return {
        "flowStart": f"{start}{zone}" if start else None,
        "protocolIdentifier": record.get("proto"),
        "sourceIPv4Address": record.get("src4_addr"),
        "sourceIPv6Address": record.get("src6_addr"),
        "sourceTransportPort": record.get("src_port"),
        "destinationIPv4Address": record.get("dst4_addr"),
        "destinationIPv6Address": record.get("dst6_addr"),
        "destinationTransportPort": record.get("dst_port"),
        "tcpControlBits": [_FLAGS[flag] for flag in record.get("tcp_flags", "") if flag in _FLAGS],
        "forwardingStatus": "dropped" if record.get("fwd_status") in _DROPPED else None,
        "sourceMacAddress": _mac(record.get("in_src_mac")),
        "postNATSource": nat,
        "userName": record.get("username"),
    }


def _mac(value: str | None) -> str | None:
    return None if value == "00:00:00:00:00:00" else value
