"""`quetsach watch` beside a portal: it tells, keeps, sends again, and never twice."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import time
import tomllib
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quetsach.errors import QuetsachError
from quetsach.sightings import heartbeat
from quetsach.watching import document
from quetsach.watching.running import Watcher
from tests.cli.answering import Portal
from tests.cli.watching import add, request
from tests.command_line import Run


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


def test_the_portal_hears_once_of_a_log_that_cannot_be_looked_at_and_once_that_it_can(
    watch: Callable[..., tuple[int, str, str]], portal: Portal, token: Path, log: Path
) -> None:
    """As the dump tells it, also by a token that belongs to no sensor."""
    missing = log.with_name("other.log")
    send = ("--once", "--push", portal.url, "--token-file", str(token), "--follow", str(missing))

    def told() -> list[tuple[str, int, list[str]]]:
        portal.bodies = []
        watch(*send)
        records = [one for one in documents(portal) if one["type"] == "coverage"]
        return [(one["path"], one["lines"], one["errors"]) for one in records]

    assert told() == [(str(log), 3, []), (str(missing), 0, ["no such file or folder"])]
    assert told() == []
    missing.write_text(log.read_text().replace("evil", "fine"))
    assert told() == [(str(missing), 3, []), (str(missing), 0, [])]
    assert told() == []
    missing.unlink()
    assert told() == [(str(missing), 0, ["no such file or folder"])]


@pytest.mark.parametrize(
    "names", [("", ".1"), ("", "-20220916"), (".log", ".1.log"), ("-2022-09-16", "-2022-09-15")]
)
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
    assert len({line["set"]["id"] for line in heads}) == 2
    # A third document tells that the log is gone.
    errors = [line["errors"] for line in lines if line["type"] == "coverage"]
    assert len(heads) == 3 and errors == [[], [], ["no such file or folder"]]
    portal.bodies = []
    watch(*send)
    assert not documents(portal), "each once"


@pytest.mark.usefixtures("no_waiting")
def test_a_short_log_that_grows_tells_the_ids_that_it_had(
    watch: Callable[..., tuple[int, str, str]], portal: Portal, token: Path, log: Path
) -> None:
    send = ("--once", "--push", portal.url, "--token-file", str(token))
    for number in range(4):
        add(log, f"10.1.4.{number}")
        watch(*send)
    lines = documents(portal)
    told = {line["source"] for line in lines if line["type"] == "sighting"}
    seen = [line for line in lines if line["type"] == "coverage"]
    assert len(told) == len(seen) == 4, "each line makes another id"
    assert [line.get("was", []) for line in seen] == [[], *([one["source"]] for one in seen[:-1])]
    portal.bodies = []
    add(log, "10.1.4.5")
    portal.answers = [(500, {})]
    watch(*send)
    add(log, "10.1.4.6")
    portal.answers, portal.bodies = [(200, {})], []
    watch(*send)
    (last,) = [line for line in documents(portal) if line["type"] == "coverage"]
    assert len(last["was"]) == 2, "both ids that the portal may have"


@pytest.mark.usefixtures("no_waiting")
def test_two_short_logs_with_one_header_are_two_logs_for_the_portal(
    quetsach: Run, portal: Portal, token: Path, feed: Path, place: Path, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    given = ("watch", "--follow", str(logs), "-i", str(feed), "--state", str(place), "--once")
    push = ("--push", portal.url, "--token-file", str(token))

    def grow(name: str, *machines: str) -> None:
        with (logs / name).open("a") as file:
            file.writelines(f"2026-09-21T04:00:00Z,{one},evil.example\n" for one in machines)

    def told() -> tuple[dict[str, str], dict[str, list[str]]]:
        lines = documents(portal)
        rows = {line["device"]: line["source"] for line in lines if line["type"] == "sighting"}
        return rows, {line["source"]: line.get("was", []) for line in lines if line["type"] == "coverage"}

    (logs / "a.csv").write_text("time,client,query\n")
    quetsach(*given, *push)
    ((header, _),) = told()[1].items()
    grow("a.csv", "10.1.4.1")
    quetsach(*given)
    (logs / "b.csv").write_text("time,client,query\n")
    portal.bodies = []
    quetsach(*given, *push)
    rows, was = told()
    assert was == {rows["10.1.4.1"]: [], header: []}, "what the other log is now is not the past of this one"
    grow("b.csv", "10.1.5.1")
    portal.bodies = []
    quetsach(*given, *push)
    rows, was = told()
    assert was == {rows["10.1.5.1"]: [header]} and "10.1.4.1" not in rows


def test_an_address_is_read_again_only_where_its_list_changed(log: Path, place: Path, portal: Portal) -> None:
    portal.lists = "evil.example\n"
    clock = [time.time()]
    watcher = Watcher(request(log, Path(), place)._replace(lists=[portal.url]), now=lambda: clock[0])
    watcher.round()
    first = watcher.lists.files[0].stat().st_mtime_ns
    assert len(watcher.news()) == 1
    clock[0] += 30
    portal.lists = "evil.example\ngood.example\n"
    watcher.round()
    assert watcher.count == 1, "asked once a minute"
    portal.lists = "evil.example\n"
    clock[0] += 31
    watcher.round()
    first_mark = f'"{zlib.crc32(portal.lists.encode()):x}"'
    assert portal.marks == ["", first_mark], "by the mark that the server gave"
    assert watcher.lists.files[0].stat().st_mtime_ns == first
    portal.lists = "evil.example\ngood.example\n"
    clock[0] += 61
    watcher.round()
    assert watcher.count == 2 and {row.indicator for row in watcher.news()} == {"good.example"}
    watcher.close()


_PAGE = "<!DOCTYPE html><html><head><title>Wi-Fi</title></head><body><a href='/in'>Log in</a></body></html>\n"


@pytest.mark.parametrize("garbage", [_PAGE, "", "\0\1\2evil.example\0" * 90])
def test_an_answer_that_is_no_list_leaves_the_last_good_one_in_force(
    log: Path, place: Path, portal: Portal, garbage: str
) -> None:
    portal.lists = "evil.example\n"
    clock = [time.time()]
    asked = request(log, Path(), place)._replace(lists=[portal.url])
    watcher = Watcher(asked, now=lambda: clock[0])
    watcher.round()
    assert len(watcher.news()) == 1
    portal.lists = garbage
    clock[0] += 61
    add(log, "10.1.2.9")
    watcher.round()
    assert portal.url in watcher.troubles["-i"] and ".part" not in watcher.troubles["-i"]
    assert [row.device for row in watcher.news()] == ["10.1.2.9"]
    set_id = watcher.set_id
    watcher.close()
    # The next start meets the same answer. At the start after that the server is broken.
    for status in (200, 503):
        portal.status, portal.lists = status, garbage
        again = Watcher(asked, now=lambda: clock[0])
        assert again.set_id == set_id and "-i" in again.troubles
        assert [file.name for file in place.glob("list-*")] == [again.lists.files[0].name]
        portal.status, portal.lists = 200, "evil.example\n"
        clock[0] += 61
        again.round()
        assert "-i" not in again.troubles, "the good list came back"
        again.close()


def test_not_modified_to_a_first_request_is_a_trouble(log: Path, place: Path, portal: Portal) -> None:
    portal.lists = "evil.example\n"
    asked = request(log, Path(), place)._replace(lists=[portal.url])
    Watcher(asked).close()
    portal.status = 304
    watcher = Watcher(asked)
    assert watcher.count == 1 and "304" in watcher.troubles["-i"]
    watcher.close()
    with pytest.raises(QuetsachError, match="304"):
        Watcher(asked._replace(folder=place.with_name("other")))


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "/api/v1/indicators?campaign=NAME"), (410, "it was withdrawn"), (503, "answers HTTP 503")],
)
def test_a_first_start_without_its_list_says_what_to_do_and_is_no_look(
    quetsach: Run, log: Path, place: Path, portal: Portal, tmp_path: Path, status: int, said: str
) -> None:
    portal.list_status, url = status, f"{portal.url}/lists/campaign.csv"
    given = ("watch", "--follow", str(log), "-i", url, "--state", str(place), "--once")
    code, _out, err = quetsach("--lang", "en", *given)
    assert code == 2 and f"the list {url} cannot be fetched" in err and said in err
    assert "cannot be fetched" not in quetsach("--lang", "vi", *given)[2], "translated"
    code, out, err = quetsach("--lang", "en", "watch", "--state", str(place), "--show")
    assert code == 2 and "entries" not in out and "No list yet" in err
    dump = tmp_path / "dump.jsonl"
    code, _out, err = quetsach("--lang", "en", "watch", "--state", str(place), "--dump", str(dump))
    assert code == 2 and "Nothing is written" in err and not dump.exists()


@pytest.mark.usefixtures("no_waiting")
def test_a_lease_that_comes_late_sends_the_row_again_with_its_machine(
    watch: Callable[..., tuple[int, str, str]], portal: Portal, token: Path, tmp_path: Path
) -> None:
    leases = tmp_path / "dhcpd.leases"
    leases.write_text("lease 10.1.2.99 {\n  starts 5 2022/09/16 03:00:00;\n}\n")
    portal.answers = [(200, {"new": 1, "known": 0})]
    send = ("--once", "--push", portal.url, "--token-file", str(token), "--leases", str(leases))
    watch(*send)
    (row,) = [one for one in documents(portal) if one["type"] == "sighting"]
    assert row["who"] == ""
    portal.bodies = []
    with leases.open("a") as file:
        file.write(
            "lease 10.1.2.3 {\n  starts 5 2022/09/16 03:00:00;\n  ends 5 2022/09/16 05:00:00;\n"
            "  hardware ethernet 02:00:5e:00:00:0a;\n}\n"
        )
    watch(*send)
    (row,) = [one for one in documents(portal) if one["type"] == "sighting"]
    assert (row["who"], row["count"]) == ("mac:02:00:5e:00:00:0a", 1)
    portal.bodies = []
    watch(*send)
    assert not documents(portal), "once"


def test_news_is_told_before_the_minute_is_over(
    log: Path, feed: Path, place: Path, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    watcher = Watcher(request(log, feed, place)._replace(url=portal.url, token="qs_secret-0123456789"))
    assert watcher.outbox is not None
    monkeypatch.setattr(watcher.outbox, "tell", lambda: told.append("now"))
    for change in (
        lambda: None,
        lambda: log.rename(log.with_name("gone")),
        lambda: log.write_text("another log\n" * 9),
        lambda: feed.write_text("good.example\n"),
    ):
        change()
        watcher.round()
        watcher.round()
        assert told == ["now"], "once for each change"
        told.clear()
    watcher.close()


@pytest.mark.usefixtures("no_waiting")
def test_what_many_logs_cover_goes_in_several_documents(
    quetsach: Run,
    portal: Portal,
    token: Path,
    log: Path,
    feed: Path,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(document, "_MOST_COVERAGE", 2_000)
    for number in range(9):
        log.with_name(f"access-{number}.log").write_text(
            log.read_text().replace("10.1.2.", f"10.1.{number}.")
        )
    given = ("watch", "--follow", str(log.with_name("access-*.log")), "-i", str(feed), "--state", str(place))
    assert quetsach(*given, "--once", "--push", portal.url, "--token-file", str(token))[0] == 1
    bodies = [body for body in portal.bodies if not body.startswith(b'{"type":"heartbeat"')]
    assert len(bodies) > 2
    told = []
    for body in bodies:
        lines = [json.loads(line) for line in body.splitlines()]
        seen = [line["source"] for line in lines if line["type"] == "coverage"]
        assert {line["source"] for line in lines if line["type"] == "sighting"} == set(seen)
        told += seen
    assert len(told) == len(set(told)) == 9


@pytest.mark.usefixtures("no_waiting")
def test_machines_that_are_asked_about_later_are_sought_in_what_is_kept(
    quetsach: Run, portal: Portal, token: Path, log: Path, feed: Path, place: Path, tmp_path: Path
) -> None:
    logs, about = tmp_path / "logs", tmp_path / "asked.txt"
    logs.mkdir()
    (logs / "gone.log").write_text(log.read_text().replace("10.1.2.", "10.7.7."))
    log.rename(logs / "kept.log")
    given = ("watch", "--follow", str(logs), "-i", str(feed), "--state", str(place), "--once")
    push = ("--push", portal.url, "--token-file", str(token), "--asked", str(about))

    def told() -> list[tuple[list[str], dict[str, Any]]]:
        found: list[tuple[list[str], dict[str, Any]]] = []
        for line in documents(portal):
            if line["type"] == "scan":
                found.append((line.get("asked", []), {}))
            if line["type"] == "coverage":
                found[-1][1][Path(line["path"]).name] = line.get("alive")
        return found

    about.write_text("10.1.2.3\n")
    assert quetsach(*given, *push)[0] == 1
    assert told() == [(["10.1.2.3"], {"kept.log": {"10.1.2.3": {"2022-09-16": 16}}, "gone.log": {}})]
    (logs / "gone.log").unlink()
    about.write_text("10.1.2.4\n10.1.2.77\n")
    portal.bodies = []
    assert quetsach(*given, *push)[0] == 0, "no line counts again"
    assert told() == [(["10.1.2.4", "10.1.2.77"], {"kept.log": {"10.1.2.4": {"2022-09-16": 16}}})]
    out = tmp_path / "dump.jsonl"
    quetsach("watch", "--state", str(place), "--dump", str(out))
    portal.bodies = [file.read_bytes() for file in sorted(tmp_path.glob("dump*.jsonl"))]
    assert {tuple(one[0]): list(one[1]) for one in told()} == {
        ("10.1.2.3",): ["gone.log"],
        ("10.1.2.4", "10.1.2.77"): ["kept.log"],
    }
    code, _out, err = quetsach("--lang", "en", *given, "--asked", f"{portal.url}/api/v1/asked")
    assert code == 2 and "--asked with an address needs --push" in err


@pytest.mark.usefixtures("no_waiting")
def test_while_the_portal_is_away_the_machines_of_before_are_sought(
    watch: Callable[..., tuple[int, str, str]], portal: Portal, token: Path, log: Path
) -> None:
    portal.lists = "10.1.2.3\n"
    given = ("--once", "--asked", f"{portal.url}/asked", "--push", portal.url, "--token-file", str(token))
    assert watch(*given)[0] == 1
    portal.lists, portal.bodies = "no machine at all\n", []
    add(log, "10.1.2.3")
    code, _out, err = watch(*given)
    assert code == 2 and "--asked" in err, "told"
    (seen,) = [line for line in documents(portal) if line["type"] == "coverage"]
    assert seen["alive"] == {"10.1.2.3": {"2022-09-16": 16}}


_WITHOUT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(name)

BLOCKED = set(sys.argv.pop(1).split(","))
sys.meta_path.insert(0, Blocked())
from quetsach.cli import main
sys.exit(main())
"""


def _only_of_extras() -> set[str]:
    """The modules of packages that only an extra installs."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    extras = [one for wanted in project["optional-dependencies"].values() for one in wanted]
    base, other = (
        {re.split(r"[^\w.-]", one)[0].lower().replace("_", "-") for one in wanted}
        for wanted in (project["dependencies"], extras)
    )
    modules = importlib.metadata.packages_distributions()
    names = {module: {name.lower().replace("_", "-") for name in own} for module, own in modules.items()}
    return {module for module, own in names.items() if own & other and not own & base}


def test_a_sensor_needs_no_package_of_the_portal(
    log: Path, feed: Path, place: Path, portal: Portal, token: Path
) -> None:
    blocked = _only_of_extras()
    assert {"django", "cryptography", "nacl", "PIL"} <= blocked and "click" not in blocked
    given = ["--follow", log, "-i", feed, "--state", place, "--push", portal.url, "--token-file", token]
    line = [sys.executable, "-c", _WITHOUT, ",".join(blocked), "--lang", "en", "watch", *given, "--once"]
    done = subprocess.run(list(map(str, line)), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert "10.1.2.3 called" in done.stdout
    assert [one["device"] for one in documents(portal) if one["type"] == "sighting"] == ["10.1.2.3"]
