"""The clocks of cases: working days by hand, the condition of the database, and the message upwards."""

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import lxml.html
import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.workdays import Calendar, national
from quetsach.portal.cases import actions, flags, noting_actions, rules
from quetsach.portal.cases.clocks import OF_UNIT, Clock, Rule, Terms
from quetsach.portal.cases.escalating.actions import escalate, set_terms
from quetsach.portal.cases.escalating.queries import late_here, rule_of
from quetsach.portal.cases.models import Case, CaseEvent, Device
from quetsach.portal.cases.rules import State
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.page_text import text_of
from tests.portal.scan_document import document, noon, publish_list, sighting

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
RULE = Rule(Terms(), Calendar(national()), 14, VIETNAM)


def case_of(state="assigned", **times):
    blank = dict.fromkeys(("clock_at", "acknowledged_at", "located_at", "claimed_at"))
    return SimpleNamespace(state=state, proof_from=times.get("claimed_at"), **blank | times)


@pytest.mark.parametrize(
    ("opened", "clock", "late"),
    [
        # 6 November 2026 is a Friday: two working days are Monday and Tuesday.
        (datetime(2026, 11, 6, 9, tzinfo=VIETNAM), "acknowledge", datetime(2026, 11, 11, tzinfo=VIETNAM)),
        # Five working days: 9 to 13 November.
        (datetime(2026, 11, 6, 9, tzinfo=VIETNAM), "locate", datetime(2026, 11, 14, tzinfo=VIETNAM)),
        # Ten: 9 to 20 November.
        (datetime(2026, 11, 6, 9, tzinfo=VIETNAM), "claim", datetime(2026, 11, 21, tzinfo=VIETNAM)),
        # 23:30 in Vietnam is still Friday there, though 16:30 in UTC.
        (datetime(2026, 11, 6, 16, 30, tzinfo=UTC), "acknowledge", datetime(2026, 11, 11, tzinfo=VIETNAM)),
    ],
)
def test_working_days_by_hand(opened, clock, late):
    seen = {"acknowledge": {}, "locate": {"acknowledged_at": opened}}
    seen["claim"] = {"acknowledged_at": opened, "located_at": opened}
    due = RULE.due(case_of(opened_at=opened, **seen[clock]))
    assert (due.clock, due.at) == (clock, late)


def test_the_proof_has_the_quiet_days_and_two_days_for_logs():
    claimed = datetime(2026, 11, 6, 9, tzinfo=VIETNAM)
    due = RULE.due(case_of("rechecked", opened_at=claimed, claimed_at=claimed))
    assert (due.clock, due.at) == (Clock.VERIFY, claimed + timedelta(days=16))
    assert RULE.due(case_of("verified_clean", opened_at=claimed, claimed_at=claimed)) is None


@given(
    begun=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)),
    passed=st.integers(0, 40 * 24),
    days=st.integers(1, 15),
)
def test_late_by_the_cutoff_is_late_by_the_term(begun, passed, days):
    rule = Rule(Terms(days, days, days), Calendar(national()), 14, VIETNAM)
    begun = begun.replace(tzinfo=UTC)
    now = begun + timedelta(hours=passed)
    due = rule.due(case_of(opened_at=begun))
    before = rule.begun_before(now)
    assert {begun < before[clock] for clock in OF_UNIT} == {due.at <= now}


@pytest.fixture
def late(cast, tmp_path):
    """A case of A1 that nobody has looked at for four weeks."""
    listed = publish_list(cast, tmp_path)
    body = document([sighting("10.1.1.5", noon(5))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    Case.rows.update(opened_at=noon(28))
    return Case.rows.get()


def test_the_database_agrees_with_the_rule(cast, late):
    rule, now = rule_of(cast.campaign), timezone.now()
    condition = flags.late(rule, now)
    times = [None, now - timedelta(days=1), now - timedelta(days=40)]
    told = set()
    for state in State:
        for opened in times[1:]:
            for clock_at in times:
                for seen in times[:2]:
                    for found in times[:2]:
                        Case.rows.update(
                            state=state, opened_at=opened, clock_at=clock_at, acknowledged_at=seen,
                            located_at=found, claimed_at=opened,
                        )  # fmt: skip
                        due = rule.due(Case.rows.get())
                        is_late = due is not None and due.at <= now
                        assert Case.rows.filter(condition).exists() == is_late
                        told.add(is_late)
    assert told == {True, False}


def test_what_is_overdue_stands_on_the_pages_of_the_unit_and_of_its_superior_alone(cast, late):
    today = reverse("today", args=["lam-sach"])
    assert "1 máy đã quá hạn" in text_of(cast.client("A1", "officer").get(today))
    above = text_of(cast.client("A", "officer").get(today))
    assert "1 đơn vị cấp dưới cần cấp trên giúp" in above
    due = rule_of(cast.campaign).due(late).at
    assert f"Đơn vị A1: 1 máy, từ ngày {timezone.localtime(due):%d/%m/%Y}" in above
    assert "cần cấp trên giúp" not in text_of(cast.client("centre", "officer").get(today))
    page = text_of(cast.client("A", "officer").get(
        reverse("cases", args=["lam-sach"]) + f"?don-vi={cast.nodes['A'].pk}&loc=escalated"
    ))  # fmt: skip
    assert "10.1.1.5" in page
    its = text_of(cast.client("A1", "officer").get(reverse("case", args=["lam-sach", late.pk])))
    assert re.search(r"\. Chậm \d+ ngày\.", its), "a sentence after a full stop begins with a capital"
    noting_actions.acknowledge(late, cast.user("A1", "it"))
    noting_actions.locate(late, cast.user("A1", "it"), place="phòng 204")
    assert "1 máy đã quá hạn" in text_of(cast.client("A1", "officer").get(today)), "it is not handled yet"


def test_the_superior_is_told_once_of_each_clock(cast, late, settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    settings.CAN_EMAIL, settings.SITE_ADDRESS = True, "https://quetsach.example.org"
    boss = cast.user("A", "officer")
    boss.email = "tinh-a@example.org"
    boss.save()
    mail.outbox = []
    for _ in range(2):
        call_command("tell_overdue")
    assert [one.to for one in mail.outbox] == [["tinh-a@example.org"]]
    assert "10.1.1.5" in mail.outbox[0].body and "Đơn vị A1" in mail.outbox[0].body
    assert "https://quetsach.example.org/cd/lam-sach/may/?don-vi=" in mail.outbox[0].body
    told = CaseEvent.rows.filter(act="overdue")
    assert [one.data["clock"] for one in told] == ["acknowledge"]
    # The unit says that it knows of it; finding the machine is late as well.
    noting_actions.acknowledge(late, cast.user("A1", "it"))
    call_command("tell_overdue")
    assert [one.data["clock"] for one in told.all()] == ["acknowledge", "locate"] and len(mail.outbox) == 2
    assert Case.rows.get().state == late.state, "being told moves nothing"


def test_the_issuer_sets_the_terms(cast, late):
    page = reverse("case_terms", args=["lam-sach"])
    client = cast.client("centre", "coordinator")
    assert cast.client("A", "coordinator").get(page).status_code == 404
    days = {"acknowledge": 30, "locate": 30, "claim": 30, "verify": 30}
    assert client.post(page, days | {"claim": 3}).status_code == 422
    assert client.post(page, days).status_code == 302
    rule = rule_of(Campaign.objects.get(pk=cast.campaign.pk))
    assert rule.terms == Terms(30, 30, 30, 30)
    assert not Case.rows.filter(flags.late(rule, timezone.now())).exists()


def test_clocks_begin_anew_for_another_unit(cast, late):
    from quetsach.portal.cases.owning_actions import assign_device, say_not_ours

    noting_actions.acknowledge(late, cast.user("A1", "it"))
    say_not_ours(late.device, cast.user("A1", "it"), "Không có máy này ở đơn vị.")
    assign_device(Case.rows.get().device, cast.nodes["A2"], cast.user("A", "it"))
    case = Case.rows.get()
    assert case.acknowledged_at is None and case.clock_at is not None
    assert rule_of(cast.campaign).due(case).at > timezone.now()
    assert rules.Act.ASSIGN in [event.act for event in case.events.all()]


def test_a_machine_that_is_passed_down_has_the_days_of_its_new_unit(cast, late):
    from quetsach.portal.cases.owning_actions import assign_device

    device = late.device
    device.owner = cast.nodes["A"]
    device.save()
    noting_actions.locate(late, cast.user("A", "it"), place="phòng 204")
    assign_device(device, cast.nodes["A2"], cast.user("A", "it"))
    case = Case.rows.get()
    assert (case.state, case.acknowledged_at, case.located_at) == ("assigned", None, None)
    assert rule_of(cast.campaign).due(case).at > timezone.now()


def test_claims_that_are_taken_back_stop_no_clock(cast, tmp_path):
    """One machine is claimed and reopened every nine days, the other claimed again every 14 days."""
    listed = publish_list(cast, tmp_path)
    began, it = datetime(2026, 9, 1, 2, tzinfo=UTC), cast.user("A1", "it")
    with time_machine.travel(began, tick=False) as clock:
        for key in ("10.1.1.5", "10.1.1.6"):
            body = document([sighting(key, began)], set_id=listed.set_id)
            receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=it))
        told = {}
        for day in range(1, 70):
            clock.move_to(began + timedelta(days=day))
            for key, every, first in (("10.1.1.5", 9, 0), ("10.1.1.6", 14, 1)):
                case = Case.rows.get(device__key=key)
                if day % every == first:
                    if case.state == "claimed_clean":
                        actions.reopen(case, it, "Nhầm")
                    done_at = timezone.now() - timedelta(minutes=1)
                    actions.claim_clean(Case.rows.get(pk=case.pk), it, done="scan", done_at=done_at)
                    if every == 9:
                        actions.reopen(Case.rows.get(pk=case.pk), it, "Nhầm")
            if day == 1:
                noting_actions.locate(Case.rows.get(device__key="10.1.1.5"), it, place="phòng 204")
            escalate(cast.campaign, lambda _telling: ("s", "b"))
            for event in CaseEvent.rows.filter(act="overdue").select_related("case__device"):
                told.setdefault((event.case.device.key, event.data["clock"]), day)
        # 2 September is a holiday with the day before or after: ten working days end in the middle of the
        # month. The first claim of the other was on day 1, and its proof has sixteen days.
        assert told == {("10.1.1.5", "claim"): 16, ("10.1.1.6", "verify"): 17}
        assert CaseEvent.rows.filter(act="overdue").count() == 2, "once of each clock"
        rule, now = rule_of(cast.campaign), timezone.now()
        assert Case.rows.filter(flags.late(rule, now)).count() == 2
        assert all(rule.due(case).at <= now for case in Case.rows.all())


def test_a_superior_who_opens_a_case_again_gives_new_days(cast, late):
    it, rule = cast.user("A1", "it"), rule_of(cast.campaign)
    for person, is_late in ((it, True), (cast.user("A", "coordinator"), False)):
        actions.claim_clean(Case.rows.get(), it, done="scan", done_at=timezone.now())
        actions.reopen(Case.rows.get(), person, "Làm lại")
        assert (rule.due(Case.rows.get()).at <= timezone.now()) == is_late


def test_the_page_of_the_superior_tells_since_when_it_is_late_and_what_came_back(cast, late):
    rule, now = rule_of(cast.campaign), timezone.now()
    due = rule.due(late).at
    assert late_here(cast.nodes["A"], now, Terms())[1][0].since == due > late.opened_at
    noting_actions.locate(late, cast.user("A1", "it"), place="phòng 204")
    due = rule.due(Case.rows.get()).at
    assert late_here(cast.nodes["A"], now, Terms())[1][0].since == due
    Case.rows.update(state="cleaning", relapses=1, clock_at=now, opened_at=now)
    assert not Case.rows.filter(flags.late(rule, now)).exists()
    (unit,) = late_here(cast.nodes["A"], now, Terms())[1]
    assert (unit.machines, unit.since) == (1, now)
    Case.rows.update(state="claimed_clean", claimed_at=noon(20))
    (unit,) = late_here(cast.nodes["A"], now, Terms())[1]
    assert unit.since == noon(20) + timedelta(days=16)


def machine_of(cast, unit, name, **case):
    device = Device.rows.create(
        campaign=cast.campaign, owner=cast.nodes[unit], key=name, is_assigned=True, id_kind="host",
        id_value=name,
    )  # fmt: skip
    told = {"family": "mirai", "state": "new", "opened_at": timezone.now()} | case
    return Case.rows.create(device=device, **told)


def names_behind(client, title):
    """The machines of the list that a task of today opens, and the answer of that list."""
    page = lxml.html.fromstring(client.get(reverse("today", args=["lam-sach"])).content)
    (link,) = page.xpath(f"//li[.//h3[contains(., '{title}')]]//a/@href")
    opened = client.get(link)
    return {row.device.key for row, *_ in opened.context["rows"]}, text_of(opened)


def test_a_task_about_units_below_opens_just_the_machines_that_it_counts(cast):
    machine_of(cast, "centre", "own-late", opened_at=noon(40))
    machine_of(cast, "A", "a-late", opened_at=noon(40))
    machine_of(cast, "A", "a-in-time")
    machine_of(cast, "B", "b-came-back", relapses=1)
    machine_of(cast, "A1", "a1-late", opened_at=noon(40))  # its superior is A, which must know of it
    client = cast.client("centre", "coordinator")
    names, page = names_behind(client, "2 đơn vị cấp dưới cần cấp trên giúp")
    assert names == {"a-late", "b-came-back"}
    assert "2 đơn vị ngay bên dưới cần cấp trên giúp, số máy: 2" in page
    names, page = names_behind(client, "Theo dõi 4 máy có dấu hiệu ở cấp dưới")
    assert names == {"a-late", "a-in-time", "b-came-back", "a1-late"}
    assert "Danh sách này có 4 máy" in page


def test_terms_stand_in_the_audit_trail(cast):
    from quetsach.portal.audit.models import Entry

    set_terms(cast.campaign, Terms(1, 2, 3, 20), cast.user("centre", "coordinator"))
    assert Entry.objects.get(action="campaign.case_terms").data["verify"] == 20
