"""A check tells the hardware and network addresses by which logs know the machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from quetsach.endpoint.machines.linux import LinuxMachine
from quetsach.endpoint.network import look
from quetsach.endpoint.reporting import result, wording
from quetsach.machines.sources import checks
from quetsach.machines.sources.outcome import Asked, Outcome
from quetsach.text import language
from tests.endpoint import world


def test_universal_hardware_addresses_and_addresses_that_others_see_are_told() -> None:
    told = result.as_table(world.look_at_recording(world.CLEAN))["network"]
    assert told == {
        "hardware": "4c4c4544-0042-3510-8051-b7c04f4a5331",
        "macs": ["00-00-5e-00-53-01"],
        "addresses": ["192.168.1.10", "192.168.1.11", "2001:db8::a1b2:c3d4:1"],
    }


def test_a_machine_that_is_off_or_closed_tells_nothing_and_the_check_goes_on() -> None:
    for machine in (
        {**world.CLEAN, "is_running": False},
        {**world.CLEAN, "unavailable": {"adapters": "no_permission", "tables": "no_permission"}},
        {key: part for key, part in world.CLEAN.items() if key not in ("adapters", "tables")},
    ):
        told = result.as_table(world.look_at_recording(machine))["network"]
        assert told == {"hardware": "", "macs": [], "addresses": []}


def test_the_result_becomes_evidence_that_meets_the_logs() -> None:
    document = json.dumps(result.as_table(world.look_at_recording(world.CLEAN))).encode()
    assert checks.is_check(document)
    outcome = Outcome()
    checks.read(document, Asked("s", int(datetime.now(UTC).timestamp()) * 1_000_000, UTC), outcome)
    (claim,) = outcome.claims
    assert {key.kind for key in claim.keys} >= {"hardware", "mac"}
    assert {one.address for one in outcome.bindings} == {
        "192.168.1.10",
        "192.168.1.11",
        "2001:db8::a1b2:c3d4:1",
    }


def test_people_are_told_before_anything_leaves() -> None:
    language.use("vi")
    try:
        assert any("địa chỉ MAC" in text for text in wording.leaves())
    finally:
        language.use("en")


def test_this_very_machine_can_be_looked_at() -> None:
    found = look(LinuxMachine())
    assert not any(one.startswith(("127.", "fe80:")) for one in found.addresses)
