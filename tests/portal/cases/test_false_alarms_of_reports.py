"""False alarms of machines that only reports of others know, and of machines that files open again."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.cases import actions as cases
from quetsach.portal.cases.false_alarms import actions as alarms
from quetsach.portal.cases.models import Case, FalseAlarm
from quetsach.portal.incidents import evidence
from quetsach.portal.incidents.case_facts import facts_of
from quetsach.portal.indicators.models import IndicatorSet
from tests.portal.cases.test_reports_taken_back import LATER
from tests.portal.cases.test_victims import bring, sinkhole
from tests.portal.cases.test_withdrawing import scan, versions
from tests.portal.page_text import text_of
from tests.portal.questions import MOST, is_asked
from tests.portal.scan_document import noon, sighting

__all__ = ["bring", "scan", "versions"]
WHY = "Máy của đoàn kiểm tra, đã hỏi."
SHEET, TABLE = "IP nạn nhân,Thời gian,Mã độc\n10.1.1.5,{at},qakbot\n", "bảng của cơ quan"


@pytest.fixture
def case(bring):
    """A case that only the table of an office knows."""
    at = f"{noon(3):%d/%m/%Y %H:%M}"
    bring(SHEET.format(at=at).encode(), "bang.csv")
    return Case.rows.get()


@pytest.mark.parametrize("known_by", ["table", "type"])
def test_of_a_case_that_no_log_knows_only_the_case_is_said(cast, bring, known_by):
    file = SHEET.format(at=f"{noon(3):%d/%m/%Y %H:%M}").encode(), "bang.csv"
    bring(*(file if known_by == "table" else (sinkhole(("10.1.1.5", noon(3), "qakbot")),)))
    case = Case.rows.get()
    client, url = cast.client("A1", "it"), reverse("case_act", args=["lam-sach", case.pk, "bao-nham"])
    page = text_of(client.get(f"/cd/lam-sach/may/{case.pk}/"))
    assert "hồ sơ này" in page and "những địa chỉ này" not in page and "sheet" not in page
    for scope in ("machine", "everywhere"):
        assert client.post(url, {"scope": scope, "reason": WHY}).status_code == 422
        with pytest.raises(cases.CaseError):
            alarms.propose(case, cast.user("A1", "it"), scope, WHY)
    assert client.post(url, {"scope": "case", "reason": WHY}).status_code == 302
    assert alarms.agree(FalseAlarm.rows.get(), cast.user("centre", "coordinator")) == 1
    assert Case.rows.get().state == "false_positive"


@pytest.mark.parametrize("scope", ["machine", "everywhere"])
def test_what_was_said_before_of_such_a_case_is_in_words_and_closes_it(cast, case, scope):
    """Older versions let people say it of addresses that the case does not have."""
    centre = cast.client("centre", "coordinator")
    alarm = alarms.propose(case, cast.user("A1", "it"), FalseAlarm.Scope.CASE, WHY)
    FalseAlarm.rows.update(scope_of=scope, decider=cast.nodes["centre"])
    page = text_of(
        centre.get(f"{reverse('false_alarms', args=['lam-sach'])}?don-vi={cast.nodes['centre'].pk}")
    )
    assert TABLE in page and "sheet" not in page and "1 hồ sơ đang mở sẽ được đóng" in page
    alarm.refresh_from_db()
    assert alarms.agree(alarm, cast.user("centre", "coordinator")) == 1
    assert Case.rows.get().state == "false_positive"


def test_a_notice_names_the_table_and_no_type(cast, case):
    stored = Case.rows.select_related("device__owner", "device__campaign").get()
    (one,) = facts_of([stored], cast.nodes["centre"], timezone.now()).cases
    told = str(evidence.block(one, "1."))
    assert TABLE in told and "sheet" not in told


def shown(client, case):
    """The page of false alarms, and that of the case."""
    alarms_page = client.get(f"{reverse('false_alarms', args=['lam-sach'])}?don-vi={case.device.owner_id}")
    return text_of(alarms_page), text_of(client.get(f"/cd/lam-sach/may/{case.pk}/"))


def test_pages_say_what_opened_an_agreed_false_alarm_again(cast, bring, case):
    alarms.agree(
        alarms.propose(case, cast.user("A1", "it"), FalseAlarm.Scope.CASE, WHY),
        cast.user("centre", "coordinator"),
    )
    client = cast.client("A1", "officer")
    before, _case = shown(client, case)
    assert "Báo nhầm, người thứ hai đã đồng ý." in before and "Hồ sơ mở lại như cũ." in before
    assert "Rút lại" in before
    bring(sinkhole(("10.1.1.5", noon(2), "qakbot")), LATER)
    assert Case.rows.get().state == "assigned"
    listed, page = shown(client, case)
    sign = "Shadowserver: event4_sinkhole"
    assert (
        "Đã thống nhất là báo nhầm; hồ sơ đã mở lại." in listed
        and f": {sign}. Được báo trong {LATER}." in listed
    )
    assert "người thứ hai đã đồng ý" not in listed and "Rút lại" not in listed
    assert "hai người đã thống nhất là báo nhầm (it-a1, coordinator-centre)" in page
    assert f"Dấu hiệu: {sign}. Được báo trong {LATER}." in page, "the history tells which sign it was"
    cases.claim_clean(Case.rows.get(), cast.user("A1", "it"), done="scan", done_at=noon(1))
    assert "hai người đã thống nhất là báo nhầm" not in shown(client, case)[1]


def test_a_false_alarm_that_keeps_nothing_closed_is_taken_back_with_a_line_in_the_history(
    cast, scan, versions
):
    """Of addresses on a machine it still covers later signs, so that it can be taken back."""
    IndicatorSet.rows.update(published_at=noon(40))
    scan(sighting("10.1.1.5", noon(9)))
    case, it = Case.rows.get(), cast.user("A1", "it")
    alarm = alarms.propose(case, it, FalseAlarm.Scope.MACHINE, WHY)
    alarms.agree(alarm, cast.user("centre", "coordinator"))
    scan(sighting("10.1.1.5", noon(5), indicator="busy.example"))
    client = cast.client("A1", "it")
    listed, _page = shown(client, case)
    assert "busy.example" in listed and "hồ sơ đã mở thì giữ nguyên" in listed
    scan(sighting("10.1.1.6", noon(5), indicator="busy.example"))
    alarms.propose(Case.rows.get(device__key="10.1.1.6"), it, FalseAlarm.Scope.EVERYWHERE, WHY)
    centre = cast.client("centre", "coordinator")
    url = f"{reverse('false_alarms', args=['lam-sach'])}?don-vi={cast.nodes['centre'].pk}"
    centre.get(url)
    with CaptureQueriesContext(connection) as asked:
        centre.get(url)
    assert sum(map(is_asked, asked)) <= MOST, "one that waits, and one whose case is open again"
    why = "Địa chỉ thật sự độc hại."
    url = reverse("false_alarm_act", args=["lam-sach", alarm.pk, "rut"])
    answer = text_of(client.post(url, {"reason": why}, follow=True))
    assert "Đã rút lại. Không hồ sơ nào mở lại" in answer and "0 hồ sơ" not in answer
    assert Case.rows.get(pk=case.pk).state == "assigned"
    assert f"hồ sơ khi đó đã mở sẵn it-a1 {why}" in shown(client, case)[1]
