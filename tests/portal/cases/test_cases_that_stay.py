"""Cases that stay open although the file of reports that opened them again was taken back."""

import pytest
from django.utils import timezone

from quetsach.portal.cases import actions as cases
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.undoing_actions import take_back_last
from quetsach.portal.cases.victims import queries
from quetsach.portal.incidents.case_facts import facts_of
from quetsach.portal.incidents.evidence import block
from tests.portal.cases.test_reports_taken_back import LATER, WHY, handled
from tests.portal.cases.test_victims import bring, sinkhole
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon

__all__ = ["bring"]


@pytest.mark.parametrize("reason", ["work", "evidence", "taken back work"])
def test_a_relapse_stays_where_somebody_has_worked_since_or_another_file_tells_it(cast, bring, reason):
    bring(sinkhole(("10.1.1.5", noon(9), "qakbot")), "2026-02-01-event4_sinkhole-a.csv")
    handled(cast)
    file = bring(sinkhole(("10.1.1.5", noon(4), "qakbot")), LATER).file
    if reason == "evidence":
        bring(sinkhole(("10.1.1.5", noon(5), "qakbot")), "2026-03-03-event4_sinkhole-a.csv")
    else:
        cases.start_cleaning(Case.rows.get(), cast.user("A1", "it"))
    if reason == "taken back work":
        take_back_last(Case.rows.get(), cast.user("A1", "it"))
    told = queries.resting_on(file)
    assert (told.back, told.acted, told.others) == {
        "work": (0, 1, 1), "evidence": (0, 0, 1), "taken back work": (1, 0, 0),
    }[reason]  # fmt: skip
    if reason == "work":
        page = text_of(cast.client("A", "it").get(f"/cd/lam-sach/nan-nhan/{file.pk}/rut/"))
        assert "đã có người xử lý tiếp" in page
    client = cast.client("A", "it")
    answer = text_of(client.post(f"/cd/lam-sach/nan-nhan/{file.pk}/rut/", {"reason": WHY}, follow=True))
    assert ("1 hồ sơ chỉ do tệp này mở lại vẫn mở" in answer) == (reason == "work")
    assert ("0 hồ sơ" in answer) == (reason == "evidence"), "nothing else is there to say"
    page = text_of(client.get(f"/cd/lam-sach/may/{Case.rows.get().pk}/"))
    if reason != "taken back work":
        assert f"Đã rút lại một tệp báo cáo; hồ sơ giữ nguyên it-a {LATER} đã được rút lại. {WHY}" in page
    assert (f"Điều đó chỉ có trong {LATER}" in page) == (reason == "work")
    if reason == "evidence":  # the head tells the time of the sign that is left
        assert f"Lại có dấu hiệu từ {timezone.localtime(noon(5)):%H:%M %d/%m/%Y}" in page
        relapse = Case.rows.get().events.get(act="relapse")
        assert relapse.data["seen"] == noon(4).isoformat(), "the record of what the file told stays"
    case = Case.rows.get()
    expected = {"work": "cleaning", "evidence": "assigned", "taken back work": "verified_clean"}
    assert case.state == expected[reason]


def test_a_sign_that_nothing_shows_any_more_is_called_so_on_page_and_lists(cast, bring):
    """Until something else shows that the signs came back."""
    bring(sinkhole(("10.1.1.5", noon(9), "qakbot")), "2026-02-01-event4_sinkhole-a.csv")
    handled(cast)
    again = sinkhole(("10.1.1.5", noon(4), "qakbot"))
    file = bring(again, LATER).file
    cases.start_cleaning(Case.rows.get(), cast.user("A1", "it"))
    client = cast.client("A1", "it")
    pages = [f"/cd/lam-sach/may/{Case.rows.get().pk}/", "/cd/lam-sach/may/", "/cd/lam-sach/may/viec/"]
    day = timezone.localtime(noon(4))

    def told(text):
        return [text in text_of(client.get(page)).lower() for page in pages]

    since = "lại có dấu hiệu từ"
    assert told(since) == [True] * 3
    cast.client("A", "it").post(f"/cd/lam-sach/nan-nhan/{file.pk}/rut/", {"reason": WHY})
    assert told(since) == [False] * 3
    assert told(f"có báo cáo về dấu hiệu từ {day:%H:%M %d/%m/%Y}, nay đã rút lại")[0]
    assert told(f"được báo có dấu hiệu từ {day:%d/%m}")[1:] == [True] * 2
    assert told("vẫn mở vì sau đó đã có người xử lý")[0]
    (paper,) = facts_of(Case.rows.select_related("device__owner"), cast.nodes["centre"], timezone.now()).cases
    said = " ".join(block(paper, "1.").paragraphs)
    assert "nay đã được rút lại" in said and "lại có dấu hiệu: cần" not in said
    bring(again, LATER)
    assert told(since) == [True] * 3
    (paper,) = facts_of(Case.rows.select_related("device__owner"), cast.nodes["centre"], timezone.now()).cases
    assert "lại có dấu hiệu: cần" in " ".join(block(paper, "1.").paragraphs)
