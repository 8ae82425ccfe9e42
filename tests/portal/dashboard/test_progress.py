"""The progress page: sums of branches, names of late units, and nobody else's figures."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from quetsach.portal.campaigns.contacts import contacts
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.reports.dashboard.chase import late
from quetsach.portal.reports.dashboard.figures import percent
from quetsach.portal.reports.dashboard.queries import days, overview
from tests.portal.cast import Cast

URL = "/cd/lam-sach/tien-do/"


def of(cast: Cast, unit: str = "centre") -> dict[str, object]:
    """The branches below a unit, by the name of their top unit."""
    found = overview(cast.nodes[unit]).branches
    return {next(name for name, n in cast.nodes.items() if n.pk == b.node.pk): b for b in found}


def test_a_branch_holds_its_unit_and_all_below_it_once(cast, act, machine):
    CampaignNode.rows.filter(campaign=cast.campaign).update(staff_count=10)
    act("A", received=3, deployed=1, informed=10, done=4)
    act("A1", received=2, informed=9, done=9)
    act("A2", received=2)
    act("B1", received=1)
    (
        machine("A", "new"),
        machine("A1", "verified_clean"),
        machine("A1", "false_positive"),
        machine("centre", "new"),
    )
    found = of(cast)
    a, b = found["A"], found["B"]
    assert (a.units, a.acknowledged, a.deployed, a.staff, a.informed, a.done) == (3, 3, 1, 30, 19, 13)
    assert (b.units, b.acknowledged, b.deployed, b.done) == (2, 1, 0, None)
    assert (a.machines, b.machines) == (2, 0)
    assert a.share == pytest.approx(13 / 30) and b.share is None


def test_the_latest_headcount_of_a_kind_counts(cast, act):
    act("A1", informed=5, done=5)
    act("A1", informed=9, done=7)
    assert (of(cast, "A")["A1"].informed, of(cast, "A")["A1"].done) == (9, 7)


def test_units_are_ranked_by_what_they_did_and_not_by_their_machines(cast, act, machine):
    CampaignNode.rows.filter(campaign=cast.campaign).update(staff_count=10)
    act("A1", informed=10, done=9)
    act("A2", informed=10, done=2)
    for _ in range(5):
        machine("A1", "new")
    assert list(of(cast, "A")) == ["A1", "A2"]


def test_who_did_everything_is_not_chased_and_who_is_overdue_comes_first(cast, act, plant):
    act("A1", received=1, deployed=1)
    plant("A1", (0, 1, 0, 1), "accepted")
    act("A2", received=1, deployed=1)
    plant("A2", (0, 1, 0, 1), "submitted")
    assert late(tuple(of(cast, "A").values()), timezone.now()) == []
    CampaignNode.rows.filter(pk=cast.nodes["B"].pk).update(due_at=timezone.now() - timedelta(days=3))
    act("B", received=1, deployed=1)
    found = late(tuple(of(cast).values()), timezone.now())
    assert [branch.node.name for branch in found] == ["Đơn vị B", "Đơn vị A"]


def test_the_page_names_the_late_with_their_contact_and_a_message(cast, act):
    officer = cast.user("B", "officer")
    officer.phone = "0900 000 117"
    officer.save()
    html = cast.client("centre", "coordinator").get(URL).content.decode()
    assert 'href="tel:0900000117"' in html and officer.full_name in html
    assert "http://testserver/cd/lam-sach/cong-van/" in html


def test_a_contact_is_an_officer_with_a_phone_before_a_coordinator(cast):
    cast.user("A", "coordinator")
    assert contacts([cast.nodes["A"]])[cast.nodes["A"].pk].name == "coordinator-a"
    cast.user("A", "officer")
    cast.user("A", "it")
    assert contacts([cast.nodes["A"]])[cast.nodes["A"].pk].name == "officer-a"


def test_days_count_up_from_the_publishing_without_the_unit_itself(cast, act):
    Campaign.objects.filter(pk=cast.campaign.pk).update(published_at=timezone.now() - timedelta(days=4))
    node = CampaignNode.rows.select_related("campaign").get(pk=cast.nodes["A"].pk)
    act("A", received=3)
    act("A1", received=3, deployed=1)
    act("A2", received=1, deployed=0)
    act("B1", received=3)
    assert [(d.acknowledged, d.deployed) for d in days(node)] == [(0, 0), (1, 0), (1, 0), (2, 1), (2, 2)]


def test_a_day_is_a_day_in_vietnam(cast):
    from quetsach.portal.campaigns.models import Acknowledgement

    with time_machine.travel("2026-11-24 18:00:00+00:00", tick=False):  # 01:00 of the 25th in Hanoi
        Campaign.objects.filter(pk=cast.campaign.pk).update(published_at=timezone.now() - timedelta(days=1))
        node = CampaignNode.rows.select_related("campaign").get(pk=cast.nodes["A"].pk)
        Acknowledgement.rows.create(node=cast.nodes["A1"], at=timezone.now())
        assert [(d.day.day, d.acknowledged) for d in days(node)] == [(24, 0), (25, 1)]


def test_no_log_is_said_and_never_called_clean(cast):
    client = cast.client("centre", "coordinator")
    client.cookies["django_language"] = "en"
    html = client.get(URL).content.decode()
    assert "Whether machines are clean cannot be said." in html


def test_a_unit_with_nothing_below_has_a_page_too(cast):
    html = cast.client("A1", "officer").get(URL)
    assert html.status_code == 200 and b"<table" not in html.content


def test_nothing_takes_part_without_scope(cast):
    page = f"{URL}{cast.nodes['A1'].pk}/"
    assert cast.client("A", "coordinator").get(page).status_code == 200
    for unit, role in (("A2", "officer"), ("B", "coordinator"), ("B1", "reader")):
        assert cast.client(unit, role).get(page).status_code == 404
    assert cast.client("A1", "officer").get(f"{URL}{cast.nodes['A'].pk}/").status_code == 404


def test_hostile_names_are_escaped_everywhere(cast):
    CampaignNode.rows.filter(pk=cast.nodes["A"].pk).update(name="<script>alert(1)</script>")
    html = cast.client("centre", "coordinator").get(URL).content.decode()
    assert "<script>alert" not in html and "&lt;script&gt;alert(1)" in html
    assert "style=" not in html and " onclick" not in html


def test_queries_do_not_grow_with_the_tree(cast, act):
    act("A1", received=1)
    with CaptureQueriesContext(
        connection,
    ) as few:
        overview(cast.nodes["A"])
    for unit in ("A", "B", "B1", "A2"):
        act(unit, received=1, deployed=1, informed=3, done=2)
    with CaptureQueriesContext(connection) as many:
        overview(cast.nodes["centre"])
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("share", "said"), [(0, "0 %"), (0.001, "1 %"), (0.5, "50 %"), (0.999, "99 %"), (1, "100 %")]
)
def test_nearly_all_is_not_all(share, said):
    assert percent(share) == said
