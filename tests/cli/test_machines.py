"""`quetsach machines read` as IT staff give it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.machines import exports, test_neighbours

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def arp(tmp_path: Path) -> Path:
    path = tmp_path / "arp.txt"
    path.write_text(test_neighbours.WINDOWS_VI, encoding="utf-16")
    return path


def test_tables_become_evidence_with_a_preview(quetsach: Run, arp: Path, tmp_path: Path) -> None:
    out = tmp_path / "machines.jsonl"
    code, said, err = quetsach(
        "machines", "read", arp, "--at", "2026-11-24T08:00+07:00", "--source-name", "sw-hq", "-o", out
    )
    assert code == 0
    assert "arp.txt: neighbour table of Windows: 2" in said and "0 claims, 2 bindings." in said
    assert "192.168.1.10" in said and "MAC 00-00-5e-00-53-01" in said and "07:59:00" in said
    assert str(out) in err
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [record["type"] for record in records] == ["evidence", "binding", "binding", "end"]
    assert records[1] == {
        "type": "binding", "kind": "neighbour", "address": "192.168.1.10",
        "key": ["mac", "00-00-5e-00-53-01"],
        "begin": "2026-11-24T00:59:00.000000Z", "end": "2026-11-24T01:01:00.000000Z", "source": "sw-hq",
    }  # fmt: skip
    first = out.read_bytes()
    assert quetsach("machines", "read", out, arp, "--at", "2026-11-24T08:00+07:00", "--source-name", "sw-hq",
                    "-o", tmp_path / "again.jsonl")[0] == 0  # fmt: skip
    assert (tmp_path / "again.jsonl").read_bytes() == first


def test_a_mapping_is_proposed_then_used(quetsach: Run, tmp_path: Path) -> None:
    table, mapping = tmp_path / "so.csv", tmp_path / "so.toml"
    table.write_text(
        "Tên máy;Mã thẻ;Địa chỉ MAC\nPC-01;00-00-5E-00-53-09;00-00-5E-00-53-01\n", encoding="utf-8"
    )
    code, said, err = quetsach("machines", "read", table, "--map", mapping)
    assert (code, "Tên máy → host; Địa chỉ MAC → mac" in said, str(mapping) in err) == (0, True, True)
    assert "columns not read: Mã thẻ" in said
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace('"Mã thẻ" = ""', '"Mã thẻ" = "mac"'), encoding="utf-8")
    before = mapping.read_bytes()
    code, said, err = quetsach("machines", "read", table, "--map", mapping)
    assert code == 0 and "00-00-5e-00-53-09" in said and "00-00-5e-00-53-01" in said
    assert mapping.read_bytes() == before
    mapping.write_text('[columns]\n"Tên máy" = "colour"\n', encoding="utf-8")
    code, said, err = quetsach("machines", "read", table, "--map", mapping)
    assert code == 2 and "colour" in err


def test_what_could_not_be_read_is_told_with_its_place(quetsach: Run, arp: Path, tmp_path: Path) -> None:
    table = tmp_path / "so.csv"
    table.write_bytes(exports.cp1258("Tên máy,Địa chỉ IP\nPC-01,192.168.1.10\nMáy in số 1,192.168.1.11\n"))
    code, said, err = quetsach("machines", "read", table)
    assert code == 1
    assert "read as cp1258" in err
    assert f"{table}:3: names no machine" in err and "Máy in số 1" in err
    (tmp_path / "x.log").write_text("nothing of the kind\n")
    code, said, err = quetsach("machines", "read", tmp_path / "x.log", arp)
    assert code == 2
    assert "x.log: is none of the files" in err and "2 bindings" in said
    code, said, err = quetsach("machines", "read", tmp_path / "none")
    assert code == 2 and "none: " in err


def test_a_workbook_is_read_as_its_rows_are(quetsach: Run, tmp_path: Path) -> None:
    for name, data in (
        ("so.xlsx", exports.xlsx(exports.UNIT)),
        ("so.csv", exports.text(exports.UNIT).encode()),
    ):
        (tmp_path / name).write_bytes(data)
    told = [quetsach("machines", "read", tmp_path / name)[:2] for name in ("so.xlsx", "so.csv")]
    assert told[0][0] == told[1][0] != 2
    last = [re.findall(r"\d+ claims?, \d+ bindings?", said) for _code, said in told]
    assert last[0] == last[1] != []


def test_hostile_cells_do_not_paint_the_terminal(quetsach: Run, tmp_path: Path) -> None:
    table = tmp_path / "so.csv"
    table.write_text(
        "Tên\x1b[2J máy,MAC,Địa chỉ IP\nPC-\x1b[31m01,\x1b]0;x\x07,1\nPC-2,00-00-5E-00-53-01,x\n"
    )
    code, said, err = quetsach("machines", "read", table)
    assert code == 1
    assert "\x1b" not in said + err and "\x07" not in said + err


def test_mistakes_on_the_command_line_are_told(quetsach: Run, arp: Path, tmp_path: Path) -> None:
    for options, told in (
        (("--at", "yesterday"), "is no time"),
        (("--tz", "Mars"), "is not a time zone"),
        (("-o", tmp_path / "x.csv"), "must end in .jsonl"),
        (("-o", tmp_path / "none" / "x.jsonl"), "does not exist"),
        (("--lease-time", "soon"), "is no duration"),
    ):
        code, _said, err = quetsach("machines", "read", arp, *options)
        assert code == 2 and told in err, options
    own = tmp_path / "own.jsonl"
    own.write_bytes(b'{"type":"evidence","schema":1,"source":"s"}\n{"type":"end","claims":0,"bindings":0}\n')
    before = own.read_bytes()
    code, _said, err = quetsach("machines", "read", own, "-o", own)
    assert code == 2 and own.read_bytes() == before


def test_leases_that_name_only_their_end_are_told(quetsach: Run, tmp_path: Path) -> None:
    path = tmp_path / "dnsmasq.leases"
    path.write_text("1795569000 00:00:5e:00:53:01 10.0.0.5 pc-a *\n")
    os.utime(path, (1795564800, 1795564800))
    code, said, err = quetsach("machines", "read", path)
    assert code == 0 and "--lease-time" in err and "25/11/2026 07:00:00" in said
    code, said, err = quetsach("machines", "read", path, "--lease-time", "12h")
    assert code == 0 and "--lease-time" not in err and "24/11/2026 20:10:00" in said


def test_a_lease_line_that_was_cut_costs_no_other_line(quetsach: Run, tmp_path: Path) -> None:
    path = tmp_path / "dnsmasq.leases"
    rows = [f"1795569000 00:00:5e:00:53:{n:02x} 10.0.0.{n} pc-{n} *" for n in range(1, 9)]
    path.write_text("\n".join([*rows[:3], "1795569000 00:00:5e:0", *rows[3:]]) + "\n")
    code, said, err = quetsach("machines", "read", path, "--lease-time", "12h")
    assert code == 1 and f"{path}:4: not understood: 1795569000 00:00:5e:0" in err
    assert "8 bindings" in said and said.count("and 3 more; -o saves all") == 2


def test_a_scan_reads_the_same_leases(quetsach: Run, feed: Path, tmp_path: Path) -> None:
    """The machine gave its address back at an unknown time: the scan still names it."""
    log = tmp_path / "logs" / "access.log"
    log.parent.mkdir()
    log.write_text(
        "1795490000.1 1 10.0.0.5 TCP_MISS/200 9 GET http://evil.example/x - HIER_DIRECT/198.51.100.7 -\n"
    )
    head = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state\n"
    kea = tmp_path / "kea-leases4.csv"
    (tmp_path / "kea-leases4.csv.2").write_text(
        f"{head}10.0.0.5,00:00:5e:00:53:01,,7200,1795496400,1,0,0,pc-a,0\n"
    )
    kea.write_text(f"{head}10.0.0.5,00:00:5e:00:53:01,,0,1795489200,1,0,0,pc-a,0\n")
    for path in (kea, tmp_path / "kea-leases4.csv.2"):
        os.utime(path, (1795492800, 1795492800))
    _code, said, _err = quetsach("scan", log, "-i", feed, "--leases", kea, "--json")
    (row,) = [json.loads(line) for line in said.splitlines() if '"sighting"' in line]
    assert row["identity"] == {"host": "pc-a", "mac": "00:00:5e:00:53:01"}
    dnsmasq = tmp_path / "dnsmasq.leases"
    dnsmasq.write_text("1795496400 00:00:5e:00:53:01 10.0.0.5 pc-a *\n")
    os.utime(dnsmasq, (1795492800, 1795492800))
    for options, is_named in (((), False), (("--lease-time", "2h"), True)):
        _code, said, err = quetsach("scan", log, "-i", feed, "--leases", dnsmasq, "--json", *options)
        assert ("00:00:5e:00:53:01" in said, "--lease-time" in err) == (is_named, not is_named)
