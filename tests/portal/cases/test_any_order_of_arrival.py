"""A small province whose leases and logs come in any order: always the same machines, cases and figures."""

import random
from datetime import UTC, datetime

import pytest
from django.db import transaction

from quetsach.machines.evidence import Claim, Sign
from quetsach.portal.cases.models import Case, CaseSighting, Device
from quetsach.portal.cases.pull_actions import pull_sightings
from quetsach.portal.machines.actions import store_evidence
from quetsach.portal.sightings.models import Sighting
from tests.simulator import judging, truth

DAYS = 6
MICRO = 1_000_000


class _Undone(Exception):
    pass


@pytest.fixture(scope="module")
def province():
    world = truth.Simulation(5, 30).play()
    return world, judging.evidence(world, with_leases=True)


def pieces(cast, province):
    """What arrives: chunks of evidence and of rows, by unit."""
    world, evidence = province
    offices = dict(zip(range(3), ("A1", "A2", "B1"), strict=True))
    units = {world.paths[number]: name for number, name in offices.items()}
    end = (judging.EPOCH + DAYS * truth.DAY) * MICRO
    told = [
        one
        for one in (*evidence.claims, *evidence.bindings)
        if one.scope in units and one.begin < end and one.source != "register"
    ]
    rows = [sign for sign, _ in evidence.signs if sign.scope in units and sign.first < end and not sign.port]
    found = [("told", units[one.scope], one) for one in told]
    # And signs around leases: within them, and where a lost lease leaves a gap.
    leases = sorted(one for one in told if not isinstance(one, Claim) and one.kind == "lease")
    chance = random.Random(3)
    for one in chance.sample(leases, 40):
        at = one.begin + chance.randint(-2 * truth.HOUR, 5 * truth.HOUR) * MICRO
        rows.append(Sign(one.address, (), at, at, "log", one.scope))
    found += [("seen", units[sign.scope], sign) for sign in rows]
    return found


def row(cast, unit, sign, number):
    at = datetime.fromtimestamp(sign.first / MICRO, UTC)
    within = (sign.first // MICRO % 86_400) * MICRO
    identity = {"mac": sign.keys[0].value} if sign.keys else {}
    return Sighting(
        node=cast.nodes[unit], key=f"{number:0>64}", source="e" * 64, source_name="fw", family="ramnit",
        indicator="evil.example", kind="domain", matched="evil.example", field="query", device=sign.address,
        identity=identity, day=at.date(), first_seen=at, last_seen=at, count=1, runs=[[within, within, 1]],
        action="allowed", logformat="zeek.dns", evidence="", set_id="0" * 64, is_listed=True,
        received_at=at,
    )  # fmt: skip


def play(cast, found, seed):
    """All of it in some order and in some chunks, a part of it twice; the machines that it leaves."""
    chance = random.Random(seed)
    numbered = list(enumerate(found))
    numbered += chance.sample([one for one in numbered if one[1][0] == "told"], 50)
    chance.shuffle(numbered)
    size = len(numbered) // chance.randint(3, 6) + 1
    for begin in range(0, len(numbered), size):
        some = numbered[begin : begin + size]
        for unit in ("A1", "A2", "B1"):
            told = [one for _, (kind, where, one) in some if kind == "told" and where == unit]
            store_evidence(
                cast.units[unit],
                [one for one in told if isinstance(one, Claim)],
                [one for one in told if not isinstance(one, Claim)],
            )
        seen = [(number, where, one) for number, (kind, where, one) in some if kind == "seen"]
        Sighting.rows.bulk_create(row(cast, where, one, number) for number, where, one in seen)
        pull_sightings(cast.campaign)
    cases = Case.rows.filter(is_current=True).select_related("device")
    evidence = {
        (link.sighting.key, link.case.device.id_kind, link.case.device.id_value, link.strength, link.why)
        for link in CaseSighting.rows.select_related("sighting", "case__device")
    }
    return (
        {
            (one.device.id_kind, one.device.id_value, one.device.owner_id, one.state, one.episode, one.count,
             one.first_seen, one.last_seen)
            for one in cases
        },
        evidence,
        Device.rows.filter(merged_into=None, cases__is_current=True).count(),
    )  # fmt: skip


def test_every_order_gives_the_same_machines_cases_and_figures(cast, province):
    found = pieces(cast, province)
    assert sum(kind == "seen" for kind, *_ in found) > 20
    told = []
    for seed in range(3):
        with pytest.raises(_Undone), transaction.atomic():
            told.append(play(cast, found, seed))
            raise _Undone
    assert {kind for kind, *_ in told[0][0]} >= {"mac", "unlocated"}
    assert told[1] == told[0] and told[2] == told[0]
