"""A query can have as many values as a country has units."""

from uuid import uuid4

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.units.models import Unit


def test_rows_are_found_among_more_values_than_travel_beside_a_statement(cast):
    wanted = [uuid4() for _ in range(70_000)] + [cast.units["A1"].pk]
    found = Unit.rows.filter(pk__in=wanted, name__contains="%").count(), Unit.rows.filter(pk__in=wanted).get()
    assert found == (0, cast.units["A1"])


def test_ids_among_many_also_of_related_rows(cast):
    wanted = [uuid4() for _ in range(70_000)] + [cast.units[name].pk for name in ("A1", "B")]
    names = {cast.units[name].name for name in ("A1", "B")}
    assert set(Unit.rows.filter(pk__among=wanted).values_list("name", flat=True)) == names
    nodes = CampaignNode.rows.filter(unit__id__among=wanted)
    assert set(nodes.values_list("name", flat=True)) == names
    assert "JOIN" not in str(nodes.query), "the column of the row itself is asked"


def test_numbers_among_many_and_none_among_none(cast):
    with_number = Entry.objects.order_by("pk").values_list("pk", flat=True)
    first, *_others = with_number
    assert list(with_number.filter(pk__among=[first, 2**62])) == [first]
    assert not Unit.rows.filter(pk__among=[]).exists()
