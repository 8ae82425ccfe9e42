"""Cases that a night moves together become what each becomes by itself."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.cases import actions, pull_actions
from quetsach.portal.cases.models import Case, CaseEvent, Device
from quetsach.portal.cases.night_actions import judge_all
from quetsach.portal.cases.pull_actions import Pulled
from tests.portal.cases.test_gaps import claimed, listed, log, upload
from tests.portal.scan_document import noon

__all__ = ["listed", "upload"]
PROVEN = [f"10.1.1.{number}" for number in range(20, 24)]
LATE = [f"10.1.1.{number}" for number in range(30, 33)]


def one_by_one(moves):
    for case, act, data, coverage in moves:
        actions.move(case, act, data=data, coverage=coverage)


def night(campaign):
    """All that the night leaves, without moments of the clock and numbers of the database."""
    pulled = Pulled()
    judge_all(campaign, pulled)
    clocked = dict.fromkeys(("at", "id", "verified_at", "hash", "previous_hash"))
    rows = [Case.rows.order_by("pk"), Device.rows.order_by("pk"), CaseEvent.rows.order_by("case", "act")]
    told = [[row | clocked for row in some.values()] for some in rows]
    entries = Entry.objects.filter(action__startswith="case.").order_by("action", "object_id")
    return [*told, [row | clocked for row in entries.values()], (pulled.rechecked, pulled.verified)]


def test_moves_together_leave_what_single_moves_leave(cast, upload, monkeypatch):
    claimed(cast, upload, [*PROVEN, *LATE])
    Case.rows.filter(device__key__in=LATE).update(claimed_at=noon(5))
    upload([], [log(noon(20), noon(0, 0), [*PROVEN, *LATE])], asked=[*PROVEN, *LATE])
    # As a page, a list or a person may have left them; and before any log told enough.
    Case.rows.update(state="claimed_clean", verified_at=None, quiet_until=None, dismissed_at=noon(2))
    Case.rows.filter(device__key=PROVEN[0]).update(aside_until=timezone.now() + timedelta(days=3))
    CaseEvent.rows.exclude(act__in=["open", "claim"]).delete()
    with monkeypatch.context() as patched, transaction.atomic():
        patched.setattr(pull_actions, "move_all", one_by_one)
        alone = night(cast.campaign)
        transaction.set_rollback(True)
    together = night(cast.campaign)
    assert together == alone and together[-1] == (len(LATE), len(PROVEN))
    assert not Case.rows.exclude(aside_until=None).exists() and first_broken_entry() is None
    assert set(Device.rows.values_list("lead_rank", flat=True)) == {4, 5}


def test_a_case_that_somebody_moved_meanwhile_stays(cast, upload, monkeypatch):
    claimed(cast, upload, PROVEN)
    upload([], [log(noon(20), noon(0, 0), PROVEN)], asked=PROVEN)
    Case.rows.update(state="claimed_clean", verified_at=None)
    opened = Case.rows.get(device__key=PROVEN[1])
    judged = pull_actions.proving.judged

    def slowly(facts, *given, **named):
        found = judged(facts, *given, **named)
        if facts.case.pk == opened.pk:
            actions.reopen(opened, cast.user("A1", "it"), "Máy vẫn báo mã độc.")
        return found

    monkeypatch.setattr(pull_actions.proving, "judged", slowly)
    judge_all(cast.campaign, Pulled())
    states = dict(Case.rows.values_list("device__key", "state"))
    assert states.pop(PROVEN[1]) == "assigned" and set(states.values()) == {"verified_clean"}
