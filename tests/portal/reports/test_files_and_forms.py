"""The annex as a file of one unit, and forms with other rows, from the workbook to the top's total."""

import io
from uuid import uuid4

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from python_calamine import CalamineWorkbook

from quetsach.annexes.form.authoring import read_authored, write_form
from quetsach.annexes.form.definition import built_in
from quetsach.annexes.form.entry import read_entry
from quetsach.annexes.form.filling import write_template
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.reports.actions import submit
from quetsach.portal.reports.errors import BlockedReport
from quetsach.portal.reports.models import FormVersion, Report, Revision
from quetsach.portal.reports.review.actions import accept
from quetsach.portal.reports.rollup.queries import roll_up
from tests.portal.addresses import url

FORM = built_in("annex-2022")
DATA = {"r1": "0", "r2": "5", "r3": "0", "r4": "4", "narrative": "Đã rà soát xong tất cả các máy."}


def template(cast, unit="A1"):
    answer = cast.client(unit, "officer").get(url(cast, "report_template", unit))
    assert answer.status_code == 200
    return answer.content


def refilled(content, form=FORM, **typed):
    """The template with other answers, under its own token."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    token = book.get_sheet_by_name("quetsach").to_python()[0][1]
    return write_template(form, "đơn vị", read_entry({**DATA, **typed}, form.keys), token)


def bring(cast, content, unit="A1", name="phu-luc.xlsx"):
    upload = SimpleUploadedFile(name, content)
    return cast.client(unit, "officer").post(url(cast, "report_file", unit), {"file": upload}, follow=True)


def test_a_filled_in_file_becomes_the_draft_and_then_the_report(cast):
    page = bring(cast, refilled(template(cast), r2="77", n2="kể cả trạm y tế")).content.decode()
    assert "Đã đọc tệp phu-luc.xlsx" in page and 'value="77"' in page and "kể cả trạm y tế" in page
    report = Report.rows.get()
    sent = submit(cast.user("A1", "officer"), cast.nodes["A1"], report.draft, report.version, uuid4())
    assert (sent.own["r2"], sent.source["name"]) == (77, "phu-luc.xlsx")


def test_the_same_file_twice_changes_nothing(cast):
    content = refilled(template(cast), r2="77")
    bring(cast, content)
    version = Report.rows.get().version
    assert "Chính tệp này đã được đọc trước đó" in bring(cast, content, name="copy.xlsx").content.decode()
    assert Report.rows.get().version == version


def test_another_units_file_an_old_form_and_a_forged_one_are_refused_by_name(cast):
    said = bring(cast, refilled(template(cast, "A2")), "A1").content.decode()
    assert "Tệp này làm cho đơn vị khác (Đơn vị A2)" in said
    forged = write_template(FORM, "Xã", read_entry(DATA, FORM.keys), "x.y.z")
    assert "Tệp này không do hệ thống tạo ra" in bring(cast, forged).content.decode()
    content = template(cast)
    cast.campaign.form = five_rows(cast).version
    cast.campaign.save()
    assert "theo mẫu phụ lục khác" in bring(cast, refilled(content)).content.decode()
    assert not Report.rows.exists()


def test_what_is_no_whole_number_is_named_with_its_cell_and_nothing_is_kept(cast):
    said = bring(cast, refilled(template(cast), a2="hai", a4="1,5")).content.decode()
    assert "E7 (“hai”)" in said and "E9 (“1,5”)" in said
    assert not Report.rows.exists()


def test_a_file_taken_before_somebody_changed_the_report_shows_both(cast):
    content = refilled(template(cast), r2="77")
    cast.client("A1", "coordinator").post(
        url(cast, "report", "A1"), {**DATA, "do": "save", "version": "0", "client_uuid": str(uuid4())}
    )
    answer = bring(cast, content)
    assert answer.status_code == 409
    assert "<td" in answer.content.decode() and ">77</td>" in answer.content.decode()
    assert Report.rows.get().draft["r2"] == "5"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7 x", "Đây không phải tệp Excel"),
        (b"PK\x03\x04 x", "Tệp bị hỏng"),
        (b"x" * (5 * 1024 * 1024), "Tệp lớn hơn 4 MB"),
        (b"", "Chọn tệp trước đã"),
    ],
    ids=["pdf", "broken", "huge", "none"],
)
def test_a_bad_file_is_answered_in_words(cast, content, said):
    answer = (
        bring(cast, content) if content else cast.client("A1", "officer").post(url(cast, "report_file", "A1"))
    )
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not Report.rows.exists()


def five_rows(cast):
    """The form of 2022 with a fifth row for a future campaign, stored as an office would."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(write_form(FORM, "phu-luc-2026")))
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        for name in ("Thông tin", "Dòng", "Quy tắc"):
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if name == "Dòng":
                rows.append(
                    ["5", "Tổng số máy tính đã kiểm tra", "Máy đã kiểm tra", "Computers checked", "", ""]
                )
            if name == "Quy tắc":
                rows.append(
                    [
                        "H90",
                        "chặn",
                        "báo cáo",
                        "r5",
                        "",
                        "trống(r5)",
                        "Chưa nhập máy.",
                        "No computers.",
                        "",
                        "",
                    ]
                )
            sheet = workbook.add_worksheet(name)
            for line, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write_string(line, column, str(cell))
    client = cast.client("centre", "coordinator")
    page = reverse("annex_forms", args=["lam-sach"])
    upload = SimpleUploadedFile("mau.xlsx", out.getvalue())
    preview = client.post(page, {"act": "preview", "file": upload})
    assert "Tổng số máy tính đã kiểm tra" in preview.content.decode()
    assert not FormVersion.rows.exists(), "a preview keeps nothing"
    client.post(page, {"act": "keep", "form": preview.context["signed"]})
    client.post(page, {"act": "keep", "form": preview.context["signed"]})
    form = read_authored(out.getvalue())
    assert FormVersion.rows.get().key == form.version
    return form


def test_a_form_with_another_row_goes_all_the_way_up(cast):
    form = five_rows(cast)
    client = cast.client("centre", "coordinator")
    client.post(reverse("annex_forms", args=["lam-sach"]), {"act": "use", "version": form.version})
    cast.campaign.refresh_from_db()
    assert cast.campaign.form == form.version
    for node in cast.nodes.values():
        node.refresh_from_db()
    officer = cast.client("A1", "officer")
    page = officer.get(url(cast, "report", "A1")).content.decode()
    assert 'name="r5"' in page and "Tổng số máy tính đã kiểm tra" in page
    posted = {**DATA, "do": "submit", "version": "0", "client_uuid": str(uuid4())}
    assert officer.post(url(cast, "report", "A1"), posted).status_code == 422
    assert officer.post(url(cast, "report", "A1"), {**posted, "r5": "1.250"}).status_code == 302
    accept(cast.user("A", "officer"), cast.nodes["A1"], 1)
    bring(cast, refilled(template(cast, "A2"), form, r5="50"), "A2")
    report = Report.rows.get(node=cast.nodes["A2"])
    submit(cast.user("A2", "officer"), cast.nodes["A2"], report.draft, report.version, uuid4())
    accept(cast.user("A", "officer"), cast.nodes["A2"], 1)
    assert roll_up(cast.nodes["centre"]).total == {"r2": 10, "r4": 8, "r5": 1300}
    top = client.get(url(cast, "rollup", "centre")).content.decode()
    assert "1.300" in top and "Máy đã kiểm tra" in top
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(url(cast, "report_xlsx", "centre")).content))
    sums = book.get_sheet_by_name("Tổng hợp").to_python(skip_empty_area=False)
    assert [row[4] for row in sums if row[0] == 5] == [1300]
    assert client.get(url(cast, "why", "centre", "r5")).status_code == 200
    assert client.get(url(cast, "report_pdf", "centre")).status_code == 200
    assert officer.get(url(cast, "annex_pdf", "A1")).status_code == 200


def test_the_form_stays_once_a_report_was_sent(cast):
    form = five_rows(cast)
    submit(cast.user("A1", "officer"), cast.nodes["A1"], DATA, 0, uuid4())
    client = cast.client("centre", "coordinator")
    client.post(reverse("annex_forms", args=["lam-sach"]), {"act": "use", "version": form.version})
    cast.campaign.refresh_from_db()
    assert cast.campaign.form == "annex-2022"
    assert Revision.rows.get().form == "annex-2022"


def test_a_report_by_the_form_of_before_is_stopped(cast):
    form = five_rows(cast)
    node = cast.nodes["A1"]
    assert node.campaign.form == "annex-2022"
    Campaign.objects.filter(pk=cast.campaign.pk).update(form=form.version)
    with pytest.raises(BlockedReport) as stopped:
        submit(cast.user("A1", "officer"), node, DATA, 0, uuid4())
    assert [problem.key for problem in stopped.value.problems] == ["H07:figures"]


def test_a_file_name_cannot_turn_the_text_around(cast):
    page = bring(cast, refilled(template(cast)), name="phu\u202eluc\u0007.xlsx").content.decode()
    assert "phuluc.xlsx" in page and "\u202e" not in page


def test_a_forged_preview_keeps_nothing(cast):
    client = cast.client("centre", "coordinator")
    page = reverse("annex_forms", args=["lam-sach"])
    assert client.post(page, {"act": "keep", "form": "x:y"}).status_code == 404
    assert cast.client("A", "coordinator").get(page).status_code == 404
    assert not FormVersion.rows.exists()
