"""A result of a check follows the machine that has its keys: joined, parted, or first known by name only."""

import pytest

from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns import arrivals
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.checks.actions import tie_machine
from quetsach.portal.checks.following_actions import follow_results
from quetsach.portal.checks.models import CheckResult
from quetsach.portal.machines import actions as machines
from tests.portal.checks.results import ago, listed, sign
from tests.portal.scan_document import publish_list

BOARD = "4c4c4544-0042-3510-8052-b4c04f564433"
CARD, OTHER = "00-00-5e-00-53-01", "00-00-5e-00-53-02"


@pytest.fixture
def tell(cast):
    def give(*rows):
        claims = [one for one in rows if isinstance(one, Claim)]
        bindings = [one for one in rows if isinstance(one, Binding)]
        machines.store_evidence(cast.units["A1"], claims, bindings)
        assert arrivals.announce(cast.campaign)

    return give


def micro(at):
    return round(at.timestamp() * 1_000_000)


def network(*cards, hardware=""):
    return {"macs": list(cards), "addresses": [], **({"hardware": hardware} if hardware else {})}


def both():
    """One source names both cards."""
    return Claim((Key("mac", CARD), Key("mac", OTHER)), micro(ago(days=9)), micro(ago(days=1)), "ad")


def counted():
    rows = Case.rows.filter(is_current=True).select_related("device").order_by("device__id_value")
    return [(row.device.id_kind, row.device.id_value.rpartition(" ")[2], row.state) for row in rows]


@pytest.fixture
def two(cast, give, tmp_path):
    """Two checks of two cards, each with a sign."""
    published = publish_list(cast, tmp_path)
    for name, card, days in (("PC-1", CARD, 5), ("PC-2", OTHER, 4)):
        give("A1", name, at=ago(days=days), findings=[listed(), sign()], set_id=published.set_id,
             network=network(card))  # fmt: skip
    assert arrivals.announce(cast.campaign)
    assert counted() == [("mac", CARD, "assigned"), ("mac", OTHER, "assigned")]
    return published


def test_two_machines_that_are_one_have_their_checks_and_one_case(cast, two, tell):
    tell(both())
    (only,) = counted()
    device = Device.rows.get(merged_into=None)
    assert only[2] == "assigned" and set(CheckResult.rows.values_list("device", flat=True)) == {device.pk}
    assert CheckResult.rows.get(is_latest=True).machine == "PC-2"
    assert device.cracked.count() == 1, "software is counted once"
    assert Entry.objects.filter(action="check.follow").count() == 1
    assert follow_results(cast.campaign) == 0


def test_a_decision_that_is_taken_back_gives_the_checks_back(cast, two):
    officer = cast.user("A1", "officer")
    before = counted(), sorted(CheckResult.rows.values_list("machine", "device"))
    said = machines.decide(cast.units["A1"], "same", Key("mac", CARD), Key("mac", OTHER), officer, "one desk")
    assert arrivals.announce(cast.campaign)
    assert len(counted()) == 1 and len(set(CheckResult.rows.values_list("device", flat=True))) == 1
    machines.withdraw(said, officer, cast.units["A1"])
    assert arrivals.announce(cast.campaign)
    assert (counted(), sorted(CheckResult.rows.values_list("machine", "device"))) == before
    assert CheckResult.rows.filter(is_latest=True).count() == 2
    for case in Case.rows.filter(is_current=True):
        assert case.last_seen is not None and case.merged_into is None


@pytest.mark.parametrize("late", [True, False])
def test_a_check_that_tells_only_a_name_goes_to_the_card_of_that_name(cast, give, tell, tmp_path, late):
    published = publish_list(cast, tmp_path)

    def check():
        give("A1", "PC-1", at=ago(days=5), findings=[listed()], set_id=published.set_id)
        assert arrivals.announce(cast.campaign)

    def lease():
        begin, end = micro(ago(days=6)), micro(ago(days=4))
        card = Key("mac", CARD)
        tell(Binding("10.1.1.5", card, begin, end, "dhcp", "lease"),
             Claim((card, Key("host", "pc-1")), begin, end, "dhcp"))  # fmt: skip

    for step in (check, lease) if late else (lease, check):
        step()
    assert arrivals.announce(cast.campaign)
    assert counted() == [("mac", CARD, "assigned")]
    assert CheckResult.rows.get().device == Device.rows.get(merged_into=None)


def test_a_person_who_tied_a_check_is_not_overruled(cast, two, tell):
    first, second = CheckResult.rows.order_by("machine")
    Case.rows.filter(device=second.device).delete()
    tie_machine(second, first.device, cast.user("A1", "officer"))
    tell(Claim((Key("mac", OTHER), Key("host", "pc-9")), micro(ago(days=3)), micro(ago(days=1)), "ad"))
    pull_sightings(cast.campaign)
    assert set(CheckResult.rows.values_list("device", flat=True)) == {first.device_id}
