"""Resolvers, proxies and gateways: named by people, and asked about by what lines name at one address."""

from __future__ import annotations

import random
from unicodedata import normalize

import pytest

from quetsach.machines.evidence import Decision, Key
from quetsach.machines.identity.forwarders import Forwarders, Run, crowd
from tests.machines.evidence_words import at, decided, fixed, host, leases, located, mac, nat, sign

HOUR = 3_600_000_000
NAMED = decided("forwarder", Key("address", "t/x1/ 192.168.1.2"), id="1", machine="resolver")
HERE = sign("192.168.1.2", "03-02 09:00", scope="t/x1/")


def run(who: str, begin: str, end: str = "") -> Run:
    return Run(who, at(begin), at(end or begin))


# --- the word of a person ---


def test_behind_a_named_address_is_one_of_several_machines_in_its_own_office_only() -> None:
    table = [
        *leases("192.168.1.2", mac("a"), "03-02", scope="t/x1/"),
        *leases("192.168.1.2", mac("b"), "03-02", scope="t/x2/"),
    ]
    words = Forwarders([NAMED])
    here = located(HERE, table, forwarders=words)
    assert (here.status, here.why, here.candidates) == ("unlocated", "forwarder", ())
    there = located(HERE._replace(scope="t/x2/"), table, forwarders=words)
    assert (there.status, there.device) == ("located", mac("b"))


@pytest.mark.parametrize(
    ("unit", "reporter", "address", "counts"),
    [
        ("t/x1/", "t/x1/", "192.168.1.2", True),
        ("t/x1/", "t/", "192.168.1.2", True),
        ("t/", "t/x1/", "192.168.1.2", False),  # another machine has it there
        ("t/", "t/x1/", "203.0.113.9", True),
        ("t/x2/", "t/x1/", "203.0.113.9", False),
    ],
)
def test_whose_word_counts(unit: str, reporter: str, address: str, counts: bool) -> None:
    words = Forwarders([decided("forwarder", Key("address", f"{unit} {address}"))])
    assert words.asks_for_others(sign(address, "03-02 09:00", scope=reporter)) == counts


def test_a_word_holds_on_its_days() -> None:
    words = Forwarders([NAMED._replace(begin=at("03-02 00:00"), end=at("03-03 00:00"))])
    for on, holds in (("03-01 23:59:59", False), ("03-02 00:00", True), ("03-03 00:00", False)):
        assert words.asks_for_others(sign("192.168.1.2", on, scope="t/x1/")) == holds


def test_the_higher_unit_then_the_later_word_and_none_that_was_taken_back() -> None:
    single = decided("single", NAMED.left, on="04-02 08:00", id="2")
    higher = decided("forwarder", Key("address", "t/ 203.0.113.9"), on="04-01 08:00", rank=1, id="3")
    lower = decided("single", Key("address", "t/x1/ 203.0.113.9"), on="04-05 08:00", rank=2, id="4")
    back = decided("withdrawn", NAMED.left, on="04-03 08:00", id="5", withdraws="2")

    def told(*words: Decision, address: str = "192.168.1.2") -> bool:
        found = {
            Forwarders(random.Random(seed).sample(words, len(words))).asks_for_others(
                sign(address, "03-02 09:00", scope="t/x1/")
            )
            for seed in range(4)
        }
        return found.pop() if len(found) == 1 else pytest.fail("the order counts")

    assert told(NAMED) and not told(NAMED, single) and told(NAMED, single, back)
    assert told(higher, lower, address="203.0.113.9")


# --- the machine behind ---


def test_a_name_in_the_line_is_the_client_where_tables_tell_the_forwarder_itself() -> None:
    words, server = Forwarders([NAMED]), fixed("192.168.1.2", mac("s"), "01-01 00:00", "12-01 00:00", "t/x1/")
    line = HERE._replace(keys=(mac("s"), host("pc-7")))
    found = located(line, server, forwarders=words)
    assert (found.status, found.device) == ("located", Key("host", "t/x1/ pc-7"))
    # Nobody knows whether it is the forwarder's own name: shown, and not chosen.
    found = located(line, forwarders=words)
    assert (found.status, found.why, found.candidates) == (
        "unlocated", "forwarder", (Key("host", "t/x1/ pc-7"),),
    )  # fmt: skip


def test_a_card_in_the_line_is_the_forwarders_own() -> None:
    found = located(HERE._replace(keys=(mac("s"),)), forwarders=Forwarders([NAMED]))
    assert (found.status, found.candidates) == ("unlocated", ())


def test_its_own_agent_speaks_for_the_forwarder_itself() -> None:
    agent = Key("agent", "4c4c4544-0000-1000-8000-000000000001")
    found = located(HERE._replace(keys=(agent,)), forwarders=Forwarders([NAMED]))
    assert (found.status, found.device) == ("located", agent)


def test_the_translation_of_a_gateway_tells_the_machine() -> None:
    words = Forwarders([decided("forwarder", Key("address", "t/x1/ 203.0.113.9"), machine="gateway")])
    table = nat("203.0.113.9", 40001, mac("a"), "03-02 08:59", "03-02 09:01", "t/x1/")
    seen = sign("203.0.113.9", "03-02 09:00", scope="t/x1/", port=40001)
    assert located(seen, table, forwarders=words).device == mac("a")
    assert located(seen._replace(port=40009), table, forwarders=words).why == "forwarder"


# --- what lines show ---


def test_three_names_in_one_hour_are_asked_about() -> None:
    found = crowd(run(f"host:pc-{n}", f"03-02 09:{n}0") for n in range(3))
    assert found is not None
    assert (found.hour, found.machines) == (at("03-02 09:00"), ("host:pc-0", "host:pc-1", "host:pc-2"))
    assert crowd(run(f"host:pc-{n}", f"03-02 09:{n}0") for n in range(2)) is None
    spellings = ("host:Máy-1", f"host:{normalize('NFD', 'máy-1')}", "host:MÁY-1", "host:pc-2.", "host:PC-2")
    assert crowd(run(one, "03-02 09:10") for one in spellings) is None


def test_a_card_and_a_name_of_one_machine_are_not_two_and_a_translation_is_none() -> None:
    many = [run("mac:00-00-5e-00-53-01", "03-02 09:00"), run("host:pc-1", "03-02 09:10"),
            run("mac:00-00-5e-00-53-02", "03-02 09:20"), run("nat:203.0.113.9:1", "03-02 09:30")]  # fmt: skip
    assert crowd(many) is None


def test_machines_that_have_the_address_in_turn_are_not_asked_about() -> None:
    assert crowd(run(f"host:pc-{n}", f"03-02 {8 + n:02}:30") for n in range(9)) is None


def test_the_hour_with_the_most_machines_in_any_order() -> None:
    many = [run(f"host:pc-{n}", "03-02 09:30") for n in range(3)]
    many += [run(f"host:pc-{n}", "03-02 07:30", "03-02 08:10") for n in range(5)]
    told = {crowd(random.Random(seed).sample(many, len(many))) for seed in range(5)}
    assert len(told) == 1
    (found,) = told
    assert found is not None and (found.hour, len(found.machines)) == (at("03-02 07:00"), 5)
