"""The recorded work on a machine holds, whatever file names the machine, goes, and counts again."""

import random
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.campaigns import arrivals
from quetsach.portal.cases import actions
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.machines import actions as machines
from tests.portal.cases.test_signs_since import table
from tests.portal.cases.test_which_machine import ADDRESS, LAPTOP, PC, lease
from tests.portal.cases.test_withdrawing import scan, versions
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon, sighting

__all__ = ["scan", "versions"]
NAMED = lease(PC, noon(9), name="tram-pc-21")


class _Undone(Exception):
    pass


def back(cast, file):
    """The file is taken back, and the cases follow."""
    machines.take_back(file)
    arrivals.announce(cast.campaign)


def held():
    """The case that counts."""
    return Case.rows.select_related("device__owner").get(is_current=True)


def claim(cast, case=None, at=None):
    return actions.claim_clean(
        case or held(), cast.user("A1", "it"), done="reinstall", done_at=at or timezone.now()
    )


def start(cast, case=None):
    return actions.start_cleaning(case or held(), cast.user("A1", "it"))


def confirm(cast):
    return actions.confirm_clean(held(), cast.user("A", "coordinator"), "Đã xem tận nơi.")


def reopen(cast):
    return actions.reopen(held(), cast.user("A1", "it"), "Xem lại cho chắc.")


def stands():
    """The state and the handling of the case that counts."""
    case = held()
    return case.state, case.claimed_at, case.done, case.verified_at, case.relapses, case.count


def test_a_claim_on_an_address_holds_when_the_file_that_named_it_goes(cast, scan):
    scan(sighting(ADDRESS, noon(9)))
    claim(cast)
    said = stands()
    file = table(cast, NAMED)
    assert held().device.key == "tram-pc-21" and stands() == said
    for _turn in range(2):
        back(cast, file)
        assert held().device.key == ADDRESS and stands() == said
        file = table(cast, NAMED)
        assert held().device.key == "tram-pc-21" and stands() == said


def test_work_on_the_name_and_then_on_the_address_is_the_latest_word(cast, scan):
    first = table(cast, NAMED)
    scan(sighting(ADDRESS, noon(9)))
    start(cast)
    clock = held().clock_at
    back(cast, first)
    assert (held().device.key, held().state, held().clock_at) == (ADDRESS, "cleaning", clock)
    second = table(cast, NAMED)
    assert (held().device.key, held().state, held().clock_at) == ("tram-pc-21", "cleaning", clock)
    back(cast, second)
    claim(cast)
    said = stands()
    third = table(cast, NAMED)
    assert (held().device.key, held().state) == ("tram-pc-21", "claimed_clean") and stands() == said
    back(cast, third)
    assert held().device.key == ADDRESS and stands() == said


def test_one_of_two_addresses_that_goes_takes_the_claim_of_the_other_not_along(cast, scan):
    scan(sighting(ADDRESS, noon(9)))
    scan(sighting("10.1.1.6", noon(8), source="log-8"))
    for case in Case.rows.order_by("pk"):
        claim(cast, case)
    one = table(cast, NAMED)
    table(cast, lease(PC, noon(8), address="10.1.1.6", name="tram-pc-21"))
    assert held().state == "claimed_clean"
    back(cast, one)
    states = dict(Case.rows.filter(is_current=True).values_list("device__key", "state"))
    assert states == {ADDRESS: "claimed_clean", "tram-pc-21": "claimed_clean"}


def test_a_machine_that_is_worked_on_stays_so_when_another_one_is_the_same(cast, scan):
    """Over losing the start: the claim of one half is not the other's, but somebody works on the machine."""
    for key, address, hour in ((PC, ADDRESS, 9), (LAPTOP, "10.1.1.6", 8)):
        table(cast, lease(key, noon(hour), address=address))
        scan(sighting(address, noon(hour), source=f"log-{hour}"))
    first, second = Case.rows.order_by("pk")
    start(cast, first)
    began = timezone.now() - timedelta(days=9)
    Case.rows.filter(pk=second.pk).update(clock_at=began)
    machines.decide(cast.units["A1"], "same", PC, LAPTOP, cast.user("A1", "officer"), "one desk")
    arrivals.announce(cast.campaign)
    assert (held().state, held().clock_at) == ("cleaning", began), "the earlier clock goes on"


ACTS = {"start": start, "confirm": confirm, "reopen": reopen}
FILES = ("in", "in", "back", "other")


def play(cast, scan, steps, *, with_files):
    """The acts of a person, and signs, with or without the files between them; what counts after each."""
    scan(sighting(ADDRESS, noon(9)))
    told, files = [], []
    for number, step in enumerate(steps, 1):
        at = noon(9) + timedelta(hours=3 * number)
        try:
            if step == "sign":
                scan(sighting(ADDRESS, at, source=f"log-{number}"))
            elif step == "claim":
                claim(cast, at=at)
            elif step not in FILES:
                ACTS[step](cast)
            elif with_files and step == "back" and files:
                back(cast, files.pop())
            elif with_files and step != "back" and not files:
                key = PC if step == "in" else LAPTOP
                files.append(table(cast, lease(key, noon(9), hours=200, name="tram-pc-21")))
        except actions.CaseError:
            told.append("refused")
        else:
            case = held()
            told.append((case.state, case.claimed_at, case.done, case.relapses, case.count))
    return told


@pytest.mark.parametrize("seed", (0, 102, 137, 224))
def test_acts_beside_files_stand_as_without_them(cast, scan, seed):
    """An independent truth: the same acts on the address alone, without any file."""
    chance = random.Random(seed)
    said = ["start", "claim", "claim", "confirm", "reopen", "sign"]
    steps = [chance.choice([*said, *FILES, *FILES]) for _ in range(22)]
    cast.user("A1", "it"), cast.user("A", "coordinator")  # before the first play, which is rolled back
    told = []
    for place in (("A1", "it"), ("A", "coordinator")):
        cast.user(*place)  # not in a turn, which is undone
    for with_files in (False, True):
        with pytest.raises(_Undone), transaction.atomic():
            told.append(play(cast, scan, steps, with_files=with_files))
            raise _Undone
    assert told[1] == told[0], steps


def test_the_page_says_what_goes_before_the_click_and_the_history_after_it(cast, scan):
    scan(sighting(ADDRESS, noon(9)), sighting("10.1.1.7", noon(9), source="log-7"))
    claim(cast, Case.rows.get(device__key=ADDRESS))
    start(cast, Case.rows.get(device__key="10.1.1.7"))
    file = table(cast, [*NAMED, *lease(LAPTOP, noon(9), address="10.1.1.7", name="tram-pc-22")])
    other = table(cast, lease(PC, noon(20)))
    client = cast.client("A1", "it")
    client.cookies["django_language"] = "en"
    where = [cast.units["A1"].pk, file.pk]
    before = text_of(client.get(reverse("evidence_file", args=where)))
    assert "The signs of 2 cases stand with machines of which this file speaks." in before
    assert "1 of them is handled. On 1 somebody works." in before
    assert "tram-pc-21 , Đơn vị A1 (handled)" in before and "tram-pc-22 , Đơn vị A1" in before
    assert "Units whose cases change: Đơn vị A1 (2)" in before and "frozen" in before
    # A lease of another day gives no sign to the machine.
    assert "stands with" not in text_of(client.get(reverse("evidence_file", args=[where[0], other.pk])))
    client.post(reverse("evidence_act", args=[*where, "rut"]), {"reason": "Tệp của đơn vị khác."})
    case = Case.rows.get(is_current=True, device__key=ADDRESS)
    assert case.state == "claimed_clean"
    page = text_of(client.get(reverse("case", args=["lam-sach", case.pk])))
    assert "A file about machines was taken back" in page and "leases was taken back." in page
    assert "Tệp của đơn vị khác." in page and "turned out to be this machine" not in page
    assert CaseEvent.rows.filter(act="table_back").count() == 2, "each case once"


def test_head_and_history_of_a_machine_that_got_its_name_later_tell_one_day(cast, scan):
    scan(sighting(ADDRESS, noon(9)))
    old = timezone.now() - timedelta(days=7)
    Case.rows.update(opened_at=old)
    CaseEvent.rows.update(at=old)
    table(cast, NAMED)
    day = f"{timezone.localtime(old):%d/%m/%Y}"
    page = text_of(cast.client("A1", "it").get(reverse("case", args=["lam-sach", held().pk])))
    assert f"hồ sơ mở ngày {day}" in page
    assert f"Hồ sơ mở từ {day} dưới tên khác" in page and "Mở hồ sơ" not in page


def test_a_file_that_counts_again_is_told_as_that_and_not_as_two_machines(cast, scan):
    scan(sighting(ADDRESS, noon(9)))
    claim(cast)
    again = "Counts again: its signs are known to be of this machine again"

    def history():
        client = cast.client("A1", "it")
        client.cookies["django_language"] = "en"
        page = client.get(reverse("case", args=["lam-sach", held().pk]))
        assert "two machines" not in text_of(page)
        return [(str(told.title), told.times) for told in page.context["tale"].history]

    file = table(cast, NAMED)
    assert [times for title, times in history() if title == again] == []
    for times in (1, 2):
        back(cast, file)
        history()
        file = table(cast, NAMED)
        told = history()
        assert told[0] == (again, times)
        gone = "Its signs count elsewhere: nobody tells any more which machine had the address"
        assert told[1] == (gone, times) and ("Another machine turned out to be this one", 1) in told
        assert len(told) == len({title for title, _times in told})
