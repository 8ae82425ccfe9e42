"""Acts on the page of a case that was opened before its machine turned out to be another one."""

import pytest
from django.urls import reverse

from quetsach.portal.cases import actions as cases
from quetsach.portal.cases.false_alarms import actions as alarms
from quetsach.portal.cases.models import Case, CaseEvent, Device, FalseAlarm
from quetsach.portal.cases.work import actions as work
from tests.portal.cases.test_signs_since import table
from tests.portal.cases.test_which_machine import PC, lease
from tests.portal.cases.test_withdrawing import scan, versions
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon, sighting

__all__ = ["scan", "versions"]
TOLD = "This is the machine pc-ketoan now. Record it there."


@pytest.fixture
def moved(cast, scan):
    """The case of an address, claimed by the page of then, that leads to a machine with a name since."""
    scan(sighting("10.1.1.9", noon(14), source="log-9"))
    case = Case.rows.select_related("device__owner").get()
    alarm = alarms.propose(case, cast.user("A1", "it"), FalseAlarm.Scope.CASE, "Máy in.")
    table(cast, lease(PC, noon(14), address="10.1.1.9", name="pc-ketoan"))
    assert Case.rows.get(pk=case.pk).merged_into.device.key == "pc-ketoan"
    return case, alarm


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("da-xu-ly", {"done": "scan", "done_at": f"{noon(13):%Y-%m-%dT%H:%M}"}),
        ("bat-dau", {}),
        ("da-biet", {}),
        ("tim-thay", {"place": "Phòng 12"}),
        ("mo-lai", {"reason": "Xem lại cho chắc."}),
    ],
)
def test_what_is_said_of_it_is_refused_and_the_page_leads_on(cast, moved, word, said):
    case, _alarm = moved
    before = CaseEvent.rows.count()
    client = cast.client("A1", "it")
    client.cookies["django_language"] = "en"
    answer = client.post(reverse("case_act", args=["lam-sach", case.pk, word]), said)
    living = Case.rows.get(is_current=True)
    assert answer.status_code == 422 and TOLD in text_of(answer)
    assert reverse("case", args=["lam-sach", living.pk]) in answer.content.decode()
    assert CaseEvent.rows.count() == before


def test_a_machine_that_is_another_one_is_not_passed_on(cast, moved):
    case, _alarm = moved
    client = cast.client("A1", "it")
    client.cookies["django_language"] = "en"
    for name, said in (
        ("device_not_ours", {"reason": "Không phải máy của xã."}),
        ("device_assign", {"to": str(cast.nodes["A1"].pk)}),
    ):
        answer = client.post(reverse(name, args=["lam-sach", case.pk]), said)
        assert answer.status_code == 422 and TOLD in text_of(answer)
    assert Device.rows.get(key="10.1.1.9").is_assigned


def test_many_at_once_and_second_persons(cast, moved):
    case, alarm = moved
    outcome = work.act_on([(case, "scan")], cast.user("A1", "it"), done_at=noon(13))
    assert not outcome.done and [why for _case, why in outcome.refused] == [
        "Đây nay là máy pc-ketoan. Hãy ghi ở hồ sơ của máy đó."
    ]
    Case.rows.filter(pk=case.pk).update(state="claimed_clean", claimed_at=noon(13))
    with pytest.raises(cases.CaseError):
        cases.confirm_clean(case, cast.user("A", "coordinator"), "Đã kiểm tra.")
    with pytest.raises(cases.CaseError):
        alarms.agree(alarm, cast.user("A1", "officer"))
    alarms.refuse(alarm, cast.user("A1", "officer"), "Máy có tên rồi.")
    alarm.refresh_from_db()
    assert alarm.is_agreed is False, "what is open there can still be closed"


def test_an_earlier_episode_takes_no_act(cast, scan):
    scan(sighting("10.1.1.5", noon(12)))
    case = cases.claim_clean(Case.rows.get(), cast.user("A1", "it"), done="scan", done_at=noon(11))
    Case.rows.update(quiet_until=noon(7), state="verified_clean")
    scan(sighting("10.1.1.5", noon(2), source="log-2"))
    Case.rows.filter(pk=case.pk).update(state="claimed_clean")
    with pytest.raises(cases.CaseError):
        cases.confirm_clean(case, cast.user("A", "coordinator"), "Đã kiểm tra.")
