"""`quetsach watch`: one command follows, tells, keeps and sends; what it refuses it refuses by name."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from quetsach.errors import ScanError
from quetsach.watching import folder
from quetsach.watching.folder import Lock
from quetsach.watching.running import Watcher
from tests.cli.watching import add, request
from tests.command_line import Run


def test_once_tells_what_is_new_and_the_dump_is_the_scan(
    quetsach: Run,
    watch: Callable[..., tuple[int, str, str]],
    log: Path,
    feed: Path,
    place: Path,
    tmp_path: Path,
) -> None:
    code, out, _err = watch("--once")
    assert code == 1
    assert "10.1.2.3 called a[.]evil[.]example (1 line" in out
    assert watch("--once")[0] == 0
    add(log, "10.1.2.9")
    code, out, _err = watch("--once")
    assert (code, "10.1.2.9" in out, "10.1.2.3" in out) == (1, True, False)

    dump, scan = tmp_path / "dump.jsonl", tmp_path / "scan.jsonl"
    assert quetsach("watch", "--state", str(place), "--dump", str(dump))[0] == 1
    name = json.loads(dump.read_text().splitlines()[0])["source_name"]
    quetsach("scan", str(log), "-i", str(feed), "--source-name", name, "-o", str(scan))
    short = hashlib.sha256(log.read_bytes()[: log.read_bytes().rfind(b"1663300900")]).hexdigest()
    assert dump.read_text().replace(f',"was":["{short}"]', "") == scan.read_text()


def test_once_waits_for_a_log_that_may_be_half_written(
    watch: Callable[..., tuple[int, str, str]], log: Path
) -> None:
    assert watch("--once")[0] == 1
    log.write_text("")
    add(log, "10.1.2.9")
    code, out, err = watch("--once")
    assert (code, "10.1.2.9" in out) == (2, True)
    # What the log held at last when it was emptied is nowhere.
    assert "Lines of a log are missing" in err
    code, _out, err = watch("--once")
    assert (code, "missing" in err) == (0, False)


def test_show_tells_how_far_it_is(
    quetsach: Run, watch: Callable[..., tuple[int, str, str]], log: Path, place: Path
) -> None:
    assert quetsach("--lang", "en", "watch", "--state", str(place), "--show")[0] == 2
    watch("--once")
    with log.open("a") as file:
        file.write("half a line")
    code, out, _err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert code == 0
    assert f"{log}: 3 lines" in out and "1 entry" in out
    assert "11 B are not read yet" in out


@pytest.mark.skipif(os.name != "posix", reason="pipes with a name")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("*.nothing", "no file has such a name now"),
        ("empty", "the folder holds no file"),
        ("pipes/pipe", "is a pipe, a socket or a device"),
        ("feed.csv", "is no file that can be followed"),
    ],
)
def test_nothing_to_look_at_is_no_clean_look(
    watch: Callable[..., tuple[int, str, str]],
    quetsach: Run,
    log: Path,
    place: Path,
    name: str,
    why: str,
) -> None:
    (log.parent / "empty").mkdir()
    (log.parent / "pipes").mkdir()
    os.mkfifo(log.parent / "pipes" / "pipe")
    watch("--once")
    path = str(log.parent / name)
    assert watch("--once")[0] == 0
    code, _out, err = watch("--once", "--follow", path, "--follow", path)
    assert code == 2 and f"{path}: {why}" in err
    code, _out, err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert code == 2 and why in err


def test_what_a_list_leaves_out_is_told(
    watch: Callable[..., tuple[int, str, str]], quetsach: Run, log: Path, feed: Path, place: Path
) -> None:
    feed.write_text("evil.example\n10.1.2.3\nno address at all\n")
    _code, _out, err = watch("--once")
    _code, _out, scan = quetsach("--lang", "en", "scan", str(log), "-i", str(feed))
    told = [line for line in err.splitlines() if "feed.csv:" in line]
    assert "Indicator list: 2 entries left out." in err and len(told) == 2
    assert all(line in scan for line in told), "the words of a scan"
    _code, _out, err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert "2 entries left out" in err


def test_a_log_that_no_format_fits_is_told(
    watch: Callable[..., tuple[int, str, str]], quetsach: Run, log: Path, place: Path
) -> None:
    said = "no log format fits: only addresses are looked for"
    assert said not in watch("--once")[2]
    plain = log.with_name("plain.log")
    plain.write_text("somebody wrote of evil.example\n" * 4000)
    _code, _out, err = watch("--once", "--follow", str(plain))
    assert f"{plain}: {said}" in err and f"{log}: {said}" not in err
    _code, out, _err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert out.count(said) == 1


def test_check_tells_what_would_be_followed(quetsach: Run, log: Path, tmp_path: Path) -> None:
    code, out, err = quetsach(
        "--lang", "en", "watch", "--check", "--follow", str(log), "--follow", str(tmp_path / "none.log")
    )
    assert code == 2
    assert "as squid" in out and "1663300800.123" in out
    assert "none.log: no such file or folder" in err
    tabbed = tmp_path / "tabs.log"
    tabbed.write_text("10.1.2.3\tevil.example\x1b]0;\n" * 4000)
    _code, out, _err = quetsach("--lang", "en", "watch", "--check", "--follow", str(tabbed))
    assert "10.1.2.3→evil.example\\x1b]0;" in out, "a tab is no hidden character, an escape is"
    tabbed.write_text("10.1.2.3 in UTF-16\n" * 4000, encoding="utf-16")
    assert "10.1.2.3 in UTF-16\n" in quetsach("watch", "--check", "--follow", str(tabbed))[1]


def test_what_belongs_to_the_state_stays(watch: Callable[..., tuple[int, str, str]]) -> None:
    watch("--once")
    code, _out, err = watch("--once", "--tz", "UTC")
    assert code == 2 and "was begun with --tz Asia/Ho_Chi_Minh" in err
    code, _out, err = watch("--once", "--lang", "vi", "--source-name", "another")
    assert code == 2 and "--source-name" in err


def test_two_watchers_on_one_state_are_refused(
    watch: Callable[..., tuple[int, str, str]], place: Path
) -> None:
    watch("--once")
    lock = Lock(place)
    code, _out, err = watch("--once")
    lock.close()
    assert code == 2 and "another watcher uses this state" in err
    assert watch("--once")[0] == 0


def test_a_newer_state_is_refused_by_name(watch: Callable[..., tuple[int, str, str]], place: Path) -> None:
    watch("--once")
    with sqlite3.connect(place / folder.STATE) as file:
        file.execute("PRAGMA user_version = 99")
    file.close()
    code, _out, err = watch("--once")
    assert code == 2 and "kept by a newer quetsach (state 99" in err


def _cut(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    file.write_bytes(data)


def _without_table(file: Path) -> None:
    with sqlite3.connect(file) as open_file:
        open_file.execute("DROP TABLE looked")
    open_file.close()


def _without_text(file: Path) -> None:
    with sqlite3.connect(file) as open_file:
        open_file.execute("UPDATE looked SET coverage = '{'")
    open_file.close()


def _without_rows(file: Path) -> None:
    with sqlite3.connect(file) as open_file:
        open_file.execute("DELETE FROM found")
    open_file.close()


def _edited(statement: str) -> Callable[[Path], None]:
    def edit(file: Path) -> None:
        with sqlite3.connect(file) as open_file:
            open_file.execute(statement)
        open_file.close()

    return edit


_OF_ANOTHER_KIND = [
    "UPDATE looked SET coverage = '[]'",
    "UPDATE looked SET coverage = '7'",
    "UPDATE looked SET coverage = json_set(coverage, '$.bytes', 'x')",
    "UPDATE looked SET coverage = json_set(coverage, '$.gaps', json('[7]'))",
    "UPDATE looked SET coverage = json_set(coverage, '$.else', 1)",
    "UPDATE generation SET was = '{\"a\": 1}'",
    "UPDATE generation SET was = '[7]'",
    "UPDATE about SET value = '7' WHERE name = 'places'",
    "UPDATE version SET asked = '7'",
]


@pytest.mark.parametrize("statement", _OF_ANOTHER_KIND)
def test_a_value_of_another_kind_is_a_damage_too(
    watch: Callable[..., tuple[int, str, str]], quetsach: Run, place: Path, log: Path, statement: str
) -> None:
    watch("--once")
    add(log, "10.1.2.9")
    _edited(statement)(place / folder.STATE)
    out = str(place.parent / "out.jsonl")
    show, dump, once = (
        quetsach("--lang", "en", "watch", "--state", str(place), "--show"),
        quetsach("--lang", "en", "watch", "--state", str(place), "--dump", out),
        watch("--once"),
    )
    assert dump[0] == 2 and "the state is damaged" in dump[2] and not Path(out).exists()
    for code, _out, err in (show, dump, once):
        # What a command does not need, or reads anew, does not stop it.
        assert "Traceback" not in err and (code != 2 or "the state is damaged" in err)


@pytest.mark.parametrize("damage", [_cut, _without_table, _without_text, _without_rows])
def test_a_damaged_state_is_told_and_is_no_finding(
    watch: Callable[..., tuple[int, str, str]],
    quetsach: Run,
    place: Path,
    log: Path,
    damage: Callable[[Path], None],
) -> None:
    watch("--once")
    add(log, "10.1.2.9")
    damage(place / folder.STATE)
    out = str(place.parent / "out.jsonl")
    for code, _out, err in (
        quetsach("--lang", "en", "watch", "--state", str(place), "--show"),
        quetsach("--lang", "en", "watch", "--state", str(place), "--dump", out),
        watch("--once"),
    ):
        assert code == 2
        assert "the state is damaged" in err and "start with another --state" in err
        assert "Traceback" not in err


def test_a_network_drive_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n40 22 0:50 / {tmp_path}/far\\040away rw - nfs4 server:/x rw\n"
    )
    (tmp_path / "far away" / "deep").mkdir(parents=True)
    assert folder.network(tmp_path / "far away" / "deep", mounts) == "nfs4"
    assert folder.network(tmp_path, mounts) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes only here")
def test_a_name_that_is_no_utf8_is_followed_as_any_other(
    quetsach: Run, feed: Path, place: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "l"
    folder.mkdir()
    log = Path(os.fsdecode(os.fsencode(folder) + b"/\xff.log"))
    add(log, "10.1.2.3")
    packed = Path(os.fsdecode(os.fsencode(folder) + b"/\xfe.log.gz"))
    packed.write_bytes(gzip.compress(log.read_bytes().replace(b"10.1.2.3", b"10.1.2.4")))
    os.utime(packed, (1, 1))
    given = ("watch", "--follow", str(folder), "-i", str(feed), "--state", str(place), "--once")
    code, out, err = quetsach("--lang", "en", *given)
    assert code == 1 and "10.1.2.3" in out and "10.1.2.4" in out
    add(log, "10.1.2.9")
    code, out, _err = quetsach("--lang", "en", *given)
    assert (code, "10.1.2.9" in out, "10.1.2.3" in out) == (1, True, False)
    with log.open("a") as file:
        file.write("half a line")
    assert quetsach("--lang", "en", *given)[0] == 0
    code, out, _err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert code == 0 and "\\xff.log: 2 lines" in out and "11 B are not read yet" in out
    missing = os.fsdecode(os.fsencode(folder) + b"/\xfd.log.old")
    assert quetsach("--lang", "en", *given, "--follow", missing)[0] == 2
    code, out, err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert code == 2 and "\\xfd.log.old" in out + err
    assert quetsach("watch", "--state", str(place), "--dump", str(tmp_path / "d.jsonl"))[0] == 1


def test_own_files_are_never_followed_and_nobody_else_reads_them(
    quetsach: Run, log: Path, feed: Path
) -> None:
    place = log.parent / "state"
    given = ("watch", "--follow", str(log.parent), "-i", str(feed), "--state", str(place), "--once")
    quetsach("--lang", "en", *given)
    quetsach("--lang", "en", *given)
    _code, out, _err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert "watch.sqlite" not in out and "feed.csv" not in out
    if os.name == "posix":
        assert (place.stat().st_mode & 0o777, (place / folder.STATE).stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_log_that_could_not_be_read_to_its_end_is_told_with_exit_code_2(
    watch: Callable[..., tuple[int, str, str]], log: Path
) -> None:
    packed = log.with_name("old.log.gz")
    packed.write_bytes(gzip.compress(b"line without a name\n" * 5000)[:-20])
    os.utime(packed, (1663300800, 1663300800))
    code, _out, err = watch("--follow", str(packed), "--once")
    assert code == 2 and "old.log.gz" in err
    assert watch("--follow", str(packed), "--once")[0] == 2, "as long as it lies there so"


def test_a_log_in_a_folder_without_rights_stops_no_other(
    quetsach: Run, watch: Callable[..., tuple[int, str, str]], log: Path, feed: Path
) -> None:
    closed = log.parent / "closed" / "b.log"
    closed.parent.mkdir()
    closed.write_bytes(log.read_bytes())
    real = os.stat

    def stat(path: object, *more: object, **options: object) -> object:
        if str(path) == str(closed):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *more, **options)  # type: ignore[arg-type, call-overload]

    with mock.patch.object(os, "stat", stat):
        code, out, err = watch("--follow", str(log), "--follow", str(closed), "--once")
        assert (code, "10.1.2.3 called" in out, "b.log" in err) == (2, True, True)
        code, out, err = quetsach("scan", str(log), str(closed), "-i", str(feed))
        assert (code, "10.1.2.3" in out, "b.log" in out + err) == (2, True, True)


def test_an_older_state_goes_on(watch: Callable[..., tuple[int, str, str]], place: Path, log: Path) -> None:
    assert watch("--once")[0] == 1
    with sqlite3.connect(place / folder.STATE) as file:
        # The tables of version 1.
        file.execute("ALTER TABLE generation DROP COLUMN format")
        file.execute("ALTER TABLE generation DROP COLUMN last_lines")
        file.execute("ALTER TABLE looked DROP COLUMN text")
        file.execute("ALTER TABLE looked DROP COLUMN record")
        file.execute("ALTER TABLE looked DROP COLUMN moment")
        file.execute("ALTER TABLE looked DROP COLUMN first")
        file.execute("ALTER TABLE looked DROP COLUMN counted")
        file.execute("ALTER TABLE looked DROP COLUMN holes")
        file.execute("ALTER TABLE looked DROP COLUMN damage")
        file.execute("UPDATE generation SET was = ?", (json.dumps(["0" * 64]),))
        file.execute("ALTER TABLE version DROP COLUMN asked")
        file.execute("DELETE FROM about WHERE name IN ('rows', 'places')")
        file.execute("DROP TABLE lease")
        file.execute("CREATE TABLE lease (data TEXT PRIMARY KEY) WITHOUT ROWID")
        file.execute('INSERT INTO lease VALUES (\'["10.1.2.3", 1663300000000000, "02-00-00-00-00-01"]\')')
        file.execute("PRAGMA user_version = 1")
    file.close()
    code, _out, err = watch("--show")
    assert code == 2 and "start quetsach watch with it first" in err
    assert watch("--once")[0] == 0, "nothing counts again"
    assert watch("--dump", str(log.with_name("dump.jsonl")))[0] == 1
    lines = [json.loads(line) for line in log.with_name("dump.jsonl").read_text().splitlines()]
    assert [line["was"] for line in lines if line["type"] == "coverage"] == [["0" * 64]]
    assert [line["who"] for line in lines if line["type"] == "sighting"] == ["mac:02-00-00-00-00-01"]


def test_a_list_that_is_replaced_searches_what_is_kept(log: Path, feed: Path, place: Path) -> None:
    watcher = Watcher(request(log, feed, place))
    watcher.round()
    assert {row.indicator for row in watcher.news()} == {"evil.example"}
    feed.write_text("")
    watcher.round()
    assert watcher.troubles and not watcher.news(), "the last good list goes on"
    feed.write_text("indicator,type,family\ngood.example,domain,\nevil.example,domain,ramnit\n10.1.2.3,ip,\n")
    add(log, "10.1.2.9")
    assert watcher.lists.taken() is not None and watcher.lists.taken() is None
    watcher.round()
    assert watcher.lists.taken() is not None, "what the new one leaves out is told, too"
    assert watcher.lists.left_out == 1
    found = {(row.indicator, row.device) for row in watcher.news()}
    assert found == {("good.example", "10.1.2.5"), ("evil.example", "10.1.2.9")}, "the others were told"
    assert not watcher.troubles
    watcher.close()


def test_a_lease_that_its_server_forgets_still_names_the_machine(
    feed: Path, place: Path, tmp_path: Path
) -> None:
    log, leases = tmp_path / "dns.log", tmp_path / "dnsmasq.leases"
    log.write_text("2022-09-16T04:10:00Z ns dnsmasq[1]: query[A] evil.example from 10.1.2.3\n")
    # dnsmasq keeps what is in force now; each lease of an hour ends at 05:00, 06:00.
    leases.write_text("1663304400 02:00:00:00:00:0a 10.1.2.3 pc-a *\n")
    watcher = Watcher(request(log, feed, place, (leases,)))
    watcher.round()
    watcher.news()
    leases.write_text("1663308000 02:00:00:00:00:0b 10.1.2.3 pc-b *\n")
    with log.open("a") as file:
        file.write("2022-09-16T05:10:00Z ns dnsmasq[1]: query[A] evil.example from 10.1.2.3\n")
    watcher.round()
    watcher.close()
    again = Watcher(request(log, feed, place, (leases,)))
    assert {one.mac for one in again.leases.of("fw-hq").events()} == {
        "02:00:00:00:00:0a",
        "02:00:00:00:00:0b",
    }
    again.close()


def test_a_full_disk_stops_it_loudly(log: Path, feed: Path, place: Path) -> None:
    watcher = Watcher(request(log, feed, place))
    pages = watcher.state._file.execute("PRAGMA page_count").fetchone()[0]
    watcher.state._file.execute(f"PRAGMA max_page_count = {pages}")
    for number in range(200):
        add(log, f"10.1.3.{number}")
    with pytest.raises(ScanError, match="full; make room on that disk"):
        watcher.round()
    watcher.close()
    again = Watcher(request(log, feed, place))
    again.round()
    assert len(again.news()) == 201
    again.close()


def test_enrolling_asks_for_a_place_and_sends_no_code_in_the_clear(quetsach: Run, tmp_path: Path) -> None:
    file = tmp_path / "token.txt"
    code, _out, said = quetsach("--lang", "en", "watch", "--enrol")
    assert code == 2 and "--enrol needs --push and --token-file." in said
    code, _out, said = quetsach(
        "--lang", "en", "watch", "--enrol", "--push", "http://portal.example", "--token-file", str(file)
    )
    assert code == 3 and "has no https" in said and not file.exists()
