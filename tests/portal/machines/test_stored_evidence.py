"""What offices know of their machines, as rows: stored once, read back whole, taken back."""

import random
import tracemalloc

import pytest
from django.utils import timezone

from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.machines.identity.components import Link, components, links_of
from quetsach.portal.audit.models import Entry
from quetsach.portal.machines import actions, queries
from quetsach.portal.machines.models import EvidenceFile, KeptNetwork, StoredBinding, StoredClaim
from tests.simulator import judging, truth

HOUR = 3_600_000_000
BEGIN = 1_780_000_000_000_000
PC, LAPTOP = Key("mac", "00-00-5e-00-53-01"), Key("mac", "00-00-5e-00-53-02")
NAME = Key("host", "pc-01")


def claim(*keys, begin=BEGIN, end=BEGIN + HOUR, source="dhcp", about=()):
    return Claim(keys, begin, end, source, about=about)


def lease(address, key, begin=BEGIN, end=BEGIN + HOUR, source="dhcp"):
    return Binding(address, key, begin, end, source, "lease")


def found(*keys):
    return queries.devices_for([Link(*key) for key in keys])


def test_the_same_file_again_changes_nothing(cast):
    unit = cast.units["A1"]
    claims, bindings = [claim(PC, NAME)] * 2, [lease("10.1.1.5", PC)]
    assert actions.store_evidence(unit, claims, bindings).is_new
    told = actions.store_evidence(unit, claims, bindings)
    assert (told.claims, told.bindings, told.known, told.is_new) == (0, 0, 3, False)
    assert (StoredClaim.rows.count(), StoredBinding.rows.count(), KeptNetwork.rows.count()) == (1, 1, 1)


def test_the_earliest_end_of_a_lease_stays_in_any_order(cast):
    ends = [BEGIN + HOUR, BEGIN + HOUR // 2, BEGIN + 2 * HOUR]
    for unit, order in (("A1", ends), ("A2", ends[::-1])):
        for end in order:
            actions.store_evidence(cast.units[unit], [], [lease("10.1.1.5", PC, end=end)])
    assert set(StoredBinding.rows.values_list("end", flat=True)) == {BEGIN + HOUR // 2}


def test_a_lease_that_became_shorter_waits_for_the_cases_again(cast):
    unit = cast.units["A1"]
    actions.store_evidence(unit, [], [lease("10.1.1.5", PC)])
    StoredBinding.rows.update(is_taken=True)
    actions.store_evidence(unit, [], [lease("10.1.1.5", PC, end=BEGIN + 2 * HOUR)])
    assert not StoredBinding.rows.filter(is_taken=False).exists()
    actions.store_evidence(unit, [], [lease("10.1.1.5", PC, end=BEGIN + HOUR // 2)])
    assert StoredBinding.rows.filter(is_taken=False).exists()


def test_a_name_of_another_office_is_not_the_same_machine(cast):
    for unit, key in (("A1", PC), ("A2", LAPTOP)):
        actions.store_evidence(cast.units[unit], [claim(key, NAME)], [])
    assert [device.id for device in found(PC).all] == [PC]
    actions.store_evidence(cast.units["A"], [claim(Key("randommac", "02-00-00-00-00-01"), NAME)], [])
    assert PC in {device.id for device in found(LAPTOP).all}  # the office above may mean both


def test_a_file_is_taken_back_and_told_again(cast):
    unit = cast.units["A1"]
    file = EvidenceFile.rows.create(unit=unit, source="dhcp", name="a", digest="1", created_at=timezone.now())
    actions.store_evidence(unit, [claim(PC, NAME)], [lease("10.1.1.5", PC)], file=file)
    assert found(PC).all
    assert actions.take_back(file) == 2
    assert not found(PC).all and StoredClaim.rows.get().is_taken is False
    assert actions.store_evidence(unit, [claim(PC, NAME)], [lease("10.1.1.5", PC)], file=file).is_new
    assert found(PC).all


def test_a_decision_joins_two_cards_until_it_is_taken_back(cast):
    unit, by = cast.units["A1"], cast.user("A1", "officer")
    actions.store_evidence(unit, [claim(PC), claim(LAPTOP)], [])
    row = actions.decide(unit, "same", PC, LAPTOP, by, "one dock", ip="192.0.2.1")
    assert [device.keys for device in found(LAPTOP).all] == [(PC, LAPTOP)]
    with pytest.raises(actions.DecisionRefusedError, match="higher"):
        actions.withdraw(row, by, cast.units["A2"])
    back = actions.withdraw(row, by, cast.units["A"], "wrong")
    assert [device.keys for device in found(PC).all] == [(PC,), (LAPTOP,)]
    with pytest.raises(actions.DecisionRefusedError, match="withdrawn"):
        actions.withdraw(row, by, unit)
    actions.withdraw(back, by, cast.units["A"])
    assert len(found(PC).all[0].keys) == 2
    told = Entry.objects.filter(action__startswith="machine.").values_list("action", flat=True)
    assert list(told) == ["machine.same", "machine.withdrawn", "machine.withdrawn"]


def test_a_decision_on_a_name_outlives_a_reorganisation(cast):
    unit, by = cast.units["A1"], cast.user("A1", "officer")
    actions.store_evidence(unit, [claim(NAME), claim(PC)], [])
    name = Key("host", f"{unit.path} pc-01")
    actions.decide(unit, "same", name, PC, by, "seen on the desk")
    unit.path = cast.units["B"].path + unit.path[-13:]
    unit.save()
    devices = found(PC)
    assert [device.id for device in devices.all] == [PC]
    assert Key("host", f"{unit.path} pc-01") in devices.all[0].keys
    with pytest.raises(actions.DecisionRefusedError, match="elsewhere"):
        actions.decide(cast.units["A2"], "retired", Key("host", f"{unit.path} pc-01"), None, by, "")


def test_components_are_those_of_the_pure_function(cast):
    """The simulated province with its offices as units: each row is stored, and each component comes back."""
    world = truth.Simulation(7, 30).play()
    evidence = judging.evidence(world, with_leases=True)
    paths = sorted(set(world.paths))
    units = dict(zip(paths, ("A1", "A2", "B1", "A", "B"), strict=False))
    scopes = {path: cast.units[name].path for path, name in units.items()}
    claims = [one._replace(scope=scopes[one.scope]) for one in evidence.claims if one.scope in scopes]
    bindings = [one._replace(scope=scopes[one.scope]) for one in evidence.bindings if one.scope in scopes]
    random.Random(1).shuffle(claims)
    for path, name in units.items():
        scope = scopes[path]
        actions.store_evidence(
            cast.units[name],
            (one for one in claims if one.scope == scope),
            (one for one in bindings if one.scope == scope),
        )
    parts = [part for part in components([*claims, *bindings]) if part.claims]
    for part in random.Random(2).sample(parts, min(40, len(parts))):
        assert queries.devices_for(links_of(part.claims[0])) == part.devices()


def test_many_rows_take_little_memory(cast):
    def rows(count):
        for number in range(count):
            yield lease(f"10.1.{number // 250 % 250}.{number % 250 + 1}", PC, begin=BEGIN + number)

    unit = cast.units["A1"]
    peaks = []
    for count in (2_000, 8_000):
        tracemalloc.start()
        actions.store_evidence(unit, [], rows(count))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert StoredBinding.rows.count() == 8_000
    assert peaks[1] < 1.5 * peaks[0]
