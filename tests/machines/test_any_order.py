"""Any order of arrival, any repetition, any division into components: the same devices."""

from __future__ import annotations

import random
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from quetsach.machines.evidence import Binding, Claim, Decision, Key, Sign
from quetsach.machines.identity.components import Evidence, Link, Row, component, components, links_of, merged
from quetsach.machines.identity.devices import Devices, devices_of
from quetsach.machines.identity.locating import Locator
from quetsach.machines.identity.scopes import related
from tests.machines.evidence_words import hardware, mac, random_mac

SCOPES = ("t/", "t/x1/", "t/x2/", "u/")
HOUR = 3_600_000_000
BEGIN = 20_000 * 24 * HOUR
KEYS = st.one_of(
    st.sampled_from("abcd").map(mac),
    st.sampled_from("abc").map(hardware),
    st.sampled_from(["pc1", "pc2", "pc3"]).map(lambda name: Key("host", name)),
    st.sampled_from(["pc1.ubnd.local", "pc2.xa.example.vn", "pc3.xa.example.vn"]).map(
        lambda name: Key("domainhost", name)
    ),
    st.sampled_from("rs").map(random_mac),
    st.sampled_from(["1", "2"]).map(lambda number: Key("adsid", f"S-1-5-21-1-2-3-{number}")),
    st.sampled_from(["agent-1", "agent-2"]).map(lambda id: Key("agent", id)),
    st.just(Key("mac", "00-15-5d-00-00-01")),
    st.just(Key("hardware", "03000200-0400-0500-0006-000700080009")),
)
TIMES = st.integers(0, 60).map(lambda hour: BEGIN + hour * HOUR)
LENGTHS = st.sampled_from([1, 2 * HOUR, 30 * HOUR])
CLAIMS = st.builds(
    lambda keys, begin, length, scope, about: Claim(tuple(keys), begin, begin + length, "s", scope, about),
    st.lists(KEYS, min_size=1, max_size=3, unique=True),
    TIMES,
    LENGTHS,
    st.sampled_from(SCOPES),
    st.sampled_from([(), (), (("kind", "pc"),)]),
)
BINDINGS = st.builds(
    lambda address, key, begin, length, kind, scope: Binding(
        address, key, begin, begin + length, "s", kind, scope
    ),
    st.sampled_from(["192.168.1.7", "192.168.1.8", "2001:db8::1"]),
    st.one_of(
        st.sampled_from("abcd").map(mac),
        st.sampled_from("rs").map(random_mac),
        st.just(Key("mac", "00-15-5d-00-00-01")),
    ),
    TIMES,
    LENGTHS,
    st.sampled_from(["lease", "lease", "neighbour", "fixed"]),
    st.sampled_from(SCOPES),
)
PAIRS = st.lists(
    st.one_of(
        st.sampled_from("abcd").map(mac),
        st.sampled_from("abc").map(hardware),
        st.just(Key("agent", "agent-1")),
        st.just(Key("adsid", "S-1-5-21-1-2-3-1")),
    ),
    min_size=2,
    max_size=2,
    unique=True,
)
DECISIONS = st.builds(
    lambda verdict, pair, hour, rank, id: Decision(
        verdict,
        pair[0],
        pair[1] if verdict != "retired" else None,
        BEGIN + hour * HOUR,
        "ha",
        rank,
        id=str(id),
    ),
    st.sampled_from(["same", "different", "replaced", "retired"]),
    PAIRS,
    st.integers(0, 60),
    st.integers(1, 3),
    st.integers(1, 10**9),
)
ROWS = st.lists(st.one_of(CLAIMS, CLAIMS, BINDINGS, DECISIONS), max_size=14)


def made(rows: Iterable[Row]) -> Devices:
    many = list(rows)
    return devices_of(
        [row for row in many if isinstance(row, Claim)],
        [row for row in many if isinstance(row, Binding)],
        [row for row in many if isinstance(row, Decision)],
    )


@settings(max_examples=80)
@given(ROWS, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_devices(rows: list[Row], chance: random.Random) -> None:
    again = rows + [row for row in rows if chance.random() < 0.5]
    chance.shuffle(again)
    assert made(again) == made(rows)


@settings(max_examples=80)
@given(ROWS)
def test_components_give_what_the_whole_gives(rows: list[Row]) -> None:
    assert merged(one.devices() for one in components(rows)) == made(rows)


@settings(max_examples=60)
@given(ROWS.filter(bool), st.integers(0, 100))
def test_a_portal_that_asks_by_links_gets_the_whole_component(rows: list[Row], number: int) -> None:
    def ask(links: frozenset[Link]) -> list[Row]:
        return [row for row in rows if any(_meets(own, link) for own in links_of(row) for link in links)]

    seeds = links_of(rows[number % len(rows)])
    found: Evidence = component(seeds, ask)
    if seeds:
        assert found in components(rows)


def _meets(own: Link, asked: Link) -> bool:
    return own[:2] == asked[:2] and (related(own.scope, asked.scope) if own.is_local else own == asked)


@settings(max_examples=80)
@given(ROWS, DECISIONS)
def test_withdrawing_a_decision_restores_what_was(rows: list[Row], decision: Decision) -> None:
    decision = decision._replace(id="own")
    taken_back = decision._replace(verdict="withdrawn", id="back", withdraws="own")
    assert made([*rows, decision, taken_back]) == made(rows)


@settings(max_examples=80)
@given(ROWS)
def test_every_key_leads_to_devices_that_are_there(rows: list[Row]) -> None:
    """Each id is the key of one device; a key that is no id any more leads to ids."""
    found = made(rows)
    ids = {device.id for device in found.all}
    assert len(ids) == len(found.all)
    assert set(found.groups) == ids
    for device in found.all:
        assert found.redirect(device.id) == (device.id,)
        for key in device.keys:
            assert set(found.redirect(key)) <= ids
    for row in rows:
        if isinstance(row, Claim):
            for key in row.keys:
                held = found.holders(key, row.scope, row.begin)
                assert all(one in ids or one.kind == "host" for one in held)


@settings(max_examples=80)
@given(ROWS, st.integers(0, 60), st.sampled_from(SCOPES), st.sampled_from(["192.168.1.7", "2001:db8::1"]))
def test_a_sign_leads_to_one_device_or_names_all(
    rows: list[Row], hour: int, scope: str, address: str
) -> None:
    found = made(rows)
    bindings = [row for row in rows if isinstance(row, Binding)]
    moment = BEGIN + hour * HOUR
    place = Locator(bindings, found).place(Sign(address, (), moment, moment, "s", scope))
    ids = {device.id for device in found.all}
    if place.status in ("located", "inferred"):
        assert place.device in ids or place.device.kind == "host"
        assert not place.candidates
    else:
        assert place.device not in ids
        assert place.status != "unlocated" or place.candidates or place.why == "several offices"
    shuffled = list(reversed(bindings)) + bindings
    assert Locator(shuffled, found).place(Sign(address, (), moment, moment, "s", scope)) == place
