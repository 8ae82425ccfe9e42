"""Every form of list: samples in their publishers' spelling (names and addresses of the documentation)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from quetsach.errors import IndicatorError
from quetsach.indicators import forms, reading
from quetsach.indicators.indicator import Scope
from tests.feeds.samples import SAMPLES

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("title", SAMPLES)
def test_a_form_is_recognised_and_read(title: str) -> None:
    name, text, items, rejects = SAMPLES[title]
    result = reading.read_text(text, now=NOW)
    (recognised,) = result.recognised
    assert recognised.format == name
    assert sorted(i.hashed for i in result.indicators) == sorted(items)
    assert [(r.line, r.code) for r in result.rejects] == rejects
    assert recognised.rejected == len(rejects)


@pytest.mark.parametrize("title", SAMPLES)
def test_a_form_can_be_forced(title: str) -> None:
    name, text, items, _rejects = SAMPLES[title]
    result = reading.read_text(text, format=name, now=NOW)
    assert sorted(i.hashed for i in result.indicators) == sorted(items)


def test_families_of_structured_lists() -> None:
    families = {
        title: sorted({i.family for i in reading.read_text(SAMPLES[title][1], now=NOW).indicators})
        for title in ("threatfox", "threatfox json", "feodo json", "misp event", "stix", "suricata rules")
    }
    assert families == {
        "threatfox": ["Cobalt Strike"],
        "threatfox json": ["", "X"],
        "feodo json": ["Dridex"],
        "misp event": ["Emotet"],
        "stix": ["Mozi"],
        "suricata rules": ["", "Emotet X"],
    }


def test_what_expires_later_is_kept() -> None:
    text = "indicator,valid_until\na.example,2026-11-01\nb.example,2026-10-31T23:59:00Z\nc.example,soon\n"
    result = reading.read_text(text, now=datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert [i.value for i in result.indicators] == ["a.example", "c.example"]


def test_a_scope_that_is_asked_for_wins_over_that_of_the_form() -> None:
    text = "0.0.0.0 evil.example\n"
    assert [i.hashed for i in reading.read_text(text, scope=Scope.WITH_SUBDOMAINS).indicators] == [
        "evil.example"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<!DOCTYPE html>\n<html><body>evil.example</body></html>\n", "is a web page"),
        (
            '{\n  "Event": {\n    "Attribute": [\n      {"value": "evil.example",\n',
            "cannot be read to its end",
        ),
        ('{"Event":{"Attribute":[{"value":"evil.example"},', "cannot be read to its end"),
        ('[{"ioc":"evil.example","tags":', "cannot be read to its end"),
        ('{"detail":"Not signed in.","host":"portal.example.org"}', "is the answer of a server"),
        ('{"Error":{"code":401},"url":"https://sso.example.org/in"}', "is the answer of a server"),
        ('{"message":"Unauthenticated.","domain":"a.example.org","data":[]}', "is the answer of a server"),
    ],
)
def test_what_came_instead_of_a_list_is_told(text: str, says: str) -> None:
    """Its lines, rejected one by one, would not show anybody that the feed has died."""
    with pytest.raises(IndicatorError, match=says):
        reading.read_text(text, "feed.txt")


@pytest.mark.parametrize(
    "text", ["", "# title\n\n", '{"query_status":"no_result","data":[]}', '{"Event":{"info":"x"}}']
)
def test_a_list_without_an_entry_is_told(text: str) -> None:
    """Beside other lists nobody would notice that one of them is empty."""
    result = reading.read_text(text, "feed.txt")
    assert [(w.line, w.code) for w in result.warnings] == [(0, "nothing")]
    assert not reading.read_text("10.0.0\n").warnings


def test_an_unknown_form_is_refused_with_the_names() -> None:
    with pytest.raises(IndicatorError, match=r"there are xlsx, misp.*plain"):
        reading.read_text("evil.example", format="excel")


def test_the_contents_of_a_misp_feed_need_its_folder() -> None:
    text = '{"5a":{"Orgc":{"name":"x"},"info":"y","timestamp":"1"}}'
    with pytest.raises(IndicatorError, match="give the feed's folder"):
        reading.read_text(text)


def test_names_of_forms_are_few_and_distinct() -> None:
    assert len(set(forms.NAMES)) == len(forms.NAMES)


def test_the_place_of_an_indicator_is_kept() -> None:
    result = reading.read_text("# x\nhxxp://Evil[.]example/a\nevil.example/a\nb.example\n", "list.txt")
    places = result.origins.of(result.indicators)
    assert sorted(places.values()) == [
        ("list.txt", 2),
        ("list.txt", 4),
    ]
