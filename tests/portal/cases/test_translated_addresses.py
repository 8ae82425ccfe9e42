"""Signs that only a translated address tells: one address until the log of the translation comes."""

import random
from datetime import timedelta

import pytest
from django.urls import reverse

from quetsach.machines.evidence import Binding, Key
from quetsach.portal.cases.models import Case, CaseSighting
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.machines import actions as machines
from quetsach.portal.machines.models import ClockDifference, EvidenceFile
from tests.portal.cases.test_which_machine import LAPTOP, PC, counted, lease, listed, micro, tell
from tests.portal.cases.test_who_may_tell import push
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon, sighting

__all__ = ["listed", "push", "tell"]
OUTER = "203.0.113.9"
SECOND = 1_000_000


def translated(port, at, count=1, **more):
    """A row without a machine: the line names the endpoint that the client's became."""
    end = f"{OUTER}:{port}"
    return sighting(None, at, count=count, identity={"nat": end}, who=f"nat:{end}", **more)


def translation(port, inner, at, protocol="tcp", seconds=60):
    begin = micro(at) - 10 * SECOND
    return Binding(
        OUTER, Key("address", inner), begin, begin + seconds * SECOND, "asa", "nat", "", protocol, port
    )


INNER = [
    *lease(PC, noon(9), address="10.1.1.5", name="pc-1"),
    *lease(LAPTOP, noon(9), address="10.1.1.6", name="pc-2"),
]
TRANSLATIONS = [translation(40001, "10.1.1.5", noon(9)), translation(40002, "10.1.1.6", noon(9))]
ROWS = [translated(40001, noon(9), count=3), translated(40002, noon(9))]


def test_a_translated_address_is_one_address_that_asks_for_the_log_of_the_translation(cast, push):
    push(ROWS)
    assert counted() == [("shared", OUTER, 4, "assigned")]
    case = Case.rows.get()
    assert case.device.key == OUTER
    page = cast.client("A1", "officer").get(f"/cd/{cast.campaign.slug}/may/{case.pk}/")
    assert page.status_code == 200 and OUTER in text_of(page)


@pytest.mark.parametrize(
    "order",
    [
        (ROWS, TRANSLATIONS, INNER),
        (TRANSLATIONS, INNER, ROWS),
        (INNER, ROWS, TRANSLATIONS),
        (ROWS, INNER, TRANSLATIONS),
        (TRANSLATIONS, ROWS, INNER),
    ],
)
def test_the_log_of_the_translation_tells_the_machines_in_any_order(push, tell, order):
    for some in order:
        push(some) if some is ROWS else tell(*some)
    assert counted() == [("mac", PC.value, 3, "assigned"), ("mac", LAPTOP.value, 1, "assigned")]


def test_the_address_stays_while_a_sign_of_it_is_not_explained(push, tell):
    push([*ROWS, translated(40003, noon(9))])
    tell(*TRANSLATIONS, *INNER)
    assert counted() == [
        ("mac", PC.value, 3, "assigned"),
        ("mac", LAPTOP.value, 1, "assigned"),
        ("shared", OUTER, 1, "assigned"),
    ]


def test_another_time_of_the_port_tells_nothing(push, tell):
    tell(*INNER, translation(40001, "10.1.1.5", noon(8)))
    push(ROWS[:1])
    assert counted() == [("shared", OUTER, 3, "assigned")]


def test_one_port_of_two_protocols_names_both_machines(push, tell):
    tell(*INNER, TRANSLATIONS[0], translation(40001, "10.1.1.6", noon(9), protocol="udp"))
    push(ROWS[:1])
    assert [kind for kind, *_ in counted()] == ["unlocated"]
    assert sorted(CaseSighting.rows.get().candidates) == ["pc-1", "pc-2"]


@pytest.mark.parametrize(("minutes", "kind"), [(9, "unlocated"), (12, "mac")])
def test_a_port_that_another_machine_had_minutes_before_names_both(push, tell, minutes, kind):
    """Nobody has compared the clock of the log with that of the firewall."""
    before = translation(40001, "10.1.1.6", noon(9) - timedelta(minutes=minutes))
    tell(*INNER, TRANSLATIONS[0], before)
    push(ROWS[:1])
    assert [found for found, *_ in counted()] == [kind]


def test_a_line_that_names_only_a_card_is_that_machine(push):
    push([sighting(None, noon(9), identity={"mac": PC.value}, who="mac:" + PC.value)])
    assert counted() == [("mac", PC.value, 1, "assigned")]


# --- clocks ---


AHEAD = timedelta(minutes=8)
PORTS = range(41_000, 41_025)
LINES = [translated(port, noon(9)) for port in PORTS]


def firewall(ahead=AHEAD):
    """The same connections by the firewall's clock."""
    return [translation(port, "10.1.1.5", noon(9) + ahead) for port in PORTS]


def test_clocks_that_differ_are_compared_and_signs_placed_by_the_difference(cast, push, tell):
    push(LINES)
    assert [kind for kind, *_ in counted()] == ["shared"]
    tell(*firewall(), *INNER)
    assert counted() == [("mac", PC.value, 25, "assigned")]
    row = ClockDifference.rows.get()
    assert (row.unit, row.log, row.table_unit, row.table) == (cast.units["A1"], "fw", cast.units["A1"], "asa")
    assert abs(row.add - AHEAD.total_seconds() * SECOND) <= 10 * SECOND and row.pairs == 25
    page = text_of(cast.client("A1", "it").get(reverse("evidence", args=[cast.units["A1"].pk])))
    assert "Đồng hồ của fw chậm hơn đồng hồ của asa 8 phút." in page


@pytest.mark.parametrize("turn", range(6))
def test_clocks_and_machines_are_the_same_in_any_order(push, tell, turn):
    """A port that another machine had minutes before is that machine's no more once the clocks are known."""
    before = translation(41_000, "10.1.1.6", noon(9) - timedelta(minutes=9))
    some, others = firewall(timedelta())[:12], firewall(timedelta())[12:]
    steps = [lambda: push(LINES[:10]), lambda: push(LINES), lambda: tell(*some, before),
             lambda: tell(*others), lambda: tell(*INNER)]  # fmt: skip
    random.Random(turn).shuffle(steps)
    for step in steps:
        step()
    assert ClockDifference.rows.get().add == 0
    assert counted() == [("mac", PC.value, 25, "assigned")]


def test_a_table_that_is_taken_back_takes_its_clock_along(cast, push, tell):
    file = EvidenceFile.rows.create(
        unit=cast.units["A1"], source="asa", name="asa.log", digest="1", created_at=noon(1)
    )
    push(LINES)
    tell(*INNER)
    tell(*firewall(), file=file)
    assert ClockDifference.rows.exists()
    machines.take_back(file)
    pull_sightings(cast.campaign)
    assert not ClockDifference.rows.exists()
    assert [kind for kind, *_ in counted()] == ["shared"]
