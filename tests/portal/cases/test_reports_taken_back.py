"""A file of reports is taken back: its own reports go, and those that other files tell stay."""

import hashlib
import json
from collections import Counter
from datetime import timedelta
from io import BytesIO

import lxml.html
import pytest
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.cases import actions as cases
from quetsach.portal.cases.histories import turns
from quetsach.portal.cases.models import Case, CaseEvent, Device, VictimFile, VictimReport, VictimTelling
from quetsach.portal.cases.rules import Act
from quetsach.portal.cases.victims import back_actions, pull_actions, queries
from quetsach.portal.machines.models import EvidenceFile
from quetsach.portal.reports.frozen import counting
from quetsach.portal.reports.frozen.actions import restate_all
from quetsach.portal.reports.frozen.queries import chain_of
from quetsach.portal.reports.models import Report as OfUnit
from quetsach.portal.units.actions import issue_token
from quetsach.victims import reading
from quetsach.victims.report import Meaning, Report
from tests.portal.cases.test_victims import SINKHOLE, bring, chunks, push, sinkhole, smb, stamp
from tests.portal.cases.test_withdrawing import scan, versions, withdraw
from tests.portal.page_text import text_of
from tests.portal.reports.test_review import taken
from tests.portal.scan_document import coverage, noon, publish_list, sighting
from tests.portal.scan_document import document as scan_document

__all__ = ["bring", "scan", "versions", "withdraw"]
WHY = "Tệp của cơ quan khác."


def back(cast, file, unit="A"):
    return back_actions.take_back(file, cast.user(unit, "it"), WHY)


def test_the_page_says_what_happens_and_the_click_does_it(cast, bring):
    file = bring(sinkhole(("10.1.1.5", noon(3), "qakbot"), ("10.1.2.9", noon(3), "mirai"))).file
    cases.confirm_clean(
        cases.claim_clean(Case.rows.get(family="mirai"), cast.user("A2", "it"), done="scan", done_at=noon(2)),
        cast.user("A", "coordinator"), "đã kiểm tra",
    )  # fmt: skip
    url = f"/cd/lam-sach/nan-nhan/{file.pk}/rut/"
    assert cast.client("A", "reader").get(url).status_code == 404
    assert cast.client("B", "coordinator").get(url).status_code == 404
    client = cast.client("A", "it")
    client.cookies["django_language"] = "en"
    text = text_of(client.get(url))
    assert "1 open case rests on this file alone." in text and f"change: {cast.nodes['A1'].name} (1)." in text
    assert "1 case was handled and proven clean" in text
    assert client.post(url, {"reason": "x"}).status_code == 422 and VictimReport.rows.count() == 2
    answer = client.post(url, {"reason": WHY}, follow=True)
    assert "1 case was closed." in text_of(answer) and WHY in text_of(answer)
    assert "taken back" in text_of(client.get("/cd/lam-sach/nan-nhan/"))
    assert dict(Case.rows.values_list("family", "state")) == {
        "qakbot": "false_positive", "mirai": "verified_clean",
    }  # fmt: skip
    assert not VictimReport.rows.exists()
    event = CaseEvent.rows.get(act="retract")
    assert (event.reason, event.by, event.data["file"]) == (WHY, cast.user("A", "it"), SINKHOLE)
    entry = Entry.objects.get(action="victims.take_back")
    assert (entry.data["reports"], entry.data["cases"], entry.data["reason"]) == (2, 1, WHY)
    page = text_of(client.get(f"/cd/lam-sach/may/{event.case_id}/"))
    assert "only a report said so, and that was taken back" in page and WHY in page
    assert "a report of others that was taken back; nothing else" in page and "a check of the" not in page
    Device.rows.update(strength="shared")
    for url_of in (f"/cd/lam-sach/may/{event.case_id}/", "/cd/lam-sach/may/?loai=dismissed"):
        page = text_of(client.get(url_of))
        assert "an address of many machines" in page and "infected" not in page.casefold(), "a false alarm"
    assert (
        client.post(url, {"reason": WHY}).status_code == 302
        and CaseEvent.rows.filter(act="retract").count() == 1
    )


def test_a_case_with_another_reason_stays_open_and_forgets_the_times_of_the_file(cast, bring, tmp_path):
    from quetsach.portal.sightings.actions import Sender, receive_file

    listed = publish_list(cast, tmp_path)
    told = scan_document([sighting("10.1.1.5", noon(9), family="qakbot")], [coverage(noon(10), noon(8))],
                         set_id=listed.set_id)  # fmt: skip
    receive_file(BytesIO(told), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    seen = Case.rows.get(family="qakbot").last_seen
    file = bring(sinkhole(("10.1.1.5", noon(3), "qakbot"))).file
    assert Case.rows.get().last_seen == noon(3)
    assert queries.resting_on(file) == queries.Resting(reports=1, others=1)
    assert back(cast, file) == 0
    case = Case.rows.get()
    assert (case.state, case.last_seen) == ("assigned", seen)


@pytest.mark.parametrize("first", [True, False])
def test_what_two_files_tell_stays_as_the_other_one_tells_it(cast, bring, first):
    day = {"category": "bots", "name": "qakbot", "ip": "10.1.1.5", "time": noon(5).isoformat()}
    files = [
        bring(json.dumps(day | {"until": noon(4 - n).isoformat(), "count": 7 + n}).encode(), f"{n}.json").file
        for n in range(2)
    ]  # fmt: skip
    risks = [bring(smb(("10.1.1.6", noon(6 - n))), f"2026-03-0{n + 1}-scan_smb-a.csv").file for n in range(3)]
    assert (VictimReport.rows.get(kind="bots").last_seen, Case.rows.get().last_seen) == (noon(3), noon(3))
    gone, kept = (0, 1) if first else (1, 0)
    assert back(cast, files[gone]) == 0
    report, case = VictimReport.rows.get(kind="bots"), Case.rows.get()
    assert (report.file, report.last_seen, report.events) == (files[kept], noon(4 - kept), 7 + kept)
    assert (case.state, case.last_seen) == ("assigned", noon(4 - kept))
    back(cast, risks[gone])
    risk = VictimReport.rows.get(kind="scan_smb")
    assert (risk.first_seen, risk.last_seen) == (noon(5 if first else 6), noon(4))
    assert back(cast, files[kept]) == 1 and Case.rows.get().state == "false_positive"
    for one in risks:
        back(cast, one)
    assert not VictimReport.rows.exists() and not VictimTelling.rows.exists()


@pytest.mark.parametrize("is_list_first", [True, False])
def test_a_withdrawn_list_and_a_file_taken_back_leave_nothing_in_either_order(
    cast, bring, scan, withdraw, versions, is_list_first
):
    scan(sighting("10.1.1.7", noon(3), indicator="shared.example", family="mirai"))
    file = bring(sinkhole(("10.1.1.7", noon(3), "mirai"))).file
    assert queries.resting_on(file).others == 1
    if is_list_first:
        withdraw(versions[1])
        assert queries.resting_on(file).alone == 1
    back(cast, file)
    if not is_list_first:
        withdraw(versions[1])
    assert Case.rows.get().state == "false_positive"


def test_what_a_file_tells_later_is_known_when_another_file_that_told_it_is_taken_back(cast, bring):
    _, secret = issue_token(cast.user("A", "it"), cast.units["A"], "feed")
    said = Report("10.1.1.6", noon(9), noon(9), Meaning.EXPOSED, "shadowserver", "scan_smb", port=445)
    (body,) = chunks(said)
    assert push(secret, body).status_code == 200
    other = bring(smb(("10.1.1.6", noon(8))), "2026-03-01-scan_smb-a.csv").file
    (more,) = chunks(said._replace(last=noon(3)))
    assert push(secret, more).status_code == 200
    assert VictimReport.rows.get().last_seen == noon(3)
    back(cast, other)
    assert VictimReport.rows.get().last_seen == noon(3)


def test_the_same_file_counts_again_when_a_person_brings_it_and_its_case_is_opened(cast, bring):
    data = sinkhole(("10.1.1.5", noon(3), "qakbot"))
    back(cast, bring(data).file)
    client = cast.client("A", "it")
    upload = BytesIO(data)
    upload.name = SINKHOLE
    url = client.post("/cd/lam-sach/nan-nhan/", {"file": upload}).url
    assert WHY in text_of(client.get(url))
    assert bring(data).changed == 1
    case = Case.rows.get()
    assert (case.state, case.last_seen, case.reports.count()) == ("assigned", noon(3), 1)
    assert VictimFile.rows.count() == 2 and VictimFile.rows.filter(gone_at=None).count() == 1


@pytest.mark.parametrize("after", [False, True])
def test_what_was_handled_stays_so_when_a_file_that_was_taken_back_comes_again(cast, bring, after):
    """Nobody has said that it is a false alarm. A sign after the handling is a relapse, as always."""
    data = sinkhole(("10.1.1.5", noon(3), "qakbot"))
    file = bring(data).file
    at = noon(5 if after else 2)
    Case.rows.update(last_seen=noon(6))
    cases.claim_clean(Case.rows.get(), cast.user("A1", "it"), done="scan", done_at=at, note="đã quét")
    back(cast, file)
    assert Case.rows.get().state == "false_positive"
    bring(data)
    case = Case.rows.get()
    acts = list(case.events.values_list("act", flat=True))
    if after:
        assert (case.state, case.claimed_at, acts[-2:]) == ("assigned", None, ["return", "relapse"])
    else:
        assert (case.state, case.claimed_at, acts[-1]) == ("claimed_clean", at, "return")
    page = text_of(cast.client("A1", "it").get(f"/cd/lam-sach/may/{case.pk}/"))
    assert "Mở lại như cũ: lại có báo cáo về nó" in page and "nằm trong danh sách" not in page


def test_who_called_it_a_false_alarm_is_asked_by_other_evidence_also_after_a_file_was_taken_back(cast, bring):
    """The last word counts: two people closed it, so that other evidence opens it to be handled."""
    file = bring(sinkhole(("10.1.1.5", noon(3), "qakbot"))).file
    back(cast, file)
    cases.reopen(Case.rows.get(), cast.user("A1", "it"), "xem lại cho chắc")
    cases.dismiss(Case.rows.get(), cast.user("A1", "it"), "máy thử nghiệm")
    bring(sinkhole(("10.1.1.5", noon(2), "qakbot")), "2026-03-02-event4_sinkhole-a.csv")
    assert Case.rows.get().state == "assigned" and Case.rows.get().events.last().act == "evidence"


def linked(answer):
    """The machines behind the link to the cases of a file."""
    page = lxml.html.fromstring(answer.content)
    (link,) = page.xpath("//main//a[contains(@href, 'tep=')]")
    return link


def test_the_cases_of_a_file_are_one_click_away(cast, bring):
    other = bring(sinkhole(("10.1.1.4", noon(9), "qakbot")), "2026-02-01-event4_sinkhole-a.csv").file
    client, url = cast.client("A", "it"), "/cd/lam-sach/nan-nhan/"
    upload = BytesIO(sinkhole(("10.1.1.5", noon(3), "qakbot"), ("10.1.1.6", noon(3), "mirai"),
                              ("10.1.1.4", noon(3), "qakbot")))  # fmt: skip
    upload.name = SINKHOLE
    answer = client.post(client.post(url, {"file": upload}).url, {"do": "take"}, follow=True)
    link = linked(answer)
    assert link.text_content() == "2"
    listed = text_of(client.get(link.get("href")))
    assert "10.1.1.5" in listed and "10.1.1.6" in listed and "10.1.1.4" not in listed
    assert f"Chỉ các máy có hồ sơ được mở, hoặc mở lại, từ {SINKHOLE}" in listed
    file = VictimFile.rows.exclude(pk=other.pk).get()
    back(cast, file)
    link = linked(client.get(f"{url}{file.pk}/"))
    assert "2 máy" in link.text_content()
    listed = text_of(client.get(link.get("href")))
    assert "10.1.1.5" in listed and "10.1.1.4" not in listed and "đã được rút lại" in listed
    # A file of a unit elsewhere, and what is no id, choose nothing.
    for text in (str(file.pk), "x", ""):
        elsewhere = cast.client("B", "it").get(f"/cd/lam-sach/may/?tep={text}")
        assert elsewhere.status_code == 200 and SINKHOLE not in text_of(elsewhere)


def test_the_page_of_false_alarms_says_which_file_was_taken_back_and_why(cast, bring):
    file = bring(sinkhole(("10.1.1.5", noon(3), "qakbot"))).file
    back(cast, file)
    page = text_of(cast.client("A1", "it").get("/cd/lam-sach/may/bao-nham/"))
    assert f"Đã đóng vì {SINKHOLE} được rút lại" in page and WHY in page and "10.1.1.5" in page
    assert "Chưa ai báo" not in page
    case = Case.rows.get()
    assert "Ai đã rút lại tệp" in text_of(cast.client("A1", "it").get(f"/cd/lam-sach/may/{case.pk}/"))


def test_the_same_bytes_under_another_type_are_told_before_they_count_twice(cast, bring):
    data = sinkhole(("10.1.1.5", noon(3), "qakbot"))
    bring(data)
    client = cast.client("A", "it")
    upload = BytesIO(data)
    upload.name = "2026-03-01-event4_honeypot_darknet-a.csv"
    page = text_of(client.get(client.post("/cd/lam-sach/nan-nhan/", {"file": upload}).url))
    assert "Chính tệp này đã được nộp" in page and "event4_sinkhole" in page
    EvidenceFile.rows.create(
        unit=cast.units["A"], source="dhcp", name="leases.csv", digest=hashlib.sha256(data).hexdigest(),
        created_at=timezone.now(), accepted_at=timezone.now(),
    )  # fmt: skip
    upload = BytesIO(data)
    upload.name = SINKHOLE
    page = text_of(client.get(client.post("/cd/lam-sach/nan-nhan/", {"file": upload}).url))
    assert "tệp về máy, trong nguồn dhcp" in page


def test_a_program_does_not_bring_a_file_back(cast):
    _, secret = issue_token(cast.user("A", "it"), cast.units["A"], "feed")
    (body,) = chunks(Report("10.1.1.5", noon(3), noon(3), Meaning.INFECTION, "n6", "bots", "mirai"))
    assert push(secret, body).json()["new"] == 1
    assert back(cast, VictimFile.rows.get()) == 1
    answer = push(secret, body)
    assert answer.status_code == 200 and answer.json()["new"] == 0
    assert [one["code"] for one in answer.json()["rejected"]] == ["taken_back"]
    assert VictimFile.rows.count() == 1 and not VictimReport.rows.exists()


def test_a_run_that_died_is_finished_by_the_next(cast, bring, monkeypatch):
    file = bring(sinkhole(*((f"10.1.1.{n}", noon(3), "qakbot") for n in range(2, 8)))).file
    monkeypatch.setattr(back_actions, "CASES", 2)
    moved = []

    def dies(*given, **named):
        if len(moved) == 2:
            raise RuntimeError
        moved.append(given)
        return _move(*given, **named)

    _move = back_actions.move_many
    with monkeypatch.context() as patch:
        patch.setattr(back_actions, "move_many", dies)
        assert back(cast, file) is None
    assert Case.rows.filter(state="false_positive").count() == 4
    assert pull_actions.take_reports(cast.campaign) == 0
    assert Case.rows.filter(state="false_positive").count() == 6 and not VictimReport.rows.exists()


# --- times of the future ---


def test_a_line_of_the_future_opens_no_case_and_is_told_with_its_reason(cast, bring):
    now = timezone.now()
    rows = [
        ("10.1.1.5", now + timedelta(days=1), "qakbot"),
        ("10.1.1.6", now + timedelta(minutes=2), "qakbot"),
    ]
    file = bring(sinkhole(*rows)).file
    assert list(Case.rows.values_list("device__key", flat=True)) == ["10.1.1.6"]
    assert (file.left, file.leftovers) == ({"future": 1}, [[2, "future", stamp(rows[0][1]), ""]])
    page = text_of(cast.client("A", "it").get(f"/cd/lam-sach/nan-nhan/{file.pk}/"))
    assert "thời gian ở tương lai" in page


@pytest.mark.parametrize("name", ["m.csv", f"{timezone.localdate() + timedelta(days=1)}-m.csv"])
def test_a_sheet_of_tomorrow_opens_no_case(cast, bring, name):
    tomorrow = timezone.localdate() + timedelta(days=1)
    data = f"IP nạn nhân,Thời gian,Mã độc\n10.1.1.5,{tomorrow:%d/%m/%Y},qakbot\n"
    assert bring(data.encode(), name).new_cases == 0 and not VictimReport.rows.exists()
    today = f"IP nạn nhân,Thời gian,Mã độc\n10.1.1.5,{timezone.localdate():%d/%m/%Y},qakbot\n"
    assert bring(today.encode(), "t.csv").new_cases == 1, "the end of a day of today lies in the future"


def test_an_event_that_ends_in_the_future_is_left_over():
    ends = timezone.now() + timedelta(hours=3)
    event = {"category": "bots", "ip": "10.1.1.5", "time": noon(1).isoformat(), "until": ends.isoformat()}
    (one,) = reading.opened("n6.json", BytesIO(json.dumps(event).encode())).rows()
    assert one.code == "future"


def test_a_pushed_report_of_the_future_is_rejected(cast):
    _, secret = issue_token(cast.user("A", "it"), cast.units["A"], "feed")
    ahead = timezone.now() + timedelta(days=2)
    (body,) = chunks(
        Report("10.1.1.5", ahead, ahead, Meaning.INFECTION, "n6", "bots", "mirai"),
        Report("10.1.1.6", noon(1), noon(1), Meaning.INFECTION, "n6", "bots", "mirai"),
    )
    answer = push(secret, body).json()
    assert (answer["new"], [(one["line"], one["code"]) for one in answer["rejected"]]) == (1, [(2, "future")])
    assert list(Case.rows.values_list("device__key", flat=True)) == ["10.1.1.6"]


# --- relapses that only the file told ---

LATER = "2026-03-02-event4_sinkhole-a.csv"


def handled(cast, address="10.1.1.5", *, is_proven=True):
    """A case that was handled at noon seven days ago, and proven to be quiet until noon three days ago."""
    case = Case.rows.get(device__key=address)
    case = cases.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=noon(7), note="đã quét")
    if is_proven:
        case = cases.locked(case, None)
        case.verified_at, case.quiet_until = noon(2), noon(3)
        cases.move(case, Act.VERIFY, data={"until": noon(3).isoformat(), "quiet_hours": 96})
    return Case.rows.get(pk=case.pk)


def facts(case):
    """What the case is, apart from its story."""
    fields = [one.attname for one in Case._meta.concrete_fields]
    return dict(Case.rows.filter(pk=case.pk).values(*fields).get())


def figures(cast):
    return dict(told_now(cast.nodes["A"]).whole[str(cast.nodes["A"].pk)].counts())


def told_now(node):
    return counting.read(node).at(timezone.now())


def reasons(cast, unit="A1"):
    """Restate the frozen figures of the unit; the reasons of those that hold."""
    restate_all(cast.campaign)
    return dict(chain_of(OfUnit.rows.get(node=cast.nodes[unit]).current).holds.reasons)


@pytest.mark.parametrize("is_proven", [True, False])
def test_a_relapse_that_only_a_taken_back_file_told_is_undone(cast, bring, is_proven):
    bring(sinkhole(("10.1.1.5", noon(9), "qakbot")), "2026-02-01-event4_sinkhole-a.csv")
    before = facts(handled(cast, is_proven=is_proven))
    counted, turned = figures(cast), turns(cast.nodes["A"])
    file = bring(sinkhole(("10.1.1.5", noon(4), "qakbot")), LATER).file
    taken(cast, "A1")
    case = Case.rows.get()
    assert (case.state, case.claimed_at, case.relapses) == ("assigned", None, 1)
    assert (figures(cast)["relapsed"], turns(cast.nodes["A"])["relapsed"]) == (1, 1)
    assert queries.resting_on(file) == queries.Resting(reports=1, back=1)
    client = cast.client("A", "it")
    client.cookies["django_language"] = "en"
    url = f"/cd/lam-sach/nan-nhan/{file.pk}/rut/"
    assert "1 case is as it was before" in text_of(client.get(url))
    answer = client.post(url, {"reason": WHY}, follow=True)
    assert "1 case is as it was before the file." in text_of(answer)
    assert linked(answer).text_content() == "1 machine changed with it"
    assert "10.1.1.5" in text_of(client.get(linked(answer).get("href")))
    assert facts(case) == before
    assert (figures(cast), turns(cast.nodes["A"])) == (counted, turned)
    page = text_of(client.get(f"/cd/lam-sach/may/{case.pk}/"))
    assert f"Reported in {LATER}." in page and f"{LATER} was taken back. {WHY}" in page
    assert "signs again" not in page
    # The frozen figures follow, with the file as the reason.
    assert reasons(cast) == {"retracted": 1}
    # A file that comes again counts again.
    bring(sinkhole(("10.1.1.5", noon(4), "qakbot")), LATER)
    assert (Case.rows.get().state, turns(cast.nodes["A"])["relapsed"]) == ("assigned", 1)


@pytest.mark.parametrize("is_last_first", [True, False])
@pytest.mark.parametrize("is_proven", [True, False])
def test_files_that_tell_the_sign_and_its_return_may_go_in_either_order(
    cast, bring, is_last_first, is_proven
):
    """Proven clean stays so; where nothing was proven, and nothing is left, it was a false alarm."""
    files = [bring(sinkhole(("10.1.1.5", noon(9), "qakbot")), "2026-02-01-event4_sinkhole-a.csv").file]
    handled(cast, is_proven=is_proven)
    files.append(bring(sinkhole(("10.1.1.5", noon(4), "qakbot")), LATER).file)
    for file in reversed(files) if is_last_first else files:
        back(cast, file)
    assert Case.rows.get().state == ("verified_clean" if is_proven else "false_positive")


def test_a_machine_that_a_file_infected_again_is_one_click_away_once_it_is_clean_again(cast, bring):
    bring(sinkhole(("10.1.1.5", noon(9), "qakbot")), "2026-02-01-event4_sinkhole-a.csv")
    handled(cast)
    file = bring(sinkhole(("10.1.1.5", noon(1), "qakbot")), LATER).file
    client, url = cast.client("A", "it"), f"/cd/lam-sach/nan-nhan/{file.pk}/"
    assert "10.1.1.5" in text_of(client.get(linked(client.get(url)).get("href")))
    back(cast, file)
    assert list(Case.rows.filter(is_current=True).values_list("state", flat=True)) == ["verified_clean"]
    assert "10.1.1.5" in text_of(client.get(linked(client.get(url)).get("href")))


def test_the_picture_of_a_machine_that_only_others_saw_shows_their_reports(cast, bring):
    file = bring(sinkhole(("10.1.1.5", noon(3), "qakbot"), ("10.1.1.5", noon(6), "qakbot"))).file
    url = f"/cd/lam-sach/may/{Case.rows.get().pk}/"
    page = cast.client("A1", "it").get(url)
    assert len(lxml.html.fromstring(page.content).xpath("//rect[@class='hit']")) == 2
    assert "chưa nhật ký nào cho thấy" in text_of(page) and "Thấy 0 lần" not in text_of(page)
    back(cast, file)
    assert "Thấy 0 lần" not in text_of(cast.client("A1", "it").get(url))


def test_the_preview_tells_what_taking_the_file_does_to_handled_and_closed_cases(cast, bring):
    alarm = bring(sinkhole(("10.1.1.8", noon(9), "qakbot")), "2026-01-01-event4_sinkhole-a.csv").file
    back(cast, alarm)
    old = ("10.1.1.3", "10.1.1.4", "10.1.1.5", "10.1.1.6", "10.1.1.9")
    bring(sinkhole(*((address, noon(9), "qakbot") for address in old)), "2026-02-01-event4_sinkhole-a.csv")
    for address in old[:4]:
        handled(cast, address, is_proven=address != "10.1.1.3")
    upload = BytesIO(
        sinkhole(
            ("10.1.1.3", noon(1), "qakbot"),  # handled, not proven: signs again
            ("10.1.1.4", noon(8), "qakbot"),  # before the handling: nothing
            ("10.1.1.5", noon(4), "qakbot"),
            ("10.1.1.5", noon(1), "qakbot"),  # within the proof: signs again
            ("10.1.1.6", noon(1), "qakbot"),  # after it: infected again
            ("10.1.1.7", noon(1), "qakbot"),  # no case yet
            ("10.1.1.8", noon(2), "qakbot"),  # closed when a file was taken back
            ("10.1.1.9", noon(1), "qakbot"),  # open: nothing
        )
    )
    upload.name = LATER
    client = cast.client("A", "it")
    client.cookies["django_language"] = "en"
    url = client.post("/cd/lam-sach/nan-nhan/", {"file": upload}).url
    page = text_of(client.get(url))
    assert "2 new cases would be opened." in page
    assert "1 case that was closed only because a file was taken back, or a list withdrawn, would be" in page
    assert "2 cases that were handled would have signs again" in page
    assert "1 machine that was proven clean would count as infected again" in page
    assert "closed as a false alarm" not in page, "nobody had called it one"
    before, events = set(Case.rows.values_list("pk", flat=True)), CaseEvent.rows.count()
    answer = client.post(url, {"do": "take"}, follow=True)
    assert linked(answer).text_content() == "5"
    listed = text_of(client.get(linked(answer).get("href")))
    assert [n for n in range(3, 10) if f"10.1.1.{n}" in listed] == [3, 5, 6, 7, 8]
    opened = Case.rows.exclude(pk__in=before)
    assert sorted(opened.values_list("device__key", "episode")) == [("10.1.1.6", 2), ("10.1.1.7", 1)]
    acts = list(CaseEvent.rows.order_by("pk").values_list("act", flat=True))[events:]
    assert Counter(acts) == {"open": 2, "relapse": 2, "return": 1}


def test_the_preview_of_a_file_that_only_ends_a_proof_says_so(cast, bring):
    bring(sinkhole(("10.1.1.5", noon(9), "qakbot")), "2026-02-01-event4_sinkhole-a.csv")
    handled(cast)
    upload = BytesIO(sinkhole(("10.1.1.5", noon(4), "qakbot")))
    upload.name = LATER
    client = cast.client("A", "it")
    page = text_of(client.get(client.post("/cd/lam-sach/nan-nhan/", {"file": upload}).url))
    assert "Không có hồ sơ mới, nhưng" in page and "đã có hồ sơ." not in page
