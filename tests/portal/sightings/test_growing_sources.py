"""Sensors that send once a minute: rows and writes follow what changed, not how often they send."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.sightings.actions import receive_chunk
from quetsach.portal.sightings.models import Coverage, Scan, Sighting
from quetsach.portal.units.actions import issue_token
from tests.portal.page_text import text_of
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting


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


def test_two_hundred_pushes_of_a_growing_source_leave_one_row_of_coverage(push):
    row = sighting("10.1.1.5", noon(2, 0))
    push([row], [grown(0)])
    entries = Entry.objects.count()
    for minute in range(1, 200):
        push([row], [grown(minute)])
    with CaptureQueriesContext(connection) as queries:
        push([row], [grown(200)])
    seen = Coverage.rows.get()
    assert (seen.lines, seen.last) == (200, noon(2) + timedelta(minutes=200))
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
