"""The moves of a case: random orders of events against tables by hand, and the page that shows them."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.portal.cases import actions, keeping, undoing_actions
from quetsach.portal.cases.models import Case, CaseEvent, Device
from quetsach.portal.cases.rules import NOTES, TRANSITIONS, Act, Note, State

PAGE = Path(__file__).resolve().parents[3] / "docs" / "case-rules.md"
OPEN = {"new", "assigned", "cleaning"}
WAITS = {"claimed_clean", "rechecked"}


def by_hand(state, act):
    """The state after an act by the specification, without the tables; None where it is impossible."""
    if act == "not_ours" and state in OPEN:
        return "new"
    if act == "assign" and state in OPEN:
        return "assigned"
    if act == "assign" and state != "false_positive":
        return state
    if act == "start" and state in {"new", "assigned"}:
        return "cleaning"
    if act == "claim" and state in OPEN:
        return "claimed_clean"
    if act == "recheck" and state == "claimed_clean":
        return "rechecked"
    if act in {"confirm", "verify"} and state in WAITS:
        return "verified_clean"
    if act in {"dismiss", "withdraw", "retract"} and state in OPEN | WAITS:
        return "false_positive"
    if act == "evidence" and state == "false_positive":
        return "assigned"
    if act == "reopen" and state in WAITS | {"verified_clean", "false_positive"}:
        return "assigned"
    if act in {"relapse", "seen_again"} and state in WAITS | {"verified_clean"}:
        return "assigned"
    return None


def note_by_hand(state, note):
    if note in {"seen", "locate", "mistaken", "try", "aside", "take_up"}:
        return state in OPEN
    if note in {"isolate", "propose", "overdue"}:
        return state in OPEN | WAITS
    return True


def test_the_tables_are_those_by_hand():
    assert {(s.value, a.value): t.value for (s, a), t in TRANSITIONS.items()} == {
        (s.value, a.value): to for s in State for a in Act if (to := by_hand(s.value, a.value)) is not None
    }
    assert {(n.value, s.value) for n in Note for s in NOTES[n]} == {
        (n.value, s.value) for n in Note for s in State if note_by_hand(s.value, n.value)
    }


def test_clean_is_reached_by_proof_or_by_a_person_in_charge_alone():
    to_clean = {act for (state, act), to in TRANSITIONS.items() if to is State.VERIFIED_CLEAN is not state}
    assert to_clean == {Act.VERIFY, Act.CONFIRM}
    assert not any(to is State.VERIFIED_CLEAN for (state, _), to in TRANSITIONS.items() if state in OPEN)


def test_the_page_shows_the_tables():
    text = PAGE.read_text(encoding="utf-8")
    moves = re.findall(r"^\| `(\w+)` \| ([^|]*) \| `(\w+)` \|", text, re.M)
    told = {(s, act): to for act, states, to in moves for s in re.findall(r"`(\w+)`", states)}
    assert told == {(s.value, a.value): t.value for (s, a), t in TRANSITIONS.items()}
    notes = re.findall(r"^\| `(\w+)` \| ([^|]*) \| [^`|][^|]*\|$", text, re.M)
    told_notes = {(note, s) for note, states in notes for s in re.findall(r"`(\w+)`", states)}
    assert told_notes == {(n.value, s.value) for n in Note for s in NOTES[n]}


@pytest.fixture
def case(cast):
    device = Device.rows.create(
        campaign=cast.campaign, owner=cast.nodes["A1"], key="10.1.1.5", id_kind="weak", id_value="x",
        is_assigned=True,
    )  # fmt: skip
    return Case.rows.create(device=device, state="assigned", opened_at=cast.campaign.published_at)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from([*Act, *Note]), max_size=25))
def test_random_orders_of_events(case, cast, steps):
    """Each possible step is one event that tells both states; an impossible one changes nothing. The state is
    that of the tables by hand, and a person's last step can always be undone to all that was before."""
    Case.rows.filter(pk=case.pk).update(state="assigned", **dict.fromkeys(
        ("clock_at", "acknowledged_at", "located_at", "dismissed_at", "aside_until", "unreachable_at")
    ))  # fmt: skip
    CaseEvent.rows.filter(case=case).delete()
    by, state, events = cast.user("A1", "it"), "assigned", 0
    for step in steps:
        current = actions.locked(case, None)
        before, former = keeping.kept(current), state
        is_note = isinstance(step, Note)
        possible = note_by_hand(state, step.value) if is_note else by_hand(state, step.value) is not None
        if not possible:
            with pytest.raises(actions.CaseError):
                (actions.note if is_note else actions.move)(current, step, by=by)
            assert Case.rows.get(pk=case.pk).state == state
            continue
        (actions.note if is_note else actions.move)(current, step, by=by, reason="vì lý do")
        if not is_note:
            state = by_hand(state, step.value)
        elif step == Note.MISTAKEN and state == "cleaning":
            state = "assigned"  # the work was on another machine
        events += 1
        stored, last = Case.rows.get(pk=case.pk), CaseEvent.rows.filter(case=case).latest("pk")
        assert stored.state == state and CaseEvent.rows.filter(case=case).count() == events
        assert (last.act, last.from_state, last.to_state, last.by) == (step.value, former, state, by)
        assert last.at is not None and last.reason == "vì lý do"
        if step in undoing_actions.TAKEN_BACK:
            undoing_actions.take_back_last(stored, by)
            back = actions.locked(case, None)
            assert (back.state, keeping.kept(back)) == (former, before)
            (actions.note if is_note else actions.move)(back, step, by=by, reason="vì lý do")
            events += 2
