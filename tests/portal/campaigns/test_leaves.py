"""A node whose lack of nodes below is known gives the same figures as a plain row."""

import pytest
from django.test import RequestFactory

from quetsach.portal.campaigns import queries
from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.people.queries import known_of
from quetsach.portal.reports.rollup.queries import lines


@pytest.mark.parametrize("unit", ["centre", "A", "A1", "B1"])
def test_a_seats_node_says_the_same_as_a_plain_one(cast, unit):
    actions.pass_on(cast.nodes["A"], [cast.nodes["A1"]], None)
    actions.deploy(cast.nodes["A2"], None)
    actions.count_people(cast.nodes[unit], 7, 3, None)
    request = RequestFactory().get("/")
    request.user, request.session = cast.user(unit, "officer"), {}
    node, plain = take_seat(request, cast.campaign.slug).node, cast.nodes[unit]
    assert node.has_below is (unit in {"centre", "A"})
    for read in (lines, known_of, queries.known_figures, queries.not_passed_on):
        assert read(node) == read(plain), read
    assert queries.statuses(node) == queries.statuses(plain)
    assert queries.status_of(node).informed == 7
