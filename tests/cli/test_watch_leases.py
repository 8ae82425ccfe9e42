"""What a watcher knows of leases goes to the portal as evidence on machines: once, and only what is new."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from quetsach.machines.evidence import Binding, Claim
from quetsach.machines.sources import document
from quetsach.watching import outbox
from quetsach.watching.outbox import unsent_leases
from quetsach.watching.places import Place
from quetsach.watching.running import Request, Watcher
from tests.cli.answering import Portal
from tests.cli.watching import request
from tests.command_line import Run

pytestmark = pytest.mark.usefixtures("no_waiting")
TAKEN = (200, {"new": 1, "known": 0})


def evidence(portal: Portal) -> list[tuple[str, list[Claim | Binding]]]:
    """The source and the records of each document about machines that the portal got, and forget them."""
    bodies = [body for body in portal.bodies if document.is_document(body)]
    portal.bodies = []
    heads = (json.loads(body.splitlines()[0])["source"] for body in bodies)
    return [(name, list(document.read(BytesIO(body)))) for name, body in zip(heads, bodies, strict=True)]


def bound(portal: Portal) -> list[tuple[str, str, str, str]]:
    """Address, machine, and hours of the bindings that the portal got."""
    rows = [one for _name, records in evidence(portal) for one in records if isinstance(one, Binding)]
    assert {row.kind for row in rows} <= {"lease"}
    hours = ((row, *(f"{at // 60_000_000 % 1440 // 60:02}" for at in (row.begin, row.end))) for row in rows)
    return sorted((row.address, row.key.value[-2:], first, last) for row, first, last in hours)


def given(hour: int, address: str, machine: str) -> str:
    return (
        f"2022-09-16T{hour:02}:00:00Z ns dnsmasq-dhcp[1]: DHCPACK(br0) {address} 00:00:5e:00:53:{machine}\n"
    )


def test_leases_go_to_the_portal_once_and_only_what_is_new(
    watch: Callable[..., tuple[int, str, str]],
    quetsach: Run,
    portal: Portal,
    token: Path,
    place: Path,
    tmp_path: Path,
) -> None:
    dhcp = tmp_path / "dhcp.log"
    dhcp.write_text(given(1, "10.1.2.3", "0a") + given(2, "10.1.2.4", "0b") + given(3, "10.1.2.3", "0c"))
    send = ("--once", "--push", portal.url, "--token-file", str(token), "--leases", str(dhcp))
    portal.answers = [(503, {})]
    assert watch(*send)[0] == 3
    portal.bodies = []
    show = ("--lang", "en", "watch", "--state", str(place), "--show")
    _code, out, err = quetsach(*show)
    assert "Not sent yet: 3 leases" in err and "The portal has everything" not in out

    portal.answers = [TAKEN]
    watch(*send)
    # A lease without a known end counts for eight days at most, and ends when another machine is given it.
    assert bound(portal) == [
        ("10.1.2.3", "0a", "01", "03"),
        ("10.1.2.3", "0c", "03", "03"),
        ("10.1.2.4", "0b", "02", "02"),
    ]
    assert "The portal has everything" in quetsach(*show)[1]
    watch(*send)
    assert bound(portal) == [], "nothing twice"

    with dhcp.open("a") as file:
        file.write(given(5, "10.1.2.3", "0d"))
    watch(*send)
    assert bound(portal) == [("10.1.2.3", "0c", "03", "05"), ("10.1.2.3", "0d", "05", "05")]


@pytest.mark.skipif(os.name != "posix", reason="pipes with a name")
def test_a_pipe_is_no_file_of_leases_and_not_waited_for(
    watch: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for what in ("--once", "--check"):
        code, _out, err = watch(what, "--leases", str(tmp_path / "pipe"))
        assert code == 2 and "is a pipe, a socket or a device" in err


def test_leases_that_the_portal_refuses_are_told(
    watch: Callable[..., tuple[int, str, str]], portal: Portal, token: Path, tmp_path: Path
) -> None:
    send = ("--once", "--push", portal.url, "--token-file", str(token))
    watch(*send)
    dhcp = tmp_path / "dhcp.log"
    dhcp.write_text(given(1, "10.1.2.250", "0a"))
    portal.answers = [TAKEN, (422, {"code": "malformed"})]
    code, _out, err = watch(*send, "--leases", str(dhcp))
    assert code == 3 and "The next run sends it." in err


def test_refused_leases_wait_and_hold_back_no_other_place(
    portal: Portal, feed: Path, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("branch", "hq")
    for number, name in enumerate(names):
        text = given(1, f"10.1.2.{number}", f"0{number}") + asked_for(1, f"10.1.2.{number}")
        (tmp_path / f"{name}.log").write_text(text)
    places = [Place((str(tmp_path / f"{name}.log"),), name, "UTC") for name in names]
    asked = Request([], [str(feed)], place, "", places=places, url=portal.url, token="qs_secret")
    clock = [1000.0]
    monkeypatch.setattr(outbox.time, "monotonic", lambda: clock[0])
    watcher = Watcher(asked)
    assert watcher.outbox is not None

    def sent(seconds: float, *answers: tuple[int, object]) -> list[str]:
        """The places of the documents that are sent so many seconds later."""
        clock[0] += seconds
        portal.answers = list(answers)
        assert watcher.outbox is not None
        is_done = watcher.outbox.send_leases(watcher.state)
        assert is_done == (watcher.outbox.lease_problem is None)
        return [name for name, _records in evidence(portal)]

    watcher.round()
    assert sent(0, (422, {"code": "malformed"}), TAKEN) == ["branch", "hq"]
    assert sent(60) == [] and watcher.outbox.lease_problem is not None
    with (tmp_path / "hq.log").open("a") as file:
        file.write(given(2, "10.1.2.9", "09"))
    watcher.round()
    assert sent(60, TAKEN) == ["hq"]
    assert sent(240, (422, {"code": "malformed"})) == ["branch"]
    assert sent(500) == [], "each time it waits twice as long"
    assert sent(101, TAKEN) == ["branch"] and watcher.outbox.lease_problem is None
    assert unsent_leases(watcher.state, portal.url) == 0
    watcher.close()


def test_a_file_that_is_written_again_tells_no_lease_again(
    portal: Portal, log: Path, feed: Path, place: Path, tmp_path: Path
) -> None:
    leases = tmp_path / "dnsmasq.leases"
    lines = [f"1663304400 00:00:5e:00:53:0{n} 10.1.2.{n} pc-{n} *\n" for n in range(3)]
    asked = Request(
        [str(log)], [str(feed)], place, "fw-hq", leases=(leases,), url=portal.url, token="qs_secret"
    )
    portal.answers = [TAKEN]
    watcher = Watcher(asked)
    assert watcher.outbox is not None
    for number, written in enumerate((1663297200, 1663297500, 1663297800)):
        leases.write_text("".join(lines[: number + 1]))
        os.utime(leases, (written, written))
        watcher.round()
        assert watcher.outbox.send_leases(watcher.state)
        assert [row[0] for row in bound(portal)] == [f"10.1.2.{number}"]
    watcher.close()


def test_renewals_of_a_day_are_one_claim(
    portal: Portal, log: Path, feed: Path, place: Path, tmp_path: Path
) -> None:
    leases = tmp_path / "dhcpd.leases"
    asked = request(log, feed, place, (leases,))._replace(url=portal.url, token="qs_secret")
    portal.answers = [TAKEN]
    watcher = Watcher(asked)
    assert watcher.outbox is not None
    claims: list[int] = []
    for day, hour in [*((16, hour) for hour in range(16, 24)), (17, 0), (17, 1)]:
        until = f"{day}/{hour}".replace("16/23", "17/-1").split("/")
        with leases.open("a") as file:
            file.write(
                f"lease 10.1.2.3 {{\n  starts 5 2022/09/{day} {hour:02}:00:00;\n"
                f"  ends 5 2022/09/{until[0]} {int(until[1]) + 1:02}:00:00;\n"
                "  hardware ethernet 00:00:5e:00:53:0a;\n}\n"
            )
        watcher.round()
        assert watcher.outbox.send_leases(watcher.state)
        told = [one for _name, records in evidence(portal) for one in records]
        assert sum(isinstance(one, Binding) for one in told) == 1
        claims.append(len(told) - 1)
    watcher.close()
    assert claims == [1, 0, 0, 0, 0, 0, 0, 1, 0, 0], "the last of the first day ends on the next"


def test_a_row_of_an_earlier_list_that_gets_a_name_brings_the_ids_of_its_log(
    watch: Callable[..., tuple[int, str, str]],
    portal: Portal,
    token: Path,
    log: Path,
    feed: Path,
    tmp_path: Path,
) -> None:
    dhcp = tmp_path / "dhcp.log"
    dhcp.write_text(given(1, "10.1.2.250", "0a"))
    send = ("--once", "--push", portal.url, "--token-file", str(token), "--leases", str(dhcp))
    portal.answers = [TAKEN]
    watch(*send)
    feed.write_text("indicator,type,family\ngood.example,domain,\n")
    watch(*send)
    portal.bodies = []
    with log.open("a") as file:
        file.write("1663300901.123 1 10.1.2.7 TCP_MISS/200 9 GET http://fine.example/ -\n")
    with dhcp.open("a") as file:
        file.write(given(4, "10.1.2.3", "0b"))
    watch(*send)
    scans = [
        [json.loads(line) for line in body.splitlines()]
        for body in portal.bodies
        if body.startswith(b'{"type":"scan"')
    ]
    rows = {line["indicator"]: told for told in scans for line in told if line["type"] == "sighting"}
    (seen,) = [line for line in rows["evil.example"] if line["type"] == "coverage"]
    assert seen["was"], "the portal would take the row for one of another log"


def asked_for(hour: int, address: str) -> str:
    return f"2022-09-16T{hour:02}:30:00Z ns dnsmasq[1]: query[A] evil.example from {address}\n"


@pytest.mark.parametrize("is_named", [False, True], ids=["followed", "followed and --leases"])
def test_lines_of_a_followed_log_tell_whose_an_address_was(
    quetsach: Run,
    portal: Portal,
    token: Path,
    log: Path,
    feed: Path,
    place: Path,
    *,
    is_named: bool,
) -> None:
    log.write_text(given(1, "10.1.2.3", "0a") + asked_for(1, "10.1.2.3"))
    follow = ("--follow", str(log), "--source-name", "dns", "-i", str(feed), "--state", str(place), "--once")
    leases = ("--leases", str(log)) if is_named else ()
    send = ("--lang", "en", "watch", *follow, *leases, "--push", portal.url, "--token-file", str(token))
    portal.answers = [TAKEN]
    assert quetsach(*send)[0] == 1
    assert bound(portal) == [("10.1.2.3", "0a", "01", "01")]
    with log.open("a") as file:
        file.write(given(2, "10.1.2.3", "0b") + asked_for(2, "10.1.2.3") + asked_for(3, "10.1.2.3"))
    assert quetsach(*send)[0] == 1
    bodies = list(portal.bodies)
    assert bound(portal) == [("10.1.2.3", "0a", "01", "02"), ("10.1.2.3", "0b", "02", "02")]
    assert sum(document.is_document(body) for body in bodies) == 1

    ours, theirs = log.with_name("watch.jsonl"), log.with_name("scan.jsonl")
    quetsach("watch", "--state", str(place), "--dump", str(ours))
    quetsach("scan", str(log), "-i", str(feed), "--source-name", "dns", "-o", str(theirs))
    told = [
        [line for line in file.read_text().splitlines() if '"type":"sighting"' in line]
        for file in (ours, theirs)
    ]
    assert told[0] == told[1] and len(told[0]) == 2
    assert {json.loads(line)["who"] for line in told[0]} == {"mac:00:00:5e:00:53:0a", "mac:00:00:5e:00:53:0b"}


def test_a_packed_log_and_a_long_one_tell_leases_too(log: Path, feed: Path, place: Path) -> None:
    packed = log.with_name(f"{log.name}.1.gz")
    packed.write_bytes(gzip.compress((given(1, "10.1.2.3", "0a") + asked_for(1, "10.1.2.3")).encode()))
    os.utime(packed, (1663290000, 1663290000))
    log.write_text(given(3, "10.1.2.4", "0b") + asked_for(3, "10.9.9.9") * 2_000)
    watcher = Watcher(request(log, feed, place))
    watcher.round()
    with log.open("a") as file:
        file.write(given(5, "10.1.2.5", "0c"))
    watcher.round()
    assert {row.address for row in watcher.leases.of("fw-hq").events()} == {
        "10.1.2.3",
        "10.1.2.4",
        "10.1.2.5",
    }
    watcher.close()
