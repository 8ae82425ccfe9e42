"""A unit that reported by file: what the portal cannot know of it looks neither like zero nor silence."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from quetsach.portal.campaigns.cascade.actions import count_people
from quetsach.portal.campaigns.models import CampaignNode, Headcount
from quetsach.portal.reports.models import Revision
from tests.portal.intake.test_desk import drop, only, paper, press, url

WORDS = "báo cáo bằng tệp"


@pytest.fixture
def by_file(cast):
    """A1 wrote 12 informed and 0 done; then its file with 12 and 11 was taken. A2 wrote 20 and 10."""
    CampaignNode.rows.filter(pk__in=[cast.nodes["A1"].pk, cast.nodes["A2"].pk]).update(staff_count=20)
    count_people(cast.nodes["A1"], 12, 0, cast.user("A1", "officer"))
    count_people(cast.nodes["A2"], 20, 10, cast.user("A2", "officer"))
    Headcount.rows.update(at=timezone.now() - timedelta(days=1))
    drop(cast, a=paper("Đơn vị A1", ("0", "12", "0", "11")))
    press(cast, only(), "take")
    assert Revision.rows.get().on_behalf
    return cast


def main_of(answer):
    return answer.content.decode().partition("<main")[2]


def row_of(page, unit):
    """The line of a unit in the table of a page, without tags' line ends."""
    return page.partition("<tbody")[2].partition(f"Đơn vị {unit}</a>")[2].partition("</tr>")[0]


def test_progress_shows_no_zero_for_people_that_only_a_file_tells(by_file):
    page = main_of(by_file.client("A", "coordinator").get(url(by_file, "A", "progress_node")))
    line = row_of(page, "A1")
    assert "– <span" in line and WORDS in line and "0 / 20" not in line and "0 %" not in line
    assert "10 / 20" in row_of(page, "A2") and "50 %" in row_of(page, "A2")
    assert "Chưa tính số người của 1 đơn vị báo cáo bằng tệp" in page
    above = main_of(by_file.client("centre", "coordinator").get(url(by_file, "centre", "progress_node")))
    line = row_of(above, "A")
    assert "10 / 20" in line and "chưa tính 1 đơn vị báo cáo bằng tệp" in line, "their staff is left out, too"


def test_a_number_written_after_the_file_is_shown_again(by_file):
    count_people(by_file.nodes["A1"], 12, 12, by_file.user("A1", "officer"))
    page = main_of(by_file.client("A", "coordinator").get(url(by_file, "A", "progress_node")))
    assert "12 / 20" in row_of(page, "A1") and WORDS not in page


def test_the_letter_and_todays_page_say_it_likewise(by_file):
    letter = main_of(by_file.client("A", "coordinator").get(reverse("letter", args=["lam-sach"])))
    assert row_of(letter, "A1").count(WORDS) == 2 and WORDS not in row_of(letter, "A2")
    theirs = by_file.client("A1", "reader")
    for route in ("letter", "today"):
        page = main_of(theirs.get(reverse(route, args=["lam-sach"])))
        assert WORDS in page and "0 đã làm" not in page, route
    public = main_of(by_file.client("A1", "reader").get(reverse("campaign_page", args=["lam-sach"])))
    assert "Chưa tính số người của 1 đơn vị báo cáo bằng tệp" in public


def test_nobody_counted_is_not_zero_on_the_public_page(cast):
    page = main_of(cast.client("A1", "officer").get(reverse("campaign_page", args=["lam-sach"])))
    for label in ("Người đã nhận thông tin", "Người đã thực hiện"):
        shown = page.partition(f"{label}</dt><dd>")[2].partition("<small")[0]
        assert re.sub(r"<[^>]*>", "", shown).strip() == "–", label


def test_todays_page_asks_no_numbers_after_the_report(by_file):
    asked = "Ghi số người"
    before = main_of(by_file.client("B1", "officer").get(reverse("today", args=["lam-sach"])))
    after = main_of(by_file.client("A1", "officer").get(reverse("today", args=["lam-sach"])))
    assert asked in before and asked not in after


def test_the_chip_of_a_unit_without_units_below_names_its_own_open_work(by_file):
    page = main_of(by_file.client("A", "coordinator").get(url(by_file, "A", "progress_node")))
    chip = page.partition("Đơn vị A1</a></h3>")[2].partition("</li>")[0]
    assert "bên dưới còn thiếu" not in chip and "chưa triển khai" in chip.partition("</p>")[0]


def test_the_workbook_of_late_units_has_one_language(by_file):
    client = by_file.client("A", "coordinator")
    client.cookies["django_language"] = "en"
    book = CalamineWorkbook.from_filelike(BytesIO(client.get(url(by_file, "A", "chase_xlsx")).content))
    cells = [cell for row in book.get_sheet_by_index(0).to_python() for cell in row if isinstance(cell, str)]
    assert "chưa triển khai; đã báo cáo (bằng tệp)" in cells
    assert not [cell for cell in cells if "has reported" in cell or "not carried" in cell]
