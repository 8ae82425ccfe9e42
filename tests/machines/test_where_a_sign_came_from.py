"""A sign and the machine behind its address: every hard case of docs/adr/0034, by hand."""

from __future__ import annotations

import pytest

from quetsach.machines.evidence import Key
from quetsach.machines.identity.figures import Range, infected
from quetsach.machines.identity.locating import Locator
from tests.machines.evidence_words import (
    devices,
    fixed,
    hardware,
    host,
    lease,
    leases,
    located,
    mac,
    nat,
    neighbour,
    random_mac,
    seen,
    sign,
)

A, B = mac("a"), mac("b")


def test_the_lease_in_force_at_that_second() -> None:
    table = [
        *lease("192.168.1.7", A, "03-02 08:00", "03-02 12:00"),
        *lease("192.168.1.7", B, "03-02 13:00", "03-02 17:00"),
    ]
    for on, device in (("03-02 09:00", A), ("03-02 15:00", B)):
        found = located(sign("192.168.1.7", on), table)
        assert (found.status, found.device, found.why) == ("located", device, "lease")


def test_two_leases_that_cover_the_second_are_both_named() -> None:
    table = [
        *lease("192.168.1.7", A, "03-02 08:00", "03-02 17:00"),
        *lease("192.168.1.7", B, "03-02 12:00", "03-02 17:00"),
    ]
    found = located(sign("192.168.1.7", "03-02 13:00"), table)
    assert (found.status, found.candidates, found.why) == ("unlocated", (A, B), "two at once")


@pytest.mark.parametrize(("on", "device"), [
    ("03-02 11:57:59", A), ("03-02 11:58:01", None), ("03-02 12:00:00", None), ("03-02 12:01:59", None),
    ("03-02 12:02:01", B),
])  # fmt: skip
def test_within_two_minutes_of_a_handover_both_are_named(on: str, device: Key | None) -> None:
    table = [
        *lease("192.168.1.7", A, "03-02 08:00", "03-02 12:00"),
        *lease("192.168.1.7", B, "03-02 12:00", "03-02 17:00"),
    ]
    found = located(sign("192.168.1.7", on), table)
    if device is None:
        assert (found.status, found.candidates, found.why) == ("unlocated", (A, B), "two at once")
    else:
        assert (found.status, found.device) == ("located", device)


def test_hits_that_run_on_into_the_next_lease_name_both() -> None:
    table = [
        *lease("192.168.1.7", A, "03-02 08:00", "03-02 12:00"),
        *lease("192.168.1.7", B, "03-02 12:00", "03-02 17:00"),
    ]
    found = located(sign("192.168.1.7", "03-02 11:00", until="03-02 13:00"), table)
    assert (found.status, found.candidates) == ("unlocated", (A, B))


def test_between_two_leases_of_one_machine_it_is_that_machine_and_marked() -> None:
    table = leases("192.168.1.7", A, "03-02 03-03")
    found = located(sign("192.168.1.7", "03-02 18:00"), table)
    assert (found.status, found.device, found.why) == ("inferred", A, "between its leases")


def test_between_leases_of_two_machines_both_are_named() -> None:
    table = [*leases("192.168.1.7", A, "03-02"), *leases("192.168.1.7", B, "03-03")]
    found = located(sign("192.168.1.7", "03-02 18:00"), table)
    assert (found.status, found.candidates, found.why) == ("unlocated", (A, B), "no lease covers it")


def test_after_the_last_lease_the_machine_is_only_named() -> None:
    found = located(sign("192.168.1.7", "03-02 18:00"), leases("192.168.1.7", A, "03-02"))
    assert (found.status, found.candidates) == ("unlocated", (A,))
    assert found.device == Key("addressday", "192.168.1.7 2026-03-02")


def test_a_machine_that_was_elsewhere_then_is_not_inferred() -> None:
    table = [
        *leases("192.168.1.7", A, "03-02 03-03"),
        *lease("192.168.1.50", A, "03-02 17:30", "03-02 19:00"),
    ]
    assert located(sign("192.168.1.7", "03-02 18:00"), table).status == "unlocated"


def test_without_a_table_one_weak_machine_for_each_address_and_day() -> None:
    found = [located(sign("192.168.1.7", on)) for on in ("03-02 08:00", "03-02 15:00", "03-03 08:00")]
    assert [one.status for one in found] == ["weak"] * 3
    assert found[0].device == found[1].device != found[2].device


def test_two_neighbour_readings_of_one_machine_place_what_lies_between() -> None:
    table = [neighbour("192.168.1.7", A, "03-02 08:00"), neighbour("192.168.1.7", A, "03-02 13:00")]
    found = located(sign("192.168.1.7", "03-02 10:00"), table)
    assert (found.status, found.device) == ("inferred", A)


def test_a_later_file_knows_that_a_lease_was_given_back() -> None:
    """Both files tell the same lease; the later one has its true end."""
    early = lease("192.168.1.7", A, "03-02 08:00", "03-02 17:00")
    late = lease("192.168.1.7", A, "03-02 08:00", "03-02 10:00")
    next_one = lease("192.168.1.7", B, "03-02 11:00", "03-02 17:00")
    for table in (early + late + next_one, next_one + late + early):
        assert located(sign("192.168.1.7", "03-02 13:00"), table).device == B


# --- what the line itself says ---


def test_the_lines_own_hardware_address_beats_the_lease() -> None:
    found = located(sign("192.168.1.7", "03-02 09:00", B), leases("192.168.1.7", A, "03-02"))
    assert (found.status, found.device, found.why) == ("located", B, "named in the line")


def test_two_names_in_one_line_that_are_two_machines_are_both_named() -> None:
    found = located(sign("192.168.1.7", "03-02 09:00", A, hardware("u")), seen(A, on="03-02 08:00"))
    assert (found.status, found.candidates) == ("unlocated", (hardware("u"), A))


def test_a_host_name_in_the_line_is_a_machine_of_that_name_and_not_counted_twice() -> None:
    evidence = [seen(A, host("pc-a"), on="03-02 08:00")]
    found = devices(evidence)
    places = [Locator([], found).place(sign("192.168.1.7", "03-02 09:00", key)) for key in (host("pc-a"), A)]
    assert [one.device for one in places] == [host("pc-a"), A]
    assert infected(places, found).machines == Range(1, 2)


def test_a_domain_name_in_the_line_is_no_dhcp_name() -> None:
    """No source bound the whole name to a card: one machine or two."""
    found = devices([seen(A, host("pc01"), on="03-02 08:00")])
    name = Key("domainhost", "pc01.xa.example.vn")
    places = [Locator([], found).place(sign("192.168.1.7", "03-02 09:00", key)) for key in (name, A)]
    assert [one.device for one in places] == [name, A]
    assert infected(places, found).machines == Range(1, 2)


def test_a_private_domain_name_in_the_provinces_log_is_that_of_the_only_commune_that_has_it() -> None:
    name = Key("domainhost", "pc01.ubnd.local")
    one = seen(A, name, on="03-02 08:00", scope="t/x1/")
    other = seen(B, name, on="03-02 08:00", scope="t/x2/")
    line = sign("192.168.1.7", "03-02 09:00", name, scope="t/")
    assert located(line, one).device == A
    assert located(line, one, other).candidates == (A, B)
    assert located(line._replace(scope="u/"), one).device == Key("domainhost", "u/ pc01.ubnd.local")


# --- docks and clones ---


def test_at_a_dock_the_name_of_the_lease_decides() -> None:
    dock = mac("d")
    evidence = [
        *leases("192.168.1.7", A, "03-01", "pc-a"), *leases("192.168.1.8", B, "03-01", "pc-b"),
        *leases("192.168.1.20", dock, "03-02", "pc-a"), *leases("192.168.1.20", dock, "03-03", "pc-b"),
        *leases("192.168.1.20", dock, "03-04", "pc-a"), *leases("192.168.1.20", dock, "03-05"),
    ]  # fmt: skip
    for day, device in (("03-02", A), ("03-03", B), ("03-04", A)):
        found = located(sign("192.168.1.20", f"{day} 09:00"), evidence)
        assert (found.status, found.device, found.why) == ("located", device, "name of the lease")
    nameless = located(sign("192.168.1.20", "03-05 09:00"), evidence)
    assert (nameless.status, nameless.candidates, nameless.why) == ("unlocated", (A, B), "its names return")


def test_a_virtual_machine_is_known_by_the_name_of_its_lease() -> None:
    card = Key("mac", "00-15-5d-01-02-03")
    table = [
        *leases("192.168.1.7", card, "03-02", "may-ao-1"),
        *leases("192.168.1.7", card, "03-03", "may-ao-2"),
    ]
    found = [located(sign("192.168.1.7", f"{day} 09:00"), table) for day in ("03-02", "03-03")]
    assert [(one.status, one.device) for one in found] == [
        ("located", host("may-ao-1")),
        ("located", host("may-ao-2")),
    ]


def test_a_clone_is_known_within_its_unit() -> None:
    evidence = [
        *leases("192.168.1.7", A, "03-02 03-03 03-04", scope="t/x1/"),
        *leases("192.168.1.7", A, "03-02 03-03 03-04", scope="t/x2/"),
    ]
    found = devices(evidence)
    locator = Locator([one for one in evidence if hasattr(one, "address")], found)
    places = [locator.place(sign("192.168.1.7", "03-02 09:00", scope=scope)) for scope in ("t/x1/", "t/x2/")]
    assert [one.status for one in places] == ["located", "located"]
    assert places[0].device != places[1].device
    assert infected(places, found).machines == Range(1, 2)


def test_a_random_address_is_a_weak_machine_until_a_source_says_whose_it_is() -> None:
    table = leases("192.168.1.7", random_mac("r"), "03-02")
    found = located(sign("192.168.1.7", "03-02 09:00"), table)
    assert (found.status, found.device) == ("located", random_mac("r"))
    known = located(
        sign("192.168.1.7", "03-02 09:00"), table, seen(hardware("u"), random_mac("r"), on="03-05 08:00")
    )
    assert (known.status, known.device) == ("located", hardware("u"))


# --- IPv6 ---


def test_the_hardware_address_within_an_ipv6_address() -> None:
    found = located(sign("2001:db8:1:2:200:5eff:fe00:5361", "03-02 09:00"), seen(A, on="03-01 08:00"))
    assert (found.status, found.device, found.why) == ("located", A, "within the address")


def test_a_temporary_ipv6_address_by_the_neighbour_table() -> None:
    table = neighbour("2001:db8:1:2:8d1f:33aa:1:9", A, "03-02 08:00")
    found = located(sign("2001:db8:1:2:8d1f:33aa:1:9", "03-02 15:00"), table)
    assert (found.status, found.device, found.why) == ("inferred", A, "temporary address")


def test_without_a_table_one_weak_machine_for_each_64_bit_prefix_and_day() -> None:
    found = [located(sign(address, on)) for address, on in (
        ("2001:db8:1:2:8d1f:33aa:1:9", "03-02 08:00"), ("2001:db8:1:2:11:22:33:44", "03-02 15:00"),
        ("2001:db8:1:2:11:22:33:44", "03-03 08:00"), ("2001:db8:1:3:11:22:33:44", "03-03 08:00"),
    )]  # fmt: skip
    assert [one.status for one in found] == ["weak"] * 4
    assert len({one.device for one in found}) == 3
    assert found[0].device == found[1].device == Key("addressday", "2001:db8:1:2::/64 2026-03-02")


# --- the register ---


def test_a_fixed_address_of_the_register() -> None:
    found = located(sign("192.168.1.7", "03-02 09:00"), fixed("192.168.1.7", A, "01-01 00:00", "12-31 00:00"))
    assert (found.status, found.device, found.why) == ("located", A, "register")


def test_the_lease_wins_and_the_register_is_contradicted() -> None:
    entry = fixed("192.168.1.7", A, "01-01 00:00", "12-31 00:00")
    evidence = [entry, *leases("192.168.1.7", B, "03-02")]
    found = devices(evidence)
    locator = Locator([one for one in evidence if hasattr(one, "address")], found)
    at_lease = locator.place(sign("192.168.1.7", "03-02 09:00"))
    assert (at_lease.status, at_lease.device) == ("located", B)
    assert locator.contradicted() == [entry]
    later = locator.place(sign("192.168.1.7", "06-02 09:00"))
    assert (later.status, later.candidates, later.why) == ("unlocated", (A, B), "register contradicted")


# --- whose address ---


def test_private_addresses_count_in_the_unit_and_below() -> None:
    table = [
        *leases("192.168.1.7", A, "03-02", scope="t/x1/"),
        *leases("192.168.1.7", B, "03-02", scope="t/x2/"),
    ]
    assert located(sign("192.168.1.7", "03-02 09:00", scope="t/x1/"), table).device == A
    assert located(sign("192.168.1.7", "03-02 09:00", scope="t/x2/"), table).device == B
    assert located(sign("192.168.1.7", "03-02 09:00", scope="t/x3/"), table).status == "weak"


def test_the_provinces_table_counts_in_its_communes() -> None:
    table = leases("10.5.1.7", A, "03-02", scope="t/")
    assert located(sign("10.5.1.7", "03-02 09:00", scope="t/x1/"), table).device == A


def test_the_communes_table_serves_the_provinces_log_unless_two_communes_tie() -> None:
    one, two = leases("10.5.1.7", A, "03-02", scope="t/x1/"), leases("10.5.1.7", B, "03-02", scope="t/x2/")
    assert located(sign("10.5.1.7", "03-02 09:00", scope="t/"), one).device == A
    tie = located(sign("10.5.1.7", "03-02 09:00", scope="t/"), one, two)
    assert (tie.status, tie.candidates) == ("unlocated", (A, B))


def test_an_office_with_leases_of_its_own_never_takes_those_of_the_office_above_or_below() -> None:
    """Both use 192.168.1.0/24. A lease of one is lost, and the other's covers the second."""
    above, below = (
        leases("192.168.1.7", A, "03-02", scope="t/x8/"),
        leases("192.168.1.8", B, "03-02", scope="t/x8/x9/"),
    )
    assert located(sign("192.168.1.7", "03-02 09:00", scope="t/x8/x9/"), above, below).status == "weak"
    assert located(sign("192.168.1.8", "03-02 09:00", scope="t/x8/"), above, below).status == "weak"


def test_of_two_communes_with_one_network_the_province_names_who_had_the_address() -> None:
    """The other commune's lease may be lost: nobody picks."""
    one, two = (
        leases("192.168.1.7", A, "03-02", scope="t/x1/"),
        leases("192.168.1.8", B, "03-02", scope="t/x2/"),
    )
    found = located(sign("192.168.1.7", "03-02 09:00", scope="t/"), one, two)
    assert (found.status, found.candidates, found.why) == ("unlocated", (A,), "several offices")


def test_an_office_with_a_neighbour_table_still_takes_the_leases_of_the_central_server() -> None:
    table = [
        *leases("10.5.1.7", A, "03-02", scope="t/"),
        neighbour("10.5.1.9", B, "03-02 08:00", scope="t/x1/"),
    ]
    assert located(sign("10.5.1.7", "03-02 09:00", scope="t/x1/"), table).device == A


def test_a_unit_whose_path_begins_alike_is_another_unit() -> None:
    table = leases("192.168.1.7", A, "03-02", scope="t/x1/")
    assert located(sign("192.168.1.7", "03-02 09:00", scope="t/x11/"), table).status == "weak"


# --- shared addresses ---


def test_a_public_address_is_shared_and_opened_by_port_and_second_only() -> None:
    table = nat("203.0.113.9", 40001, A, "03-02 09:00", "03-02 09:01")
    opened = located(sign("203.0.113.9", "03-02 09:00:30", port=40001), table)
    assert (opened.status, opened.device, opened.why) == ("located", A, "translation")
    for closed in (
        sign("203.0.113.9", "03-02 09:00:30"),
        sign("203.0.113.9", "03-02 09:00:30", port=40002),
        sign("203.0.113.9", "03-02 10:00:30", port=40001),
        sign("203.0.113.9", "03-02 09:00:30", port=40001, protocol="udp"),
    ):
        found = located(closed, table)
        assert (found.status, found.device) == ("shared", Key("shared", "203.0.113.9"))


def test_a_translation_to_a_private_address_leads_on_to_its_lease() -> None:
    """Firewalls tell the inner address, not the card."""
    inner = nat("203.0.113.9", 40001, Key("address", "192.168.1.7"), "03-02 09:00", "03-02 09:01", "t/x1/")
    table = leases("192.168.1.7", A, "03-02", scope="t/x1/")
    found = located(sign("203.0.113.9", "03-02 09:00:30", port=40001, scope="t/"), inner, table)
    assert (found.status, found.device, found.why) == ("located", A, "translation")


def test_an_address_that_is_translated_as_a_whole_is_one_machine() -> None:
    whole = nat("203.0.113.20", 0, Key("address", "192.168.1.7"), "03-01 00:00", "03-30 00:00", "t/x1/")
    table = leases("192.168.1.7", A, "03-02", scope="t/x1/")
    for port in (0, 40001):
        found = located(
            sign("203.0.113.20", "03-02 09:00", port=port, scope="t/"), whole._replace(protocol=""), table
        )
        assert (found.status, found.device) == ("located", A)


def test_an_address_known_as_shared_is_no_machine_even_where_it_is_private() -> None:
    found = located(sign("192.168.1.1", "03-02 09:00"), shared=frozenset({"192.168.1.1"}))
    assert found.status == "shared"


def test_a_public_address_with_a_lease_of_its_own_is_a_machine() -> None:
    assert located(sign("203.0.113.9", "03-02 09:00"), leases("203.0.113.9", A, "03-02")).device == A
