"""Signs that only a translated address tells: one address until the log of the translation comes."""

from datetime import timedelta

import pytest

from quetsach.machines.evidence import Binding, Key
from quetsach.portal.cases.models import Case, CaseSighting
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
