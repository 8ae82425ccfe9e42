"""A report about infected machines is never a list, whatever form it comes in."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
import xlsxwriter

from quetsach.errors import IndicatorError
from quetsach.indicators import reading

DATA = Path(os.environ.get("QUETSACH_TEST_DATA", "../shared/data"))
SCHEMA = DATA / "shadowserver/report-types.tsv"
VICTIMS = "about infected machines, not a list"
BOTH = "names victims beside malicious addresses"
CULPRITS_TOO = {"sandbox_conn", "sandbox_dns", "sandbox_url", "malware_url", "spam_url"}
"""The report types whose addresses are those of sandboxes' contacts or of malware: also no list."""
CELLS = {"timestamp": "2026-10-02 03:04:05", "port": "443", "asn": "45899", "geo": "VN", "tag": "ramnit"}


def cell(name: str) -> str:
    if name.endswith(("ip", "address")):
        return "45.77.10.11"
    if "hostname" in name or "domain" in name or name in ("request", "website"):
        return "static.vnpt-lc.example.net"
    if "url" in name:
        return "http://45.77.10.11/a"
    return CELLS.get(name, "1")


def refused(text: str | bytes, **choice: str) -> str:
    with pytest.raises(IndicatorError) as error:
        reading.read_text(text if isinstance(text, str) else text.decode(), "report.csv", **choice)  # type: ignore[arg-type]
    return str(error.value)


def as_csv(names: list[str], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([names, [cell(name) for name in names]])
    return out.getvalue()


@pytest.mark.realdata
@pytest.mark.skipif(not SCHEMA.is_file(), reason="QUETSACH_TEST_DATA is not there")
def test_no_report_type_of_shadowserver_is_a_list() -> None:
    """All 170 types of its schema; as CSV, as Excel saves it in Vietnam, and as JSON of its interface."""
    with SCHEMA.open(encoding="utf-8", newline="") as file:
        types = {row["type"]: row["fields"].split(",") for row in csv.DictReader(file, delimiter="\t")}
    assert len(types) == 170
    for type_, names in types.items():
        wanted = BOTH if type_ in CULPRITS_TOO else VICTIMS
        record = {name: cell(name) for name in names}
        texts = (
            as_csv(names), as_csv(names[::-1], ";"), json.dumps([record]), json.dumps(record) + "\n" * 2,
        )  # fmt: skip
        assert all(wanted in refused(text) for text in texts), type_
        assert wanted in refused(texts[0], format="csv"), "no name of a form makes a list of it"


DRONE = ["timestamp", "severity", "protocol", "src_ip", "src_port", "src_asn", "src_naics", "infection"]
OLD_DRONE = ["timestamp", "ip", "port", "asn", "geo", "infection", "cc_ip", "cc_port"]
N6 = {
    "id": "1", "time": "2026-10-02T03:04:05Z", "category": "bots", "confidence": "medium", "name": "ramnit",
    "address": [{"ip": "45.77.10.11", "cc": "VN", "asn": 45899}], "dip": "45.77.10.12",
}  # fmt: skip
INTELMQ = {"classification.type": "infected-system", "source.ip": "45.77.10.11", "feed.name": "x"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (as_csv(DRONE), f"report of Shadowserver {VICTIMS}"),
        (as_csv(OLD_DRONE), f"report of Shadowserver {VICTIMS}"),
        ("Báo cáo tuần 40\n" + as_csv(DRONE, "\t"), f"report of Shadowserver {VICTIMS}"),
        (json.dumps([N6]), f"report of n6 that {BOTH}"),
        (json.dumps({**N6, "source": "x.y", "restriction": "public"}), f"report of n6 that {BOTH}"),
        (json.dumps(N6) + "\n" + json.dumps(N6), f"report of n6 that {BOTH}"),
        (json.dumps({"data": [N6]}), f"report of n6 that {BOTH}"),
        ("time,id,source,category,name,md5,ip,url,fqdn,asn,cc\n2026-10-02,1,a,bots,x,,45.77.10.11,,,1,VN\n",
         f"report of n6 that {BOTH}"),
        (json.dumps([INTELMQ]), f"report of IntelMQ that {BOTH}"),
        ("STT,Địa chỉ IP,Tên máy tính\n1,14.160.1.1,PC-07\n", "may be the infected machines"),
        ("STT;IP;Địa chỉ MAC;Mã độc\n1;14.160.1.1;00:11:22:33:44:55;x\n", "may be the infected machines"),
        ("Hostname,Operating system,Malware\npc07.laichau.example.net,Windows 10,ramnit\n",
         "may be the infected machines"),
        ("STT,Địa chỉ IP,Mã độc\n1,10.12.3.4,ramnit\n2,192.168.1.7,ramnit\n", "addresses inside a network"),
        ("ip,malware,first seen\n10.12.3.4,ramnit,2026-10-02\n172.16.9.1,ramnit,2026-10-02\n",
         "addresses inside a network"),
    ],
)  # fmt: skip
def test_a_report_about_victims_is_no_list(text: str, says: str) -> None:
    assert says in refused(text)


@pytest.mark.parametrize("names", [DRONE, OLD_DRONE])
def test_a_report_in_a_workbook_is_no_list_either(names: list[str], tmp_path: Path) -> None:
    path = tmp_path / "bao-cao.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Báo cáo Shadowserver"])
        sheet.write_row(2, 0, names)
        sheet.write_row(3, 0, [cell(name) for name in names])
    with pytest.raises(IndicatorError, match=VICTIMS):
        reading.read(path)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        # ThreatFox, Feodo Tracker, MISP, a SIEM's export and offices' lists stay lists.
        ("first_seen_utc,ioc_id,ioc_value,ioc_type,malware\n2026-10-02,1,45.77.10.11:443,ip:port,win.x\n", 1),
        (
            "first_seen_utc,dst_ip,dst_port,c2_status,malware\n2026-10-02,45.77.10.11,443,on,x\n",
            1,
        ),
        (
            "uuid,event_id,category,type,value,to_ids,date\nu,1,Network,domain,evil.vn,1,20261002\n",
            1,
        ),
        ("timestamp,severity,indicator,type,confidence\n2026-10-02,high,evil.vn,domain,80\n", 1),
        ('[{"timestamp":"2026-10-02","indicator":"evil.vn","category":"c2","source":"x","confidence":9}]', 1),
        ("STT,Tên miền/ Địa chỉ IP độc hại,Mã độc\n1,evil.vn,x\n2,10.0.0.1,y\n", 2),
        ("ip,malware\n45.77.10.11,x\n10.0.0.1,y\n45.77.10.12,z\n", 3),
        ("IP máy nhiễm,Địa chỉ IP\n14.160.1.1,45.77.10.11\n", 1),
    ],
)
def test_a_list_with_a_few_such_columns_is_read(text: str, count: int) -> None:
    assert len(reading.read_text(text).indicators) == count


@pytest.mark.parametrize(
    "header",
    [
        "STT,Đơn vị,Địa chỉ IP,Thời gian,Loại mã độc,IP máy chủ điều khiển",
        "STT,Tên đơn vị,Địa chỉ IP public,Ngày",
        "timestamp,ip,port,asn,geo,infection",
        "timestamp,ip,port,asn,geo,region,city,hostname,type,infection,url,agent,cc,cc_port,machine_name,id",
    ],
)
def test_a_warning_to_offices_with_their_own_addresses_is_no_list(header: str) -> None:
    names = header.split(",")
    row = ["113.160.92.7" if "ip" in name.lower().split() else "1" for name in names]
    assert VICTIMS in refused(f"{header}\n{','.join(row)}\n")
    assert VICTIMS in refused(json.dumps({"data": [dict(zip(names, row, strict=True))]}))


def test_a_workbook_with_units_and_their_addresses_gives_no_list(tmp_path: Path) -> None:
    path = tmp_path / "canh-bao.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Cảnh báo")
        sheet.write_row(0, 0, ["STT", "Đơn vị", "Địa chỉ IP", "IP máy chủ điều khiển"])
        sheet.write_row(1, 0, [1, "Sở Y tế", "113.160.92.7", "203.0.113.9"])
    with pytest.raises(IndicatorError):
        reading.read(path)


BARE = "may be the infected machines"
NO_HEADS = "may be a table of infected machines"


@pytest.mark.parametrize(
    "text",
    [
        "ip,port,malware\n14.160.1.1,51234,ramnit\n",
        "IP;Port;Malware\n14.160.1.1;443;ramnit\n",
        "STT,Địa chỉ IP,Cổng,Mã độc\n1,14.160.1.1,51234,ramnit\n",
        "ip\tport\tmalware\n14.160.1.1\t51234\tramnit\n",
        "ip port malware\n14.160.1.1 51234 ramnit\n14.160.1.2 51234 ramnit\n",
        "ip,infection,tag\n14.160.1.1,ramnit,x\n",
        "STT,IP,Nhà mạng,Mã độc\n1,14.160.1.1,VNPT,ramnit\n",
        "ip,src_port,family\n14.160.1.1,51234,ramnit\n",
        '[{"ip": "14.160.1.1", "port": 51234, "malware": "ramnit"}]',
    ],
)
def test_a_bare_address_beside_its_port_and_malware_is_a_machine(text: str) -> None:
    assert BARE in refused(text)
    for form in ("csv", "plain", "hosts", "maltrail", "suricata.iprep"):
        if text[2] != " " and not text.startswith("["):
            assert BARE in refused(text, format=form), "no name of a form makes a list of it"


VICTIM_ROWS = {
    "two columns of addresses": "2026-10-02,14.160.1.1,45.77.10.11,ramnit",
    "names of machines": "14.160.1.1,DESKTOP-A1B2C3,ramnit",
    "hardware addresses": "14.160.1.1;00:11:22:33:44:55;ramnit",
    "units": "Sở Y tế,14.160.1.1,ramnit",
    "their state": "14.160.1.1,botnet-drone,ramnit,2026-10-02",
    "ports that machines call from": "14.160.1.1,51234,ramnit",
    "systems": "14.160.1.1\tWindows 10\tramnit",
    "a network inside": "10.1.2.3,ramnit,2026-10-02",
    "a country": "14.160.1.1,VN,ramnit",
}


@pytest.mark.parametrize("row", VICTIM_ROWS.values(), ids=VICTIM_ROWS)
def test_a_table_of_victims_without_headings_is_no_list(row: str, tmp_path: Path) -> None:
    rows = [row.replace("14.160.1.1", f"14.160.{n}.9").replace("10.1.2.3", f"10.1.{n}.3") for n in range(4)]
    text = "\n".join(rows)
    assert NO_HEADS in refused(text)
    assert NO_HEADS in refused(text, format="csv") or "\t" in text
    assert NO_HEADS in refused(text, format="plain")
    path = tmp_path / "may-nhiem.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for at, one in enumerate(rows):
            sheet.write_row(at, 0, one.replace("\t", ",").replace(";", ",").split(","))
    with pytest.raises(IndicatorError, match=NO_HEADS):
        reading.read(path)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("45.77.10.11,443,Emotet\n45.77.10.12,8080,Emotet\n45.77.10.13,7443,x\n", 3),
        ("evil.vn,45.77.10.11,ramnit\nevil.top,45.77.10.12,x\n", 2),
        ("45.77.10.11,VN,ramnit\n45.77.10.12,US,x\n45.77.10.13,DE,x\n", 3),
        ("45.77.10.11\tram nit\n45.77.10.12\tvictim of none\n", 2),
        ("45.77.10.11:443,ramnit,50050\n45.77.10.12:443,ramnit,51000\n", 2),
        ("dst_ip,port,malware\n45.77.10.11,443,x\n", 1),
        ("Địa chỉ IP độc hại,Cổng,Mã độc\n45.77.10.11,443,x\n", 1),
        ("Máy chủ điều khiển,Cổng,Mã độc\n45.77.10.11,443,x\n", 1),
    ],
)
def test_a_list_that_looks_a_little_like_such_a_table_is_read(text: str, count: int) -> None:
    assert len(reading.read_text(text).indicators) == count


ROW = {
    "time": "2026-11-01 01:02:03", "machine": "203.162.5.{n}", "called": "45.155.205.9", "malware": "mozi",
    "name": "may{n}.xa-thanh.vn",
}  # fmt: skip


def seen(head: str, kinds: str = "time machine called malware name", rows: int = 5) -> str:
    lines = (",".join(ROW[kind].format(n=n) for kind in kinds.split()) for n in range(7, 7 + rows))
    return "\n".join((*filter(None, [head]), *lines)) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        seen("Ngày,IP,C2,Họ,Máy"),
        seen("Thời gian,Địa chỉ IP,Địa chỉ điều khiển,Mã độc,Tên máy"),
        seen("Thời gian,Địa chỉ IP,Máy chủ điều khiển,Mã độc,Tên máy"),
        seen("first_seen,ip_address,controller,malware,ptr"),
        seen("seen,client,server,family,host"),
        seen("last_seen,bot_ip,cnc,malware,host"),
        seen("timestamp,indicator,dst_ip,family,src_hostname"),
        seen("indicator,ip,family,hostname", "machine called malware name"),
        seen("timestamp,srcip,dstip,infection,srchost"),
        seen("time,srcip,dstip,action", "time machine called malware"),
        seen("infected_ip,hostname,malware", "machine name malware"),
        seen("host,ip,malware", "name machine malware"),
        seen("IP,reverse", "machine name"),
        seen("Địa chỉ,Tên", "machine name"),
        json.dumps([{"indicator": "203.162.5.7", "client": "x", "c2": "45.155.205.9"}]),
    ],
)
def test_a_second_column_of_addresses_or_names_is_never_guessed_over(text: str) -> None:
    """Whatever the headings say, one of the two columns is victims: the person chooses, nobody guesses."""
    says = refused(text)
    assert "both sides of connections" in says or "both hold addresses or names" in says, says
    assert "--column" in says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (json.dumps({"victims": ["203.162.5.7"]}), "'victims' are infected machines"),
        (json.dumps({"infected_hosts": [{"ip": "203.162.5.7"}]}), "'infected_hosts' are infected machines"),
        (json.dumps({"infectedHosts": ["203.162.5.7"]}), "'infectedHosts' are infected machines"),
        (json.dumps({"date": "x", "nạn nhân": [{"ip": "203.162.5.7"}]}), "'nạn nhân'"),
        (json.dumps([{"indicator": "203.162.5.7", "type": "ip", "victim": True}]), "beside 'victim'"),
        ("timestamp,indicator,asn,geo,infection\n2026-11-01,203.162.5.7,45899,VN,mozi\n", "'infection'"),
        (seen("", "name machine malware"), "names stand beside addresses"),
        (seen("", "machine name"), "names stand beside addresses"),
        (seen("", "time machine"), "beside a time"),
        (seen("", "time machine malware"), "beside a time"),
    ],
)
def test_victims_by_a_key_a_name_or_a_time(text: str, says: str) -> None:
    assert says in refused(text)


def test_the_column_that_a_person_chose_is_read() -> None:
    text = seen("Ngày,IP,C2,Họ,Máy")
    assert {i.value for i in reading.read_text(text, columns={"indicator": "C2"}).indicators} == {
        "45.155.205.9"
    }


@pytest.mark.parametrize(
    ("text", "count"),
    [
        # The headings of URLhaus, Feodo Tracker, MISP, OTX and of offices, with their publishers' columns.
        ("id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n"
         "1,2026-11-01 01:02:03,http://45.155.205.9/i,online,,malware_download,elf,https://urlhaus.abuse.ch/url/1/,x\n",
         1),
        ("first_seen_utc,dst_ip,dst_port,c2_status,last_online,malware\n"
         "2026-11-01 01:02:03,45.155.205.9,443,online,2026-11-01,QakBot\n", 1),
        (json.dumps([{"ip_address": "45.155.205.9", "port": 443, "status": "online", "hostname": "x.evil.com",
                      "as_number": 1, "as_name": "EVIL", "country": "US", "first_seen": "2026-11-01 01:02:03",
                      "last_online": "2026-11-01", "malware": "QakBot"}]), 1),
        ("uuid,event_id,category,type,value,comment,to_ids,date\n"
         "u,1,Network activity,ip-dst,45.155.205.9,seen at evil.com,1,20261101\n", 1),
        ("Indicator type,Indicator,Description\nIPv4,45.155.205.9,\ndomain,evil.com,x\n", 2),
        ("value,source,reference\nevil.com,abuse.ch,https://abuse.ch/x\nevil.net,abuse.ch,\n", 2),
        ("Tên miền,Địa chỉ IP,Mã độc\nevil.com,45.155.205.9,x\n", 1),
        ("Tên miền độc hại,IP phân giải\nevil.com,45.155.205.9\n", 1),
        ("ip,Ghi chú\n45.155.205.9,evil.com\n", 1),
        ("sha256,file_name\n" + "a" * 64 + ",invoice.zip\n", 0),
        ("45.155.205.9,2026-11-01,Mozi C&C\n45.155.205.8,2026-11-01,Mozi C&C\n", 2),
    ],
)  # fmt: skip
def test_public_lists_with_columns_of_their_publishers_are_read(text: str, count: int) -> None:
    assert len(reading.read_text(text).indicators) == count
