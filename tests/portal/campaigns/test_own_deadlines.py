"""Each level passes the letter on with its own deadline, never later than its own; letters come back too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.cascade.deadline import first_late_moment
from quetsach.portal.campaigns.models import Acknowledgement, Campaign, CampaignNode, Dispatch

LAST = timezone.localdate() + timedelta(days=10)


@pytest.fixture
def url(cast):
    """The letter page; the campaign is due by the end of LAST."""
    due = first_late_moment(LAST, "by_end_of")
    Campaign.objects.update(due_at=due)
    CampaignNode.rows.update(due_at=due)
    return reverse("letter", args=[cast.campaign.slug])


def theirs(cast, unit):
    """The address at which its superior changes a unit's deadline."""
    return reverse("keyed", args=[cast.campaign.slug, cast.nodes[unit].pk])


def due(cast, unit):
    return CampaignNode.rows.get(pk=cast.nodes[unit].pk).due_at


def days(n):
    """The first late moment after the n-th day from today, and that day as people write it."""
    day = timezone.localdate() + timedelta(days=n)
    return first_late_moment(day, "by_end_of"), f"{day:%d/%m/%Y}"


def test_one_day_for_all_and_another_for_one(cast, url):
    (seven, text7), (five, text5) = days(7), days(5)
    a, b = cast.nodes["A"].pk, cast.nodes["B"].pk
    data = {"act": "pass_on", "children": [str(a), str(b)], "day": text7, f"day-{b}": text5}
    cast.client("centre", "officer").post(url, data)
    assert Dispatch.rows.count() == 2
    assert {u: due(cast, u) for u in ("A", "A1", "A2")} == dict.fromkeys(("A", "A1", "A2"), seven)
    assert due(cast, "B") == due(cast, "B1") == five
    assert due(cast, "centre") == first_late_moment(LAST, "by_end_of")
    assert text5 in cast.client("B", "officer").get(url).content.decode()  # their deadline


def test_later_than_ones_own_is_refused_and_nothing_happens(cast, url):
    _moment, later = days(11)
    page = cast.client("centre", "officer").post(
        url, {"act": "pass_on", "children": [str(cast.nodes["A"].pk)], "day": later}, follow=True
    )
    assert 'class="note is-bad block"' in page.content.decode()
    assert not Dispatch.rows.exists() and due(cast, "A") == first_late_moment(LAST, "by_end_of")


def test_a_refused_deadline_comes_back_with_all_that_was_typed(cast, url):
    a, b = str(cast.nodes["A"].pk), str(cast.nodes["B"].pk)
    (_seven, fits), (_eleven, later) = days(7), days(11)
    data = {"act": "pass_on", "children": [b], "day": fits, f"day-{b}": later}
    page = cast.client("centre", "officer").post(url, data).content.decode()
    field = page[page.index(f'name="day-{b}"') :].partition("</div>")[0]
    assert f'value="{later}"' in field and "muộn hơn" in field.partition('class="err"')[2]
    assert f'value="{fits}"' in page
    ticks = page.partition('id="id_children"')[2].partition("</fieldset>")[0]
    assert f'value="{b}" checked' in ticks and f'value="{a}">' in ticks
    assert not Dispatch.rows.exists()


def test_the_same_day_is_a_warning_only(cast, url):
    page = cast.client("centre", "officer").post(
        url, {"act": "pass_on", "children": [str(cast.nodes["A"].pk)], "day": f"{LAST:%d/%m/%Y}"}, follow=True
    )
    assert 'class="note is-busy"' in page.content.decode() and Dispatch.rows.count() == 1


def test_a_deadline_that_is_over_is_refused(cast, url):
    _moment, text = days(-1)
    cast.client("centre", "officer").post(
        url, {"act": "pass_on", "children": [str(cast.nodes["A"].pk)], "day": text}
    )
    assert not Dispatch.rows.exists()


def test_the_next_level_is_bound_by_what_it_got(cast, url):
    (seven, text7), (_eight, text8), (six, text6) = days(7), days(8), days(6)
    cast.client("centre", "officer").post(
        url, {"act": "pass_on", "children": [str(cast.nodes["A"].pk)], "day": text7}
    )
    officer = cast.client("A", "officer")
    child = str(cast.nodes["A1"].pk)
    officer.post(url, {"act": "pass_on", "children": [child], "day": text8})
    assert not Dispatch.rows.filter(to_node=cast.nodes["A1"]).exists()
    officer.post(url, {"act": "pass_on", "children": [child], "day": text6})
    assert (due(cast, "A1"), due(cast, "A2")) == (six, seven)


def test_an_earlier_deadline_pulls_those_below_along_and_a_later_one_those_that_shared_it(cast, url):
    officer = cast.client("centre", "officer")
    (_seven, text7), (five, text5), (nine, text9) = days(7), days(5), days(9)
    a = str(cast.nodes["A"].pk)
    officer.post(url, {"act": "pass_on", "children": [a], "day": text7})
    CampaignNode.rows.filter(pk=cast.nodes["A2"].pk).update(due_at=days(6)[0])
    officer.post(theirs(cast, "A"), {"do": "deadline", "deadline": text5})
    assert {due(cast, u) for u in ("A", "A1", "A2")} == {five}
    CampaignNode.rows.filter(pk=cast.nodes["A2"].pk).update(due_at=days(4)[0])
    officer.post(theirs(cast, "A"), {"do": "deadline", "deadline": text9})
    assert (due(cast, "A"), due(cast, "A1"), due(cast, "A2")) == (nine, nine, days(4)[0])
    refused = officer.post(theirs(cast, "A1"), {"do": "deadline", "deadline": text5})
    assert refused.status_code == 404  # not directly below


def test_a_refused_deadline_of_one_unit_stays_in_its_field(cast, url):
    before, (_eleven, later) = due(cast, "A"), days(11)
    for typed, why in ((later, "muộn hơn"), ("mai", "05/09/2022"), (days(-2)[1], "đã qua")):
        answer = cast.client("centre", "officer").post(
            theirs(cast, "A"), {"do": "deadline", "deadline": typed}
        )
        field = answer.content.decode().partition('name="deadline"')[2].partition("</div>")[0]
        assert f'value="{typed}"' in field and why in field.partition('class="err"')[2]
    assert due(cast, "A") == before


def test_no_unit_is_ever_later_than_its_superior(cast, url):
    officer, middle = cast.client("centre", "officer"), cast.client("A", "officer")
    a, a1 = str(cast.nodes["A"].pk), str(cast.nodes["A1"].pk)
    officer.post(url, {"act": "pass_on", "children": [a], "day": days(8)[1]})
    middle.post(url, {"act": "pass_on", "children": [a1], "day": days(7)[1]})
    for n in (3, 9, 6, 10):
        officer.post(theirs(cast, "A"), {"do": "deadline", "deadline": days(n)[1]})
        for node in CampaignNode.rows.exclude(parent=None).select_related("parent"):
            assert node.due_at <= node.parent.due_at


def test_taking_the_letter_back_gives_the_deadline_back(cast, url):
    officer = cast.client("centre", "officer")
    a = str(cast.nodes["A"].pk)
    officer.post(url, {"act": "pass_on", "children": [a], "day": days(3)[1]})
    officer.post(url, {"act": "withdraw_dispatch", "child": a})
    assert {due(cast, u) for u in ("A", "A1", "A2")} == {first_late_moment(LAST, "by_end_of")}


def test_a_letter_can_be_returned_with_a_reason_and_passed_on_anew(cast, url):
    centre, unit = cast.client("centre", "officer"), cast.client("A", "officer")
    a = str(cast.nodes["A"].pk)
    unit.post(url, {"act": "return_letter", "reason": "x"})  # the unit has no letter yet
    centre.post(url, {"act": "pass_on", "children": [a]})
    unit.post(url, {"act": "return_letter", "reason": " "})
    assert Dispatch.rows.get().returned_at is None
    unit.post(url, {"act": "return_letter", "reason": "Đã sáp nhập <b>"})
    page = centre.get(url).content.decode()
    assert "Đã sáp nhập &lt;b&gt;" in page and f'value="{a}" checked' in page
    assert not Acknowledgement.rows.filter(node=cast.nodes["A"]).exists()
    centre.post(url, {"act": "pass_on", "children": [a]})
    assert Dispatch.rows.get().returned_at is None
    actions.acknowledge(cast.nodes["A"], cast.user("A", "officer"))
    unit.post(url, {"act": "return_letter", "reason": "muộn"})
    assert Dispatch.rows.get().returned_at is None
