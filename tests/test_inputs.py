"""From paths to logs: every file once, and no file left out silently."""

import gzip
import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from quetsach.files.inputs import STDIN, discover, expanded
from quetsach.files.source import FOREIGN, no_text
from quetsach.scanning.engines.portable import PortableEngine
from tests.openers.pihole import BEGAN, OLD, database
from tests.openers.reading import read

BODY = b"".join(b"line %d of a log that is longer than the first block\n" % n for n in range(200))


def test_folders_are_read_recursively_and_files_once(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "one.log").write_bytes(b"one\n")
    (tmp_path / "a" / "b" / "two.log").write_bytes(b"two\n")
    found = discover([str(tmp_path), str(tmp_path / "a" / "one.log")])
    assert [log.path.name for log in found.logs] == ["one.log", "two.log"]
    assert not found.errors


def test_on_windows_the_program_itself_finds_the_files_of_a_pattern(tmp_path: Path) -> None:
    for name in ("dns.1.log", "dns.2.log", "dns[1].log", ".dns.log", "conn.txt"):
        (tmp_path / name).write_bytes(b"one\n")
    asked = [
        f"{tmp_path}/dns.?.log",
        f"{tmp_path}/dns[*.log",
        f"{tmp_path}/*.gz",
        f"{tmp_path}/dns[1].log",
        "-",
    ]
    found = expanded(asked, is_windows=True)
    assert [Path(text).name for text in found] == [
        "dns.1.log", "dns.2.log", "dns[1].log", "*.gz", "dns[1].log", "-",
    ]  # fmt: skip
    assert {Path(text).name for text in expanded([f"{tmp_path}/*.log"], is_windows=True)} == {
        "dns.1.log", "dns.2.log", "dns[1].log", ".dns.log",
    }  # fmt: skip
    assert expanded(["https://example.org/a?b=*"], is_windows=True) == ("https://example.org/a?b=*",)
    assert expanded(asked, is_windows=False) == tuple(asked)


def test_a_log_whose_links_the_system_cannot_follow_is_read_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_bytes(name.encode())
    followed = os.path.realpath

    def failing(path: str | Path) -> str:
        if Path(path).name == "a.log":
            raise OSError(22, "More data available")
        return followed(path)

    monkeypatch.setattr(os.path, "realpath", failing)
    assert {log.path.name for log in discover([str(tmp_path)]).logs} == {"a.log", "b.log"}


def test_links_to_folders_are_not_followed_but_told_where_what_they_lead_to_is_not_read(
    tmp_path: Path,
) -> None:
    logs, elsewhere = tmp_path / "logs", tmp_path / "elsewhere"
    for folder in (logs / "real", elsewhere):
        folder.mkdir(parents=True)
        (folder / "dns.log").write_bytes(str(folder).encode())
    (logs / "to-elsewhere").symlink_to(elsewhere)
    (logs / "real" / "up").symlink_to("..")
    (logs / "again").symlink_to("real")
    found = discover([str(logs)])
    assert [log.path for log in found.logs] == [logs / "real" / "dns.log"]
    assert [(one.path, one.why) for one in found.skipped] == [(logs / "to-elsewhere", "folder")]
    both = discover([str(logs), str(elsewhere)])
    assert [log.path for log in both.logs] == [logs / "real" / "dns.log", elsewhere / "dns.log"]
    assert not both.skipped


def test_of_copies_the_longest_is_read(tmp_path: Path) -> None:
    (tmp_path / "grown.log").write_bytes(BODY + b"more\n")
    (tmp_path / "early.log").write_bytes(BODY)
    found = discover([str(tmp_path)])
    assert [log.path.name for log in found.logs] == ["grown.log"]
    assert [(one.path.name, one.why, one.same_as) for one in found.skipped] == [
        ("early.log", "duplicate", tmp_path / "grown.log")
    ]


def test_a_log_that_only_begins_as_another_is_no_copy(tmp_path: Path) -> None:
    """Tables with a long head: the scan reads both to their last line and names them."""
    head = b"# " + b"x" * 5000 + b"\n"
    for name, machines in (("a.log", range(1, 60)), ("b.log", range(101, 130))):
        lines = (b"2026-11-01T00:00:%02dZ 10.0.0.%d asks evil.example\n" % (n % 60, n) for n in machines)
        (tmp_path / name).write_bytes(head + b"".join(lines))
    (tmp_path / "c.log").write_bytes((tmp_path / "b.log").read_bytes()[:-300])
    found = discover([str(tmp_path)])
    assert [(log.path.name, log.is_other) for log in found.logs] == [("a.log", True), ("b.log", True)]
    assert [(one.path.name, one.same_as) for one in found.skipped] == [("c.log", tmp_path / "b.log")]
    result = read(tmp_path, PortableEngine())
    assert len({row.device for row in result.sightings}) == 59 + 29
    assert [path for path, error in result.errors] == [str(tmp_path / name) for name in ("a.log", "b.log")]


def test_a_packed_copy_has_the_same_id_and_is_left_to_the_scan(tmp_path: Path) -> None:
    (tmp_path / "dns.log").write_bytes(BODY)
    (tmp_path / "dns.log.gz").write_bytes(gzip.compress(BODY))
    logs = discover([str(tmp_path)]).logs
    assert len(logs) == 2
    assert logs[0].source == logs[1].source


def test_lists_outputs_and_earlier_results_are_no_logs(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"evil.example\n")
    (tmp_path / "old.jsonl").write_bytes(b'{"type":"scan","schema":1}\n')
    (tmp_path / "dns.log").write_bytes(b"x\n")
    found = discover([str(tmp_path)], own=[tmp_path / "list.txt"])
    assert [log.path.name for log in found.logs] == ["dns.log"]
    assert {(one.path.name, one.why) for one in found.skipped} == {
        ("list.txt", "own"),
        ("old.jsonl", "result"),
    }


def test_a_result_that_is_named_itself_is_no_log_either(tmp_path: Path) -> None:
    saved = tmp_path / "result.jsonl"
    saved.write_bytes(b'{"type":"scan","schema":1}\n')
    found = discover([str(saved)])
    assert not found.logs
    assert [(one.path, one.why) for one in found.skipped] == [(saved, "result")]


def test_what_is_missing_or_empty_is_an_error_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "dns.log").write_bytes(b"x\n")
    found = discover([str(tmp_path / "nowhere"), str(tmp_path / "empty"), str(tmp_path / "dns.log")])
    assert [path.name for path, _reason in found.errors] == ["nowhere", "empty"]
    assert [log.path.name for log in found.logs] == ["dns.log"]


def test_an_unreadable_folder_is_named() -> None:
    own = os.geteuid()
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        closed = Path(place) / "closed"
        closed.mkdir(mode=0)
        try:
            # Root reads every folder.
            os.seteuid(own or 65534)
            found = discover([place])
        finally:
            os.seteuid(own)
    assert [path for path, _reason in found.errors] == [closed]


def test_an_unreadable_folder_does_not_stop_the_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "dns.log").write_bytes(b"x\n")
    real = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = discover([str(tmp_path)])
    assert [(path.name, reason) for path, reason in found.errors] == [
        ("a", "folder not readable: Permission denied")
    ]
    assert [log.path.name for log in found.logs] == ["dns.log"]


@pytest.mark.skipif(os.name != "posix", reason="pipes with a name")
def test_what_is_no_file_in_a_folder_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "dns.log").write_bytes(b"x\n")
    found = discover([str(tmp_path)])
    assert [log.path.name for log in found.logs] == ["dns.log"] and not found.errors
    assert [(Path(one.path).name, one.why) for one in found.skipped] == [
        ("pipe", "special"),
        ("zero", "special"),
    ]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Ngày 21, máy chủ 10.1.2.3 hỏi evil.example\n", "utf-8"),
        ("Máy 10.1.2.3 hoi evil.example\n", "cp1258"),
        ("2026-09-21 10.1.2.3 防火墙 拒绝 连接 连接 连接 连接\n", "gbk"),
        ("ファイアウォールが接続を拒否しました。ファイアウォールが接続を拒否しました。\n", "utf-8"),
        ("evil.example\n", "ascii"),
        ("2026-09-21 10.1.2.3\n", "utf-16-le"),
    ],
)
def test_text_that_can_be_read_is_text(text: str, encoding: str) -> None:
    assert no_text((text * 300).encode(encoding)[:4096]) == ""


@pytest.mark.parametrize("encoding", ["cp037", "cp500", "cp1140", "cp273"])
@pytest.mark.parametrize("end", ["\n", "\x85", ""])
def test_text_of_a_mainframe_is_told(encoding: str, end: str) -> None:
    line = "2026-09-21 12:00:01 10.1.2.3 asked for evil.example".ljust(132 if not end else 0)
    assert no_text((line + end).encode(encoding) * 40) == FOREIGN


def test_standard_input_is_read_once_and_never_opened_here() -> None:
    assert [log.path for log in discover(["-", "-"]).logs] == [STDIN]


@pytest.mark.parametrize("start", [b"LPKSHHRH", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"])
def test_records_that_are_no_text_are_an_error(tmp_path: Path, start: bytes) -> None:
    log = tmp_path / "records"
    log.write_bytes(start + bytes(range(256)) * 4)
    found = discover([str(tmp_path)])
    assert not found.logs and [path for path, _ in found.errors] == [log]


def test_zeros_after_a_crash_are_still_a_log(tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(b"\0" * 3000 + b"2026-01-01 10.1.2.3 evil.example\n" * 100)
    assert [one.path for one in discover([str(log)]).logs] == [log]


def written_ahead(path: Path) -> sqlite3.Connection:
    """A database whose last query lies only in its write-ahead log, as SQLite itself makes one."""
    database(path, OLD + BEGAN).chmod(0o600)
    db = sqlite3.connect(path)
    for pragma in ("journal_mode = WAL", "wal_autocheckpoint = 0"):
        db.execute(f"PRAGMA {pragma}")
    with db:
        db.execute("INSERT INTO queries VALUES (NULL, 1663300900, 1, 2, 'late.example', '10.2.0.1', NULL)")
    return db


def test_parts_of_a_database_beside_it_are_no_logs(tmp_path: Path) -> None:
    path = tmp_path / "pihole-FTL.db"
    with closing(written_ahead(path)):
        (tmp_path / "pihole-FTL.db-journal").write_bytes(bytes(512))
        (tmp_path / "other-wal").write_bytes(Path(f"{path}-wal").read_bytes())
        (tmp_path / "dns.log").write_bytes(BODY)
        # Text under such a name is a log all the same.
        (tmp_path / "dns.log-wal").write_bytes(BODY[:-55])
        (tmp_path / "old.db").write_bytes(path.read_bytes())
        (tmp_path / "old.db-journal").write_bytes(b"2026-09-21T00:00:00Z evil.example\n")
        found = discover([str(tmp_path)])
        skipped = {(Path(one.path).name, one.same_as) for one in found.skipped if one.why == "database"}
        ends = ("-journal", "-shm", "-wal")
        assert skipped == {(f"pihole-FTL.db{end}", path) for end in ends}
        assert {log.path.name for log in found.logs} == {
            "dns.log", "old.db", "old.db-journal", "other-wal", "pihole-FTL.db",
        }  # fmt: skip
        # Without its database a part is all that there is.
        assert [log.path.name for log in discover([f"{path}-wal"]).logs] == ["pihole-FTL.db-wal"]
        errors = read(path, PortableEngine()).errors
    assert any("newer queries lie in pihole-FTL.db-wal" in error for _path, error in errors)
