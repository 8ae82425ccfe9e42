"""The units whose words on a machine count, and the limits of a unit's own words."""

from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.machines.evidence import Claim, Key
from quetsach.portal.cases import actions, noting_actions
from quetsach.portal.cases.models import Case, CaseSighting, Device
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.machines import actions as machines
from quetsach.portal.machines.models import EvidenceFile
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
from tests.portal.page_text import text_of
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
    assert link.candidates == ["pc-1"]  # shown as a possibility only
    card = "mac:" + PC.value
    noting_actions.locate(Case.rows.get(), cast.user("A1", "it"), place="phòng 204")
    claimed(cast, Case.rows.get(), noon(25))
    push([], [log(noon(29), noon(1), PUBLIC, card, source="log-2")], asked=[PUBLIC, card])
    assert Case.rows.get().state == "rechecked"  # and never proven by silence


def test_the_table_of_a_unit_above_makes_a_public_address_a_machine(cast, push, tell):
    tell(*lease(PC, noon(30), address=PUBLIC, hours=48), unit="A")
    push([sighting(PUBLIC, noon(30))])
    assert counted() == [("mac", PC.value, 1, "assigned")]


def test_beside_the_superiors_table_the_units_own_one_is_not_heard_of_a_public_address(push, tell):
    tell(*lease(PC, noon(30), address=PUBLIC), unit="A")
    tell(*lease(LAPTOP, noon(20), address=PUBLIC))
    push([sighting(PUBLIC, noon(30)), sighting(PUBLIC, noon(20))])
    assert counted() == [("mac", PC.value, 1, "assigned"), ("shared", PUBLIC, 1, "assigned")]


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


# --- signs of the superior's log that the unit gives to another of its machines ---


def both_saw(push, *lasts):
    """The unit's own log and its superior's show signs at one address."""
    push([sighting(ADDRESS, noon(30))], [log(noon(60), noon(29), ADDRESS)], asked=[ADDRESS])
    outer = [sighting(ADDRESS, noon(n), source="outer") for n in lasts]
    push(outer, [log(noon(60), noon(26), ADDRESS, source="outer")], unit="A", asked=[ADDRESS])


def own_file(cast):
    return EvidenceFile.rows.create(
        unit=cast.units["A1"], source="dhcp", name="leases", digest="1", created_at=noon(1)
    )


def test_a_machine_whose_sign_was_given_away_needs_the_place_that_saw_it(cast, push, tell):
    both_saw(push, 27)
    tell(*lease(LAPTOP, noon(27), name="pc-2"), file=own_file(cast))
    assert counted() == [("mac", LAPTOP.value, 1, "assigned"), ("weak", ADDRESS, 1, "assigned")]
    case = Case.rows.get(device__id_kind="weak", is_current=True)
    claimed(cast, case, noon(25))
    push([], [log(noon(29), noon(1), ADDRESS, source="log-2")], asked=[ADDRESS])
    case.refresh_from_db()
    assert case.state == "rechecked"
    page = text_of(cast.client("A1", "officer").get(reverse("case", args=[cast.campaign.slug, case.pk])))
    assert "Nơi ghi nhật ký của đơn vị khác cũng thấy dấu hiệu" in page
    when = timezone.localtime(noon(1)).strftime("%d/%m/%Y")
    said = f"theo bảng cấp phát địa chỉ của Đơn vị A1, nộp ngày {when}, sau khi được báo"
    assert said in page
    other = Case.rows.get(device__id_value=LAPTOP.value)
    other_page = cast.client("A", "officer").get(reverse("case", args=[cast.campaign.slug, other.pk]))
    assert said in text_of(other_page)
    # The superior's log is silent as well, and shows the machine.
    push([], [log(noon(26), noon(1), ADDRESS, source="outer-2")], unit="A", asked=[ADDRESS])
    case.refresh_from_db()
    assert case.state == "verified_clean"


def test_signs_after_the_handling_that_were_given_away_end_the_silence_there(cast, push, tell):
    both_saw(push, 27)
    claimed(cast, Case.rows.get(), noon(25))
    push([sighting(ADDRESS, noon(5), source="outer")], unit="A")
    assert counted() == [("weak", ADDRESS, 3, "assigned")]
    tell(*lease(LAPTOP, noon(5), name="pc-2"), file=own_file(cast))
    case = Case.rows.get(device__id_kind="weak", is_current=True)
    claimed(cast, case, noon(25))
    push([], [log(noon(29), noon(1), ADDRESS, source="log-2")], asked=[ADDRESS])
    push([], [log(noon(26), noon(1), ADDRESS, source="outer-2")], unit="A", asked=[ADDRESS])
    case.refresh_from_db()
    assert case.state == "rechecked"
    page = text_of(cast.client("A1", "officer").get(reverse("case", args=[cast.campaign.slug, case.pk])))
    assert "cho rằng đó là máy khác" in page


def test_the_superiors_own_table_parts_them_without_a_doubt(cast, push, tell):
    both_saw(push, 27)
    tell(*lease(LAPTOP, noon(27), name="pc-2"), unit="A")
    case = Case.rows.get(device__id_kind="weak", is_current=True)
    claimed(cast, case, noon(25))
    push([], [log(noon(29), noon(1), ADDRESS, source="log-2")], asked=[ADDRESS])
    case.refresh_from_db()
    assert case.state == "verified_clean"


# --- whose machine it is in the log of a superior ---


def owner_of(key):
    return Device.rows.select_related("owner").get(merged_into=None, id_value=key.value).owner


@pytest.mark.parametrize("is_late", [True, False])
@pytest.mark.parametrize("address", [ADDRESS, "10.77.0.5"])
def test_a_neighbours_later_lease_of_the_card_takes_no_machine(cast, push, tell, address, is_late):
    """The superior's log saw it at an address of A1, by range or by A1's lease; A2 tells another one."""

    def signs():
        push([sighting(address, noon(9))], unit="A")

    if is_late:
        signs()
    tell(*lease(PC, noon(9), address=address, name="pc-1"))
    tell(*lease(PC, noon(5), address="10.1.2.7"), unit="A2")
    if not is_late:
        signs()
    assert owner_of(PC) == cast.nodes["A1"]


@pytest.mark.parametrize("is_late", [True, False])
def test_a_machine_that_moved_is_its_new_units_once_a_log_saw_it_there(cast, push, tell, is_late):
    tell(*lease(PC, noon(9), name="pc-1"))
    tell(*lease(PC, noon(5), address="10.1.2.7", name="pc-1"), unit="A2")
    rows = [sighting(ADDRESS, noon(9)), sighting("10.1.2.7", noon(5), indicator="bad.example", family="")]
    for row in rows if is_late else reversed(rows):
        push([row], unit="A")
    assert owner_of(PC) == cast.nodes["A2"]
    assert counted() == [("mac", PC.value, 1, "assigned")] * 2  # two kinds of malware on one machine


def test_a_machine_that_a_log_saw_in_another_unit_waits_for_that_unit(cast, push, tell):
    """Nobody there works on it yet; its days begin anew, and the history says why it came."""
    tell(*lease(PC, noon(9), name="pc-1"))
    push([sighting(ADDRESS, noon(9))], unit="A")
    case, before = Case.rows.get(), timezone.now()
    noting_actions.locate(case, cast.user("A1", "it"), place="room 204")
    actions.start_cleaning(case, cast.user("A1", "it"))
    tell(*lease(PC, noon(5), address="10.1.2.7", name="pc-1"), unit="A2")
    assert (Case.rows.get().state, owner_of(PC)) == ("cleaning", cast.nodes["A1"])
    push([sighting("10.1.2.7", noon(5))], unit="A")
    case = Case.rows.select_related("device__owner").get()
    assert (case.state, case.device.owner) == ("assigned", cast.nodes["A2"])
    assert case.clock_at > before and (case.acknowledged_at, case.located_at) == (None, None)
    assert [one.to_state for one in case.events.filter(act="assign")] == ["assigned"]
    page = text_of(cast.client("A2", "officer").get(reverse("case", args=[cast.campaign.slug, case.pk])))
    assert "theo dấu hiệu và bảng địa chỉ" in page and cast.nodes["A2"].name in page
    assert "Có dấu hiệu" in page
    push([sighting("10.1.2.7", noon(5), count=2)], unit="A")
    assert case.events.filter(act="assign").count() == 1


def test_a_machine_that_nobody_had_is_a_units_once_its_table_names_it(cast, push, tell):
    push([sighting("10.77.0.5", noon(9), identity={"mac": PC.value})], unit="A")
    assert owner_of(PC) == cast.nodes["A"] and counted() == [("mac", PC.value, 1, "new")]
    tell(*lease(PC, noon(9), address="10.77.0.5", name="pc-1"))
    assert owner_of(PC) == cast.nodes["A1"] and counted() == [("mac", PC.value, 1, "assigned")]
