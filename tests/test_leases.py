"""Leases: their lines from DHCP servers, and the names that they add to sightings."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.errors import SourceError
from quetsach.files import inputs
from quetsach.machines.leases import naming as leases
from quetsach.machines.leases.leaseformat import Event, File
from quetsach.sightings.sighting import Sighting, who_is

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
WRITTEN = "2026-11-25T00:00:00+00:00"
A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def gathered(path: Path, content: str | bytes, length: int | None = None) -> leases.Leases:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    when = datetime.fromisoformat(WRITTEN).timestamp()
    os.utime(path, (when, when))
    return leases.gather(inputs.discover([str(path)]), [], ZONE.key, length)


def told(found: leases.Leases, address: str, when: str) -> tuple[str | None, str] | None:
    lease = found.find(address, at(when))
    return None if lease is None else (lease.mac, lease.host)


DHCPD_LOG = """\
Nov 24 11:00:00 gw dhcpd[7]: DHCPREQUEST for 10.0.0.5 from 02:00:00:00:00:0A (pc-a) via eth1
Nov 24 11:00:00 gw dhcpd[7]: DHCPACK on 10.0.0.5 to 02:00:00:00:00:0A (pc-a) via eth1
Nov 24 13:00:00 gw dhcpd[7]: DHCPACK on 10.0.0.5 to 02:00:00:00:00:0a via eth1
Nov 24 14:00:00 gw dhcpd[7]: DHCPRELEASE of 10.0.0.5 from 02:00:00:00:00:0a via eth1 (found)
Nov 24 15:00:00 gw dhcpd[7]: DHCPACK on 10.0.0.5 to 02:00:00:00:00:0b (pc-b) via 10.0.0.1
"""
KEA_LOG = """\
2026-11-24 11:00:00.123 INFO  [kea-dhcp4.leases/7.1] \
DHCP4_LEASE_ALLOC [hwtype=1 02:00:00:00:00:0a], cid=[01:02:00:00:00:00:0a],\
 tid=0x1: lease 10.0.0.5 has been allocated for 7200 seconds
2026-11-24 15:00:00.123 INFO  [kea-dhcp4.leases/7.1] \
DHCP4_LEASE_ALLOC [hwtype=1 02:00:00:00:00:0b], cid=[no info],\
 tid=0x2: lease 10.0.0.5 has been allocated for 7200 seconds
"""
DNSMASQ_LOG = """\
Nov 24 11:00:00 dnsmasq-dhcp[612]: 1234 DHCPACK(br-lan) 10.0.0.5 02:00:00:00:00:0a pc-a
Nov 24 14:00:00 dnsmasq-dhcp[612]: DHCPRELEASE(br-lan) 10.0.0.5 02:00:00:00:00:0a
Nov 24 15:00:00 dnsmasq-dhcp[612]: DHCPACK(br-lan) 10.0.0.5 02:00:00:00:00:0b pc-b
"""
DHCPD_LEASES = """\
# The format of this file is documented in the dhcpd.leases(5) manual page.
lease 10.0.0.5 {
  starts 2 2026/11/24 04:00:00;
  ends 2 2026/11/24 06:00:00;
  binding state free;
  hardware ethernet 02:00:00:00:00:0a;
  client-hostname "pc-a";
}
lease 10.0.0.5 {
  starts epoch 1795507200; # Tue Nov 24 15:00:00 2026
  ends never;
  binding state active;
  next binding state free;
  hardware ethernet 02:00:00:00:00:0b;
  client-hostname "pc-b";
}
"""
# OpenBSD and ISC 2, whose blocks have tabs and no state.
DHCPD_LEASES_STATELESS = """\
lease 10.0.0.9 {
\tstarts 2 2026/11/24 03:00:00;
\tends 2 2026/11/24 05:00:00;
\tabandoned;
}
lease 10.0.0.5 {
\tstarts 2 2026/11/24 04:00:00;
\tends 2 2026/11/24 06:00:00;
\thardware ethernet 02:00:00:00:00:0a;
\tuid 01:02:00:00:00:00:0a;
\tclient-hostname "pc-a";
}
lease 10.0.0.5 {
\tstarts 2 2026/11/24 08:00:00;
\tends 2 2026/11/24 20:00:00;
\thardware ethernet 02:00:00:00:00:0b;
}
"""
KEA_LEASES = """\
address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id
10.0.0.5,02:00:00:00:00:0a,01:02:00:00:00:00:0a,7200,1795500000,1,0,0,pc-a,0,,0
10.0.0.5,02:00:00:00:00:0b,,7200,1795514400,1,0,0,pc-b.example.org.,0,,0
"""
MIKROTIK_LOG = """\
2026-11-24T11:00:00+07:00 gw dhcp,info dhcp1 assigned 10.0.0.5 for 02:00:00:00:00:0A pc-a
2026-11-24T11:00:05+07:00 gw firewall,info forward: in:lan out:wan, proto UDP, 10.0.0.5:5000->192.0.2.1:53
2026-11-24T14:00:00+07:00 gw dhcp,info dhcp1 deassigned 10.0.0.5 for 02:00:00:00:00:0A pc-a
Nov 24 15:00:00 gw dhcp,info defconf assigned 10.0.0.5 to 02:00:00:00:00:0B
"""
# Without topics (remote-log-format=syslog), and in CEF.
MIKROTIK_BARE = """\
<30>2026-11-24T11:00:00+07:00 gw dhcp1 assigned 10.0.0.5 for 02:00:00:00:00:0A pc-a
<30>2026-11-24T14:00:00+07:00 gw dhcp1 deassigned 10.0.0.5 for 02:00:00:00:00:0A pc-a
2026-11-24T15:00:00.868+0700 gw CEF:0|MikroTik|RB2011UAS|7.19.4 (stable)|16|dhcp,info|Low|dvchost=gw \
dvc=10.0.0.1 msg=defconf assigned 10.0.0.5 for 02:00:00:00:00:0B
"""
FORTIGATE_LOG = """\
date=2026-11-24 time=11:00:00 tz="+0700" logid="0100026001" logdesc="DHCP Ack log" dhcp_msg="Ack" \
mac="02:00:00:00:00:0A" ip=10.0.0.5 lease=10800 hostname="pc-a" msg="DHCP server sends a DHCPACK"
date=2026-11-24 time=01:00:00 eventtime=1795507200000000000 tz="-0700" logid="0100026001" \
dhcp_msg="Ack" hostname="N/A" ip=10.0.0.5 lease=604800 mac="02:00:00:00:00:0B" msg="DHCP server sends"
"""
WINDOWS_LOG = """\
\t\tMicrosoft DHCP Service Activity Log

Event ID  Meaning
10\tA new IP address was leased to a client.
12\tA lease was released by a client.

ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult
10,11/24/26,11:00:00,Assign,10.0.0.5,pc-a,02000000000A,,1,0
12,11/24/26,14:00:00,Release,10.0.0.5,pc-a,02000000000A,,2,0
10,11/24/26,15:00:00,Assign,10.0.0.5,pc-b,02000000000B,,3,0
"""

# Zeek writes one line for a conversation; the release has no address assigned.
ZEEK = """\
#separator \\x09
#path\tdhcp
#fields\tts\tuids\tclient_addr\tserver_addr\tmac\thost_name\trequested_addr\tassigned_addr\tlease_time\tmsg_types
#types\ttime\tset[string]\taddr\taddr\tstring\tstring\taddr\taddr\tinterval\tvector[string]
1795492800.5\tC1\t-\t10.0.0.1\t02:00:00:00:00:0a\tpc-a\t-\t10.0.0.5\t86400.0\tDISCOVER,OFFER,REQUEST,ACK
1795503600.5\tC2\t10.0.0.5\t10.0.0.1\t02:00:00:00:00:0a\tpc-a\t-\t-\t-\tRELEASE
1795507200.5\tC3\t-\t10.0.0.1\t02:00:00:00:00:0b\t-\t-\t10.0.0.5\t86400.0\tREQUEST,ACK
1795507300.5\tC4\t-\t10.0.0.1\t02:00:00:00:00:0c\t-\t10.0.0.5\t-\t-\tREQUEST,NAK
"""
ZEEK_JSON = """\
{"ts":1795492800.5,"uids":["C1"],"mac":"02:00:00:00:00:0a","host_name":"pc-a","assigned_addr":"10.0.0.5",\
"lease_time":86400.0,"msg_types":["REQUEST","ACK"]}
{"ts":"2026-11-24T07:00:00.5Z","uids":["C2"],"mac":"02:00:00:00:00:0a","client_addr":"10.0.0.5",\
"msg_types":["RELEASE"]}
{"ts":1795507200.5,"uids":["C3"],"mac":"02:00:00:00:00:0b","assigned_addr":"10.0.0.5","msg_types":["ACK"]}
"""
EVE = """\
{"timestamp":"2026-11-24T11:00:00.000000+0700","event_type":"dhcp","src_ip":"10.0.0.1","dhcp":{"type":"reply",\
"client_mac":"02:00:00:00:00:0a","assigned_ip":"10.0.0.5","dhcp_type":"ack","lease_time":86400,"hostname":"pc-a"}}
{"timestamp":"2026-11-24T11:00:01.000000+0700","event_type":"dns","src_ip":"10.0.0.5","dns":{"rrname":"a.test"}}
{"timestamp":"2026-11-24T14:00:00.000000+0700","event_type":"dhcp","dhcp":{"type":"request",\
"client_mac":"02:00:00:00:00:0a","client_ip":"10.0.0.5","dhcp_type":"release"}}
{"timestamp":"2026-11-24T14:59:00.000000+0700","event_type":"dhcp","dhcp":{"type":"reply",\
"client_mac":"02:00:00:00:00:0c","assigned_ip":"10.0.0.5","dhcp_type":"offer"}}
{"timestamp":"2026-11-24T15:00:00.000000+0700","event_type":"dhcp","dhcp":{"type":"reply",\
"client_mac":"02:00:00:00:00:0b","assigned_ip":"10.0.0.5","dhcp_type":"ack"}}
"""
MIKROTIK_LEASES = """\
Flags: X - disabled, R - radius, D - dynamic, B - blocked
 0 D address=10.0.0.5 mac-address=02:00:00:00:00:0A client-id="1:2:0:0:0:0:a" server=defconf
     status=bound expires-after=1h10m last-seen=10h50m active-address=10.0.0.5
     active-mac-address=02:00:00:00:00:0A active-server=defconf host-name="pc a=1"
 1   ;;; printer
     address=10.0.0.6 mac-address=02:00:00:00:00:0B server=defconf status=waiting last-seen=never
"""


def test_a_printed_lease_counts_from_when_the_client_was_seen(tmp_path: Path) -> None:
    """Printed at midnight: seen 10 h 50 min before, over 1 h 10 min later."""
    found = gathered(tmp_path / "print.txt", MIKROTIK_LEASES)
    assert told(found, "10.0.0.5", "2026-11-24T13:09:59") is None
    assert told(found, "10.0.0.5", "2026-11-24T13:10:00") == (A, "pc a=1")
    assert told(found, "10.0.0.5", "2026-11-25T01:10:01") is None
    assert told(found, "10.0.0.6", "2026-11-25T00:00:00") is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("syslog", DHCPD_LOG),
        ("kea.log", KEA_LOG),
        ("dnsmasq.log", DNSMASQ_LOG),
        ("mikrotik.log", MIKROTIK_LOG),
        ("mikrotik-bare.log", MIKROTIK_BARE),
        ("fortigate.log", FORTIGATE_LOG),
        ("dhcpd.leases", DHCPD_LEASES),
        ("stateless.leases", DHCPD_LEASES_STATELESS),
        ("kea-leases4.csv", KEA_LEASES),
        ("DhcpSrvLog-Tue.log", WINDOWS_LOG),
        ("DhcpSrvLog-eu.log", WINDOWS_LOG.replace("11/24/26", "24.11.2026").replace("\n", "\r\n")),
        ("DhcpSrvLog-iso.log", WINDOWS_LOG.replace("11/24/26", "2026/11/24")),
        ("dhcp.log", ZEEK),
        ("dhcp.json", ZEEK_JSON),
        ("eve.json", EVE),
        ("json.log", "".join('{"log":"' + x + '"}\n' for x in DHCPD_LOG.splitlines())),
    ],
)
def test_an_address_has_its_machine_at_its_time(tmp_path: Path, name: str, content: str) -> None:
    found = gathered(tmp_path / name, content)
    host = "" if name.startswith("kea.") else "pc-a"
    assert told(found, "10.0.0.5", "2026-11-24T03:59:59") is None
    assert told(found, "10.0.0.5", "2026-11-24T04:30:00") == (A, host)
    assert told(found, "10.0.0.5", "2026-11-24T07:30:00") is None
    second = told(found, "10.0.0.5", "2026-11-24T08:30:00")
    assert second is not None and second[0] == B and second[1] in ("", "pc-b", "pc-b.example.org")
    assert told(found, "10.0.0.6", "2026-11-24T04:30:00") is None


DNSMASQ_LEASES = f"1795569000 {A} 10.0.0.5 pc-a 01:{A}\n1795590000 {B} 10.0.0.6 * *\nduid 00:01:00:01\n"


def test_dnsmasq_leases_begin_a_length_before_their_end(tmp_path: Path) -> None:
    """The file names ends: 01:10 and 07:00. It was written at midnight."""
    found = gathered(tmp_path / "dhcp.leases", DNSMASQ_LEASES, 12 * 3_600_000_000)
    assert found.read == 0
    assert told(found, "10.0.0.5", "2026-11-24T13:09:59") is None
    assert told(found, "10.0.0.5", "2026-11-24T13:10:00") == (A, "pc-a")
    assert told(found, "10.0.0.6", "2026-11-24T19:00:00") == (B, "")
    assert told(found, "10.0.0.5", "2026-11-25T01:30:00") is None


def test_without_a_length_dnsmasq_leases_begin_when_their_file_was_written(tmp_path: Path) -> None:
    found = gathered(tmp_path / "dhcp.leases", DNSMASQ_LEASES)
    assert (found.count, found.read) == (2, 2)
    assert told(found, "10.0.0.5", "2026-11-24T23:59:59") is None
    assert told(found, "10.0.0.5", "2026-11-25T00:00:00") == (A, "pc-a")
    assert told(found, "10.0.0.5", "2026-11-25T01:30:00") is None


def test_leases_that_had_ended_when_their_file_was_written_are_counted(tmp_path: Path) -> None:
    """A copy from last week: not one lease holds, and nobody says that the file is another one."""
    path = tmp_path / "dhcp.leases"
    path.write_text(DNSMASQ_LEASES)
    when = datetime.fromisoformat("2026-12-01T00:00:00+00:00").timestamp()
    os.utime(path, (when, when))
    found = leases.gather(inputs.discover([]), [path], ZONE.key)
    assert (found.count, found.ended) == (0, 2)
    found = leases.gather(inputs.discover([]), [path], ZONE.key, 12 * 3_600_000_000)
    assert (found.count, found.ended) == (2, 0)


def test_dnsmasq_leases_of_ipv6_name_their_duid(tmp_path: Path) -> None:
    """They stand behind the server's own DUID: the IAID, the address, the name, the client's DUID."""
    duid = "00:01:00:01:2a:2b:2c:2d:02:00:00:00:00:0a"
    lines = f"1795590000 {A} 10.0.0.5 pc-a *\nduid 00:01:00:01:9a\n1795590000 1234 2001:db8::5 pc-a {duid}\n"
    found = gathered(tmp_path / "dhcp.leases", lines)
    assert (found.count, told(found, "10.0.0.5", "2026-11-25T00:00:00")) == (2, (A, "pc-a"))
    assert told(found, "2001:db8::5", "2026-11-25T00:00:00") is None  # no hardware address


def test_a_renewal_keeps_the_name(tmp_path: Path) -> None:
    assert told(gathered(tmp_path / "log", DHCPD_LOG), "10.0.0.5", "2026-11-24T06:30:00") == (A, "pc-a")


def test_a_lease_of_unknown_length_ends_after_eight_days(tmp_path: Path) -> None:
    found = gathered(tmp_path / "log", DHCPD_LOG)
    assert told(found, "10.0.0.5", "2026-12-02T07:59:59") == (B, "pc-b")
    assert told(found, "10.0.0.5", "2026-12-02T08:00:01") is None


def sighting(**changed: object) -> Sighting:
    fields: dict[str, object] = {
        "source": "f" * 64,
        "indicator": "evil.example",
        "kind": "domain",
        "family": "",
        "matched": "evil.example",
        "field": "query",
        "device": "10.0.0.5",
        "identity": {},
        "day": "2026-11-24",
        "first_seen": "2026-11-24T04:30:00.000000Z",
        "last_seen": "2026-11-24T04:30:00.000000Z",
        "count": 1,
        "runs": [[16_200_000_000, 16_200_000_000, 1]],
        "action": "allowed",
        "logformat": "squid",
        "evidence": "",
    }
    identity: dict[str, str] = changed.get("identity", {})  # type: ignore[assignment]
    fields["who"] = who_is(identity, str(changed.get("device")))
    return Sighting(**{**fields, **changed})  # type: ignore[arg-type]


def test_what_the_log_says_itself_stays() -> None:
    book = leases.Leases()
    book.add([Event("10.0.0.5", at("2026-11-24T04:00:00"), A, "pc-a\x1b[2J")])
    rows = [
        sighting(),
        sighting(identity={"host": "own"}),
        sighting(identity={"mac": A.upper()}),
        sighting(identity={"mac": B}),
        sighting(device="pc-07"),
        sighting(device=None),
        sighting(first_seen=None, last_seen=None, day=None, runs=[]),
    ]
    shown = "pc-a\\x1b[2J"
    assert [row.identity for one in rows for row in book.name([one])] == [
        {"host": shown, "mac": A},
        {"host": "own", "mac": A},
        {"mac": A.upper(), "host": shown},
        {"mac": B},
        {},
        {},
        {},
    ]
    assert book.named == 3


def test_a_span_of_hits_is_its_machines_at_the_first_hit() -> None:
    """Nine minutes of hits; the address changes hands in the sixth."""
    book = leases.Leases()
    book.add(
        [Event("10.0.0.5", at("2026-11-24T04:00:00"), A), Event("10.0.0.5", at("2026-11-24T04:35:00"), B)]
    )
    whole = sighting(
        last_seen="2026-11-24T04:39:00.000000Z", count=5, runs=[[16_200_000_000, 16_740_000_000, 5]]
    )
    assert [(row.who, row.count) for row in book.name([whole])] == [(f"mac:{A}", 5)]


def test_leases_are_no_log_but_a_mixed_log_stays_one(tmp_path: Path) -> None:
    (tmp_path / "dhcpd.leases").write_text(DHCPD_LEASES)
    (tmp_path / "gateway.log").write_text(
        DHCPD_LOG + "Nov 24 16:00:00 gw dnsmasq[6]: query[A] x.test from 10.0.0.5\n"
    )
    (tmp_path / "dhcp.log").write_text(DHCPD_LOG)
    found = inputs.discover([str(tmp_path)])
    book = leases.gather(found, [], ZONE.key)
    assert [log.path.name for log in found.logs] == ["gateway.log"]
    assert sorted((one.path.name, one.why) for one in found.skipped if isinstance(one.path, Path)) == [
        ("dhcp.log", "lease"), ("dhcpd.leases", "lease"),
    ]  # fmt: skip
    assert book.count == 2 + 3 + 3


def test_a_given_file_without_leases_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nothing of the kind\n")
    with pytest.raises(SourceError, match="holds no lease"):
        leases.gather(inputs.Inputs(), [tmp_path / "x"], ZONE.key)


def test_a_last_line_that_is_too_long_is_told(tmp_path: Path) -> None:
    begin = KEA_LEASES if KEA_LEASES.endswith("\n") else KEA_LEASES + "\n"
    (tmp_path / "x").write_text(begin + "10.0.0.9," * 20_000)
    with pytest.raises(SourceError, match=f"line at byte {len(begin.encode())} has more than 64 KiB"):
        leases.gather(inputs.Inputs(), [tmp_path / "x"], ZONE.key)


@given(
    st.sampled_from(
        [
            DHCPD_LOG,
            KEA_LOG,
            DNSMASQ_LOG,
            DHCPD_LEASES,
            KEA_LEASES,
            WINDOWS_LOG,
            MIKROTIK_LEASES,
            ZEEK,
            EVE,
            FORTIGATE_LOG,
            DNSMASQ_LEASES,
            MIKROTIK_LOG,
        ]
    ),
    st.data(),
)
def test_a_damaged_file_never_raises(content: str, data: st.DataObject) -> None:
    raw = bytearray(content.encode())
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(raw)))
        raw[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
    lines = bytes(raw).split(b"\n")
    for kind in leases.formats():
        kind.recognises(lines)
        for event in kind.events(lines, File(at("2026-11-25T00:00:00"), ZONE)):
            assert not event.mac or len(event.mac) == 17


def test_leases_without_a_time_are_told_apart_from_none(tmp_path: Path) -> None:
    """The output of `dhcpd -d` on standard error; it is read when a time stands before each line."""
    banner = "Internet Systems Consortium DHCP Server 4.4.3-P1\nServer starting service.\n"
    lease = "DHCPACK on 10.0.0.5 to 02:00:00:00:00:0a (pc-a) via eth1"
    (tmp_path / "bare.log").write_text(f"{banner}{lease}\n", encoding="utf-8")
    with pytest.raises(SourceError, match="carry no time"):
        leases.gather(inputs.discover([]), [tmp_path / "bare.log"], ZONE.key)
    dated = "".join(f"2026-11-24T04:00:00Z {line}\n" for line in f"{banner}{lease}".splitlines())
    assert told(gathered(tmp_path / "dated.log", dated), "10.0.0.5", "2026-11-24 05:00:00") == (A, "pc-a")
