"""The tree as of a day: names, superiors and units of that time, for people who may see them now."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.units.models import Unit
from quetsach.portal.units.reorg_actions import merge, move, rename

BEFORE, AFTER = "30/06/2025", "01/07/2025"


@pytest.fixture
def changed(cast):
    """On 1/7/2025 A1 is renamed, A2 goes into A1, and B1 moves below A."""
    day = date(2025, 7, 1)
    rename(None, cast.units["A1"], on=day, name="Xã Mới")
    merge(None, [cast.units["A2"]], into=cast.units["A1"], on=day)
    move(None, cast.units["B1"], cast.units["A"], on=day)
    return cast


def page(cast, unit="centre", role="reader", **query):
    client = cast.client(unit, role)
    client.cookies["django_language"] = "en"
    return client.get(reverse("units_past"), query)


def names(answer):
    return {one.name for one in answer.context["units"]}


def test_names_and_superiors_are_those_of_the_day(changed):
    a = changed.units["A"].pk
    assert names(page(changed, ngay=BEFORE, trong=a)) == {"Đơn vị A1", "Đơn vị A2"}
    assert names(page(changed, ngay=AFTER, trong=a)) == {"Xã Mới", "Đơn vị B1"}
    assert names(page(changed, ngay=BEFORE, trong=changed.units["B"].pk)) == {"Đơn vị B1"}
    # The single top unit is open from the start.
    assert names(page(changed, ngay=BEFORE)) == {"Đơn vị A", "Đơn vị B"}
    text = page(changed, ngay=BEFORE, trong=a).content.decode()
    assert "today: Xã Mới" in text and "ceased to exist on 01/07/2025" in text


def test_search_finds_the_names_of_the_day_only(changed):
    then = page(changed, ngay=BEFORE, q="don vi a1").context
    assert [(one.name, path[-1]) for one, path in then["hits"]] == [("Đơn vị A1", "Đơn vị A")]
    assert page(changed, ngay=AFTER, q="don vi a1").context["found"] == 0
    assert page(changed, ngay=AFTER, q="xa moi").context["found"] == 1


def test_the_day_is_asked_for_and_refused_in_words(changed):
    start = page(changed)
    assert start.status_code == 200 and "01/07/2025" in start.content.decode()
    ahead = timezone.localdate() + timedelta(days=1)
    for typed in ("31/02/2025", "hôm qua", f"{ahead:%d/%m/%Y}"):
        answer = page(changed, ngay=typed)
        assert answer.status_code == 422 and "e-ngay" in answer.content.decode()
    assert page(changed, ngay="2025-06-30").context["day"] == date(2025, 6, 30)


def test_nobody_sees_another_branch_on_any_day(changed):
    seen = page(changed, unit="B", ngay=BEFORE)
    text = seen.content.decode()
    assert "Đơn vị A" not in text
    inside = page(changed, unit="B", ngay=BEFORE, trong=changed.units["A"].pk)
    assert "Đơn vị A" not in inside.content.decode() and inside.context["is_unknown"]
    assert page(changed, unit="B", ngay=BEFORE, q="A1").context["found"] == 0
    assert page(changed, unit="B", ngay=BEFORE, trong="x").status_code == 404


def test_looking_back_asks_no_query_a_unit(changed, django_assert_max_num_queries):
    for n in range(30):
        Unit.rows.create(
            name=f"Trường {n}", parent=changed.units["A1"], kind="school",
            path=f"{changed.units['A1'].path}{n:012x}/",
        )  # fmt: skip
    client = changed.client("A", "reader")
    with django_assert_max_num_queries(12):
        assert (
            client.get(reverse("units_past"), {"ngay": AFTER, "trong": changed.units["A1"].pk}).status_code
            == 200
        )
