"""Receive, pass on, carry out, count people: each once, dated, in the unit's own name, and in the trail."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.models import (
    Acknowledgement,
    Campaign,
    Dispatch,
    Headcount,
    Participation,
)


def recorded(node):
    return list(Entry.objects.filter(unit_path=node.path).order_by("pk").values_list("action", flat=True))[1:]


def refused(code):
    return pytest.raises(actions.NotAllowedNowError, match=f"^{code}$")


def test_acknowledging_twice_changes_nothing(cast):
    node, user = cast.nodes["A1"], cast.user("A1", "officer")
    with time_machine.travel("2026-03-01T02:00:00Z", tick=False):
        first = actions.acknowledge(node, user, ip="10.1.1.7")
    with time_machine.travel("2026-03-02T02:00:00Z", tick=False):
        again = actions.acknowledge(node, cast.user("A1", "coordinator"))
    assert first == again and again.at.isoformat() == "2026-03-01T02:00:00+00:00" and again.by == user
    assert recorded(node) == ["campaign.acknowledge"]
    entry = Entry.objects.last()
    assert (entry.ip, entry.actor_name, entry.object_id) == ("10.1.1.7", "officer-a1", str(node.pk))


def test_the_issuer_acknowledges_to_nobody(cast):
    assert actions.acknowledge(cast.nodes["centre"], cast.user("centre", "coordinator")) is None
    assert not Acknowledgement.rows.exists()


def test_passing_on_is_receiving_and_repeats_nothing(cast):
    node, user = cast.nodes["A"], cast.user("A", "officer")
    first = actions.pass_on(node, [cast.nodes["A1"]], user)
    both = actions.pass_on(node, [cast.nodes["A1"], cast.nodes["A2"]], user)
    assert [d.to_node for d in first] == [cast.nodes["A1"]]
    assert [d.to_node for d in both] == [cast.nodes["A2"]]
    assert actions.pass_on(node, [cast.nodes["A2"]], user) == []
    assert Dispatch.rows.count() == 2
    assert recorded(node) == ["campaign.acknowledge", "campaign.pass_on", "campaign.pass_on"]


@pytest.mark.parametrize("target", ["B1", "A", "B", "centre"])
def test_nothing_is_passed_on_past_ones_own_children(cast, target):
    with refused("not_below"):
        actions.pass_on(cast.nodes["A"], [cast.nodes["A1"], cast.nodes[target]], cast.user("A", "officer"))
    assert not Dispatch.rows.exists() and not Acknowledgement.rows.exists()


def test_who_carries_out_has_received(cast):
    node, user = cast.nodes["A1"], cast.user("A1", "officer")
    first = actions.deploy(node, user)
    assert actions.deploy(node, user) == first
    assert recorded(node) == ["campaign.acknowledge", "campaign.deploy"]


def test_taking_back_on_the_same_day(cast):
    node, user = cast.nodes["A1"], cast.user("A1", "officer")
    actions.deploy(node, user)
    with refused("deployed"):
        actions.withdraw_acknowledgement(node, user)
    actions.withdraw_deployment(node, user)
    actions.withdraw_acknowledgement(node, user)
    assert not Participation.rows.exists() and not Acknowledgement.rows.exists()
    actions.withdraw_deployment(node, user)
    assert recorded(node) == [
        "campaign.acknowledge",
        "campaign.deploy",
        "campaign.withdraw_deployment",
        "campaign.withdraw_acknowledgement",
    ]
    assert first_broken_entry() is None


def test_the_day_is_hanois(cast):
    node, user = cast.nodes["A1"], cast.user("A1", "officer")
    with time_machine.travel("2026-03-01T16:30:00Z", tick=False):
        actions.deploy(node, user)
    with time_machine.travel("2026-03-01T17:30:00Z", tick=False), refused("another_day"):
        actions.withdraw_deployment(node, user)
    assert Participation.rows.exists()


def test_a_receipt_that_others_rest_on_stays(cast):
    actions.pass_on(cast.nodes["A"], [cast.nodes["A1"]], cast.user("A", "officer"))
    with refused("passed_on"):
        actions.withdraw_acknowledgement(cast.nodes["A"], cast.user("A", "officer"))
    actions.acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    with refused("acknowledged"):
        actions.withdraw_dispatch(cast.nodes["A1"], cast.user("A", "officer"))
    assert Acknowledgement.rows.filter(node__in=[cast.nodes["A"], cast.nodes["A1"]]).count() == 2
    assert Dispatch.rows.filter(to_node=cast.nodes["A1"]).exists()


def test_passing_on_by_mistake(cast):
    actions.pass_on(cast.nodes["A"], [cast.nodes["A1"], cast.nodes["A2"]], cast.user("A", "officer"))
    actions.withdraw_dispatch(cast.nodes["A1"], cast.user("A", "officer"))
    assert [d.to_node for d in Dispatch.rows.all()] == [cast.nodes["A2"]]
    assert recorded(cast.nodes["A"])[-1] == "campaign.withdraw_dispatch"


def test_only_changed_headcounts_are_written(cast):
    node, user = cast.nodes["A1"], cast.user("A1", "officer")
    assert actions.count_people(node, 10, 4, user) == ["informed", "done"]
    assert actions.count_people(node, 10, 4, user) == []
    assert actions.count_people(node, 10, 0, user) == ["done"]
    assert list(Headcount.rows.order_by("pk").values_list("kind", "count")) == [
        ("informed", 10),
        ("done", 4),
        ("done", 0),
    ]
    with refused("more_done_than_informed"):
        actions.count_people(node, 10, 11, user)
    with pytest.raises(ValueError, match="never negative"):
        actions.count_people(node, 10, -1, user)
    assert Headcount.rows.count() == 3


def test_a_receipt_on_paper_keeps_its_date_but_never_a_future_one(cast):
    day = timezone.now() - timedelta(days=3)
    assert actions.acknowledge(cast.nodes["A1"], None, at=day).at == day
    with pytest.raises(ValueError, match="future"):
        actions.acknowledge(cast.nodes["A2"], None, at=timezone.now() + timedelta(hours=1))


def test_a_closed_campaign_stands_still(cast):
    node, user = cast.nodes["A"], cast.user("A", "officer")
    Campaign.objects.update(status=Campaign.Status.CLOSED)
    for act in (
        lambda: actions.acknowledge(node, user),
        lambda: actions.pass_on(node, [cast.nodes["A1"]], user),
        lambda: actions.deploy(node, user),
        lambda: actions.count_people(node, 1, 1, user),
        lambda: actions.withdraw_deployment(node, user),
    ):
        with refused("closed"):
            act()
    assert recorded(node) == []
