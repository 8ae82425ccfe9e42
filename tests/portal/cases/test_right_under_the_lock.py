"""The right is asked on the machine as it is when an act is written, not only when the page was made."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.cases import actions, deeds, noting_actions, undoing_actions
from quetsach.portal.cases.actions import CaseError
from quetsach.portal.cases.false_alarms import actions as alarms
from quetsach.portal.cases.handing_back_actions import hand_back
from quetsach.portal.cases.models import Case, CaseEvent, Device, FalseAlarm, NotOurs
from quetsach.portal.cases.owning_actions import assign_device, say_not_ours
from quetsach.portal.cases.work import actions as work
from quetsach.portal.units.models import Membership
from tests.portal.cases.test_withdrawing import scan, versions
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon, sighting

__all__ = ["scan", "versions"]
WHY = "Không có máy nào ở phòng này."


def loaded():
    """The case as a page loads it."""
    return Case.rows.select_related("device__owner", "device__campaign__issuer").get(is_current=True)


@pytest.fixture
def given(cast, scan):
    """A public address of the district, given to A1; the case as a page of A1 loaded it."""
    scan(sighting("198.51.100.3", noon(3)), unit="A")
    assign_device(loaded().device, cast.nodes["A1"], cast.user("A", "it"))
    return loaded()


def everything():
    """All that an act could have left."""
    return (list(Case.rows.values()), list(Device.rows.values()), CaseEvent.rows.count(),
            Entry.objects.count(), FalseAlarm.rows.count(), NotOurs.rows.count())  # fmt: skip


def test_nothing_is_done_to_a_machine_that_was_taken_away_meanwhile(cast, given):
    it, now = cast.user("A1", "it"), timezone.now()
    hand_back(given, cast.user("A", "it"))
    before = everything()
    for act in (
        lambda: noting_actions.acknowledge(given, it),
        lambda: noting_actions.locate(given, it, place="Phòng 204"),
        lambda: noting_actions.try_to_reach(given, it, tried_at=now, how="gọi điện"),
        lambda: noting_actions.isolate(given, it, since=now, reason=WHY),
        lambda: noting_actions.put_aside(given, it, until=now.date() + timedelta(days=2), reason=WHY),
        lambda: actions.start_cleaning(given, it),
        lambda: actions.claim_clean(given, it, done="scan", done_at=now),
        lambda: alarms.propose(given, it, FalseAlarm.Scope.CASE, WHY),
        lambda: assign_device(given.device, cast.nodes["A1"], it),
        lambda: say_not_ours(given.device, it, WHY),
    ):
        with pytest.raises(CaseError, match=r"another unit|đơn vị khác"):
            act()
    outcome = work.act_on([(given, work.START), (given, work.SEEN)], it, done_at=now)
    assert [said for _case, said in outcome.refused] and not outcome.done
    assert everything() == before


def test_nothing_is_taken_back_nor_opened_again_there(cast, given):
    it = cast.user("A1", "it")
    noting_actions.locate(given, it, place="Phòng 204")
    say_not_ours(loaded().device, it, WHY)
    Membership.ever.filter(user=it).update(role="reader")
    before = everything()
    for act in (undoing_actions.take_back_last, hand_back):
        with pytest.raises(CaseError):
            act(given, it)
    assert everything() == before


def test_only_a_superior_of_the_present_unit_confirms(cast, scan):
    scan(sighting("10.1.1.5", noon(3)))
    case = actions.claim_clean(loaded(), cast.user("A1", "it"), done="scan", done_at=noon(2))
    with pytest.raises(CaseError):
        actions.confirm_clean(case, cast.user("A1", "coordinator"), "đã xem tận nơi")
    actions.confirm_clean(case, cast.user("A", "coordinator"), "đã xem tận nơi")
    assert loaded().state == "verified_clean"


def test_a_second_person_of_the_former_unit_agrees_to_nothing(cast, given):
    alarm = alarms.propose(given, cast.user("A1", "it"), FalseAlarm.Scope.CASE, WHY)
    say_not_ours(loaded().device, cast.user("A1", "it"), WHY)
    before = everything()
    for act in (alarms.agree, alarms.refuse):
        with pytest.raises(CaseError, match=r"another unit|đơn vị khác"):
            act(alarm, cast.user("A1", "coordinator"), WHY)
    assert everything() == before


def test_not_ours_twice_at_once_passes_one_level(cast, given):
    """A superior may say it for a unit below; the second click is about that unit, too."""
    above = cast.user("A", "officer")
    first, second = loaded().device, loaded().device
    say_not_ours(first, above, WHY)
    with pytest.raises(CaseError, match=r"another unit|đơn vị khác"):
        say_not_ours(second, above, WHY)
    assert Device.rows.get().owner == cast.nodes["A"]
    assert [said.node for said in NotOurs.rows.all()] == [cast.nodes["A1"]]
    client = cast.client("A", "officer")
    client.cookies["django_language"] = "en"
    page = text_of(client.get(reverse("case", args=["lam-sach", given.pk])))
    assert "Đơn vị A says that Đơn vị A1 does not have it" in page, "A1 has said nothing"
    assert "Said by Đơn vị A." in page
    assert Entry.objects.get(action="device.not_ours").data["by_unit"] == "Đơn vị A"


@pytest.mark.parametrize("name", ["device_not_ours", "device_assign"])
def test_an_older_page_says_nothing_of_the_unit_that_has_it_now(cast, given, name):
    client = cast.client("A", "officer")
    client.cookies["django_language"] = "en"
    page = client.get(reverse("case", args=["lam-sach", given.pk]))
    asked = client.post(
        reverse(name, args=["lam-sach", given.pk]), {"reason": WHY, "to": cast.nodes["A1"].pk}
    )
    field = f'<input type="hidden" name="cua" value="{cast.nodes["A1"].pk}">'
    for form in (page, asked):
        assert field in form.content.decode(), "the form names the unit of which it speaks"
    say_not_ours(loaded().device, cast.user("A1", "it"), WHY)
    before = everything()
    sent = {"cua": cast.nodes["A1"].pk, "reason": WHY, "to": cast.nodes["A2"].pk}
    for sure in ({}, {"sure": "1"}):
        answer = client.post(reverse(name, args=["lam-sach", given.pk]), sent | sure)
        assert answer.status_code == 422 and "has gone to another unit" in text_of(answer)
    assert everything() == before


def test_the_list_says_why_nothing_was_done_where_the_case_is_no_longer_seen(cast, given, monkeypatch):
    client = cast.client("A1", "it")
    client.cookies["django_language"] = "en"
    start = deeds.DEEDS["bat-dau"]

    def late(case, actor, **said):
        hand_back(loaded(), cast.user("A", "it"))
        return actions.start_cleaning(case, actor, **said)

    monkeypatch.setitem(deeds.DEEDS, "bat-dau", replace(start, do=late))
    answer = client.post(reverse("case_act", args=["lam-sach", given.pk, "bat-dau"]), follow=True)
    assert answer.redirect_chain and "is with another unit now" in text_of(answer)
    assert loaded().state == "new"


def test_a_reader_takes_nothing_back_by_an_earlier_episode(cast, given):
    it = cast.user("A", "it")
    old = loaded()
    old.pk, old.episode, old.is_current = None, 0, False
    old.save(force_insert=True)
    (gave,) = CaseEvent.rows.filter(act="assign")
    CaseEvent.rows.create(case=old, at=gave.at, act="assign", from_state="new", to_state="assigned", by=it,
                          data=gave.data)  # fmt: skip
    client = cast.client("A", "it")
    before = everything()
    client.post(reverse("device_hand_back", args=["lam-sach", old.pk]))
    assert everything() == before, "it does not lead from an earlier episode"
    Membership.ever.filter(user=it).update(role="reader")
    for case in (old, given):
        client.post(reverse("device_hand_back", args=["lam-sach", case.pk]))
        with pytest.raises(CaseError):
            hand_back(case, it)
    assert everything() == before


def test_it_is_handed_back_where_all_that_was_done_was_taken_back(cast, given):
    it = cast.user("A1", "it")
    noting_actions.acknowledge(given, it)
    with pytest.raises(CaseError):
        hand_back(loaded(), cast.user("A", "it"))
    undoing_actions.take_back_last(loaded(), it)
    client = cast.client("A", "it")
    client.cookies["django_language"] = "en"
    page = text_of(client.get(reverse("case", args=["lam-sach", given.pk])))
    assert "Take it back that it went to Đơn vị A1" in page
    hand_back(loaded(), cast.user("A", "it"))
    assert loaded().device.owner == cast.nodes["A"] and loaded().state == "new"


def test_the_list_of_false_alarms_tells_nothing_that_another_unit_wrote(cast, given):
    """What the former unit said stays on its list; the present unit opened the case again."""
    alarm = alarms.propose(given, cast.user("A1", "it"), FalseAlarm.Scope.CASE, WHY)
    alarms.agree(alarm, cast.user("A1", "coordinator"))
    Device.rows.update(owner=cast.nodes["A2"])
    case = actions.reopen(loaded(), cast.user("A2", "it"), "máy này vẫn còn dấu hiệu")
    noting_actions.locate(case, cast.user("A2", "it"), place="Phòng kín của A2")
    for unit, told in (("A1", False), ("A", True)):
        page = cast.client(unit, "it").get(reverse("false_alarms", args=["lam-sach"]))
        assert WHY in text_of(page), "what was said there stays"
        assert ("Phòng kín của A2" in text_of(page)) == told
        assert ("máy này vẫn còn dấu hiệu" in text_of(page)) == ("it-a2" in text_of(page)) == told
        assert (reverse("case", args=["lam-sach", case.pk]) in page.content.decode()) == told
