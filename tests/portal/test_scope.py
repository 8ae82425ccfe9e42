"""Nobody sees beyond their own subtree, and a query without a user raises."""

import pytest
from django.contrib.auth.models import AnonymousUser

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.scope import UnscopedQueryError
from quetsach.portal.units.roles import Verb, may


def visible(cast, unit, role):
    names = {node.pk: name for name, node in cast.nodes.items()}
    return {names[n.pk] for n in CampaignNode.objects.visible_to(cast.user(unit, role))}


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("centre", {"centre", "A", "A1", "A2", "B", "B1"}),
        ("A", {"A", "A1", "A2"}),
        ("A1", {"A1"}),
        ("B1", {"B1"}),
    ],
)
def test_a_person_sees_their_unit_and_what_is_below(cast, unit, expected):
    assert visible(cast, unit, "reader") == expected


def test_who_serves_nowhere_sees_nothing(cast):
    nobody = User.objects.create_user("nobody")
    for user in (nobody, AnonymousUser()):
        assert not CampaignNode.objects.visible_to(user).exists()


def test_an_unscoped_query_raises(cast):
    with pytest.raises(UnscopedQueryError):
        CampaignNode.objects.all()


def test_verbs_follow_role_and_place(cast):
    path = {name: unit.path for name, unit in cast.units.items()}
    assert may(cast.user("A1", "officer"), Verb.ACKNOWLEDGE, path["A1"])
    assert not may(cast.user("A", "officer"), Verb.ACKNOWLEDGE, path["A1"])
    assert may(cast.user("A", "officer"), Verb.REVIEW_REPORT, path["A1"])
    assert not may(cast.user("A", "officer"), Verb.REVIEW_REPORT, path["A"])
    assert not may(cast.user("A", "officer"), Verb.REVIEW_REPORT, path["B1"])
    assert not may(cast.user("A1", "reader"), Verb.WORK_CASE, path["A1"])


def test_the_audit_chain_shows_a_changed_entry(cast):
    assert Entry.objects.count() > 5
    assert first_broken_entry() is None
    victim = Entry.objects.order_by("pk")[2]
    Entry.objects.filter(pk=victim.pk).update(actor_name="someone else")
    broken = first_broken_entry()
    assert broken is not None and broken.pk == victim.pk
