"""A query can have as many values as a country has units."""

from uuid import uuid4

from quetsach.portal.audit.models import Entry
from quetsach.portal.units.models import Unit


def test_rows_are_found_among_more_values_than_travel_beside_a_statement(cast):
    wanted = [uuid4() for _ in range(70_000)] + [cast.units["A1"].pk]
    found = Unit.rows.filter(pk__in=wanted, name__contains="%").count(), Unit.rows.filter(pk__in=wanted).get()
    assert found == (0, cast.units["A1"])


def test_ids_and_numbers_are_looked_for_in_one_value(cast):
    ids = [uuid4(), cast.units["A1"].pk, cast.units["A2"].pk]
    assert set(Unit.rows.filter(pk__among=ids)) == {cast.units["A1"], cast.units["A2"]}
    above = [cast.units["A"].pk]
    assert set(Unit.rows.filter(parent__id__among=above)) == set(Unit.rows.filter(parent__in=above)) != set()
    with_number = Entry.objects.order_by("pk").values_list("pk", flat=True)
    first, *_others = with_number
    assert list(with_number.filter(pk__among=[first, 2**62])) == [first]
    assert not Unit.rows.filter(pk__among=[]).exists()
