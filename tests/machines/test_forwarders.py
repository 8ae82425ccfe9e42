"""Resolvers and proxies are recognised by how they behave; a busy machine is not one of them."""

from __future__ import annotations

from quetsach.machines.identity.forwarders import Minute, addresses, forwarders
from tests.machines.evidence_words import leases, located, mac, sign

DAY = 20_000 * 1440


def minutes(address: str, each: int, how_many: int, begin: int = DAY) -> list[Minute]:
    return [Minute(address, "t/x1/", begin + number, each) for number in range(how_many)]


def test_a_resolver_of_an_office() -> None:
    (found,) = forwarders(minutes("192.168.1.2", 90, 300))
    assert (found.address, found.why, found.busy_minutes, found.most_names) == (
        "192.168.1.2",
        "many names",
        300,
        90,
    )


def test_a_machine_that_starts_in_the_morning_is_none() -> None:
    assert forwarders(minutes("192.168.1.7", 120, 10)) == []
    assert forwarders(minutes("192.168.1.7", 30, 600)) == []


def test_the_same_morning_of_many_days_is_none() -> None:
    many = [one for day in range(20) for one in minutes("192.168.1.7", 120, 10, DAY + day * 1440)]
    assert forwarders(many) == []


def test_counts_of_two_sources_add_up() -> None:
    assert forwarders(minutes("192.168.1.2", 40, 40) + minutes("192.168.1.2", 40, 40))


def test_a_proxy_that_names_the_machines_behind_it() -> None:
    behind = [
        Minute("192.168.1.3", "t/x1/", DAY + number, 2, frozenset({f"pc-{number}"})) for number in range(3)
    ]
    (found,) = forwarders(behind)
    assert (found.why, found.clients) == ("names machines behind it", 3)
    assert forwarders(behind[:2]) == []


def test_a_sign_of_a_forwarder_is_asked_behind_in_its_own_office_only() -> None:
    known = addresses(forwarders(minutes("192.168.1.2", 90, 300)))
    table = [
        *leases("192.168.1.2", mac("a"), "03-02", scope="t/x1/"),
        *leases("192.168.1.2", mac("b"), "03-02", scope="t/x2/"),
    ]
    here = located(sign("192.168.1.2", "03-02 09:00", scope="t/x1/"), table, forwarders=known)
    there = located(sign("192.168.1.2", "03-02 09:00", scope="t/x2/"), table, forwarders=known)
    assert (here.status, here.why) == ("unlocated", "forwarder")
    assert (there.status, there.device) == ("located", mac("b"))
