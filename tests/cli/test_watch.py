"""`quetsach watch`: one command follows, tells, keeps and sends; what it refuses it refuses by name."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quetsach.errors import ScanError
from quetsach.sightings import heartbeat
from quetsach.watching import folder
from quetsach.watching.folder import Lock
from quetsach.watching.running import Request, Watcher
from tests.cli.answering import Portal
from tests.command_line import Run

OLD = time.time() - 3600


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def watch(quetsach: Run, log: Path, feed: Path, place: Path) -> Callable[..., tuple[int, str, str]]:
    def run(*more: str) -> tuple[int, str, str]:
        return quetsach(
            "--lang", "en", "watch", "--follow", str(log), "-i", str(feed), "--state", str(place), *more
        )

    return run


def add(log: Path, machine: str) -> None:
    with log.open("a") as file:
        file.write(
            f"1663300900.123 1 {machine} TCP_MISS/200 9 GET http://evil.example/y -"
            " HIER_DIRECT/198.51.100.7 -\n"
        )


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
    assert dump.read_text() == scan.read_text()


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
        ("pipes", "the folder holds no file"),
        ("pipes/pipe", "is no file that can be followed"),
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


@pytest.mark.parametrize("damage", [_cut, _without_table, _without_text])
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


def documents(portal: Portal) -> list[dict[str, Any]]:
    """The records that the portal got, without heartbeats."""
    bodies = (body for body in portal.bodies if not body.startswith(b'{"type":"heartbeat"'))
    return [json.loads(line) for line in b"".join(bodies).splitlines()]


def test_the_portal_is_told_where_each_source_stands(
    watch: Callable[..., tuple[int, str, str]], portal: Portal, token: Path, log: Path
) -> None:
    watch("--once")
    with log.open("a") as file:
        file.write("half a line")
    watch("--once", "--push", portal.url, "--token-file", str(token), "--follow", "/no/such.log")
    beat = heartbeat.read(next(body for body in portal.bodies if body.startswith(b'{"type":"heartbeat"')))
    told = {source.path: source for source in beat.sources}
    assert (beat.entries, beat.unsent) == (1, 1)
    assert (told[str(log)].lines, told[str(log)].behind) == (3, 11)
    assert f"{told[str(log)].last_line}" == "2022-09-16 04:00:02.123000+00:00"
    assert told["/no/such.log"].problem == "no such file or folder"


@pytest.mark.parametrize("names", [("", ".1"), ("", "-20220916"), ("-2022-09-16", "-2022-09-15")])
def test_a_log_that_was_rotated_is_no_silent_source(
    watch: Callable[..., tuple[int, str, str]],
    portal: Portal,
    token: Path,
    log: Path,
    names: tuple[str, str],
) -> None:
    live, old = (log.with_name(f"dns{name}") for name in names)
    other = log.with_name("other-7")
    for path, first in ((old, 0), (live, 400), (other, 0)):
        for number in range(first, first + 60):
            with path.open("a") as file:
                file.write(
                    f"{1663300800 + 60 * number}.5 1 10.1.2.3 TCP_MISS/200 9 GET http://{path.name}/ -\n"
                )
    follow = [word for path in (live, old, other) for word in ("--follow", str(path))]
    watch("--once", *follow, "--push", portal.url, "--token-file", str(token))
    beat = heartbeat.read(next(body for body in portal.bodies if body.startswith(b'{"type":"heartbeat"')))
    told = {source.path: source.pause for source in beat.sources}
    assert told[str(old)] is None
    assert told[str(live)] is not None and told[str(other)] is not None


@pytest.mark.usefixtures("no_waiting")
def test_what_the_portal_did_not_take_is_kept_and_sent_later(
    watch: Callable[..., tuple[int, str, str]],
    quetsach: Run,
    portal: Portal,
    token: Path,
    log: Path,
    place: Path,
) -> None:
    send = ("--once", "--push", portal.url, "--token-file", str(token))
    portal.answers = [(503, {})]
    code, _out, err = watch(*send)
    assert code == 3 and "The next run sends it." in err
    _code, _out, err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert "Not sent yet: 1 row, the oldest of 2022-09-16" in err
    assert "qs_secret" not in err

    portal.answers, portal.bodies = [(200, {})], []
    add(log, "10.1.2.9")
    assert watch(*send)[0] == 1
    lines = documents(portal)
    assert {line["device"] for line in lines if line["type"] == "sighting"} == {"10.1.2.3", "10.1.2.9"}
    assert [line["type"] for line in lines][-2:] == ["coverage", "end"]
    portal.bodies = []
    assert watch(*send)[0] == 0
    assert not documents(portal), "the portal has everything: nothing is sent again"
    _code, out, _err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert "The portal has everything." in out


@pytest.mark.usefixtures("no_waiting")
def test_a_locked_token_is_told_though_nothing_is_to_be_sent(
    watch: Callable[..., tuple[int, str, str]], quetsach: Run, portal: Portal, token: Path, place: Path
) -> None:
    send = ("--once", "--push", portal.url, "--token-file", str(token))
    assert watch(*send)[0] == 1
    portal.answers = [(401, {})]
    code, _out, err = watch(*send)
    assert code == 3 and "The portal does not know this token" in err
    code, _out, err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert code == 2 and "The portal does not know this token" in err
    portal.answers = [(200, {})]
    assert watch(*send)[0] == 0
    code, _out, err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert code == 0 and "token" not in err


@pytest.mark.usefixtures("no_waiting")
def test_what_an_earlier_list_found_is_sent_first(
    watch: Callable[..., tuple[int, str, str]],
    quetsach: Run,
    portal: Portal,
    token: Path,
    log: Path,
    feed: Path,
    place: Path,
) -> None:
    send = ("--once", "--push", portal.url, "--token-file", str(token))
    portal.answers = [(503, {})]
    assert watch(*send)[0] == 3
    feed.write_text("indicator,type,family\ngood.example,domain,\n")
    assert watch(*send)[0] == 3
    _code, _out, err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert "Not sent yet: 2 rows" in err, "one of each list"
    log.unlink()
    portal.answers, portal.bodies = [(200, {})], []
    watch(*send)
    lines = documents(portal)
    assert [line["indicator"] for line in lines if line["type"] == "sighting"] == [
        "evil.example",
        "good.example",
    ]
    heads = [line for line in lines if line["type"] == "scan"]
    assert len({line["set"]["id"] for line in heads}) == len(heads) == 2
    portal.bodies = []
    watch(*send)
    assert not documents(portal), "each once"


@pytest.mark.usefixtures("no_waiting")
def test_a_short_log_is_one_log_for_the_portal_while_it_grows(
    watch: Callable[..., tuple[int, str, str]], portal: Portal, token: Path, log: Path
) -> None:
    send = ("--once", "--push", portal.url, "--token-file", str(token))
    for number in range(4):
        add(log, f"10.1.4.{number}")
        watch(*send)
    lines = documents(portal)
    told = [(line["device"], line["source"]) for line in lines if line["type"] == "sighting"]
    assert len(told) == len(set(told)) == 5, "each row once"
    assert len({source for _device, source in told}) == 1


@pytest.mark.usefixtures("no_waiting")
def test_two_short_logs_with_one_header_are_two_logs_for_the_portal(
    quetsach: Run, portal: Portal, token: Path, feed: Path, place: Path, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    given = ("watch", "--follow", str(logs), "-i", str(feed), "--state", str(place), "--once")
    push = ("--push", portal.url, "--token-file", str(token))
    for name in ("a.csv", "b.csv"):
        (logs / name).write_text("time,client,query\n")
        quetsach(*given, *push)
        with (logs / name).open("a") as file:
            file.write("2026-09-21T03:00:00Z,10.1.6.1,fine.example\n" * (1 + (name == "b.csv")))
        quetsach(*given, *push)
    for number in range(3):
        for name, machine in (("a.csv", "10.1.4.1"), ("b.csv", "10.1.5.1")):
            with (logs / name).open("a") as file:
                file.write(f"2026-09-21T04:0{number}:00Z,{machine},evil.example\n")
        quetsach(*given, *push)
    lines = documents(portal)
    told = {(line["device"], line["source"]) for line in lines if line["type"] == "sighting"}
    assert {device for device, _source in told} == {"10.1.4.1", "10.1.5.1"}
    assert len(told) == len({source for _device, source in told}) == 2, "each log under one id of its own"
    # One of them grows long: the other keeps its id.
    with (logs / "a.csv").open("a") as file:
        file.write("2026-09-21T04:09:00Z,10.1.4.2,fine.example\n" * 200)
    with (logs / "b.csv").open("a") as file:
        file.write("2026-09-21T04:09:00Z,10.1.5.1,evil.example\n")
    portal.bodies = []
    quetsach(*given, *push)
    again = [
        line for line in documents(portal) if line["type"] == "sighting" and line["device"] == "10.1.5.1"
    ]
    assert [(line["source"], line["count"]) for line in again] == [(dict(told)["10.1.5.1"], 4)]


def request(log: Path, feed: Path, place: Path, leases: tuple[Path, ...] = ()) -> Request:
    return Request([str(log)], [str(feed)], place, "fw-hq", leases=leases, lease_length=3_600_000_000)


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
    assert {one.mac for one in again.leases.leases.events()} == {"02:00:00:00:00:0a", "02:00:00:00:00:0b"}
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
