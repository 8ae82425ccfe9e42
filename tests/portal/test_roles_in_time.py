"""A role that has ended, or begins later, opens nothing: tried at every address."""

import logging
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.contacts import contacts, reachable_units
from quetsach.portal.campaigns.joining.queries import invitations
from quetsach.portal.checks.models import CheckResult, Pack, UploadCode
from quetsach.portal.checks.queries import serves_in
from quetsach.portal.reports.actions import _needs_head
from quetsach.portal.reports.locks import Terms
from quetsach.portal.staff.queries import people
from quetsach.portal.units.models import Membership, Role
from quetsach.portal.units.queries import people_at
from tests.portal.every_route import all_ways, routes


@pytest.fixture
def cast(db, stage, settings, tmp_path, quick_pages):
    return stage.enter(settings, tmp_path)


@pytest.fixture
def things(stage):
    return stage.things


TODAY = timezone.localdate
WHEN = {
    "ended yesterday": lambda: {"until": TODAY() - timedelta(days=1)},
    "begins tomorrow": lambda: {"since": TODAY() + timedelta(days=1)},
    "in force": lambda: {"since": TODAY(), "until": TODAY()},
}


def signed_in(name):
    client = Client(raise_request_exception=False)
    user = User.objects.create_user(name)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return user, client


SAY_WHICH_ENDED = {"my_work", "my_account"}
OF_ONES_OWN_ROLE = re.compile(r"Vai trò của anh/chị ở Đơn vị A1 [^<]*")
"""The sentence about the person's own role, on every page that is not open to them."""


def answers(client, things, *, sends):
    """By address: the status, and whether a name shows that only the unit's people may read."""
    found = {}
    for name, keys in routes():
        if name.startswith(("account_", "mfa_", "usersessions")) or name in {"join", "staff_link", "mark"}:
            continue
        for known in all_ways(things, name, keys):
            url = reverse(name, kwargs=known)
            shown = client.get(url)
            page = OF_ONES_OWN_ROLE.sub("", b"".join(shown).decode(errors="replace"))
            told = "Đơn vị A1" in page and name not in SAY_WHICH_ENDED
            found[url] = shown.status_code, told, client.post(url, {"do": "x"}).status_code if sends else 0
    return found


@pytest.mark.parametrize("elsewhere", ["nowhere", "above"])
def test_every_address_asks_whether_the_role_is_in_force(cast, things, elsewhere):
    """Alone, and beside the role of a reader above, who sees units below but not everything of theirs."""
    logging.disable(logging.CRITICAL)
    told = {}
    for when in ("never", "ended yesterday", "begins tomorrow"):
        user, client = signed_in(when)
        if elsewhere == "above":
            Membership.ever.create(user=user, unit=cast.units["A"], role=Role.READER)
        if when != "never":
            seat = Membership.ever.create(user=user, unit=cast.units["A1"], role=Role.COORDINATOR)
            # This opens the session while the role is in force.
            assert client.get(reverse("checks", args=[cast.campaign.slug])).status_code == 200
            Membership.ever.filter(pk=seat.pk).update(**WHEN[when]())
        told[when] = answers(client, things, sends=elsewhere == "nowhere")
    logging.disable(logging.NOTSET)
    never = told.pop("never")
    assert len(never) > 150
    for when, found in told.items():
        assert {url: (found[url], never[url]) for url in found if found[url] != never[url]} == {}, when


@pytest.mark.parametrize("when", WHEN)
def test_and_so_does_whatever_is_said_of_those_who_serve(cast, things, when):
    user, _client = signed_in("head")
    node, unit = cast.nodes["A1"], cast.units["A1"]
    Membership.ever.exclude(unit__in=[cast.units["centre"], cast.units["A"]]).delete()
    Membership.ever.create(user=user, unit=unit, role=Role.COORDINATOR, **WHEN[when]())
    is_in_force = when == "in force"
    assert serves_in(user, node) is is_in_force
    for model in (UploadCode, Pack, CheckResult):
        rows = model.objects.visible_to(user)
        assert rows.exists() is (is_in_force and model.rows.exists()), model
    (asked,) = invitations(cast.nodes["A"], deep=True, everyone=True).filter(pk=node.pk)
    assert asked.has_account is is_in_force
    unit.contact_phone = unit.contact_name = unit.contact_email = ""
    unit.save()
    assert (node.pk in contacts([node])) is is_in_force
    assert (unit.pk in reachable_units(cast.units["A"].path)) is is_in_force
    assert (unit.pk not in people_at(cast.units["A"], [unit])[1]) is is_in_force
    officer = cast.user("A1", "officer")
    terms = Terms(True, True, "annex-2022", head_review=True, grace_until=None)
    assert _needs_head(node, officer, terms) is is_in_force
    found = [taker for taker, _units in people([unit.path], without=officer)]
    assert (user in found) is is_in_force
