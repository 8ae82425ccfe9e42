"""A random history, with the portal away now and then: a document that is sent again changes no row."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from io import BytesIO
from random import Random

import pytest

from quetsach.machines.leases.naming import Leases
from quetsach.portal.sensors import actions
from quetsach.portal.sightings.models import Bypass, Coverage, CoveredDay, Scan, Sighting
from quetsach.results import push
from quetsach.sightings.sighting import write
from quetsach.watching import document
from quetsach.watching.names import Paths
from quetsach.watching.outbox import Outbox
from quetsach.watching.places import Place
from tests.portal.scan_document import publish_list
from tests.watching.office import OPTIONS, Office, settled_early
from tests.watching.test_histories import ENGINES, play

pytestmark = [pytest.mark.native, pytest.mark.django_db(transaction=True)]
STEPS = ("append", "piece", "look", "rename", "copy", "pack", "restore", "delete", "restart", "wait", "kill")


class Line:
    """The way to the portal: now and then it is away, or takes a document and its answer is lost."""

    def __init__(self, rng: Random) -> None:
        self._rng, self.is_good, self._push = rng, False, push.push

    def __call__(self, *given):
        luck = 1.0 if self.is_good else self._rng.random()
        if luck < 0.3:
            raise push.PushError("unreachable", "away")
        result = self._push(*given)
        if luck < 0.6:
            raise push.PushError("unreachable", "the answer is lost")
        return result


def known():
    fields = ("source", "who", "day", "count", "runs", "device", "action", "first_seen", "last_seen")
    rows = sorted(map(str, Sighting.rows.values_list("indicator", "evidence", *fields)))
    ways = sorted(map(str, Bypass.rows.values_list("provider", *fields)))
    days = sorted(map(str, CoveredDay.rows.values_list("source", "set_id", "day", "hours", "bytes")))
    return rows, ways, days


@pytest.mark.parametrize("seed", [0, 3])
def test_what_is_told_again_changes_nothing(cast, live_server, tmp_path, monkeypatch, seed):
    publish_list(cast, tmp_path)
    _sensor, code = actions.add(cast.user("A1", "coordinator"), cast.units["A1"], "phân giải")
    secret = actions.enrol(code).secret
    rng = Random(seed)
    line = Line(rng)
    monkeypatch.setattr(push, "push", line)
    folder = tmp_path / "office"
    folder.mkdir()
    with settled_early():
        office = Office(folder, ENGINES[seed % 2])
        office.day = f"{datetime.now(UTC):%Y-%m-%d}"
        place = Place((str(office.logs),), OPTIONS.source_name, OPTIONS.tz)

        def send():
            document.keep_places(office.state, [place])
            office.state.note({"set": office.set_id, "count": "1"})
            return Outbox(office.state_file, live_server.url, secret, lambda _name: Leases()).send(
                office.state
            )

        play(office, [("append", 60)])
        for _step in range(30):
            what = rng.choice(STEPS)
            most = {"append": 120, "piece": 90, "kill": 60}.get(what, 0)
            play(office, [(what, rng.randint(min(1, most), most))])
            if rng.random() < 0.4:
                send()
        office.settle()
        line.is_good = True
        assert send()
        before = known()
        assert before[0]

        (header,) = document.headers(office.state, office.set_id, 1)
        result = office.scan()
        scan = BytesIO()
        write(scan, header, result.sightings, result.coverage, bypasses=result.bypasses)
        dump = BytesIO()
        document.dump(dump, office.state, header, Leases())
        for told in (scan, dump):
            with tempfile.TemporaryFile() as file:
                file.write(told.getvalue())
                file.seek(0)
                push.push(file, live_server.url, secret)
            assert known() == before

        office.kill()
        office.state_file.unlink()
        office.start()
        office.settle()
        assert send()
        assert known() == before
        office.kill()


def test_what_could_not_be_read_is_no_error_of_the_portal_once_it_is_read(cast, live_server, tmp_path):
    publish_list(cast, tmp_path)
    _sensor, code = actions.add(cast.user("A1", "coordinator"), cast.units["A1"], "phân giải")
    secret = actions.enrol(code).secret
    (tmp_path / "office").mkdir()
    office = Office(tmp_path / "office", ENGINES[0])
    office.day = f"{datetime.now(UTC):%Y-%m-%d}"
    place = Place((str(office.logs),), OPTIONS.source_name, OPTIONS.tz)
    document.keep_places(office.state, [place])
    office.state.note({"set": office.set_id, "count": "1"})

    def told():
        office.settle()
        assert Outbox(office.state_file, live_server.url, secret, lambda _name: Leases()).send(office.state)
        return sorted((one.lines > 0, len(one.errors)) for one in Coverage.rows.all())

    (office.logs / "dns.log").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(5000))
    assert told() == [(False, 1)]
    (office.logs / "dns.log").write_bytes(b"".join(office.line() for _ in range(100)))
    assert told() == [(False, 0), (True, 0)]
    assert [scan.errors for scan in Scan.rows.all()] == [0]
    office.kill()


def start(office):
    """Start the watcher anew; it tells paths that lead to nothing."""
    office.kill()
    office.start()
    office.follower._paths = Paths(office.follow, [office.state_file])


def test_a_log_that_cannot_be_looked_at_is_an_error_of_its_scan_each_time(cast, live_server, tmp_path):
    publish_list(cast, tmp_path)
    _sensor, code = actions.add(cast.user("A1", "coordinator"), cast.units["A1"], "phân giải")
    secret = actions.enrol(code).secret
    (tmp_path / "office").mkdir()
    office = Office(tmp_path / "office", ENGINES[0])
    office.day = f"{datetime.now(UTC):%Y-%m-%d}"
    other = office.logs / "other.log"
    office.follow = [str(office.logs / "dns.log"), str(other)]
    start(office)
    place = Place(tuple(office.follow), OPTIONS.source_name, OPTIONS.tz)
    document.keep_places(office.state, [place])
    office.state.note({"set": office.set_id, "count": "1"})
    office.append(b"".join(office.line() for _ in range(100)))
    line = office.line()

    def errors():
        office.settle()
        assert Outbox(office.state_file, live_server.url, secret, lambda _name: Leases()).send(office.state)
        (scan,) = Scan.rows.all()
        assert scan.errors == sum(len(one.errors) for one in Coverage.rows.all())
        return {one.path: one.errors for one in Coverage.rows.all() if one.errors}

    for _time in range(2):
        assert errors() == {str(other): ["no such file or folder"]}
        other.write_bytes(line * 100)
        assert errors() == {}
        other.unlink()
    assert errors() == {str(other): ["no such file or folder"]}
    # With another list it is an error of its scan alone.
    office.use(["evil.example", "fine.test"])
    start(office)
    office.state.note({"set": office.set_id, "count": "2"})
    office.settle()
    assert Outbox(office.state_file, live_server.url, secret, lambda _name: Leases()).send(office.state)
    assert sorted(scan.errors for scan in Scan.rows.all()) == [0, 1]
    office.kill()
