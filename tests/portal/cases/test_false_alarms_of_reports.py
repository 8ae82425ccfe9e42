"""False alarms of machines that only reports of others know, and of machines that files open again."""

import pytest
from django.urls import reverse

from quetsach.portal.cases import actions as cases
from quetsach.portal.cases.false_alarms import actions as alarms
from quetsach.portal.cases.models import Case, FalseAlarm
from quetsach.portal.incidents import evidence
from quetsach.portal.incidents.case_facts import facts_of
from tests.portal.cases.test_victims import bring, sinkhole
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon

__all__ = ["bring"]
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


def test_a_notice_names_the_table_and_no_type(case):
    (one,) = facts_of([Case.rows.select_related("device__owner", "device__campaign").get()]).cases
    told = str(evidence.block(one, "1."))
    assert TABLE in told and "sheet" not in told
