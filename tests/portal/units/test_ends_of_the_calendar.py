"""Pages refuse days at the ends of the calendar; long searches give no result."""

import pytest
from django.urls import reverse


@pytest.mark.parametrize("day", ["0001-01-01", "01/01/0001", "31/12/1899"])
def test_the_tree_of_such_a_day_is_not_drawn(cast, day):
    answer = cast.client("centre", "coordinator").get(reverse("units_past"), {"ngay": day})
    assert answer.status_code == 422 and "01/07/2025" in answer.content.decode()


def test_no_report_may_change_until_such_a_day(cast):
    url = reverse("report_policy", args=[cast.campaign.slug])
    answer = cast.client("centre", "coordinator").post(url, {"grace_until": "31/12/9999"})
    assert answer.status_code == 422


def test_nor_is_a_day_off_or_a_moment_of_the_desk(cast):
    client = cast.client("centre", "coordinator")
    rules = reverse("reminder_rules", args=[cast.campaign.slug])
    for day in ("01/01/0001", "31/12/9999"):
        client.post(rules, {"act": "days", "days": f"{day} nghỉ"})
        cast.campaign.refresh_from_db()
        assert cast.campaign.days_off == {}
    desk = reverse("intake_undo", args=[cast.campaign.slug, cast.nodes["centre"].pk])
    assert client.post(desk, {"at": "0001-01-01T00:00:00+23:59"}).status_code == 404


@pytest.mark.parametrize("act", ["sap-nhap", "chuyen"])
def test_a_search_longer_than_any_name_is_no_fault(cast, act):
    url = reverse("unit_change", args=[cast.units["A1"].pk, act])
    answer = cast.client("A", "coordinator").get(url, {"tim": "a" * 60_000})
    assert answer.status_code == 200
