"""Pi-hole's database and AdGuard Home's query log."""

from __future__ import annotations

import base64
import ipaddress
import json
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.files.openers import adguard
from quetsach.files.openers.dnsmessage import read_answers
from quetsach.scanning.engine import Engine
from tests.openers.pihole import BEGAN, NEW, OLD, database
from tests.openers.reading import read


def test_an_old_database(engine: Engine, tmp_path: Path) -> None:
    result = read(database(tmp_path / "pihole-FTL.db", OLD), engine)
    assert result.errors == []
    assert [(s.matched, s.device, s.first_seen, s.action) for s in result.sightings] == [
        ("a.evil.example", "192.168.1.20", "2022-09-16T04:00:00.000000Z", "unknown"),
        ("b.evil.example", "192.168.1.21", "2022-09-16T04:00:01.000000Z", "blocked"),
    ]


def test_a_new_database_whose_view_is_hostile(engine: Engine, tmp_path: Path) -> None:
    result = read(database(tmp_path / "pihole-FTL.db", NEW), engine)
    assert result.errors == []
    assert [(s.matched, s.field, s.device, s.count, s.action, s.identity) for s in result.sightings] == [
        ("a.evil.example", "query", "192.168.1.20", 1, "allowed",
         {"host": "pc-20.lan", "mac": "02:00:00:00:00:14"}),
        ("c.evil.example", "answer", "192.168.1.21", 2, "blocked", {}),
    ]  # fmt: skip


def test_a_database_in_an_archive_is_the_same(engine: Engine, tmp_path: Path) -> None:
    plain = database(tmp_path / "pihole-FTL.db", NEW)
    with zipfile.ZipFile(tmp_path / "backup.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, "etc/pihole/pihole-FTL.db")
    assert list(read(tmp_path / "backup.zip", engine).sightings) == list(read(plain, engine).sightings)


def test_a_database_that_deleted_old_queries_is_the_same_source(engine: Engine, tmp_path: Path) -> None:
    """Two copies of one database count each query once; another Pi-hole has another source id."""
    store = "CREATE TABLE ftl (id INTEGER PRIMARY KEY, value BLOB NOT NULL); INSERT INTO ftl VALUES (0, 9), "
    later = (
        "DELETE FROM queries WHERE id = 1; INSERT INTO queries VALUES "
        "(4, 1663300803, 1, 1, 'b.evil.example', '192.168.1.21', NULL);"
    )
    scripts = {
        "first": OLD + store + "(1, 1663300802), (2, 1600000000);",
        "later": OLD + store + "(1, 1663300803), (2, 1600000000);" + later,
        "other": OLD + store + "(1, 1663300802), (2, 1600000001);",
        "unknown": OLD + store + "(1, 1663300802);",
    }
    results = {n: read(database(tmp_path / f"{n}.db", script), engine) for n, script in scripts.items()}
    ids = {name: result.coverage[0].source for name, result in results.items()}
    assert ids["first"] == ids["later"]
    assert len(set(ids.values())) == 3
    rows: dict[tuple[object, ...], int] = {}
    for result in (results["first"], results["later"], results["first"]):
        assert result.errors == []
        for s in result.sightings:
            key = (s.source, s.matched, s.device, s.day)
            rows[key] = max(rows.get(key, 0), s.count)
    assert sorted(rows.values()) == [1, 2]


def queries(first: int, hours: int, address: str, name: str) -> str:
    """A query a minute, with numbers from `first` on; one for `name` in each hour."""
    rows = (
        f"({first + n}, {1663300800 + 3600 * (first // 60) + 60 * n}, 1, 2,"
        f" '{name if n % 60 == 7 else 'good.example'}', '{address}', NULL)"
        for n in range(60 * hours)
    )
    return f"INSERT INTO queries VALUES {', '.join(rows)};"


def test_two_pi_holes_of_one_image_are_both_answered_and_told(engine: Engine, tmp_path: Path) -> None:
    """Both go on from the same queries, with the same numbers; the second has fewer in each hour."""
    common = OLD.partition("INSERT")[0] + BEGAN + queries(60, 5, "192.168.1.20", "evil.example")
    of_first = queries(360, 5, "10.1.0.20", "a.evil.example") + queries(720, 6, "10.1.0.20", "evil.example")
    of_second = "".join(
        f"INSERT INTO queries VALUES ({360 + n}, {1663300800 + 3600 * 6 + 120 * n}, 1, 2,"
        f" '{'evil.example' if n == 9 else 'good.example'}', '10.2.0.20', NULL);"
        for n in range(150)
    )
    first = database(tmp_path / "first.db", common + of_first)
    second = database(tmp_path / "second.db", common + of_second)
    result = read(tmp_path, engine)
    assert {s.device for s in result.sightings} == {"192.168.1.20", "10.1.0.20", "10.2.0.20"}
    assert [(path, str(other) in error) for path, error in result.errors for other in (first, second)] == [
        (str(first), False),
        (str(first), True),
        (str(second), True),
        (str(second), False),
    ]
    assert [one.path for one in result.coverage] == [str(first), str(second)]
    assert not result.skipped


def test_a_quiet_clone_is_never_taken_for_a_copy(engine: Engine, tmp_path: Path) -> None:
    """No hour of the second has more lines than the first: only its machine shows that it is no copy."""
    common = OLD.partition("INSERT")[0] + BEGAN + queries(60, 1, "192.168.1.20", "good.example")
    of_second = "".join(
        f"INSERT INTO queries VALUES ({120 + n}, {1663300800 + 3600 * 2 + 300 * n}, 1, 2,"
        f" '{'evil.example' if n % 10 == 3 else 'good.example'}', '10.2.0.20', NULL);"
        for n in range(96)
    )
    of_first = of_second.replace("evil.example", "good.example").replace("10.2.0.20", "192.168.1.21")
    first = database(tmp_path / "first.db", common + of_first + queries(1600, 1, "192.168.1.20", "good"))
    second = database(tmp_path / "second.db", common + of_second)
    result = read(tmp_path, engine)
    assert {(s.device, s.count) for s in result.sightings} == {("10.2.0.20", 10)}
    assert {path for path, error in result.errors if "goes on otherwise" in error} == {
        str(first),
        str(second),
    }
    assert not result.skipped


def test_an_older_copy_of_a_database_tells_what_was_deleted_since(engine: Engine, tmp_path: Path) -> None:
    begin = OLD.partition("INSERT")[0] + BEGAN + queries(60, 30, "192.168.1.20", "evil.example")
    older = database(tmp_path / "older.db", begin)
    copy = database(tmp_path / "copy.db", begin)
    later = queries(1860, 40, "192.168.1.21", "a.evil.example") + "DELETE FROM queries WHERE id < 700;"
    now = database(tmp_path / "pihole-FTL.db", begin + later)
    result = read(tmp_path, engine)
    assert result.errors == []
    count = sum(s.count for s in result.sightings)
    assert count == 30 + 40
    assert sorted(one.path for one in result.coverage) == sorted(map(str, (now, min(copy, older))))
    assert [(one.path, one.why) for one in result.skipped] == [(str(older), "duplicate")]


def test_queries_in_the_write_ahead_log_are_told(engine: Engine, tmp_path: Path) -> None:
    path = database(tmp_path / "pihole-FTL.db", OLD)
    (tmp_path / "pihole-FTL.db-wal").write_bytes(b"x" * 32)
    result = read(path, engine)
    assert len(result.sightings) == 2
    assert "pihole-FTL.db-wal" in result.errors[0][1]


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ("DELETE FROM domain_by_id WHERE id = 3", 1),
        ("DELETE FROM addinfo_by_id", 1),
        ("DROP TABLE domain_by_id", 3),
        ("ALTER TABLE domain_by_id RENAME COLUMN domain TO name", 3),
        ("UPDATE domain_by_id SET domain = CAST(domain AS BLOB) WHERE id < 3", 2),
    ],
)
def test_queries_whose_names_are_lost_are_told(
    engine: Engine, tmp_path: Path, change: str, count: int
) -> None:
    result = read(database(tmp_path / "pihole-FTL.db", f"{NEW} {change};"), engine)
    assert result.coverage[0].lines == 3
    ((_path, error),) = result.errors
    assert f"{count} queries without a name" in error


def test_other_and_damaged_databases_are_told(engine: Engine, tmp_path: Path) -> None:
    other = database(tmp_path / "other.db", "CREATE TABLE t (x); INSERT INTO t VALUES ('evil.example');")
    assert "without Pi-hole's queries" in read(other, engine).errors[0][1]
    rows = "".join(
        f"INSERT INTO queries VALUES ({n}, 1663300800, 1, 2, 'n{n}.evil.example', '192.168.1.20', NULL);"
        for n in range(10, 2000)
    )
    damaged = database(tmp_path / "damaged.db", OLD + rows)
    data = bytearray(damaged.read_bytes())
    data[-40_000:] = b"\xff" * 40_000
    damaged.write_bytes(data)
    result = read(damaged, engine)
    assert "damaged" in result.errors[0][1]
    assert sum(s.count for s in result.sightings) > 100


def name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def message(rcode: int, answers: list[tuple[int, bytes]]) -> bytes:
    head = struct.pack(">6H", 7, 0x8180 | rcode, 1, len(answers), 0, 0)
    question = name("shop.example") + struct.pack(">2H", 1, 1)
    body = b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data for kind, data in answers
    )
    return head + question + body


def test_answers_of_a_dns_message() -> None:
    answers = [
        (5, name("cdn.evil")[:-1] + b"\xc0\x11"),  # cdn.evil + .example of the question
        (1, ipaddress.ip_address("198.51.100.9").packed),
        (28, ipaddress.ip_address("2001:db8::9").packed),
        (16, b"\x0cmention.test"),
        (15, b"\x00\x0a" + name("mx.example.org")),
        (33, bytes(6) + name("srv.example.org")),
    ]
    assert read_answers(message(0, answers)) == (
        "NOERROR", ["cdn.evil.example", "198.51.100.9", "2001:db8::9", "mx.example.org", "srv.example.org"],
    )  # fmt: skip
    assert read_answers(message(3, [])) == ("NXDOMAIN", [])


@given(st.binary(max_size=80), st.integers(0, 200))
def test_a_damaged_dns_message_gives_what_stands_before_the_damage(noise: bytes, cut: int) -> None:
    whole = message(0, [(1, ipaddress.ip_address("198.51.100.9").packed), (5, b"\xc0\x0c")])
    for data in (noise, whole[:cut] + noise, whole[:12] + noise):
        rcode, answers = read_answers(data)
        assert len(answers) <= 256
        assert isinstance(rcode, str)


def test_adguards_answers_are_found_though_they_are_in_base64(engine: Engine, tmp_path: Path) -> None:
    def entry(host: str, answer: bytes, reason: int = 0, client: str = "192.168.1.20") -> str:
        told = {"Reason": reason, "IsFiltered": True} if reason else {}
        return json.dumps(
            {
                "T": "2026-11-24T11:00:00.5+07:00", "QH": host, "QT": "A", "QC": "IN", "CP": "",
                "Answer": base64.b64encode(answer).decode(), "Result": told, "Elapsed": 9, "IP": client,
            },
            separators=(",", ":"),
        )  # fmt: skip

    lines = [
        entry("shop.example", message(0, [(5, name("cdn.evil.example"))])),
        entry("x.evil.example", message(3, []), client="192.168.1.21"),
        entry("y.evil.example", message(0, [(1, bytes(4))]), reason=3, client="192.168.1.22"),
        "no entry at all",
    ]
    (tmp_path / "querylog.json").write_text("\n".join(lines))
    result = read(tmp_path, engine)
    assert result.errors == []
    assert [(s.device, s.field, s.matched, s.action, s.logformat) for s in result.sightings] == [
        ("192.168.1.20", "answer", "cdn.evil.example", "allowed", "adguardhome"),
        ("192.168.1.21", "query", "x.evil.example", "attempt", "adguardhome"),
        ("192.168.1.22", "query", "y.evil.example", "blocked", "adguardhome"),
    ]


@pytest.mark.parametrize(
    "line", [b"", b'{"T":1}', b'{"T":"2026","QH":"x"}', b"[]", b'{"QH":"a","QT":"b","Result":{}}']
)
def test_other_json_is_no_query_log(line: bytes) -> None:
    assert not adguard.begins(line)
