"""Openers' records and shippers' events: both engines give the same answer for random ones."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.logs import logformat
from tests.engines.both import compare, few
from tests.engines.random_lines import address, indicators, name, token

pytestmark = pytest.mark.native
NAMES = ("windows.sysmon", "windows.security", "windows.dnsclient", "pihole.ftl", "adguardhome", "ipfix")
SAMPLES = [sample.line for one in NAMES for sample in logformat.get(one).samples]
STANDS_FOR = {
    "www.example.org": name,
    "cdn.example.net": token,
    "198.51.100.7": address,
    "198.51.100.9": address,
    "2001:db8::7": address,
    "::ffff:198.51.100.9": address,
    "443": st.sampled_from(("443", "8080", "x", "")),
    "type:  5 ": st.sampled_from(("type:  5 ", "type: 28 ", "type:", "type:  ", " ", ";", "-;", "type:  x ")),
}


@st.composite
def lines(draw: st.DrawFn) -> str:
    line = draw(st.sampled_from(SAMPLES))
    for old, new in STANDS_FOR.items():
        if old in line and draw(st.booleans()):
            line = line.replace(old, json.dumps(draw(new), ensure_ascii=draw(st.booleans()))[1:-1])
    return line.replace("\n", " ")


@few
@given(indicators, st.lists(lines(), min_size=1, max_size=5), st.booleans())
def test_native_says_what_portable_says(values: list[str], found: list[str], devices: bool) -> None:
    compare(values, "\n".join(found).encode("utf-8", "surrogatepass"), devices=devices)
