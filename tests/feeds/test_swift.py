"""The fast path through a list gives the readers' answer: same set, same remarks, same concerns."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("quetsach._native")

from quetsach.errors import IndicatorError
from quetsach.indicators import draft, guard, reading, setfile
from quetsach.indicators.indicator import Indicator, Scope
from quetsach.scanning.engines.native import NativeEngine

VALUES = st.one_of(
    st.sampled_from(
        (
            "evil.example", "EVIL.example", "evil.example.", "*.evil.example", ".evil.example",
            "=evil.example", "a.evil.example", "my_evil.example", "-a.example", "a..example", "com",
            "com.vn", "gov.vn", "x.gov.vn", "github.com", "evil.github.io", "github.io",
            "xn--evl-ela.example", "thử.example", "0xab.de", "1.2.3.4-a.example", "192.0.2.1", "8.8.8.8",
            "010.0.0.1", "1.2.3", "1.2.3.444", "10.1.2.3", "203.0.114.7", "203.0.114.7:80",
            "203.0.114.7:080", "203.0.114.7:0", "203.0.114.7:65536", "evil.example:80", "8.8.8.8:53",
            "203.0.114.0/24", "203.0.114.9/24", "203.0.114.1-203.0.114.4", "203.0.114.1-4",
            "203.0.114.7:80/tcp", "evil.example:80/UDP", "2a00::1", "[2a00::1]:80",
            "::ffff:8.8.8.8", "http://evil.example", "https://evil.example/", "http://evil.example/a",
            "http://evil.example:80/a?b=c", "http://203.0.114.7", "http://203.0.114.7/",
            "http://203.0.114.7:8080/x", "http://203.0.114.7:8080", "http://0xab.de", "http://0xab.de/a",
            "http://10.0.0.1/a", "http://x.gov.vn/a", "http://Evil.example/A", "http://u@evil.example/a",
            "http://evil.example/a#b", "http://evil.example/[.]a", "hxxp://evil[.]example/a",
            "http://evil.example?a", "http://evil.example:080/a", "http:///a", "ftp://evil.example/a",
            "evil.example/a", "d41d8cd98f00b204e9800998ecf8427e", "a@evil.example",
            "localhost.localdomain", "", "x" * 64 + ".example", "*.example.org", "evil.123", "evil.1-",
            "meow.example", "h.ps", "meow.example/a", "evil.example/http://a", "evil.example/",
            "evil.example/24", "203.0.114.7/a", "203.0.114.7/", "203.0.114.7:80/24", "203.0.114.7/32",
            "203.0.114.0/024", "203.0.114.0/+24", "203.0.114.0/255.255.255.0", "203.0.114.0/33",
            "0.0.0.0/0", "8.8.8.0/24",
            "8.8.8.0/25", "9.0.0.0/15", "203.0.112.0/23", "10.1.0.0/24", "198.51.100.0/25", "2a00:0::1",
            "2A00::1", "2a00::1:80", "2002:c000:204::1", "2a00::/32", "64:ff9b::8.8.8.8", "2a00::1%1",
        )
    ),
    st.from_regex(r"(https?://)?[a-c0-2_.-]{1,8}\.[a-c0-2]{1,3}(:[0-9]{1,5})?(/[ -~]{0,6})?", fullmatch=True),
    st.text(max_size=8),
)  # fmt: skip
FAMILIES = st.sampled_from(("", "-", "None", "Ramnit", " Ramnit ", "họ mã", "a  b", "a\u00a0b", "a\x1fb"))
KINDS = st.sampled_from(
    ("", "domain", "url", "Domain", "hostname", "ipv4-port", "ip", "md5", " url ", "ip-dst|port")
)
ENDS = st.sampled_from(("\n", "\n", "\r\n", "\r", "\n\n"))
PLAIN = st.tuples(
    st.sampled_from(("", "", "", " ", "\t", "# ")),
    VALUES,
    st.sampled_from(("", "", " # c", " b.example", "\t")),
)
HOSTS = st.tuples(
    st.sampled_from(
        (
            "0.0.0.0 ",
            "127.0.0.1\t",
            "127.1.2.3 ",
            "::1 ",
            "0.0.0.0  ",
            "",
            " 0.0.0.0 ",
            "0.0.0.1 ",
            "203.0.114.7 ",
        )
    ),
    VALUES,
)
TABLE = st.tuples(
    VALUES, st.just(","), KINDS, st.just(","), FAMILIES, st.sampled_from(("", ",more", ',"q"', '"'))
)
BODIES = st.one_of(
    st.lists(st.tuples(PLAIN.map("".join), ENDS), max_size=12).map(lambda rows: ("", rows)),
    st.lists(st.tuples(HOSTS.map("".join), ENDS), min_size=1, max_size=12).map(
        lambda rows: ("0.0.0.0 first.example\n0.0.0.0 second.example\n", rows)
    ),
    st.lists(st.tuples(HOSTS.map("".join), ENDS), max_size=12).map(
        lambda rows: ("".join(f"203.0.114.7 name{n}.example\n" for n in range(50)), rows)
    ),
    st.lists(st.tuples(TABLE.map("".join), ENDS), max_size=12).map(
        lambda rows: ("# indicator list\nindicator,type,family\n", rows)
    ),
)


def body(made: tuple[str, list[tuple[str, str]]]) -> str:
    head, rows = made
    return head + "".join(line + end for line, end in rows)


def both(paths: list[Path], scope: Scope | None) -> tuple[reading.FeedResult, reading.FeedResult]:
    swift = reading.read_many(paths, scope=scope, draft=draft.Draft())
    return reading.read_many(paths, scope=scope), swift


def concerns(read: reading.FeedResult, judged: guard.GuardResult) -> list[object]:
    found = (*judged.stopped, *judged.warned)
    places = read.origins_of(one.indicator for one in found)
    return [
        (one._replace(indicator=flat([one.indicator])[0]), places[one.indicator.kind, one.indicator.value])
        for one in found
    ]


def flat(indicators: Iterable[Indicator]) -> list[Indicator]:
    """Families with white space normalised as in a set file."""
    return [i._replace(family=" ".join(i.family.split())) for i in indicators]


@settings(max_examples=40)
@given(lists=st.lists(BODIES.map(body), min_size=1, max_size=2), scope=st.sampled_from((None, *Scope)))
def test_random_lists_read_swiftly_or_slowly_are_the_same(lists: list[str], scope: Scope | None) -> None:
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"list{number}" for number in range(len(lists))]
        for path, text in zip(paths, lists, strict=True):
            path.write_text(text, encoding="utf-8", newline="")
        try:
            slow, swift = both(paths, scope)
        except IndicatorError as error:
            with pytest.raises(type(error)):
                reading.read_many(paths, scope=scope, draft=draft.Draft())
            return
        assert (swift.rejects, swift.warnings, swift.recognised) == (
            slow.rejects, slow.warnings, slow.recognised,
        )  # fmt: skip
        assert swift.indicators.kinds() == slow.indicators.kinds()
        judged = guard.apply(slow.indicators), guard.apply(swift.indicators)
        told = concerns(slow, judged[0]), concerns(swift, judged[1])
        assert repr(told[1]) == repr(told[0])
        assert flat(judged[1].kept) == flat(judged[0].kept)
        assert judged[1].kept.id == judged[0].kept.id
        if not len(judged[0].kept):
            return
        engine = NativeEngine()
        engine.compile_to(judged[1].kept, paths[0])
        setfile.write(paths[-1].with_suffix(".portable"), judged[0].kept)
        assert flat(setfile.read(paths[0])) == flat(judged[0].kept)
        assert flat(setfile.read(paths[-1].with_suffix(".portable"))) == flat(judged[0].kept)
        again = paths[0].read_bytes()
        engine.compile_to(judged[0].kept, paths[0])
        assert paths[0].read_bytes() == again
