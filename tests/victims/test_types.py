"""Types of reports: Shadowserver's own classification, twins, and unknown types."""

import csv
import json
import os
from pathlib import Path

import pytest

from quetsach.victims import types
from quetsach.victims.report import Meaning
from quetsach.victims.types import Known, TypesError, from_schema, judged, table, written
from quetsach.victims.words import WHY

DATA = Path(os.environ.get("QUETSACH_TEST_DATA", "../shared/data")) / "shadowserver/report-types.tsv"


@pytest.mark.realdata
@pytest.mark.skipif(not DATA.is_file(), reason="QUETSACH_TEST_DATA is not there")
def test_all_types_of_the_schema_are_known_with_the_columns_of_the_schema():
    with DATA.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    known = types.types()
    assert len(rows) == 170 and set(known) == {row["type"] for row in rows}
    for row in rows:
        one = known[row["type"]]
        assert one.address in row["fields"].split(",") or not one.address, row["type"]
        # The publisher's word: these two classifications alone open a case.
        if row["classification"] in ("infected-system", "system-compromise") and one.address:
            assert one.meaning.is_case, row["type"]
        elif row["classification"]:
            assert not one.meaning.is_case, row["type"]
        assert (one.meaning is Meaning.NONE) == bool(one.why) and (not one.why or one.why in WHY)


@pytest.mark.parametrize(
    ("name", "address", "meaning", "why"),
    [
        ("event4_sinkhole", "src_ip", Meaning.INFECTION, ""),
        ("event6_sinkhole", "src_ip", Meaning.INFECTION, ""),
        ("event6_sinkhole_http_referer", "http_referer_ip", Meaning.INFECTION, ""),
        ("event4_microsoft_sinkhole_http", "src_ip", Meaning.INFECTION, ""),
        ("compromised_iot6", "ip", Meaning.COMPROMISE, ""),
        ("scan_smb", "ip", Meaning.EXPOSED, ""),
        ("scan6_smb", "ip", Meaning.EXPOSED, ""),
        ("population6_msmq", "ip", Meaning.EXPOSED, ""),
        ("event4_honeypot_brute_force", "src_ip", Meaning.ATTACK, ""),
        ("event4_sinkhole_dns", "src_ip", Meaning.NONE, "resolver"),
        ("event4_honeypot_ddos_amp", "src_ip", Meaning.NONE, "attacked"),
        ("ransomware_victim", "", Meaning.NONE, "no_address"),
        ("device_id6", "ip", Meaning.NONE, "inventory"),
    ],
)
def test_hard_types_mean_what_the_publishers_pages_say(name, address, meaning, why):
    assert types.types()[name] == (name, address, meaning, why)


def test_a_new_type_follows_its_classification_or_its_twin_and_else_means_nothing():
    found = judged(
        [
            Known("scan_new", "vulnerable", "vulnerable-system", "ip"),
            Known("scan6_new", "", "", "ip"),
            Known("event4_bots", "malicious-code", "infected-system", "src_ip"),
            Known("event6_bots", "", "", "src_ip"),
            Known("mystery", "", "", "ip"),
            Known("event4_blind", "malicious-code", "infected-system", ""),
        ]
    )
    assert {name: (one.meaning.value, one.why) for name, one in found.items()} == {
        "scan_new": ("exposed", ""),
        "scan6_new": ("exposed", ""),
        "event4_bots": ("infection", ""),
        "event6_bots": ("infection", ""),
        "mystery": ("none", "unclassified"),
        "event4_blind": ("none", "no_address"),
    }


SCHEMA = {
    "scan_new": {
        "classification.taxonomy": "vulnerable", "classification.type": "vulnerable-system",
        "fields": ["timestamp", "ip", "port"], "name": "New", "url": "https://example.org/",
    },
    "event6_bots": {"fields": ["timestamp", "src_ip"]},
}  # fmt: skip


def test_a_schema_becomes_the_table_that_is_read_again():
    known = from_schema(json.dumps(SCHEMA).encode())
    assert known == [
        Known("event6_bots", "", "", "src_ip"),
        Known("scan_new", "vulnerable", "vulnerable-system", "ip"),
    ]
    assert table(written(known), "t")["scan_new"].meaning is Meaning.EXPOSED


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<html>", "not_schema"),
        (b"[]", "not_schema"),
        (b"{}", "no_types"),
        (b'{"a": {"fields": ["ip"]}, "b": 3}', "not_schema"),
        (b'{"a\\tb": {"fields": ["ip"]}}', "no_types"),
        (b"[" * 200_000, "not_schema"),
        (b'{"a": {"fields": ["ip"], "classification.type": "x\\ty"}}', "no_types"),
    ],
)
def test_another_file_is_no_schema(data, code):
    with pytest.raises(TypesError) as caught:
        from_schema(data)
    assert caught.value.code == code


def test_a_damaged_table_is_told_with_its_line(tmp_path, monkeypatch):
    path = tmp_path / "types.tsv"
    path.write_text("type\ttaxonomy\tclassification\taddress\nscan_x\tv\tv\tsomewhere\n", encoding="utf-8")
    monkeypatch.setenv(types.TABLE_SETTING, str(path))
    with pytest.raises(TypesError) as caught:
        types.types()
    assert caught.value.code == "line" and caught.value.value.endswith(": 2")
    path.write_text("type\ttaxonomy\tclassification\taddress\nscan_x\tv\tscanner\tip\n", encoding="utf-8")
    assert set(types.types()) == {"scan_x"}
