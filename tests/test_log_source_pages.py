"""The pages of the log sources: each command on them is run on the named files, and finds the machines.

Comments on a page say which sample lies in a file: `<!-- sample: dns.log = windows.dns -->`. The lines are
the samples of that format's file; `MADE` writes the files that no format describes.
"""

from __future__ import annotations

import gzip
import io
import re
import shlex
import struct
import tarfile
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from quetsach import cli
from quetsach.indicators import setfile
from quetsach.indicators.indicator import IndicatorSet, Scope
from quetsach.indicators.lists.item import parse
from quetsach.logs import logformat
from quetsach.sightings.scanfile import read
from quetsach.sightings.sighting import Sighting
from quetsach.text import language
from tests.openers.pihole import NEW, database

DOCS = Path(__file__).parent.parent / "docs"
FOLDERS = {"en": DOCS / "en/log-sources", "vi": DOCS / "vi/nguon-nhat-ky"}
PAGES = [path for folder in FOLDERS.values() for path in sorted(folder.glob("*.md")) if path.stem != "README"]
LISTS = {"en": "list.csv", "vi": "danh-sach.csv"}
LISTED = ["example.org", "evil.example", "198.51.100.0/24", "203.0.113.0/24", "2001:db8:1::/48"]


def _lines(name: str) -> list[str]:
    return [line for s in logformat.load_all()[name].samples for line in (*s.header, s.line)]


def _packets() -> bytes:
    """A question for www.example.org in a pcap file (Ethernet, IPv4, UDP; RFC 1035)."""
    name = b"".join(bytes([len(label)]) + label for label in (b"www", b"example", b"org")) + b"\0"
    dns = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1)
    udp = struct.pack(">4H", 50000, 53, 8 + len(dns), 0) + dns
    ip = struct.pack(
        ">2B3H2BH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes([192, 168, 1, 20]), b"\x0a\0\0\x35"
    )
    frame = bytes.fromhex("020000000001020000000014") + b"\x08\0" + ip + udp
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return head + struct.pack("<4I", 1663300800, 0, len(frame), len(frame)) + frame


def _tar(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        member = tarfile.TarInfo("logs/dns.log")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def _zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("dns.log", data)
    return out.getvalue()


def _event(provider: str, number: int, **data: str) -> bytes:
    """One event in the form of `wevtutil qe LOG /f:xml`."""
    fields = "".join(f"<Data Name='{key}'>{value}</Data>" for key, value in data.items())
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name='Microsoft-Windows-{provider}'/><EventID>{number}</EventID>"
        "<TimeCreated SystemTime='2026-11-24T04:00:00.1234567Z'/><Computer>PC-07</Computer></System>"
        f"<EventData>{fields}</EventData></Event>\n"
    ).encode()


EVENTS = {
    "windows.sysmon": _event("Sysmon", 22, QueryName="www.example.org", QueryStatus="0", User="XA-A\\lan"),
    "windows.dnsclient": _event("DNS-Client", 3008, QueryName="www.example.org", QueryStatus="0"),
    "windows.security": _event(
        "Security-Auditing",
        5156,
        Direction="%%14593",
        SourceAddress="10.1.2.3",
        SourcePort="50003",
        DestAddress="203.0.113.9",
        DestPort="443",
        Protocol="6",
    ),
}
MADE: dict[str, tuple[bytes, str]] = {
    # Kind: content, and the log format that is recognised ("" for none).
    "dhcp": (
        b"2018-02-17T23:00:00+07:00 gw dhcpd[7]: "
        b"DHCPACK on 192.168.10.48 to 02:00:00:00:00:14 (pc-07) via eth1\n",
        "",
    ),
    "docker": (
        b'{"log":"dnsmasq[1]: query[A] www.example.org from 192.168.1.20\\n","stream":"stdout",'
        b'"time":"2026-11-24T04:00:00Z"}\n',
        "dnsmasq",
    ),
    "journald": (
        b'{"MESSAGE":"query[A] www.example.org from 192.168.1.21","SYSLOG_IDENTIFIER":"dnsmasq",'
        b'"_PID":"612","__REALTIME_TIMESTAMP":"1663300800000000"}\n',
        "dnsmasq",
    ),
    "table": (
        b"ts,src_ip,dst_ip,dst_port,action\n2026-11-24 11:00:00,192.168.1.20,203.0.113.9,443,deny\n",
        "fields.csv",
    ),
    "packets": (_packets(), "pcap.dns"),
    "tinyproxy": (
        b"CONNECT   Sep 16 11:00:00.174 [77]: Connect (file descriptor 5): 192.168.1.20\n"
        b"CONNECT   Sep 16 11:00:00.175 [77]: "
        b"Request (file descriptor 5): GET http://www.example.org/a HTTP/1.1\n",
        "tinyproxy",
    ),
}
PACKED: dict[str, Callable[[bytes], bytes]] = {"archive": _tar, "gzip": gzip.compress, "zip": _zip}


def _write(path: Path, kind: str, turn: int) -> str:
    """Write a file of that kind; returns the log format that must be recognised."""
    path.parent.mkdir(exist_ok=True)
    if kind == "database":
        database(path, NEW)
        return "pihole.ftl"
    if kind in MADE:
        path.write_bytes(MADE[kind][0])
        return MADE[kind][1]
    packing, _, name = kind.rpartition(" ")
    if packing == "xml":
        path.write_bytes(EVENTS[name])
        return name
    lines = _lines(name)
    # Two files with the same first bytes count as one log.
    data = "".join(f"{line}\n" for line in lines[:1] * turn + lines).encode()
    path.write_bytes(PACKED[packing](data) if packing else data)
    return name


def _samples(page: Path) -> dict[str, str]:
    return dict(re.findall(r"<!-- sample: (\S+) = (.+?) -->", page.read_text(encoding="utf-8")))


def _commands(page: Path) -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_the_commands_of_a_page_find_what_lies_in_its_sample(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lang = next(key for key, folder in FOLDERS.items() if folder == page.parent)
    indicators = IndicatorSet([one for item in LISTED for one in parse(item, Scope.WITH_SUBDOMAINS)[0]])
    setfile.write(Path(LISTS[lang]), indicators)
    wanted = {
        name: _write(Path(name), kind, turn) for turn, (name, kind) in enumerate(_samples(page).items())
    }
    commands = _commands(page)
    found: list[Sighting] = []
    for command in commands:
        assert command[:2] == ["quetsach", "scan"]
        code = cli.run([*command[1:], "--json"])
        language.use("en")
        out, err = capfd.readouterr()
        assert code == 1, (command, err)
        found += [one for _, one in read(io.BytesIO(out.encode())) if isinstance(one, Sighting)]
        assert all(Path(name).stat().st_size for flag, name in pairwise(command) if flag == "-o")
    assert {one.logformat for one in found} == set(wanted.values()) - {""}
    words = [word.rstrip("/") for command in commands for word in command[2:]]
    assert [name for name in wanted if not name.startswith(tuple(words))] == []
    # The address list of a MikroTik does not record the caller.
    assert {one.logformat for one in found if one.device} == set(wanted.values()) - {
        "",
        "mikrotik.addresslist",
    }
    if page.stem == "dhcp":
        assert {one.identity.get("host") for one in found if one.device == "192.168.10.48"} >= {"pc-07"}


def test_both_languages_have_the_same_pages_with_the_same_commands() -> None:
    def told(lang: str) -> dict[str, tuple[dict[str, str], list[list[str]]]]:
        names = {LISTS[lang]: "list", "ket-qua": "result"}
        pages = {page.stem: page for page in PAGES if page.parent == FOLDERS[lang]}
        plain = {
            name: [[re.sub("|".join(names), lambda m: names[m[0]], word) for word in c] for c in _commands(p)]
            for name, p in pages.items()
        }
        return {name: (_samples(page), plain[name]) for name, page in pages.items()}

    assert told("vi") == told("en")


@pytest.mark.parametrize("lang", FOLDERS)
def test_the_index_leads_to_every_page_and_every_format_has_one(lang: str) -> None:
    pages = [page for page in PAGES if page.parent == FOLDERS[lang]]
    index = (FOLDERS[lang] / "README.md").read_text(encoding="utf-8")
    assert {page.name for page in pages} == set(re.findall(r"\]\(([a-z-]+\.md)\)", index))
    kinds = " ".join(kind for page in pages for kind in _samples(page).values()).split()
    assert set(logformat.load_all()) - set(kinds) == {"pihole.ftl"}, "the database holds its samples"
