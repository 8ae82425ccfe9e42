"""Codes to join: one code makes one account; a code that opens nothing names the reason."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.joining import guessing
from quetsach.portal.campaigns.joining.actions import JoinError, issue_codes, join
from quetsach.portal.campaigns.joining.codes import new_code, tidy
from quetsach.portal.campaigns.models import Acknowledgement, Campaign, CampaignNode, JoinCode
from quetsach.portal.units import reorg_actions as reorg
from quetsach.portal.units.models import Membership, ReorgLink, Unit

NEW = {"full_name": "Lò Thị Hà", "phone": "", "username": "Ha.Lo", "password": "bốn từ rất dễ nhớ"}


def code_for(cast, unit="A1"):
    [(node, code)] = issue_codes([cast.nodes[unit]], cast.user("centre", "coordinator"))
    assert node.pk == cast.nodes[unit].pk
    return code


def url(code):
    return reverse("join", args=[code])


def test_a_new_officer_joins_and_stands_at_their_unit(cast):
    code, visitor = code_for(cast), Client()
    assert cast.nodes["A1"].name in visitor.get(url(code)).content.decode()
    answer = visitor.post(url(code), NEW, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("today", args=[cast.campaign.slug])
    user = User.objects.get(username="ha.lo")
    assert [(m.unit, m.role) for m in user.memberships.all()] == [(cast.units["A1"], "officer")]
    assert Client().login(username="ha.lo", password=NEW["password"])
    assert (
        visitor.post(reverse("letter", args=[cast.campaign.slug]), {"act": "acknowledge"}).status_code == 302
    )
    assert Client().get(url(code)).status_code == 410


def test_looking_uses_nothing_up(cast):
    code = code_for(cast)
    for _ in range(3):  # a messenger fetches the page for its preview
        assert Client().get(url(code)).status_code == 200
    assert JoinCode.rows.get().used_at is None


def test_somebody_with_an_account_joins_with_it(cast):
    client = cast.client("B1", "reader")
    client.post(url(code_for(cast)))
    roles = Membership.ever.filter(user=cast.user("B1", "reader")).values_list("unit__name", "role")
    assert set(roles) == {("Đơn vị B1", "reader"), ("Đơn vị A1", "officer")}


def test_neither_database_nor_trail_holds_a_code(cast):
    code = code_for(cast)
    row = JoinCode.rows.get()
    assert code not in str(vars(row)) and tidy(code).replace("-", "") not in str(vars(row))
    assert not [e for e in Entry.objects.all() if code in str(e.data)]


def test_a_newer_code_replaces_the_older(cast):
    old, new = code_for(cast), code_for(cast)
    assert Client().get(url(old)).status_code == 410
    assert Client().get(url(new)).status_code == 200
    assert JoinCode.rows.filter(revoked_at=None).count() == 1


def test_every_reason_is_said(cast):
    visitor = Client()
    visitor.cookies["django_language"] = "en"

    def says(code):
        return visitor.get(url(code)).content.decode()

    assert "does not know this code" in says("AAAAA-AAAAA")
    used, late = code_for(cast), code_for(cast, "A2")
    join(used, cast.user("A1", "officer"))
    assert "was used already" in says(used)
    with time_machine.travel(timezone.now() + timedelta(days=61), tick=False):
        assert "too old" in says(late)
    Campaign.objects.update(status="closed")
    assert "closed" in says(late)


def test_two_at_once_make_one_account(cast):
    code = code_for(cast)
    join(code, cast.user("A1", "officer"))
    with pytest.raises(JoinError) as error:
        join(code, cast.user("A2", "officer"))
    assert error.value.code == "used"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"full_name": " "}, "full_name"),
        ({"username": "hà"}, "username"),
        ({"username": "officer-b1"}, "username"),
        ({"password": "ngắn"}, "password"),
        ({"password": "password1234"}, "password"),
        ({"phone": "gọi em nhé"}, "phone"),
    ],
)
def test_a_bad_form_uses_no_code_and_makes_no_account(cast, change, field):
    cast.user("B1", "officer")
    code, before = code_for(cast), User.objects.count()
    page = Client().post(url(code), NEW | change)
    assert page.status_code == 200 and f'id="id_{field}_error"' in page.content.decode()
    assert User.objects.count() == before and JoinCode.rows.get().used_at is None
    assert NEW["password"] not in page.content.decode()


@pytest.mark.parametrize("typed", ["7k3fm q2xwb", "7K3FM-Q2XWB", " 7k3f-mq2-xwb ", "7K3FMQ2XWB"])
def test_a_code_is_read_however_it_is_typed(typed):
    assert tidy(typed) == "7K3FM-Q2XWB"


def test_letters_that_look_like_digits_are_those_digits():
    assert tidy("oIl0o-00000") == "01100-00000"
    assert not re.search("[ILOU]", "".join(new_code() for _ in range(200)))


def test_typing_leads_to_the_page_and_nonsense_to_a_word(cast):
    code = code_for(cast)
    start = reverse("join_start")
    assert Client().post(start, {"code": code.lower().replace("-", " ")})["Location"] == url(code)
    assert 'class="err"' in Client().post(start, {"code": "abc"}).content.decode()


def test_guessing_is_stopped_and_others_are_not(cast, monkeypatch):
    monkeypatch.setattr(guessing.WRONG_CODES, "most", 3)
    code, guesser = code_for(cast), Client()
    answers = [guesser.get(url(f"AAAAA-AAAA{n}")).status_code for n in range(4)]
    assert answers == [404, 404, 404, 429]
    # A visitor with the guesser's address still comes in; somebody who guesses everywhere does not.
    assert guesser.get(url(code)).status_code == 200
    monkeypatch.setattr(guessing.WRONG_CODES, "everywhere", 3)
    assert guesser.get(url(code)).status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.7").get(url(code)).status_code == 200


def test_the_sheet_has_a_slip_for_each_ticked_unit(cast):
    client = cast.client("centre", "officer")
    page = reverse("join_codes", args=[cast.campaign.slug])
    assert client.get(page).content.decode().count('name="unit"') == 2
    every = client.get(f"{page}?cap=moi-cap").content.decode()
    assert every.count('name="unit"') == 5
    own = cast.nodes["A1"].due_at - timedelta(days=4)
    CampaignNode.rows.filter(pk=cast.nodes["A1"].pk).update(due_at=own)
    units = [str(cast.nodes[name].pk) for name in ("A1", "B")]
    sheet = client.post(page, {"act": "issue", "unit": units}).content.decode()
    codes = re.findall(r'class="slip-code">([0-9A-Z-]{11})<', sheet)
    assert len(codes) == len(set(codes)) == 2 and sheet.count("<svg width") == 2
    days = [own, cast.nodes["B"].due_at]
    ends = [f"hết ngày {timezone.localdate(day - timedelta(seconds=1)):%d/%m/%Y}." for day in days]
    messages = re.findall("<textarea[^>]*>([^<]*)", sheet)
    assert sorted(re.findall(r"slip-how sm.*?(hết ngày [0-9/]+\.)", sheet)) == sorted(ends)
    pairs = zip(codes, messages, strict=True)
    assert all(code in text and "http://testserver/ma/" in text for code, text in pairs)
    assert not any("đăng nhập" in text for text in messages), "nobody there has an account yet"
    assert {JoinCode.rows.get(node=cast.nodes[n]).revoked_at for n in ("A1", "B")} == {None}
    assert Client().get(url(codes[0])).status_code == 200


def test_codes_are_only_for_units_below(cast):
    page = reverse("join_codes", args=[cast.campaign.slug])
    client = cast.client("A", "officer")
    client.post(page, {"act": "issue", "unit": [str(cast.nodes["B1"].pk), str(cast.nodes["centre"].pk)]})
    assert not JoinCode.rows.exists()
    assert cast.client("A", "reader").get(page).status_code == 404
    code = code_for(cast, "B1")
    revoke = reverse("join_code_revoke", args=[cast.campaign.slug, cast.nodes["B1"].pk])
    assert client.post(revoke).status_code == 404
    cast.client("B", "officer").post(revoke)
    assert Client().get(url(code)).status_code == 410


def sheet(cast, *nodes, unit="centre"):
    """The slips that a coordinator prints, as text, with their codes in order."""
    client, page = cast.client(unit, "coordinator"), reverse("join_codes", args=[cast.campaign.slug])
    text = client.post(page, {"unit": [node.pk for node in nodes]}).content.decode()
    return text, re.findall(r"slip-code\">([0-9A-Z]{5}-[0-9A-Z]{5})<", text)


@pytest.fixture
def merged(cast):
    """A1 and A2 have become one new unit without a node in any campaign."""
    day = timezone.localdate()
    reorg.merge(None, [cast.units["A1"], cast.units["A2"]], parent=cast.units["A"], name="Xã Gộp", on=day)
    cast.units["C"] = Unit.rows.get(name="Xã Gộp")
    return cast


def test_a_unit_born_in_a_merger_has_one_slip_and_its_people_do_what_both_owe(merged):
    cast = merged
    cast.user("A1", "officer")  # from before: they still act, but nobody of the new unit can sign in
    page = reverse("join_codes", args=[cast.campaign.slug])
    listed = cast.client("A", "coordinator").get(page).content.decode()
    first, other = cast.nodes["A1"], cast.nodes["A2"]
    assert listed.count("Xã Gộp") == 1 and "tiếp tục việc của Đơn vị A1, Đơn vị A2" in listed
    assert f'value="{first.pk}"' in listed and f'value="{other.pk}"' not in listed
    text, (code,) = sheet(cast, first, unit="A")
    assert "Xã Gộp" in text and "Tiếp tục việc của Đơn vị A1, Đơn vị A2" in text
    visitor = Client()
    asked = visitor.get(url(code)).content.decode()
    assert "Xã Gộp" in asked and "Đơn vị A1" in asked
    answer = visitor.post(url(code), NEW, follow=True)
    assert answer.status_code == 200 and "Xã Gộp" in answer.content.decode()
    user = User.objects.get(username="ha.lo")
    assert [m.unit for m in user.memberships.all()] == [cast.units["C"]]
    today, letter = (reverse(name, args=[cast.campaign.slug]) for name in ("today", "letter"))
    for node in (first, other):
        assert visitor.get(today, {"thay-mat": node.pk}).status_code == 200
        visitor.post(letter, {"act": "acknowledge"})
        assert Acknowledgement.rows.filter(node=node).exists()
    listed = cast.client("A", "coordinator").get(page).content.decode()
    assert "Xã Gộp" not in listed, "it has somebody now"
    assert Entry.objects.get(action="account.join").data["unit"] == "Xã Gộp"


def test_a_sheet_of_before_the_merger_leads_to_the_new_unit_until_a_newer_replaces_it(cast):
    before = {unit: code_for(cast, unit) for unit in ("A1", "A2")}
    day = timezone.localdate()
    reorg.merge(None, [cast.units["A1"], cast.units["A2"]], parent=cast.units["A"], name="Xã Gộp", on=day)
    user = cast.user("B1", "reader")
    join(before["A1"], user)
    assert user.memberships.filter(unit__name="Xã Gộp", role="officer").exists()
    _text, (code,) = sheet(cast, cast.nodes["A1"])
    assert Client().get(url(before["A2"])).status_code == 410, "one new code for the unit replaces all of its"
    cast.client("A", "coordinator").post(
        reverse("join_code_revoke", args=[cast.campaign.slug, cast.nodes["A1"].pk])
    )
    assert Client().get(url(code)).status_code == 410


def test_a_unit_that_went_into_one_of_the_campaign_has_no_slip_of_its_own(cast):
    old = code_for(cast, "A1")
    reorg.merge(None, [cast.units["A1"]], into=cast.units["A2"], on=timezone.localdate())
    page = cast.client("A", "coordinator").get(reverse("join_codes", args=[cast.campaign.slug]))
    assert "Đơn vị A1" not in page.content.decode() and "Đơn vị A2" in page.content.decode()
    user = cast.user("B1", "reader")
    join(old, user)
    assert user.memberships.get(role="officer").unit == cast.units["A2"]


def test_of_a_divided_unit_the_part_that_was_chosen_joins(cast):
    parts = [reorg.Part(name, {"kind": "ubnd_commune"}) for name in ("Xã Một", "Xã Hai")]
    reorg.split(None, cast.units["A1"], parts, keep=False, on=timezone.localdate())
    reorg.choose_heir(None, ReorgLink.rows.get(to_unit__name="Xã Hai"))
    text, (code,) = sheet(cast, cast.nodes["A1"])
    assert "Xã Hai" in text and "Xã Một" not in text
    user = cast.user("B1", "reader")
    join(code, user)
    assert user.memberships.get(role="officer").unit.name == "Xã Hai"


def test_no_code_is_made_for_a_successor_in_anothers_branch(merged):
    client = merged.client("B", "coordinator")
    page = reverse("join_codes", args=[merged.campaign.slug])
    assert "Xã Gộp" not in client.get(page, {"xem": "tat-ca", "cap": "moi-cap"}).content.decode()
    client.post(page, {"unit": [merged.nodes["A1"].pk]})
    assert not JoinCode.rows.exists()
