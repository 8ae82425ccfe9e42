"""A case that gets back its claim or its proof is judged by the signs that came meanwhile."""

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.machines.evidence import Binding, Claim
from quetsach.portal.campaigns import arrivals
from quetsach.portal.cases import actions as cases
from quetsach.portal.cases.machine_check_actions import Check, take_check
from quetsach.portal.cases.models import Case, CaseEvent, Device, VictimReport
from quetsach.portal.cases.undoing_actions import take_back_last
from quetsach.portal.machines import actions as machines
from quetsach.portal.machines.models import EvidenceFile
from quetsach.portal.machines.uploads import actions as uploads
from tests.portal.cases.test_episodes import ADDRESS, FAMILY, clean, counted, episodes
from tests.portal.cases.test_victims import bring, sinkhole
from tests.portal.cases.test_which_machine import PC, lease
from tests.portal.cases.test_withdrawing import scan, versions, withdraw
from tests.portal.scan_document import noon, sighting

__all__ = ["bring", "clean", "scan", "versions", "withdraw"]


def table(cast, rows):
    """A table of leases that the unit handed in."""
    file = EvidenceFile.rows.create(
        unit=cast.units["A1"], source="dhcp", name="leases", digest="1" * 64, created_at=timezone.now(),
        accepted_at=timezone.now(),
    )  # fmt: skip
    claims = [one for one in rows if isinstance(one, Claim)]
    bindings = [one for one in rows if isinstance(one, Binding)]
    machines.store_evidence(cast.units["A1"], claims, bindings, file=file)
    arrivals.announce(cast.campaign)
    return file


def test_a_reopening_that_is_taken_back_hides_no_later_sign(cast, clean, scan, bring):
    client = cast.client("A1", "it")
    case = Case.rows.get()
    client.post(reverse("case_act", args=["lam-sach", case.pk, "mo-lai"]), {"reason": "Xem lại cho chắc."})
    scan(sighting(ADDRESS, noon(2), source="log-2"))
    bring(sinkhole((ADDRESS, noon(3), FAMILY)))
    take_check(Device.rows.get(), Check("k-1", noon(1), {FAMILY: frozenset({"evil.example"})}))
    assert episodes() == [(1, True, "assigned")], "nobody has said that somebody works on it"
    client.post(reverse("case_act", args=["lam-sach", case.pk, "hoan-tac"]))
    assert episodes() == [(1, False, "verified_clean"), (2, True, "assigned")]
    first, second = Case.rows.order_by("episode")
    assert (first.last_seen, first.count) == (noon(12), 1)
    assert (second.first_seen, second.last_seen, second.links.count()) == (noon(3), noon(1), 1)
    assert VictimReport.rows.get().case == second and CaseEvent.checks().get().case == second
    assert counted(cast) == (1, 0, 1, 0)


def test_a_sign_within_the_proven_silence_is_a_relapse(cast, clean, scan):
    it = cast.user("A1", "it")
    cases.reopen(Case.rows.get(), it, "Xem lại.")
    scan(sighting(ADDRESS, noon(9), source="log-2"), sighting(ADDRESS, noon(2), source="log-3"))
    take_back_last(Case.rows.get(), it)
    assert episodes() == [(1, True, "assigned")]
    case = Case.rows.get()
    assert (case.relapses, case.claimed_at, case.quiet_until) == (1, None, None)


def test_a_sign_after_a_claim_whose_reopening_is_taken_back(cast, scan):
    it = cast.user("A1", "it")
    scan(sighting(ADDRESS, noon(12)))
    cases.claim_clean(Case.rows.get(), it, done="scan", done_at=noon(11))
    cases.reopen(Case.rows.get(), it, "Xem lại.")
    scan(sighting(ADDRESS, noon(13), source="log-1"))
    take_back_last(Case.rows.get(), it)
    assert episodes() == [(1, True, "claimed_clean")], "an older sign is history"
    cases.reopen(Case.rows.get(), it, "Xem lại.")
    scan(sighting(ADDRESS, noon(2), source="log-2"))
    take_back_last(Case.rows.get(), it)
    assert episodes() == [(1, True, "assigned")] and Case.rows.get().relapses == 1


@pytest.mark.parametrize(
    ("name", "state"), [("evil.example", "false_positive"), ("busy.example", "assigned")]
)
def test_a_false_alarm_whose_reopening_is_taken_back(cast, scan, versions, name, state):
    it = cast.user("A1", "it")
    scan(sighting(ADDRESS, noon(12), indicator="evil.example"))
    cases.dismiss(Case.rows.get(), cast.user("A1", "officer"), "Máy in.")
    cases.reopen(Case.rows.get(), it, "Xem lại.")
    scan(sighting(ADDRESS, noon(2), indicator=name))
    take_back_last(Case.rows.get(), it)
    assert episodes() == [(1, True, state)]


def test_a_table_that_is_taken_back_hides_no_sign_of_the_machine_itself(cast, scan):
    it = cast.user("A1", "it")
    scan(sighting(ADDRESS, noon(12), identity={"mac": PC.value}))
    case = cases.claim_clean(Case.rows.get(), it, done="scan", done_at=noon(11))
    cases.confirm_clean(case, cast.user("A", "coordinator"), "đã kiểm tra tại chỗ")
    Case.rows.update(quiet_until=noon(7))
    scan(sighting("10.1.1.9", noon(14), source="log-9"))
    cases.start_cleaning(Case.rows.get(device__key="10.1.1.9"), it)
    file = table(cast, lease(PC, noon(14), address="10.1.1.9"))
    scan(sighting(ADDRESS, noon(2), source="log-3", identity={"mac": PC.value}))
    uploads.withdraw(file, it, "Nhầm bảng.")
    own = Case.rows.filter(device__id_kind="mac").order_by("episode")
    assert list(own.values_list("is_current", "state", "last_seen")) == [
        (False, "verified_clean", noon(12)), (True, "assigned", noon(2)),
    ]  # fmt: skip
    assert counted(cast)[:3] == (2, 0, 1)


@pytest.mark.parametrize(
    ("seen", "state", "claimed"), [(noon(12), "claimed_clean", noon(10)), (noon(2), "assigned", None)]
)
def test_other_evidence_after_a_withdrawn_list(cast, scan, versions, withdraw, seen, state, claimed):
    """The list was wrong, and nobody said that it was a false alarm: the claim holds against evidence of
    before the handling."""
    scan(sighting(ADDRESS, noon(12), indicator="busy.example"))
    cases.claim_clean(Case.rows.get(), cast.user("A1", "it"), done="scan", done_at=noon(10))
    withdraw(versions[1])
    scan(sighting(ADDRESS, seen, source="log-3"), row=versions[0])
    case = Case.rows.get()
    assert (case.state, case.claimed_at, case.false_alarm_of) == (state, claimed, None)


def test_new_evidence_ends_the_claim_with_the_false_alarm(cast, scan):
    scan(sighting(ADDRESS, noon(12)))
    cases.claim_clean(Case.rows.get(), cast.user("A1", "it"), done="scan", done_at=noon(10))
    cases.dismiss(Case.rows.get(), cast.user("A1", "officer"), "Máy in.")
    scan(sighting(ADDRESS, noon(12), source="log-3", indicator="busy.example"))
    case = Case.rows.get()
    assert (case.state, case.claimed_at, case.done) == ("assigned", None, "")
