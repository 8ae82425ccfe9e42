"""Keys of machines: one spelling for each, and no key from a text that many machines share."""

from __future__ import annotations

import unicodedata
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quetsach.machines import keys
from quetsach.results import machines
from quetsach.results.machines import Machine


@pytest.mark.parametrize(
    ("spelled", "kind", "value"),
    [
        ("00:00:5E:00:53:01", "mac", "00-00-5e-00-53-01"),
        ("0000.5e00.5301", "mac", "00-00-5e-00-53-01"),
        ("00005E005301", "mac", "00-00-5e-00-53-01"),
        (" 0:0:5e:0:53:1 ", "mac", "00-00-5e-00-53-01"),  # Solaris and macOS leave zeros out
        ("02-00-00-00-00-0a", "randommac", "02-00-00-00-00-0a"),
        ("da:a1:19:00:00:01", "randommac", "da-a1-19-00-00-01"),
    ],
)
def test_a_hardware_address_has_one_spelling(spelled: str, kind: str, value: str) -> None:
    assert keys.mac(spelled) == (kind, value)


@pytest.mark.parametrize(
    "spelled",
    [
        "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:fb", "33:33:00:00:00:01", "00:00:00:00:00:00", "00:00:5e:00:53",
        "00:00:5e:00:53:01:02", "00-00:5e-00-53-01", "N/A", "", "0000.5e00.53zz", "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_of_no_single_machine_is_no_key(spelled: str) -> None:
    """The group bit of IEEE 802 is the lowest of the first octet."""
    assert keys.mac(spelled) is None


def test_host_names_are_short_and_without_case() -> None:
    assert keys.host("PC-01.so.example.vn.") == ("host", "pc-01")
    assert keys.domain_host("PC-01.SO.Example.VN.") == ("domainhost", "pc-01.so.example.vn")
    assert keys.host("Máy-Kế-Toán") == ("host", keys.name("máy-kế-toán"))
    for shared in (
        "localhost",
        "*",
        "N/A",
        "Android",
        "192.168.1.5",
        "10.1.1.5%eth0",
        "(none)",
        "không có",
        "a b",
        "x/y",
        "",
    ):
        assert keys.host(shared) is None, shared
    for local in ("pc-01", "pc-01.local", "pc-01.lan", "localhost.so.vn", "10.0.0.1", "10.1.1.5%eth0"):
        assert keys.domain_host(local) is None, local


def test_a_name_has_one_spelling_however_its_marks_are_written() -> None:
    """Windows writes `á` as one letter, macOS as `a` and a mark."""
    for kind, text in (
        (keys.host, "Máy-Kế-Toán"),
        (keys.host, "Máy-Kế-Toán-" + "Của-Phòng-" * 7),
        (keys.domain_host, "Máy-Kế-Toán.Sở.example.vn"),
        (keys.user, "Nguyễn Thị Hằng"),
        (keys.serial, "MÁY-KẾ-TOÁN-01"),
    ):
        composed, apart = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
        assert composed != apart
        assert kind(composed) == kind(apart) != None  # noqa: E711
    for shared in ("không", "chưa rõ", "không có"):
        apart = unicodedata.normalize("NFD", shared)
        assert keys.host(apart) is keys.serial(apart) is keys.user(apart) is None


def test_rows_that_spell_a_name_otherwise_name_one_machine() -> None:
    composed, apart = (f"host:{unicodedata.normalize(form, 'Máy-01')}" for form in ("NFC", "NFD"))
    for one, other in (
        (composed, apart),
        ("host:PC-01.", "host:pc-01"),
        ("mac:00:00:5E:00:53:01", "mac:00-00-5e-00-53-01"),
    ):
        assert keys.same(one) == keys.same(other)
        machine = Machine("10.0.0.1", Counter())
        machine.whos = [one, other]
        assert machines.apart(machine) == []
        machine.whos = [one, other, "host:other", "mac:00-00-5e-00-53-02"]
        assert len(machines.apart(machine)) == 2
    assert keys.same("host:pc-01.a.example") != keys.same("host:pc-01.b.example")


def test_numbers_that_many_machines_share_are_no_keys() -> None:
    assert keys.hardware("{4C4C4544-0042-3510-8051-B7C04F4A5331}") == (
        "hardware", "4c4c4544-0042-3510-8051-b7c04f4a5331",
    )  # fmt: skip
    for shared in ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "12", ""):
        assert keys.hardware(shared) is None, shared
    assert keys.serial("5cg1234xyz") == ("serial", "5CG1234XYZ")
    for shared in (
        "0001",
        "To be filled by O.E.M.",
        "123456789",
        "0000000",
        "System Serial Number",
        "Default string",
    ):
        assert keys.serial(shared) is None, shared
    assert keys.agent("5f3a9c0d1e2b4a6c8d0e1f22") == ("agent", "5f3a9c0d1e2b4a6c8d0e1f22")
    assert keys.agent("TB-000123") is None
    assert keys.ad_sid("s-1-5-21-1-2-3-1104") == ("adsid", "S-1-5-21-1-2-3-1104")
    assert keys.ad_sid("S-1-5-18") is None
    assert keys.duid("000100012A2B2C2D02000000000a") == ("duid", "00:01:00:01:2a:2b:2c:2d:02:00:00:00:00:0a")
    assert keys.user("SO\\Van.A") == keys.user("van.a@so.vn") == ("user", "van.a")
    assert keys.user("Administrator") is None


@given(st.text(max_size=40))
@example("1...")
def test_no_text_raises_and_each_key_is_its_own_spelling(text: str) -> None:
    for kind in (keys.mac, keys.host, keys.domain_host, keys.hardware, keys.agent, keys.serial, keys.duid):
        key = kind(text)
        if key is not None:
            assert kind(key.value) == key
