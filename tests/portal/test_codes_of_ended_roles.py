"""What a person made opens nothing once their role has ended; what belongs to the unit lives on."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.audit.sentences import sentence
from quetsach.portal.campaigns.joining.actions import issue_codes
from quetsach.portal.checks.queries import codes_of
from quetsach.portal.checks.unit_actions import is_code_known, issue_code, take_code
from quetsach.portal.sensors import actions as sensors
from quetsach.portal.staff import actions as staff
from quetsach.portal.staff.models import Invitation
from quetsach.portal.units.actions import issue_token, token_holder
from quetsach.portal.units.models import Membership
from tests.portal.page_text import text_of


def role_over(user):
    """The person's last day was yesterday, as the page of staff ends a role in time."""
    Membership.ever.filter(user=user).update(until=timezone.localdate() - timedelta(days=1))


def account_locked(user):
    user.is_active = False
    user.save(update_fields=["is_active"])


def lesser_role(user):
    Membership.ever.filter(user=user).update(role="reader")


def moved(cast, user):
    Membership.ever.filter(user=user).update(unit=cast.units["B1"])


@pytest.fixture(params=[role_over, account_locked, lesser_role, moved], ids=lambda one: one.__name__)
def ends(request, cast):
    return (lambda user: moved(cast, user)) if request.param is moved else request.param


def enrol(code):
    return Client().post(reverse("api_sensors"), json.dumps({"code": code}), content_type="application/json")


def test_the_code_of_a_sensor(cast, ends):
    maker = cast.user("A1", "coordinator")
    (_one, first), (_two, second) = (sensors.add(maker, cast.units["A1"], name) for name in ("một", "hai"))
    assert enrol(first).status_code == 200
    ends(maker)
    assert enrol(second).status_code == 401


def test_the_audit_trail_names_the_program_that_took_a_token_and_whose_code_it_was(cast):
    maker = cast.user("A1", "coordinator")
    sensor, code = sensors.add(maker, cast.units["A1"], "tường lửa")
    assert enrol(code).status_code == 200
    assert enrol(sensors.new_code(maker, sensor)).status_code == 200
    rows = Entry.objects.filter(action__in=("token.issue", "token.revoke", "sensor.enrol"))
    assert {(row.actor_id, row.actor_name) for row in rows} == {(None, "tường lửa")} and len(rows) == 5
    assert maker.get_full_name() in sentence(rows.filter(action="sensor.enrol").first())


def test_an_invitation_and_a_link_for_a_password(cast, ends):
    maker = cast.user("A", "coordinator")
    role = staff.invite(cast.units["A1"], "officer", None, maker)
    password = staff.offer_password(cast.user("A1", "it"), cast.units["A1"], maker)
    by_server = staff.invite(cast.units["A1"], "officer", None, None)
    pages = [reverse("staff_link", args=[token]) for token in (role, password, by_server)]
    assert [Client().get(page).status_code for page in pages] == [200, 200, 200]
    ends(maker)
    assert [Client().get(page).status_code for page in pages] == [410, 410, 200]
    for act in (
        lambda: staff.accept(staff.digest(role), cast.user("B1", "it")),
        lambda: staff.set_password(password, "quet-sach-124"),
    ):
        with pytest.raises(staff.StaffError, match="dead"):
            act()
    shown = text_of(cast.client("centre", "coordinator").get(reverse("staff")))
    assert shown.count(f"của {maker.get_full_name()}, người không còn quyền") == 2


def test_another_coordinator_makes_the_invitation_theirs(cast):
    staff.invite(cast.units["A1"], "officer", None, cast.user("A", "coordinator"))
    role_over(cast.user("A", "coordinator"))
    token = staff.renew(Invitation.rows.get(), cast.user("centre", "coordinator"))
    assert Client().get(reverse("staff_link", args=[token])).status_code == 200


def test_a_code_to_join(cast, ends):
    maker = cast.user("A", "coordinator")
    ((_node, code),) = issue_codes([cast.nodes["A1"]], maker)
    page, sheet = reverse("join", args=[code]), reverse("join_codes", args=[cast.campaign.slug])
    Membership.ever.filter(unit=cast.units["A1"]).delete()
    above = cast.client("A", "officer")
    assert Client().get(page).status_code == 200
    until = f"{timezone.localdate() + timedelta(days=60):%d/%m/%Y}"
    assert until in text_of(above.get(sheet))
    ends(maker)
    gone = Client().get(page)
    assert gone.status_code == 410 and "không còn quyền" in text_of(gone)
    assert until not in text_of(above.get(sheet)), "the unit has no way in: the sheet must not tell of one"


def test_a_code_for_results_of_checks(cast, ends):
    maker = cast.user("A1", "officer")
    _row, text = issue_code(cast.nodes["A1"], maker)
    assert is_code_known(text) and len(codes_of(cast.nodes["A1"])[0]) == 1
    ends(maker)
    assert not is_code_known(text) and take_code(text) is None
    assert codes_of(cast.nodes["A1"]) == ([], [])


def test_the_token_of_a_unit_lives_on(cast, ends):
    maker = cast.user("A1", "it")
    _token, secret = issue_token(maker, cast.units["A1"], "gateway")
    _sensor, code = sensors.add(cast.user("A1", "coordinator"), cast.units["A1"], "một")
    key = enrol(code).json()["token"]
    for person in (maker, cast.user("A1", "coordinator")):
        ends(person)
    assert token_holder(secret) is not None and token_holder(key) is not None
