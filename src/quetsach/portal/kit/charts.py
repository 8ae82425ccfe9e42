"""Charts as server-drawn SVG: bars, stacked bars, lines. They need no script and no style attribute.

Horizontal places are percentages and text is never scaled, so 14 px stay 14 px at any width. Colours are the
classes of portal.css. None means "we could not look": it is hatched, never drawn as zero. A page puts the
finding above the chart and the table below it.

A text with figures is made by `sentence` and `in_chart` (`templatetags/figures.py`), which name them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from math import ceil

from django.forms.utils import flatatt
from django.utils.html import conditional_escape, format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe

from quetsach.portal.kit.templatetags.kit import num

ROW, THICK = 38, 8
"""Pixels from bar to bar, and the thickness of a bar."""
MOST_SERIES = 4
LONGEST_LABEL = 34
TOP, HIGH = 24, 192
"""Pixels of a line chart: the top of the plot, and its height."""
UNDER_NAME = 35.0
"""Per cent of the width that a line's name may cover."""
EDGE = 3.0
"""Per cent of the width left free on both sides of a line chart."""


@dataclass(frozen=True)
class Bar:
    """One bar: `share` of the track (0 to 1), None if unknown; the text `said` stands at its right end."""

    label: str
    share: float | None
    said: str


@dataclass(frozen=True)
class Stack:
    """One bar with parts, in the order of the series; the `unknown` part is hatched at its end."""

    label: str
    parts: tuple[int, ...]
    said: str
    unknown: int = 0


@dataclass(frozen=True)
class Series:
    """One line: a value for each day, None for days without one; the text `said` names it at its end."""

    said: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Band:
    """A range behind the lines: the least and the greatest value of each day."""

    low: tuple[float, ...]
    high: tuple[float, ...]


def words_of(said: str) -> str:
    """The words of a text without the marks of its figures, for titles and descriptions."""
    return unescape(strip_tags(said)) if isinstance(said, SafeString) else said


def bars(key: str, title: str, told: str, rows: Sequence[Bar]) -> SafeString:
    """Horizontal bars from zero. `key` makes ids unique on the page; `told` describes the chart in words."""
    parts: list[SafeString] = [_hatch(key)]
    for index, row in enumerate(rows):
        y = 15 + index * ROW
        parts += _labels(row.label, row.said, y, row.share is not None)
        if row.share is None:
            parts += _gap(key, "0", y + 7, "100%", THICK)
        else:
            parts.append(_el("rect", class_="track", x="0", y=y + 7, width="100%", height=THICK))
            width = _percent(100 * min(max(row.share, 0.0), 1.0))
            parts.append(_el("rect", class_="bar", x="0", y=y + 7, width=width, height=THICK))
    return _chart(key, title, told, len(rows) * ROW, parts)


def stacked(key: str, title: str, told: str, names: Sequence[str], rows: Sequence[Stack]) -> SafeString:
    """Stacked bars on one scale, the longest as wide as the chart; the names of the parts stand above."""
    if len(names) > MOST_SERIES:
        raise ValueError(f"{len(names)} series; a chart shows {MOST_SERIES} at most")
    longest = max((sum(row.parts) + row.unknown for row in rows), default=0) or 1
    parts: list[SafeString] = [_hatch(key)]
    for index, name in enumerate(names):
        parts.append(_el("rect", class_=f"p{index + 1}", x="0", y=3 + index * 22, width=14, height=14))
        parts.append(_text(name, "22", 15 + index * 22))
    start = len(names) * 22 + 12
    for index, row in enumerate(rows):
        y = start + 15 + index * ROW
        parts += _labels(row.label, row.said, y, True)
        x = 0.0
        for number, value in enumerate(row.parts, start=1):
            width = 100 * value / longest
            if value:
                place = {"x": _percent(x), "y": y + 7, "width": _percent(width), "height": THICK}
                parts.append(_el("rect", class_=f"p{number}", **place))
            x += width
        if row.unknown:
            parts += _gap(key, _percent(x), y + 7, _percent(100 * row.unknown / longest), THICK)
    return _chart(key, title, told, start + len(rows) * ROW, parts)


def lines(
    key: str,
    title: str,
    told: str,
    days: Sequence[str],
    series: Sequence[Series],
    *,
    top: float,
    unit: str,
    gap: str,
    band: Band | None = None,
) -> SafeString:
    """Lines over days, from zero to `top`; `gap` is the text over days for which no series has a value.
    `band` lies behind the lines.

    `unit` follows the numbers of the axis, such as " %"; without one they are counts, and the axis is made
    so high that its half is whole. Raises ValueError for more than four series.
    """
    if not unit:
        top = 2 * max(ceil(top / 2), 1)
    if len(series) > MOST_SERIES:
        raise ValueError(f"{len(series)} series; a chart shows {MOST_SERIES} at most")
    xs = [EDGE + (100 - 2 * EDGE) * i / max(len(days) - 1, 1) for i in range(len(days))]
    parts: list[SafeString] = [_hatch(key)]
    for first, last in _runs([all(s.values[i] is None for s in series) for i in range(len(days))]):
        half = (xs[1] - xs[0]) / 2 if len(xs) > 1 else EDGE
        left, right = max(xs[first] - half, 0.0), min(xs[last] + half, 100.0)
        parts += _gap(key, _percent(left), TOP, _percent(right - left), HIGH)
        parts.append(_text(gap, _percent((left + right) / 2), TOP - 8, class_="t2", text_anchor="middle"))
    for share in (0.0, 0.5, 1.0):
        y = round(TOP + HIGH * (1 - share), 1)
        parts.append(_el("line", class_="grid" if share else "axis", x1="0", x2="100%", y1=y, y2=y))
        if share:
            parts.append(_text(f"{num(top * share)}{unit}", "0", y - 5, class_="t2"))
    parts.append(_curves(xs, series, top, band))
    for number, one in enumerate(series, start=1):
        parts += [
            _el("circle", class_=f"d{number}", cx=_percent(x), cy=_height(value, top), r="3.5")
            for x, value in zip(xs, one.values, strict=True)
            if value is not None
        ]
    parts += _endings(xs, series, top)
    parts += _day_labels(days, xs)
    return _chart(key, title, told, TOP + HIGH + 28, parts)


def _curves(
    xs: Sequence[float], series: Sequence[Series], top: float, band: Band | None = None
) -> SafeString:
    """The lines, in a square of 100 × 100 that stretches; each breaks where it has no value."""
    drawn = []
    if band is not None:
        edge = [*zip(xs, band.high, strict=True), *reversed(list(zip(xs, band.low, strict=True)))]
        points = " ".join(f"{x:.2f},{100 - 100 * min(value / (top or 1), 1):.2f}" for x, value in edge)
        drawn.append(_el("polygon", class_="band", points=points))
    for number, one in enumerate(series, start=1):
        for first, last in _runs([value is not None for value in one.values]):
            points = " ".join(
                f"{x:.2f},{100 - 100 * min((value or 0) / (top or 1), 1):.2f}"
                for x, value in zip(xs[first : last + 1], one.values[first : last + 1], strict=True)
            )
            drawn.append(_el("polyline", class_=f"ln ln{number}", points=points))
    return _el(
        "svg", *drawn, x="0", y=TOP, width="100%", height=HIGH, viewBox="0 0 100 100",
        preserveAspectRatio="none", overflow="visible",
    )  # fmt: skip


def _endings(xs: Sequence[float], series: Sequence[Series], top: float) -> list[SafeString]:
    """The name of each line at its end: of the lowest line below it, of the others above, without overlap."""
    ends = []
    for number, one in enumerate(series, start=1):
        known = [(x, value) for x, value in zip(xs, one.values, strict=True) if value is not None]
        if known:
            x = known[-1][0]
            near = [_height(value, top) for at, value in known if abs(at - x) < UNDER_NAME]
            ends.append((_height(known[-1][1], top), x, number, one.said, near))
    ends.sort()
    placed: list[SafeString] = []
    free = TOP + HIGH - 8.0
    for index, (_end, x, number, name, near) in reversed(list(enumerate(ends))):
        below = index > 0 and index == len(ends) - 1
        y = round(min(max(near) + 24 if below else min(near) - 12, free), 1)
        free = y - 20
        anchor = "end" if x > 50 else "start"
        placed.append(_text(name, _percent(x), y, class_=f"t-s{number}", text_anchor=anchor))
    return placed


def _day_labels(days: Sequence[str], xs: Sequence[float]) -> list[SafeString]:
    """At most five days, the first and the last among them."""
    if not days:
        return []
    last = len(days) - 1
    wanted = sorted({round(last * step / 4) for step in range(5)})
    y = TOP + HIGH + 20
    anchors = {0: "start", last: "end"}
    return [
        _text(days[i], _percent(xs[i]), y, class_="t2", text_anchor=anchors.get(i, "middle")) for i in wanted
    ]


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """First and last index of each unbroken run of True."""
    found: list[tuple[int, int]] = []
    for i, flag in enumerate(flags):
        if flag and found and found[-1][1] == i - 1:
            found[-1] = (found[-1][0], i)
        elif flag:
            found.append((i, i))
    return found


def _height(value: float, top: float) -> float:
    return round(TOP + HIGH * (1 - min(value / (top or 1), 1)), 1)


def _labels(label: str, text: str, y: float, known: bool) -> list[SafeString]:
    short = label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"
    full = [_el("title", label)] if short != label else []
    right = _text(text, "100%", y, class_="" if known else "t2", text_anchor="end")
    return [_el("text", short, *full, x="0", y=y), right]


def _gap(key: str, x: str, y: float, width: str, height: float) -> list[SafeString]:
    place = {"x": x, "y": y, "width": width, "height": height}
    return [_el("rect", class_="h-box", **place), _el("rect", fill=f"url(#{key}-hatch)", **place)]


def _hatch(key: str) -> SafeString:
    line = _el("path", class_="h-line", d="M0 0v6")
    pattern = _el(
        "pattern", line, id=f"{key}-hatch", width=6, height=6, patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )  # fmt: skip
    return _el("defs", pattern)


def _chart(key: str, title: str, told: str, height: float, parts: Sequence[SafeString]) -> SafeString:
    names = [_el("title", words_of(title), id=f"{key}-t"), _el("desc", words_of(told), id=f"{key}-d")]
    return _el(
        "svg", *names, *parts, class_="chart", width="100%", height=height, role="img",
        aria_labelledby=f"{key}-t {key}-d",
    )  # fmt: skip


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def _text(words: str, x: str, y: float, **attributes: object) -> SafeString:
    return _el("text", words, x=x, y=y, **attributes)


def _el(name: str, *inner: str, **attributes: object) -> SafeString:
    """An element; text and attribute values are escaped."""
    given = {key: str(value) for key, value in attributes.items() if value != ""}
    named = {key.rstrip("_").replace("_", "-"): value for key, value in given.items()}
    body = mark_safe("".join(conditional_escape(part) for part in inner))  # noqa: S308
    return format_html("<{}{}>{}</{}>", mark_safe(name), flatatt(named), body, mark_safe(name))  # noqa: S308
