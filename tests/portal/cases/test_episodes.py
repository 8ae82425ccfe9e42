"""A machine that was proven clean is so again when its later signs turn out to be none of its own."""

from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.cases import actions as cases
from quetsach.portal.cases.false_alarms import actions as alarms
from quetsach.portal.cases.histories import figure_filter, turns
from quetsach.portal.cases.machine_check_actions import Check, take_check
from quetsach.portal.cases.models import Case, Device, FalseAlarm
from quetsach.portal.cases.undoing_actions import take_back_last
from quetsach.portal.cases.victims import back_actions
from quetsach.portal.cases.victims import queries as victims
from quetsach.portal.reports.frozen import counting
from tests.portal.cases.test_victims import bring, sinkhole
from tests.portal.cases.test_which_machine import PC, lease, tell
from tests.portal.cases.test_withdrawing import publish_again, scan, versions, withdraw
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon, sighting

__all__ = ["bring", "scan", "tell", "versions", "withdraw"]
ADDRESS, FAMILY = "10.1.1.5", "ramnit"
WHY = "Tệp của cơ quan khác."


@pytest.fixture
def clean(cast, scan):
    """The first episode of a machine, confirmed clean; silence is proven until seven days ago."""
    scan(sighting(ADDRESS, noon(12)))
    case = cases.claim_clean(Case.rows.get(), cast.user("A1", "it"), done="scan", done_at=noon(11))
    cases.confirm_clean(case, cast.user("A", "coordinator"), "đã kiểm tra tại chỗ")
    Case.rows.update(quiet_until=noon(7))
    return case


@pytest.fixture
def reported(cast, clean, bring):
    """A report of others opened the second episode."""
    file = bring(sinkhole((ADDRESS, noon(3), FAMILY))).file
    assert episodes() == [(1, False, "verified_clean"), (2, True, "assigned")]
    return file


def episodes():
    return sorted(Case.rows.values_list("episode", "is_current", "state"))


def back(cast, file):
    return back_actions.take_back(file, cast.user("A", "it"), WHY)


def counted(cast):
    """The figures of machines of the whole campaign: as frozen in reports, and those of lists and pages."""
    root = cast.nodes["centre"]
    figures = counting.read(root).at(timezone.now()).whole[str(root.pk)].counts()
    names = ("infected", "verified", "reinfected", "false")
    leads = Case.rows.filter(pk__in=Device.rows.exclude(lead_id=None).values("lead_id"))
    live = {name: leads.filter(figure_filter(name)).count() for name in names}
    frozen = {name: figures[name] for name in names}
    assert frozen == live and live["reinfected"] == turns(root)["reinfected"]
    return tuple(live.values())


def test_a_report_that_is_taken_back_leaves_the_machine_proven_clean(cast, reported, scan):
    assert counted(cast) == (1, 0, 1, 0)
    told = victims.resting_on(reported)
    assert (told.alone, told.back) == (1, 1)
    assert back(cast, reported) == 1 and victims.number_as_before(reported) == 1
    assert episodes() == [(1, True, "verified_clean"), (2, False, "false_positive")]
    assert counted(cast) == (1, 1, 0, 0), "verified, as before; neither infected again nor a false alarm"
    first, second = Case.rows.order_by("episode")
    client = cast.client("A1", "it")
    client.cookies["django_language"] = "en"
    page = text_of(client.get(reverse("case", args=["lam-sach", first.pk])))
    assert "Counts again: the report that told what came later was taken back the portal episode 2" in page
    assert "A later case of the same" not in page
    page = text_of(client.get(reverse("case", args=["lam-sach", second.pk])))
    assert "Another case of the same machine and malware counts" in page and WHY in page
    scan(sighting(ADDRESS, noon(1), source="log-2"))
    assert episodes() == [
        (1, False, "verified_clean"), (2, False, "false_positive"), (3, True, "assigned"),
    ]  # fmt: skip
    assert counted(cast) == (1, 0, 1, 0)


def test_the_next_report_and_the_next_check_open_an_episode_of_their_own(cast, reported, bring):
    back(cast, reported)
    file = bring(sinkhole((ADDRESS, noon(2), FAMILY)), "2026-03-02-event4_sinkhole-a.csv").file
    assert episodes()[2:] == [(3, True, "assigned")]
    back(cast, file)
    assert episodes()[0] == (1, True, "verified_clean")
    take_check(Device.rows.get(), Check("k-1", noon(1), {FAMILY: frozenset({"evil.example"})}))
    assert episodes()[3:] == [(4, True, "assigned")] and counted(cast) == (1, 0, 1, 0)


def test_withdrawing_tells_the_same_cases_before_and_after_the_click(cast, clean, scan, versions, withdraw):
    """The list alone told the second episode: it is closed, and the proven one before it counts again."""
    scan(sighting(ADDRESS, noon(3), indicator="busy.example", source="log-2"))
    assert episodes() == [(1, False, "verified_clean"), (2, True, "assigned")]
    client = cast.client("centre", "coordinator")
    client.cookies["django_language"] = "en"
    look = text_of(client.get(reverse("indicator_withdraw", args=["lam-sach", versions[1].pk])))
    assert "1 open case rests on addresses of this version alone" in look
    assert "1 case is as it was before, with its handling and its proof" in look
    said = text_of(withdraw(versions[1], client=client))
    assert "1 case was closed. 1 case is as it was before the list told of it." in said
    assert episodes() == [(1, True, "verified_clean"), (2, False, "false_positive")]
    page = text_of(client.get(reverse("case", args=["lam-sach", Case.rows.get(episode=1).pk])))
    assert "Counts again: the list that told what came later was withdrawn" in page


@pytest.fixture
def claimed(cast, reported):
    """The second episode was handled two days ago; then the file that opened it was taken back."""
    cases.claim_clean(Case.rows.get(episode=2), cast.user("A1", "it"), done="scan", done_at=noon(2))
    back(cast, reported)
    assert episodes() == [(1, True, "verified_clean"), (2, False, "false_positive")]
    return reported


@pytest.mark.parametrize("told_by", ["file", "log", "check", "while open"])
def test_a_handling_of_a_later_episode_stands_when_its_sign_is_told_again(
    cast, claimed, bring, scan, told_by
):
    """The machine was handled after that sign. It is the same who tells it."""
    it = cast.user("A1", "it")
    if told_by == "file":
        data = sinkhole((ADDRESS, noon(3), FAMILY))
        upload = BytesIO(data)
        upload.name = claimed.name
        client = cast.client("A", "it")
        client.cookies["django_language"] = "en"
        page = text_of(client.get(client.post("/cd/lam-sach/nan-nhan/", {"file": upload}).url))
        assert "or a list withdrawn, would count as handled again, as it was then." in page
        assert "infected again" not in page
        assert bring(data).new_cases == 0
    elif told_by == "check":
        take_check(Device.rows.get(), Check("k-1", noon(3), {FAMILY: frozenset({"evil.example"})}))
    else:
        if told_by == "while open":
            cases.reopen(Case.rows.get(episode=1), it, "Mở nhầm hồ sơ.")
        scan(sighting(ADDRESS, noon(3), source="log-2"))
        if told_by == "while open":
            take_back_last(Case.rows.get(episode=1), it)
    assert episodes() == [(1, False, "verified_clean"), (2, True, "claimed_clean")]
    second = Case.rows.get(episode=2)
    assert (second.claimed_at, second.done, second.relapses) == (noon(2), "scan", 0)
    assert list(second.events.values_list("act", flat=True))[-2:].count("return") == 1
    assert counted(cast) == (1, 0, 1, 0)
    # A sign after that handling is a relapse of it.
    scan(sighting(ADDRESS, noon(1), source="log-3"))
    assert episodes()[1] == (2, True, "assigned") and Case.rows.get(episode=2).relapses == 1


def test_a_sign_after_the_handling_of_a_closed_episode_opens_a_new_one(cast, claimed, scan):
    scan(sighting(ADDRESS, noon(1), source="log-2"))
    assert episodes() == [
        (1, False, "verified_clean"), (2, False, "false_positive"), (3, True, "assigned"),
    ]  # fmt: skip


def test_a_handled_episode_that_two_people_called_a_false_alarm_does_not_go_on(cast, clean, scan):
    scan(sighting(ADDRESS, noon(3), source="log-2"))
    second = Case.rows.get(episode=2)
    cases.claim_clean(second, cast.user("A1", "it"), done="scan", done_at=noon(2))
    alarm = alarms.propose(Case.rows.get(episode=2), cast.user("A1", "it"), FalseAlarm.Scope.CASE, WHY)
    alarms.agree(alarm, cast.user("A1", "officer"))
    scan(sighting(ADDRESS, noon(4), source="log-3", indicator="busy.example"))
    assert episodes()[1:] == [(2, False, "false_positive"), (3, True, "assigned")]


def test_a_late_sign_of_before_the_handling_is_history(cast, reported, scan):
    back(cast, reported)
    scan(sighting(ADDRESS, noon(13), source="log-0"))
    assert episodes() == [(1, True, "verified_clean"), (2, False, "false_positive")]
    assert Case.rows.get(episode=1).first_seen == noon(13)


def test_a_withdrawn_list_gives_the_proof_back_and_the_list_in_use_again_takes_it(
    cast, clean, scan, versions, withdraw
):
    scan(sighting(ADDRESS, noon(3), indicator="busy.example", source="log-2"))
    assert episodes()[1] == (2, True, "assigned")
    withdraw(versions[1])
    assert episodes() == [(1, True, "verified_clean"), (2, False, "false_positive")]
    assert counted(cast) == (1, 1, 0, 0)
    publish_again(cast, versions[1])
    assert episodes() == [(1, False, "verified_clean"), (2, True, "assigned")]
    assert counted(cast) == (1, 0, 1, 0)


def test_a_list_in_use_again_opens_nothing_behind_a_newer_episode(cast, clean, scan, versions, withdraw):
    scan(sighting(ADDRESS, noon(3), indicator="busy.example", source="log-2"))
    withdraw(versions[1])
    scan(sighting(ADDRESS, noon(2), source="log-3"), row=versions[0])
    publish_again(cast, versions[1])
    assert episodes() == [
        (1, False, "verified_clean"), (2, False, "false_positive"), (3, True, "assigned"),
    ]  # fmt: skip


def test_a_false_alarm_after_the_proof_and_its_taking_back(cast, clean, scan):
    scan(sighting(ADDRESS, noon(3), source="log-2"))
    second = Case.rows.get(episode=2)
    alarm = alarms.propose(second, cast.user("A1", "it"), FalseAlarm.Scope.CASE, WHY)
    alarms.agree(alarm, cast.user("A1", "officer"))
    assert episodes() == [(1, True, "verified_clean"), (2, False, "false_positive")]
    assert counted(cast) == (1, 1, 0, 0)
    scan(sighting(ADDRESS, noon(3), source="log-2", count=5))
    scan(sighting(ADDRESS, noon(2), source="log-2"))
    assert len(episodes()) == 2 and counted(cast) == (1, 1, 0, 0), "the same evidence opens nothing"
    alarms.take_back(alarm, cast.user("A1", "it"), "Nói nhầm máy.")
    assert episodes() == [(1, False, "verified_clean"), (2, True, "assigned")]


def relapsed_before_a_false_alarm(cast, scan):
    """The first episode, proven clean, is open again by a late sign; the second is a false alarm of two
    people."""
    scan(sighting(ADDRESS, noon(3), source="log-2"))
    alarm = alarms.propose(Case.rows.get(episode=2), cast.user("A1", "it"), FalseAlarm.Scope.CASE, WHY)
    alarms.agree(alarm, cast.user("A1", "officer"))
    scan(sighting(ADDRESS, noon(9), source="log-7", indicator="busy.example"))
    assert episodes() == [(1, True, "assigned"), (2, False, "false_positive")]


def test_a_false_alarm_before_another_one_is_taken_back(cast, clean, scan, versions):
    relapsed_before_a_false_alarm(cast, scan)
    alarm = alarms.propose(Case.rows.get(episode=1), cast.user("A1", "it"), FalseAlarm.Scope.CASE, WHY)
    alarms.agree(alarm, cast.user("A1", "officer"))
    assert episodes() == [(1, False, "false_positive"), (2, True, "false_positive")]
    assert alarms.take_back(alarm, cast.user("A1", "it"), "Nói nhầm máy.") == 1
    assert episodes() == [(1, True, "assigned"), (2, False, "false_positive")]
    assert counted(cast)[0] == 1


def test_a_list_is_in_use_again_before_a_false_alarm(cast, scan, versions, withdraw):
    scan(sighting(ADDRESS, noon(12), indicator="busy.example"))
    case = cases.claim_clean(Case.rows.get(), cast.user("A1", "it"), done="scan", done_at=noon(11))
    cases.confirm_clean(case, cast.user("A", "coordinator"), "đã kiểm tra tại chỗ")
    Case.rows.update(quiet_until=noon(7))
    relapsed_before_a_false_alarm(cast, scan)
    # Somebody has worked on it, so that the relapse is not undone with its list.
    cases.start_cleaning(Case.rows.get(episode=1), cast.user("A1", "it"))
    withdraw(versions[1])
    assert episodes() == [(1, False, "false_positive"), (2, True, "false_positive")]
    publish_again(cast, versions[1])
    assert episodes() == [(1, True, "cleaning"), (2, False, "false_positive")]
    assert counted(cast)[0] == 1


def test_a_person_opens_the_closed_episode_again_unless_a_newer_one_is_open(cast, reported, scan):
    back(cast, reported)
    second = Case.rows.get(episode=2)
    url = reverse("case_act", args=["lam-sach", second.pk, "mo-lai"])
    client = cast.client("A1", "it")
    assert url in client.get(reverse("case", args=["lam-sach", second.pk])).content.decode()
    assert client.post(url, {"reason": "Máy vẫn có mã độc."}).status_code == 302
    assert episodes() == [(1, False, "verified_clean"), (2, True, "assigned")]
    take_back_last(Case.rows.get(episode=2), cast.user("A1", "it"))
    assert episodes()[0] == (1, True, "verified_clean")
    scan(sighting(ADDRESS, noon(1), source="log-2"))
    assert url not in client.get(reverse("case", args=["lam-sach", second.pk])).content.decode()
    with pytest.raises(cases.CaseError):
        cases.reopen(second, cast.user("A1", "it"), "x")


def test_a_machine_whose_later_signs_were_those_of_another_one_is_clean_again(cast, clean, scan, tell):
    """A lease names the card behind the later signs; when the lease is taken back they return."""
    scan(sighting(ADDRESS, noon(3), source="log-2"))
    tell(*lease(PC, noon(3)))
    found = Case.rows.filter(is_current=True).values_list("device__id_kind", "episode", "state")
    assert sorted(found) == [("mac", 1, "assigned"), ("weak", 1, "verified_clean")]
    assert counted(cast)[:3] == (2, 1, 0)


def test_a_machine_that_was_another_one_all_along_stands_there_alone(cast, clean, scan, tell):
    """All signs of both episodes go: the earlier one leads away too, or it would count beside the other."""
    scan(sighting(ADDRESS, noon(3), source="log-2"))
    tell(*lease(PC, noon(12)), *lease(PC, noon(3)))
    assert list(Case.rows.filter(is_current=True).values_list("device__id_kind", flat=True)) == ["mac"]
    assert set(Case.rows.filter(device__id_kind="weak").values_list("merged_into__device__id_kind")) == {
        ("mac",)
    }
    assert counted(cast)[0] == 1


def test_a_machine_that_is_infected_again_is_escalated_under_one_name(cast, reported):
    """The superior reads of it on Today, the list behind that task shows it, and all pages use one word."""
    Case.rows.filter(episode=2).update(opened_at=timezone.now())  # nothing is overdue
    client = cast.client("A", "coordinator")
    assert "có dấu hiệu trở lại, hoặc nhiễm lại: Đơn vị A1: 1 máy" in text_of(
        client.get(reverse("today", args=["lam-sach"]))
    )
    url = reverse("cases", args=["lam-sach"]) + f"?don-vi={cast.nodes['A'].pk}"
    page = client.get(f"{url}&loc=escalated")
    assert [row.device.key for row, *_ in page.context["rows"]] == [ADDRESS]
    assert "nhiễm lại sau khi đã sạch" in text_of(page)
    officer = cast.client("A1", "it")
    work = officer.get(reverse("case_work", args=["lam-sach"]))
    assert "nhiễm lại sau khi đã sạch" in text_of(work)
    its = {one.episode: reverse("case", args=["lam-sach", one.pk]) for one in Case.rows.all()}
    assert "Nhiễm lại sau khi đã sạch." in text_of(officer.get(its[2]))
    assert "hiễm lại sau khi đã sạch" not in text_of(officer.get(its[1])), "the first one was none again"
    back(cast, reported)
    assert not client.get(f"{url}&loc=escalated").context["rows"]
    assert "nhiễm lại" not in text_of(client.get(url)), "it was none"


def test_false_alarms_are_in_no_number_but_their_own(cast, scan, versions):
    scan(sighting("10.1.1.6", noon(3)), sighting("10.1.1.7", noon(3)))
    Case.rows.filter(device__key="10.1.1.7").update(state="false_positive")
    client = cast.client("A1", "officer")
    url = reverse("cases", args=["lam-sach"])
    page = client.get(url)
    assert [row.device.key for row, *_ in page.context["rows"]] == ["10.1.1.6"]
    assert "Tất cả 1 " in text_of(page) and page.context["total"] == 2
    page = client.get(f"{url}?loai=dismissed")
    assert [row.device.key for row, *_ in page.context["rows"]] == ["10.1.1.7"]
    assert len(client.get(f"{url}?tim=10.1.1").context["rows"]) == 2, "a search finds them"
