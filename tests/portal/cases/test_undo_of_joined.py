"""What a person saved last is taken back also where a file told meanwhile that machines are one."""

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.cases import actions
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.rules import TABLE_BACK
from quetsach.portal.cases.work import actions as work
from quetsach.portal.cases.work.queries import last_saved
from quetsach.portal.reports.frozen.counting import read
from tests.portal.cases.test_handling_stays import NAMED, back, held
from tests.portal.cases.test_signs_since import table
from tests.portal.cases.test_which_machine import ADDRESS, PC, lease
from tests.portal.cases.test_withdrawing import scan, versions
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon, sighting

__all__ = ["scan", "versions"]
OTHER = "10.1.1.6"


def save(cast, choice, *cases):
    cases = cases or Case.rows.filter(is_current=True).select_related("device")
    chosen = [(case, choice) for case in cases]
    return work.act_on(chosen, cast.user("A1", "it"), done_at=timezone.now()).batch


def take_back(cast, batch):
    return work.take_back(batch, cast.nodes["A1"], cast.user("A1", "it"))


def all_stand(cast):
    """What each case says, in the order of the machines; and the figures of the campaign."""
    names = ("device__key", "state", "claimed_at", "done", "acknowledged_at", "located_at", "count")
    seen = read(cast.nodes["centre"])
    return list(Case.rows.order_by("device__key").values_list(*names)), seen.at(seen.read_at).whole


@pytest.mark.parametrize("choice", ["seen", "start", "reinstall"])
@pytest.mark.parametrize("is_named_first", [False, True])
def test_it_is_as_if_it_had_been_taken_back_before_the_file_came(cast, scan, choice, is_named_first):
    """Of an address that leads to the name now, and of the name to which an address came."""
    if is_named_first:
        table(cast, lease(PC, noon(9), name="tram-pc-21"))
        scan(sighting(ADDRESS, noon(9)))
        scan(sighting(OTHER, noon(8), source="log-8"))
        late, acted = lease(PC, noon(8), address=OTHER, name="tram-pc-21"), "tram-pc-21"
    else:
        scan(sighting(ADDRESS, noon(9)))
        late, acted = NAMED, ADDRESS
    case = Case.rows.get(device__key=acted)
    with transaction.atomic():
        take_back(cast, save(cast, choice, case))
        file = table(cast, late)
        joined = all_stand(cast)
        back(cast, file)
        parted = all_stand(cast)
        transaction.set_rollback(True)
    batch = save(cast, choice, case)
    file = table(cast, late)
    assert held().device.key == "tram-pc-21" and last_saved(
        cast.user("A1", "it"), cast.nodes["A1"], timezone.now()
    )
    outcome = take_back(cast, batch)
    assert [one.pk for one in outcome.done] == [case.pk] and not outcome.refused
    assert all_stand(cast) == joined
    assert not take_back(cast, batch).done, "once"
    back(cast, file)
    assert all_stand(cast) == parted


def test_who_worked_on_the_joined_machine_since_is_named(cast, scan):
    scan(sighting(ADDRESS, noon(9)))
    scan(sighting(OTHER, noon(8), source="log-8"))
    batch = save(cast, "start")
    table(cast, NAMED)
    named = Case.rows.get(device__key="tram-pc-21")
    actions.claim_clean(named, cast.user("A1", "officer"), done="scan", done_at=timezone.now())
    outcome = take_back(cast, batch)
    assert [one.device.key for one in outcome.done] == [OTHER]
    ((case, why),) = outcome.refused
    assert case.device.key == ADDRESS and why == "tram-pc-21: Báo đã xử lý (officer-a1)"
    assert Case.rows.get(pk=named.pk).state == "claimed_clean"


def test_a_word_of_the_portal_keeps_nobody_from_taking_back(cast, scan):
    """On the work list and on the page of the case."""
    scan(sighting(ADDRESS, noon(9)))
    client = cast.client("A1", "it")
    actions.start_cleaning(held(), cast.user("A1", "it"))
    told = {
        "from_state": "cleaning",
        "to_state": "cleaning",
        "data": {"file": "leases.csv", "clock": "claim"},
    }
    for act in ("overdue", TABLE_BACK):
        CaseEvent.rows.create(case=held(), at=timezone.now(), act=act, **told)
    page = reverse("case", args=["lam-sach", held().pk])
    assert "Rút lại việc vừa làm" in text_of(client.get(page))
    client.post(reverse("case_act", args=["lam-sach", held().pk, "hoan-tac"]))
    assert held().state == "assigned"
    assert "đang xử lý từ" not in text_of(client.get(page)), "nor in the picture"
