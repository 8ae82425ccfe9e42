"""Neighbour tables of each maker, as its manual shows them, with addresses of our own."""

from __future__ import annotations

import pytest

from quetsach.machines.sources import neighbours
from quetsach.machines.sources.outcome import Outcome
from tests.machines.asking import ASKED, NOW, PC1, PC2, at

MINUTE = 60_000_000
LINUX = """\
192.168.1.10 dev br-lan lladdr 00:00:5e:00:53:01 ref 1 used 0/0/0 probes 1 REACHABLE
192.168.1.11 dev br-lan lladdr 00:00:5e:00:53:02 STALE
192.168.1.12 dev br-lan  FAILED
192.168.1.13 dev br-lan lladdr 00:00:5e:00:53:03 FAILED
fe80::200:5eff:fe00:5301 dev br-lan lladdr 00:00:5e:00:53:01 router STALE
"""
OPENWRT = """\
IP address       HW type     Flags       HW address            Mask     Device
192.168.1.10     0x1         0x2         00:00:5e:00:53:01     *        br-lan
192.168.1.11     0x1         0x2         00:00:5e:00:53:02     *        br-lan
192.168.1.12     0x1         0x0         00:00:00:00:00:00     *        br-lan
"""
IP_JSON = """\
[{"dst":"192.168.1.10","dev":"eth0","lladdr":"00:00:5e:00:53:01","state":["REACHABLE"]},\
{"dst":"192.168.1.11","dev":"eth0","lladdr":"00:00:5e:00:53:02","state":["STALE"]},\
{"dst":"192.168.1.12","dev":"eth0","state":["FAILED"]}]
"""
ROUTEROS = """\
Flags: D - DYNAMIC; C - COMPLETE
Columns: ADDRESS, MAC-ADDRESS, INTERFACE, STATUS
 #    ADDRESS       MAC-ADDRESS        INTERFACE  STATUS
 0 DC 192.168.1.10  00:00:5E:00:53:01  bridge     reachable
;;; printer
 1 C  192.168.1.11  00:00:5E:00:53:02  bridge     permanent
 2 D  192.168.1.12                     bridge     failed
"""
ROUTEROS_DETAIL = """\
Flags: X - disabled, I - invalid, H - DHCP, D - dynamic, P - published, C - complete
 0 DC address=192.168.1.10 mac-address=00:00:5E:00:53:01 interface=bridge published=no status="reachable"
 1 HDC address=192.168.1.11
      mac-address=00:00:5E:00:53:02 interface=bridge published=no
 2 D  address=192.168.1.12 interface=bridge published=no status="failed"
"""
FORTIGATE = """\
FGT-1 # get system arp
Address           Age(min)   Hardware Addr      Interface
192.168.1.10      0          00:00:5e:00:53:01  internal
192.168.1.11      3          00:00:5e:00:53:02  internal
"""
WINDOWS_EN = """\

Interface: 192.168.1.5 --- 0xb
  Internet Address      Physical Address      Type
  192.168.1.10          00-00-5e-00-53-01     dynamic
  192.168.1.11          00-00-5e-00-53-02     dynamic
  192.168.1.255         ff-ff-ff-ff-ff-ff     static
  224.0.0.22            01-00-5e-00-00-16     static
"""
WINDOWS_VI = WINDOWS_EN.replace("Interface", "Giao diện").replace("dynamic", "động").replace("static", "tĩnh")
CISCO = """\
Protocol  Address          Age (min)  Hardware Addr   Type   Interface
Internet  192.168.1.10            0   0000.5e00.5301  ARPA   Vlan10
Internet  192.168.1.11            3   0000.5e00.5302  ARPA   Vlan10
Internet  192.168.1.12            0   Incomplete      ARPA
"""


def read(text: str) -> Outcome:
    outcome = Outcome()
    neighbours.read(text, ASKED, outcome)
    return outcome


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (LINUX, "Linux neighbours"),
        (OPENWRT, "Linux neighbours"),
        (IP_JSON, "Linux neighbours"),
        (ROUTEROS, "MikroTik neighbours"),
        (ROUTEROS_DETAIL, "MikroTik neighbours"),
        (FORTIGATE, "FortiGate neighbours"),
        (WINDOWS_EN, "Windows neighbours"),
        (WINDOWS_VI, "Windows neighbours"),
        (CISCO, "Cisco neighbours"),
    ],
)
def test_each_table_names_two_machines_and_nothing_else(text: str, kind: str) -> None:
    assert neighbours.kind_of(text) == kind
    outcome = read(text)
    assert [(one.address, one.key) for one in outcome.bindings] == [
        ("192.168.1.10", ("mac", PC1)),
        ("192.168.1.11", ("mac", PC2)),
    ]
    assert {(one.kind, one.source) for one in outcome.bindings} == {("neighbour", "office")}
    assert outcome.left == 0
    for crlf in (text.replace("\n", "\r\n"), text.rstrip("\n")):
        assert read(crlf).bindings == outcome.bindings


def test_an_entry_answers_for_a_minute_around_its_time_and_as_long_as_it_is_old() -> None:
    for table in (CISCO, FORTIGATE):
        young, old = read(table).bindings
        assert (young.begin, young.end) == (NOW - MINUTE, NOW + MINUTE)
        assert (old.begin, old.end) == (NOW - 3 * MINUTE, NOW + MINUTE)


def test_a_line_that_is_a_time_dates_the_lines_after_it() -> None:
    """`date -Is; ip neigh`, appended each five minutes."""
    text = f"2026-11-24T03:00:00+00:00\n{LINUX}# 2026-11-24 10:05:00\n{LINUX}"
    assert [one.begin + MINUTE for one in read(text).bindings] == [
        at("2026-11-24T10:00:00"), at("2026-11-24T10:00:00"), at("2026-11-24T10:05:00"),
        at("2026-11-24T10:05:00"),
    ]  # fmt: skip
    dated = f"2026-11-24T03:00:00+00:00\n{IP_JSON}"
    assert neighbours.kind_of(IP_JSON + dated) is not None
    assert read(dated).bindings[0].begin == at("2026-11-24T10:00:00") - MINUTE


@pytest.mark.parametrize(
    "text",
    [
        "2001:db8:0:1:a1b2:c3d4:e5f6:1 dev eth0 lladdr 00:00:5e:00:53:01 REACHABLE\n"
        "2001:db8:0:1::10 dev eth0 lladdr 00:00:5e:00:53:02 REACHABLE\n",
        "ifindex=5 ifname=internal 2001:db8:0:1:a1b2:c3d4:e5f6:1 00:00:5e:00:53:01 state=00000002 use=3"
        " ref=1\nifindex=5 ifname=internal 2001:db8:0:1::10 00:00:5e:00:53:02 state=00000004 use=3 ref=1\n"
        "ifindex=5 ifname=internal 2001:db8:0:1::11 00:00:00:00:00:00 state=00000020 use=3 ref=1\n",
        "IPv6 Address                              Age Link-layer Addr State Interface\n"
        "2001:DB8:0:1:A1B2:C3D4:E5F6:1               0 0000.5e00.5301  REACH Vl10\n"
        "2001:DB8:0:1::10                            0 0000.5e00.5302  STALE Vl10\n"
        "2001:DB8:0:1::11                            0 -               INCMP Vl10\n",
        " 0 D address=2001:db8:0:1:a1b2:c3d4:e5f6:1 interface=bridge mac-address=00:00:5E:00:53:01"
        " status=stale\n 1 D address=2001:db8:0:1::10 interface=bridge mac-address=00:00:5E:00:53:02"
        " status=reachable\n 2 D address=2001:db8:0:1::11 interface=bridge status=failed\n",
        "2001:db8:0:1:a1b2:c3d4:e5f6:1   00-00-5e-00-53-01   Reachable\n"
        "2001:db8:0:1::10                00-00-5e-00-53-02   Stale\n"
        "ff02::16                        33-33-00-00-00-16   Permanent\n",
    ],
)
def test_an_ipv6_address_drawn_at_random_is_of_one_machine_for_a_day(text: str) -> None:
    assert neighbours.kind_of(text) is not None
    drawn, given = read(text).bindings
    assert (drawn.address, drawn.key.value) == ("2001:db8:0:1:a1b2:c3d4:e5f6:1", PC1)
    assert (drawn.begin, drawn.end) == (NOW - 1440 * MINUTE, NOW + 1440 * MINUTE)
    assert (given.address, given.key.value, given.end) == ("2001:db8:0:1::10", PC2, NOW + MINUTE)


def test_a_line_with_two_machines_is_told_and_names_none() -> None:
    outcome = read("192.168.1.10 dev eth0 lladdr 00:00:5e:00:53:01 then lladdr 00:00:5e:00:53:02 REACHABLE\n")
    assert outcome.bindings == []
    assert [(one.line, one.code) for one in outcome.leftovers] == [(1, "several")]


def test_other_texts_are_no_table() -> None:
    log = "Nov 24 11:00:00 gw kernel: IN=eth0 MAC=00:00:5e:00:53:01 SRC=192.168.1.10 DST=203.0.113.9\n"
    for text in ("", log, "[1, 2]", '[{"dst": "10.0.0.1"}]', "address,hwaddr\n"):
        assert neighbours.kind_of(text) is None
