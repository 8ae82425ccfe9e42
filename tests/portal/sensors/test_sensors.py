"""Sensors: a code enrols one program, heartbeats show it alive, and silence looks like silence."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.audit.models import Entry
from quetsach.portal.sensors import actions
from quetsach.portal.sensors.models import EnrolmentCode, Sensor
from quetsach.portal.sensors.rules import Condition, silences, silent_after
from quetsach.portal.units.models import ApiToken
from quetsach.sightings.heartbeat import LONGEST_PAUSE, Heartbeat, HeartbeatError, WatchedSource, read, write
from tests.portal.page_text import text_of

NOW = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
LOG = "/var/log/dnsmasq.log"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def page_of(cast, unit="A1", role="coordinator", name="sensors", *more):
    return cast.client(unit, role).get(reverse(name, args=[cast.campaign.slug, *more]))


def added(cast, unit="A1", name="tường lửa trụ sở"):
    return actions.add(cast.user(unit, "coordinator"), cast.units[unit], name)


def enrol(code):
    return Client().post(reverse("api_sensors"), json.dumps({"code": code}), content_type="application/json")


def told(*sources, at=NOW, began=NOW - timedelta(hours=1), **more):
    return Heartbeat("quetsach 0.1.0", at, began, sources=tuple(sources), **more)


def source(minutes_ago=0, pause=60, path=LOG, at=NOW, **more):
    return WatchedSource(path, "dnsmasq", last_line=at - timedelta(minutes=minutes_ago), pause=pause, **more)


def sent(secret, body):
    body = body if isinstance(body, bytes) else write(body)
    return Client().post(
        reverse("api_heartbeat"), body, content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )  # fmt: skip


def test_a_code_from_the_page_enrols_one_program_once(cast, clock):
    client = cast.client("A1", "coordinator")
    page = text_of(client.post(reverse("sensors", args=[cast.campaign.slug]), {"name": "phân giải"}))
    (code,) = {word for word in page.split() if word.count("-") == 2 and len(word) == 14}
    address = f"http://testserver/api/v1/indicators?campaign={cast.campaign.slug}"
    assert f'quetsach watch --follow /var/log/dnsmasq.log -i "{address}"' in page, "what comes after the code"
    first = enrol(code.lower().replace("-", " "))
    assert first.status_code == 200
    assert {**first.json(), "token": ""} == {"name": "phân giải", "unit": "Đơn vị A1", "token": ""}
    assert enrol(code).status_code == 401
    assert sent(first.json()["token"], told()).status_code == 200
    assert EnrolmentCode.rows.filter(digest__contains=code).count() == 0  # no code is stored in the clear


def test_a_code_ends_after_a_day_and_a_newer_code_ends_it(cast, clock):
    sensor, first = added(cast)
    second = actions.new_code(cast.user("A1", "coordinator"), sensor)
    assert enrol(first).status_code == 401
    clock.shift(timedelta(days=1, seconds=1))
    assert enrol(second).status_code == 401


def test_another_program_with_a_new_code_ends_the_key_of_before(cast, clock):
    sensor, code = added(cast)
    old = enrol(code).json()["token"]
    new = enrol(actions.new_code(cast.user("A1", "coordinator"), sensor)).json()["token"]
    assert [sent(key, told()).status_code for key in (old, new)] == [401, 200]


def test_a_lost_sensor_is_locked_with_a_reason_and_taken_back_by_a_new_code(cast, clock):
    sensor, code = added(cast)
    key = enrol(code).json()["token"]
    client = cast.client("A1", "coordinator")
    act = lambda word, **form: client.post(  # noqa: E731
        reverse("sensor_act", args=[cast.campaign.slug, sensor.pk, word]), form
    )
    act("khoa")
    assert sent(key, told()).status_code == 200  # without a reason nothing was locked
    act("khoa", reason="mất trộm")
    assert sent(key, told()).status_code == 401
    assert "mất trộm" in text_of(page_of(cast, "A1", "coordinator", "sensor", sensor.pk))
    back = text_of(act("mo"))
    (code,) = {word for word in back.split() if word.count("-") == 2 and len(word) == 14}
    assert sent(key, told()).status_code == 401
    assert sent(enrol(code).json()["token"], told()).status_code == 200
    names = ["sensor.add", "sensor.enrol", "sensor.lock", "sensor.unlock", "sensor.enrol"]
    assert (
        list(
            Entry.objects.filter(action__startswith="sensor.").order_by("pk").values_list("action", flat=True)
        )
        == names
    )


def test_two_sensors_of_a_unit_never_have_one_name(cast, clock):
    sensor, _code = added(cast)
    with pytest.raises(actions.SensorError, match="taken"):
        added(cast)
    actions.lock(cast.user("A1", "coordinator"), sensor, "hỏng")
    added(cast)
    with pytest.raises(actions.SensorError, match="taken"):
        actions.unlock(cast.user("A1", "coordinator"), sensor)


@pytest.mark.parametrize(
    ("unit", "role", "sees", "changes"),
    [
        ("A1", "coordinator", True, True), ("A1", "reader", True, False), ("A", "coordinator", True, False),
        ("A2", "coordinator", False, False), ("B", "coordinator", False, False),
    ],
)  # fmt: skip
def test_the_unit_changes_its_sensors_and_superiors_see_them(cast, clock, unit, role, sees, changes):
    sensor, code = added(cast)
    enrol(code)
    page = page_of(cast, unit, role, "sensor", sensor.pk)
    assert (page.status_code == 200) == sees
    assert (sensor.name in text_of(page_of(cast, unit, role))) == sees
    done = cast.client(unit, role).post(
        reverse("sensor_act", args=[cast.campaign.slug, sensor.pk, "khoa"]), {"reason": "x"}
    )
    assert (done.status_code, Sensor.rows.get().locked_at is not None) == (302 if changes else 404, changes)


def test_silence_is_told_since_when_and_never_looks_like_all_is_well(cast, clock):
    _sensor, code = added(cast)
    key = enrol(code).json()["token"]
    waiting = text_of(page_of(cast))
    sent(key, told(source()))
    alive = text_of(page_of(cast))
    clock.shift(timedelta(minutes=4))
    silent = text_of(page_of(cast))
    assert ("chưa báo về" in waiting, "đang chạy" in alive, "im lặng từ 08:00 30/11/2026" in silent) == (
        True, True, True,
    )  # fmt: skip
    task = text_of(cast.client("A1", "coordinator").get(reverse("today", args=[cast.campaign.slug])))
    assert "Xem 1 bộ theo dõi im lặng" in task
    assert "im lặng" not in text_of(
        cast.client("A2", "coordinator").get(reverse("today", args=[cast.campaign.slug]))
    )


def test_a_source_without_lines_is_told_while_the_program_is_alive(cast, clock):
    sensor, code = added(cast)
    key = enrol(code).json()["token"]
    sent(key, told(source(minutes_ago=3), source(minutes_ago=41, pause=600, path="/var/log/squid.log")))
    page = text_of(page_of(cast, "A1", "coordinator", "sensor", sensor.pk))
    assert Sensor.rows.get().condition(NOW) == Condition.SILENT
    assert page.count("im lặng") >= 2 and "/var/log/squid.log" in page


def test_a_wrong_clock_a_problem_and_hostile_names_are_shown(cast, clock):
    sensor, code = added(cast, name=HOSTILE)
    key = enrol(code).json()["token"]
    late = NOW - timedelta(minutes=10)
    beat = told(source(at=late, problem=HOSTILE, not_understood=7, dropped=3), at=late, began=late, unsent=12)
    assert sent(key, beat).status_code == 200
    raw = page_of(cast, "A1", "coordinator", "sensor", sensor.pk).content.decode()
    page = text_of(page_of(cast, "A1", "coordinator", "sensor", sensor.pk))
    assert HOSTILE not in raw and "chậm 600 giây" in page and "12 dòng" in page


def test_the_page_tells_no_more_than_the_last_heartbeat(cast, clock):
    sensor, code = added(cast)
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    old = source(at=NOW - timedelta(days=2))
    assert (
        sent(
            enrol(code).json()["token"],
            told(old, unsent=12, unsent_leases=3, began=NOW - timedelta(minutes=5)),
        ).status_code
        == 200
    )
    Sensor.rows.update(oldest_unsent=midnight)
    page = text_of(page_of(cast, "A1", "coordinator", "sensor", sensor.pk))
    assert (
        "Chưa gửi, lúc báo về gần nhất 12 dòng, cũ nhất là ngày 30/11/2026; 3 lượt cấp phát địa chỉ" in page
    )
    assert "07:00" not in page
    assert "trước khi khóa" not in page and "im lặng" in page
    url = reverse("sensor_act", args=[cast.campaign.slug, sensor.pk, "khoa"])
    cast.client("A1", "coordinator").post(url, {"reason": "mất trộm"})
    page = text_of(page_of(cast, "A1", "coordinator", "sensor", sensor.pk))
    assert "trước khi khóa" in page and "im lặng" not in page


def test_a_late_heartbeat_changes_nothing(cast, clock):
    _sensor, code = added(cast)
    key = enrol(code).json()["token"]
    sent(key, told(unsent=1))
    clock.shift(timedelta(seconds=60))
    sent(key, told(at=NOW + timedelta(seconds=60), unsent=2))
    sent(key, told(at=NOW, unsent=1))
    assert Sensor.rows.get().unsent == 2


def test_a_fast_clock_that_is_set_right_silences_nothing(cast, clock):
    _sensor, code = added(cast)
    key = enrol(code).json()["token"]
    sent(key, told(at=NOW + timedelta(days=1), unsent=1))
    assert Sensor.rows.get().skew == 86_400
    for minute in range(1, 6):
        clock.shift(timedelta(seconds=60))
        now = NOW + timedelta(minutes=minute)
        sent(key, told(at=now, unsent=minute))
        sensor = Sensor.rows.get()
        assert (sensor.beat_at, sensor.skew, sensor.unsent) == (now, 0, minute)
        assert sensor.condition(now) == Condition.ALIVE
    sent(key, told(at=NOW, unsent=9))
    assert Sensor.rows.get().unsent == 5, "late again counts as late"


def test_a_last_line_in_the_future_does_not_hide_a_silence(cast, clock):
    _sensor, code = added(cast)
    key = enrol(code).json()["token"]
    ahead = datetime(2099, 12, 31, tzinfo=UTC)
    for minute in range(16):
        now = NOW + timedelta(minutes=minute)
        clock.move_to(now)
        growing = source(at=ahead, lines=minute, path="/var/log/squid.log")
        assert sent(key, told(source(at=ahead, lines=5), growing, at=now)).status_code == 200
        silent = [one.path for one in Sensor.rows.get().silences(now)]
        assert silent == ([LOG] if minute > 10 else [])
        assert (Sensor.rows.get().silent_after < now) == (minute > 10)


def test_a_pause_is_thirty_days_at_most(cast, clock):
    _sensor, code = added(cast)
    key = enrol(code).json()["token"]
    assert sent(key, told(source(pause=LONGEST_PAUSE))).status_code == 200
    for pause in (LONGEST_PAUSE + 1, 1 << 53):
        assert sent(key, told(source(pause=pause))).status_code == 422
    numbers = dict.fromkeys(("behind", "lines", "not_understood", "gaps", "dropped"), 1 << 53)
    beat = told(source(**numbers), unsent=1 << 53, oldest_unsent=datetime(2099, 12, 31, tzinfo=UTC))
    assert sent(key, beat).status_code == 200
    sensor = Sensor.rows.get()
    assert page_of(cast, "A1", "coordinator", "sensor", sensor.pk).status_code == 200


def test_what_is_no_heartbeat_is_refused_and_a_key_of_no_sensor_too(cast, clock):
    _sensor, code = added(cast)
    key = enrol(code).json()["token"]
    good = json.loads(write(told(source())))
    for wrong in (
        b"", b"[]", b"{" * 9_000, b'{"type":"heartbeat"}',
        json.dumps(good | {"at": None}).encode(),
        json.dumps(good | {"sources": [{}]}).encode(),
        json.dumps(good | {"tool": "a\u202eb"}).encode(),
        json.dumps(good | {"at": "0001-01-01T00:00:00.000000Z"}).encode(),
        json.dumps(good | {"unsent": {"rows": -1, "oldest": None}}).encode(),
    ):  # fmt: skip
        assert sent(key, wrong).status_code == 422, wrong
    assert Sensor.rows.get().beat_at is None
    from quetsach.portal.units.actions import issue_token

    _token, other = issue_token(cast.user("A1", "coordinator"), cast.units["A1"], "máy quét")
    assert sent(other, told()).status_code == 409


def test_guessing_codes_ends_and_a_right_code_still_opens(cast, clock):
    _sensor, code = added(cast)
    answers = [enrol("AAAA-BBBB-CCCC").status_code for _ in range(62)]
    assert answers == [401] * 60 + [429] * 2
    assert enrol(code).status_code == 200
    assert ApiToken.rows.filter(revoked_at=None).count() == 1


MOMENTS = st.integers(0, 100_000).map(lambda seconds: NOW + timedelta(seconds=seconds))
SOURCES = st.builds(
    WatchedSource, st.sampled_from(["/a", "/b"]), st.just("x"), last_line=st.none() | MOMENTS,
    pause=st.none() | st.integers(0, 10_000), behind=st.integers(0, 1 << 53),
    problem=st.sampled_from(["", "đầy"]),
)  # fmt: skip


@given(st.lists(SOURCES, max_size=4), MOMENTS, MOMENTS)
def test_the_stored_moment_tells_what_the_rule_tells(sources, beat_at, now):
    """The moment is what Today asks the database for; the rule is what the pages say."""
    assert (now > silent_after(beat_at, sources)) == bool(silences(beat_at, sources, now))


@given(st.lists(SOURCES, max_size=4), MOMENTS, st.integers(0, 1 << 53))
def test_a_heartbeat_is_read_as_it_was_written(sources, at, unsent):
    beat = told(
        *sources,
        at=at,
        began=NOW,
        set_id="a" * 64,
        entries=unsent,
        unsent=unsent,
        oldest_unsent=at,
        unsent_leases=unsent,
    )
    assert read(write(beat)) == beat


@given(st.binary(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.sampled_from(
        ["type", "schema", "at", "began", "tool", "list", "unsent", "sources", "rows",
         "leases"]), one, max_size=9),
    max_leaves=12,
).map(lambda one: json.dumps(one).encode()))  # fmt: skip
def test_any_other_bytes_are_refused(data):
    with pytest.raises(HeartbeatError):
        read(data)
