"""Both engines say the same of every sample when anything at all stands where its values stood."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach import logformat
from tests.engines.test_native_differential import (
    address,
    compare,
    few,
    filler,
    indicators,
    name,
    token,
    url,
    without_line_feeds,
)
from tests.engines.test_placed import LABELS, labels_of

pytest.importorskip("quetsach._native", reason="the native engine is not built")
pytestmark = pytest.mark.native

SAMPLES = [s for f in logformat.load_all().values() for s in f.samples]
VALUE = re.compile(
    rf"{re.escape(LABELS)}|www\.example\.org\.?|(?:\d+\.){{3}}\d+|2001:db8::[0-9a-f]+|\b\d\d:\d\d:\d\d\b"
)
anything = st.one_of(token, address, name, url, filler, name.map(labels_of))


@st.composite
def filled(draw: st.DrawFn) -> list[str]:
    """A sample's header and its line, some of its values replaced, at times cut short or doubled."""
    sample = draw(st.sampled_from(SAMPLES))

    def value(found: re.Match[str]) -> str:
        if draw(st.booleans()):
            return found[0]
        if found[0] == LABELS:
            return labels_of(draw(name))
        return draw(name if found[0].startswith("www") else draw(st.sampled_from((address, anything))))

    line = without_line_feeds(VALUE.sub(value, sample.line))
    if draw(st.integers(0, 9)) == 0:
        line = line[: draw(st.integers(0, len(line)))]
    header = sample.header if draw(st.integers(0, 9)) else ()
    return [*header, *[line] * draw(st.integers(1, 2))]


@few
@given(indicators, st.lists(filled(), min_size=1, max_size=4), st.booleans(), st.sampled_from(("\n", "\r\n")))
def test_both_engines_say_the_same(
    values: list[str], parts: list[list[str]], devices: bool, newline: str
) -> None:
    lines = [line for part in parts for line in part]
    compare(values, newline.join(lines).encode("utf-8", "surrogatepass"), devices=devices)
