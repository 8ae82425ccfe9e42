"""False alarms: never by one person alone, and never longer than the list on which they rest."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.cases import actions
from quetsach.portal.cases.false_alarms import actions as alarms
from quetsach.portal.cases.models import Case, FalseAlarm
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.cases.undoing_actions import take_back_last
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.page_text import text_of
from tests.portal.questions import MOST, is_asked
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting

WHY = "Máy của đoàn kiểm tra, đã hỏi."
CASE, MACHINE, EVERYWHERE = FalseAlarm.Scope.CASE, FalseAlarm.Scope.MACHINE, FalseAlarm.Scope.EVERYWHERE


@pytest.fixture
def listed(cast, tmp_path):
    listed = publish_list(cast, tmp_path)
    IndicatorSet.rows.update(published_at=noon(40))
    return listed


@pytest.fixture
def upload(cast, listed):
    def give(*rows, unit="A1"):
        body = document(list(rows), [coverage(noon(30), noon(1))], set_id=listed.set_id)
        receive_file(BytesIO(body), cast.nodes[unit], Sender("upload", user=cast.user(unit, "it")))

    return give


@pytest.fixture
def case(cast, upload):
    upload(sighting("10.1.1.5", noon(9)))
    return Case.rows.get()


def agreed(cast, case, scope=CASE):
    alarm = alarms.propose(case, cast.user("A1", "it"), scope, WHY)
    alarms.agree(alarm, cast.user("centre", "coordinator"))
    return alarm


def state():
    return Case.rows.filter(is_current=True).get().state


def decide(cast, alarm, deed, unit, role, **told):
    url = reverse("false_alarm_act", args=["lam-sach", alarm.pk, deed])
    return cast.client(unit, role).post(url, told).status_code


def test_one_person_closes_nothing(cast, case):
    url = reverse("case_act", args=["lam-sach", case.pk, "bao-nham"])
    colleague = cast.user("A1", "officer")
    assert cast.client("A1", "it").post(url, {"scope": "case", "reason": WHY}).status_code == 302
    alarm = FalseAlarm.rows.get()
    assert (state(), alarm.decider) == ("assigned", cast.nodes["A1"])
    assert decide(cast, alarm, "dong-y", "A1", "it") == 404, "nobody agrees to the own word"
    with pytest.raises(actions.CaseError):
        alarms.agree(alarm, cast.user("A1", "it"))
    for unit, role in (("A2", "officer"), ("B", "coordinator"), ("A1", "reader")):
        assert decide(cast, alarm, "dong-y", unit, role) == 404
    today = reverse("today", args=["lam-sach"])
    asked = text_of(cast.client("A1", "officer").get(today))
    assert f"Quyết định xem có phải báo nhầm: {case.device.key}" in asked
    assert "xem có phải báo nhầm" not in text_of(cast.client("A1", "it").get(today))
    assert decide(cast, alarm, "dong-y", "A1", "officer") == 302
    assert state() == "false_positive"
    event = case.events.last()
    assert (event.act, event.by, event.data["said_by"]) == ("dismiss", colleague, "it-a1")


def test_the_second_person_of_a_unit_of_one_is_its_superior(cast, case):
    cast.user("A", "officer")
    alarm = alarms.propose(case, cast.user("A1", "it"), CASE, WHY)
    assert alarm.decider == cast.nodes["A"]
    page = cast.client("A", "officer").get(reverse("today", args=["lam-sach"]))
    assert "Quyết định xem có phải báo nhầm" in text_of(page)
    assert decide(cast, alarm, "khong-dong-y", "A", "officer", reason="Chưa đủ căn cứ, xem lại.") == 302
    assert state() == "assigned" and case.events.last().act == "refuse"


def test_the_page_says_who_may_be_the_second(cast, case):
    """In an office of one person the unit above, and why; else also the units above."""
    pages = [f"/cd/lam-sach/may/{case.pk}/", reverse("false_alarms", args=["lam-sach"])]
    cast.user("A", "officer")
    above = "ở đó hoặc ở đơn vị cấp trên đều có thể là người thứ hai, trừ người đã báo"
    mine, asked = cast.nodes["A1"].name, f"{cast.nodes['A1'].name} được đề nghị quyết định"
    one = f"{mine} không còn ai khác quyết định được nên {cast.nodes['A'].name} được đề nghị quyết định"
    for scope, colleague in ((CASE, False), (CASE, True), (EVERYWHERE, True)):
        if colleague:
            cast.user("A1", "officer")
        FalseAlarm.rows.all().delete()
        alarm = alarms.propose(Case.rows.get(), cast.user("A1", "it"), scope, WHY)
        for page in (text_of(cast.client("A1", "it").get(url)) for url in pages):
            if scope == EVERYWHERE:
                assert (
                    f"{alarm.decider.name} được đề nghị quyết định" in page
                    and "người thứ hai, trừ" not in page
                )
            else:
                assert above in page and (asked in page) == colleague and (one in page) != colleague


def test_a_superior_sees_the_false_alarms_of_the_units_below_with_their_unit(cast, case):
    cast.user("A1", "officer")
    alarm = alarms.propose(case, cast.user("A1", "it"), CASE, WHY)
    page = reverse("false_alarms", args=["lam-sach"])

    def shown(unit, role):
        return text_of(cast.client(unit, role).get(f"{page}?don-vi={cast.nodes[unit].pk}"))

    for when in ("it waits", "it holds"):
        above = shown("A", "coordinator")
        assert WHY in above and cast.nodes["A1"].name in above, when
        for unit, role in (("B", "coordinator"), ("A2", "officer")):
            assert WHY not in shown(unit, role), when
        alarm.refresh_from_db()
        if alarm.is_waiting:
            alarms.agree(alarm, cast.user("centre", "coordinator"))
    # A closing of an older version, by one person alone.
    FalseAlarm.rows.all().delete()
    case.events.filter(act="dismiss").update(data={})
    above = shown("A", "coordinator")
    assert case.device.key in above and cast.nodes["A1"].name in above
    assert case.device.key not in shown("B", "coordinator")


def test_about_all_machines_the_publisher_decides(cast, case):
    cast.user("A1", "officer")
    alarm = alarms.propose(case, cast.user("A1", "it"), EVERYWHERE, WHY)
    assert alarm.decider == cast.nodes["centre"]
    assert decide(cast, alarm, "dong-y", "A1", "officer") == 404
    assert decide(cast, alarm, "dong-y", "centre", "coordinator") == 302
    assert state() == "false_positive"


def test_the_same_evidence_opens_nothing_and_other_evidence_does(cast, case, upload):
    agreed(cast, case)
    upload(sighting("10.1.1.5", noon(9)))
    upload(sighting("10.1.1.5", noon(9), count=5))
    upload(sighting("10.1.1.5", noon(8)))
    assert state() == "false_positive"
    upload(sighting("10.1.1.5", noon(7), indicator="bad.example", family="ramnit"))
    assert state() == "assigned" and case.events.last().act == "evidence"


def test_another_place_opens_the_case_again(cast, case, upload, listed):
    agreed(cast, case)
    elsewhere = [coverage(noon(30), noon(1), source="log-9", name="resolver")]
    body = document(
        [sighting("10.1.1.5", noon(9), source="log-9")], elsewhere, set_id=listed.set_id, name="resolver"
    )
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    assert state() == "assigned"


def test_of_this_machine_the_address_is_false_at_any_place(cast, case, upload, listed):
    agreed(cast, case, MACHINE)
    assert state() == "false_positive"
    elsewhere = [coverage(noon(30), noon(1), source="log-9", name="resolver")]
    body = document(
        [sighting("10.1.1.5", noon(9), source="log-9")], elsewhere, set_id=listed.set_id, name="resolver"
    )
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    assert state() == "false_positive"
    upload(sighting("10.1.1.9", noon(9)))
    assert Case.rows.get(device__key="10.1.1.9").state == "assigned", "another machine is another matter"


def test_everywhere_closes_all_machines_with_these_addresses_alone_and_later_ones(cast, case, upload):
    upload(sighting("10.1.1.6", noon(9)))
    upload(sighting("10.1.1.7", noon(9)), sighting("10.1.1.7", noon(9), indicator="bad.example"))
    upload(sighting("10.2.1.6", noon(9)), unit="B1")
    alarm = alarms.propose(case, cast.user("A1", "it"), EVERYWHERE, WHY)
    client = cast.client("centre", "coordinator")
    pages = reverse("case", args=["lam-sach", case.pk]), reverse("false_alarms", args=["lam-sach"])
    first, second = (text_of(client.get(one)) for one in pages)
    assert "Đồng ý" not in first and "Xem sẽ đóng những hồ sơ nào" in first
    names = [f"{cast.nodes[unit].name} ({n})" for unit, n in (("A1", 2), ("B1", 1))]
    assert f"Nếu đồng ý, 3 hồ sơ đang mở sẽ được đóng: {', '.join(names)}." in second
    with CaptureQueriesContext(connection) as asked:
        client.get(pages[1])
    told = [one["sql"] for one in asked if is_asked(one)]
    assert len(told) <= MOST, "\n".join(one[:300] for one in told)
    assert alarms.agree(alarm, cast.user("centre", "coordinator")) == 3
    upload(sighting("10.1.1.8", noon(8)))
    states = dict(Case.rows.values_list("device__key", "state"))
    assert states == {"10.1.1.5": "false_positive", "10.1.1.6": "false_positive", "10.1.1.7": "assigned",
                      "10.1.1.8": "false_positive", "10.2.1.6": "false_positive"}  # fmt: skip
    # A person opens one of them again: it stays open.
    actions.reopen(Case.rows.get(device__key="10.1.1.6"), cast.user("A1", "it"), "Máy này có dấu hiệu thật.")
    upload(sighting("10.1.1.8", noon(7)))
    pull_sightings(cast.campaign)
    assert Case.rows.get(device__key="10.1.1.6").state == "assigned"


@pytest.mark.parametrize("scope", [CASE, MACHINE, EVERYWHERE])
def test_it_ends_with_the_next_list(cast, case, upload, scope):
    alarm = agreed(cast, case, scope)
    FalseAlarm.rows.filter(pk=alarm.pk).update(decided_at=noon(8))
    Case.rows.update(dismissed_at=noon(8))
    IndicatorSet.rows.update(published_at=noon(6))
    upload(sighting("10.1.1.5", noon(7)))
    assert state() == "false_positive", "a sign of before the next list"
    upload(sighting("10.1.1.5", noon(5)))
    assert state() == "assigned"
    if scope == EVERYWHERE:
        upload(sighting("10.1.1.8", noon(5)))
        assert Case.rows.get(device__key="10.1.1.8").state == "assigned"


def test_other_signs_meanwhile_are_not_agreed_to_unseen(cast, case, upload):
    alarm = alarms.propose(case, cast.user("A1", "it"), CASE, WHY)
    upload(sighting("10.1.1.5", noon(5), indicator="bad.example", family="ramnit"))
    with pytest.raises(actions.CaseError):
        alarms.agree(alarm, cast.user("A", "officer"))
    assert state() == "assigned" and FalseAlarm.rows.get().is_waiting


def test_what_was_agreed_is_taken_back_with_its_cases(cast, case, upload):
    upload(sighting("10.1.1.6", noon(9)))
    actions.start_cleaning(Case.rows.get(device__key="10.1.1.6"), cast.user("A1", "it"))
    alarm = agreed(cast, case, EVERYWHERE)
    assert set(Case.rows.values_list("state", flat=True)) == {"false_positive"}
    assert decide(cast, alarm, "rut", "A1", "it", reason="Địa chỉ thật sự độc hại.") == 404
    assert decide(cast, alarm, "rut", "centre", "coordinator", reason="Địa chỉ thật sự độc hại.") == 302
    states = dict(Case.rows.values_list("device__key", "state"))
    assert states == {"10.1.1.5": "assigned", "10.1.1.6": "cleaning"}
    page = text_of(cast.client("A1", "it").get(f"/cd/lam-sach/may/{case.pk}/"))
    assert "Địa chỉ thật sự độc hại." in page, "the history tells why"
    upload(sighting("10.1.1.8", noon(8)))
    assert Case.rows.get(device__key="10.1.1.8").state == "assigned"


@pytest.mark.parametrize("scope", [CASE, MACHINE])
def test_a_reopening_that_is_taken_back_leaves_the_false_alarm_in_force(cast, case, scope):
    alarm = agreed(cast, case, scope)
    before = FalseAlarm.rows.values().get()
    it = cast.user("A1", "it")
    actions.reopen(Case.rows.get(), it, "Mở nhầm hồ sơ.")
    assert FalseAlarm.rows.get().ended_why == "Mở nhầm hồ sơ." and state() == "assigned"
    take_back_last(Case.rows.get(), it)
    assert FalseAlarm.rows.values().get() == before and state() == "false_positive"
    # It can be taken back, as if nobody had opened the case again.
    assert alarms.take_back(alarm, it, "Địa chỉ thật sự độc hại.") == 1
    assert state() == "assigned"


def test_an_earlier_false_alarm_that_was_taken_back_stays_so(cast, case):
    """Only what the reopening ended comes back with it."""
    it = cast.user("A1", "it")
    first = agreed(cast, case)
    alarms.take_back(first, it, "Nói nhầm máy.")
    agreed(cast, Case.rows.get())
    actions.reopen(Case.rows.get(), it, "Mở nhầm hồ sơ.")
    take_back_last(Case.rows.get(), it)
    ended = dict(FalseAlarm.rows.values_list("pk", "ended_why"))
    assert ended.pop(first.pk) == "Nói nhầm máy." and list(ended.values()) == [""]


@pytest.mark.parametrize(
    ("scope", "after"), [(CASE, "assigned"), (MACHINE, "false_positive")], ids=["case", "machine"]
)
def test_the_same_address_at_another_place_while_the_case_was_open_by_mistake(
    cast, case, listed, scope, after
):
    agreed(cast, case, scope)
    it = cast.user("A1", "it")
    actions.reopen(Case.rows.get(), it, "Mở nhầm hồ sơ.")
    elsewhere = [coverage(noon(30), noon(1), source="log-9", name="resolver")]
    body = document(
        [sighting("10.1.1.5", noon(9), source="log-9")], elsewhere, set_id=listed.set_id, name="resolver"
    )
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=it))
    take_back_last(Case.rows.get(), it)
    assert state() == after


def test_a_sign_after_the_next_list_while_the_case_was_open_by_mistake(cast, case, upload):
    """The false alarm has ended with that list. That the case was open meanwhile changes nothing."""
    alarm = agreed(cast, case)
    FalseAlarm.rows.filter(pk=alarm.pk).update(decided_at=noon(8))
    Case.rows.update(dismissed_at=noon(8))
    IndicatorSet.rows.update(published_at=noon(6))
    it = cast.user("A1", "it")
    for seen, after in ((noon(7), "false_positive"), (noon(5), "assigned")):
        actions.reopen(Case.rows.get(), it, "Mở nhầm hồ sơ.")
        upload(sighting("10.1.1.5", seen))
        take_back_last(Case.rows.get(), it)
        assert state() == after


def test_the_proposer_takes_the_word_back(cast, case):
    alarms.propose(case, cast.user("A1", "it"), CASE, WHY)
    url = reverse("case_act", args=["lam-sach", case.pk, "hoan-tac"])
    assert cast.client("A1", "it").post(url).status_code == 302
    assert not FalseAlarm.rows.get().is_waiting
    alarms.propose(Case.rows.get(), cast.user("A1", "it"), CASE, WHY)


def test_a_claim_waits_no_less_for_a_false_alarm(cast, case):
    """A waiting false alarm closes nothing and stops no clock."""
    before = Case.rows.get()
    alarms.propose(case, cast.user("A1", "it"), CASE, WHY)
    after = Case.rows.get()
    assert (after.state, after.clock_at) == (before.state, before.clock_at)
    assert timezone.now() - after.acknowledged_at < timedelta(minutes=5)


def test_what_one_person_said_before_is_on_the_list_with_the_way_back(cast, case, upload):
    upload(sighting("10.1.1.6", noon(9)))
    agreed(cast, case)
    old = Case.rows.get(device__key="10.1.1.6")
    actions.dismiss(old, cast.user("A1", "it"), "Máy của khách, đã hỏi.")
    url = reverse("false_alarms", args=["lam-sach"])
    page = text_of(cast.client("A1", "officer").get(url))
    assert page.count("10.1.1.5") == page.count("10.1.1.6") == 1
    assert "trước đây, do một người" in page and "Máy của khách, đã hỏi." in page
    assert "Mở lại hồ sơ" not in text_of(cast.client("A1", "reader").get(url))
    assert "10.1.1.6" not in text_of(cast.client("A2", "it").get(url))
    back = reverse("case_act", args=["lam-sach", old.pk, "mo-lai"])
    assert cast.client("A1", "officer").post(back, {"reason": "Địa chỉ thật sự độc hại."}).status_code == 302
    assert Case.rows.get(pk=old.pk).state != "false_positive"
    assert "10.1.1.6" not in text_of(cast.client("A1", "officer").get(url))
