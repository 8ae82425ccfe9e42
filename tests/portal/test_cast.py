"""A cast that is written again equals a cast that the portal's actions make."""

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import QuerySet

from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.units.actions import create_unit
from tests.portal import cast as casts


def rows():
    """Every row of the portal."""
    models = apps.get_models(include_auto_created=True)
    return {model._meta.label: sorted(map(repr, QuerySet(model).values())) for model in models}


@pytest.fixture
def nobody_kept(monkeypatch):
    monkeypatch.setattr(casts, "_kept", [])


def test_a_cast_that_is_written_again_is_the_same_to_the_last_row(db, nobody_kept):
    with transaction.atomic():
        made, wanted = casts.tree_and_campaign(), rows()
        transaction.set_rollback(True)
    again = casts.tree_and_campaign()
    assert len(casts._kept) == 1
    assert rows() == wanted
    assert again == made and again.campaign is not made.campaign
    assert first_broken_entry() is None
    # What is made next gets a number of its own.
    create_unit(None, again.units["A"], "Đơn vị A3", kind="ubnd_commune", networks=["10.1.3.0/24"])
    assert again.user("A2", "officer").pk
    assert first_broken_entry() is None


def test_the_order_of_the_rows_is_no_matter_without_a_transaction_around_it(transactional_db, nobody_kept):
    with transaction.atomic():
        casts.tree_and_campaign()
        transaction.set_rollback(True)
    casts._kept[0].rows.reverse()
    assert casts.tree_and_campaign().user("A1", "officer").pk


def test_beside_other_rows_the_cast_is_made_anew(db, nobody_kept):
    create_unit(None, None, "Đơn vị khác", kind="ubnd_province", networks=[])
    casts.tree_and_campaign()
    assert casts._kept == []
    assert first_broken_entry() is None
