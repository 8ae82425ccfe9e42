"""Letters that hung on a node keep their unit, their campaign and all that was typed."""

import pytest
from django.utils import timezone

from quetsach.portal.letters.models import Letter
from tests.portal.migrating import tables_of


@pytest.mark.django_db(transaction=True)
def test_a_letter_finds_its_campaign(cast):
    with tables_of("letters", "0001_initial") as then:
        then.get_model("letters", "Letter")._base_manager.create(
            unit_id=cast.units["A1"].pk, node_id=cast.nodes["A1"].pk, fields={"subject": "đôn đốc"},
            symbol="UBND", changed_at=timezone.now(),
        )  # fmt: skip
    kept = Letter.rows.get()
    assert (kept.campaign, kept.unit) == (cast.campaign, cast.units["A1"])
    assert (str(kept), kept.is_order) == ("đôn đốc", False)
