"""Reports of others are those of the machine that a table names for their address, port and second."""

import itertools
from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone

from quetsach.portal.cases.models import Case, Device, VictimFile, VictimReport
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.cases.victims import actions, queries
from quetsach.portal.cases.victims.pull_actions import take_reports
from quetsach.portal.machines import actions as machines
from quetsach.portal.machines.addresses.actions import say
from quetsach.portal.machines.models import EvidenceFile
from quetsach.portal.units.networks import Network
from quetsach.victims import reading
from tests.portal.cases.test_translated_addresses import INNER, OUTER, TRANSLATIONS
from tests.portal.cases.test_victims import bring, stamp
from tests.portal.cases.test_which_machine import ADDRESS, LAPTOP, PC, lease, listed, tell, upload
from tests.portal.scan_document import noon, sighting

__all__ = ["bring", "listed", "tell", "upload"]


def report(*rows, kind="event4_sinkhole"):
    """(address, port, moment) of one malware."""
    lines = (f"{stamp(at)},{address},{port},0,critical,ramnit" for address, port, at in rows)
    return "\n".join(["timestamp,src_ip,src_port,src_naics,severity,infection", *lines]).encode()


@pytest.fixture
def own_range(cast):
    Network.rows.create(unit=cast.units["A1"], cidr="203.0.113.0/24")


def found():
    """Current cases: id of the machine, number of reports, state."""
    rows = Case.rows.filter(is_current=True).select_related("device")
    return sorted(
        (one.device.id_kind, one.device.id_value.rpartition(" ")[2], one.reports.count(), one.state)
        for one in rows
    )


BOTH = [("mac", PC.value, 1, "assigned"), ("mac", LAPTOP.value, 1, "assigned")]
TWO = report((OUTER, 40001, noon(9)), (OUTER, 40002, noon(9)))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_log_of_a_translation_parts_reports_in_any_order(bring, tell, own_range, order):
    steps = [lambda: bring(TWO), lambda: tell(*TRANSLATIONS), lambda: tell(*INNER)]
    for number in order:
        steps[number]()
    assert found() == BOTH
    assert not VictimReport.rows.filter(is_waiting=True).exists()


def test_without_a_table_it_is_one_address(bring, own_range):
    bring(TWO)
    assert found() == [("shared", OUTER, 2, "assigned")]


def test_a_table_that_is_taken_back_gives_the_reports_back_to_the_address(cast, bring, tell, own_range):
    bring(TWO)
    file = EvidenceFile.rows.create(
        unit=cast.units["A1"], source="asa", name="asa", digest="1", created_at=noon(1)
    )
    tell(*INNER)
    tell(*TRANSLATIONS, file=file)
    assert found() == BOTH
    machines.take_back(file)
    pull_sightings(cast.campaign)
    take_reports(cast.campaign)
    assert found() == [("shared", OUTER, 2, "assigned")]
    assert Device.rows.get(id_kind="shared").merged_into is None


def test_a_lease_of_that_second_names_the_machine_of_a_private_address(bring, tell):
    bring(report((ADDRESS, 50111, noon(9)), (ADDRESS, 50111, noon(7))))
    tell(*lease(PC, noon(9), name="pc-1"), *lease(LAPTOP, noon(7), name="pc-2"))
    assert found() == BOTH


def test_report_and_log_of_one_machine_are_one_case(upload, bring, tell):
    tell(*lease(PC, noon(9), name="pc-1"))
    upload(sighting(ADDRESS, noon(9)))
    bring(report((ADDRESS, 50111, noon(9))))
    assert found() == [("mac", PC.value, 1, "assigned")]
    assert Case.rows.get().count == 1


def test_evidence_of_another_time_changes_nothing(bring, tell):
    bring(report((ADDRESS, 50111, noon(20))))
    before = VictimReport.rows.values_list("case", flat=True).get()
    tell(*lease(PC, noon(9)))
    assert VictimReport.rows.values_list("case", flat=True).get() == before
    assert [kind for kind, *_ in found()] == ["weak"]


def test_a_new_report_of_an_address_whose_case_went_elsewhere(cast, bring, upload):
    """A person said that the address asks for others. What others report of the address itself is its own
    case, as a sign in a log would be: it comes back, and leads to no other machine any more."""
    upload(sighting(ADDRESS, noon(9)))
    say(cast.units["A1"], ADDRESS, "resolver", cast.user("A1", "officer"))
    assert found() == [("unlocated", ADDRESS, 0, "assigned")]
    weak = Device.rows.get(id_kind="weak")
    assert weak.merged_into is not None
    data = report((ADDRESS, 50111, noon(5)))
    assert bring(data).new_cases == 0
    assert found() == [("unlocated", ADDRESS, 0, "assigned"), ("weak", ADDRESS, 1, "assigned")]
    weak.refresh_from_db()
    assert weak.merged_into is None and weak.cases.get().merged_into is None


@pytest.mark.parametrize("is_one_file", [True, False])
def test_reports_go_to_the_unit_that_held_the_range_on_their_day(cast, bring, is_one_file):
    """The page of risks and the case name one unit, and the preview says what comes."""
    day = timezone.localdate() - timedelta(days=5)
    Network.rows.create(unit=cast.units["A1"], cidr="203.0.113.0/24", end=day)
    Network.rows.create(unit=cast.units["A2"], cidr="203.0.113.0/24", begin=day)
    name = "2026-03-01-event4_sinkhole-a.csv"
    first, second = (OUTER, 40001, noon(9)), (OUTER, 40001, noon(2))
    for rows in [(first, second)] if is_one_file else [(first,), (second,)]:
        draft, data = VictimFile(node=cast.nodes["A"]), report(*rows)
        file = reading.opened(name, BytesIO(data), actions.zone_told("", None))
        assert len(queries.preview(draft, file).forecast.fresh) == len(rows)
        assert bring(data, name).new_cases == len(rows)
    told = VictimReport.rows.order_by("first_seen").values_list("owner", "case__device__owner", "case__state")
    assert list(told) == [(cast.nodes[unit].pk, cast.nodes[unit].pk, "assigned") for unit in ("A1", "A2")]
