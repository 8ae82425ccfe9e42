"""Eight weeks in ten offices, of which the truth is known: every figure holds it, and faults are noticed.

./dev test tests/simulator --seed 4711
./dev test tests/simulator --seed 1 --computers 5000 -k truth
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from quetsach.machines.evidence import Binding, Claim, Sign
from quetsach.machines.identity import devices as devices_module
from quetsach.machines.identity.components import components, merged
from quetsach.machines.identity.devices import devices_of
from quetsach.machines.identity.locating import LOCATED, Locator, Place
from tests.simulator import judging, truth
from tests.simulator.judging import Evidence, judge

WITH_LEASES, WITHOUT = 0.10, 0.40
"""The widest that a figure may be, as a share of the truth."""


@pytest.fixture(scope="module")
def found(world: truth.World) -> Evidence:
    return judging.evidence(world, with_leases=True)


def test_truth_imports_nothing_of_the_programs_that_it_judges() -> None:
    tree = ast.parse(Path(truth.__file__).read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert names and not [name for name in names if "quetsach" in name or "tests" in name]


def test_the_province_has_all_its_troubles(world: truth.World) -> None:
    """Else the other tests would prove little."""
    computers = world.computers
    assert sum(computer.is_random for computer in computers) > len(computers) / 10
    assert any(computer.docks for computer in computers)
    assert len({computer.hardware for computer in computers}) < len(computers)
    assert any(computer.until < truth.DAYS for computer in computers)
    assert any(len(computer.names) > 1 for computer in computers)
    assert any(
        len({lease.office for lease in world.leases if lease.card == one.wired}) > 1 for one in computers
    )
    assert any(":" in sign.address for sign in world.signs)
    assert any(sign.office < 0 for sign in world.signs)
    assert world.paths[-1].startswith(world.paths[-2])
    holders: dict[tuple[int, str], set[str]] = {}
    for lease in world.leases:
        holders.setdefault((lease.office, lease.address), set()).add(lease.card)
    assert max(map(len, holders.values())) > 5


@pytest.mark.parametrize("with_leases", [True, False], ids=["leases", "without"])
def test_truth_lies_within_every_figure(world: truth.World, with_leases: bool) -> None:
    """Without names in leases a dock may seem to belong to one laptop alone: docs/adr/0034 says so."""
    verdict = judge(world, judging.evidence(world, with_leases=with_leases))
    assert verdict.faults(WITH_LEASES if with_leases else WITHOUT, may_be_wrong=not with_leases) == []


def test_any_order_of_arrival_gives_the_same(world: truth.World, found: Evidence) -> None:
    """Files come late, twice, in any order; the devices are computed whole or by component."""
    again = judging.evidence(world, with_leases=True, seed=2)
    devices = devices_of(found.claims, found.bindings)
    assert devices_of(again.claims, again.bindings) == devices
    assert merged(part.devices() for part in components([*again.claims, *again.bindings])) == devices
    one, other = Locator(found.bindings, devices), Locator(again.bindings, devices)
    for sign, _ in random.Random(1).sample(found.signs, 500):
        assert one.place(sign) == other.place(sign)


# --- planted faults ---


def _by_address_only(locator: Locator, sign: Sign, row: truth.Sign) -> Place:
    """A machine is its address."""
    return Place(
        LOCATED, devices_module.Key("address", f"{sign.scope} {sign.address}"), (), "fault", sign.scope
    )


def _by_arrival(locator: Locator, sign: Sign, row: truth.Sign) -> Place:
    """The time at which a file came in place of the time in the line."""
    arrived = (judging.EPOCH + row.arrived) * judging.MICRO
    return locator.place(sign._replace(first=arrived, last=arrived))


class _FirstOfDay:
    """The lease of an address and day is that of its first line."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str, int], Place] = {}

    def __call__(self, locator: Locator, sign: Sign, row: truth.Sign) -> Place:
        asked = sign.scope, sign.address, row.at // truth.DAY
        return self._places.setdefault(asked, locator.place(sign))


def _shared_cards_merge(claims: Iterable[Claim], bindings: Iterable[Binding]) -> devices_module.Devices:
    """No key ever stops identifying."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices_module, "doubtful", lambda *_: {})
        return devices_of(claims, bindings)


def test_a_machine_that_is_its_address_is_noticed(world: truth.World, found: Evidence) -> None:
    assert judge(world, found, place=_by_address_only).outside()


def test_arrival_in_place_of_event_time_is_noticed(world: truth.World, found: Evidence) -> None:
    assert judge(world, found, place=_by_arrival).wrong


def test_a_lease_by_the_first_line_of_the_day_is_noticed(world: truth.World, found: Evidence) -> None:
    found = Evidence(found.claims, found.bindings, sorted(found.signs, key=lambda one: one[1].at))
    assert judge(world, found, place=_FirstOfDay()).wrong


def test_shared_cards_that_make_one_machine_of_two_are_noticed(world: truth.World, found: Evidence) -> None:
    assert judge(world, found, compute=_shared_cards_merge).mixed
