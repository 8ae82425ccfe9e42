"""A hostile line costs no format of the portable engine more than a moment: no expression tries all ways."""

from __future__ import annotations

import pytest

from quetsach.logs import logformat
from quetsach.scanning.engines.records import LineReader

FORMATS = logformat.load_all()
WITH_PATTERNS = [f for f in FORMATS.values() if any(s.patterns or s.head for s in f.shapes)]
SIZE = 64 * 1024
PLACES = 6
FTD = "%FTD-6-430003: SrcIP: 10.0.0.1, DstIP: 203.0.113.9, "


def hostile(line: str, unit: str, size: int) -> bytes:
    """The beginning of a line up to a word, and then that word again and again."""
    start = line[: line.index(unit)].encode()
    word = unit.encode()
    return (start + word * (size // len(word) + 1))[:size]


def words(line: str) -> list[str]:
    """Some of the line's words with what parts them, from its beginning to its end."""
    ends = [i + 1 for i, c in enumerate(line) if c in " ,;|\t"]
    cut = [line[a:b] for a, b in zip([0, *ends], [*ends, len(line)], strict=True) if b > a]
    return cut[:: max(1, len(cut) // PLACES)]


@pytest.mark.parametrize("one", WITH_PATTERNS, ids=lambda f: f.name)
def test_a_line_that_repeats_one_word_is_read_at_once(one: logformat.LogFormat) -> None:
    """A cubic step would make this test run for ever."""
    reader = LineReader(FORMATS)
    longest = max((sample.line for sample in one.samples), key=len)
    for unit in words(longest):
        reader.read(hostile(longest, unit, SIZE // 8), [one.name])


@pytest.mark.parametrize(
    ("name", "start", "unit"),
    [
        ("checkpoint.log", "syslog[", 'dst:"203.0.113.9"; '),
        ("checkpoint.log", 'syslog[loguid:"{0x0}"; ', 'time:"1"; dst:"203.0.113.9"; src:"10.0.0.1"; '),
        ("checkpoint.log", "1 2026-11-20T02:15:00Z ", "a"),
        ("cisco.ftd", FTD, "User: No "),
        ("cisco.ftd", FTD, "User: a, DNSResponseType: b, "),
        ("cisco.ftd", FTD, "ResponderPackets: 1, User: a, "),
        ("mikrotik.addresslist", " 0", " "),
        ("azure.firewall", '{"msg":"TCP request from 10.0.0.1:1 to 203.0.113.9:4. ', "Action: "),
        ("azure.firewall", "{", '"time":"1","properties":{'),
        ("windows.snare", "MSWinEventLog\t1\tSecurity\t8\t", " "),
        ("draytek.vigor", "[FILTER][Pass][@S:R=1:1, 10.0.0.1:1->203.0.113.9:2][TCP][", "Flag=A"),
    ],
)
def test_a_hostile_line_is_read_at_once(name: str, start: str, unit: str) -> None:
    """These took minutes, or would have."""
    line = (start + unit * (SIZE // len(unit)))[:SIZE].encode()
    LineReader(FORMATS).read(line, [name])
