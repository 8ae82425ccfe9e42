"""Sensors that send once a minute: rows and writes follow what changed, not how often they send."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.cases.models import Case
from quetsach.portal.sensors import actions as sensors
from quetsach.portal.sensors.models import Sensor
from quetsach.portal.sightings.actions import Sender, receive_chunk, receive_file
from quetsach.portal.sightings.models import Coverage, CoveredDay, Scan, Sighting
from quetsach.portal.units.actions import issue_token
from tests.portal.page_text import text_of
from tests.portal.scan_document import LIST, coverage, document, noon, publish_list, sighting, source_id


@pytest.fixture
def push(cast, tmp_path):
    token = issue_token(cast.user("A1", "it"), cast.units["A1"], "gateway")[0]
    listed = publish_list(cast, tmp_path)

    def send(rows, coverages, **more):
        return receive_chunk(document(rows, coverages, set_id=listed.set_id, **more), token, None)

    return send


def grown(minutes, source="log-1", **more):
    end = noon(2) + timedelta(minutes=minutes)
    return coverage(noon(2, 0), end, source=source, **{"bytes": 1000 + minutes, "lines": minutes, **more})


def test_forty_pushes_of_a_growing_source_leave_one_row_of_coverage(push):
    row = sighting("10.1.1.5", noon(2, 0))
    push([row], [grown(0)])
    entries = Entry.objects.count()
    for minute in range(1, 40):
        push([row], [grown(minute)])
    with CaptureQueriesContext(connection) as queries:
        push([row], [grown(40)])
    seen = Coverage.rows.get()
    assert (seen.lines, seen.last) == (40, noon(2) + timedelta(minutes=40))
    assert Scan.rows.count() == Sighting.rows.count() == 1
    assert Entry.objects.count() == entries
    writes = [one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(writes) == 3, writes  # the source's coverage, its present day, and the scan


def test_the_page_says_that_a_row_came_in_several_sendings(push, cast, time_machine):
    at, rows = noon(1), [grown(5), grown(5, "log-2")]
    time_machine.move_to(at, tick=True)
    push([], rows[:1])
    url = reverse("scans", args=["lam-sach"])
    assert "lần gửi" not in text_of(cast.client("A1", "it").get(url))
    time_machine.move_to(at + timedelta(hours=2), tick=True)
    push([], rows[1:])
    assert Scan.rows.count() == 1
    told = f"2 tệp trong nhiều lần gửi, từ {timezone.localtime(at):%H:%M %d/%m/%Y}"
    assert told in text_of(cast.client("A1", "it").get(url))


def test_an_older_document_takes_nothing_back_and_an_error_stays_with_its_source(push):
    push([], [grown(50), grown(5, "log-2")])
    push([], [grown(10), grown(6, "log-2", errors=["cut"])])
    assert sorted(Coverage.rows.values_list("lines", "errors")) == [(6, ["cut"]), (50, [])]
    scan = Scan.rows.get()
    assert (scan.sources, scan.errors) == (2, 1)
    # Read again to the same end, now without an error.
    push([], [grown(6, "log-2")])
    assert Scan.rows.get().errors == 0


def test_another_place_or_a_new_file_is_not_mixed_up(push):
    push([], [grown(5)])
    push([], [grown(5, name="roof")], name="roof")
    push([], [grown(6), grown(1, "log-2")])
    assert sorted(Scan.rows.values_list("source_name", "sources")) == [("fw", 2), ("roof", 1)]


def short(minutes, source, **more):
    return grown(minutes, source, **{"path": "/var/log/dns.log", **more})


def was(*names):
    return [source_id(name) for name in names]


def test_a_log_that_gets_another_id_counts_once(push):
    first = [sighting(f"10.1.1.{n}", noon(2, 0), source="a", count=n - 4) for n in (5, 6)]
    push(first, [short(5, "a")])
    push([sighting("10.1.1.5", noon(2, 0), source="b", count=3)], [short(9, "b", was=was("a"))])
    told = Sighting.rows.order_by("device").values_list("device", "source", "count")
    assert list(told) == [("10.1.1.5", source_id("b"), 3), ("10.1.1.6", source_id("b"), 2)]
    assert [(one.source, one.lines) for one in Coverage.rows.all()] == [(source_id("b"), 9)]
    assert {one.source for one in CoveredDay.rows.all()} == {source_id("b")}
    assert Scan.rows.get().sources == 1
    # The shorter telling comes late, from a document that lay on the way: its rows are told once more.
    receipt = push(first[:1], [short(5, "a")])
    assert receipt.new == 1
    push([], [short(9, "b", was=was("a"))])
    assert Sighting.rows.count() == 2
    # Told again, nothing is written.
    before = list(Sighting.rows.order_by("pk").values())
    push([sighting("10.1.1.5", noon(2, 0), source="b", count=3)], [short(9, "b", was=was("a"))])
    assert list(Sighting.rows.order_by("pk").values()) == before


def test_rows_that_a_lease_named_meanwhile_take_the_place_of_those_without_a_name(push):
    push([sighting("10.1.1.5", noon(2), source="a", count=2)], [short(5, "a")])
    who, at = "mac:02:00:5e:10:00:01", 12 * 3600 * 1_000_000
    named = {"identity": {"mac": who[4:]}, "who": who, "runs": [[at, at, 2]]}
    push([sighting("10.1.1.5", noon(2), source="b", count=2, **named)], [short(9, "b")], schema=2)
    push([], [short(10, "b", was=was("a"))])
    assert [(row.who, row.count) for row in Sighting.rows.all()] == [(who, 2)]


def test_an_uploaded_file_tells_earlier_ids_of_files_of_that_person_too(push, cast):
    def upload(rows, coverages):
        body = document(rows, coverages, set_id=Scan.rows.first().set_id)
        receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))

    push([sighting("10.1.1.6", noon(2, 0), source="c")], [short(5, "c")])
    upload([sighting("10.1.1.5", noon(2, 0), source="a")], [short(5, "a")])
    row = sighting("10.1.1.5", noon(2, 0), source="b", count=2)
    upload([row], [short(9, "b", was=was("a", "c"))])
    told = Sighting.rows.order_by("device").values_list("source", "count")
    assert list(told) == [(source_id("b"), 2), (source_id("c"), 1)]


def named(row, card):
    at = 12 * 3600 * 1_000_000
    return {**row, "who": f"mac:{card}", "identity": {"mac": card}, "runs": [[at, at, row["count"]]]}


CARDS = ("00-00-5e-00-53-01", "00-00-5e-00-53-02")


@pytest.mark.parametrize(("is_other", "place"), [(True, "other"), (True, "fw"), (False, "other")])
def test_nobody_takes_away_the_rows_of_another_device_or_place(push, cast, is_other, place):
    push([named(sighting("10.1.1.5", noon(2), source="a"), CARDS[0])], [short(5, "a")], schema=2)
    set_id = Scan.rows.get().set_id
    token = (
        issue_token(cast.user("A1", "it"), cast.units["A1"], "next")[0] if is_other else Scan.rows.get().token
    )

    def evil(rows, coverages):
        receive_chunk(document(rows, coverages, set_id=set_id, name=place, schema=2), token, None)

    mine = named(sighting("10.1.1.5", noon(2), source="b", count=1000), CARDS[1])
    evil([mine], [short(9, "b", name=place)])
    evil([], [short(10, "b", name=place, was=was("a"))])
    # It tells the other log itself, and says then that it was an earlier one.
    evil([], [short(4, "a", name=place), short(11, "b", name=place, was=was("a"))])
    evil([], [short(12, "b", name=place, was=was("a"))])
    told = Sighting.rows.order_by("count").values_list("source", "who", "count")
    assert list(told) == [(source_id("a"), f"mac:{CARDS[0]}", 1), (source_id("b"), f"mac:{CARDS[1]}", 1000)]
    assert source_id("a") in {one.source for one in CoveredDay.rows.all()}


def test_of_one_device_no_machine_is_lost_and_its_case_counts_what_stays(push):
    row = sighting("10.1.1.5", noon(2), count=3, source="a")
    push([named(row, CARDS[0])], [short(5, "a")], schema=2)
    push([named({**row, "count": 7}, CARDS[1])], [short(5, "a")], schema=2)
    again = {**row, "source": source_id("b"), "count": 2}
    push([named(again, CARDS[0]), named({**again, "count": 9}, CARDS[1])], [short(9, "b")], schema=2)
    assert sorted(Case.rows.values_list("count", flat=True)) == [5, 16]
    push([], [short(10, "b", was=was("a"))], schema=2)
    told = Sighting.rows.order_by("who").values_list("source", "who", "count")
    assert list(told) == [(source_id("b"), f"mac:{CARDS[0]}", 3), (source_id("b"), f"mac:{CARDS[1]}", 9)]
    assert sorted(Case.rows.values_list("count", flat=True)) == [3, 9]


def test_the_id_of_a_whole_log_is_never_taken_away(push):
    push([sighting("10.1.1.5", noon(2, 0), source="a")], [short(5, "a", bytes=4096)])
    push([sighting("10.1.1.5", noon(2, 0), source="b")], [short(9, "b", was=was("a"))])
    assert sorted(Sighting.rows.values_list("source", flat=True)) == sorted(was("a", "b"))
    assert Coverage.rows.count() == 2


def test_another_unit_keeps_its_rows(push, cast):
    push([sighting("10.1.1.5", noon(2, 0), source="a")], [short(5, "a")])
    other = issue_token(cast.user("A2", "it"), cast.units["A2"], "gateway")[0]
    receive_chunk(document([], [short(9, "b", was=was("a"))], set_id=Scan.rows.get().set_id), other, None)
    assert Sighting.rows.get().source == source_id("a")


def test_logs_that_were_not_looked_at_with_the_list_in_force_are_named(cast, push, tmp_path):
    push([], [grown(5), grown(5, "log-2"), grown(5, "log-3")])
    url = reverse("scans", args=["lam-sach"])
    client = cast.client("A1", "it")
    assert "đã xem đủ" in text_of(client.get(url)) and "chưa xem" not in text_of(client.get(url))
    later = publish_list(cast, tmp_path, LIST)
    token = Scan.rows.get().token
    receive_chunk(document([], [grown(5, "log-2")], set_id=later.set_id), token, None)
    page = text_of(client.get(url))
    assert "Đã xem theo danh sách 2, danh sách đang có hiệu lực" in page
    assert "2 nhật ký chưa xem" in page and "/var/log/log-1" in page and "/var/log/log-3" in page
    assert "/var/log/log-2" not in page
    base = f"v{later.version - 1}.csv"
    assert f"curl -o danh-sach-{base}" in page
    assert f"-i danh-sach.csv --added-since danh-sach-{base} --source-name fw --devices -o" in page
    (file,) = re.findall(rf"http://testserver(/danh-sach/[^\s\"]*{base})", page)
    answer = client.get(file)
    assert answer.status_code == 200 and b"".join(answer.streaming_content), "the list of before can be had"
    assert "hãy quét với --asked" in page and "chạy lại bộ theo dõi" not in page
    _sensor, code = sensors.add(cast.user("A1", "coordinator"), cast.units["A1"], "phân giải")
    sensors.enrol(code)
    Scan.rows.update(token=Sensor.rows.get().token)
    page = text_of(client.get(url))
    assert "chạy lại bộ theo dõi với --asked" in page and "hãy quét với --asked" not in page
    assert "--added-since" not in page, "a watcher looks by itself at the logs that are kept"
    receive_chunk(document([], [grown(5), grown(6, "log-3")], set_id=later.set_id), token, None)
    assert "chưa xem" not in text_of(client.get(url))
