"""`count_self`: each printed paper adds one for its unit in rows 1 and 3; no sum ever holds it."""

from __future__ import annotations

import io
import re
from uuid import uuid4

import docx
import pytest
from django.urls import reverse
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from quetsach.portal.campaigns.cascade.actions import acknowledge
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.reports.actions import Source, submit, submit_on_behalf
from quetsach.portal.reports.export import papers
from quetsach.portal.reports.review.actions import accept
from quetsach.portal.reports.rollup.queries import roll_up

NOTE = "Dòng 1 và 3 tính cả chính đơn vị báo cáo"
SAID = {"narrative": "Đã rà soát xong tất cả các máy của đơn vị.", "proposals": ""}


@pytest.fixture
def counting(cast):
    """A1 and A2 reported 0 units and some people, A two units below; all accepted."""
    Campaign.objects.filter(pk=cast.campaign.pk).update(count_self=True)
    for node in cast.nodes.values():
        node.refresh_from_db()
    for unit, figures, superior in (
        ("A1", (0, 9, 0, 7), "A"),
        ("A2", (0, 4, 0, 4), "A"),
        ("A", (2, 5, 1, 5), "centre"),
    ):
        acknowledge(cast.nodes[unit], cast.user(unit, "officer"))
        data = SAID | {f"r{n}": str(count) for n, count in enumerate(figures, start=1)}
        every = {
            f"W{n:02}:{row}" for n in range(20) for row in ("r1", "r2", "r3", "r4", "narrative", "all", "")
        }
        submit(cast.user(unit, "officer"), cast.nodes[unit], data, 0, uuid4(), ticked=every)
        accept(cast.user(superior, "coordinator"), cast.nodes[unit], 1)
    return cast


def row_counts(annex) -> list[int | None]:
    return [row.count for row in annex.rows]


def test_a_unit_without_units_below_can_report_people_done(counting):
    """Its own row 3 stays 0: the rules do not ask a unit to count itself where it may not."""
    assert tuple(roll_up(counting.nodes["A1"]).own.values()) == (0, 9, 0, 7)


def test_no_sum_holds_the_unit_itself(counting):
    for unit, total in (("A1", (0, 9, 0, 7)), ("A", (2, 18, 1, 16)), ("centre", (2, 18, 1, 16))):
        assert tuple(roll_up(counting.nodes[unit]).total.values()) == total


def test_whoever_prints_adds_one_for_itself_and_says_so(counting):
    for unit, printed in (("A1", [1, 9, 1, 7]), ("A", [3, 18, 2, 16])):
        annex = papers.annex(counting.nodes[unit])
        assert row_counts(annex) == printed and NOTE in annex.prepared
        report = papers.official_report(counting.nodes[unit])
        assert [row.total for row in report.figures] == printed == row_counts(report.annex)
        # The columns add up on the page, too.
        assert all(row.own + row.below == row.total for row in report.figures)
        assert NOTE in report.remark


def test_without_own_figures_the_paper_does_not_count_the_unit(counting):
    report = papers.official_report(counting.nodes["centre"])
    assert [row.total for row in report.figures] == [2, 18, 1, 16] and report.figures[0].own is None
    assert NOTE not in report.remark
    blank = papers.annex(counting.nodes["B1"])
    assert row_counts(blank) == [None] * 4


def test_by_default_paper_and_sum_are_the_same(counting):
    Campaign.objects.update(count_self=False)
    node = type(counting.nodes["A"]).rows.get(pk=counting.nodes["A"].pk)
    report = papers.official_report(node)
    assert [row.total for row in report.figures] == [2, 18, 1, 16] and NOTE not in report.remark
    assert NOTE not in papers.annex(node).prepared


def test_the_files_say_it(counting):
    client, args = counting.client("A", "coordinator"), [counting.campaign.slug, counting.nodes["A"].pk]
    for name in ("report_pdf", "annex_pdf"):
        pages = PdfReader(io.BytesIO(client.get(reverse(name, args=args)).content)).pages
        assert NOTE in re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages)), name
    word = docx.Document(io.BytesIO(client.get(reverse("annex_docx", args=args)).content))
    assert any(NOTE in paragraph.text for paragraph in word.paragraphs)
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(reverse("report_xlsx", args=args)).content))
    sums = book.get_sheet_by_name("Tổng hợp").to_python(skip_empty_area=False)
    rows = [row for row in sums if isinstance(row[0], float)]
    assert [row[4] for row in rows] == [2, 18, 1, 16] and [row[6] for row in rows] == [3, 18, 2, 16]
    assert "tính thêm chính đơn vị này" in client.get(reverse("rollup", args=args)).content.decode()


def test_a_paper_that_comes_back_adds_nothing(counting):
    """B1 sends the annex on paper and counts itself, as the campaign asks; the sum leaves that out."""
    node, boss = counting.nodes["B1"], counting.user("B", "coordinator")
    data = SAID | {"r1": "3", "r2": "20", "r3": "1", "r4": "12", "n1": "có HTX"}
    revision = submit_on_behalf(boss, node, data, uuid4(), source=Source("b1.docx", "0" * 64))
    accept(boss, node, revision.number)
    assert tuple(roll_up(node).total.values()) == (2, 20, 0, 12)
    assert revision.notes["r1"] == "có HTX Bản giấy ghi 3, gồm cả chính đơn vị."
    assert row_counts(papers.annex(node)) == [3, 20, 1, 12]  # as on the received paper


def test_the_issuer_chooses_it_in_the_draft(cast):
    page = cast.client("centre", "coordinator").get(reverse("campaign_new")).content.decode()
    assert 'name="count_self"' in page and 'name="unique_codes"' in page
