"""Hashes of files, in every form of list, are kept separately for the checks of machines."""

import hashlib
import json

import pytest

from quetsach.indicators import reading

MD5, SHA1, SHA256 = (hashlib.new(name, b"harmless").hexdigest() for name in ("md5", "sha1", "sha256"))
MISP = json.dumps(
    {"Event": {"Attribute": [
        {"type": "filename|sha256", "value": f"a b.exe|{SHA256.upper()}", "to_ids": True,
         "Tag": [{"name": 'misp-galaxy:malpedia="Ramnit"'}]},
        {"type": "md5", "value": MD5, "to_ids": False},
    ]}}
)  # fmt: skip
FILE_OBJECT = json.dumps(
    {"Event": {"Object": [
        {"name": "file", "Attribute": [
            {"type": "md5", "value": MD5, "to_ids": True},
            {"type": "sha256", "value": SHA256, "to_ids": True},
            {"type": "filename|sha1", "value": f"a.exe|{SHA1}", "to_ids": True},
        ]},
        {"name": "file", "Attribute": [
            {"type": "md5", "value": "1" * 32, "to_ids": True},
            {"type": "sha256", "value": "2" * 64, "to_ids": False},
            {"type": "sha1", "value": "3" * 40, "to_ids": True, "deleted": True},
        ]},
        {"name": "report", "Attribute": [
            {"type": "md5", "value": "4" * 32, "to_ids": True},
            {"type": "sha256", "value": "5" * 64, "to_ids": True},
        ]},
    ]}}
)  # fmt: skip
STIX = json.dumps(
    {"type": "bundle", "objects": [
        {"type": "indicator", "id": "indicator--1", "pattern_type": "stix",
         "pattern": f"[file:hashes.'SHA-256' = '{SHA256}' OR file:hashes.MD5 = '{MD5}']"},
        {"type": "malware", "id": "malware--1", "name": "Ramnit"},
        {"type": "relationship", "relationship_type": "indicates", "source_ref": "indicator--1",
         "target_ref": "malware--1"},
    ]}
)  # fmt: skip
BAZAAR = (
    '# "first_seen_utc","sha256_hash","md5_hash","sha1_hash","reporter","file_name","signature"\n'
    f'"2026-01-01 00:00:00","{SHA256}","{MD5}","{SHA1}","x","a.exe","Ramnit"\n'
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"{SHA256}\n{SHA1.upper()}\n", {SHA256: "", SHA1: ""}, id="plain"),
        pytest.param(f"{SHA256} *mẫu 1.exe\n", {SHA256: "mẫu 1.exe"}, id="sha256sum"),
        pytest.param(f"{MD5};Ramnit\n{SHA256};Ramnit\n", {MD5: "", SHA256: ""}, id="no header"),
        pytest.param(f"mã băm,họ mã độc\n{MD5},Ramnit\n", {MD5: "Ramnit"}, id="office table"),
        pytest.param(f"type,value\nsha1,{SHA1}\nfilename|md5,x|{MD5}\n", {SHA1: "", MD5: ""}, id="typed"),
        pytest.param(BAZAAR, {SHA256: "Ramnit"}, id="abuse.ch"),
        pytest.param(MISP, {SHA256: "Ramnit"}, id="misp"),
        pytest.param(STIX, {SHA256: "Ramnit", MD5: "Ramnit"}, id="stix"),
    ],
)
def test_hashes_are_kept_apart(text: str, expected: dict[str, str]) -> None:
    found = reading.read_text(text)
    assert found.hashes == expected
    assert not len(found.indicators)
    assert {one.code for one in found.rejects} <= {"hash", "not-for-detection"}


def test_a_file_is_searched_by_the_strongest_hash_that_its_object_names_for_detection() -> None:
    found = reading.read_text(FILE_OBJECT)
    assert sorted(found.hashes) == sorted([SHA256, "1" * 32, "4" * 32, "5" * 64])
    assert sorted(one.text for one in found.rejects if one.code == "same-file") == sorted(
        [MD5, f"a.exe|{SHA1}"]
    )


def test_names_and_hashes_of_one_list_each_go_their_way() -> None:
    found = reading.read_text(f"evil.example\n{SHA256} Ramnit\n")
    assert [i.value for i in found.indicators] == ["evil.example"]
    assert found.hashes == {SHA256: "Ramnit"}


def test_what_has_another_length_is_no_hash() -> None:
    assert not reading.read_text(f"type,value\nsha256,{SHA256[:-1]}\n").hashes
