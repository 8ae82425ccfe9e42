"""Figures as [at least, at most], and the denominator; and clocks that differ. All by hand."""

from __future__ import annotations

from quetsach.machines.evidence import Binding, Key
from quetsach.machines.identity.clocks import Difference, Pair, differences
from quetsach.machines.identity.devices import Devices
from quetsach.machines.identity.figures import Figures, Range, infected, known
from quetsach.machines.identity.locating import INFERRED, LOCATED, SHARED, UNLOCATED, WEAK, Locator, Place
from tests.machines.evidence_words import (
    Evidence,
    decided,
    devices,
    hardware,
    host,
    leases,
    located,
    mac,
    nat,
    random_mac,
    seen,
    sign,
)

DAYS = "03-02 03-03 03-04"


def placed(status: str, device: Key, *candidates: Key) -> Place:
    return Place(status, device, candidates, "", "")


def named(*letters: str) -> Devices:
    return devices(
        [one for letter in letters for one in leases("192.168.1.7", mac(letter), DAYS, f"pc-{letter}")]
    )


def test_machines_with_names_are_counted_as_they_are() -> None:
    places = [placed(LOCATED, mac(letter)) for letter in "aabb"]
    assert infected(places, named("a", "b")).machines == Range(2, 2)


def test_two_devices_of_one_name_are_one_or_two() -> None:
    found = devices(leases("192.168.1.7", mac("a"), DAYS, "pc"), leases("192.168.1.8", mac("b"), DAYS, "pc"))
    assert infected([placed(LOCATED, mac("a")), placed(LOCATED, mac("b"))], found).machines == Range(1, 2)


def test_devices_without_a_name_may_be_two_cards_of_one() -> None:
    """Three named machines, and five nameless cards: three may belong to the named ones, two to one other."""
    nameless = "vwxyz"
    found = devices(
        [one for letter in "abc" for one in leases("192.168.1.7", mac(letter), DAYS, f"pc-{letter}")],
        [one for letter in nameless for one in leases("192.168.1.8", mac(letter), DAYS)],
    )
    places = [placed(LOCATED, mac(letter)) for letter in f"abc{nameless}"]
    assert infected(places, found).machines == Range(4, 8)


def test_a_doubtful_sign_counts_unless_a_counted_machine_explains_it() -> None:
    found = named("a", "b")
    day = Key("addressday", "192.168.1.7 2026-03-02")
    explained = [placed(LOCATED, mac("a")), placed(UNLOCATED, day, mac("a"), mac("b"))]
    assert infected(explained, found) == Figures(Range(1, 1), 0, 1)
    strange = [placed(LOCATED, mac("a")), placed(UNLOCATED, day, mac("b")), placed(WEAK, day)]
    assert infected(strange, found) == Figures(Range(1, 2), 0, 1)


def test_a_shared_address_is_at_least_one_and_at_most_those_behind_it() -> None:
    found = named("a", "b", "c")
    address = Key("shared", "203.0.113.9")
    behind = mac("a"), mac("b"), mac("c")
    assert infected([placed(SHARED, address, *behind)] * 2, found) == Figures(Range(1, 2), 1, 0)
    assert infected([placed(SHARED, address, *behind)] * 9, found) == Figures(Range(1, 3), 1, 0)
    assert infected([placed(SHARED, address)] * 9, found) == Figures(Range(1, 1), 1, 0)


def test_an_inferred_machine_is_not_proven() -> None:
    places = [placed(LOCATED, mac("a")), placed(INFERRED, mac("b"))]
    assert infected(places, named("a", "b")).machines == Range(1, 2)


def test_random_addresses_in_turn_under_one_name_are_at_most_one_machine() -> None:
    evidence: list[list[Evidence]] = [
        leases("192.168.1.7", random_mac("r"), "03-02", "pc-r"),
        leases("192.168.1.7", random_mac("s"), "03-03", "pc-r"),
    ]
    places = [placed(LOCATED, random_mac("r")), placed(LOCATED, random_mac("s"))]
    assert infected(places, devices(*evidence)).machines == Range(1, 1)
    at_once = [*evidence, leases("192.168.1.8", random_mac("s"), "03-02", "pc-r")]
    assert infected(places, devices(*at_once)).machines == Range(1, 2)


def test_nothing_seen_is_nothing() -> None:
    assert infected([], named("a")) == Figures(Range(0, 0), 0, 0)


def test_the_denominator() -> None:
    """Computers confirmed or seen on three days; visitors, phones, printers and random addresses apart."""
    found = known(
        devices(
            leases("192.168.1.7", mac("a"), DAYS, "pc-a"),
            leases("192.168.1.8", mac("b"), "03-02 03-03", "pc-b"),
            leases("192.168.1.9", mac("c"), "03-02", "pc-c"),
            decided("confirmed", mac("c"), machine="pc"),
            leases("192.168.1.10", mac("p"), DAYS, "may-in"),
            seen(mac("p"), on="03-01 08:00", kind="printer"),
            leases("192.168.1.11", random_mac("r"), DAYS, "iphone-ha"),
            seen(hardware("x"), mac("x"), on="03-01 08:00", kind="pc"),
            leases("192.168.1.12", mac("o"), DAYS, "pc-o"),
            decided("retired", mac("o")),
        )
    )
    assert found.computers == Range(2, 2)
    assert (found.visitors, found.apart, found.random) == (2, 1, 1)


def test_days_of_logs_count_as_well() -> None:
    found = devices(seen(mac("a"), host("pc-a"), on="03-02 08:00"))
    assert known(found).computers == Range(0, 0)
    assert known(found, {mac("a"): (20_000, 20_001)}).computers == Range(1, 1)


PORTS = range(40_000, 40_030)


def translated(begin: str, end: str) -> list[Binding]:
    return [nat("203.0.113.9", port, mac("a"), begin, end) for port in PORTS]


SIGNS = [sign("203.0.113.9", "03-02 09:00", port=port) for port in PORTS]
BOTH = Pair("", "dns", "", "asa")


def test_the_clocks_of_a_log_and_a_table_of_translations() -> None:
    """The firewall's clock is eight minutes ahead: its rows begin ten seconds before the line, less that."""
    table = translated("03-02 09:07:50", "03-02 09:08:50")
    clocks = differences(SIGNS, table)
    assert clocks == {BOTH: Difference(470_000_000, 30)}
    locator = Locator(table, devices(*table), clocks=clocks)
    assert locator.place(SIGNS[0])[:2] == (LOCATED, mac("a"))
    assert located(SIGNS[0], *table).status == SHARED
    assert differences(SIGNS[:5], table) == {}
    # A log may not tell the protocol; a table of another unit's network is not compared.
    bare = [one._replace(protocol="") for one in SIGNS]
    assert differences(bare, table) == clocks
    other = [one._replace(scope="t/x2/") for one in table]
    assert differences([one._replace(scope="t/x1/") for one in SIGNS], other) == {}


def test_clocks_that_agree_are_known_only_by_short_translations() -> None:
    assert differences(SIGNS, translated("03-02 08:59:50", "03-02 09:00:50")) == {BOTH: Difference(0, 30)}
    assert differences(SIGNS, translated("03-02 08:59:50", "03-02 10:00")) == {}
