"""Devices from evidence: every hard case that the decision on machines names (docs/adr/0034), by hand."""

from __future__ import annotations

import pytest

from quetsach.machines.evidence import IDENTIFYING, Key
from quetsach.machines.identity.figures import Range, infected
from tests.machines.evidence_words import (
    at,
    decided,
    devices,
    hardware,
    host,
    lease,
    leases,
    mac,
    parts,
    random_mac,
    seen,
)

NAMES = {
    "domainhost": "pc01.xa.example.vn",
    "mac": "00-00-5e-00-53-01",
    "adsid": "S-1-5-21-1-2-3-1104",
    "hardware": "4c4c4544-0000-1000-8000-000000000001",
}


@pytest.mark.parametrize("kind", IDENTIFYING)
def test_each_identifying_key_makes_one_machine_of_two_claims(kind: str) -> None:
    key = Key(kind, NAMES.get(kind, "5cd1234abc"))
    other = hardware("u") if kind == "mac" else mac("b")
    found = devices(seen(key, mac("a"), on="03-02 08:00"), seen(key, other, on="03-02 09:00"),
                    seen(key, mac("a"), on="03-02 10:00"))  # fmt: skip
    assert [key in device.keys for device in found.all] == [True]
    assert {mac("a"), other} <= set(found.all[0].keys)
    assert found.questions == ()


@pytest.mark.parametrize("key", [host("pc-ke-toan"), random_mac("r"), Key("user", "ha.nt")])
def test_a_name_a_random_address_and_a_user_never_make_one_machine_of_two(key: Key) -> None:
    found = devices(seen(key, mac("a"), on="03-02 08:00"), seen(key, mac("b"), on="03-02 09:00"),
                    seen(key, mac("a"), on="03-02 10:00"))  # fmt: skip
    assert parts(found) == [{mac("a")}, {mac("b")}]


def test_a_merge_tells_its_reason() -> None:
    found = devices(seen(hardware("u"), mac("a"), on="03-02 08:00", source="check-7"))
    assert [(one.why, one.keys, one.at, one.source) for one in found.all[0].reasons] == [
        ("claimed together", (hardware("u"), mac("a")), at("03-02 08:00"), "check-7")
    ]


# --- one hardware address in two units ---


def test_moved() -> None:
    """A machine with one card in two communes, weeks apart, is one machine, at home in each in turn."""
    found = devices(
        leases("192.168.1.7", mac("a"), "03-02 03-03 03-04", scope="t/x1/"),
        leases("192.168.1.9", mac("a"), "03-23 03-24", scope="t/x2/"),
    )
    assert parts(found) == [{mac("a")}]
    (device,) = found.all
    assert [(home.scope, home.begin) for home in device.homes] == [
        ("t/x1/", at("03-02 08:00")),
        ("t/x2/", at("03-23 08:00")),
    ]
    assert [(event.what, event.at, event.said) for event in device.events] == [
        ("moved", at("03-23 08:00"), ("t/x1/", "t/x2/"))
    ]


def test_a_lease_that_still_runs_where_the_machine_left_is_no_clone() -> None:
    found = devices(
        lease("192.168.1.7", mac("a"), "03-02 08:00", "03-10 08:00", scope="t/x1/"),
        lease("192.168.1.9", mac("a"), "03-03 13:00", "03-11 13:00", scope="t/x2/"),
    )
    assert parts(found) == [{mac("a")}]
    assert not found.doubts


def test_cloned_in_two_units_at_once() -> None:
    found = devices(
        leases("192.168.1.7", mac("a"), "03-02 03-03 03-04", "pc-1", "t/x1/"),
        leases("192.168.1.7", mac("a"), "03-02 03-03 03-04", "pc-2", "t/x2/"),
    )
    assert found.doubts[mac("a")].why == "at once in two units"
    assert len(found.all) == 2
    assert found.holders(mac("a"), "t/x1/") != found.holders(mac("a"), "t/x2/")


def test_one_office_below_the_other_is_no_second_place() -> None:
    """The province's own DHCP server sees the commune's machine as well."""
    found = devices(
        leases("10.1.1.7", mac("a"), "03-02 03-03 03-04", scope="t/"),
        leases("10.1.1.7", mac("a"), "03-02 03-03 03-04", scope="t/x2/"),
    )
    assert parts(found) == [{mac("a")}]
    assert not found.doubts and not found.all[0].events


def test_a_random_address_in_two_units_may_be_one_machine_that_moved() -> None:
    found = devices(
        leases("192.168.1.7", random_mac("r"), "03-02", "pc-r", scope="t/x1/"),
        leases("192.168.1.7", random_mac("r"), "03-23", "pc-r", scope="t/x2/"),
    )
    assert len(found.all) == 2
    assert len(set(found.groups.values())) == 1


# --- docks ---


def test_names_that_return_make_a_dock() -> None:
    found = devices(
        seen(mac("a"), host("pc-a"), on="03-01 08:00"),
        seen(mac("b"), host("pc-b"), on="03-01 08:00"),
        seen(mac("d"), host("pc-a"), on="03-02 08:00"),
        seen(mac("d"), host("pc-b"), on="03-03 08:00"),
        seen(mac("d"), host("pc-a"), on="03-04 08:00"),
    )
    assert found.doubts[mac("d")].why == "its names return"
    assert parts(found) == [{mac("a")}, {mac("b")}]


def test_a_name_that_lives_on_elsewhere_makes_a_dock_as_well() -> None:
    found = devices(
        seen(mac("d"), host("pc-a"), on="03-02 08:00"),
        seen(mac("d"), host("pc-b"), on="03-03 08:00"),
        seen(mac("a"), host("pc-a"), on="03-04 08:00"),
    )
    assert found.doubts[mac("d")].why == "its names return"


def test_a_later_name_that_another_card_brought_along_makes_a_dock_as_well() -> None:
    found = devices(
        seen(mac("b"), host("pc-b"), on="03-01 08:00", kind="pc"),
        seen(Key("agent", "agent-a"), mac("a"), host("pc-a"), on="03-02 08:00"),
        seen(Key("agent", "agent-a"), mac("d"), host("pc-a"), on="03-02 10:00"),
        seen(Key("agent", "agent-a"), mac("a"), host("pc-a"), on="03-03 08:00"),
        seen(hardware("v"), mac("b"), mac("d"), host("pc-b"), on="03-04 08:00"),
    )
    assert mac("d") in found.doubts
    assert parts(found) == [{hardware("v"), mac("b")}, {mac("a"), Key("agent", "agent-a")}]


def test_one_card_on_two_mainboards_is_a_dock() -> None:
    found = devices(
        seen(hardware("u"), mac("a"), mac("d"), on="03-02 08:00"),
        seen(hardware("v"), mac("b"), mac("d"), on="03-03 08:00"),
    )
    assert found.doubts[mac("d")].why == "on two machines"
    assert parts(found) == [{hardware("u"), mac("a")}, {hardware("v"), mac("b")}]


def test_a_renamed_machine_is_no_dock() -> None:
    """Also where a second source with a clock ten minutes late still tells the old name."""
    found = devices(
        seen(mac("a"), host("desktop-1"), on="03-02 08:00"),
        seen(mac("a"), host("pc-a"), on="03-03 08:00"),
        seen(mac("a"), host("desktop-1"), on="03-03 08:09", source="late clock"),
        seen(mac("a"), host("pc-a"), on="03-04 08:00"),
    )
    assert not found.doubts
    assert [event.what for event in found.all[0].events] == ["reinstalled"]


# --- one name, several cards ---


def test_one_domain_name_with_two_cards_in_turn_is_one_machine() -> None:
    name = Key("domainhost", "pc01.xa.example.vn")
    found = devices(
        seen(name, mac("a"), on="03-02 08:00"),
        seen(name, mac("b"), on="03-02 13:00"),
        seen(name, mac("a"), on="03-03 08:00"),
    )
    assert parts(found) == [{name, mac("a"), mac("b")}]


def test_one_dhcp_name_with_two_cards_in_turn_is_one_or_two_machines() -> None:
    found = devices(
        seen(host("pc-1"), mac("a"), on="03-02 08:00"),
        seen(host("pc-1"), mac("b"), on="03-02 13:00"),
        seen(host("pc-1"), mac("a"), on="03-03 08:00"),
    )
    assert parts(found) == [{mac("a")}, {mac("b")}]
    assert len(set(found.groups.values())) == 1


@pytest.mark.parametrize("kind", ["domainhost", "host", "adsid"])
def test_one_name_with_all_cards_new_is_asked(kind: str) -> None:
    name = Key(kind, {"domainhost": "pc01.xa.example.vn", "host": "pc01"}.get(kind, "S-1-5-21-1-2-3-1104"))
    evidence = [
        seen(name, mac("a"), on="03-02 08:00"),
        seen(name, mac("a"), on="03-03 08:00"),
        seen(name, mac("b"), on="03-10 08:00"),
        seen(name, mac("b"), on="03-11 08:00"),
    ]
    found = devices(*evidence)
    assert found.holders(mac("a")) != found.holders(mac("b"))
    (asked,) = found.questions
    assert (asked.what, asked.left, asked.right) == ("replaced or a new card", mac("a"), mac("b"))
    assert (asked.name, asked.at) == (name, at("03-10 08:00"))

    new_card = devices(*evidence, decided("same", mac("a"), mac("b")))
    assert new_card.holders(mac("a")) == new_card.holders(mac("b"))
    assert new_card.questions == ()

    replaced = devices(*evidence, decided("replaced", mac("a"), mac("b"), on="03-12 09:00"))
    assert replaced.holders(mac("a")) != replaced.holders(mac("b"))
    assert replaced.questions == ()
    assert [(d.id, [e.what for e in d.events]) for d in replaced.all] == [
        (mac("a"), ["replaced by"]),
        (mac("b"), ["replaces"]),
    ]


def test_a_name_leads_to_the_machine_that_bore_it_then() -> None:
    name = Key("domainhost", "pc01.xa.example.vn")
    found = devices(
        seen(name, mac("a"), on="03-02 08:00"),
        seen(name, mac("a"), on="03-03 08:00"),
        seen(name, mac("b"), on="03-10 08:00"),
    )
    assert found.holders(name, at=at("03-03 07:00")) == (mac("a"),)
    assert found.holders(name, at=at("03-10 09:00")) == (mac("b"),)
    assert found.holders(name, at=at("03-06 08:00")) == (mac("a"), mac("b"))


def test_another_mainboard_under_the_same_name_is_another_machine_without_a_question() -> None:
    name = Key("domainhost", "pc01.xa.example.vn")
    found = devices(
        seen(name, hardware("u"), mac("a"), on="03-02 08:00"),
        seen(name, hardware("v"), mac("b"), on="03-10 08:00"),
    )
    assert found.questions == ()
    assert [(d.id, [e.what for e in d.events]) for d in found.all] == [
        (hardware("u"), ["replaced by"]),
        (hardware("v"), ["replaces"]),
    ]


def test_one_name_on_two_mainboards_at_once_identifies_neither() -> None:
    name = Key("domainhost", "pc01.xa.example.vn")
    found = devices(
        seen(name, hardware("u"), on="03-02 08:00"),
        seen(name, hardware("v"), on="03-02 09:00"),
        seen(name, hardware("u"), on="03-03 08:00"),
    )
    assert found.doubts[name].why == "on two machines"
    assert parts(found) == [{hardware("u")}, {hardware("v")}]


# --- reinstalled, cloned, virtual ---


def test_reinstalled_stays_the_same_machine() -> None:
    found = devices(
        seen(hardware("u"), mac("a"), Key("agent", "ag-1"), on="03-02 08:00"),
        seen(hardware("u"), mac("a"), Key("agent", "ag-2"), on="03-09 08:00"),
    )
    assert len(found.all) == 1
    assert [(event.what, event.at) for event in found.all[0].events] == [("reinstalled", at("03-09 08:00"))]


def test_a_cloned_image_identifies_no_machine() -> None:
    """One UUID with two cards at once, under two names."""
    found = devices(
        seen(hardware("u"), mac("a"), host("pc-a"), on="03-02 08:00"),
        seen(hardware("u"), mac("b"), host("pc-b"), on="03-02 09:00"),
        seen(hardware("u"), mac("a"), host("pc-a"), on="03-03 08:00"),
    )
    assert hardware("u") in found.doubts
    assert parts(found) == [{mac("a")}, {mac("b")}]


def test_one_uuid_with_the_cards_of_a_laptop_is_one_machine() -> None:
    found = devices(
        seen(hardware("u"), mac("a"), host("pc-a"), on="03-02 08:00"),
        seen(hardware("u"), mac("b"), host("pc-a"), on="03-02 09:00"),
        seen(hardware("u"), mac("a"), host("pc-a"), on="03-03 08:00"),
    )
    assert parts(found) == [{hardware("u"), mac("a"), mac("b")}]


@pytest.mark.parametrize(
    "key",
    [
        Key("mac", "00-15-5d-01-02-03"),
        Key("mac", "00-0c-29-01-02-03"),
        Key("mac", "00-00-5e-00-01-0a"),
        Key("hardware", "03000200-0400-0500-0006-000700080009"),
        Key("serial", "TO BE FILLED BY O.E.M."),
    ],
)
def test_what_many_machines_share_by_make_identifies_none(key: Key) -> None:
    found = devices(seen(key, mac("a"), on="03-02 08:00"), seen(key, mac("b"), on="03-02 08:00"))
    assert parts(found) == [{mac("a")}, {mac("b")}]


def test_a_card_with_many_addresses_at_once_is_a_router() -> None:
    from tests.machines.evidence_words import neighbour

    table = [neighbour(f"192.168.1.{number}", mac("r"), "03-02 08:00") for number in range(1, 12)]
    found = devices(*table, seen(mac("r"), mac("a"), on="03-02 08:00"))
    assert found.doubts[mac("r")].why == "many addresses at once"


# --- where a key counts ---


def test_private_names_count_in_the_unit_and_below() -> None:
    """pc01.ubnd.local of two communes are two machines; the province's directory meets each commune's."""
    name = Key("domainhost", "pc01.ubnd.local")
    communes = [
        seen(name, mac("a"), on="03-02 08:00", scope="t/x1/"),
        seen(name, mac("b"), on="03-02 09:00", scope="t/x2/"),
        seen(name, mac("a"), on="03-03 08:00", scope="t/x1/"),
    ]
    found = devices(*communes)
    assert found.holders(mac("a")) != found.holders(mac("b"))
    one = devices(communes[0], seen(name, hardware("u"), on="03-02 10:00", scope="t/"), communes[2])
    assert one.holders(mac("a")) == one.holders(hardware("u"))


# --- decisions ---


def test_a_persons_word_beats_the_rules() -> None:
    evidence = seen(hardware("u"), mac("a"), on="03-02 08:00")
    found = devices(evidence, decided("different", hardware("u"), mac("a")))
    assert parts(found) == [{hardware("u")}, {mac("a")}]
    dock = [seen(mac("d"), host(name), on=f"03-0{day} 08:00") for day, name in enumerate(("a", "b", "a"), 1)]
    assert mac("d") in devices(*dock).doubts
    kept = devices(*dock, decided("same", mac("d"), hardware("u")))
    assert mac("d") not in kept.doubts
    assert parts(kept) == [{hardware("u"), mac("d")}]


def test_the_higher_unit_beats_the_lower() -> None:
    low = decided("same", mac("a"), mac("b"), on="04-02 08:00", rank=3)
    high = decided("different", mac("a"), mac("b"), on="04-01 08:00", rank=1)
    found = devices(low, high, seen(mac("a"), on="03-02 08:00"), seen(mac("b"), on="03-02 08:00"))
    assert parts(found) == [{mac("a")}, {mac("b")}]
    assert found.overruled == (low,)


def test_of_one_level_the_later_word_counts() -> None:
    first = decided("same", mac("a"), mac("b"), on="04-01 08:00")
    later = decided("different", mac("a"), mac("b"), on="04-02 08:00")
    both = seen(mac("a"), on="03-02 08:00"), seen(mac("b"), on="03-02 08:00")
    assert len(devices(*both, first, later).all) == 2


def test_a_withdrawn_decision_leaves_no_trace() -> None:
    evidence = seen(hardware("u"), mac("a"), on="03-02 08:00")
    cut = decided("different", hardware("u"), mac("a"), id="7")
    back = decided("withdrawn", hardware("u"), on="04-02 08:00", withdraws="7")
    assert devices(evidence, cut, back) == devices(evidence)
    again = decided("withdrawn", hardware("u"), on="04-03 08:00", withdraws="8")
    assert devices(evidence, cut, back._replace(id="8"), again) == devices(evidence, cut)


def test_a_lower_unit_cannot_withdraw_the_higher_ones_word() -> None:
    evidence = seen(hardware("u"), mac("a"), on="03-02 08:00")
    cut = decided("different", hardware("u"), mac("a"), id="7", rank=1)
    found = devices(evidence, cut, decided("withdrawn", hardware("u"), rank=3, withdraws="7"))
    assert len(found.all) == 2


def test_retired() -> None:
    found = devices(seen(mac("a"), on="03-02 08:00"), decided("retired", mac("a"), on="03-05 08:00"))
    assert found.all[0].retired == at("03-05 08:00")


# --- ids ---


def test_the_id_is_the_oldest_of_the_strongest_keys_and_old_ids_lead_on() -> None:
    before = devices(seen(mac("a"), on="03-02 08:00"), seen(mac("b"), on="03-01 08:00"))
    assert [device.id for device in before.all] == [mac("a"), mac("b")]
    after = devices(seen(mac("a"), mac("b"), on="03-03 08:00"), seen(mac("b"), on="03-01 08:00"),
                    seen(mac("a"), on="03-02 08:00"))  # fmt: skip
    assert [device.id for device in after.all] == [mac("b")]
    assert after.redirect(mac("a")) == (mac("b"),)
    checked = devices(
        seen(mac("a"), mac("b"), on="03-03 08:00"), seen(hardware("u"), mac("a"), on="03-09 08:00")
    )
    assert checked.redirect(mac("b")) == (hardware("u"),)


def test_the_id_of_what_turned_out_a_dock_leads_to_all_that_used_it() -> None:
    found = devices(
        seen(hardware("u"), mac("d"), host("pc-a"), on="03-02 08:00"),
        seen(hardware("v"), mac("d"), host("pc-b"), on="03-03 08:00"),
    )
    assert found.redirect(mac("d")) == (hardware("u"), hardware("v"))


def test_a_machine_in_two_units_is_counted_once() -> None:
    from quetsach.machines.identity.locating import Locator
    from tests.machines.evidence_words import sign

    evidence = [
        *leases("192.168.1.7", mac("a"), "03-02", "pc-a", scope="t/x1/"),
        *leases("192.168.1.9", mac("a"), "03-23", "pc-a", scope="t/x2/"),
    ]
    found = devices(evidence)
    locator = Locator([one for one in evidence if hasattr(one, "address")], found)
    places = [
        locator.place(sign("192.168.1.7", "03-02 09:00", scope="t/x1/")),
        locator.place(sign("192.168.1.9", "03-23 09:00", scope="t/x2/")),
    ]
    assert infected(places, found).machines == Range(1, 1)
