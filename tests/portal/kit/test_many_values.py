"""A query can have as many values as a country has units."""

from uuid import uuid4

from quetsach.portal.units.models import Unit


def test_rows_are_found_among_more_values_than_travel_beside_a_statement(cast):
    wanted = [uuid4() for _ in range(70_000)] + [cast.units["A1"].pk]
    found = Unit.rows.filter(pk__in=wanted, name__contains="%").count(), Unit.rows.filter(pk__in=wanted).get()
    assert found == (0, cast.units["A1"])
