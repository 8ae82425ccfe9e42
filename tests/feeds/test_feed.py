"""Whole lists: every line is an indicator, a comment, or a remark with its number."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from quetsach.errors import IndicatorError
from quetsach.indicators import draft, reading, setfile
from quetsach.indicators.indicator import Kind, Scope
from quetsach.indicators.lists.text import read_bytes
from quetsach.indicators.reading import FeedResult

DATA = Path(os.environ.get("QUETSACH_TEST_DATA", "../shared/data"))


def told(result: FeedResult) -> dict[str, list[object]]:
    return {
        "items": [i.hashed for i in result.indicators],
        "rejects": [(r.line, r.code) for r in result.rejects],
        "warnings": [(w.line, w.code) for w in result.warnings],
    }


PLAIN = """\ufeff# C2, campaign 2026-10
evil[.]example   \t
*.bad.example        # subdomains only
; comment
! comment
// comment
[Section]
[2001:db8::1]:443
203.0.113.7:8080\tseen on monday
203.0.113.0 - 203.0.113.1
http://evil.example/a#b
/gate.php
other.example second.example
"""


def test_a_plain_list() -> None:
    assert told(reading.read_text(PLAIN.removeprefix("\ufeff"))) == {
        "items": [
            "*.bad.example",
            "203.0.113.0/31",
            "203.0.113.7:8080",
            "[2001:db8::1]:443",
            "evil.example",
            "evil.example/a",
            "other.example",
        ],
        "rejects": [(12, "no-host")],
        "warnings": [(10, "range"), (11, "fragment-dropped"), (13, "second-value")],
    }


def test_a_hosts_file_is_exact_and_leaves_the_machines_own_names() -> None:
    text = (
        "127.0.0.1 localhost\n::1 ip6-localhost\n0.0.0.0 0.0.0.0\n"
        "0.0.0.0 evil.example www.evil.example # x\n0.0.0.0\tbad.example\n"
    )
    assert told(reading.read_text(text)) == {
        "items": ["=bad.example", "=evil.example", "=www.evil.example"],
        "rejects": [],
        "warnings": [],
    }
    wide = reading.read_text(text, scope=Scope.WITH_SUBDOMAINS)
    assert "evil.example" in [i.hashed for i in wide.indicators]


def test_the_contracts_csv_with_families() -> None:
    result = reading.read_text(
        "indicator,type,family\nevil.example,domain,ramnit\n203.0.113.7:80,ipv4-port,\n/x,url,mirai\nx.exe,filename,a\n"
    )
    assert [(i.value, i.family) for i in result.indicators] == [
        ("203.0.113.7:80", ""),
        ("evil.example", "ramnit"),
    ]
    assert [(r.line, r.code) for r in result.rejects] == [(4, "no-host"), (5, "unknown-type")]


def test_urlhaus_whose_header_is_a_comment() -> None:
    text = (
        "################\r\n# abuse.ch URLhaus\r\n#\r\n"
        "# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\r\n"
        '"3821497","2026-04-14 16:02:21","http://203.0.113.9:37352/bin.sh","online","2026-04-14 16:02:21",'
        '"malware_download","32-bit,elf","https://urlhaus.example/url/3821497/","x"\r\n'
    )
    result = reading.read_text(text)
    assert [(i.value, i.family) for i in result.indicators] == [
        ("203.0.113.9:37352/bin.sh", "malware_download")
    ]


def test_threatfox_with_spaces_before_its_quotes() -> None:
    text = (
        '# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","fk_malware","malware_alias",'
        '"malware_printable"\n'
        '"2024-07-16 05:25:36", "1301610", "203.0.113.90:7777", "ip:port", "botnet_cc", "win.x", "A,B", '
        '"Cobalt Strike"\n'
        '"2024-07-16 05:25:36", "1301611", "d41d8cd98f00b204e9800998ecf8427e", "md5_hash", "p", "win.x", '
        '"A", "B"\n'
        "# Number of entries: 2\n"
    )
    result = reading.read_text(text)
    assert [(i.value, i.family) for i in result.indicators] == [("203.0.113.90:7777", "Cobalt Strike")]
    assert [(r.line, r.code) for r in result.rejects] == [(3, "hash")]
    assert result.hashes == {"d41d8cd98f00b204e9800998ecf8427e": "B"}


def test_feodo_joins_address_and_port() -> None:
    text = (
        '"first_seen_utc","dst_ip","dst_port","c2_status","malware"\n'
        '"2022","203.0.113.246","8080","offline","Emotet"\n'
    )
    assert [(i.value, i.family) for i in reading.read_text(text).indicators] == [
        ("203.0.113.246:8080", "Emotet")
    ]


def test_zeek_intel() -> None:
    text = (
        "#fields\tindicator\tindicator_type\tmeta.source\nevil.example\tIntel::DOMAIN\tx\n"
        "203.0.113.0/24\tIntel::SUBNET\tx\nevil.example/gate.php\tIntel::URL\tx\n"
    )
    assert [i.hashed for i in reading.read_text(text).indicators] == [
        "203.0.113.0/24",
        "=evil.example",
        "evil.example/gate.php",
    ]


def test_a_semicolon_table_of_an_office_with_named_columns() -> None:
    text = "STT;Ngày;Máy chủ;Ghi chú\n1;26/10/2026;evil[.]example;a\n2;26/10/2026;;b\n"
    result = reading.read_text(text, columns={"indicator": "Máy chủ", "family": "4"})
    assert [(i.value, i.family) for i in result.indicators] == [("evil.example", "a")]
    assert [(r.line, r.code) for r in result.rejects] == [(3, "no-value")]
    with pytest.raises(IndicatorError, match="no column 'Khác'"):
        reading.read_text(text, columns={"indicator": "Khác"})


def test_a_table_without_header_is_guessed_and_said_to_be() -> None:
    result = reading.read_text("1,evil.example,x\n2,bad.example,y\n3,,z\n")
    assert told(result) == {
        "items": ["bad.example", "evil.example"],
        "rejects": [(3, "no-value")],
        "warnings": [(0, "columns-guessed")],
    }


def test_a_row_with_broken_quotes_costs_only_itself() -> None:
    result = reading.read_text('indicator,family\n"evil.example,x\nbad.example,y\n')
    assert told(result)["items"] == ["bad.example"]
    assert told(result)["rejects"] == [(2, "quotes")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_encodings_are_told_by_their_mark(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("indicator,family\r\nevil.example,mã độc\r\n".encode(encoding))
    (item,) = reading.read(path).indicators
    assert (item.value, item.family) == ("evil.example", "mã độc")


def test_a_guessed_encoding_is_said(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("evil.example\n# ghi chú\n".encode("cp1258"))
    result = reading.read(path)
    assert [w.code for w in result.warnings] == ["encoding"]
    assert [i.value for i in result.indicators] == ["evil.example"]


def test_gzip_and_a_truncated_gzip(tmp_path: Path) -> None:
    path = tmp_path / "list.gz"
    packed = gzip.compress(b"".join(f"h{i * 7919 % 99991}.evil.example\n".encode() for i in range(9999)))
    path.write_bytes(packed)
    assert len(reading.read(path).indicators) == len({i * 7919 % 99991 for i in range(9999)})
    path.write_bytes(packed[:-300])
    with pytest.raises(IndicatorError, match=r"list\.gz.*cut off"):
        reading.read(path)


def test_lists_merge_with_the_wider_scope_and_the_first_family(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("0.0.0.0 evil.example\n")
    (tmp_path / "b").write_text("indicator,family\n*.evil.example,first\nevil.example:80,second\n")
    result = reading.read_many([tmp_path / "a", tmp_path / "b"])
    assert [(i.hashed, i.family) for i in result.indicators] == [("evil.example", "first")]
    assert [w.source for w in result.warnings] == [str(tmp_path / "b")]


def test_a_compiled_set_comes_back_as_it_was(tmp_path: Path) -> None:
    indicators = reading.read_text(PLAIN).indicators
    path = tmp_path / "set.qs"
    setfile.write(path, indicators)
    again = reading.read(path).indicators
    assert (again.items, again.id) == (indicators.items, indicators.id)
    path.write_bytes(path.read_bytes().replace(b"*.bad", b"*.bax"))
    with pytest.raises(IndicatorError, match="damaged"):
        reading.read(path)


def test_an_empty_set_is_not_compiled(tmp_path: Path) -> None:
    with pytest.raises(IndicatorError, match="empty"):
        setfile.write(tmp_path / "set", reading.read_text("# nothing\n").indicators)


@pytest.mark.realdata
@pytest.mark.skipif(not DATA.is_dir(), reason="QUETSACH_TEST_DATA is not there")
@pytest.mark.parametrize("reader", ["native", "portable"])
def test_every_row_of_the_real_list_is_an_indicator_or_a_reject(reader: str, tmp_path: Path) -> None:
    packed = (DATA / "indicators/malware-indicators.csv.gz").read_bytes()
    head, *lines = gzip.decompress(packed).decode().splitlines()
    file = tmp_path / "list.csv"
    file.write_text("\n".join([head, *lines]))
    result = reading.read_many([file], draft=draft.available() if reader == "native" else None)
    pathless = sum(line.startswith("/") for line in lines)
    assert sum(r.code == "no-host" for r in result.rejects) == pathless
    assert len(result.rejects) < pathless + 30
    # The accepted values in the spelling of the file: no other value may be missing from the set.
    rejected = {r.text for r in result.rejects}
    for kind, word in ((Kind.DOMAIN, ",domain,"), (Kind.IP_PORT, ",ipv4-port,")):
        plain = {line.split(",")[0].lower() for line in lines if word in line} - rejected
        plain = {value for value in plain if ":0" not in value}  # a port's leading zeros go
        # As objects they would take longer than reading the list took.
        assert result.indicators.kinds()[kind] >= len(plain)
        if reader == "portable":
            assert plain <= {i.value for i in result.indicators}
    assert not result.warnings


def test_a_list_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(b"a.example\n" * 300_000))
    with pytest.raises(IndicatorError, match=r"bomb\.gz: more than 1 MB unpacked"):
        read_bytes(bomb, most=1024**2)


def test_a_picture_is_no_list(tmp_path: Path) -> None:
    picture = tmp_path / "logo.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\nevil.example.vn\n")
    with pytest.raises(IndicatorError, match=r"logo\.png: not a text file"):
        read_bytes(picture)


def test_quotes_around_the_values_of_a_plain_list_are_dropped_and_told() -> None:
    result = reading.read_text("\"evil.example\"\n'other.example'\nhttp://third.example/a?x='1'\n\"x\n")
    assert [i.value for i in result.indicators] == [
        "evil.example",
        "other.example",
        "third.example/a?x='1'",
    ]
    assert [(w.line, w.code) for w in result.warnings] == [(1, "unquoted"), (2, "unquoted")]
    assert [r.line for r in result.rejects] == [4]
