"""Charts are to scale and described in words, and no unit's name breaks them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.kit.charts import Bar, Series, Stack, bars, lines, stacked

HOSTILE = '<script>alert("1")</script>&\'"'


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def of_class(svg: str, name: str) -> list[ElementTree.Element]:
    return [e for e in parse(svg).iter() if name in (e.get("class") or "").split()]


def text_of(svg: str) -> list[str]:
    return [e.text or "" for e in parse(svg).iter("text")]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_bars_are_as_long_as_their_share(shares: list[float]) -> None:
    svg = bars("k", "t", "d", [Bar(str(n), share, "x") for n, share in enumerate(shares)])
    drawn = [float(e.get("width", "").rstrip("%")) for e in of_class(svg, "bar")]
    assert drawn == pytest.approx([100 * share for share in shares], abs=0.006)
    assert all(e.get("width") == "100%" and e.get("x") == "0" for e in of_class(svg, "track"))


def test_what_is_not_known_is_hatched_and_never_a_bar_of_zero() -> None:
    svg = bars("k", "t", "d", [Bar("A", None, "chưa có số liệu"), Bar("B", 0.0, "0 / 5")])
    assert len(of_class(svg, "bar")) == 1
    assert len(of_class(svg, "h-box")) == 1
    assert "url(#k-hatch)" in svg and 'id="k-hatch"' in svg


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 9)), min_size=1, max_size=8))
def test_stacked_parts_share_one_scale_and_touch(counts: list[tuple[int, int, int]]) -> None:
    rows = [Stack(str(n), (a, b), str(a + b), unknown) for n, (a, b, unknown) in enumerate(counts)]
    svg = stacked("k", "t", "d", ["một", "hai"], rows)
    longest = max(sum(count) for count in counts) or 1
    parts = [
        e for e in parse(svg).iter("rect") if "%" in (e.get("width") or "") and e.get("class") in {"p1", "p2"}
    ]
    total = sum(float(e.get("width", "").rstrip("%")) for e in parts)
    assert total == pytest.approx(sum(a + b for a, b, _ in counts) * 100 / longest, abs=0.2)


@pytest.mark.parametrize(("top", "axis"), [(69, ["35", "70"]), (1, ["1", "2"]), (2468, ["1.234", "2.468"])])
def test_an_axis_of_counts_has_whole_numbers(top: int, axis: list[str]) -> None:
    svg = lines("k", "t", "d", list("ab"), [Series("x", (0, top))], top=top, unit="", gap="")
    assert text_of(svg)[:2] == axis


def test_lines_break_where_nobody_looked() -> None:
    values = (0.0, 50.0, None, None, 100.0, 75.0)
    svg = lines(
        "k", "t", "d", list("abcdef"), [Series("x", values)], top=100, unit=" %", gap="không có số liệu"
    )
    curves = of_class(svg, "ln")
    assert [len(e.get("points", "").split()) for e in curves] == [2, 2]
    ys = [float(point.split(",")[1]) for e in curves for point in e.get("points", "").split()]
    assert ys == [100, 50, 0, 25]
    assert len(of_class(svg, "d1")) == 4
    assert "không có số liệu" in text_of(svg) and of_class(svg, "h-box")


def test_names_of_lines_never_lie_on_each_other() -> None:
    for end in range(0, 101, 5):
        pair = [Series("một", (0, 50.0)), Series("hai", (0, float(end)))]
        svg = lines("k", "t", "d", ["1", "2"], pair, top=100, unit="", gap="")
        ys = sorted(float(e.get("y", "0")) for e in parse(svg).iter("text") if e.text in {"một", "hai"})
        assert ys[1] - ys[0] >= 18 and ys[1] <= 216


def test_one_day_and_no_day_can_be_drawn() -> None:
    assert "<svg" in lines("k", "t", "d", ["1"], [Series("x", (5,))], top=10, unit="", gap="")
    assert "<svg" in lines("k", "t", "d", [], [], top=0, unit="", gap="")


def test_more_than_four_series_are_refused() -> None:
    with pytest.raises(ValueError, match="4"):
        lines("k", "t", "d", ["1"], [Series(str(n), (1,)) for n in range(5)], top=1, unit="", gap="")
    with pytest.raises(ValueError, match="4"):
        stacked("k", "t", "d", list("abcde"), [])


def test_hostile_names_stay_text_and_no_style_or_handler_is_written() -> None:
    drawn = [
        bars("k", HOSTILE, HOSTILE, [Bar(HOSTILE * 3, 0.5, HOSTILE)]),
        stacked("k", HOSTILE, HOSTILE, [HOSTILE], [Stack(HOSTILE, (1,), HOSTILE)]),
        lines("k", HOSTILE, HOSTILE, [HOSTILE], [Series(HOSTILE, (1,))], top=1, unit=HOSTILE, gap=HOSTILE),
    ]
    for svg in drawn:
        root = parse(svg)
        assert not list(root.iter("script"))
        assert root.find("title").text == HOSTILE and root.find("desc").text == HOSTILE  # type: ignore[union-attr]
        assert HOSTILE in text_of(svg)
        assert not any(re.match("style$|on", name) for e in root.iter() for name in e.attrib)


def test_it_is_named_for_who_cannot_see_it() -> None:
    root = parse(bars("k", "Tiêu đề", "Lời kể", [Bar("A", 1.0, "1")]))
    ids = {e.get("id"): e.text for e in root.iter() if e.get("id")}
    assert [ids[name] for name in (root.get("aria-labelledby") or "").split()] == ["Tiêu đề", "Lời kể"]
    assert root.get("role") == "img"
