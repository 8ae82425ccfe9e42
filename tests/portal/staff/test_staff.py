"""Roles given, changed, ended, handed over by the entitled; links that work once; roles that need codes."""

import re
from datetime import timedelta
from gettext import NullTranslations

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.cli.commands.portal import _say_ready
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade.actions import acknowledge
from quetsach.portal.staff.models import HandOver, Invitation
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.models import Membership, Unit, places_of
from quetsach.text import language

NEW = {"full_name": "Lò Văn Pâng", "phone": "", "username": "lo.pang", "password": "bon tu de nho"}


@pytest.fixture(autouse=True)
def _no_old_limits(db):
    cache.clear()


def day(days: int = 0) -> str:
    return f"{timezone.localdate() + timedelta(days=days):%d/%m/%Y}"


def invited(client, unit, role="officer", until=""):
    answer = client.post(reverse("staff_invite"), {"unit": unit.pk, "role": role, "until": until})
    found = re.search(r"/loi-moi/[^/\"]+/", answer.content.decode())
    return found[0] if found else ""


def test_from_the_invitation_to_the_first_page(cast):
    url = invited(cast.client("A", "coordinator"), cast.units["A1"])
    assert url.split("/")[2] not in repr(list(Invitation.rows.values())) + repr(list(Entry.objects.values()))
    visitor = Client()
    assert "Đơn vị A1" in visitor.get(url).content.decode() and not Invitation.rows.get().used_at
    assert "err" in visitor.post(url, {**NEW, "password": "ngan"}).content.decode()
    assert visitor.post(url, NEW).url == reverse("my_work")
    user = User.objects.get(username="lo.pang")
    assert places_of(user) == [("officer", cast.units["A1"].path)]
    assert "Đơn vị A1" in visitor.get(reverse("my_account")).content.decode()
    assert Client().get(url).status_code == 410
    assert Client().post(url, {**NEW, "username": "other"}).status_code == 410
    assert not User.objects.filter(username="other").exists()


@pytest.mark.usefixtures("in_english")
def test_the_first_coordinator_of_an_empty_portal_comes_by_a_link_from_the_server(db, settings, capsys):
    settings.SITE_ADDRESS = "https://portal.example/"
    with pytest.raises(CommandError, match="no such unit"):
        call_command("invite_coordinator", "UBND huyện Phong Thổ")
    call_command("invite_coordinator", " UBND huyện  Phong Thổ", new="ubnd_district")
    link = capsys.readouterr().out.split()[0]
    assert link.startswith("https://portal.example/loi-moi/")
    with pytest.raises(CommandError, match="there already"):
        call_command("invite_coordinator", "UBND huyện Phong Thổ", new="ubnd_district")
    visitor = Client()
    path = link.removeprefix("https://portal.example")
    assert "Người quản trị cổng mời anh/chị" in visitor.get(path).content.decode()
    assert visitor.post(path, NEW).url == reverse("my_work")
    unit = Unit.rows.get()
    assert (unit.name, unit.parent, unit.kind) == ("UBND huyện Phong Thổ", None, "ubnd_district")
    assert places_of(User.objects.get()) == [("coordinator", unit.path)]
    call_command("invite_coordinator", "UBND huyện Phong Thổ")
    assert "Người quản trị cổng" in visitor.get(reverse("staff")).content.decode()


@pytest.mark.usefixtures("db", "in_english")
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "QUETSACH_ADDRESS is not set"),
        ("http://127.0.0.1:8000", "Only this machine can open the address in QUETSACH_ADDRESS"),
        ("http://[::1]:8000", "Only this machine can open the address in QUETSACH_ADDRESS"),
        ("https://portal.example", ""),
    ],
)
def test_an_address_that_only_this_machine_opens_is_not_called_unset(
    settings, capsys, monkeypatch, address, said
):
    settings.SITE_ADDRESS = address
    # A command that another test ran may have chosen the language of the process.
    monkeypatch.setattr(language, "_code", "en")
    monkeypatch.setattr(language, "_texts", NullTranslations())
    call_command("invite_coordinator", "Tỉnh Lai Châu", new="ubnd_province")
    _say_ready(address)
    for told in capsys.readouterr().err.partition("Ctrl-C ends it.")[::2]:
        assert (said in told) if said else ("QUETSACH_ADDRESS" not in told)
        assert ("is not set" in told) == (not address)


@pytest.mark.usefixtures("db", "in_english")
def test_a_name_that_nearly_matches_is_offered_and_one_that_stands_often_is_given_by_its_path(capsys):
    top = create_unit(None, None, "Cả nước")
    for province in ("Tỉnh Lào Cai", "Tỉnh Sơn La"):
        create_unit(None, create_unit(None, top, province), "Xã Tân Lập")
    with pytest.raises(CommandError, match="quetsach manage invite_coordinator 'Tỉnh Sơn La / Cả nước'"):
        call_command("invite_coordinator", "son la")
    with pytest.raises(
        CommandError, match=r"2 units bear that name(.|\n)*'Xã Tân Lập / Tỉnh Lào Cai / Cả nước'"
    ):
        call_command("invite_coordinator", "Xã Tân Lập")
    for path in ("Xã Tân Lập / Tỉnh Sơn La / Cả nước", "Xã Tân Lập / Tỉnh Sơn La"):
        call_command("invite_coordinator", path)
        assert "/loi-moi/" in capsys.readouterr().out
    assert {row.unit.parent.name for row in Invitation.rows.all()} == {"Tỉnh Sơn La"}
    with pytest.raises(CommandError, match=r"Is it one of these\?(.|\n)*Tỉnh Sơn La"):
        call_command("invite_coordinator", "Xã Tân Lập / Tỉnh Lai Châu")


def test_a_link_is_taken_back_or_grows_old(cast, time_machine):
    coordinator = cast.client("A", "coordinator")
    first, second = (invited(coordinator, cast.units["A1"]) for _ in range(2))
    row = Invitation.rows.order_by("issued_at").first()
    coordinator.post(reverse("staff_revoke", args=[row.pk]))
    assert Client().get(first).status_code == 410 and Client().get(second).status_code == 200
    time_machine.move_to(timezone.now() + timedelta(days=7, minutes=1))
    assert Client().get(second).status_code == 410


@pytest.mark.parametrize(("unit", "role"), [("A", "officer"), ("B", "coordinator"), ("A1", "auditor")])
def test_who_may_not_invite_into_a_unit(cast, unit, role):
    assert not invited(cast.client(unit, role), cast.units["A1"])
    assert not Invitation.rows.exists()


def test_a_deputy_serves_until_the_last_day(cast, time_machine):
    deputy = cast.client("B1", "officer")
    deputy.post(invited(cast.client("A", "coordinator"), cast.units["A1"], until=day(3)))
    person = cast.user("B1", "officer")
    assert ("officer", cast.units["A1"].path) in places_of(person)
    time_machine.move_to(timezone.now() + timedelta(days=3))
    assert ("officer", cast.units["A1"].path) in places_of(person)
    time_machine.move_to(timezone.now() + timedelta(days=1))
    assert places_of(person) == [("officer", cast.units["B1"].path)]


def test_a_role_is_changed_and_ended_with_a_reason(cast):
    seat = Membership.ever.get(user=cast.user("A1", "officer"))
    client = cast.client("A", "coordinator")
    url = reverse("staff_seat", args=[seat.pk])
    client.post(url, {"role": "it", "until": day(10)})
    seat.refresh_from_db()
    assert (seat.role, f"{seat.until:%d/%m/%Y}") == ("it", day(10))
    assert 'class="err"' in client.post(url, {"role": "it", "until": "31/02/2022"}).content.decode()
    assert 'class="err"' in client.post(url, {"do": "end", "reason": ""}).content.decode()
    client.post(url, {"do": "end", "reason": "Chuyển công tác"})
    assert not Membership.in_force.filter(pk=seat.pk).exists()
    assert Entry.objects.get(action="account.end_seat").data["reason"] == "Chuyển công tác"
    assert first_broken_entry() is None


def test_nobody_changes_themselves_or_a_superior(cast):
    client, me = cast.client("A", "coordinator"), cast.user("A", "coordinator")
    own = Membership.ever.get(user=me)
    above = Membership.ever.get(user=cast.user("centre", "coordinator"))
    for seat in (own, above):
        assert client.post(reverse("staff_seat", args=[seat.pk]), {"role": "it"}).status_code == 404
    answer = client.post(reverse("staff_person", args=[me.pk]), {"do": "lock", "reason": "x"})
    assert answer.status_code == 404
    assert client.get(reverse("staff_person", args=[above.user_id])).status_code == 404


def test_locking_ends_sign_ins_and_unlocking_lets_in_again(cast):
    victim, person = cast.client("A1", "officer"), cast.user("A1", "officer")
    page = reverse("today", args=[cast.campaign.slug])
    assert victim.get(page).status_code == 200
    client, url = cast.client("A", "coordinator"), reverse("staff_person", args=[person.pk])
    client.post(url, {"do": "lock", "reason": "Mất máy"})
    assert victim.get(page).status_code == 404
    client.post(url, {"do": "unlock"})
    person.refresh_from_db()
    assert person.is_active


def test_who_serves_elsewhere_too_is_not_locked_by_one_of_two(cast):
    person = cast.user("A1", "officer")
    Membership.ever.create(user=person, unit=cast.units["B1"], role="officer")
    url = reverse("staff_person", args=[person.pk])
    assert cast.client("A", "coordinator").post(url, {"do": "lock", "reason": "x"}).status_code == 404
    cast.client("centre", "coordinator").post(url, {"do": "lock", "reason": "x"})
    person.refresh_from_db()
    assert not person.is_active


def test_a_link_for_a_password_is_made_by_a_superior_never_by_a_peer(cast):
    """The holder of the link opens the account: a peer would act in the other's name."""
    other = User.objects.create_user("dau-moi-2")
    Membership.ever.create(user=other, unit=cast.units["A"], role="coordinator")
    officer = cast.user("A", "officer")
    peer, superior = cast.client("A", "coordinator"), cast.client("centre", "coordinator")
    url = reverse("staff_person", args=[other.pk])
    assert peer.get(url).status_code == 200 and 'value="password"' not in peer.get(url).content.decode()
    assert peer.post(url, {"do": "password"}).status_code == 404
    assert not Invitation.rows.exists()
    own = reverse("staff_person", args=[officer.pk])
    assert "loi-moi" in peer.post(own, {"do": "password"}).content.decode()
    assert "loi-moi" in superior.post(url, {"do": "password"}).content.decode()
    waiting = Invitation.rows.get(person=other)
    assert peer.post(reverse("staff_renew", args=[waiting.pk])).status_code == 404


def test_a_new_password_by_a_link(cast):
    person, url = cast.user("A1", "officer"), reverse("staff_person", args=[cast.user("A1", "officer").pk])
    answer = cast.client("A", "coordinator").post(url, {"do": "password"})
    link = re.search(r"/loi-moi/[^/\"]+/", answer.content.decode())[0]
    visitor = Client()
    assert 'class="err"' in visitor.post(link, {"password": "ngan"}).content.decode()
    visitor.post(link, {"password": "nam tu moi de nho"})
    person.refresh_from_db()
    assert person.check_password("nam tu moi de nho")
    assert visitor.post(link, {"password": "lan hai khong duoc"}).status_code == 410
    # The link to a password gives no role to the person who is signed in.
    assert Membership.ever.filter(user=person).count() == 1


def test_all_roles_go_over_on_the_day_and_both_see_it(cast, time_machine):
    giver, taker = cast.user("A1", "officer"), cast.user("A2", "officer")
    client = cast.client("A", "coordinator")
    form = {"taker": taker.pk, "on": day(5), "reason": "Nghỉ hưu"}
    client.post(reverse("staff_hand_over", args=[giver.pk]), form)
    row = HandOver.rows.get()
    assert row.seats == [["officer", "Đơn vị A1"]]
    path = cast.units["A1"].path
    for unit in ("A1", "A2"):
        assert "Nghỉ hưu" in cast.client(unit, "officer").get(reverse("my_account")).content.decode()
    time_machine.move_to(timezone.now() + timedelta(days=4))
    assert ("officer", path) in places_of(giver) and ("officer", path) not in places_of(taker)
    time_machine.move_to(timezone.now() + timedelta(days=1))
    assert ("officer", path) not in places_of(giver) and ("officer", path) in places_of(taker)
    page = cast.client("A1", "officer").get(reverse("my_work")).content.decode()
    assert f"Vai trò của anh/chị ở Đơn vị A1 đã kết thúc; ngày cuối là {day(-1)}." in page
    assert reverse("my_account") in page.partition("<main")[2]
    client = cast.client("A", "coordinator")  # the old sign-in is over by now
    again = client.post(reverse("staff_hand_over", args=[giver.pk]), {**form, "on": day()}, follow=True)
    assert again.status_code in {200, 404} and HandOver.rows.count() == 1


def test_who_may_take_over_is_told_apart_by_unit_and_lies_in_ones_own_area(cast):
    giver, near, far = (cast.user(unit, "officer") for unit in ("A1", "A2", "B1"))
    client, url = cast.client("A", "coordinator"), reverse("staff_hand_over", args=[giver.pk])
    page = client.get(url).content.decode()
    assert f"({near.username}, Đơn vị A2)" in page and far.username not in page
    answer = client.post(url, {"taker": far.pk, "on": day(), "reason": "Chuyển công tác"})
    assert answer.status_code == 404 and not HandOver.rows.exists()
    assert ("officer", cast.units["A1"].path) in places_of(giver)


def test_the_last_coordinator_hands_over_and_the_next_one_can_do_everything(cast):
    giver, taker = cast.user("A", "coordinator"), cast.user("A", "officer")
    url = reverse("staff_hand_over", args=[giver.pk])
    answer = cast.client("A", "coordinator").post(url, {"taker": taker.pk, "on": day(), "reason": "Nghỉ hưu"})
    assert answer.url == reverse("my_account")
    assert cast.client("A", "officer").get(reverse("staff")).status_code == 200
    assert cast.client("A", "coordinator").get(reverse("staff")).status_code == 404
    assert "Nghỉ hưu" in cast.client("A", "officer").get(reverse("staff_trail")).content.decode()


def test_people_and_units_are_found_without_diacritics_or_capitals(cast):
    person = cast.user("A1", "officer")
    person.full_name = "Đặng Thị Ước"
    person.save()
    client = cast.client("A", "coordinator")
    for text in ("dang thi uoc", "ĐẶNG", "don vi a1"):
        assert "Đặng Thị Ước" in client.get(reverse("staff"), {"tim": text}).content.decode(), text
    offered = client.get(reverse("staff_invite"), {"tim": "DON VI A1"}).content.decode()
    assert ">Đơn vị A1</option>" in offered and "Đơn vị A2</option>" not in offered
    acknowledge(cast.nodes["A1"], person)
    found = client.get(reverse("staff_trail"), {"person": "uoc"}).content.decode()
    assert "Đặng Thị Ước" in found and 'class="empty"' not in found


def test_nobody_loses_a_role_by_taking_one_over(cast):
    taker = cast.user("A1", "reader")
    Membership.ever.create(user=taker, unit=cast.units["A1"], role="officer")
    form = {"taker": taker.pk, "on": day(30), "reason": "x"}
    cast.client("A", "coordinator").post(
        reverse("staff_hand_over", args=[cast.user("A1", "officer").pk]), form
    )
    assert ("officer", cast.units["A1"].path) in places_of(taker)


def test_strangers_and_siblings_see_no_administration(cast):
    person = cast.user("A1", "officer")
    for client in (cast.client("B", "coordinator"), cast.client("A1", "officer")):
        assert client.get(reverse("staff_person", args=[person.pk])).status_code == 404
    assert "officer-a1" not in cast.client("B", "coordinator").get(reverse("staff")).content.decode()
    assert cast.client("A1", "it").get(reverse("staff")).status_code == 404


def test_coordinators_are_asked_for_codes_and_stopped_when_the_days_are_over(cast, time_machine, settings):
    page = reverse("today", args=[cast.campaign.slug])
    client = cast.client("A", "coordinator")
    assert reverse("mfa_index") in client.get(page).content.decode()
    assert reverse("mfa_index") not in cast.client("A1", "officer").get(page).content.decode()
    time_machine.move_to(timezone.now() + timedelta(days=15))
    client = cast.client("A", "coordinator")
    assert client.get(page).url == reverse("mfa_index")
    assert client.post(reverse("staff_invite"), {}).url == reverse("mfa_index")
    assert client.get(reverse("mfa_index")).status_code == 200
    assert cast.client("A1", "officer").get(page).status_code == 200
    Authenticator.objects.create(user=cast.user("A", "coordinator"), type="totp", data={"secret": "x"})
    assert cast.client("A", "coordinator").get(page).status_code == 200


def test_lost_phones_are_helped_from_strictly_above(cast):
    person = cast.user("A", "coordinator")
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    url = reverse("staff_person", args=[person.pk])
    peer = User.objects.create_user("peer")
    Membership.ever.create(user=peer, unit=cast.units["A"], role="coordinator")
    beside = Client()
    beside.force_login(peer, "allauth.account.auth_backends.AuthenticationBackend")
    assert beside.post(url, {"do": "reset"}).status_code == 404
    assert Authenticator.objects.filter(user=person).exists()
    cast.client("centre", "coordinator").post(url, {"do": "reset"})
    assert not Authenticator.objects.filter(user=person).exists()
    assert Entry.objects.get(action="account.reset_second_step").actor == cast.user("centre", "coordinator")


def test_the_command_helps_who_has_nobody_above(cast):
    person = cast.user("centre", "coordinator")
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    call_command("reset_second_step", person.username)
    assert not Authenticator.objects.exists()
