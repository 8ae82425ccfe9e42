"""Incidents: the hours of the law, the drafts with their facts, versions frozen as sent, who may see them."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from quetsach.machines.evidence import Binding, Key
from quetsach.portal.audit.models import Entry
from quetsach.portal.audit.sentences import sentence
from quetsach.portal.campaigns import arrivals
from quetsach.portal.cases import actions as case_actions
from quetsach.portal.cases.models import Case, CaseSighting, Device
from quetsach.portal.cases.noting_actions import locate, say_mistaken
from quetsach.portal.cases.owning_actions import assign_device, say_not_ours
from quetsach.portal.cases.rules import State
from quetsach.portal.cases.words import DONE
from quetsach.portal.incidents import actions, evidence, papers, queries
from quetsach.portal.incidents.case_facts import facts_of
from quetsach.portal.incidents.clocks import Kind, duties
from quetsach.portal.incidents.models import Incident, IncidentNotice
from quetsach.portal.machines.actions import store_evidence
from quetsach.portal.units.models import Membership
from tests.portal.incidents.drafts import opened, url, words
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon


def test_a_notice_shows_the_latest_sign_and_only_the_machines_own_part_of_a_row(cast, cases):
    """The notice has the latest sign of a machine, and no line of another machine."""
    case = cases[0]
    like = case.links.get().sighting
    for n in range(1, 9):
        row = deepcopy(like)
        row.pk, row.key = None, f"{n:064x}"
        row.day = (like.first_seen + timedelta(days=n)).date()
        row.first_seen = row.last_seen = like.first_seen + timedelta(days=n)
        row.count, row.evidence = (1 if n == 8 else 20 - n), f"dòng số {n}"
        row.save()
        CaseSighting.rows.create(case=case, sighting=row)
    case.links.filter(sighting=like).update(count=3, first=like.first_seen, last=like.last_seen)
    stored = Case.rows.select_related("device__owner", "device__campaign").get(pk=case.pk)
    (one,) = facts_of([stored], cast.nodes["A"], timezone.now()).cases
    assert [sign.evidence for sign in one.signs] == [f"dòng số {n}" for n in (1, 2, 3, 4, 8)]
    assert one.more_signs == 4
    Case.rows.filter(pk=case.pk).update(relapses=1)
    case.links.exclude(sighting=like).delete()
    stored = Case.rows.select_related("device__owner", "device__campaign").get(pk=case.pk)
    (one,) = facts_of([stored], cast.nodes["A"], timezone.now()).cases
    assert [sign.count for sign in one.signs] == [3], "of seven lines three are of this machine"
    assert any("lại có dấu hiệu" in said for said in evidence.block(one, "1.").paragraphs)


def test_the_hours_count_from_the_detection():
    start = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    day_after, three_days = datetime(2026, 12, 2, 1, 0, tzinfo=UTC), datetime(2026, 12, 4, 1, 0, tzinfo=UTC)
    assert [(d.kind, d.due_at, d.is_sure) for d in duties(start, "serious", "yes", [])] == [
        (Kind.NOTICE, day_after, True), (Kind.REPORT, three_days, True), (Kind.PERSONAL, three_days, True)
    ]  # fmt: skip
    assert [(d.kind, d.is_sure) for d in duties(start, "", "", [])] == [
        (Kind.NOTICE, False), (Kind.REPORT, False)
    ]  # fmt: skip
    assert duties(start, "lesser", "no", []) == []
    (notice, report) = duties(start, "serious", "no", [("notice", day_after + timedelta(minutes=1))])
    assert notice.is_late and not notice.is_overdue(three_days)
    assert not report.is_overdue(three_days) and report.is_overdue(three_days + timedelta(seconds=1))


def test_an_incident_is_made_from_chosen_cases_and_once(cast, cases):
    client = cast.client("A", "officer")
    page = client.get(url("incident_choose"), {"ho-so": [case.pk for case in cases]})
    assert page.status_code == 200 and "Đã chọn 3 hồ sơ" in text_of(page)
    sent = {"ma": str(uuid4()), "ho-so": [str(case.pk) for case in cases]}
    first = client.post(url("incident_choose"), sent)
    again = client.post(url("incident_choose"), sent)
    made = Incident.rows.get()
    assert first.url == again.url == url("incident", made.pk)
    assert made.node == cast.nodes["A"] and made.opened_at == min(case.opened_at for case in cases)
    assert client.post(url("incident_choose"), {"ma": str(uuid4())}).status_code == 422
    only = client.post(url("incident_choose"), {"ma": str(uuid4()), "ho-so": [str(cases[0].pk)]})
    assert Incident.rows.get(pk=only.url.split("/")[-2]).node == cast.nodes["A1"]


def test_a_case_has_the_word_of_the_list_of_machines(cast, cases):
    case_actions.claim_clean(cases[1], cast.user("A1", "officer"), done="scan", done_at=noon(3, 13))
    found = opened(cast, cases)
    text = text_of(cast.client("A", "officer").get(url("incident", found.pk)))
    assert "redline · Chưa đủ căn cứ" in text and "ramnit · Có dấu hiệu" in text


def test_cases_of_others_cannot_be_taken_along(cast, cases):
    client = cast.client("A1", "officer")
    sent = {"ma": str(uuid4()), "ho-so": [str(case.pk) for case in cases]}
    client.post(url("incident_choose"), sent)
    assert {case.device.owner for case in Incident.rows.get().cases.all()} == {cast.nodes["A1"]}
    theirs = {"ma": sent["ma"], "ho-so": [str(cases[2].pk)]}
    assert cast.client("A2", "officer").post(url("incident_choose"), theirs).status_code == 422
    assert Incident.rows.get().node == cast.nodes["A1"]
    stranger = url("evidence_notice", "pdf") + f"?ho-so={cases[2].pk}"
    assert client.get(stranger).status_code == 404


def test_people_of_other_units_get_404(cast, cases):
    made = opened(cast, cases[:1], "A1")
    frozen = actions.freeze(cast.user("A1", "officer"), made, uuid4(), Kind.NOTICE, made.version)
    pages = [url("incident", made.pk), url("incident_draft", made.pk, "report", "pdf"),
             url("incident_file", made.pk, frozen.pk, "docx")]  # fmt: skip
    for page in pages:
        for unit, role, expected in (("A1", "reader", 200), ("A", "officer", 200), ("A2", "coordinator", 404),
                                     ("B", "coordinator", 404)):  # fmt: skip
            assert cast.client(unit, role).get(page).status_code == expected, (page, unit)
    reader = cast.client("A1", "reader")
    assert reader.post(url("incident_act", made.pk, "muc-do"), {}).status_code == 404
    assert reader.post(url("incident_freeze", made.pk, "report"), {}).status_code == 404


@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_the_draft_carries_the_facts(cast, cases, form):
    made = opened(cast, cases)
    officer = cast.user("A", "officer")
    case_actions.start_cleaning(cases[0], officer)
    actions.decide_severity(officer, made, "serious", "Máy của phòng tài chính bị điều khiển")
    made.refresh_from_db()
    actions.write(officer, made, {**made.texts, "cause": "Thư giả mạo có tệp đính kèm"}, made.version)
    told = words(cast.client("A", "officer").get(url("incident_draft", made.pk, "report", form)))
    for said in (
        "BÁO CÁO", "Sự cố an ninh mạng tại UBND Đơn vị A",
        "điểm d khoản 2 Điều 31 Nghị định số 331/2026/NĐ-CP",
        "Số máy 3" if form == "pdf" else "Số máy", "ramnit, redline", "c2[.]example",
        "nghiêm trọng; officer-a",
        "Máy của phòng tài chính bị điều khiển",
        "Thư giả mạo có tệp đính kèm", "đã bắt đầu xử lý 1",
        "UBND Đơn vị A1, UBND Đơn vị A2", "Đang xử lý", "10.1.2.9", "dòng của máy 9",
    ):  # fmt: skip
        assert said.lower() in told.lower(), said
    if form == "pdf":  # the mark of a draft stands in the head of each page
        assert "DỰ THẢO" in told


def test_a_frozen_paper_never_changes_and_its_sending_stops_the_clock(cast, cases):
    made, officer, client = opened(cast, cases), cast.user("A", "officer"), cast.client("A", "officer")
    sent = {"ma": str(uuid4()), "version": made.version}
    for _ in range(2):
        client.post(url("incident_freeze", made.pk, "notice"), sent)
    paper = IncidentNotice.rows.get()
    file = url("incident_file", made.pk, paper.pk, "pdf")
    before = client.get(file).content
    assert "DỰ THẢO" not in words(before)
    actions.choose_cases(officer, made, cases[:1])
    assert client.get(file).content == before
    answer = client.post(url("incident_sent", made.pk, paper.pk), {
        "at": f"{timezone.localtime():%d/%m/%Y %H:%M}", "to": "Công an tỉnh, trục liên thông",
        "reference": "12/TB-UBND",
    })  # fmt: skip
    assert answer.status_code == 302
    made.refresh_from_db()
    assert [duty.kind for duty in made.duties if duty.sent_at is None] == [Kind.REPORT]
    page = text_of(client.get(url("incident", made.pk)))
    assert "Công an tỉnh, trục liên thông" in page and "12/TB-UBND" in page
    client.post(url("incident_take_back", made.pk, paper.pk))
    made.refresh_from_db()
    assert [duty.kind for duty in made.duties if duty.sent_at is None] == [Kind.NOTICE, Kind.REPORT]
    told = [sentence(one) for one in Entry.objects.filter(action__startswith="incident.").order_by("pk")]
    assert any("12/TB-UBND" in str(one.data) for one in Entry.objects.filter(action="incident.send"))
    assert len(told) == 5, told


def test_a_stale_page_freezes_nothing_and_a_second_notice_is_refused(cast, cases):
    made, officer = opened(cast, cases), cast.user("A", "officer")
    actions.decide_severity(officer, made, "serious", "Nhiều máy cùng lúc")
    with pytest.raises(actions.IncidentError, match="stale"):
        actions.freeze(officer, made, uuid4(), Kind.NOTICE, made.version)
    made.refresh_from_db()
    paper = actions.freeze(officer, made, uuid4(), Kind.NOTICE, made.version)
    with pytest.raises(actions.IncidentError, match="taken"):
        actions.freeze(officer, made, uuid4(), Kind.NOTICE, made.version)
    actions.take_back(officer, paper)
    assert actions.freeze(officer, made, uuid4(), Kind.NOTICE, made.version).number == 2


def test_only_an_earlier_detection_moves_the_clock(cast, cases):
    made, client = opened(cast, cases), cast.client("A", "officer")
    early = (made.opened_at - timedelta(hours=30)).replace(second=0, microsecond=0)
    wrong_year = early - timedelta(days=370)
    for at, status in ((early, 302), (made.opened_at + timedelta(hours=2), 422), (wrong_year, 422)):
        sent = {"at": f"{timezone.localtime(at):%d/%m/%Y %H:%M}", "why": "Cán bộ đã gọi điện báo"}
        assert client.post(url("incident_act", made.pk, "phat-hien"), sent).status_code == status
    for end in ("0001-01-01", "9999-12-31T23:59", "31/12/9999 23:59", "01/01/0001 00:00"):
        sent = {"at": end, "why": "Cán bộ đã gọi điện báo"}
        assert client.post(url("incident_act", made.pk, "phat-hien"), sent).status_code == 422
    made.refresh_from_db()
    assert made.clock_from == early
    assert "Quá hạn" in text_of(client.get(url("incident", made.pk)))


def test_today_tells_what_is_due_and_what_is_overdue(cast, cases):
    made, officer, client = (
        opened(cast, cases[:1], "A1"),
        cast.user("A1", "officer"),
        cast.client("A1", "officer"),
    )
    today = url("today")
    assert "Quyết định mức độ của sự cố" in text_of(client.get(today))
    actions.decide_severity(officer, made, "serious", "Máy của phòng tài chính")
    actions.say_personal_data(officer, made, "yes", "Danh sách cán bộ nằm trên máy")
    told = text_of(client.get(today))
    for paper in (
        "Thông báo trong 24 giờ",
        "Báo cáo trong 72 giờ",
        "Thông báo về dữ liệu cá nhân, trong 72 giờ",
    ):
        assert f"Gửi: {paper}" in told
    with time_machine.travel(made.opened_at + timedelta(hours=25), tick=True):
        client = cast.client("A1", "officer")
        told = text_of(client.get(today))
        assert "Gửi muộn: Thông báo trong 24 giờ" in told and "Gửi: Báo cáo trong 72 giờ" in told
        assert "1 đơn vị bên dưới" in text_of(cast.client("A", "officer").get(today))


def test_personal_data_have_their_own_notice_to_another_addressee(cast, cases):
    made, officer, client = (
        opened(cast, cases[:1], "A1"),
        cast.user("A1", "officer"),
        cast.client("A1", "officer"),
    )
    page = url("incident", made.pk)
    assert url("incident_draft", made.pk, "personal", "pdf") not in client.get(page).content.decode()
    actions.say_personal_data(officer, made, "yes", "Danh sách cán bộ nằm trên máy")
    assert url("incident_draft", made.pk, "personal", "pdf") in client.get(page).content.decode()
    told = words(client.get(url("incident_draft", made.pk, "personal", "pdf")))
    assert (
        "Cơ quan chuyên trách bảo vệ dữ liệu cá nhân" in told
        and "Điều 23 Luật Bảo vệ dữ liệu cá nhân" in told
    )
    assert "hỏi tên" not in told  # no log lines for this addressee


def test_the_final_report_ends_the_incident_and_can_be_taken_back_that_day(cast, cases):
    made, officer = opened(cast, cases), cast.user("A", "officer")
    last = actions.freeze(officer, made, uuid4(), Kind.FINAL, made.version)
    actions.record_sending(officer, last, timezone.now(), "Công an tỉnh", "")
    with pytest.raises(actions.IncidentError, match="ended"):
        actions.decide_severity(officer, made, "lesser", "không còn máy nào")
    page = cast.client("A", "officer").get(url("incident", made.pk))
    assert page.status_code == 200 and 'name="severity"' not in page.content.decode()
    with (
        time_machine.travel(timezone.now() + timedelta(days=1)),
        pytest.raises(actions.IncidentError, match="another_day"),
    ):
        actions.take_back(officer, last)
    actions.take_back(officer, last)
    made.refresh_from_db()
    assert made.closed_at is None


def test_an_incident_drafted_by_mistake_is_taken_back_with_a_reason_and_put_back(cast, cases):
    one = opened(cast, cases[:1], "A1")
    client = cast.client("A1", "officer")
    assert "Quyết định mức độ của sự cố" in text_of(client.get(url("today")))
    take, page = url("incident_act", one.pk, "rut"), url("incident", one.pk)
    assert client.post(take, {"why": "nhầm"}).status_code == 422
    for other in (cast.client("A2", "officer"), cast.client("A1", "reader")):
        assert other.post(take, {"why": "Lập nhầm từ hồ sơ khác."}).status_code == 404
    client.post(take, {"why": "Lập nhầm từ hồ sơ khác."})
    text = text_of(client.get(page))
    assert "Lập nhầm từ hồ sơ khác." in text and "Quá hạn" not in text
    assert "Quyết định mức độ của sự cố" not in text_of(client.get(url("today")))
    assert "đã rút lại" in text_of(client.get(url("incidents")))
    one.refresh_from_db()
    with pytest.raises(actions.IncidentError, match="withdrawn"):
        actions.decide_severity(cast.user("A1", "officer"), one, "serious", "Máy của kế toán.")

    client.post(url("incident_act", one.pk, "lap-lai"))
    one.refresh_from_db()
    assert (one.withdrawn_at, one.closed_at, one.withdrawn_why) == (None, None, "")
    officer = cast.user("A1", "officer")
    notice = actions.freeze(officer, one, uuid4(), Kind.NOTICE, one.version)
    actions.record_sending(officer, notice, timezone.now(), "Công an xã", "")
    refused = client.post(take, {"why": "Lập nhầm từ hồ sơ khác."})
    assert refused.status_code == 422 and "báo cáo cập nhật" in text_of(refused)
    assert client.get(page).content.count(b"ghi/rut/") == 0
    told = Entry.objects.filter(action__in=["incident.withdraw", "incident.put_back"]).order_by("pk")
    first, _second = told
    assert sentence(first).endswith("Lập nhầm từ hồ sơ khác.")


def test_official_papers_have_a_word_for_every_state_and_kind_of_cleaning():
    assert set(evidence.STATES) == {state.value for state in State}
    assert set(papers.DONE) == set(DONE)


def test_an_incident_follows_its_machine_to_its_name(cast, cases):
    """The machine of an address got its name by a late lease: the incident has its signs and its clock."""
    incident = opened(cast, [cases[1]])
    before = incident.clock_from
    seen = round(cases[1].last_seen.timestamp()) * 1_000_000
    card, hour = Key("mac", "00-00-5e-00-53-01"), 3_600_000_000
    lease = Binding("10.1.1.6", card, seen - hour, seen + hour, "dhcp", "lease")
    store_evidence(cast.units["A1"], [], [lease])
    assert arrivals.announce(cast.campaign)
    facts = facts_of(incident.cases.select_related("device__owner"), incident.node, incident.created_at)
    assert [(one.case.device.id_value, one.case.count) for one in facts.cases] == [(card.value, 2)]
    assert facts.cases[0].case.opened_at <= cases[1].opened_at and incident.clock_from == before


@pytest.mark.parametrize("form", ["pdf", "docx"])
@pytest.mark.parametrize("kind", ["shared", "unlocated"])
def test_page_papers_and_annexes_say_the_same_of_an_address_of_several_machines(cast, cases, kind, form):
    """Not found, then found by a person, then found to be another one: in the table and in the annex."""
    case, client = cases[1], cast.client("A1", "officer")
    Device.rows.filter(pk=case.device_id).update(id_kind=kind, strength=kind)
    made, officer = opened(cast, [case], "A1"), cast.user("A1", "officer")
    asked = f"?don-vi={cast.nodes['A1'].pk}&ho-so={case.pk}"
    papers_of = [url("incident_draft", made.pk, "notice", form), url("evidence_notice", form) + asked]
    pages = [url("incident", made.pk), url("incident_choose") + asked]

    def told(*said):
        found = [words(client.get(page)) for page in papers_of]
        return [all(one.count(text) >= 2 for text in said) for one in found]

    assert told("chưa tìm ra máy", "10.1.1.6: địa chỉ của nhiều máy") == [True] * 2
    for page in papers_of:
        text = words(client.get(page))
        assert "1 máy" not in text and "Máy 10.1.1.6" not in text and "không phải làm sạch gì ở đó" in text
    assert all("chưa tìm ra máy" in text_of(client.get(page)) for page in pages)
    locate(case, officer, place="máy KT-03, phòng kế toán")
    assert told("10.1.1.6: máy KT-03, phòng kế toán") == [True] * 2
    for page in papers_of:
        text = words(client.get(page))
        assert "chưa tìm ra máy" not in text and str(officer) in text
        assert "không phải làm sạch gì ở đó" not in text
    assert all("máy KT-03, phòng kế toán" in text_of(client.get(page)) for page in pages)
    say_mistaken(case, officer, "Máy KT-03 đã tắt từ tháng trước.")
    assert told("chưa tìm ra máy") == [True] * 2
    assert not any("KT-03" in words(client.get(page)) for page in papers_of)


SECRET = "Phòng 12, máy của Nguyễn Văn Kín"


@pytest.fixture
def gone(cast, cases):
    """A1's incident about a machine that it found and began to clean; A gave it to A2, which did more."""
    case, it = cases[1], cast.user("A1", "it")
    locate(case, it, place="Phòng 7")
    case_actions.start_cleaning(case, it)
    made = opened(cast, cases[:2], "A1")
    say_not_ours(Device.rows.get(pk=case.device_id), it, "không phải máy của xã chúng tôi")
    assign_device(Device.rows.get(pk=case.device_id), cast.nodes["A2"], cast.user("A", "it"))
    locate(case, cast.user("A2", "it"), place=SECRET)
    case_actions.claim_clean(case, cast.user("A2", "it"), done="reinstall", done_at=timezone.now())
    like = case.links.get().sighting
    row = deepcopy(like)
    row.pk, row.key, row.evidence = None, f"{1:064x}", "dòng kín của A2"
    row.received_at = timezone.now()
    row.save()
    CaseSighting.rows.create(case=case, sighting=row)
    Case.rows.filter(pk=case.pk).update(count=4321)
    return made


def test_an_incident_tells_of_a_machine_that_left_only_what_was_known_then(cast, cases, gone):
    client = cast.client("A1", "officer")
    today = f"{timezone.localtime():%d/%m/%Y}"
    page = client.get(url("incident", gone.pk))
    papers_of = [words(client.get(url("incident_draft", gone.pk, kind, form)))
                 for kind in ("notice", "report") for form in ("pdf", "docx")]  # fmt: skip
    choice = client.get(url("incident_cases", gone.pk))
    for text in (text_of(page), *papers_of, text_of(choice)):
        for secret in (SECRET, "Nguyễn", "Đơn vị A2", "it-a2", "dòng kín", "4321", "4.321", "cài lại máy"):
            assert secret not in text
        assert "10.1.1.6" in text and f"chuyển sang đơn vị khác ngày {today}" in text
    assert url("case", cases[1].pk) not in page.content.decode(), "its page is not theirs to open"
    assert all("Phòng 7" in text for text in papers_of), "their own word stays"
    report = papers_of[3]
    assert "đã bắt đầu xử lý 1, đã báo xử lý xong 0" in report and "đã chuyển sang đơn vị khác: 1" in report
    Case.rows.filter(pk=cases[1].pk).update(state=State.FALSE_POSITIVE)
    assert "máy: 2" in text_of(client.get(url("incident", gone.pk))), "A2's word on it moves no figure here"
    assert queries.incidents_of(cast.nodes["A1"]).get().machines == 2
    frozen = actions.freeze(cast.user("A1", "officer"), gone, uuid4(), Kind.NOTICE, gone.version)
    assert SECRET not in words(client.get(url("incident_file", gone.pk, frozen.pk, "docx")))


def test_a_machine_that_came_back_is_told_in_full(cast, cases, gone):
    again = case_actions.reopen(cases[1], cast.user("A2", "it"), "nhầm, đúng là máy của xã kia")
    say_not_ours(again.device, cast.user("A2", "it"), "nhầm, đúng là máy của xã kia")
    assign_device(Device.rows.get(pk=cases[1].device_id), cast.nodes["A1"], cast.user("A", "it"))
    page = cast.client("A1", "officer").get(url("incident", gone.pk))
    assert url("case", cases[1].pk) in page.content.decode()
    assert "chuyển sang đơn vị khác" not in text_of(page)


def test_a_machine_that_left_stays_in_its_incident_until_somebody_takes_it_out(cast, cases, gone):
    client = cast.client("A1", "officer")
    page = client.get(url("incident_cases", gone.pk)).content.decode()
    assert f'value="{cases[1].pk}" checked' in page
    both = {"ho-so": [str(case.pk) for case in cases[:2]]}
    assert client.post(url("incident_cases", gone.pk), both).status_code == 302
    assert set(gone.cases.all()) == set(cases[:2])
    client.post(url("incident_cases", gone.pk), {"ho-so": [str(cases[0].pk)]})
    assert list(gone.cases.all()) == [cases[0]]
    client.post(url("incident_cases", gone.pk), both)
    assert list(gone.cases.all()) == [cases[0]], "it is not theirs to take in"


def test_a_machine_that_leaves_meanwhile_is_in_no_new_incident(cast, cases, gone):
    with pytest.raises(actions.IncidentError, match="gone"):
        opened(cast, cases[1:2], "A1")
    other = opened(cast, cases[:1], "A1")
    with pytest.raises(actions.IncidentError, match="gone"):
        actions.choose_cases(cast.user("A1", "officer"), other, cases[:2])
    assert Incident.rows.count() == 2 and list(other.cases.all()) == [cases[0]]


def test_every_act_on_an_incident_asks_the_right_again(cast, cases):
    made, officer = opened(cast, cases[:1], "A1"), cast.user("A1", "officer")
    frozen = actions.freeze(officer, made, uuid4(), Kind.NOTICE, made.version)
    Membership.ever.filter(user=officer).update(role="reader")
    now, told = timezone.now(), Entry.objects.count()
    for act in (
        lambda: opened(cast, cases[:1], "A1"),
        lambda: actions.choose_cases(officer, made, cases[:2]),
        lambda: actions.decide_severity(officer, made, "serious", "vì vậy"),
        lambda: actions.withdraw(officer, made, "vì vậy"),
        lambda: actions.put_back(officer, made),
        lambda: actions.freeze(officer, made, uuid4(), Kind.REPORT, made.version),
        lambda: actions.record_sending(officer, frozen, now, "Công an", "1"),
        lambda: actions.take_back(officer, frozen),
    ):
        with pytest.raises(actions.IncidentError, match="right"):
            act()
    assert Entry.objects.count() == told
