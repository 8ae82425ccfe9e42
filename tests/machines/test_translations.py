"""Translations as bindings by address, port, protocol and second."""

from __future__ import annotations

from quetsach.machines.sources.outcome import Outcome
from quetsach.machines.sources.translations import Translations
from tests.machines.asking import ASKED, at

SECOND = 1_000_000


def read(text: str) -> Outcome:
    outcome = Outcome()
    taking = Translations(ASKED, outcome)
    for number, line in enumerate(text.encode().splitlines(), 1):
        taking.take(number, line)
    taking.finish()
    return outcome


def told(outcome: Outcome) -> list[tuple[str, str, int, str, int, int]]:
    return sorted(
        (one.address, one.protocol, one.port, one.key.value, one.begin, one.end) for one in outcome.bindings
    )


def test_a_translation_of_an_asa_holds_from_built_to_teardown() -> None:
    outcome = read(
        "Nov 24 2026 09:00:00 fw : %ASA-6-305011: Built dynamic TCP translation from"
        " inside:192.168.1.10/51234 to outside:198.51.100.7/40001\n"
        "Nov 24 2026 09:00:10 fw : %ASA-6-305011: Built dynamic UDP translation from"
        " inside:192.168.1.11/5353(LOCAL\\van.a) to outside:198.51.100.7/40001\n"
        "Nov 24 2026 09:00:30 fw : %ASA-6-305012: Teardown dynamic TCP translation from"
        " inside:192.168.1.10/51234 to outside:198.51.100.7/40001 duration 0:00:30\n"
        "Nov 24 2026 09:00:40 fw : %ASA-6-305012: Teardown dynamic TCP translation from"
        " inside (acl-nat):192.168.1.12/1000 to outside:198.51.100.7/40002 duration 0:10:00\n"
        "Nov 24 2026 09:01:00 fw : %ASA-6-302013: Built outbound TCP connection 7 for outside:203.0.113.9/443"
        " (203.0.113.9/443) to inside:192.168.1.10/51234 (198.51.100.7/40001)\n"
    )
    nine = at("2026-11-24T09:00:00")
    assert told(outcome) == [
        ("198.51.100.7", "tcp", 40001, "192.168.1.10", nine, nine + 30 * SECOND),
        ("198.51.100.7", "tcp", 40002, "192.168.1.12", nine - 560 * SECOND, nine + 40 * SECOND),
        ("198.51.100.7", "udp", 40001, "192.168.1.11", nine + 10 * SECOND, nine + 40 * SECOND),
    ]
    assert {one.key.kind for one in outcome.bindings} == {"address"}
    assert outcome.left == 0


def test_a_port_that_is_given_anew_belonged_to_the_first_until_then() -> None:
    outcome = read(
        "<166>Nov 24 2026 09:00:00 ICT: %ASA-6-305011: Built dynamic TCP translation from"
        " inside:192.168.1.10/1 to outside:198.51.100.7/40001\n"
        "<166>Nov 24 2026 09:05:00 ICT: %ASA-6-305011: Built dynamic TCP translation from"
        " inside:192.168.1.11/1 to outside:198.51.100.7/40001\n"
        "<166>Nov 24 2026 09:06:00 ICT: %ASA-6-305012: Teardown dynamic TCP translation from"
        " inside:192.168.1.11/1 to outside:198.51.100.7/40001 duration 0:01:00\n"
    )
    assert [(one[3], one[5] - one[4]) for one in told(outcome)] == [
        ("192.168.1.10", 300 * SECOND), ("192.168.1.11", 60 * SECOND),
    ]  # fmt: skip


def test_a_block_of_ports_binds_each_of_them() -> None:
    outcome = read(
        "Nov 24 2026 09:00:00 fw : %ASA-6-305014: Allocated TCP block of ports for translation from"
        " inside:192.168.1.10 to outside:198.51.100.7/1024-1027\n"
        "Nov 24 2026 09:10:00 fw : %ASA-6-305015: Released TCP block of ports for translation from"
        " inside:192.168.1.10 to outside:198.51.100.7/1024-1027\n"
    )
    nine = at("2026-11-24T09:00:00")
    assert [one[2:] for one in told(outcome)] == [
        (port, "192.168.1.10", nine, nine + 600 * SECOND) for port in range(1024, 1028)
    ]


def test_an_address_that_is_translated_as_a_whole_has_no_port() -> None:
    outcome = read(
        "Nov 24 2026 09:00:00 fw : %ASA-6-305009: Built static translation from dmz:192.168.2.80 to"
        " outside:198.51.100.8\n"
    )
    assert [one[:4] for one in told(outcome)] == [("198.51.100.8", "", 0, "192.168.2.80")]


def test_a_translation_without_a_time_is_told() -> None:
    outcome = read(
        "%ASA-6-305011: Built dynamic TCP translation from inside:192.168.1.10/1 to outside:198.51.100.7/2\n"
    )
    assert (outcome.bindings, [(one.line, one.code) for one in outcome.leftovers]) == ([], [(1, "no_time")])


PANOS = (
    "Nov 24 09:10:05 fw 1,2026/11/24 09:10:05,007051000000001,TRAFFIC,end,2561,2026/11/24 09:10:05,"
    "192.168.1.10,203.0.113.9,198.51.100.7,203.0.113.9,out,so\\van.a,,ssl,vsys1,trust,untrust,eth1/2,eth1/1,"
    "fwd,2026/11/24 09:10:05,33,1,51234,443,40001,443,0x40005e,tcp,allow,9000,2000,7000,20,"
    "2026/11/24 09:00:00,600,computer,,1,0x0\n"
)


def test_a_session_of_pan_os_holds_from_its_start_for_its_time() -> None:
    nine = at("2026-11-24T09:00:00")
    assert told(read(PANOS)) == [("198.51.100.7", "tcp", 40001, "192.168.1.10", nine, nine + 601 * SECOND)]
    assert read(PANOS.replace("198.51.100.7", "0.0.0.0")).bindings == []
    assert read(PANOS.replace(",40001,", ",0,")).bindings == []
    assert [one.code for one in read(PANOS.replace("2026/11/24 09:00:00,600", ",600")).leftovers] == [
        "no_time"
    ]


def test_a_line_of_routeros_holds_for_its_second() -> None:
    line = (
        "2026-11-24T09:00:00+07:00 gw firewall,info forward: in:bridge out:ether1,"
        " connection-state:new,snat src-mac 00:00:5e:00:53:01, proto TCP (SYN),"
        " 192.168.1.10:51234->203.0.113.9:443, NAT"
        " (192.168.1.10:51234->198.51.100.7:40001)->203.0.113.9:443, len 60\n"
    )
    nine = at("2026-11-24T09:00:00")
    assert told(read(line)) == [("198.51.100.7", "tcp", 40001, "192.168.1.10", nine, nine + SECOND)]
    # The destination was translated: nothing is said of the machine inside.
    back = line.replace(
        "NAT (192.168.1.10:51234->198.51.100.7:40001)->203.0.113.9:443", "NAT 203.0.113.9:443->(a)"
    )
    assert told(read(back)) == []
