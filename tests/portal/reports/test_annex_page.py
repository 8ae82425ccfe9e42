"""The annex in the browser: fill in, save, send, withdraw, return, accept, amend; and rights."""

import re
from uuid import uuid4

import pytest
from django.urls import reverse

from quetsach.portal.audit.models import Entry
from quetsach.portal.reports.models import Report, Revision
from quetsach.portal.reports.rollup.queries import roll_up
from tests.portal.addresses import url
from tests.portal.reports.figures import annex

NARRATIVE = "Đã rà soát toàn bộ máy, còn một máy chờ cài lại."


def form(**changes):
    base = {
        "do": "submit",
        "version": "0",
        "client_uuid": str(uuid4()),
        "r1": "0",
        "r2": "12",
        "r3": "0",
        "r4": "9",
        "narrative": NARRATIVE,
    }
    return {**base, **changes}


def send(cast, unit="A1", **changes):
    return cast.client(unit, "officer").post(url(cast, "report", unit), form(**changes))


def review(cast, unit, verb, by="A", **data):
    number = Report.rows.get(node=cast.nodes[unit]).current.number
    return cast.client(by, "officer").post(url(cast, "report_act", unit, verb), {"number": number, **data})


def test_first_visit_is_filled_in_from_what_units_did(cast):
    from quetsach.portal.campaigns.cascade.actions import acknowledge

    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    page = cast.client("A", "officer").get(url(cast, "report", "A")).content.decode()
    assert 'name="r1" inputmode="numeric" autocomplete="off" value="1"' in page
    assert 'name="r2" inputmode="numeric" autocomplete="off" value=""' in page
    assert "Tổng đơn vị thuộc/trực thuộc nhận được thông tin về chiến dịch" in page


def test_submitting_makes_one_revision_that_waits_and_does_not_count(cast):
    assert send(cast).status_code == 302
    revision = Revision.rows.get()
    assert (revision.number, revision.figures, revision.narrative) == (1, annex(0, 12, 0, 9), NARRATIVE)
    assert roll_up(cast.nodes["A"]).total == annex(0, 0, 0, 0)
    review(cast, "A1", "accept")
    assert roll_up(cast.nodes["centre"]).total == annex(0, 12, 0, 9)
    assert {"report.submit", "report.accept"} <= set(Entry.objects.values_list("action", flat=True))


def test_a_blocked_report_is_not_sent_and_keeps_every_typed_word(cast):
    answer = send(cast, r4="43", r2="1,5", n1="ghi chú của tôi")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert not Revision.rows.exists()
    assert 'value="1,5"' in page and "“1,5” không phải số nguyên" in page
    assert 'value="43"' in page and 'value="ghi chú của tôi"' in page and NARRATIVE in page


def test_all_problems_stand_at_once_each_with_a_link_to_its_field_and_its_fold_open(cast):
    answer = send(cast, "A", r1="4", r2="", r4="x", a3="9", n1="x" * 10_001, narrative="Xong.")
    page = answer.content.decode()
    asked, form_itself = page.split('<div id="checks"', 1)[1].split('id="danh-gia"', 1)
    linked = re.findall(r'<a href="#([^"]+)">', asked)
    assert {"r1", "r2", "r4", "g1", "ly-do", "danh-gia", "don-vi-ngoai"} <= set(linked)
    assert all(f'id="{field}"' in f'id="danh-gia"{form_itself}' for field in linked)
    assert asked.count("<li>") >= 6
    folds = re.findall(
        r"<details([^>]*)>(?:(?!</details>).)*?id=\"(ly-do|don-vi-ngoai)\"", form_itself, re.DOTALL
    )
    assert [(name, "open" in mark) for mark, name in folds] == [("ly-do", True), ("don-vi-ngoai", True)]


def test_a_warning_asks_for_a_tick_or_a_note(cast):
    refused = send(cast, narrative="Xong.")
    assert refused.status_code == 422
    # On a telephone the form's own button is five screens below the tick.
    asked, rest = refused.content.decode().split('id="danh-gia"', 1)
    assert ">Gửi lại</button>" in asked and ">Kiểm tra và gửi</button>" in rest
    send(cast, narrative="Xong.", do="save")
    draft = cast.client("A1", "officer").get(url(cast, "report", "A1")).content.decode()
    assert "đánh dấu vào từng chỗ nêu dưới đây rồi gửi" in draft and "có thể gửi" not in draft
    assert send(cast, narrative="Xong.", version="1", ticked="W09:narrative").status_code == 302
    answered = [(w["rule"], w["row"], w["by"]) for w in Revision.rows.get().warnings]
    assert answered == [("W09", "narrative", "tick")]
    page = cast.client("A", "reader").get(url(cast, "report", "A1")).content.decode()
    assert "Quá ngắn. Nên nêu" in page


def test_blank_is_not_zero(cast):
    answer = send(cast, r3="")
    assert answer.status_code == 422
    assert "Để trống không phải là 0" in answer.content.decode()


def test_the_same_form_twice_is_one_revision_with_the_same_answer(cast):
    data = form()
    client = cast.client("A1", "officer")
    answers = [client.post(url(cast, "report", "A1"), data) for _ in range(2)]
    assert [a.status_code for a in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Revision.rows.count() == 1


def test_a_stale_form_shows_both_versions_and_loses_neither(cast):
    cast.client("A1", "officer").post(url(cast, "report", "A1"), form(do="save", r2="20"))
    answer = cast.client("A1", "officer").post(url(cast, "report", "A1"), form(do="save", r2="31"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert ">31</td>" in page and ">20</td>" in page
    assert Report.rows.get().draft["r2"] == "20"
    mine = cast.client("A1", "officer").post(url(cast, "report", "A1"), form(do="save", r2="31", version="1"))
    assert mine.status_code == 302
    assert Report.rows.get().draft["r2"] == "31"


def test_returned_with_a_reason_then_corrected(cast):
    send(cast)
    review(cast, "A1", "return", reason="Dòng 2 thiếu <b>trạm y tế</b>.")
    page = cast.client("A1", "officer").get(url(cast, "report", "A1")).content.decode()
    assert "Dòng 2 thiếu &lt;b&gt;trạm y tế&lt;/b&gt;." in page
    assert send(cast, r2="15", version=Report.rows.get().version).status_code == 302
    assert [r.own["r2"] for r in Revision.rows.all()] == [12, 15]
    assert Revision.rows.get(number=2).based_on.number == 1


def test_today_says_what_waits_below_and_why_a_report_came_back(cast):
    for unit in ("A2", "A1"):
        send(cast, unit)
    today = reverse("today", args=[cast.campaign.slug])

    def asked(unit):
        page = cast.client(unit, "officer").get(today)
        return {task.shape: str(task.text) for task in page.context["tasks"]}

    names = [cast.nodes[unit].name for unit in ("A2", "A1")]
    assert asked("A")["sent"] == ", ".join(names), "the longest waiting first"
    assert "sent" not in asked("centre"), "those two are for the unit directly above them"
    review(cast, "A1", "return", reason="Dòng 2 thiếu.")
    send(cast, version=Report.rows.get(node=cast.nodes["A1"]).version, r2="15")
    review(cast, "A1", "return", reason="Dòng 3 thiếu.")
    assert asked("A1")["back"] == "Dòng 3 thiếu.", "the last reason"
    assert "back" not in asked("A2")
    assert asked("A")["sent"] == names[0]


def test_a_return_needs_a_reason(cast):
    send(cast)
    review(cast, "A1", "return", reason="  ")
    assert Report.rows.get().state == "submitted"


def test_withdrawn_before_acceptance_only(cast):
    send(cast)
    client = cast.client("A1", "officer")
    client.post(url(cast, "report_act", "A1", "withdraw"), {"number": 1})
    assert Report.rows.get().state == "draft"
    send(cast, version=Report.rows.get().version, r2="14")
    review(cast, "A1", "accept")
    client.post(url(cast, "report_act", "A1", "withdraw"), {"number": 2})
    assert Report.rows.get().state == "accepted"


def test_amending_keeps_the_accepted_figures_until_the_new_ones_are_accepted(cast):
    send(cast)
    review(cast, "A1", "accept")
    send(cast, version=Report.rows.get().version, r2="30")
    assert Report.rows.get().state == "accepted", (
        "an accepted report changes only after an amendment was allowed"
    )
    asked = {"number": 1, "reason": "Thiếu trạm y tế."}
    cast.client("A1", "officer").post(url(cast, "report_act", "A1", "ask"), asked)
    assert "Thiếu trạm y tế." in cast.client("A", "officer").get(url(cast, "report", "A1")).content.decode()
    review(cast, "A1", "allow")
    send(cast, version=Report.rows.get().version, r2="30")
    assert roll_up(cast.nodes["A"]).total["r2"] == 12
    review(cast, "A1", "accept")
    assert roll_up(cast.nodes["A"]).total["r2"] == 30
    page = cast.client("A", "reader").get(url(cast, "report_history", "A1")).content.decode()
    assert "Bản 2" in page and "Bản 1" in page


def test_a_sent_report_reads_in_the_order_of_the_form(cast):
    send(cast)
    page = cast.client("A", "officer").get(url(cast, "report", "A1")).content.decode()
    assert page.index(NARRATIVE) < page.index("Tổng đơn vị thuộc/trực thuộc nhận được thông tin")


def test_a_superior_accepts_only_the_revision_that_was_looked_at(cast):
    send(cast)
    cast.client("A1", "officer").post(url(cast, "report_act", "A1", "withdraw"), {"number": 1})
    send(cast, version=Report.rows.get().version, r2="99")
    cast.client("A", "officer").post(url(cast, "report_act", "A1", "accept"), {"number": 1})
    assert Report.rows.get().state == "submitted"


def test_the_report_on_top_counts_when_sent_and_names_who_was_missing(cast):
    answer = send(cast, "centre", ticked=["W08:figures", "W02:r3"])
    assert answer.status_code == 302
    assert roll_up(cast.nodes["centre"]).total == annex(0, 12, 0, 9)
    assert Revision.rows.get().totals["missing"] == 5


def test_external_units_must_be_named_to_be_counted(cast):
    assert send(cast, r1="2", r3="1").status_code == 422
    answer = send(cast, r1="2", r3="1", external="Hợp tác xã Dào San\nBưu điện xã\nbưu điện  xã")
    assert answer.status_code == 302
    assert Revision.rows.get().external == ["Hợp tác xã Dào San", "Bưu điện xã"]


def test_nothing_changes_after_the_campaign_is_closed(cast):
    send(cast, "A1")
    review(cast, "A1", "accept")
    read = cast.client("A1", "officer").get
    assert 'id="xin-sua"' in read(url(cast, "report", "A1")).content.decode()
    cast.campaign.status = "closed"
    cast.campaign.save()
    assert 'id="xin-sua"' not in read(url(cast, "report", "A1")).content.decode()
    send(cast, "A2")
    assert Revision.rows.count() == 1


def test_what_is_typed_is_checked_and_kept_as_the_draft(cast):
    client, data = cast.client("A1", "officer"), form(r4="13")
    answer = client.post(url(cast, "report_check", "A1"), data)
    assert "Dòng 4 là 13, lớn hơn dòng 2 là 12" in answer.content.decode()
    assert Report.rows.get().draft["r4"] == "13"
    client.post(url(cast, "report_check", "A1"), {**data, "r4": "9"})
    assert client.post(url(cast, "report", "A1"), {**data, "r4": "9"}).status_code == 302
    assert Revision.rows.get().own["r4"] == 9, "the form that saved while typing is not stale to itself"
    assert Entry.objects.filter(action="report.save").count() == 1


def test_typing_beside_another_person_saves_nothing_and_says_who(cast):
    cast.client("A1", "officer").post(url(cast, "report_check", "A1"), form(r2="20"))
    answer = cast.client("A1", "coordinator").post(url(cast, "report_check", "A1"), form(r2="31"))
    assert "officer-a1" in answer.content.decode()
    assert Report.rows.get().draft["r2"] == "20"


def test_a_form_posted_after_the_session_ended_comes_back_after_signing_in(cast):
    client = cast.client("A1", "officer")
    data = form(r2="77", do="save")
    client.logout()
    answer = client.post(url(cast, "report", "A1"), data)
    assert answer.status_code == 404 and reverse("account_login") in answer.content.decode()
    client.post(reverse("account_login"), {"login": "officer-a1", "password": "quet-sach-123"})
    page = client.get(url(cast, "report", "A1")).content.decode()
    assert 'value="77"' in page and NARRATIVE in page and data["client_uuid"] in page
    assert client.post(url(cast, "report", "A1"), data).status_code == 302
    assert Report.rows.get().draft["r2"] == "77"
    assert 'value="77"' not in cast.client("A2", "officer").get(url(cast, "report", "A2")).content.decode()


@pytest.mark.parametrize("unit", ["A2", "B", "B1"])
@pytest.mark.parametrize("route", ["report", "report_history", "rollup", "why"])
def test_a_stranger_reads_404(cast, unit, route):
    more = ["r1"] if route == "why" else []
    assert cast.client(unit, "coordinator").get(url(cast, route, "A1", *more)).status_code == 404


@pytest.mark.parametrize(
    ("who", "route"),
    [
        (("A", "officer"), "report"),
        (("A", "officer"), "report_check"),
        (("A", "officer"), "withdraw"),
        (("A1", "officer"), "accept"),
        (("A1", "officer"), "return"),
        (("A1", "officer"), "pass_up"),
        (("A1", "officer"), "sign"),
        (("A1", "coordinator"), "unlock"),
        (("A2", "officer"), "accept"),
        (("B", "coordinator"), "accept"),
        (("A", "it"), "accept"),
        (("A", "officer"), "report_file"),
        (("A1", "reader"), "report"),
        (("A1", "it"), "report"),
    ],
)
def test_acts_are_for_those_whose_report_or_whose_subordinate_it_is(cast, who, route):
    send(cast)
    before = Report.rows.values().get()
    is_page = route.startswith("report")
    to = url(cast, route, "A1") if is_page else url(cast, "report_act", "A1", route)
    answer = cast.client(*who).post(to, form(number="1", reason="lý do"))
    assert answer.status_code == 404
    assert Report.rows.values().get() == before
