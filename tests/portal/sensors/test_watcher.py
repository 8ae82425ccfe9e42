"""A watcher beside a real portal: lines become cases, and a second telling changes nothing."""

import gzip
import os
import time
from datetime import UTC, datetime

import pytest
from django.db.models import Sum

from quetsach.portal.cases.models import Case
from quetsach.portal.sensors import actions
from quetsach.portal.sensors.models import Sensor
from quetsach.portal.sightings.models import Coverage, CoveredDay, Scan, Sighting
from quetsach.portal.units.actions import token_holder
from quetsach.results.enrolling import enrol
from quetsach.results.push import PushError, read_token
from quetsach.sightings.sighting import Sighting as Row
from quetsach.watching.running import Request, Watcher
from tests.portal.scan_document import publish_list

LISTED = "evil.example"


@pytest.fixture
def watcher_of(cast, live_server, tmp_path):
    publish_list(cast, tmp_path)
    _sensor, code = actions.add(cast.user("A1", "coordinator"), cast.units["A1"], "phân giải")
    secret = actions.enrol(code).secret
    (tmp_path / "a.txt").write_text(LISTED)
    (tmp_path / "logs").mkdir()
    opened = []

    def start(state="state"):
        while opened:
            opened.pop().close()
        lists = [str(tmp_path / "a.txt")]
        request = Request(
            [str(tmp_path / "logs")], lists, tmp_path / state, "dns", url=live_server.url, token=secret
        )
        opened.append(Watcher(request))
        return opened[0]

    yield start
    opened.pop().close()


def look_and_send(watcher):
    while watcher.round():
        pass
    watcher.outbox.beat(watcher.state)
    assert watcher.outbox.send(watcher.state), watcher.outbox.problem


def lines(count, first=0):
    hour = f"{datetime.now(UTC):%Y-%m-%dT00}"
    return "".join(
        f"{hour}:{n // 60 % 60:02}:{n % 60:02}Z ns dnsmasq[1]: query[A] {LISTED} from 10.1.0.{n % 2 + 5}\n"
        for n in range(first, first + count)
    )


def known():
    rows = sorted(Sighting.rows.values_list("source", "device", "day", "count", "runs"))
    return rows, sorted(CoveredDay.rows.values_list("source", "day", "hours"))


@pytest.mark.django_db(transaction=True)
def test_a_line_is_a_case_and_nothing_counts_twice(watcher_of, tmp_path):
    watcher, log = watcher_of(), tmp_path / "logs/dns.log"
    log.write_text(lines(90))
    look_and_send(watcher)
    assert Case.rows.count() == 2
    assert Sighting.rows.aggregate(all=Sum("count")) == {"all": 90}
    assert (Sensor.rows.get().entries, len(Sensor.rows.get().sources)) == (1, 1)

    with log.open("a") as file:
        file.write(lines(30, 90))
    log.rename(tmp_path / "logs/dns.log.1")
    watcher = watcher_of()
    look_and_send(watcher)
    assert Sighting.rows.aggregate(all=Sum("count")) == {"all": 120}
    before = known()

    packed = tmp_path / "logs/dns.log.1"
    again = tmp_path / "logs/dns.log.1.gz"
    again.write_bytes(gzip.compress(packed.read_bytes()))
    os.utime(again, (time.time() - 60, time.time() - 60))
    packed.unlink()
    watcher = watcher_of("a new state")
    look_and_send(watcher)
    assert sum(row.count for row in watcher.state.rows(watcher.set_id, Row)) == 120
    assert known() == before
    assert Case.rows.count() == 2


@pytest.mark.django_db(transaction=True)
def test_short_logs_that_grow_long_count_once(watcher_of, tmp_path):
    watcher = watcher_of()
    logs = [tmp_path / "logs/a.log", tmp_path / "logs/b.log"]
    pieces = [lines(5), lines(5, 5), lines(20, 10), lines(70, 30)]
    assert len("".join(pieces[:3])) < 4096 < len("".join(pieces[:4]))
    for number, piece in enumerate(pieces):
        for log, first in zip(logs, ("", "x"), strict=True):
            with log.open("a") as file:
                file.write((f"{first}\n" if first and not number else "") + piece)
        look_and_send(watcher)
        written = "".join(pieces[: number + 1]).count("\n")
        assert Sighting.rows.aggregate(all=Sum("count")) == {"all": 2 * written}
    assert Case.rows.count() == 2
    seen = sorted(CoveredDay.rows.values_list("source", "coverage__source"))
    assert len(seen) == 2 and all(day == coverage for day, coverage in seen)
    assert Coverage.rows.count() == 2 and Scan.rows.get().sources == 2
    assert sum(map(sum, CoveredDay.rows.values_list("hours", flat=True))) == 201
    before = known()
    look_and_send(watcher_of("a new state"))
    assert known() == before


def test_a_code_becomes_a_token_that_only_its_owner_reads(cast, live_server, tmp_path):
    sensor, code = actions.add(cast.user("A1", "coordinator"), cast.units["A1"], "phân giải")
    file = tmp_path / "token.txt"
    with pytest.raises(PushError, match="code_unknown"):
        enrol(live_server.url, "AAAA-BBBB-CCCC", file)
    assert not file.exists()
    file.write_text("another token")
    with pytest.raises(PushError, match="token_write"):
        enrol(live_server.url, code, file)
    assert file.read_text() == "another token"
    file.unlink()
    found = enrol(live_server.url, f" {code.lower()} ", file)
    assert (found.name, found.unit) == ("phân giải", "Đơn vị A1")
    assert file.stat().st_mode & 0o777 == 0o600
    assert token_holder(read_token(file)) == Sensor.rows.get(pk=sensor.pk).token
    with pytest.raises(PushError, match="code_unknown"):
        enrol(live_server.url, code, tmp_path / "second.txt")
