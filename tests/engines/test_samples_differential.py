"""Both engines give the same answer for every sample of every format, also with other values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.logs import logformat
from quetsach.text.canonical import endpoint, split_authority
from tests.engines.both import compare, few
from tests.engines.random_lines import ADDRESSES, LISTED, NAMES, URLS
from tests.engines.samples import SAMPLES, VALUE

pytestmark = pytest.mark.native


def file_of(sample: logformat.Sample, line: str) -> bytes:
    return "\n".join([*sample.header, line, "the end"]).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(("name", "number", "sample"), SAMPLES, ids=[f"{n}-{i}" for n, i, _ in SAMPLES])
def test_every_value_of_a_sample_is_found_by_both(name: str, number: int, sample: logformat.Sample) -> None:
    told = sample.expect
    shown = [
        told.get("server"),
        *told.get("query", ()),
        *told.get("answers", ()),
        *told.get("server_name", ()),
    ]
    shown += [split_authority(v)[0] for v in told.get("host", ())]
    listed = [v.removesuffix(".") for v in shown if v and not v.startswith("<") and ("." in v or ":" in v)]
    if told.get("server") and told.get("server_port"):
        listed.append(endpoint(told["server"], told["server_port"]))
    for value in dict.fromkeys(listed):
        found = compare([value], file_of(sample, sample.line), devices=True)
        assert [s.count for s in found.sightings] == [1], value


@st.composite
def changed(draw: st.DrawFn) -> tuple[logformat.Sample, str]:
    """A sample with some of its addresses and names replaced, a part changed, or a wrapper put round it."""
    _, _, sample = draw(st.sampled_from(SAMPLES))
    values = st.one_of(st.sampled_from(ADDRESSES), st.sampled_from(NAMES), st.sampled_from(URLS))
    line = VALUE.sub(lambda m: draw(values) if draw(st.booleans()) else m[0], sample.line)
    if draw(st.booleans()):
        start = draw(st.integers(0, len(line)))
        end = draw(st.integers(start, min(len(line), start + 8)))
        line = (
            line[:start]
            + draw(st.sampled_from(("", '"', "\\", ",", "=", " ", "\t", '""', "|", "\\=")))
            + line[end:]
        )
    if draw(st.booleans()):
        line = f"<134>Sep 16 11:00:00 192.0.2.1 {line}"
    return sample, line.replace("\n", " ")


@few
@given(values=st.lists(st.sampled_from(LISTED), min_size=1, max_size=8, unique=True), found=changed())
def test_changed_samples_give_the_same_hits(values: list[str], found: tuple[logformat.Sample, str]) -> None:
    sample, line = found
    compare(values, file_of(sample, line), devices=True)


QUOTING = st.lists(
    st.sampled_from(('"', '""', "\\", " ", "=", ",", "evil.example", "203.0.113.9", "user=an")), max_size=9
)


@few
@given(words=QUOTING, separator=st.sampled_from((" ", ",")))
def test_pairs_quoted_in_any_way_give_the_same_hits(words: list[str], separator: str) -> None:
    pairs = [
        *(
            "date=2026-11-20",
            "time=09:15:00",
            "logid=1",
            "type=utm",
            "srcip=10.1.2.3",
            "hostname=" + "".join(words),
        ),
        *('url=""/a b""', "dstip=198.51.100.7"),
    ]
    line = separator.join(pairs)
    compare(["evil.example", "203.0.113.9", "198.51.100.7"], f"{line}\nthe end".encode(), devices=True)
