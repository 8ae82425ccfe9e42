"""A page reads its reader's places once; the next page reads them anew."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from quetsach.portal.units.models import Membership


def asked_for_places(queries):
    return sum('"units_membership"."role" AS "role"' in query["sql"] for query in queries)


def test_a_role_that_ends_is_gone_with_the_next_page(cast):
    client, unit = cast.client("A1", "coordinator"), cast.units["A1"]
    page = reverse("unit", args=[unit.pk])
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page).status_code == 200
    assert asked_for_places(queries) == 1
    Membership.ever.filter(unit=unit).delete()
    assert client.get(page).status_code == 404
