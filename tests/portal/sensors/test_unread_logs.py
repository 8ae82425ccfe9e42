"""A log that a sensor cannot read, and a gap, never look like a log without signs."""

from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.reports.assessment import facts
from quetsach.portal.reports.assessment.sentences import SENTENCES
from quetsach.portal.sensors import actions
from quetsach.portal.sensors.models import Sensor
from quetsach.portal.sensors.rules import Condition
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Scan
from quetsach.portal.units import actions as actions_of_units
from quetsach.sightings.heartbeat import Heartbeat, WatchedSource
from tests.portal.page_text import text_of
from tests.portal.scan_document import coverage, document, noon, publish_list

CUT = "gzip: cut off at decompressed byte 22139; what came before was scanned, copy the file again when it is"
CUT += " complete"
IN_VIETNAMESE = "gzip: bị cụt ở byte thứ 22139"
NOW = noon(0, 5)


@pytest.fixture
def sensor(cast, tmp_path):
    """A sensor of A1 that has sent one log of two days with the list in force."""
    with time_machine.travel(NOW, tick=False):
        listed = publish_list(cast, tmp_path)
        made, code = actions.add(cast.user("A1", "coordinator"), cast.units["A1"], "phân giải")
        made = actions.enrol(code).sensor
        body = document([], [coverage(noon(2), noon(1))], set_id=listed.set_id)
        receive_file(BytesIO(body), cast.nodes["A1"], Sender(Scan.Door.API, token=made.token))
        yield made


def beat(sensor, **more):
    """What it tells: its log, and a second one."""
    at = NOW - timedelta(seconds=20)
    good = WatchedSource("/var/log/log-1", "fw", last_line=at, pause=60, lines=9)
    told = Heartbeat("quetsach 0.1.0", at, at, sources=(good, WatchedSource("/var/log/old.gz", "fw", **more)))
    actions.beat(sensor.token, told)


def page(cast, name, *more, role="coordinator", lang="vi"):
    client = cast.client("A1", role)
    client.cookies["django_language"] = lang
    return text_of(client.get(reverse(name, args=[cast.campaign.slug, *more])))


def test_all_pages_tell_of_a_log_that_the_sensor_cannot_read(cast, sensor):
    beat(sensor)
    scan = Scan.rows.get()
    before = page(cast, "scans")
    assert "không xem được hết" not in before and "đã xem đủ" in before and Sensor.rows.get().unread == 0
    assert "không đọc được" not in page(cast, "sensors") + page(cast, "today")
    beat(sensor, problem=CUT)
    assert Sensor.rows.get().condition(NOW) == Condition.BLIND
    for name, *more in (("scans",), ("scan", scan.pk), ("sensor", sensor.pk)):
        told = page(cast, name, *more)
        assert "/var/log/old.gz" in told and IN_VIETNAMESE in told and "cut off" not in told, name
    scans = page(cast, "scans")
    assert "đã xem đủ" not in scans and "1 nhật ký mà bộ theo dõi không đọc được" in scans
    told = page(cast, "sensors")
    assert "đang chạy, không đọc được nhật ký" in told and "/var/log/old.gz" in told
    assert "1 bộ của đơn vị này không đọc được một nhật ký." in told
    assert "Xem 1 bộ theo dõi không đọc được nhật ký" in page(cast, "today")
    english = page(cast, "sensor", sensor.pk, lang="en")
    assert CUT in english and IN_VIETNAMESE not in english


def test_a_push_with_a_log_that_could_not_be_read_is_no_log_without_gaps(cast, sensor):
    """Also of a token that belongs to no sensor."""
    set_id = Scan.rows.get().set_id
    none = {"source": "", "path": "/var/log/old.gz", "bytes": 0, "lines": 0, "first": None, "last": None}
    none |= {"time": "none"}
    for errors, is_told in ((["Permission denied"], True), ([], False), (["Permission denied"], True)):
        seen = [coverage(noon(2), noon(1)), coverage(noon(2), noon(1), errors=errors) | none]
        body = document([], seen, set_id=set_id)
        receive_file(BytesIO(body), cast.nodes["A1"], Sender(Scan.Door.API, token=sensor.token))
        told = page(cast, "scans")
        assert ("1 lỗi khi đọc" in told) is is_told
        assert ("đã xem đủ" not in told and "tất cả những gì đọc được" in told) is is_told
        assert ("không ngừng quá một ngày" not in told) is is_told
    told = page(cast, "scan", Scan.rows.get().pk)
    assert "/var/log/old.gz" in told and "không có quyền truy cập" in told


def test_a_gap_is_told_where_nothing_else_says_that_a_day_is_missing(cast, sensor):
    beat(sensor, gaps=1)
    told = page(cast, "scans")
    assert "1 khoảng thiếu" in told and "không ngừng quá một ngày" not in told
    assert "1 khoảng thiếu" in page(cast, "sensors")
    assert "không đọc được" not in page(cast, "today")


def test_other_units_hear_nothing_and_a_place_without_any_scan_is_told(cast, sensor):
    """A sensor all of whose logs are unreadable has sent no scan at all."""
    Scan.rows.all().delete()
    beat(sensor, problem="Permission denied")
    assert "/var/log/old.gz" in page(cast, "scans") and "không có quyền" in page(cast, "scans").casefold()
    other = cast.client("A2", "coordinator").get(reverse("scans", args=[cast.campaign.slug]))
    assert "/var/log/old.gz" not in text_of(other)


def test_of_two_logs_of_one_path_the_page_says_which_is_older(cast, sensor):
    at = NOW - timedelta(seconds=20)
    logs = [
        WatchedSource("/var/log/a.log", "fw", last_line=at - timedelta(days=1), lines=5),
        WatchedSource("/var/log/a.log", "fw", last_line=at, lines=7),
        WatchedSource("/var/log/b.log", "fw", lines=7),
    ]
    actions.beat(sensor.token, Heartbeat("quetsach 0.1.0", at, at, sources=tuple(logs)))
    told = page(cast, "sensor", sensor.pk)
    assert told.count("nhật ký cũ cùng tên") == 1
    assert told.index("/var/log/a.log") < told.index("nhật ký cũ cùng tên") < told.rindex("/var/log/a.log")


HEAD = "Chưa xem được hết: "
SILENT = HEAD + "1 bộ theo dõi im lặng."
PAGES = ("scans", "cases", "progress")


def test_a_silent_sensor_never_looks_as_if_it_looked(cast, sensor):
    """On the page of the logs, the list of machines, the progress, Today, and in the drafted report."""
    beat(sensor, behind=2900)
    assert all(HEAD not in page(cast, name) for name in PAGES)
    assert not drafted(cast, "A1")
    with time_machine.travel(NOW + timedelta(minutes=8), tick=False):
        for name in PAGES:
            assert SILENT in page(cast, name), name
        logs = page(cast, "scans")
        assert "im lặng từ" in logs and "2,9 kB chưa xem" in logs
        assert "đã xem đủ" not in logs and "không ngừng quá một ngày" not in logs
        assert "Xem 1 bộ theo dõi im lặng" in page(cast, "today")
        assert drafted(cast, "A1") == drafted(cast, "A") == [
            "Phần chưa rà soát được: 1 bộ theo dõi đang im lặng, 0 nhật ký mà bộ theo dõi không đọc được hết,"
            " 0 lỗi khi đọc nhật ký được gửi về."
        ]  # fmt: skip
        assert not drafted(cast, "A2")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_what_was_not_looked_at_fits_on_a_phone(window, cast, sensor):
    beat(sensor)
    Sensor.rows.update(silent_after=timezone.now() - timedelta(days=1))
    cast.user("A1", "coordinator")
    phone = window("coordinator-a1", width=360)
    for name in PAGES:
        for button in ("English", "Tiếng Việt"):
            phone.goto(reverse(name, args=[cast.campaign.slug]))
            phone.get_by_role("button", name=button).click()
            phone.wait_for_load_state()
            assert phone.evaluate("document.documentElement.scrollWidth") <= 360, (name, button)
    phone.goto(reverse("scans", args=[cast.campaign.slug]))
    assert SILENT in phone.locator("main").inner_text()


def test_a_sensor_with_a_silent_log_and_unreadable_ones_is_told_as_both(cast, sensor):
    at = NOW - timedelta(seconds=20)
    logs = [
        WatchedSource("/var/log/a.log", "fw", last_line=at - timedelta(hours=2), pause=60, lines=5),
        WatchedSource("/var/log/b.log", "fw", problem="Permission denied"),
        WatchedSource("/var/log/c.log", "fw", problem="Permission denied"),
    ]
    actions.beat(sensor.token, Heartbeat("quetsach 0.1.0", at, at, sources=tuple(logs)))
    told = page(cast, "today")
    assert "Xem 1 bộ theo dõi im lặng" in told and "Xem 1 bộ theo dõi không đọc được nhật ký" in told
    for name in PAGES:
        assert HEAD + "1 bộ theo dõi im lặng; bộ theo dõi không đọc được hết 2 nhật ký." in page(cast, name)
    head = page(cast, "sensor", sensor.pk).partition("Tình trạng từng nguồn")[0]
    assert "im lặng" in head and "Không đọc được hết 2 nhật ký" in head


def drafted(cast, unit):
    """What the drafted assessment of a unit's report says that nobody looked at."""
    fact = facts.machines(facts.Scope(cast.nodes[unit]))
    sentence = next(one for one in SENTENCES if one.kind == "not looked at")
    return [text] if (text := sentence.say(fact)) else []


def test_before_the_key_of_a_sensor_is_revoked_it_is_said_that_watching_stops(cast, sensor):
    beat(sensor)
    actions_of_units.issue_token(cast.user("A1", "coordinator"), cast.units["A1"], "máy quét tay")
    told = page(cast, "tokens")
    assert told.count("việc theo dõi ở đó dừng") == 1 and "bộ theo dõi “phân giải”" in told
    assert "đã bị thu hồi" not in page(cast, "sensor", sensor.pk)
    actions_of_units.revoke_token(cast.user("A1", "coordinator"), sensor.token)
    assert "Khóa của bộ này đã bị thu hồi lúc" in page(cast, "sensor", sensor.pk)


def test_a_log_that_the_sensor_names_is_not_counted_a_second_time(cast, sensor):
    """What it sent of the log tells the same problem; beside it stands the problem of another log."""
    none = {"source": "", "bytes": 0, "lines": 0, "first": None, "last": None, "time": "none"}
    for others, count in (([], 0), (["/var/log/x.gz"], 1)):
        bad = [
            coverage(noon(2), noon(1), errors=[CUT]) | none | {"path": path}
            for path in ("/var/log/old.gz", *others)
        ]
        seen = [coverage(noon(2), noon(1)), *bad]
        body = document([], seen, set_id=Scan.rows.first().set_id)
        receive_file(BytesIO(body), cast.nodes["A1"], Sender(Scan.Door.API, token=sensor.token))
        beat(sensor, problem=CUT)
        row = page(cast, "scans").partition("Lấy từ đâu")[2].partition("Các lần quét")[0]
        assert "/var/log/old.gz" in row and ("lỗi khi đọc" in row) is bool(count)
