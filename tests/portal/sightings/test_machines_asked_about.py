"""A scan's page says of each machine that was asked about: seen and when, not seen, or could not be asked."""

from datetime import UTC

import pytest
from django.urls import reverse

from quetsach.portal.sightings.actions import receive_chunk
from quetsach.portal.sightings.models import Scan
from quetsach.portal.units.actions import issue_token
from tests.portal.page_text import text_of
from tests.portal.scan_document import coverage, document, hours_of, noon, publish_list

ASKED = ["10.1.1.5", "10.1.1.6", "host:PC-<07>"]


@pytest.fixture
def push(cast, tmp_path):
    token = issue_token(cast.user("A1", "it"), cast.units["A1"], "gateway")[0]
    listed = publish_list(cast, tmp_path)

    def send(coverages, asked=()):
        body = document([], coverages, set_id=listed.set_id, asked=asked, schema=2)
        return receive_chunk(body, token, None).scan

    return send


def page(cast, scan):
    answer = cast.client("A1", "officer").get(reverse("scan", args=["lam-sach", scan.pk]))
    assert answer.status_code == 200
    return text_of(answer)


def log(first, last, **more):
    return coverage(first, last, hours=hours_of(first, last), order="kept", **more)


def test_seen_with_hours_not_seen_and_files_that_could_not_be_asked(cast, push):
    at = noon(2).astimezone(UTC)
    mask = 0b11 << 16
    scan = push(
        [
            log(noon(3), noon(1), alive={"10.1.1.5": {f"{at:%Y-%m-%d}": mask}}),
            coverage(noon(1), noon(1), source="log-2", lines=4, hours={}, alive={}, time="none")
            | {"first": None, "last": None},
            coverage(noon(1), noon(1), source="log-3", lines=0, errors=["torn"])
            | {"first": None, "last": None},
        ],
        asked=ASKED,
    )
    text = page(cast, scan)
    evening, next_day = f"{at:%d/%m/%Y} 23:00–24:00", f"{noon(1).astimezone(UTC):%d/%m/%Y} 00:00–01:00"
    assert "Lần quét được hỏi về 3 máy. Thấy: 1; không thấy: 2." in text
    assert f"10.1.1.5 thấy {evening} {next_day}" in text
    assert "10.1.1.6 không thấy" in text and "host:PC-<07> không thấy" in text
    assert "/var/log/log-2 : không đọc được thời gian" in text
    assert "/var/log/log-3 : không đọc được gì" in text


def test_where_no_file_can_answer_no_machine_is_called_unseen(cast, push):
    timeless = coverage(noon(1), noon(1), lines=4, hours={}, alive={}, time="none")
    scan = push([timeless | {"first": None, "last": None}], asked=ASKED)
    text = page(cast, scan)
    assert "Không hỏi được các tệp này" in text and "không hỏi được" in text
    assert "10.1.1.5 không thấy" not in text


def test_machines_that_a_later_push_asks_about_are_told_beside_the_earlier_ones(cast, push):
    first = push([log(noon(3), noon(2))], asked=ASKED[:1])
    again = push([log(noon(3), noon(1), bytes=200)], asked=ASKED[1:2])
    assert first == again and Scan.rows.get().asked.names == ASKED[:2]
    push([log(noon(3), noon(1), bytes=200)], asked=ASKED[:1])
    assert Scan.rows.get().asked.names == ASKED[:2]


def test_a_scan_that_asks_about_nobody_has_no_such_part(cast, push):
    assert "được hỏi" not in page(cast, push([log(noon(3), noon(2))]))


def test_a_stranger_does_not_see_who_was_asked_about(cast, push):
    scan = push([log(noon(3), noon(2))], asked=ASKED)
    other = cast.client("A2", "officer").get(reverse("scan", args=["lam-sach", scan.pk]))
    assert other.status_code == 404
