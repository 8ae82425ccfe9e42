"""Addresses that BIND spells backwards, as owners in a response policy zone (draft-vixie-dnsop-dns-rpz)."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.engines.decoders import DECODERS
from quetsach.scanning.engines.portable import PortableEngine
from tests.engines.both import compare, few
from tests.engines.indicator_sets import make_set

LISTED = ("203.0.113.9", "2001:db8:0:1::57")
HEAD = "17-Feb-2022 05:34:40.468 rpz: info: client @0x7f19c4a43b70 192.168.1.20#65359 (www.example.org): "
V4 = "rpz IP NXDOMAIN rewrite www.example.org/A/IN via 32.9.113.0.203.rpz-ip.rpz.example.net"
V6 = "rpz IP NXDOMAIN rewrite www.example.org/AAAA/IN via 128.57.zz.1.0.db8.2001.rpz-ip.rpz.example.net"
OTHERS = (
    "rpz NSIP NXDOMAIN rewrite www.example.org/A/IN via 32.9.113.0.203.rpz-nsip.rpz.example.net",
    "rpz CLIENT-IP DROP rewrite www.example.org/A/IN via 32.9.113.0.203.rpz-client-ip.rpz.example.net",
    "rpz QNAME NXDOMAIN rewrite a.example.org/A/IN via 32.9.113.0.203.rpz-ip.rpz.example.net",
    "rpz IP NXDOMAIN rewrite www.example.org/A/IN via 24.9.113.0.203.rpz-ip.rpz.example.net",
    "rpz IP NXDOMAIN rewrite www.example.org/A/IN via 32.8.113.0.203.rpz-ip.rpz.example.net",
)
NOISE = "Feb 17 05:34:40 gw CRON[99]: (root) CMD (run-parts /etc/cron.hourly)"


def owner(network: str) -> bytes:
    """The owner of a trigger, from an address reversed by Python's library."""
    net = ipaddress.ip_network(network)
    if net.version == 4:
        words = str(net.network_address).split(".")
    else:
        words = str(net.network_address).replace("::", ":zz:").strip(":").split(":")
    return ".".join([str(net.prefixlen), *reversed(words), "rpz-ip", "rpz", "example"]).encode()


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_an_owner_is_its_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    spelled = str(address)
    if address.version == 6 and "." in spelled:
        return
    assert DECODERS["trigger"](owner(spelled)) == (spelled.encode(),)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"rpz-ip",
        b"32.9.113.0.203.rpz-ipx",
        b"32.9.113.0.rpz-ip",
        b"32.256.0.0.1.rpz-ip",
        b"31.9.113.0.203.rpz-ip",
        b"64.zz.db8.2001.rpz-ip",
        b"128.zz.1.zz.2001.rpz-ip",
        b"128.12345.zz.rpz-ip",
        b"128.1.2001.rpz-ip",
        b"x32.9.113.0.203.rpz-ip",
        b"*.32.9.113.0.203.rpz-ip",
    ],
)
def test_what_is_no_address_of_a_trigger_has_none(value: bytes) -> None:
    assert DECODERS["trigger"](value) == ()


@pytest.mark.parametrize("noise", [0, 12])
def test_the_address_counts_as_the_answer_in_a_log_of_bind_and_in_one_of_many_daemons(
    tmp_path: Path, noise: int
) -> None:
    lines = [HEAD + text for text in (V4, V6, *OTHERS)]
    path = tmp_path / "rpz.log"
    path.write_text("\n".join([*lines, *[NOISE] * noise]) + "\n")
    matcher = PortableEngine().compile(make_set(list(LISTED)))
    result = matcher.scan(path, ScanOptions(), PortableEngine().progress())
    found = [
        (row.indicator, row.device, row.field, row.action, row.logformat, row.count)
        for row in result.sightings
    ]
    assert sorted(found) == [
        ("2001:db8:0:1::57", "192.168.1.20", "answer", "blocked", "bind", 1),
        ("203.0.113.9", "192.168.1.20", "answer", "blocked", "bind", 1),
    ]
    assert result.coverage.not_understood == 0


numbers = st.sampled_from(
    ["32", "128", "24", "9", "113", "0", "203", "zz", "db8", "2001", "57", "1", "00001"]
)
owners = st.lists(numbers, min_size=3, max_size=10).map(".".join)


@pytest.mark.native
@few
@given(st.lists(st.sampled_from([V4, V6, *OTHERS, NOISE]) | owners, min_size=1, max_size=8), st.booleans())
def test_both_engines_read_triggers_the_same(texts: list[str], devices: bool) -> None:
    lines = []
    for text in texts:
        whole = text if " " in text else f"rpz IP NODATA rewrite a.example.org/A/IN via {text}.rpz-ip.x"
        lines.append(whole if whole == NOISE else HEAD + whole)
    compare(list(LISTED), "\n".join(lines).encode(), devices=devices)
