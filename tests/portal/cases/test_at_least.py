"""How many machines they are at least: addresses and cards alone may be one machine."""

from io import BytesIO

import lxml.html
import pytest
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from quetsach.machines.identity.figures import Range, interval
from quetsach.portal.cases.lists import tally
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.reports.assessment import facts
from quetsach.portal.reports.assessment.sentences import SENTENCES
from tests.portal.cases.test_which_machine import ADDRESS, LAPTOP, PC, lease, listed, tell, upload
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon, sighting

__all__ = ["listed", "tell", "upload"]
ROWS = (sighting(ADDRESS, noon(9)), sighting("10.1.1.6", noon(9)))


@pytest.mark.parametrize(
    ("named", "cards", "doubtful", "expected"),
    [
        (0, 0, 0, (0, 0)),
        (3, 0, 0, (3, 3)),
        (0, 0, 5, (1, 5)),
        (0, 1, 0, (1, 1)),
        (0, 3, 0, (2, 3)),  # two cards may be wire and radio of one machine
        (2, 2, 0, (2, 4)),  # the cards of the two that have names
        (2, 3, 4, (3, 9)),
    ],
)
def test_numbers_alone_give_least_and_most(named, cards, doubtful, expected):
    assert interval(named, cards, doubtful) == Range(*expected)


def test_addresses_alone_are_at_least_one_machine_of_each_unit(cast, upload, tell):
    upload(*ROWS)
    assert tally(cast.nodes["A1"], timezone.now()).interval == Range(1, 2)
    upload(sighting("10.2.1.5", noon(9)), unit="B1")
    assert tally(cast.nodes["centre"], timezone.now()).interval == Range(2, 3)
    page = cast.client("A1", "officer").get(reverse("cases", args=[cast.campaign.slug]))
    assert "Chắc chắn có ít nhất 1 máy" in text_of(page)
    tell(*lease(PC, noon(9), name="pc-1"), *lease(LAPTOP, noon(9), address="10.1.1.6", name="pc-2"))
    assert tally(cast.nodes["A1"], timezone.now()).interval == Range(2, 2)
    page = cast.client("A1", "officer").get(reverse("cases", args=[cast.campaign.slug]))
    assert "Chắc chắn có ít nhất" not in text_of(page)


def test_a_false_alarm_is_in_neither_number(cast, upload):
    upload(*ROWS)
    Case.rows.filter(device__key=ADDRESS).update(state="false_positive")
    assert tally(cast.nodes["A1"], timezone.now()).interval == Range(1, 1)


def test_assessment_and_workbook_say_it_too(cast, upload):
    upload(*ROWS)
    said = next(one for one in SENTENCES if one.kind == "found")
    assert "của ít nhất 1 máy" in said.say(facts.machines(facts.Scope(cast.nodes["A"])))
    args = [cast.campaign.slug, cast.nodes["A"].pk]
    content = cast.client("A", "coordinator").get(reverse("report_xlsx", args=args)).content
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    cells = [
        cell for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row
    ]
    assert "Ít nhất, vì có thể trùng máy" in cells


def test_the_own_line_of_the_roll_up_opens_the_units_own_machines_alone(cast):
    for unit in ("A", "A1"):
        device = Device.rows.create(campaign=cast.campaign, owner=cast.nodes[unit], key=f"pc-{unit}",
                                    is_assigned=True, id_kind="host", id_value=f"pc-{unit}")  # fmt: skip
        Case.rows.create(device=device, family="mirai", state="new", opened_at=timezone.now())
    client = cast.client("A", "coordinator")
    page = client.get(reverse("rollup", args=["lam-sach", cast.nodes["A"].pk])).content.decode()
    table = lxml.html.fromstring(page).xpath("//section[@id='may']//table")[0]
    assert table.xpath("string(./tfoot//td[last()])") == "2"
    lines = table.xpath("./tbody/tr")
    assert len(lines) == 2
    for line in lines:
        for link in line.xpath(".//a/@href"):
            assert client.get(link).context["page"].paginator.count == 1, link
