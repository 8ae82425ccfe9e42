"""A body looks on at the units that it guides; its view adds to no sum, and nobody else gets in."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.campaigns.cascade.actions import acknowledge
from quetsach.portal.reports.actions import Source, submit_on_behalf
from quetsach.portal.reports.review.actions import accept
from quetsach.portal.reports.rollup.queries import roll_up
from quetsach.portal.units.actions import set_sector
from tests.portal.cast import Cast
from tests.portal.page_text import markup_of


@pytest.fixture
def guided(cast: Cast) -> Cast:
    """B guides A1, which A counts; A1 has received the letter and its report is accepted."""
    set_sector(None, cast.units["A1"], cast.units["B"], on=timezone.localdate())
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    actor, said = cast.user("A", "coordinator"), "Đã rà soát toàn bộ máy của đơn vị."
    entry = {"r1": "0", "r2": "31", "r3": "0", "r4": "27", "narrative": said, "proposals": ""}
    sent = submit_on_behalf(actor, cast.nodes["A1"], entry, uuid4(), source=Source("a.docx", "0" * 64))
    accept(actor, cast.nodes["A1"], sent.number)
    return cast


def look(cast, unit="B", role="reader", at=None, **query):
    client = cast.client(unit, role)
    client.cookies["django_language"] = "en"
    return client.get(reverse("sector", args=[cast.campaign.slug, cast.nodes[at or unit].pk]), query)


def test_it_shows_state_and_figures_and_who_counts_them(guided):
    answer = look(guided)
    text = markup_of(answer)
    assert answer.status_code == 200
    for said in ("Đơn vị A1", "counted by Đơn vị A", "Accepted", ">31<", ">27<"):
        assert said in text, said
    assert "1 of 1 unit has received the letter." in text


def test_no_sum_of_the_body_moves(guided):
    look(guided)
    assert roll_up(guided.nodes["B"]).total.row("r2") == 0
    assert roll_up(guided.nodes["A"]).total.row("r2") == 31


def test_what_is_not_accepted_shows_no_figure(cast):
    set_sector(None, cast.units["A1"], cast.units["B"], on=timezone.localdate())
    text = look(cast).content.decode()
    assert "None yet" in text and '<td class="num wide">–</td>' in text


def test_guided_units_of_guided_units_are_seen_too(guided):
    set_sector(None, guided.units["A2"], guided.units["A1"], on=timezone.localdate())
    assert {row.node.name for row in look(guided).context["rows"]} == {"Đơn vị A1", "Đơn vị A2"}
    # A cycle ends.
    set_sector(None, guided.units["B"], guided.units["A2"], on=timezone.localdate())
    assert {row.node.name for row in look(guided).context["rows"]} == {"Đơn vị A1", "Đơn vị A2"}


@pytest.mark.parametrize("unit", ["A", "A1", "B1"])
def test_neither_siblings_nor_the_guided_nor_those_below_look_in(guided, unit):
    assert look(guided, unit, "coordinator", at="B").status_code == 404


def test_looking_opens_no_other_page_of_the_guided_unit(guided):
    client = guided.client("B", "coordinator")
    for route in ("report", "rollup", "progress_node", "people", "intake"):
        url = reverse(route, args=[guided.campaign.slug, guided.nodes["A1"].pk])
        assert client.get(url).status_code == 404, route


def test_a_relation_that_ended_opens_nothing(guided):
    today = timezone.localdate()
    guided.units["A1"].sectors.update(valid_from=today - timedelta(days=9))
    assert look(guided).status_code == 200
    set_sector(None, guided.units["A1"], None, on=today)
    assert look(guided).status_code == 404


def test_the_door_stands_only_where_there_is_something_to_see(guided):
    def doors(unit):
        client = guided.client(unit, "reader")
        return client.get(reverse("today", args=[guided.campaign.slug])).content.decode()

    assert reverse("sector", args=[guided.campaign.slug, guided.nodes["B"].pk]) in doors("B")
    assert "/nganh/" not in doors("A")


def test_choices_and_queries(guided, django_assert_max_num_queries):
    assert [row.node.name for row in look(guided, loc="chua-trien-khai").context["rows"]] == ["Đơn vị A1"]
    assert look(guided, loc="chua-bao-cao").context["rows"] == []
    client = guided.client("B", "reader")
    with django_assert_max_num_queries(16):
        client.get(reverse("sector", args=[guided.campaign.slug, guided.nodes["B"].pk]))
