"""An assessment that was saved before its figures changed: page, PDF and Word file say so."""

from __future__ import annotations

import io
import re
from uuid import uuid4

import docx
import pytest
from pypdf import PdfReader

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade.actions import acknowledge
from quetsach.portal.reports.actions import save_draft, submit
from quetsach.portal.reports.models import Report, Revision
from quetsach.portal.reports.recompute.figures import Recomputed
from tests.portal.addresses import url
from tests.portal.page_text import text_of
from tests.portal.reports.test_review import DATA, TICKS

OLD = "Chưa có đơn vị nào trong 2 đơn vị bên dưới xác nhận nhận được văn bản."
NEW = "Có 1 trên 2 đơn vị bên dưới đã xác nhận nhận được văn bản; còn 1 đơn vị chưa xác nhận."
OWN = "Đã quán triệt trong toàn cơ quan."
SCRIPT = {"HX-Request": "true"}
MOMENTS = re.compile(r"Đánh giá được lưu lúc .{30,40}; số liệu tính đến ")


def save(cast, text, unit="A"):
    version = Report.rows.filter(node=cast.nodes[unit]).values_list("version", flat=True).first() or 0
    data = {**DATA, "proposals": "Xin hỗ trợ.", "n2": "theo danh sách", "narrative": text}
    return save_draft(cast.user(unit, "officer"), cast.nodes[unit], data, version)


def printed(cast, route, unit="A"):
    """The words of the file, one space between."""
    content = cast.client(unit, "officer").get(url(cast, route, unit)).content
    if route.endswith("pdf"):
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    else:
        file = docx.Document(io.BytesIO(content))
        text = " ".join(paragraph.text for paragraph in file.paragraphs)
    return re.sub(r"\s+", " ", text)


def notice(cast, unit="A", role="officer"):
    return cast.client(unit, role).get(url(cast, "report_before_download", unit), headers=SCRIPT)


@pytest.mark.parametrize("route", ["report_pdf", "report_docx", "annex_pdf", "annex_docx"])
def test_a_paper_names_the_sentences_whose_figures_have_changed(cast, route):
    save(cast, f"{OWN}\n{OLD}")
    assert "đã thay đổi" not in printed(cast, route)
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    told = printed(cast, route)
    assert MOMENTS.search(told) and f"“{OLD}” – số liệu hiện có: “{NEW}”" in told
    save(cast, f"{OWN}\n{NEW}")
    told = printed(cast, route)
    assert "đã thay đổi" not in told and not MOMENTS.search(told)


@pytest.mark.parametrize("route", ["report_pdf", "report_docx"])
def test_figures_in_an_officers_own_words_get_both_moments(cast, route):
    save(cast, "Đã kiểm tra 7 máy.")
    assert MOMENTS.search(printed(cast, route)) and "đã thay đổi" not in printed(cast, route)
    assert "không đối chiếu được" in text_of(notice(cast))


def test_a_report_without_an_assessment_of_its_own_is_of_one_moment(cast):
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    told = printed(cast, "report_pdf")
    assert NEW in told and not MOMENTS.search(told)
    assert "đã thay đổi" not in text_of(notice(cast))


def test_before_the_download_one_click_drafts_the_changed_sentences_again(cast):
    save(cast, f"{OWN}\n{OLD}\nHết.")
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    page = cast.client("A", "officer").get(url(cast, "rollup", "A")).content.decode()
    address = url(cast, "report_before_download", "A")
    assert page.index(f'hx-get="{address}" hx-trigger="load"') < page.index("bao-cao.pdf")
    told = notice(cast)
    assert OLD in text_of(told) and NEW in text_of(told)
    hidden = {name: re.search(rf'name="{name}" value="([^"]+)"', told.content.decode())[1]
              for name in ("version", "client_uuid")}  # fmt: skip
    before = dict(Report.rows.get().draft)
    shown = cast.client("A", "officer").post(url(cast, "report_assessment", "A"), {**hidden, "do": "redraft"})
    assert shown.status_code == 200 and "narrative_before" in shown.content.decode()
    assert Report.rows.get().draft == {**before, "narrative": f"{OWN}\n{NEW}\nHết."}
    assert OLD not in text_of(notice(cast))
    assert Entry.objects.filter(action="report.save").count() == 2


def test_a_draft_that_somebody_changed_meanwhile_is_not_drafted_again(cast):
    save(cast, OLD)
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    client = cast.client("A", "coordinator")
    answer = client.post(
        url(cast, "report_assessment", "A"), {"version": "0", "client_uuid": str(uuid4()), "do": "redraft"}
    )
    assert answer.status_code == 409 and Report.rows.get().draft["narrative"] == OLD


def test_who_only_reads_sees_the_two_moments_and_changes_nothing(cast):
    save(cast, OLD)
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    told = notice(cast, role="reader")
    assert NEW in text_of(told) and "<button" not in told.content.decode()
    answer = cast.client("A", "reader").post(url(cast, "report_assessment", "A"), {"do": "redraft"})
    assert answer.status_code == 404
    assert cast.client("A", "reader").get(url(cast, "report_before_download", "A")).status_code == 302


def test_the_annex_page_compares_a_saved_text_by_itself(cast):
    save(cast, OLD)
    address = url(cast, "report_assessment", "A")
    client = cast.client("A", "officer")
    assert f'hx-get="{address}"' in client.get(url(cast, "report", "A")).content.decode()
    assert "đã thay đổi" not in text_of(client.get(address, headers=SCRIPT))
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    told = text_of(client.get(address, headers=SCRIPT))
    assert OLD in told and NEW in told


def test_a_sent_report_keeps_what_was_older_than_its_figures(cast):
    save(cast, OLD)
    acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    node, version = cast.nodes["A"], Report.rows.get(node=cast.nodes["A"]).version
    data = {**DATA, "narrative": f"{OWN}\n{OLD}", **{f"n{n}": "theo sổ của đơn vị" for n in (1, 2, 3, 4)}}
    submit(cast.user("A", "officer"), node, data, version, uuid4(), ticked=TICKS)
    sent = Revision.rows.get(report__node=node)
    assert sent.totals["moved"] == [[OLD, NEW]]
    assert list(Recomputed(cast.campaign).findings()) == []
    acknowledge(cast.nodes["A2"], cast.user("A2", "officer"))  # what happens later is no part of it
    assert f"“{OLD}” – số liệu hiện có: “{NEW}”" in printed(cast, "annex_pdf")
    assert NEW in text_of(cast.client("A", "officer").get(url(cast, "report", "A")))


def test_letters_that_no_font_has_are_named_on_the_pages_of_the_report(cast):
    assert "U+11F50" not in text_of(notice(cast))
    save(cast, "Đã xong \U00011f50.")
    assert "U+11F50" in text_of(notice(cast))
    assert "U+11F50" in text_of(cast.client("A", "officer").get(url(cast, "report", "A")))
