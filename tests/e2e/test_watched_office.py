"""An office at work, its sensor and a real portal: from a question for a listed name to a machine that is
proven clean."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from quetsach.portal.cases import actions as cases
from quetsach.portal.cases.models import Case
from quetsach.portal.sensors import actions as sensors
from quetsach.portal.sensors.models import Sensor
from quetsach.portal.sensors.rules import Condition
from quetsach.portal.sightings.models import CoveredDay, Sighting
from tests.namespaces import alone
from tests.portal.cast import Cast
from tests.portal.page_text import text_of
from tests.portal.scan_document import FAMILIES, publish_list

ROOT = Path(__file__).parents[2]
HANOI = timezone(timedelta(hours=7))
PAST, QUIET = 28, 20
PATIENT = 90.0
"""Seconds until a test gives up; nothing here is asserted to be quick."""
QUICK = """
import os, signal, time, time_machine
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores it
from quetsach.watching import asked, lists, outbox
lists.FETCH_SECONDS = outbox.COVERAGE_SECONDS = outbox.LEASE_SECONDS = asked.FETCH_SECONDS = 1.0
time_machine.travel(time.time() + float(os.environ["AHEAD"]), tick=True).start()
from quetsach.cli import main
main()
"""
"""The command of users, with another clock; a new list and what was looked at are not waited for a minute."""


class Office:
    """The office in its namespace (`tests.watching.office_network`)."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "logs/dns.log"
        self._process = subprocess.Popen(
            [*alone("dnsmasq"), sys.executable, "-m", "tests.watching.office_network", str(folder)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self, *words: str) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(words), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        if not self._process.stdin.closed:
            self._process.stdin.close()
            assert self._process.wait(20) == 0
            self._process.stdout.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.close()


def command(tmp_path: Path, *words: object, ahead: float = 0) -> tuple[list[str], dict[str, Any]]:
    """A command of quetsach whose clock is ahead, and how it is started. The native engine's clock is not
    moved."""
    ours = {"QUETSACH_LANG": "en", "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    env = {**os.environ, **ours, "QUETSACH_ENGINE": "portable", "AHEAD": str(ahead)}
    return [sys.executable, "-c", QUICK, *map(str, words)], {"cwd": tmp_path, "env": env, "text": True}


@contextmanager
def running(tmp_path: Path, *words: object, ahead: float = 0) -> Iterator[None]:
    """The command runs inside, and ends as with Ctrl-C."""
    given, how = command(tmp_path, *words, ahead=ahead)
    with (tmp_path / "watch.txt").open("w") as out:
        process = subprocess.Popen(given, stdout=out, stderr=out, **how)
    try:
        yield
        process.send_signal(2)
        assert process.wait(PATIENT) == 0, (tmp_path / "watch.txt").read_text()
    finally:
        process.kill()
        process.wait()


def wait[Found](look: Callable[[], Found], tmp_path: Path) -> Found:
    """What `look` finds at last."""
    until = time.monotonic() + PATIENT
    while not (found := look()):
        assert time.monotonic() < until, (tmp_path / "watch.txt").read_text()
        time.sleep(0.1)
    return found


def workdays(first: datetime, days: int) -> Iterator[datetime]:
    """The hours of work, from 8 to 17 on weekdays."""
    for day in (first + timedelta(days=n) for n in range(days)):
        if day.weekday() < 5:
            yield from (day.replace(hour=hour, minute=10, second=0) for hour in range(8, 17))


def asked(at: datetime, name: str, address: str) -> str:
    return f"{at:%b %e %H:%M:%S} dnsmasq[612]: query[A] {name} from {address}\n"


def given(at: datetime, machines: Sequence[tuple[str, str]]) -> str:
    """The lines of a DHCP server about machines that came in the morning."""
    return "".join(
        f"{at:%b %e %H:%M:%S} dnsmasq-dhcp[612]: DHCPACK(br0) {address} {card}\n"
        for address, card in machines
    )


def keep(file: Path, text: str, written: datetime) -> None:
    """What an office has kept, written last at a time."""
    with file.open("a", encoding="utf-8") as stream:
        stream.write(text)
    os.utime(file, (written.timestamp(), written.timestamp()))


def rows() -> list[tuple[Any, ...]]:
    return sorted(Sighting.rows.values_list("source", "indicator", "device", "day", "count"))


@pytest.mark.django_db(transaction=True)
def test_from_a_question_to_a_machine_that_is_proven_clean(
    cast: Cast, live_server: LiveServer, office: Office, tmp_path: Path
) -> None:
    one, _two, three = machines = [tuple(office("join", name)) for name in ("pc-one", "pc-two", "pc-three")]
    now = datetime.now(HANOI)
    before = list(workdays(now - timedelta(days=PAST), PAST - 1))
    # What the office has kept: a month of its resolver's log, with a name that is not listed yet.
    past = [asked(at, "fine.test", address) for at in before for address, _card in machines]
    past.append(asked(before[-1], "later.example", three[0]))
    leases = tmp_path / "dhcp.log"
    keep(leases, "".join(given(at, machines) for at in before), now)
    keep(tmp_path / "logs/dns.log.1", "".join(past), before[-1])

    publish_list(cast, tmp_path)
    _sensor, code = sensors.add(cast.user("A1", "coordinator"), cast.units["A1"], "phân giải")
    to_portal = ("--push", live_server.url, "--token-file", tmp_path / "token.txt")
    enrol, how = command(tmp_path, "watch", "--enrol", *to_portal)
    subprocess.run(enrol, input=f"{code}\n", check=True, capture_output=True, **how)
    address = f"{live_server.url}/api/v1/indicators?campaign={cast.campaign.slug}"
    known = ("--leases", tmp_path / "dnsmasq.leases", "--lease-time", "12h", "--leases", leases)
    watch = (
        "watch", "--follow", tmp_path / "logs", "-i", address, "--state", tmp_path / "state",
        "--source-name", "dns", "--asked", f"{live_server.url}/api/v1/asked", *known, *to_portal,
    )  # fmt: skip
    with running(tmp_path, *watch):
        wait(lambda: Sensor.rows.get().beat_at, tmp_path)
        assert Sensor.rows.get().condition(datetime.now(UTC)) is Condition.ALIVE
        assert not Case.rows.exists()

        # A machine asks for a listed name: it is a case, and its lease tells which machine it is.
        office("ask", "pc-one", "evil.example")
        wait(Case.rows.exists, tmp_path)
        case = Case.rows.get()
        assert {row.identity.get("mac") for row in case.sightings.all()} == {one[1]}
        page = text_of(cast.client("A1", "it").get(reverse("case", args=[cast.campaign.slug, case.pk])))
        assert "pc-one" in page

        # Another asks for a resolver elsewhere, whose answers this log will not show.
        office("ask", "pc-two", "dns.google")
        logs = reverse("scans", args=[cast.campaign.slug]) + f"?don-vi={cast.nodes['A1'].pk}"
        told = wait(
            lambda: (
                (text := text_of(cast.client("A1", "it").get(logs))) and "đi vòng các nơi" in text and text
            ),
            tmp_path,
        )
        assert "1 máy đi vòng các nơi ghi nhật ký" in told

        # The list grows: the past is searched.
        publish_list(cast, tmp_path, f"{FAMILIES}later.example,domain,mirai\n")
        wait(lambda: Case.rows.filter(sightings__indicator="later.example").exists(), tmp_path)
        late = Case.rows.get(sightings__indicator="later.example")
        assert {row.identity.get("mac") for row in late.sightings.all()} == {three[1]}

        cases.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=datetime.now(UTC))

    # The machine is handled, and weeks of work follow. The same command goes on.
    office.close()
    after = list(workdays(now + timedelta(days=1), QUIET))
    then = after[-1] + timedelta(hours=2)
    ahead = (then - datetime.now(HANOI)).total_seconds()
    keep(leases, "".join(given(at, machines) for at in after), after[-1])
    keep(
        office.log, "".join(asked(at, "fine.test", where) for at in after for where, _ in machines), after[-1]
    )
    with time_machine.travel(then, tick=True), running(tmp_path, *watch, ahead=ahead):
        wait(lambda: CoveredDay.rows.filter(day=after[-1].date()).exists(), tmp_path)
        counted = rows()
        # Leases, coverage and hours come from the sensor alone, and they prove it.
        wait(lambda: Case.rows.filter(pk=case.pk, state="verified_clean").exists(), tmp_path)
        scan, how = command(
            tmp_path, "scan", tmp_path / "logs", "-i", tmp_path / "list.csv", "--source-name", "dns", *known,
            *to_portal, ahead=ahead,
        )  # fmt: skip
        said = subprocess.run(scan, capture_output=True, check=False, **how)
        assert said.returncode < 2, said.stderr
        assert rows() == counted, "the scan of the same logs counts nothing twice"
        case.refresh_from_db()
        page = text_of(cast.client("A1", "it").get(reverse("case", args=[cast.campaign.slug, case.pk])))
        assert case.state == "verified_clean", page[page.index("Còn thiếu") :][:3000]
