"""From the officer to the head of the unit to the superior; locks, signatures, supplements."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.reports.actions import Source, save_draft, submit, submit_on_behalf
from quetsach.portal.reports.errors import BlockedReport, LockedReport, ReportError
from quetsach.portal.reports.models import Report, ReportComponent, Revision
from quetsach.portal.reports.recompute.figures import Recomputed
from quetsach.portal.reports.review.actions import (
    accept,
    allow_amendment,
    ask_amendment,
    decline_amendment,
    pass_up,
    revoke,
    send_back,
    set_policy,
    unlock,
)
from quetsach.portal.reports.rollup.queries import roll_up
from quetsach.portal.reports.signing.actions import sign
from quetsach.portal.reports.supplement.actions import send_supplement
from quetsach.portal.reports.tasks import reports_to_do
from quetsach.portal.units.roles import places_of
from tests.portal.addresses import url
from tests.portal.reports.figures import annex

DATA = {"r1": "0", "r2": "5", "r3": "0", "r4": "4", "narrative": "Đã rà soát xong tất cả các máy."}
TICKS = ["W08:figures", "W02:r3", "W10:figures", "W06:figures"]


def report(cast, unit):
    return Report.rows.get(node=cast.nodes[unit])


def send(cast, unit, r2="5", version=None):
    node = cast.nodes[unit]
    if version is None:
        version = Report.rows.filter(node=node).values_list("version", flat=True).first() or 0
    return submit(cast.user(unit, "officer"), node, {**DATA, "r2": r2}, version, uuid4(), ticked=TICKS)


def taken(cast, unit, r2="5"):
    sent = send(cast, unit, r2)
    if cast.nodes[unit].parent_id:
        accept(cast.user("centre", "coordinator"), cast.nodes[unit], sent.number)
    return sent


def policy(cast, **changes):
    rules = {"head_review": False, "grace_until": None, **changes}
    return set_policy(cast.user("centre", "coordinator"), cast.campaign, **rules)


def test_the_head_of_the_unit_looks_first_where_the_campaign_asks_for_it(cast):
    policy(cast, head_review=True)
    head = cast.user("A1", "coordinator")
    sent = send(cast, "A1")
    assert report(cast, "A1").state == "in_review" and sent.submitted_at is None
    assert roll_up(cast.nodes["A"]).total == annex(0, 0, 0, 0)
    with pytest.raises(ReportError):
        accept(cast.user("A", "officer"), cast.nodes["A1"], 1)
    seat = Seat(head, cast.campaign, cast.nodes["A1"], cast.nodes["A1"], places_of(head))
    with override("vi"):
        titles = [str(task.title) for task in reports_to_do(seat)]
    assert titles == ["Xem báo cáo rồi gửi lên cấp trên"]
    send_back(head, cast.nodes["A1"], 1, "Thiếu trạm y tế.")
    send(cast, "A1", "6")
    for _ in range(2):
        pass_up(head, cast.nodes["A1"], 2)
    assert report(cast, "A1").state == "submitted"
    assert Revision.rows.get(number=2).submitted_at is not None
    accept(cast.user("A", "officer"), cast.nodes["A1"], 2)
    assert roll_up(cast.nodes["A"]).total == annex(0, 6, 0, 4)
    assert list(Recomputed(cast.campaign).findings()) == []


def test_a_unit_without_a_head_and_a_head_who_writes_send_directly(cast):
    policy(cast, head_review=True)
    send(cast, "A1")
    assert report(cast, "A1").state == "submitted", "nobody there could look first"
    head = cast.user("A2", "coordinator")
    submit(head, cast.nodes["A2"], DATA, 0, uuid4())
    assert report(cast, "A2").state == "submitted"


def test_late_is_when_it_reached_the_superior_also_for_the_first_accepted(cast):
    policy(cast, head_review=True)
    cast.user("A1", "coordinator")
    send(cast, "A1")
    send(cast, "A2")
    with time_machine.travel(cast.campaign.due_at + timedelta(hours=3), tick=True):
        pass_up(cast.user("A1", "coordinator"), cast.nodes["A1"], 1)
        for unit in ("A1", "A2"):
            accept(cast.user("A", "officer"), cast.nodes[unit], 1)
    assert Revision.rows.get(report__node=cast.nodes["A1"]).is_late
    assert (report(cast, "A1").is_on_time, report(cast, "A2").is_on_time) == (False, True)
    rolled = roll_up(cast.nodes["A"])
    [line_a1, line_a2] = rolled.children
    assert (line_a1.on_time, line_a2.on_time, rolled.on_time) == (0, 1, 1)
    send_back(cast.user("A", "officer"), cast.nodes["A2"], 1, "Xem lại.")
    with time_machine.travel(cast.campaign.due_at + timedelta(days=1), tick=True):
        taken(cast, "A2", "7")
    assert report(cast, "A2").is_on_time is True, "the first accepted revision decides"


def test_an_amendment_is_asked_allowed_or_declined_and_the_accepted_one_counts_on(cast):
    taken(cast, "A1")
    officer, superior, node = cast.user("A1", "officer"), cast.user("A", "officer"), cast.nodes["A1"]
    with pytest.raises(ReportError):
        save_draft(officer, node, {**DATA, "r2": "9"}, report(cast, "A1").version)
    ask_amendment(officer, node, 1, "Đếm thiếu.")
    assert roll_up(cast.nodes["A"]).total["r2"] == 5
    decline_amendment(superior, node, "Đã gửi tỉnh.")
    assert report(cast, "A1").state == "accepted"
    ask_amendment(officer, node, 1, "Đếm thiếu thật.")
    for _ in range(2):
        allow_amendment(superior, node)
    send(cast, "A1", "9")
    assert roll_up(cast.nodes["A"]).total["r2"] == 5
    accept(superior, node, 2)
    assert roll_up(cast.nodes["A"]).total["r2"] == 9


def test_after_the_grace_only_those_let_in_may_change(cast):
    policy(cast, grace_until=cast.campaign.due_at + timedelta(days=1))
    superior = cast.user("A", "officer")
    with time_machine.travel(cast.campaign.due_at + timedelta(days=2), tick=True):
        for unit in ("A1", "A2", "B1"):
            with pytest.raises(LockedReport):
                send(cast, unit)
        page = cast.client("A1", "officer").get(url(cast, "report", "A1")).content.decode()
        assert "Đã hết thời gian báo cáo" in page and '<form method="post" id="phu-luc"' not in page
        grant = unlock(
            superior, cast.nodes["A"], timezone.now() + timedelta(days=1), "Mất mạng do bão.", with_below=True
        )
        assert send(cast, "A1").is_late
        with pytest.raises(LockedReport):
            send(cast, "B1")
        revoke(superior, grant)
        with pytest.raises(LockedReport):
            send(cast, "A2")
        unlock(superior, cast.nodes["A2"], timezone.now() + timedelta(days=1), "Mất điện.")
        send(cast, "A2")
    with pytest.raises(ReportError):
        unlock(superior, cast.nodes["A1"], timezone.now() - timedelta(days=1), "Quá khứ.")
    with pytest.raises(ReportError):
        policy(cast, grace_until=cast.campaign.due_at - timedelta(days=1))


def test_a_closed_campaign_opens_for_one_unit_that_was_let_in(cast):
    cast.campaign.status = "closed"
    cast.campaign.save()
    with pytest.raises(LockedReport):
        send(cast, "A1")
    unlock(cast.user("A", "officer"), cast.nodes["A1"], timezone.now() + timedelta(days=1), "Kiểm toán.")
    taken(cast, "A1")
    with pytest.raises(LockedReport):
        send(cast, "A2")
    assert roll_up(cast.nodes["centre"]).total["r2"] == 5


def signed_district(cast):
    taken(cast, "A1")
    taken(cast, "A", "8")
    sign(cast.user("A", "coordinator"), cast.nodes["A"], 1, "12/BC-UBND, 25/09/2026")


def test_a_signature_locks_what_it_contains_and_a_later_change_writes_the_supplement(cast):
    signed_district(cast)
    officer, superior = cast.user("A1", "officer"), cast.user("A", "officer")
    ask_amendment(officer, cast.nodes["A1"], 1, "Đếm thiếu.")
    allow_amendment(superior, cast.nodes["A1"])
    sent = send(cast, "A1", "50")
    accept(superior, cast.nodes["A1"], sent.number)
    signed = Revision.rows.get(report__node=cast.nodes["A"])
    assert signed.totals["total"]["r2"] == 13, "the signed figure never moves"
    assert ReportComponent.rows.get(revision=signed, node=cast.nodes["A1"]).counts["r2"] == 5
    assert roll_up(cast.nodes["A"]).total["r2"] == 58
    page = cast.client("A", "reader").get(url(cast, "rollup", "A")).content.decode()
    assert "Lệch số liệu so với báo cáo đã ký" in page
    text = cast.client("A", "officer").get(url(cast, "supplement", "A")).content.decode()
    assert "Bổ sung 12/BC-UBND, 25/09/2026" in text and "dòng 2: 5 → 50" in text
    key = uuid4()
    for _ in range(2):
        again = send_supplement(superior, cast.nodes["A"], 1, key)
    assert (again.number, again.own["r2"], again.totals["total"]["r2"]) == (2, 8, 58)
    assert "dòng 2: 5 → 50" in again.narrative
    assert roll_up(cast.nodes["centre"]).total["r2"] == 58
    accept(cast.user("centre", "officer"), cast.nodes["A"], 2)
    with pytest.raises(ReportError):
        send_supplement(superior, cast.nodes["A"], 2, uuid4())
    assert list(Recomputed(cast.campaign).findings()) == []


def test_below_a_signature_a_unit_without_a_report_may_still_send_its_first(cast):
    signed_district(cast)
    page = cast.client("A1", "officer").get(url(cast, "report", "A1")).content.decode()
    assert "Cấp trên đã ký báo cáo có số liệu này" in page
    taken(cast, "A2", "20")
    assert roll_up(cast.nodes["A"]).total["r2"] == 33


def test_a_superior_enters_what_a_unit_sent_as_a_file(cast):
    superior, node = cast.user("A", "officer"), cast.nodes["A1"]
    raw = {**DATA, "r1": "12", "r3": "13", "narrative": ""}
    first = Source("Bao cao xa A1.docx", "a" * 64)
    sent = submit_on_behalf(superior, node, raw, uuid4(), source=first, paper={"r2": 7})
    assert sent.on_behalf and sent.author == superior and sent.source == first.as_dict()
    asked = {(w["rule"], w["row"]) for w in sent.warnings}
    assert {("H02", "r3"), ("H04", "r1"), ("W11", "r2")} <= asked
    assert submit_on_behalf(superior, node, raw, uuid4(), source=first).pk == sent.pk, "the same file again"
    newer = submit_on_behalf(superior, node, {**raw, "r2": "8"}, uuid4(), source=Source("v2.docx", "b" * 64))
    assert newer.number == 2
    with pytest.raises(BlockedReport):
        submit_on_behalf(
            superior, cast.nodes["A2"], {**raw, "r4": "9"}, uuid4(), source=Source("x.docx", "c" * 64)
        )
    accept(superior, node, 2)
    with pytest.raises(ReportError):
        submit_on_behalf(superior, node, raw, uuid4(), source=Source("v3.docx", "d" * 64))
    assert roll_up(cast.nodes["A"]).total == annex(12, 8, 13, 4)
    assert list(Recomputed(cast.campaign).findings()) == []


def test_what_the_unit_sent_itself_is_not_replaced_by_a_file(cast):
    send(cast, "A1")
    with pytest.raises(ReportError):
        submit_on_behalf(
            cast.user("A", "officer"), cast.nodes["A1"], DATA, uuid4(), source=Source("x.docx", "a" * 64)
        )


def test_a_tax_code_is_counted_by_one_unit(cast):
    named = {**DATA, "r1": "1", "external": "0101234567 Công ty Một\n0101234567-001 Chi nhánh"}
    submit(cast.user("A1", "officer"), cast.nodes["A1"], named, 0, uuid4(), ticked=TICKS)
    with pytest.raises(BlockedReport) as stopped:
        submit(cast.user("A2", "officer"), cast.nodes["A2"], named, 0, uuid4(), ticked=TICKS)
    assert [p.key for p in stopped.value.problems] == ["H09:figures"]
    send_back(cast.user("A", "officer"), cast.nodes["A1"], 1, "Đơn vị này thuộc xã khác.")
    send(cast, "A1")
    submit(cast.user("A2", "officer"), cast.nodes["A2"], named, 0, uuid4(), ticked=TICKS)


def test_the_issuer_alone_sets_the_rules(cast):
    page = reverse("report_policy", args=["lam-sach"])
    assert cast.client("A", "coordinator").get(page).status_code == 404
    client = cast.client("centre", "coordinator")
    last = timezone.localtime(cast.campaign.due_at + timedelta(days=5))
    client.post(page, {"head_review": "on", "grace_until": f"{last:%d/%m/%Y}"})
    answer = client.get(page).content.decode()
    assert f"{last:%d/%m/%Y}" in answer and "checked" in answer
    assert client.post(page, {"grace_until": "31/31/2026"}).status_code == 422


def test_a_merged_unit_sends_nothing_and_what_it_had_sent_no_longer_counts(cast):
    taken(cast, "A1")
    taken(cast, "A2", "7")
    CampaignNode.rows.filter(pk=cast.nodes["A1"].pk).update(state="merged", successor=cast.nodes["A2"])
    assert roll_up(cast.nodes["centre"]).total["r2"] == 7
    CampaignNode.rows.filter(pk=cast.nodes["B1"].pk).update(state="void")
    with pytest.raises(LockedReport):
        send(cast, "B1")
    assert {place.name for place in roll_up(cast.nodes["centre"]).missing} == {"Đơn vị A", "Đơn vị B"}
    assert list(Recomputed(cast.campaign).findings()) == []


def test_a_unit_without_a_report_then_is_none_yet_and_no_zero(cast):
    taken(cast, "A1")
    taken(cast, "A", "8")
    taken(cast, "A2", "6")
    page = cast.client("A", "officer").get(url(cast, "rollup", "A")).content.decode()
    line = page.partition('id="lech-so-lieu"')[2].partition("</section>")[0]
    assert "Đơn vị A2</a>: chưa có → " in line and "0 · 0 · 0 · 0 →" not in line
    text = cast.client("A", "officer").get(url(cast, "supplement", "A")).content.decode()
    assert "dòng 2: chưa có → 6" in text
    send_back(cast.user("A", "coordinator"), cast.nodes["A1"], 1, "Sai.")
    page = cast.client("A", "officer").get(url(cast, "rollup", "A")).content.decode()
    line = page.partition('id="lech-so-lieu"')[2].partition("</section>")[0]
    assert re.search(r"Đơn vị A1</a>: <?.*5.* → chưa có", line), "a report that is gone is no zero either"
