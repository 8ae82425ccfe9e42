"""Whose words on a machine count, and what a unit cannot reach by words of its own."""

from io import BytesIO

import pytest

from quetsach.machines.evidence import Claim, Key
from quetsach.portal.cases import actions
from quetsach.portal.cases.models import Case, CaseSighting
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.machines import actions as machines
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.cases.test_which_machine import (
    ADDRESS,
    LAPTOP,
    PC,
    counted,
    lease,
    listed,
    micro,
    tell,
    whole,
)
from tests.portal.scan_document import alive_of, coverage, document, hours_of, noon, sighting

__all__ = ["listed", "tell"]
PUBLIC = "203.0.113.9"
BOARD = Key("serial", "ABCD1234XYZ")


@pytest.fixture
def push(cast, listed):
    """A scan of a unit: rows, and the hours of a log in which machines were alive."""

    def give(rows=(), logs=(), unit="A1", asked=()):
        told = [{"who": "", "runs": whole(row), **row} for row in rows]
        body = document(told, logs, set_id=listed.set_id, schema=2, asked=asked)
        return receive_file(BytesIO(body), cast.nodes[unit], Sender("upload", user=cast.user(unit, "it")))

    return give


def log(first, last, *alive, source="log-1"):
    seen = {name: alive_of(first, last) for name in alive}
    return coverage(
        first, last, source=source, hours=hours_of(first, last), order="kept", bytes=900, alive=seen
    )


def claimed(cast, case, at):
    actions.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=at)


# --- a public address ---


def test_a_unit_makes_no_single_machine_of_its_own_public_address(cast, push, tell):
    tell(*lease(PC, noon(30), address=PUBLIC, hours=48, name="pc-1"))
    push([sighting(PUBLIC, noon(30))], [log(noon(40), noon(29), PUBLIC)], asked=[PUBLIC])
    assert counted() == [("shared", PUBLIC, 1, "assigned")]
    link = CaseSighting.rows.get()
    assert link.candidates == ["pc-1"]  # the table's word is told, and is no proof
    card = "mac:" + PC.value
    claimed(cast, Case.rows.get(), noon(25))
    push([], [log(noon(29), noon(1), PUBLIC, card, source="log-2")], asked=[PUBLIC, card])
    assert Case.rows.get().state == "rechecked"  # and never proven by silence


def test_the_table_of_a_unit_above_makes_a_public_address_a_machine(cast, push, tell):
    tell(*lease(PC, noon(30), address=PUBLIC, hours=48), unit="A")
    push([sighting(PUBLIC, noon(30))])
    assert counted() == [("mac", PC.value, 1, "assigned")]


def test_a_card_in_the_line_is_a_machine_at_a_public_address_too(cast, push, tell):
    tell(*lease(PC, noon(30), address=PUBLIC, hours=48))
    push([sighting(PUBLIC, noon(30), identity={"mac": PC.value}, who="mac:" + PC.value)])
    assert counted() == [("mac", PC.value, 1, "assigned")]


# --- words in the log of a superior ---


def two_in_the_log_above(push, tell):
    """The province's log shows two machines of A1."""
    tell(*lease(PC, noon(9), name="pc-1"), *lease(LAPTOP, noon(9), address="10.1.1.6", name="pc-2"))
    push([sighting(ADDRESS, noon(9)), sighting("10.1.1.6", noon(9))], unit="A")
    assert counted() == [("mac", PC.value, 1, "assigned"), ("mac", LAPTOP.value, 1, "assigned")]
    assert {case.device.owner.name for case in Case.rows.select_related("device__owner")} == {"Đơn vị A1"}


@pytest.mark.parametrize("keys", [(PC, LAPTOP), (PC, LAPTOP, BOARD)])
def test_a_neighbour_joins_no_machines_of_another_unit_in_the_log_of_their_superior(push, tell, keys):
    two_in_the_log_above(push, tell)
    tell(Claim(keys, micro(noon(12)), micro(noon(2)), "x"), unit="A2")
    assert counted() == [("mac", PC.value, 1, "assigned"), ("mac", LAPTOP.value, 1, "assigned")]


def test_nor_does_a_person_of_the_neighbour(cast, push, tell):
    two_in_the_log_above(push, tell)
    machines.decide(cast.units["A2"], "same", PC, LAPTOP, cast.user("A2", "officer"), "one desk")
    pull_sightings(cast.campaign)
    assert counted() == [("mac", PC.value, 1, "assigned"), ("mac", LAPTOP.value, 1, "assigned")]


@pytest.mark.parametrize("unit", ["A1", "A"])
def test_the_unit_itself_and_its_superior_do(push, tell, unit):
    two_in_the_log_above(push, tell)
    tell(Claim((PC, LAPTOP, BOARD), micro(noon(12)), micro(noon(2)), "x"), unit=unit)
    assert [(kind, count) for kind, _, count, _ in counted()] == [("serial", 2)]
